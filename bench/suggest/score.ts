import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { eachLine, FLAT_TIME_FORMAT, logInput, LogFormat, parsingAccuracy, suggestSettings, TemplateMiner, TimeFormat, timeFields, wholeRecords } from '../../deeplog/parsing/index.js';
import { linesOf, type KnownFormat, type TrueLine } from './values.js';

/** What settings make of a format's lines, beside what is known of them. Shares, from 0 to 1. */
export interface Score {
  /** Lines that fit the layout. */
  readonly fit: number;
  /** Messages that are read exactly, of all records. */
  readonly message: number;
  /** Times read right, to the unit that the format writes; null: it writes none. */
  readonly time: number | null;
  /** Values with a digit in them that a mask takes whole. */
  readonly masked: number;
  /** Spans that masks take which touch a value. */
  readonly meant: number;
  /** Grouping accuracy of Drain (.5/4) with these settings; null: an access log. */
  readonly ga: number | null;
}

/** Settings as `--suggest` gives them or somebody who knows the format would. */
export interface Settings {
  readonly layout: string | null;
  readonly fields?: string;
  readonly timeFormat: string | null;
  readonly masks: readonly string[];
  readonly recordStart?: string;
}

/** What `drain --suggest` says of a format's lines. */
export async function suggested(format: KnownFormat): Promise<Settings> {
  return withFile(linesOf(format), async (file) => {
    const s = await suggestSettings(await wholeRecords({ file, format: 'lines' }));
    return { layout: s.logformat, timeFormat: s.timeFormat, masks: s.masks.map((m) => m.regex), ...(s.fields === null ? {} : { fields: s.fields.join(',') }), ...(s.recordStart === null ? {} : { recordStart: s.recordStart }) };
  });
}

export async function score(format: KnownFormat, settings: Settings): Promise<Score> {
  const truth = linesOf(format);
  const { fields, recordStart } = settings;
  return withFile(truth, async (file) => {
    const keepTime = settings.timeFormat !== null;
    const input = await logInput({ file, keepTime, ...(recordStart === undefined ? {} : { recordStart }), ...(fields === undefined ? {} : { fields: fields.split(','), format: 'jsonl' as const }) });
    const layout = new LogFormat(input.fields?.layout ?? settings.layout ?? '<Content>');
    const timeFormat = settings.timeFormat ?? (input.fields === null ? null : FLAT_TIME_FORMAT);
    const time = timeFormat === null ? null : new TimeFormat(timeFormat, 2024);
    const miner = new TemplateMiner({ drain: { simTh: 0.5, depth: 4 }, masking: settings.masks.map((regexPattern) => ({ regexPattern, maskWith: '*' })) });
    const at = lineNumbers(truth);
    const seen = { lines: 0, fit: 0, message: 0, time: 0, values: 0, masked: 0, spans: 0, meant: 0 };
    const events = truth.map(() => 0);
    for await (const chunk of (await input.open()).chunks()) {
      const before = seen.lines;
      seen.lines += eachLine(chunk, (buffer, start, end, index) => {
        if (start === end) return;
        const record = at.get(chunk.lineNumbers === undefined ? before + index + 1 : chunk.lineNumbers[index]);
        if (!layout.match(buffer, start, end, false)) return;
        seen.fit++;
        if (record === undefined) return; // a further line of a record
        const from = layout.starts[layout.contentField];
        const text = buffer.toString('utf8', from, layout.ends[layout.contentField]).trim();
        const offset = buffer.indexOf(text, from);
        events[record] = miner.addBytes(buffer, offset, offset + text.length, true).id;
        const { text: message, values, time: when } = truth[record];
        const right = flat(text) === flat(message) || flat(text).startsWith(`${flat(message)} End-Date:`);
        if (right) seen.message++;
        if (time !== null && Math.abs(readTime(buffer, layout, time, timeFormat ?? '') - when) < format.unit) seen.time++;
        const { masker } = miner;
        for (const [a, b] of values) {
          if (!/\d/.test(message.slice(a, b))) continue;
          seen.values++;
          if (right && spans(masker).some(([x, y]) => x <= offset + a && y >= offset + b)) seen.masked++;
        }
        seen.spans += masker.count;
        seen.meant += right ? spans(masker).filter(([x, y]) => values.some(([a, b]) => offset + a < y && offset + b > x)).length : 0;
      });
    }
    const total = fields !== undefined || recordStart !== undefined ? truth.length : truth.reduce((n, t) => n + t.line.split('\n').filter((l) => l !== '').length, 0);
    const { ga } = parsingAccuracy({ events, template: () => '', truth: truth.map((t) => ({ event: String(t.template), template: '' })) });
    const share = (part: number, whole: number): number => (whole === 0 ? 1 : part / whole);
    const timed = truth.some((t) => t.line.includes('Mar')) || format.timeFormat !== null || format.fields !== undefined;
    return { fit: share(seen.fit, total), message: share(seen.message, truth.length), time: timed ? share(seen.time, truth.length) : null, masked: share(seen.masked, seen.values), meant: share(seen.meant, seen.spans), ga: format.oneEvent === true ? null : ga };
  });
}

const flat = (text: string): string => text.replace(/\s+/g, ' ').trim();

function spans({ count, starts, ends }: { count: number; starts: Int32Array; ends: Int32Array }): [number, number][] {
  return Array.from({ length: count }, (_, i) => [starts[i], ends[i]]);
}

/** The number of each record's first line, and the record's index. */
function lineNumbers(truth: readonly TrueLine[]): Map<number, number> {
  const out = new Map<number, number>();
  let line = 1;
  for (const [i, t] of truth.entries()) {
    out.set(line, i);
    line += t.line.split('\n').length;
  }
  return out;
}

function readTime(buffer: Buffer, layout: LogFormat, time: TimeFormat, format: string): number {
  const bytes = Buffer.from(timeFields(layout.fields, format).map((f) => buffer.toString('utf8', layout.starts[f], layout.ends[f])).join(' '));
  return time.parse(bytes, 0, bytes.length);
}

async function withFile<T>(truth: readonly TrueLine[], use: (file: string) => Promise<T>): Promise<T> {
  const folder = mkdtempSync(path.join(tmpdir(), 'suggest-'));
  try {
    const file = path.join(folder, 'x.log');
    writeFileSync(file, `${truth.map((t) => t.line).join('\n')}\n`);
    return await use(file);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}
