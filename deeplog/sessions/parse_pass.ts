import path from 'node:path';
import { EventsBuilder, SessionsBuilder, writeAtomic, writeJson, type SessionRecord } from '../artifacts/index.js';
import { DataError } from '../common/index.js';
import { dropForgottenTokens, type LineChunk, type LogInput, type LogSource } from '../parsing/index.js';
import { Clock } from './clock.js';
import type { LineBlock } from './line_block.js';
import { unfitLayout, unfitSessions, unfitTimes } from './unfit.js';
import type { BareSession } from './session_adapter.js';
import type { MinedChunk } from './workers/protocol.js';
import { LinePass, type LinePassCounts, type LinePassOptions } from './line_pass.js';

const UNPARSED_SAMPLE = 1000;
const MANY_TEMPLATES = 10_000;
const EXAMPLE_BYTES = 2000;

export interface ParseOptions extends LinePassOptions {
  readonly input: LogInput;
  readonly outputPath: string;
  readonly sessionLabels: ReadonlyMap<string, boolean> | null;
  /** Threads that read and mine lines; 1: none but this one. */
  readonly workers: number;
  /** Wait for them instead of beginning alone, so that a small file shows what they do. */
  readonly awaitWorkers?: boolean;
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

export interface ParseSummary extends LinePassCounts {
  events: number;
  sessions: number;
  abnormalSessions: number;
  unlabelledSessions: number;
  templates: number;
  /** Templates that --max_clusters made the parser forget. */
  forgottenTemplates: number;
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
  readonly lines: LinePass;
  /** Where the time goes, when asked for. */
  readonly clock: Clock;
  readonly summary: ParseSummary = {
    lines: 0, events: 0, emptyLines: 0, unparsedLines: 0, unmatchedLines: 0, unassignedLines: 0, undatedLines: 0, repairedLines: 0,
    sessions: 0, abnormalSessions: 0, unlabelledSessions: 0, templates: 0, forgottenTemplates: 0, bytes: 0, parseSeconds: 0, preview: null,
  };
  private readonly templates: (TemplateFacts | undefined)[] = [];
  private readonly unparsed: string[] = [];
  private firstKey: string | null = null;
  /** Templates made when forgotten ones were last looked for. */
  private looked = 0;
  constructor(private readonly options: ParseOptions, private readonly source: LogSource) {
    this.clock = new Clock(options.profile);
    this.lines = new LinePass(options, this.summary, {
      line: (block, i) => this.takeLine(block, i),
      minedLines: (block, from, to, parameters) => {
        this.events.parameters.appendRows(parameters, from, to);
        for (let i = from; i < to; i++) this.countLine(block, i);
      },
      minedBlock: (mined, buffer) => this.takeBlock(mined, buffer),
      session: (record) => this.takeSession(record),
      unparsed: (line, text) => {
        if (this.unparsed.length < UNPARSED_SAMPLE) this.unparsed.push(`${line}: ${text}`);
      },
    });
  }

  /** Headers, then templates and parameters, then sessions, then rows: each step over the whole block. */
  takeChunk(chunk: LineChunk): void {
    const { lines, clock } = this;
    clock.start();
    lines.read(chunk);
    clock.lap('lines and headers');
    lines.mine();
    clock.lap('templates and parameters');
    const { block } = lines;
    if (this.summary.preview === null && block.count > 0) this.summary.preview = block.describeFirst();
    lines.assign();
    clock.lap('sessions');
    this.events.appendRows(block);
    clock.lap('rows');
    this.summary.events += block.count;
    this.finishChunk(chunk);
  }

  /** The same for a chunk that a worker has mined; see {@link LinePass.takeMined}. */
  takeMined(chunk: LineChunk, mined: MinedChunk, knowledge: number, matching: boolean): void {
    const { lines, clock, summary } = this;
    clock.start();
    if (lines.takeMined(chunk, mined, knowledge, matching)) clock.lap('whole blocks of workers');
    else {
      const { block } = lines;
      if (summary.preview === null && block.count > 0) summary.preview = block.describeFirst();
      this.events.appendRows(block);
      summary.events += block.count;
      clock.lap('lines of workers');
    }
    this.finishChunk(chunk);
  }

  /** What {@link LineSink.minedBlock} says. */
  private takeBlock({ count, columns, parameters, used }: MinedChunk, buffer: Buffer): void {
    const { templates, summary } = this;
    if (summary.preview === null && count > 0) {
      this.lines.block.load(buffer, columns, 1);
      summary.preview = this.lines.block.describeFirst();
    }
    this.events.parameters.appendRows(parameters, 0, count);
    for (let u = 0; u < used.event.length; u++) {
      const facts = templates[used.event[u]];
      const row = used.first[u];
      if (facts === undefined) templates[used.event[u]] = { count: used.rows[u], firstLine: columns.line[row], example: exampleOf(buffer, columns.contentStarts[row], columns.contentEnds[row]) };
      else facts.count += used.rows[u];
    }
    this.events.appendRows({ count, ...columns, session: this.lines.block.session });
    summary.events += count;
  }

  private finishChunk(chunk: LineChunk): void {
    this.summary.bytes += chunk.end;
    this.forget();
  }

  /** What is known of forgotten templates goes with them, once it is much. */
  private forget(): void {
    const { miner } = this.options;
    const { parser } = miner;
    if (parser.clustersCreated - this.looked < MANY_TEMPLATES || (miner.options.drain?.maxClusters ?? null) === null) return;
    this.looked = parser.clustersCreated;
    for (const id of Object.keys(this.templates)) if (Number(id) > 0 && parser.store.get(Number(id)) === undefined) delete this.templates[Number(id)];
    dropForgottenTokens(miner);
  }

  private takeLine(block: LineBlock, i: number): void {
    const { miner } = this.options;
    this.events.parameters.append(block.buffers[i], miner.found.starts, miner.found.ends, miner.found.count);
    this.countLine(block, i);
  }

  private countLine(block: LineBlock, i: number): void {
    const { templates } = this;
    const event = block.event[i];
    const facts = templates[event];
    if (facts === undefined) templates[event] = { count: 1, firstLine: block.line[i], example: exampleOf(block.buffers[i], block.contentStarts[i], block.contentEnds[i]) };
    else facts.count++;
  }

  takeSession(record: SessionRecord): void {
    const { sessionLabels } = this.options;
    if (this.firstKey === null) this.firstKey = record.key;
    const label = sessionLabels?.get(record.key) ?? record.label;
    this.sessions.append(label === record.label ? record : { ...record, label });
    this.countSession(label);
  }

  takeBareSession({ session, keys, keyStart, keyEnd, events }: BareSession): void {
    const { sessionLabels } = this.options;
    let { label } = events;
    if (this.firstKey === null || sessionLabels !== null) {
      const key = Buffer.from(keys.buffer, keys.byteOffset + keyStart, keyEnd - keyStart).toString();
      this.firstKey ??= key;
      label = sessionLabels?.get(key) ?? label;
    }
    this.sessions.appendEvents(session, keys, keyStart, keyEnd, events, label);
    this.countSession(label);
  }

  private countSession(label: boolean | null): void {
    this.summary.sessions++;
    if (label === true) this.summary.abnormalSessions++;
    if (label === null) this.summary.unlabelledSessions++;
  }

  /** @throws DataError when nothing, UnfitLogError when too little could be parsed; writes unparsed.log first. */
  async refuseBadInput(): Promise<void> {
    const { summary, options, unparsed } = this;
    const file = this.source.name;
    if (unparsed.length > 0) await writeAtomic(path.join(options.outputPath, 'unparsed.log'), `${unparsed.join('\n')}\n`);
    if (summary.lines === summary.emptyLines) throw new DataError(`${file}: holds no lines to parse${summary.emptyLines > 0 ? ' (all are empty)' : ''}. Check --input_file.`);
    const { input, maxUnparsed } = options;
    const lines = summary.lines - summary.emptyLines;
    if (summary.unparsedLines / lines > maxUnparsed) throw unfitLayout({ input, count: summary.unparsedLines, of: lines }, options.logFormat?.layout ?? '', unparsed[0], path.join(options.outputPath, 'unparsed.log'), maxUnparsed);
    // Lines of another layout say nothing of the times: only of those that fit it.
    if (options.timeFormat !== null && summary.events > 0 && summary.undatedLines / summary.events > maxUnparsed) throw unfitTimes({ input, count: summary.undatedLines, of: summary.events }, options.timeFormat.format, this.lines.block.firstUndated ?? '');
  }

  /** @throws DataError when the sessions, or their labels, cannot be what was meant. */
  refuseUselessResult(): void {
    const { summary, options } = this;
    const { adapter, sessionLabels } = options;
    if (adapter !== null && summary.sessions === 0) throw unfitSessions(options.input, adapter, summary.events, summary.preview ?? '(none)');
    if (sessionLabels === null || summary.sessions === 0 || summary.unlabelledSessions < summary.sessions) return;
    const [wanted] = sessionLabels.keys();
    throw new DataError(`The label file has keys like ${JSON.stringify(wanted ?? '')}, the sessions ${JSON.stringify(this.firstKey ?? '')}: none of them match. ${adapter !== null && 'regex' in adapter ? 'A session\'s key is the whole match of --regex' : `Sessions of ${adapter?.type ?? ''} are numbered; label their lines with --anomaly_labels or --label_column instead`}.`);
  }

  async writeTemplates(): Promise<void> {
    const { miner, outputPath } = this.options;
    const compat: Record<string, string> = {};
    const info: Record<string, unknown> = {};
    const limited = (miner.options.drain?.maxClusters ?? null) !== null;
    this.summary.forgottenTemplates = limited ? miner.parser.clustersCreated : 0;
    for (const cluster of miner.parser.store.clusters()) {
      if (limited) this.summary.forgottenTemplates--;
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

function exampleOf(buffer: Buffer, start: number, end: number): string {
  return buffer.toString('utf8', start, Math.min(end, start + EXAMPLE_BYTES));
}
