import { isAscii, isUtf8 } from 'node:buffer';
import path from 'node:path';
import { ArrowFileWriter, EventsBuilder, SessionsBuilder, writeAtomic, writeJson, type SessionRecord } from '../artifacts/index.js';
import { DataError } from '../common/index.js';
import type { LogFormat, TimeFormat} from '../parsing/index.js';
import { LineSource, saveState, type FullSearch, type TemplateMiner } from '../parsing/index.js';
import { createAdapter, type AdapterOptions, type PlacedLine } from './adapters.js';
import { writeCompatJson } from './compat_json.js';

const EVENTS_PER_BATCH = 65_536;
const SESSION_WEIGHT_PER_BATCH = 500_000;
const UNPARSED_SAMPLE = 1000;
const COMPAT_JSON_SESSIONS = 100_000;

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
  profile?: Record<string, number>;
}

interface TemplateFacts {
  count: number;
  firstLine: number;
  example: string;
}

/**
 * Raw log → events.arrow, sessions.arrow, templates.json, templates_info.json, drain_state.json (and data.json), in one pass
 * and bounded memory. The caller writes the manifest last.
 * @throws DataError when nothing could be parsed or more lines than `maxUnparsed` do not fit the format.
 */
export async function parseLog(options: ParseOptions): Promise<ParseSummary> {
  const { outputPath } = options;
  const source = await LineSource.open(options.inputFile);
  const events = await ArrowFileWriter.create(path.join(outputPath, 'events.arrow'));
  const sessions = await ArrowFileWriter.create(path.join(outputPath, 'sessions.arrow'));
  try {
    const pass = new Pass(options, source);
    const started = performance.now();
    let stateSaved = started;
    for await (const chunk of source.chunks()) {
      pass.takeChunk(chunk.buffer, chunk.end, chunk.ascii);
      if (pass.events.rows >= EVENTS_PER_BATCH) await events.write(pass.events.flush());
      if (pass.sessions.weight >= SESSION_WEIGHT_PER_BATCH) await sessions.write(pass.sessions.flush());
      const now = performance.now();
      if (pass.stateChanged && now - stateSaved >= options.snapshotIntervalMs) {
        await saveState(options.miner, path.join(outputPath, 'drain_state.json'), options.compressState);
        stateSaved = now;
        pass.stateChanged = false;
      }
      options.onProgress?.({ lines: pass.summary.lines, bytes: source.bytesRead, totalBytes: source.totalBytes });
    }
    await pass.refuseBadInput();
    await events.write(pass.events.flush());
    pass.summary.parseSeconds = (performance.now() - started) / 1000;
    for (const record of pass.adapterRest()) {
      pass.takeSession(record);
      if (pass.sessions.weight >= SESSION_WEIGHT_PER_BATCH) await sessions.write(pass.sessions.flush());
    }
    await sessions.write(pass.sessions.flush());
    await events.commit();
    await sessions.commit();
    await saveState(options.miner, path.join(outputPath, 'drain_state.json'), options.compressState);
    await pass.writeTemplates();
    const json = options.format === 'json' || options.format === 'both' || (options.format === 'auto' && pass.summary.sessions <= COMPAT_JSON_SESSIONS);
    if (json && options.adapter !== null) await writeCompatJson(path.join(outputPath, 'events.arrow'), path.join(outputPath, 'sessions.arrow'), path.join(outputPath, 'data.json'));
    return pass.summary;
  } catch (error) {
    await events.abandon();
    await sessions.abandon();
    throw error;
  }
}

/** The state of one pass over the log. */
class Pass {
  readonly events = new EventsBuilder();
  readonly sessions = new SessionsBuilder();
  stateChanged = false;
  readonly summary: ParseSummary = {
    lines: 0, events: 0, emptyLines: 0, unparsedLines: 0, unmatchedLines: 0, unassignedLines: 0, undatedLines: 0, repairedLines: 0,
    sessions: 0, abnormalSessions: 0, unlabelledSessions: 0, templates: 0, bytes: 0, parseSeconds: 0,
  };
  private readonly adapter;
  private readonly templates: (TemplateFacts | undefined)[] = [];
  private readonly unparsed: string[] = [];
  private readonly dateField: number;
  private readonly timeField: number;
  private readonly labelField: number;
  private readonly anomalyLabels: readonly Buffer[];
  private readonly timeBytes = Buffer.alloc(64);
  private readonly placed: { -readonly [K in keyof PlacedLine]: PlacedLine[K] } = { buffer: this.timeBytes, start: 0, end: 0, ascii: true, line: 0, event: 0, time: NaN, label: null };

  constructor(private readonly options: ParseOptions, private readonly source: LineSource) {
    this.adapter = options.adapter && createAdapter(options.adapter);
    const fields = options.logFormat?.fields ?? [];
    this.dateField = fields.indexOf('Date');
    this.timeField = fields.indexOf('Time');
    this.labelField = options.labelColumn === null ? -1 : fields.indexOf(options.labelColumn);
    this.anomalyLabels = options.anomalyLabels.map((l) => Buffer.from(l));
  }

  takeChunk(buffer: Buffer, end: number, ascii: boolean): void {
    for (let start = 0; start < end;) {
      let stop = buffer.indexOf(10, start);
      if (stop < 0 || stop > end) stop = end;
      let lineEnd = stop;
      if (lineEnd > start && buffer[lineEnd - 1] === 13) lineEnd--;
      this.summary.lines++;
      if (lineEnd === start) this.summary.emptyLines++;
      else if (ascii || isAscii(buffer.subarray(start, lineEnd))) this.takeLine(buffer, start, lineEnd, true);
      else if (isUtf8(buffer.subarray(start, lineEnd))) this.takeLine(buffer, start, lineEnd, false);
      else {
        this.summary.repairedLines++;
        const repaired = Buffer.from(buffer.toString('utf8', start, lineEnd));
        this.takeLine(repaired, 0, repaired.length, false);
      }
      start = stop + 1;
    }
    this.summary.bytes += end;
  }

  private takeLine(buffer: Buffer, start: number, end: number, ascii: boolean): void {
    const { options, summary } = this;
    const { logFormat, miner } = options;
    let contentStart = start;
    let contentEnd = end;
    let time = NaN;
    let label: boolean | null = null;
    if (logFormat !== null) {
      if (!logFormat.match(buffer, start, end, ascii)) {
        summary.unparsedLines++;
        if (this.unparsed.length < UNPARSED_SAMPLE) this.unparsed.push(`${summary.lines}: ${buffer.toString('utf8', start, Math.min(end, start + 2000))}`);
        return;
      }
      contentStart = logFormat.starts[logFormat.contentField];
      contentEnd = logFormat.ends[logFormat.contentField];
      if (options.timeFormat !== null) {
        time = this.timeOf(buffer, options.timeFormat, logFormat);
        if (Number.isNaN(time)) summary.undatedLines++;
      }
      if (this.labelField >= 0) {
        const at = logFormat.starts[this.labelField];
        label = !(logFormat.ends[this.labelField] === at + 1 && buffer[at] === 45);
      }
    }
    if (this.anomalyLabels.length > 0) label = label === true || this.holdsAnomalyLabel(buffer, start, end);
    let event = 0;
    if (summary.lines < options.fitUntilLine) {
      event = miner.addBytes(buffer, contentStart, contentEnd, ascii).id;
      if (miner.drain.change !== 'none') this.stateChanged = true;
    } else {
      event = miner.matchBytes(buffer, contentStart, contentEnd, ascii, options.fullSearch)?.id ?? 0;
      if (event === 0) summary.unmatchedLines++;
    }
    const facts = this.templates[event];
    if (facts === undefined) this.templates[event] = { count: 1, firstLine: summary.lines, example: buffer.toString('utf8', contentStart, Math.min(contentEnd, contentStart + 2000)) };
    else facts.count++;
    let session = -1;
    if (this.adapter !== null) {
      const { placed } = this;
      placed.buffer = buffer;
      placed.start = start;
      placed.end = end;
      placed.ascii = ascii;
      placed.line = summary.lines;
      placed.event = event;
      placed.time = time;
      placed.label = label;
      session = this.adapter.add(placed);
      if (session < 0) summary.unassignedLines++;
      const closed = this.adapter.takeClosed();
      for (let i = 0; i < closed.length; i++) this.takeSession(closed[i]);
    }
    this.events.append(summary.lines, session, event, time, label, buffer, miner.parameterStarts, miner.parameterEnds, miner.parameterCount);
    summary.events++;
  }

  /** <Date> and <Time> joined by one blank, or <Time> alone. */
  private timeOf(buffer: Buffer, format: TimeFormat, logFormat: LogFormat): number {
    const { starts, ends } = logFormat;
    const { timeBytes, dateField, timeField } = this;
    if (timeField < 0 && dateField < 0) return NaN;
    if (timeField < 0) return format.parse(buffer, starts[dateField], ends[dateField]);
    if (dateField < 0) return format.parse(buffer, starts[timeField], ends[timeField]);
    let at = 0;
    for (let i = starts[dateField]; i < ends[dateField] && at < 31; i++) timeBytes[at++] = buffer[i];
    timeBytes[at++] = 32;
    for (let i = starts[timeField]; i < ends[timeField] && at < 64; i++) timeBytes[at++] = buffer[i];
    return format.parse(timeBytes, 0, at);
  }

  private holdsAnomalyLabel(buffer: Buffer, start: number, end: number): boolean {
    return this.anomalyLabels.some((label) => {
      const at = buffer.indexOf(label, start);
      return at >= 0 && at + label.length <= end;
    });
  }

  adapterRest(): Iterable<SessionRecord> {
    return this.adapter?.finish() ?? [];
  }

  takeSession(record: SessionRecord): void {
    const { sessionLabels } = this.options;
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
    const share = summary.unparsedLines / (summary.lines - summary.emptyLines);
    if (share > options.maxUnparsed) {
      throw new DataError(`${file}: ${summary.unparsedLines} of ${summary.lines - summary.emptyLines} lines (${(100 * share).toFixed(1)} %) do not fit the log format ${JSON.stringify(options.logFormat?.layout)}, above --max_unparsed ${options.maxUnparsed}; the first is line ${unparsed[0].slice(0, 120)}. Correct --logformat; samples are in ${path.join(options.outputPath, 'unparsed.log')}.`);
    }
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
