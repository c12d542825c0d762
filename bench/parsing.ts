// Parsing: accuracy of each parser (GA, FGA, PA, FTA) on the 16 loghub_2k systems, and lines per second of the raw HDFS log, file in to events.arrow out, by the built package,
// beside a plain read-and-split pass over the same file in the same run.
//   npm run bench -- parsing [--data_dir …] [--only accuracy,suggest,unseen,speed] [--rounds 5] [--repeat 20; 45 makes ten million lines] [--workers 2,3]
import { once } from 'node:events';
import { createReadStream, createWriteStream, existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { availableParallelism, tmpdir } from 'node:os';
import path from 'node:path';
import { parseArgs } from 'node:util';
import { createGunzip } from 'node:zlib';
import { fork } from 'node:child_process';
import { pipeline } from 'node:stream/promises';
import { build } from './built.js';
import { suggestUnseen } from './suggest/index.js';
import { confusion, LogFormat, PARSERS, parsingAccuracy, readTruth, suggestFor, SYSTEMS, TemplateMiner, type ParsedLines, type ParserName, type SystemName } from '../deeplog/parsing/index.js';

/** Grouping accuracy in the published rows (Zhu et al. 2019, "Tools and Benchmarks", table 4; Spell: logpai/logparser's benchmark). */
const PUBLISHED: Readonly<Record<string, readonly [drain: number, spell: number]>> = {
  HDFS: [0.9975, 1], Hadoop: [0.9475, 0.7775], Spark: [0.92, 0.905], Zookeeper: [0.9665, 0.9635], BGL: [0.9625, 0.7865], HPC: [0.887, 0.654], Thunderbird: [0.955, 0.8435], Windows: [0.997, 0.9885],
  Linux: [0.69, 0.605], Android: [0.911, 0.9185], HealthApp: [0.78, 0.639], Apache: [1, 1], Proxifier: [0.5265, 0.5265], OpenSSH: [0.7875, 0.554], OpenStack: [0.7325, 0.764], Mac: [0.7865, 0.7565],
};

export async function main(argv: string[]): Promise<void> {
  const { values } = parseArgs({ args: argv, options: { data_dir: { type: 'string' }, only: { type: 'string', default: 'accuracy,suggest,unseen,speed' }, rounds: { type: 'string', default: '5' }, repeat: { type: 'string', default: '20' }, workers: { type: 'string', default: '2' }, expert: { type: 'boolean', default: false } } });
  const dataDir = values.data_dir ?? (process.env.DEEPLOG_DATA || 'data');
  if (values.only.includes('accuracy')) await accuracy(dataDir);
  if (values.only.includes('suggest')) await suggestions(dataDir);
  if (values.only.includes('unseen')) for (const which of ['open', 'held'] as const) await suggestUnseen(which, values.expert);
  if (values.only.includes('speed')) await speed(dataDir, Number(values.rounds), Number(values.repeat), values.workers === '' ? [] : values.workers.split(',').map(Number));
}

async function accuracy(dataDir: string): Promise<void> {
  const folder = path.join(dataDir, 'loghub_2k');
  if (!existsSync(folder)) {
    console.log(`${folder} is not here: accuracy was not measured. Set DEEPLOG_DATA.`);
    return;
  }
  for (const parser of PARSERS) {
    console.log(`${parser}: 2,000 lines a system; GA beside the published row; templates found of expected; groups split, merged\n`);
    console.log(`${'system'.padEnd(12)}${['GA', 'published', 'difference', 'FGA', 'PA', 'FTA', 'templates', 'split', 'merged', 'lines/s'].map((h) => h.padStart(11)).join('')}`);
    const sums = [0, 0, 0, 0];
    let short = 0;
    for (const [name, published] of Object.entries(PUBLISHED)) {
      const file = path.join(folder, name, `${name}_2k.log`);
      const { parsed, seconds } = parse2k(file, parser, name.toLowerCase() as SystemName, await readTruth(`${file}_structured.csv`));
      const a = parsingAccuracy(parsed);
      const c = confusion(parsed);
      const row = parser === 'drain' ? published[0] : parser === 'spell' ? published[1] : null;
      if (row !== null && a.ga - row < -0.005) short++;
      [a.ga, a.fga, a.pa, a.fta].forEach((x, i) => (sums[i] += x / 16));
      const n = (x: number): string => x.toFixed(4);
      console.log(name.padEnd(12) + [n(a.ga), row === null ? '' : n(row), row === null ? '' : `${a.ga >= row ? '+' : ''}${n(a.ga - row)}`, n(a.fga), n(a.pa), n(a.fta), `${a.found}/${a.expected}`, c.split.length, c.merged.length, Math.round(parsed.truth.length / seconds)].map((v) => String(v).padStart(11)).join(''));
    }
    console.log(`${'mean'.padEnd(12)}${[sums[0].toFixed(4), '', '', ...sums.slice(1).map((x) => x.toFixed(4))].map((v) => v.padStart(11)).join('')}`);
    console.log(parser === 'jaccard' ? '' : `${short === 0 ? 'every system is within .005 of the published row, or better' : `${short} systems fall short`}\n`);
  }
}

function parse2k(log: string, parser: ParserName, system: SystemName, truth: ReadonlyMap<number, { event: string; template: string }>): { parsed: ParsedLines; seconds: number } {
  const { sim_th, depth, tau, masks, logformat } = SYSTEMS[system];
  const miner = new TemplateMiner({ parser, tau, drain: { simTh: sim_th, depth }, masking: masks.map((regexPattern) => ({ regexPattern, maskWith: '*' })) });
  const format = new LogFormat(logformat);
  const events: number[] = [];
  const started = performance.now();
  for (const line of readFileSync(log, 'utf8').split('\n').filter((l) => l.trim() !== '')) {
    const buffer = Buffer.from(line);
    if (!format.match(buffer, 0, buffer.length, buffer.length === line.length)) throw new Error(`${log}: a line does not fit ${logformat}: ${line}`);
    const field = format.contentField;
    events.push(miner.addBytes(buffer, format.starts[field], format.ends[field], buffer.length === line.length).id);
  }
  const seconds = (performance.now() - started) / 1000;
  if (events.length !== truth.size) throw new Error(`${log}: ${events.length} lines, ${truth.size} in the ground truth`);
  const templates = new Map(Array.from(miner.parser.store.clusters(), (c) => [c.id, miner.template(c)]));
  return { parsed: { events, template: (id) => templates.get(id) ?? '', truth: [...truth.values()] }, seconds };
}

interface Timed {
  linesPerSecond: number;
  /** Of the whole stage: settings read, input hashed, sessions written, everything synced. */
  stageLinesPerSecond?: number;
  peakMb: number;
  segments?: number[];
  cpuSegments?: number[];
}

async function speed(dataDir: string, rounds: number, repeat: number, workers: readonly number[]): Promise<void> {
  const packed = path.join(dataDir, 'hdfs', 'HDFS_2percent.log.gz');
  if (!existsSync(packed)) {
    console.log(`${packed} is not here: speed was not measured. Set DEEPLOG_DATA.`);
    return;
  }
  build();
  const folder = mkdtempSync(path.join(tmpdir(), 'bench-parsing-'));
  try {
    const single = path.join(folder, 'hdfs.log');
    await pipeline(createReadStream(packed), createGunzip(), createWriteStream(single));
    const many = path.join(folder, 'hdfs-many.log');
    await writeCopies(single, many, repeat);
    console.log(`Speed, one process each, alternating, medians of ${rounds}: lines per second, peak resident memory\n`);
    for (const [label, file, n] of [['222,579 lines (31 MB), a cold process each', single, rounds], [`the same ${repeat} times over, the sessions of each copy its own`, many, Math.max(1, Math.min(3, rounds))]] as const) {
      const split: Timed[] = [];
      const drain: Timed[] = [];
      const pinned: (Timed | null)[] = [];
      const pools = file === many ? workers : [];
      const threaded: Record<number, Timed[]> = Object.fromEntries(pools.map((w) => [w, []]));
      for (let i = 0; i < n; i++) {
        split.push(await inProcess('split', file));
        drain.push(await inProcess('drain', file));
        if (file === many) pinned.push(await inProcess('drain', file, true));
        for (const w of pools) threaded[w].push(await inProcess(`drain:${w}`, file));
      }
      const median = (runs: Timed[], of: (t: Timed) => number): number => runs.map(of).sort((a, b) => a - b)[runs.length >> 1];
      const [a, b] = [median(split, (t) => t.linesPerSecond), median(drain, (t) => t.linesPerSecond)];
      console.log(label);
      console.log(`  read and split by regex   ${Math.round(a).toLocaleString('en-US').padStart(10)} lines/s  ${median(split, (t) => t.peakMb).toFixed(0).padStart(5)} MB`);
      console.log(`  drain, file to events.arrow ${Math.round(b).toLocaleString('en-US').padStart(10)} lines/s  ${median(drain, (t) => t.peakMb).toFixed(0).padStart(5)} MB   ${(b / a).toFixed(2)} × the plain pass`);
      const whole = median(drain, (t) => t.stageLinesPerSecond ?? NaN);
      console.log(`    the whole stage         ${Math.round(whole).toLocaleString('en-US').padStart(10)} lines/s (sessions, the input's hash and syncing included; a process's start is not)`);
      const [one] = pinned;
      const stage = (t: Timed): number => t.stageLinesPerSecond ?? NaN;
      const onOneCore = one === null ? NaN : median(pinned.filter((t) => t !== null), stage);
      if (one === null) console.log('    on one core             not measured: there is no taskset here');
      else if (one !== undefined) console.log(`    on one core             ${Math.round(onOneCore).toLocaleString('en-US').padStart(10)} lines/s for the whole stage (taskset: reading, compiling, collecting garbage on it, too); to events.arrow ${Math.round(median(pinned.filter((t) => t !== null), (t) => t.linesPerSecond)).toLocaleString('en-US')}`);
      for (const w of pools) {
        const rate = median(threaded[w], (t) => t.linesPerSecond);
        console.log(`  drain with ${String(w).padStart(2)} workers     ${Math.round(rate).toLocaleString('en-US').padStart(10)} lines/s  ${median(threaded[w], (t) => t.peakMb).toFixed(0).padStart(5)} MB   ${(rate / b).toFixed(2)} × one thread; the whole stage ${Math.round(median(threaded[w], stage)).toLocaleString('en-US')}, ${(median(threaded[w], stage) / whole).toFixed(2)} × one thread, ${(median(threaded[w], stage) / onOneCore).toFixed(2)} × one core`);
      }
      for (const [what, segments] of [['', drain[drain.length >> 1].segments ?? []], [' of processor time, all threads', drain[drain.length >> 1].cpuSegments ?? []]] as const) {
        if (segments.length > 1) console.log(`  rate of each million lines: ${segments.map((s) => Math.round(s / 1000)).join(' ')} thousand lines/s${what}; the last ${(segments[segments.length - 1] / segments[0]).toFixed(2)} × the first`);
      }
    }
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** The log several times over, with other block ids in each copy: as many sessions as a log of that length would have. */
async function writeCopies(from: string, to: string, copies: number): Promise<void> {
  const log = readFileSync(from, 'latin1');
  const out = createWriteStream(to, 'latin1');
  for (let i = 0; i < copies; i++) {
    const copy = log.replace(/(blk_-?\d+?)\d\d(?!\d)/g, `$1${String(i).padStart(2, '0')}`);
    if (!out.write(copy)) await once(out, 'drain');
  }
  await new Promise((resolve) => out.end(resolve));
}

/** Each measurement in a process of its own, so that neither warms the other and peak memory is its own. `pinned`: with all its threads on one core; null where that cannot be had. */
function inProcess(what: string, file: string): Promise<Timed>;
function inProcess(what: string, file: string, pinned: true): Promise<Timed | null>;
function inProcess(what: string, file: string, pinned = false): Promise<Timed | null> {
  return new Promise((resolve, reject) => {
    const child = fork(path.join(import.meta.dirname, 'parsing_worker.mjs'), [what, file], { stdio: ['ignore', 'ignore', 'inherit', 'ipc'], ...(pinned ? { execPath: 'taskset', execArgv: ['--cpu-list', String(availableParallelism() - 1), process.execPath] } : { execArgv: [] }) });
    child.on('error', (error) => { if (pinned) resolve(null); else reject(error); });
    child.on('message', (m) => resolve(m as Timed));
    child.on('exit', (code) => { if (code !== 0) reject(new Error(`${what} exited with ${code}`)); });
  });
}

/** What `drain --suggest` makes of the raw logs: whether it finds where the message begins, and the accuracy of parsing with its settings. */
async function suggestions(dataDir: string): Promise<void> {
  const folder = path.join(dataDir, 'loghub_2k');
  if (!existsSync(folder)) return;
  console.log(`suggested settings\n\n${'system'.padEnd(12)}${['message', 'time', 'GA', 'preset GA'].map((h) => h.padStart(11)).join('')}  layout`);
  let exact = 0;
  for (const name of Object.keys(PUBLISHED)) {
    const file = path.join(folder, name, `${name}_2k.log`);
    const truth = await readTruth(`${file}_structured.csv`);
    const preset = new LogFormat(SYSTEMS[name.toLowerCase() as SystemName].logformat);
    const lines = readFileSync(file, 'utf8').split('\n').filter((l) => l.trim() !== '');
    const s = suggestFor(lines.map((l) => l.trim()));
    const format = new LogFormat(s.logformat ?? '<Content>');
    const miner = new TemplateMiner({ drain: { simTh: 0.5, depth: 4 }, masking: s.masks.map((m) => ({ regexPattern: m.regex, maskWith: '*' })) });
    const message = (f: LogFormat, line: string): string | null => {
      const buffer = Buffer.from(line);
      return f.match(buffer, 0, buffer.length, buffer.length === line.length) ? buffer.toString('utf8', f.starts[f.contentField], f.ends[f.contentField]).trim() : null;
    };
    const messages = lines.map((l) => message(format, l));
    const right = messages.filter((m, i) => m === message(preset, lines[i])).length / lines.length;
    if (right >= 0.99) exact++;
    const events = messages.map((m) => (m === null ? 0 : miner.add(m).id));
    const { ga } = parsingAccuracy({ events, template: () => '', truth: [...truth.values()] });
    const known = parse2k(file, 'drain', name.toLowerCase() as SystemName, truth);
    console.log(name.padEnd(12) + [right.toFixed(4), (s.dated / Math.max(1, s.fitting)).toFixed(2), ga.toFixed(4), parsingAccuracy(known.parsed).ga.toFixed(4)].map((v) => v.padStart(11)).join('') + `  ${s.logformat ?? ''}`);
  }
  console.log(`\nthe message is found in 99 % of the lines, or more, of ${exact} of 16 systems\n`);
}
