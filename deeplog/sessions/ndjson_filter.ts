import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { UsageError } from '../common/index.js';
import { LinePattern, loadState, logInput, saveState, TemplateMiner, type LineChunk } from '../parsing/index.js';
import type { LineBlock } from './line_block.js';
import { LinePass, type LinePassCounts, type LinePassOptions } from './line_pass.js';
import { inputOptionsOf, parseSettings, type DrainSettings } from './drain_settings.js';

export interface FilterOptions {
  /** Write an event for every line; else the state alone. */
  readonly events: boolean;
  /** Where the learned state goes: a file, `-` for a last line {"state": …}, or nowhere. */
  readonly stateOut: string | null;
}

/**
 * The parser as a Unix filter: log lines in, one JSON object per line out, in order, in constant memory:
 * {"line", "event", "template", "parameters", "session"?, "time"?, "label"?}, times in ms since 1970 (UTC), and {"line", "unparsed": true}
 * for a line that does not fit the format. While it learns, a template is given as it stands at that line.
 * @throws UsageError for adapters that need to see all lines; DataError
 */
export async function drainFilter(settings: DrainSettings, options: FilterOptions, write: (text: string) => Promise<void>): Promise<LinePassCounts> {
  const { flags } = settings;
  const input = await logInput(inputOptionsOf(flags));
  const parse = parseSettings(settings, input);
  if (parse.adapter !== null && parse.adapter.type !== 'only_identifier') throw new UsageError(`--ndjson gives each line its session key, which --adapter_type ${parse.adapter.type} does not have. Use only_identifier with --regex, or group afterwards.`);
  if (flags.fit_share !== undefined) throw new UsageError('--fit_share needs to count the lines first, which a filter does not. Use --fit_until_line.');
  const miner = flags.state === undefined ? new TemplateMiner(settings.miner) : await loadState(flags.state, settings.miner);
  const key = parse.adapter === null ? null : new LinePattern(parse.adapter.regex);
  const filter = new Filter({ ...parse, adapter: null, miner, fitUntilLine: flags.fit_until_line ?? (flags.match_only === true ? 1 : Infinity) }, key, options.events);
  for await (const chunk of (await input.open()).chunks()) {
    const text = filter.take(chunk);
    if (text !== '') await write(text);
  }
  if (options.stateOut === '-') await write(`${JSON.stringify({ state: JSON.parse(await stateText(miner)) as unknown })}\n`);
  else if (options.stateOut !== null) await saveState(miner, options.stateOut, flags.compress_state);
  return filter.counts;
}

/** The state as `saveState` writes it. */
async function stateText(miner: TemplateMiner): Promise<string> {
  const folder = await mkdtemp(path.join(tmpdir(), 'deeplog-state-'));
  try {
    await saveState(miner, path.join(folder, 'state.json'), true);
    return await readFile(path.join(folder, 'state.json'), 'utf8');
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

class Filter {
  readonly counts: LinePassCounts = { lines: 0, emptyLines: 0, unparsedLines: 0, unmatchedLines: 0, unassignedLines: 0, undatedLines: 0, repairedLines: 0 };
  private readonly pass: LinePass;
  private text: string[] = [];
  /** Lines that did not fit, with the number of fitting ones before them in the block. */
  private unparsed: { readonly after: number; readonly line: number }[] = [];
  private readonly templates = new Map<number, string>();

  constructor(private readonly options: LinePassOptions, private readonly key: LinePattern | null, private readonly events: boolean) {
    this.pass = new LinePass(options, this.counts, {
      line: (block, i) => { if (this.events) this.takeLine(block, i); },
      session: () => undefined,
      unparsed: (line) => { this.unparsed.push({ after: this.pass.block.count, line }); },
    });
  }

  take(chunk: LineChunk): string {
    this.text = [];
    this.unparsed = [];
    this.pass.read(chunk);
    this.pass.mine();
    if (this.events) this.writeUnparsed(Infinity);
    return this.text.join('');
  }

  private takeLine(block: LineBlock, i: number): void {
    this.writeUnparsed(i);
    const { miner } = this.options;
    const buffer = block.buffers[i];
    const event = block.event[i];
    const parameters: string[] = [];
    for (let p = 0; p < miner.found.count; p++) parameters.push(buffer.toString('utf8', miner.found.starts[p], miner.found.ends[p]));
    const time = block.time[i];
    const ascii = block.ascii[i] === 1;
    const session = this.key?.find(buffer, block.starts[i], block.ends[i], ascii) === true ? buffer.toString('utf8', this.key.matchStart, this.key.matchEnd) : null;
    if (this.key !== null && session === null) this.counts.unassignedLines++;
    const head = `{"line":${block.line[i]},"event":${event},"template":${this.templateOf(event)},"parameters":${JSON.stringify(parameters)}`;
    const optional = `${this.key === null ? '' : `,"session":${JSON.stringify(session)}`}${this.options.timeFormat === null ? '' : `,"time":${Number.isNaN(time) ? 'null' : time}`}${block.label[i] < 0 ? '' : `,"label":${block.label[i] === 1}`}`;
    this.text.push(`${head}${optional}}\n`);
  }

  private writeUnparsed(before: number): void {
    while (this.unparsed.length > 0 && this.unparsed[0].after <= before) this.text.push(`{"line":${this.unparsed.shift()?.line ?? 0},"unparsed":true}\n`);
  }

  private templateOf(event: number): string {
    const { parser } = this.options.miner;
    if (parser.change !== 'none') this.templates.delete(event);
    let known = this.templates.get(event);
    if (known === undefined) {
      const cluster = event === 0 ? undefined : parser.store.get(event);
      known = cluster === undefined ? 'null' : JSON.stringify(this.options.miner.template(cluster));
      this.templates.set(event, known);
    }
    return known;
  }
}
