/**
 * How closely the exported files of every detector do what the engine does, on real sessions: detector × format × greatest difference.
 *   DEEPLOG_DATA=… npm run bench -- export [--sessions 1000] [--epochs 1] [--keras_python python] [--only deeplog,ensemble]
 * The 2 % HDFS log is parsed, and every detector of the registry that exports is fitted on the first twentieth of it (briefly: agreement does
 * not depend on how well a model is trained), saved, exported in each format that it has, and compared on sessions spread over the whole log:
 * different ones where a detector reads event ids alone.
 */
import { existsSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { parseArgs } from 'node:util';
import { readJson, writeManifest } from '../deeplog/artifacts/index.js';
import { AUTOENCODER_DEFAULTS, createDetector, DETECTOR_IDS, DetailedSessions, isExportable, loadDetector, type Detector, type DetectorOptions } from '../deeplog/detectors/index.js';
import { createEngine, type Engine } from '../deeplog/engine/index.js';
import { exportModel, FORMATS, type Exported } from '../deeplog/export/index.js';
import { PART, readSessionSet, splitByShare } from '../deeplog/sequences/index.js';
import { drainSettings, rawLines, runDrain } from '../deeplog/sessions/index.js';
import { SILENT } from '../deeplog/training/index.js';
import { BLOCK_STORE_FLAGS } from '../test/block_store_log.js';

interface Row {
  readonly detector: string;
  readonly networks: number;
  readonly parity: Exported['parity'];
}

export async function main(argv: string[]): Promise<void> {
  const { values: o } = parseArgs({ args: argv, options: { sessions: { type: 'string', default: '1000' }, epochs: { type: 'string', default: '1' }, keras_python: { type: 'string' }, only: { type: 'string' }, threads: { type: 'string', default: '1' } } });
  const log = path.join(process.env.DEEPLOG_DATA ?? 'data', 'hdfs', 'HDFS_2percent.log.gz');
  if (!existsSync(log)) throw new Error(`${log} is not there: set DEEPLOG_DATA to the folder of the data sets (npm run data -- describe).`);
  const scratch = await mkdtemp(path.join(os.tmpdir(), 'deeplog-export-'));
  const engine = await createEngine({ engine: 'onnx', threads: Number(o.threads) });
  try {
    const drain = path.join(scratch, 'drain');
    await runDrain(drainSettings({ ...BLOCK_STORE_FLAGS, max_unparsed: 0.01, input_file: log, output_path: drain })); // the simulator writes HDFS's layout
    const set = await fitting(drain, Number(o.epochs), engine);
    const rows: Row[] = [];
    const wanted = o.only === undefined ? DETECTOR_IDS : o.only.split(',');
    for (const id of wanted) {
      const model = await set.fitted(id, path.join(scratch, id));
      if (model === null) continue;
      console.error(`${id}: exporting`);
      const { files, parity } = await exportModel({
        model, outputPath: path.join(scratch, `${id}-exported`), overwrite: true, formats: FORMATS, verify: true, verifyInput: drain, verifySessions: Number(o.sessions), flags: {}, ...(o.keras_python === undefined ? {} : { kerasPython: o.keras_python }),
      }, () => Promise.resolve(engine));
      rows.push({ detector: id, networks: files.size, parity });
      console.error(`${id}: ${Object.entries(parity).map(([format, p]) => `${format} ${p.largest_score_difference?.toExponential(1)}`).join(', ')}`);
    }
    print(rows);
    if (rows.some(({ parity }) => Object.values(parity).some((p) => !(p.deviation <= p.tolerance)))) process.exitCode = 1;
  } finally {
    await engine.dispose();
    await rm(scratch, { recursive: true, force: true });
  }
}

/** Fits detectors on the beginning of a parsed log; those of one family share one model. */
async function fitting(drain: string, maxEpochs: number, engine: Engine): Promise<{ fitted(id: string, folder: string): Promise<string | null> }> {
  const { table } = await readSessionSet(drain);
  const split = splitByShare(table, { trainUntil: 0.05, validationUntil: 0.075, order: 'chronological', seed: 1, trainOn: 'normal' });
  const details = await DetailedSessions.read(drain);
  const withText = details.withText(await rawLines(drain));
  const templates = new Map(Object.entries((await readJson(path.join(drain, 'templates.json'))) as Record<string, string>).map(([event, text]) => [Number(event), text]));
  console.error(`${table.size} sessions, ${table.distinct} different ones`);
  const options: DetectorOptions = {
    deeplogKeys: { maxEpochs }, deeplogParams: { maxEpochs }, loganomaly: { maxEpochs }, logbert: { maxEpochs, hidden: 64, layers: 2 }, templates, rawText: true,
    autoencoder: { lines: { ...AUTOENCODER_DEFAULTS.lines, maxEpochs }, windows: { ...AUTOENCODER_DEFAULTS.windows, maxEpochs } },
  };
  const families = new Map<string, string>();
  return {
    async fitted(id, folder) {
      const detector = createDetector(id, options);
      if (!isExportable(detector)) return null;
      const family = families.get(detector.family ?? detector.id);
      let done: Detector = detector;
      if (family !== undefined && detector.adopt !== undefined) done = detector.adopt(await loadDetector(family, () => Promise.resolve(engine)));
      else {
        const source = detector.needs.has('text') ? withText : details;
        await detector.fit(source.part(split, PART.train), source.part(split, PART.validation), { seed: 1, engine: () => Promise.resolve(engine), report: SILENT, signal: new AbortController().signal });
        families.set(detector.family ?? detector.id, folder);
      }
      await done.save(folder);
      await writeManifest(folder, { stage: 'bench', startedAt: performance.now(), inputs: {}, options: { input_file: drain } });
      await done.dispose?.();
      return folder;
    },
  };
}

/** A Markdown table. A difference is the greatest of all scores compared; of a score above 1 its share of the score counts (see docs/export.md). */
function print(rows: readonly Row[]): void {
  const formats = FORMATS.filter((f) => rows.some(({ parity }) => parity[f] !== undefined));
  const runtimes = formats.map((f) => rows.map(({ parity }) => parity[f]?.runtime).find((r) => r !== undefined) ?? '');
  console.log(`| detector | networks | compared | ${formats.map((f, i) => `${f}, ${runtimes[i]}`).join(' | ')} | worst output | by the tolerance's measure |`);
  console.log(`|---|---:|---:|${formats.map(() => '---|').join('')}---:|---:|`);
  for (const { detector, networks, parity } of rows) {
    const all = Object.values(parity);
    const cells = formats.map((f) => {
      const p = parity[f];
      return p === undefined ? '–' : p.largest_score_difference === null ? 'outputs only' : p.largest_score_difference === 0 ? '0' : `${p.largest_score_difference.toExponential(1)} (at ${+(p.at_score ?? 0).toPrecision(4)})`;
    });
    console.log(`| ${detector} | ${networks} | ${Math.max(...all.map((p) => p.samples ?? 0))} | ${cells.join(' | ')} | ${Math.max(...all.map((p) => p.largest_output_difference)).toExponential(1)} | ${Math.max(...all.map((p) => p.deviation)).toExponential(1)} |`);
  }
}
