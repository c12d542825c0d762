import type { RecordBatch } from 'apache-arrow';
import { existsSync } from 'node:fs';
import path from 'node:path';
import { EventsBuilder, readJson, type SessionRecord } from '../artifacts/index.js';
import { isStructured, loadState, multiLineRecords, RecordReader, type InputFormat, type LineChunk, type RecordFormat, type RecordLayout, type TemplateMiner } from '../parsing/index.js';
import type { LineBlock } from './line_block.js';
import { LinePass, type LinePassCounts } from './line_pass.js';
import { drainSettings, type DrainFlags, type DrainSettings } from './drain_settings.js';

/** Where a trained model keeps the parser that it was trained with. */
export const PARSER_STATE = 'parser_state.json';
const UNPARSED_SAMPLE = 20;
const REQUEST_LINES = 256;

/** The flags a model's parser was made with, or null: the model was trained on event ids. @throws DataError when the file is broken. */
export async function readParserFlags(model: string): Promise<DrainFlags | null> {
  return (await readParser(model))?.options ?? null;
}

/** `records`: what values of its records make a line; null for logs of text, absent from models of versions that did not note it. */
async function readParser(model: string): Promise<{ readonly options: DrainFlags; readonly records?: RecordLayout | null } | null> {
  const file = path.join(model, 'parser.json');
  return existsSync(file) ? ((await readJson(file)) as { options: DrainFlags; records?: RecordLayout | null }) : null;
}

export interface ParsedLine {
  /** 1-based. */
  readonly line: number;
  /** 0: no template fits. */
  readonly event: number;
  readonly parameters: readonly string[];
  /** Milliseconds; null where the line has no time. */
  readonly time: number | null;
}

export interface FrozenParseOptions {
  /** Keep every line's parameters for detectors that need them. */
  readonly keepParameters?: boolean;
  /** Keep every line's text, for detectors that read it. */
  readonly keepText?: boolean;
  /** Do not group lines into sessions. */
  readonly linesOnly?: boolean;
  onLine?(line: ParsedLine): void;
}

/** A model's parser, read once, that learns nothing any more: any number of logs can be read with it at the same time. */
export class FrozenParser {
  private constructor(private readonly miner: TemplateMiner, private readonly settings: DrainSettings, private readonly reader: RecordReader | null) {}

  /** @throws DataError when the state is missing or damaged. */
  static async load(model: string): Promise<FrozenParser | null> {
    const saved = await readParser(model);
    if (saved === null) return null;
    const { options: flags, records } = saved;
    const reader = records === null || records === undefined ? null : new RecordReader(records, flags.time_format !== undefined);
    const settings = drainSettings(flags, reader?.map);
    return new FrozenParser(await loadState(path.join(model, PARSER_STATE), settings.miner), settings, reader);
  }

  /** What makes a session, in the flag's words; null when lines are not grouped. */
  get grouping(): string | null {
    return this.settings.parse.adapter?.type ?? null;
  }

  /** How a line is made up: the log format, or which of a record's values are read (`Content=message, Time=ts`). */
  get layout(): string | null {
    return this.reader?.describe() ?? this.settings.parse.logFormat?.layout ?? null;
  }

  /** What the model's logs are; null: records, but which of their values make a line was not noted (by an earlier version). */
  get input(): RecordFormat | 'lines' | null {
    if (this.reader !== null) return this.reader.layout.format;
    const { input_format, input_file } = this.settings.flags;
    return isStructured(input_format as InputFormat | undefined, input_file) ? null : 'lines';
  }

  /**
   * Lines as this parser takes them: records become lines (`json`: each line is a JSON object, whatever the model's logs are), and records of
   * several lines of text are joined.
   * @throws HeaderError, RecordTooLongError, DataError while records are read
   */
  records(chunks: () => AsyncGenerator<LineChunk>, json = false, maxRecord = 0): AsyncGenerator<LineChunk> {
    if (this.reader !== null) return this.reader.lines(chunks, json, maxRecord);
    const { record_start } = this.settings.flags;
    return record_start === undefined ? chunks() : multiLineRecords({ name: 'the log', bytesRead: 0, totalBytes: null, chunks }, record_start).chunks();
  }

  /** The template of an event; undefined for 0 and for ids that it does not know. */
  template(event: number): string | undefined {
    const cluster = this.miner.parser.store.get(event);
    return cluster && this.miner.template(cluster);
  }

  /** Begins reading a log. */
  start(options: FrozenParseOptions = {}): FrozenParse {
    return new FrozenParse(this.miner, this.settings, options);
  }
}

/** One log on its way through a frozen parser, in memory. */
export class FrozenParse {
  readonly counts: LinePassCounts & { events: number } = { lines: 0, events: 0, emptyLines: 0, unparsedLines: 0, unmatchedLines: 0, unassignedLines: 0, undatedLines: 0, repairedLines: 0 };
  /** The first lines that do not fit the layout. */
  readonly unparsed: { readonly line: number; readonly text: string }[] = [];
  /** With `keepText`: lines as they were read, by 1-based number. */
  readonly texts: (string | undefined)[] = [];
  private readonly pass: LinePass;
  private readonly rows: EventsBuilder | null;
  private closed: SessionRecord[] = [];

  constructor(miner: TemplateMiner, settings: DrainSettings, options: FrozenParseOptions) {
    const rows = options.keepParameters === true ? new EventsBuilder(REQUEST_LINES) : null;
    this.rows = rows;
    const { onLine, keepText = false } = options;
    const timeFormat = settings.parse.timeFormat?.anew() ?? null; // it keeps the year that a log has come to
    this.pass = new LinePass({ ...settings.parse, timeFormat, ...(options.linesOnly === true ? { adapter: null } : {}), miner, fitUntilLine: 0 }, this.counts, {
      line: (block, i) => {
        rows?.parameters.append(block.buffers[i], miner.found.starts, miner.found.ends, miner.found.count);
        if (keepText) this.texts[block.line[i]] = block.buffers[i].toString('utf8', block.starts[i], block.ends[i]);
        onLine?.(parsedLine(block, i, miner));
      },
      session: (record) => this.closed.push(record),
      unparsed: (line, text) => {
        if (this.unparsed.length < UNPARSED_SAMPLE) this.unparsed.push({ line, text });
      },
    });
  }

  /** Reads whole lines; the chunk's buffer may be used again afterwards. */
  take(chunk: LineChunk): void {
    const { pass } = this;
    pass.read(chunk);
    pass.mine();
    pass.assign();
    this.rows?.appendRows(pass.block);
    this.counts.events += pass.block.count;
  }

  /** Sessions that have ended since the last call. */
  takeClosed(): SessionRecord[] {
    const { closed } = this;
    this.closed = [];
    return closed;
  }

  /** The sessions that were still open; nothing may be read afterwards. */
  rest(): Iterable<SessionRecord> {
    return this.pass.rest();
  }

  /** Every line's parameters, as events.arrow holds them. Once only. */
  parameterRows(): RecordBatch | null {
    return this.rows?.flush() ?? null;
  }
}

function parsedLine(block: LineBlock, i: number, miner: TemplateMiner): ParsedLine {
  const buffer = block.buffers[i];
  return {
    line: block.line[i], event: block.event[i], time: Number.isNaN(block.time[i]) ? null : block.time[i],
    parameters: Array.from({ length: miner.found.count }, (_, p) => buffer.toString('utf8', miner.found.starts[p], miner.found.ends[p])),
  };
}
