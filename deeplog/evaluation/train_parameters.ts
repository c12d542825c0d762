import { existsSync, statSync } from 'node:fs';
import path from 'node:path';
import { checkOutput, hashInputs, openOutput, readJson, writeAtomic, writeJson, writeManifest } from '../artifacts/index.js';
import { DataError } from '../common/index.js';
import { DeepLogParams, describeColumns, DetailedSessions, positionsFrom, seriesOf, upperBound, type DeepLogParamsOptions, type FittedKey, type RowOrder } from '../detectors/index.js';
import type { Engine } from '../engine/index.js';
import { fileOf, FORMATS, writeFormats, type Format } from '../export/index.js';
import type { KeyRows, ParameterLog } from '../sequences/index.js';
import type { Reporter } from '../training/index.js';
import { readMatrix, toCsv } from './parameter_matrix.js';
import { plotErrors, type ErrorPanel } from './plot_errors.js';
import { thresholdFor } from './metrics.js';
import { parsedFolder } from './custom_task.js';
import { copyParser } from './train_log_key.js';

export interface TrainParametersOptions {
  /** `{"data": [[…], …]}`, or a drain_result folder. */
  readonly inputFile: string;
  readonly outputPath: string;
  readonly overwrite: boolean;
  readonly trainRatio: number;
  readonly valRatio: number;
  readonly trainOn: 'normal' | 'all';
  /** Share of validation rows that may exceed the threshold of verdicts on sessions; `alpha` is the paper's bound for single rows. */
  readonly targetFpr: number;
  readonly seed: number;
  readonly model: DeepLogParamsOptions;
  /** Files for other runtimes to write beside the weights, a network per event; none when absent. */
  readonly formats?: readonly Format[];
  readonly flags: Readonly<Record<string, unknown>>;
  onData?(what: string): void;
}

/** How one key's model does on rows it never saw. */
export interface KeyResult {
  readonly key: number;
  readonly name: string;
  readonly train_rows: number;
  readonly validation_rows: number;
  readonly test_rows: number;
  readonly columns: readonly string[];
  readonly test_error: number;
  /** Error of predicting the training mean: what the model has to beat. */
  readonly mean_error: number;
  readonly bound: number;
  readonly above_bound: number;
  /** Test row with the largest error: its row in a matrix, its line in a log; from 1. */
  readonly worst_at: number | null;
  /** Share of test rows above the bound, by the label of their session where there are labels. */
  readonly share_above: { readonly all: number; readonly normal: number | null; readonly abnormal: number | null };
}

export interface TrainedParameters {
  readonly detector: DeepLogParams;
  readonly results: readonly KeyResult[];
  /** In deviations of a key's validation errors. */
  readonly threshold: number;
  readonly columnNotes: readonly string[];
  readonly seconds: number;
}

/** Rows of one part, for each table of a log. */
interface Prepared {
  readonly table: KeyRows;
  readonly test: readonly number[];
  readonly labels: ReadonlyMap<number, boolean>;
}

const PANELS = 12;

/**
 * The parameter stage: rows → split in order → scaler on train → one network for all keys → error bound from validation → verdicts on the
 * test rows, with a plot. Windows lie within a part, so that no row is on both sides of a boundary.
 * @throws DataError
 */
export async function trainParameters(options: TrainParametersOptions, engine: Engine, report: Reporter, signal: AbortSignal): Promise<TrainedParameters> {
  const startedAt = performance.now();
  const { outputPath, inputFile } = options;
  await checkOutput(outputPath, options.overwrite);
  const detector = new DeepLogParams(options.model);
  const context = { seed: options.seed, engine: () => Promise.resolve(engine), report, signal };
  const prepared = isMatrix(inputFile) ? await fromMatrix(options, detector, context) : await fromLog(options, detector, context);
  const columnNotes = detector.keys.flatMap((k) => describeColumns(k.report).map((note) => (isMatrix(inputFile) ? note : `event ${k.key}: ${note}`)));
  const { results, panels } = await judgeTest(detector, prepared, options.model.alpha);

  const threshold = thresholdFor(detector.validationScores(), options.targetFpr);
  await openOutput(outputPath, ['parameter_models', ...FORMATS.map((f) => fileOf('parameter_model', f))]);
  await detector.save(outputPath);
  const { description } = await writeFormats(detector, outputPath, options.formats ?? []);
  const config = (await readJson(path.join(outputPath, 'config.json'))) as object;
  await writeJson(path.join(outputPath, 'config.json'), { ...config, threshold, target_fpr: options.targetFpr, alpha: options.model.alpha, export: description });
  await writeAtomic(path.join(outputPath, 'errors.svg'), plotErrors(panels, 'Prediction error of the test rows against the bound from validation'));
  await writeAtomic(path.join(outputPath, 'columns.csv'), await toCsv(detector.keys.flatMap((k) => k.report.map((c) => ({ event: k.key, column: c.name, use: c.use, rows: c.rows, missing: c.missing, infinite: c.infinite, text: c.text, mean: c.mean ?? '', deviation: c.deviation ?? '', min: c.min ?? '', max: c.max ?? '' })))));
  await writeJson(path.join(outputPath, 'metrics.json'), { schema: 'deeplog.parameter_metrics/1', keys: results, skipped: detector.skipped, epochs: detector.models.map((m) => m.training?.epochs), best_epochs: detector.models.flatMap((m) => m.training?.bestEpochs ?? []) });
  if (!isMatrix(inputFile)) await copyParser(inputFile, outputPath);
  const seconds = detector.models.reduce((sum, m) => sum + (m.training?.seconds ?? 0), 0);
  await writeManifest(outputPath, { stage: 'parameters', startedAt, options: options.flags, seed: options.seed, engine: engine.info, inputs: await hashInputs(isMatrix(inputFile) ? [inputFile] : [path.join(parsedFolder(inputFile) ?? inputFile, 'events.arrow')]), extra: { fit_seconds: seconds } });
  return { detector, results, threshold, columnNotes, seconds };
}

type Context = Parameters<DeepLogParams['fitLines']>[3];

function isMatrix(input: string): boolean {
  return existsSync(input) && statSync(input).isFile() && input.endsWith('.json');
}

async function fromMatrix(o: TrainParametersOptions, detector: DeepLogParams, context: Context): Promise<Map<number, Prepared>> {
  const table = await readMatrix(o.inputFile);
  const [a, b] = boundaries(table.rows, o);
  const rows = (from: number, to: number): number[] => Array.from({ length: to - from }, (_, i) => from + i);
  const series = seriesOf(table.key, table, rows(0, a), rows(a, b), { ...o.model, minRows: 0 });
  if (typeof series === 'string') throw new DataError(`${o.inputFile}: cannot be learned from (${series}). Give more rows, or another --train_ratio.`);
  o.onData?.(`${table.rows} rows × ${table.columnNames.length} columns: ${a} for training, ${b - a} for validation, ${table.rows - b} for test`);
  await detector.fitSeries([series], [], context);
  return new Map([[table.key, { table, test: rows(b, table.rows), labels: new Map() }]]);
}

async function fromLog(o: TrainParametersOptions, detector: DeepLogParams, context: Context): Promise<Map<number, Prepared>> {
  const folder = existsSync(o.inputFile) ? parsedFolder(o.inputFile) : null;
  if (folder === null) throw new DataError(`${o.inputFile}: parameters are read from a drain_result folder with events.arrow and sessions.arrow, or from a .json file {"data": [[…], …]}. Check --input_file, or run "deeplog drain --format arrow" first.`);
  const { sessions, log } = await DetailedSessions.read(folder);
  const labelOf = new Map<number, boolean>();
  for (const { lines, label } of sessions) for (let i = 0; lines !== undefined && i < lines.length; i++) labelOf.set(lines[i], label === true || labelOf.get(lines[i]) === true);
  const lines = Float64Array.from(labelOf.keys()).sort();
  const [a, b] = boundaries(lines.length, o);
  const usable = (from: number, to: number): number[] => Array.from(lines.subarray(from, to)).filter((l) => o.trainOn === 'all' || labelOf.get(l) !== true);
  o.onData?.(`${lines.length.toLocaleString('en-US')} lines of ${log.tables.length} tables; training until line ${lines[a - 1]}, validation until line ${lines[b - 1]}`);
  await detector.fitLines(log, usable(0, a), usable(a, b), context);
  return testRows(log, lines.subarray(b), sessions.some((s) => s.label !== undefined) ? labelOf : new Map(), detector.keys);
}

function boundaries(n: number, { trainRatio, valRatio }: TrainParametersOptions): [number, number] {
  return [Math.floor(n * trainRatio), Math.floor(n * valRatio)];
}

function testRows(log: ParameterLog, lines: Float64Array, labelOf: ReadonlyMap<number, boolean>, keys: readonly FittedKey[]): Map<number, Prepared> {
  const widths = new Map(keys.map((k) => [k.key, k.columnNames.length]));
  const out = new Map<number, { table: KeyRows; test: number[]; labels: Map<number, boolean> }>();
  for (const line of lines) {
    const at = log.at(line);
    if (at === null) continue;
    const table = log.tables[at.table];
    if (widths.get(table.key) !== table.columnNames.length) continue;
    let entry = out.get(table.key);
    if (entry === undefined) out.set(table.key, (entry = { table, test: [], labels: new Map() }));
    entry.test.push(at.row);
    const label = labelOf.get(line);
    if (label !== undefined) entry.labels.set(at.row, label);
  }
  return out;
}

async function judgeTest(detector: DeepLogParams, prepared: ReadonlyMap<number, Prepared>, alpha: number): Promise<{ results: KeyResult[]; panels: ErrorPanel[] }> {
  const results: KeyResult[] = [];
  const panels: ErrorPanel[] = [];
  for (const model of detector.models) {
    const orders = model.keys.map(({ key }): RowOrder | null => {
      const p = prepared.get(key);
      return p === undefined || p.test.length === 0 ? null : { table: p.table, rows: p.test };
    });
    const judged = await model.judge(orders.map((order) => order && { order, positions: positionsFrom(order, detector.options.windowSize) }));
    model.keys.forEach((fitted, k) => {
      const order = orders[k];
      const bound = upperBound(fitted.errors, alpha);
      const errors = judged[k].map((j) => j.error);
      const labels = prepared.get(fitted.key)?.labels;
      const positions = order === null ? new Uint32Array(0) : positionsFrom(order, detector.options.windowSize);
      const isAbnormal = Array.from(positions, (p) => labels?.get(order?.rows[p] ?? -1));
      const known = errors.filter((e) => !Number.isNaN(e));
      const worst = errors.reduce((best, e, i) => (e > (errors[best] ?? -1) ? i : best), 0);
      const worstRow = order?.rows[positions[worst]];
      const share = (rows: readonly number[]): number | null => (rows.length === 0 ? null : rows.filter((e) => e > bound).length / rows.length);
      const ofLabel = (label: boolean): number[] => errors.filter((e, i) => isAbnormal[i] === label && !Number.isNaN(e));
      results.push({
        key: fitted.key, name: nameOf(fitted), train_rows: fitted.trainRows, validation_rows: fitted.validationRows, test_rows: known.length, columns: fitted.columns.map((c) => c.name),
        test_error: mean(known), mean_error: mean(judged[k].map((j) => mean(Array.from(j.observed, (v) => v * v).filter((v) => !Number.isNaN(v)))).filter((v) => !Number.isNaN(v))),
        bound, above_bound: known.filter((e) => e > bound).length, worst_at: worstRow === undefined ? null : order?.table.lines[worstRow] ?? worstRow + 1, share_above: { all: share(known) ?? 0, normal: share(ofLabel(false)), abnormal: share(ofLabel(true)) },
      });
      if (panels.length < PANELS) panels.push({ title: `${nameOf(fitted)}: ${fitted.columns.map((c) => c.name).join(', ')}`, errors, bound, abnormal: isAbnormal.map((l) => l === true) });
    });
  }
  return { results, panels };
}

function mean(values: readonly number[]): number {
  return values.reduce((a, b) => a + b, 0) / values.length;
}

function nameOf({ key, columnNames }: FittedKey): string {
  return columnNames[0]?.startsWith('column') ? 'matrix' : `event ${key}`;
}
