// Parsing: grouping accuracy on the 16 loghub_2k systems, and lines per second of the raw HDFS log, file in to events.arrow out,
// beside a plain read-and-split pass over the same file in the same run.
//   npm run bench -- parsing [--data_dir …] [--rounds 5] [--repeat 20]
import { parse } from 'csv-parse/sync';
import { createReadStream, createWriteStream, existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { parseArgs } from 'node:util';
import { createGunzip } from 'node:zlib';
import { fork } from 'node:child_process';
import { pipeline } from 'node:stream/promises';
import { LogFormat, TemplateMiner, type MaskingInstruction } from '../deeplog/parsing/index.js';

interface System {
  readonly layout: string;
  readonly simTh: number;
  readonly depth: number;
  readonly masks: readonly string[];
  /** Grouping accuracy in the published Drain row (He et al. 2017; Zhu et al. 2019, "Tools and Benchmarks", table 4). */
  readonly published: number;
}

const IP = '(\\d+\\.){3}\\d+';
const SYSTEMS: Readonly<Record<string, System>> = {
  HDFS: { layout: '<Date> <Time> <Pid> <Level> <Component>: <Content>', simTh: 0.5, depth: 4, masks: ['blk_-?\\d+', `${IP}(:\\d+)?`], published: 0.9975 },
  Hadoop: { layout: '<Date> <Time> <Level> \\[<Process>\\] <Component>: <Content>', simTh: 0.5, depth: 4, masks: [IP], published: 0.9475 },
  Spark: { layout: '<Date> <Time> <Level> <Component>: <Content>', simTh: 0.5, depth: 4, masks: [IP, '\\b[KGTM]?B\\b', '([\\w-]+\\.){2,}[\\w-]+'], published: 0.92 },
  Zookeeper: { layout: '<Date> <Time> - <Level>  \\[<Node>:<Component>@<Id>\\] - <Content>', simTh: 0.5, depth: 4, masks: ['(/|)(\\d+\\.){3}\\d+(:\\d+)?'], published: 0.9665 },
  BGL: { layout: '<Label> <Timestamp> <Date> <Node> <Time> <NodeRepeat> <Type> <Component> <Level> <Content>', simTh: 0.5, depth: 4, masks: ['core\\.\\d+'], published: 0.9625 },
  HPC: { layout: '<LogId> <Node> <Component> <State> <Time> <Flag> <Content>', simTh: 0.5, depth: 4, masks: ['=\\d+'], published: 0.887 },
  Thunderbird: { layout: '<Label> <Timestamp> <Date> <User> <Month> <Day> <Time> <Location> <Component>(\\[<PID>\\])?: <Content>', simTh: 0.5, depth: 4, masks: [IP], published: 0.955 },
  Windows: { layout: '<Date> <Time>, <Level>                  <Component>    <Content>', simTh: 0.7, depth: 5, masks: ['0x.*?\\s'], published: 0.997 },
  Linux: { layout: '<Month> <Date> <Time> <Level> <Component>(\\[<PID>\\])?: <Content>', simTh: 0.39, depth: 6, masks: [IP, '\\d{2}:\\d{2}:\\d{2}'], published: 0.69 },
  Android: { layout: '<Date> <Time>  <Pid>  <Tid> <Level> <Component>: <Content>', simTh: 0.6, depth: 7, masks: ['(/[\\w-]+)+', '([\\w-]+\\.){2,}[\\w-]+', '\\b(\\-?\\+?\\d+)\\b|\\b0[Xx][a-fA-F\\d]+\\b|\\b[a-fA-F\\d]{4,}\\b'], published: 0.911 },
  HealthApp: { layout: '<Time>\\|<Component>\\|<Pid>\\|<Content>', simTh: 0.2, depth: 4, masks: [], published: 0.78 },
  Apache: { layout: '\\[<Time>\\] \\[<Level>\\] <Content>', simTh: 0.5, depth: 4, masks: [IP], published: 1 },
  Proxifier: { layout: '\\[<Time>\\] <Program> - <Content>', simTh: 0.6, depth: 3, masks: ['<\\d+\\ssec', '([\\w-]+\\.)+[\\w-]+(:\\d+)?', '\\d{2}:\\d{2}(:\\d{2})*', '[KGTM]B'], published: 0.5265 },
  OpenSSH: { layout: '<Date> <Day> <Time> <Component> sshd\\[<Pid>\\]: <Content>', simTh: 0.6, depth: 5, masks: [IP, '([\\w-]+\\.){2,}[\\w-]+'], published: 0.7875 },
  OpenStack: { layout: '<Logrecord> <Date> <Time> <Pid> <Level> <Component> \\[<ADDR>\\] <Content>', simTh: 0.5, depth: 5, masks: ['((\\d+\\.){3}\\d+,?)+', '/.+?\\s', '\\d+'], published: 0.7325 },
  Mac: { layout: '<Month>  <Date> <Time> <User> <Component>\\[<PID>\\]( \\(<Address>\\))?: <Content>', simTh: 0.7, depth: 6, masks: ['([\\w-]+\\.){2,}[\\w-]+'], published: 0.7865 },
};

export async function main(argv: string[]): Promise<void> {
  const { values } = parseArgs({ args: argv, options: { data_dir: { type: 'string' }, rounds: { type: 'string', default: '5' }, repeat: { type: 'string', default: '20' }, worker: { type: 'string' }, file: { type: 'string' } } });
  const dataDir = values.data_dir ?? (process.env.DEEPLOG_DATA || 'data');
  if (values.worker !== undefined && values.file !== undefined) return worker(values.worker, values.file);
  accuracy(dataDir);
  await speed(dataDir, Number(values.rounds), Number(values.repeat));
}

function accuracy(dataDir: string): void {
  const folder = path.join(dataDir, 'loghub_2k');
  if (!existsSync(folder)) {
    console.log(`${folder} is not here: grouping accuracy was not measured. Set DEEPLOG_DATA.`);
    return;
  }
  console.log('Grouping accuracy (GA), 2,000 lines each; tolerance .005 below the published Drain row\n');
  console.log(`${'system'.padEnd(12)}${'GA'.padStart(8)}${'published'.padStart(11)}${'difference'.padStart(12)}`);
  let short = 0;
  for (const [name, system] of Object.entries(SYSTEMS)) {
    const ga = groupingAccuracy(path.join(folder, name, `${name}_2k.log_structured.csv`), path.join(folder, name, `${name}_2k.log`), system);
    const difference = ga - system.published;
    if (difference < -0.005) short++;
    console.log(`${name.padEnd(12)}${ga.toFixed(4).padStart(8)}${system.published.toFixed(4).padStart(11)}${(difference >= 0 ? '+' : '') + difference.toFixed(4)}`.replace(/([+-]0\.\d{4})$/, (d) => d.padStart(12)) + (difference < -0.005 ? '  below' : ''));
  }
  console.log(`\n${short === 0 ? 'every system is within .005 of the published row, or better' : `${short} systems fall short`}\n`);
}

/** Share of lines whose group is exactly the group of the ground truth: the benchmark's definition. */
function groupingAccuracy(structured: string, log: string, system: System): number {
  const truth = (parse(readFileSync(structured), { columns: true, bom: true, relax_quotes: true }) as { EventId: string }[]).map((r) => r.EventId);
  const masking: MaskingInstruction[] = system.masks.map((regexPattern) => ({ regexPattern, maskWith: '*' }));
  const miner = new TemplateMiner({ drain: { simTh: system.simTh, depth: system.depth }, masking });
  const format = new LogFormat(system.layout);
  const found: number[] = [];
  for (const line of readFileSync(log, 'utf8').split('\n').filter((l) => l.trim() !== '')) {
    const buffer = Buffer.from(line);
    if (!format.match(buffer, 0, buffer.length, buffer.length === line.length)) throw new Error(`${log}: a line does not fit ${system.layout}: ${line}`);
    const field = format.contentField;
    found.push(miner.addBytes(buffer, format.starts[field], format.ends[field], buffer.length === line.length).id);
  }
  if (found.length !== truth.length) throw new Error(`${log}: ${found.length} lines, ${truth.length} in the ground truth`);
  const groups = new Map<number, number[]>();
  found.forEach((id, i) => groups.set(id, [...(groups.get(id) ?? []), i]));
  const sizes = new Map<string, number>();
  for (const t of truth) sizes.set(t, (sizes.get(t) ?? 0) + 1);
  let right = 0;
  for (const lines of groups.values()) {
    const labels = new Set(lines.map((i) => truth[i]));
    const [label] = labels;
    if (labels.size === 1 && sizes.get(label) === lines.length) right += lines.length;
  }
  return right / truth.length;
}

interface Timed { linesPerSecond: number; peakMb: number; segments?: number[] }

async function speed(dataDir: string, rounds: number, repeat: number): Promise<void> {
  const packed = path.join(dataDir, 'hdfs', 'HDFS_2percent.log.gz');
  if (!existsSync(packed)) {
    console.log(`${packed} is not here: speed was not measured. Set DEEPLOG_DATA.`);
    return;
  }
  const folder = mkdtempSync(path.join(tmpdir(), 'bench-parsing-'));
  try {
    const once = path.join(folder, 'hdfs.log');
    await pipeline(createReadStream(packed), createGunzip(), createWriteStream(once));
    const many = path.join(folder, 'hdfs-many.log');
    const out = createWriteStream(many).setMaxListeners(0);
    for (let i = 0; i < repeat; i++) await pipeline(createReadStream(once), out, { end: i === repeat - 1 });
    console.log(`Speed, one process each, alternating, medians of ${rounds}: lines per second, peak resident memory\n`);
    for (const [label, file, n] of [['222,579 lines (31 MB), a cold process each', once, rounds], [`the same ${repeat} times over`, many, Math.max(1, Math.min(3, rounds))]] as const) {
      const split: Timed[] = [];
      const drain: Timed[] = [];
      for (let i = 0; i < n; i++) {
        split.push(await inProcess('split', file));
        drain.push(await inProcess('drain', file));
      }
      const median = (runs: Timed[], of: (t: Timed) => number): number => runs.map(of).sort((a, b) => a - b)[runs.length >> 1];
      const [a, b] = [median(split, (t) => t.linesPerSecond), median(drain, (t) => t.linesPerSecond)];
      console.log(label);
      console.log(`  read and split by regex   ${Math.round(a).toLocaleString('en-US').padStart(10)} lines/s  ${median(split, (t) => t.peakMb).toFixed(0).padStart(5)} MB`);
      console.log(`  drain, file to Arrow      ${Math.round(b).toLocaleString('en-US').padStart(10)} lines/s  ${median(drain, (t) => t.peakMb).toFixed(0).padStart(5)} MB   ${(b / a).toFixed(2)} × the plain pass`);
      const segments = drain[drain.length >> 1].segments ?? [];
      if (segments.length > 3) console.log(`  rate by tenths of the file: ${segments.map((s) => Math.round(s / 1000)).join(' ')} thousand lines/s`);
    }
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** Each measurement in a process of its own, so that neither warms the other and peak memory is its own. */
function inProcess(what: string, file: string): Promise<Timed> {
  return new Promise((resolve, reject) => {
    const child = fork(process.argv[1], ['parsing', '--worker', what, '--file', file], { stdio: ['ignore', 'ignore', 'inherit', 'ipc'] });
    child.on('message', (m) => resolve(m as Timed));
    child.on('exit', (code) => { if (code !== 0) reject(new Error(`${what} exited with ${code}`)); });
  });
}

async function worker(what: string, file: string): Promise<void> {
  const result = what === 'split' ? await plainPass(file) : await drainPass(file);
  process.send?.({ ...result, peakMb: process.resourceUsage().maxRSS / 1024 });
}

async function plainPass(file: string): Promise<{ linesPerSecond: number }> {
  const regex = /^(.*?)\s+(.*?)\s+(.*?)\s+(.*?)\s+(.*?):\s+(.*?)$/;
  const started = performance.now();
  let lines = 0;
  let bytes = 0;
  let rest = '';
  for await (const chunk of createReadStream(file, { highWaterMark: 1 << 20, encoding: 'utf8' }) as AsyncIterable<string>) {
    const pieces = (rest + chunk).split('\n');
    rest = pieces.pop() ?? '';
    for (const line of pieces) {
      const match = regex.exec(line);
      if (match) bytes += match[6].length;
      lines++;
    }
  }
  if (bytes === 0) throw new Error('nothing matched');
  return { linesPerSecond: (1000 * lines) / (performance.now() - started) };
}

async function drainPass(file: string): Promise<{ linesPerSecond: number; segments: number[] }> {
  const { drainSettings, runDrain } = await import('../deeplog/sessions/index.js');
  const out = mkdtempSync(path.join(tmpdir(), 'bench-drain-'));
  try {
    const settings = drainSettings({
      input_file: file, output_path: out, overwrite: true, logformat: SYSTEMS.HDFS.layout, time_format: '%y%m%d %H%M%S', max_unparsed: 0, format: 'arrow', sim_th: 0.5, depth: 4, max_children: 100,
      parametrize_numeric_tokens: true, mask_prefix: '<', mask_suffix: '>', masking: SYSTEMS.HDFS.masks.map((regex_pattern) => ({ regex_pattern, mask_with: '*' })), full_search: 'never',
      snapshot_interval_minutes: 60, compress_state: true, adapter_type: 'only_identifier', regex: 'blk_-?\\d+', size: 20, profiling: false, report_sec: 60,
    });
    const marks: { share: number; lines: number; at: number }[] = [{ share: 0, lines: 0, at: performance.now() }];
    const { summary } = await runDrain(settings, (p) => {
      const share = p.totalBytes === null ? 0 : p.bytes / p.totalBytes;
      if (share >= (marks.length * 1) / 10) marks.push({ share, lines: p.lines, at: performance.now() });
    });
    if (summary.events !== summary.lines) throw new Error('lines were lost');
    const segments = marks.slice(1).map((m, i) => (1000 * (m.lines - marks[i].lines)) / (m.at - marks[i].at));
    return { linesPerSecond: summary.lines / summary.parseSeconds, segments };
  } finally {
    rmSync(out, { recursive: true, force: true });
  }
}
