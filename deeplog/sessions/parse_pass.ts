import path from 'node:path';
import { EventsBuilder, SessionsBuilder, writeAtomic, writeJson, type SessionRecord } from '../artifacts/index.js';
import { DataError } from '../common/index.js';
import { LinePattern, type FullSearch, type LineSource, type LogFormat, type TemplateMiner, type TimeFormat } from '../parsing/index.js';
import { createAdapter, type AdapterOptions, type PlacedLine } from './adapters.js';
import { Clock } from './clock.js';
import { LineBlock } from './line_block.js';

const UNPARSED_SAMPLE = 1000;
const EXAMPLE_BYTES = 2000;

export interface ParseOptions {
  readonly inputFile: string;
  readonly outputPath: string;
  readonly miner: TemplateMiner;
  readonly logFormat: LogFormat | null;
  readonly timeFormat: TimeFormat | null;
  readonly adapter: AdapterOptions | null;
  /** Lines from this one (1-based) on are matched, not learned. */
  readonly fitUntilLine: number;
  readonly fullSearch: FullSearch;
  /** Substrings that make a line, and so its session, abnormal. */
  readonly anomalyLabels: readonly string[];
  /** Field of the log format whose value is `-` on normal lines. */
  readonly labelColumn: string | null;
  readonly sessionLabels: ReadonlyMap<string, boolean> | null;
  /** Share of non-empty lines that may fail to fit the log format. */
  readonly maxUnparsed: number;
  readonly format: 'json' | 'arrow' | 'both' | 'auto';
  readonly compressState: boolean;
  readonly snapshotIntervalMs: number;
  readonly profile: boolean;
  /** Called every `reportMs` while profiling, with the seconds spent so far by step. */
  readonly reportMs: number;
  onProfile?(seconds: Readonly<Record<string, number>>, lines: number): void;
  onProgress?(progress: { lines: number; bytes: number; totalBytes: number | null }): void;
}

export interface ParseSummary {
  lines: number;
  events: number;
  emptyLines: number;
  unparsedLines: number;
  /** Lines that no template fitted, in match mode: event 0. */
  unmatchedLines: number;
  unassignedLines: number;
  undatedLines: number;
  repairedLines: number;
  sessions: number;
  abnormalSessions: number;
  unlabelledSessions: number;
  templates: number;
  bytes: number;
  parseSeconds: number;
  /** How the first line was read, for a glance at whether the format is right. */
  preview: string | null;
  profile?: Record<string, number>;
}

interface TemplateFacts {
  count: number;
  firstLine: number;
  example: string;
}

/** The state of one pass over the log. */
export class ParsePass {
  readonly events = new EventsBuilder();
  readonly sessions = new SessionsBuilder();
  stateChanged = false;
  /** Where the time goes, when asked for. */
  readonly clock: Clock;
  readonly summary: ParseSummary = {
    lines: 0, events: 0, emptyLines: 0, unparsedLines: 0, unmatchedLines: 0, unassignedLines: 0, undatedLines: 0, repairedLines: 0,
    sessions: 0, abnormalSessions: 0, unlabelledSessions: 0, templates: 0, bytes: 0, parseSeconds: 0, preview: null,
  };
  private readonly adapter;
  private readonly templates: (TemplateFacts | undefined)[] = [];
  private readonly unparsed: string[] = [];
  private readonly block: LineBlock;
  private firstKey: string | null = null;
  private readonly placed: { -readonly [K in keyof PlacedLine]: PlacedLine[K] } = { buffer: Buffer.alloc(0), start: 0, end: 0, ascii: true, line: 0, event: 0, time: NaN, label: null, keyStart: -1, keyEnd: -1 };
  /** The session identifier when it is also what the first mask looks for: found once, not twice. */
  private readonly sharedKey: LinePattern | null;

  constructor(private readonly options: ParseOptions, private readonly source: LineSource) {
    const { adapter } = options;
    this.sharedKey = adapter !== null && 'regex' in adapter && options.miner.masker.findsFirst(adapter.regex) ? new LinePattern(adapter.regex) : null;
    this.clock = new Clock(options.profile);
    this.adapter = options.adapter && createAdapter(options.adapter);
    this.block = new LineBlock(options, this.summary, (line, text) => {
      if (this.unparsed.length < UNPARSED_SAMPLE) this.unparsed.push(`${line}: ${text}`);
    });
  }

  /** Headers, then templates and parameters, then sessions, then rows: each step over the whole block. */
  takeChunk(buffer: Buffer, end: number, ascii: boolean): void {
    const { block, clock } = this;
    clock.start();
    block.read(buffer, end, ascii);
    if (this.summary.preview === null && block.count > 0) this.summary.preview = block.describeFirst();
    clock.lap('lines and headers');
    this.mine(block);
    clock.lap('templates and parameters');
    this.assign(block);
    clock.lap('sessions');
    this.events.appendRows(block);
    clock.lap('rows');
    this.summary.events += block.count;
    this.summary.bytes += end;
  }

  private mine(block: LineBlock): void {
    const { summary, templates, events } = this;
    const { miner, fitUntilLine, fullSearch } = this.options;
    const { line, buffers, contentStarts, contentEnds, ascii } = block;
    for (let i = 0; i < block.count; i++) {
      const buffer = buffers[i];
      let event = 0;
      if (line[i] < fitUntilLine) {
        event = miner.addBytes(buffer, contentStarts[i], contentEnds[i], ascii[i] === 1).id;
        if (miner.drain.change !== 'none') this.stateChanged = true;
      } else {
        event = miner.matchBytes(buffer, contentStarts[i], contentEnds[i], ascii[i] === 1, fullSearch)?.id ?? 0;
        if (event === 0) summary.unmatchedLines++;
      }
      block.event[i] = event;
      block.keyStarts[i] = -1;
      if (this.sharedKey !== null && ascii[i] === 1) this.keepKey(block, i, this.sharedKey);
      events.appendParameters(buffer, miner.parameterStarts, miner.parameterEnds, miner.parameterCount);
      const facts = templates[event];
      if (facts === undefined) templates[event] = { count: 1, firstLine: line[i], example: buffer.toString('utf8', contentStarts[i], Math.min(contentEnds[i], contentStarts[i] + EXAMPLE_BYTES)) };
      else facts.count++;
    }
  }

  /** Only where nothing before the message can match, nor a match reach into it. */
  private keepKey(block: LineBlock, i: number, pattern: LinePattern): void {
    const { masker } = this.options.miner;
    const buffer = block.buffers[i];
    const [start, content] = [block.starts[i], block.contentStarts[i]];
    const span = masker.firstOfMaskZero();
    if (span < 0 || pattern.bytes === null) return;
    if (content > start && (pattern.bytes.alphabet[buffer[content - 1]] === 1 || pattern.bytes.find(buffer, start, content))) return;
    block.keyStarts[i] = masker.starts[span];
    block.keyEnds[i] = masker.ends[span];
  }

  private assign(block: LineBlock): void {
    const { adapter, placed, summary } = this;
    if (adapter === null) {
      block.session.fill(-1, 0, block.count);
      return;
    }
    for (let i = 0; i < block.count; i++) {
      placed.buffer = block.buffers[i];
      placed.start = block.starts[i];
      placed.end = block.ends[i];
      placed.ascii = block.ascii[i] === 1;
      placed.line = block.line[i];
      placed.event = block.event[i];
      placed.time = block.time[i];
      placed.label = block.label[i] < 0 ? null : block.label[i] === 1;
      placed.keyStart = block.keyStarts[i];
      placed.keyEnd = block.keyEnds[i];
      const session = adapter.add(placed);
      block.session[i] = session;
      if (session < 0) summary.unassignedLines++;
      const closed = adapter.takeClosed();
      for (let c = 0; c < closed.length; c++) this.takeSession(closed[c]);
    }
  }

  adapterRest(): Iterable<SessionRecord> {
    return this.adapter?.finish() ?? [];
  }

  takeSession(record: SessionRecord): void {
    const { sessionLabels } = this.options;
    if (this.firstKey === null) this.firstKey = record.key;
    const label = sessionLabels?.get(record.key) ?? record.label;
    this.sessions.append(label === record.label ? record : { ...record, label });
    this.summary.sessions++;
    if (label === true) this.summary.abnormalSessions++;
    if (label === null) this.summary.unlabelledSessions++;
  }

  /** @throws DataError when nothing, or too little, could be parsed; writes unparsed.log first. */
  async refuseBadInput(): Promise<void> {
    const { summary, options, unparsed } = this;
    const file = this.source.file;
    if (unparsed.length > 0) await writeAtomic(path.join(options.outputPath, 'unparsed.log'), `${unparsed.join('\n')}\n`);
    if (summary.lines === summary.emptyLines) throw new DataError(`${file}: holds no lines to parse${summary.emptyLines > 0 ? ' (all are empty)' : ''}. Check --input_file.`);
    if (options.timeFormat !== null && summary.events > 0 && summary.undatedLines / summary.events > options.maxUnparsed) {
      throw new DataError(`${file}: the time of ${summary.undatedLines} of ${summary.events} lines does not fit --time_format ${JSON.stringify(options.timeFormat.format)}; the first is ${JSON.stringify(this.block.firstUndated ?? '')}. Correct the format (strptime codes; <Date> and <Time> are joined by one blank), or leave it out.`);
    }
    const share = summary.unparsedLines / (summary.lines - summary.emptyLines);
    if (share > options.maxUnparsed) {
      throw new DataError(`${file}: ${summary.unparsedLines} of ${summary.lines - summary.emptyLines} lines (${(100 * share).toFixed(1)} %) do not fit the log format ${JSON.stringify(options.logFormat?.layout)}, above --max_unparsed ${options.maxUnparsed}; the first is line ${unparsed[0].slice(0, 120)}. Correct --logformat; samples are in ${path.join(options.outputPath, 'unparsed.log')}.`);
    }
  }

  /** @throws DataError when the sessions, or their labels, cannot be what was meant. */
  refuseUselessResult(): void {
    const { summary, options } = this;
    const { adapter, sessionLabels } = options;
    if (adapter !== null && summary.sessions === 0) throw new DataError(`${this.source.file}: no line belongs to a session${'regex' in adapter ? `: --regex ${JSON.stringify(adapter.regex)} is found in none of ${summary.events} lines` : ''}. The first reads: ${summary.preview ?? '(none)'}.`);
    if (sessionLabels === null || summary.sessions === 0 || summary.unlabelledSessions < summary.sessions) return;
    const [wanted] = sessionLabels.keys();
    throw new DataError(`The label file has keys like ${JSON.stringify(wanted ?? '')}, the sessions ${JSON.stringify(this.firstKey ?? '')}: none of them match. ${adapter !== null && 'regex' in adapter ? 'A session\'s key is the whole match of --regex' : `Sessions of ${adapter?.type ?? ''} are numbered; label their lines with --anomaly_labels or --label_column instead`}.`);
  }

  async writeTemplates(): Promise<void> {
    const { miner, outputPath } = this.options;
    const compat: Record<string, string> = {};
    const info: Record<string, unknown> = {};
    for (const cluster of miner.drain.clusters()) {
      const template = miner.template(cluster);
      const facts = this.templates[cluster.id];
      compat[cluster.id] = template;
      info[cluster.id] = { template, count: facts?.count ?? 0, first_line: facts?.firstLine ?? null, example: facts?.example ?? null };
      this.summary.templates++;
    }
    const unmatched = this.templates[0];
    if (unmatched) info[0] = { template: '<unmatched>', count: unmatched.count, first_line: unmatched.firstLine, example: unmatched.example };
    await writeJson(path.join(outputPath, 'templates.json'), compat);
    await writeJson(path.join(outputPath, 'templates_info.json'), info);
  }
}
