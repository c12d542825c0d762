import path from 'node:path';
import { readJson, readTensors, writeJson, writeTensors, type NamedTensors } from '../../artifacts/index.js';
import { DataError } from '../../common/index.js';
import type { Engine } from '../../engine/index.js';
import { stackModel } from '../../models/index.js';
import type { ParameterLog } from '../../sequences/index.js';
import { EXPORT_ROWS, type Exportable, type ExportableNetwork, type NetworkRunner } from '../exportable.js';
import type { Evidence, FitContext, Need, OutsideValue, Session, SessionSource } from '../types.js';
import { normalQuantile, upperBound } from './parameters/gaussian.js';
import { keySeries, linesOf, type SkippedKey } from './parameters/key_series.js';
import { VALUE_MODEL_DEFAULTS, ValueModels, type FittedKey, type KeySeries, type RowJudgement, type ValueModelOptions } from './parameters/value_models.js';
import { allRows, type RowOrder } from './parameters/windows.js';

export interface DeepLogParamsOptions extends ValueModelOptions {
  readonly minRows: number;
  readonly maxRows: number;
  /** Share of the validation errors that the interval holds. */
  readonly alpha: number;
}

export const DEEPLOG_PARAMS_DEFAULTS: DeepLogParamsOptions = { ...VALUE_MODEL_DEFAULTS, minRows: 100, maxRows: 20_000, alpha: 0.95 };

/** Keys that train as one network; more of them become several. */
const KEYS_TOGETHER = 32;
const EVIDENCE_WITHOUT_THRESHOLD = 5;

/** A judged event: how many deviations its error is above the mean of its key's validation errors. */
interface JudgedEvent {
  readonly index: number;
  readonly z: number;
  readonly fitted: FittedKey;
  readonly judgement: RowJudgement;
}

/**
 * DeepLog's parameter-value model as a detector (Du et al. 2017, §3.2): each key's numbers are predicted from those of its last occurrences
 * in the log, whichever session they were in. A session is as abnormal as its worst row: the row's squared error in deviations of
 * its key's validation errors, so that keys compare. Small errors never count.
 */
export class DeepLogParams implements Exportable {
  readonly id = 'deeplog-params';
  readonly needs: ReadonlySet<Need> = new Set<Need>(['events', 'params']);
  readonly binary = false;
  readonly usesEngine = true;
  readonly patternKind = 'keys with unusual values';
  skipped: readonly SkippedKey[] = [];
  models: readonly ValueModels[] = [];
  private readonly orders = new WeakMap<ParameterLog, Map<number, RowOrder>>();

  constructor(readonly options: DeepLogParamsOptions = DEEPLOG_PARAMS_DEFAULTS) {}

  /** Every key that has a model. */
  get keys(): readonly FittedKey[] {
    return this.models.flatMap((m) => m.keys);
  }

  async fit(train: SessionSource, validation: SessionSource, context: FitContext): Promise<void> {
    await this.fitLines(logOf(train), linesOf(train), linesOf(validation), context);
  }

  /** Fits on lines of a log. @throws DataError when no key can have a model. */
  async fitLines(log: ParameterLog, train: Iterable<number>, validation: Iterable<number>, context: FitContext): Promise<void> {
    const { series, skipped } = keySeries(log, train, validation, this.options);
    await this.fitSeries(series, skipped, context);
  }

  /** Fits one model per series. @throws DataError when there is none. */
  async fitSeries(series: KeySeries[], skipped: readonly SkippedKey[], context: FitContext): Promise<void> {
    this.skipped = skipped;
    if (series.length === 0) throw new DataError(`No key has ${this.options.minRows} training rows and a column of numbers that vary. Lower --min_rows or use more data. (${skipped.slice(0, 5).map((s) => `event ${s.key}: ${s.why}`).join('; ')})`);
    // Keys with a similar number of rows train together: shorter ones go round until the longest is through.
    series.sort((a, b) => b.train.rows.length - a.train.rows.length);
    const engine = await context.engine();
    const models: ValueModels[] = [];
    for (let at = 0; at < series.length; at += KEYS_TOGETHER) models.push(await ValueModels.train(series.slice(at, at + KEYS_TOGETHER), this.options, engine, context.seed, context.report, context.signal));
    this.models = models;
    for (const m of models) await m.compile(engine);
  }

  async scoreBatch(sessions: readonly Session[]): Promise<Float64Array> {
    const judged = await this.judge(sessions);
    return Float64Array.from(judged, (events) => events.reduce((worst, e) => Math.max(worst, e.z), 0));
  }

  async patterns(sessions: readonly Session[], threshold: number): Promise<string[][]> {
    const judged = await this.judge(sessions);
    return sessions.map(({ events }, s) => [...new Set(judged[s].filter((e) => e.z > threshold).map((e) => `values of event ${events[e.index]}`))].sort());
  }

  async explain(session: Session, threshold?: number): Promise<Evidence[]> {
    const [events] = await this.judge([session]);
    const sorted = [...events].sort((a, b) => b.z - a.z || a.index - b.index);
    const shown = threshold === undefined ? sorted.filter((e) => e.z > normalQuantile((1 + this.options.alpha) / 2)).slice(0, EVIDENCE_WITHOUT_THRESHOLD) : sorted.filter((e) => e.z > threshold);
    return shown.map(({ index, z, fitted, judgement }): Evidence => {
      const values = this.outside(fitted, judgement);
      const bound = upperBound(fitted.errors, this.options.alpha);
      const what = values.map((v) => `${v.column} is ${short(v.value)}, expected ${short(v.low)} to ${short(v.high)}`).join('; ');
      return {
        index, event: session.events[index], score: z, expected: [], values,
        reason: `${what || 'the values together are unusual'} (error ${judgement.error.toPrecision(3)}, bound ${bound.toPrecision(3)})`,
        ...(session.lines ? { line: session.lines[index] } : {}),
      };
    });
  }

  async save(folder: string): Promise<void> {
    const tensors: Record<string, { shape: readonly number[]; data: Float32Array }> = {};
    this.models.forEach((m, g) => {
      for (const { name, shape } of m.model(1).parameters) tensors[`${g}/${name}`] = { shape, data: m.parameters[name] };
    });
    await writeTensors(path.join(folder, 'model.safetensors'), tensors satisfies NamedTensors);
    await writeJson(path.join(folder, 'config.json'), { schema: 'deeplog.detector/1', detector: this.id, model: 'parameter-values', options: this.options, groups: this.models.map((m) => m.keys), skipped: this.skipped });
  }

  /** @throws DataError when the folder holds something else. */
  static async load(folder: string, engine: Engine): Promise<DeepLogParams> {
    const config = (await readJson(path.join(folder, 'config.json'))) as { model?: string; options: DeepLogParamsOptions; groups: FittedKey[][]; skipped: SkippedKey[] };
    if (config.model !== 'parameter-values') throw new DataError(`${folder}: holds no parameter-value model (model is ${String(config.model)}).`);
    const tensors = await readTensors(path.join(folder, 'model.safetensors'));
    const detector = new DeepLogParams(config.options);
    detector.skipped = config.skipped;
    detector.models = config.groups.map((keys, g) => {
      const own = Object.entries(tensors).filter(([name]) => name.startsWith(`${g}/`)).map(([name, t]) => [name.slice(name.indexOf('/') + 1), t.data] as const);
      return ValueModels.restore(keys, Object.fromEntries(own), config.options);
    });
    for (const m of detector.models) await m.compile(engine);
    return detector;
  }

  networks(): readonly ExportableNetwork[] {
    return this.models.flatMap((m) => m.keys.map((fitted, k): ExportableNetwork => {
      const { stack, parameters } = m.networkOf(k);
      const name = this.networkName(fitted);
      return {
        name, model: stackModel(name, stack, EXPORT_ROWS), parameters, stack,
        inputs: { windows: { meaning: `the ${stack.steps} rows before, the oldest first: ${fitted.columns.map((c) => c.name).join(', ')}, each (value − mean) / deviation, 0 where missing, kept within ±10` } },
        outputs: { predictions: 'the same columns of the next row, in the same scale' },
      };
    }));
  }

  answeredBy(run: NetworkRunner | null): DeepLogParams {
    const twin = new DeepLogParams(this.options);
    twin.models = run === null ? this.models : this.models.map((m) => m.answeredBy(m.keys.map((fitted) => run(this.networkName(fitted)))));
    return twin;
  }

  scoringRecipe(): readonly string[] {
    return [
      'Each event in `groups` (config.json) has a network of its own. Rows of an event are all its lines in the log, in line order, whichever session they are in: its numeric parameters, then `elapsed_ms`, the milliseconds since the line before it in its session; `columns` says which of them (`index`) the network reads, with `mean` and `deviation` of its scale.',
      `The window of a row is the ${this.options.windowSize} rows of the event before it: (value − mean) / deviation, 0 where there is no number or no row, kept within ±10; infinite values count as ±1,000,000 before that.`,
      'The error of a row is the mean, over its columns that hold a number, of the squared difference between the scaled value and the prediction.',
      'The value of a row is (error − errors.mean) / errors.deviation, with the `errors` of its event.',
      'The score of a session is the largest value of its rows, at least 0; rows of events without a network do not count. The session is abnormal when it is above `threshold`.',
    ];
  }

  private networkName({ key }: FittedKey): string {
    return this.keys.length === 1 ? 'parameter_model' : `parameter_models/event_${key}`;
  }

  /** The rows' errors on validation, in deviations of their key's; empty when the model was loaded. */
  validationScores(): number[] {
    return this.models.flatMap((m) => m.validationErrors.flatMap((errors, k) => errors.map((e) => (e - m.keys[k].errors.mean) / m.keys[k].errors.deviation)));
  }

  config(): Readonly<Record<string, unknown>> {
    return { ...this.options };
  }

  modelBytes(): number | null {
    return this.models.length === 0 ? null : this.models.reduce((sum, m) => sum + Object.values(m.parameters).reduce((n, a) => n + a.byteLength, 0), 0);
  }

  async dispose(): Promise<void> {
    for (const m of this.models) await m.dispose();
  }

  /** Every event of the sessions that has a model, judged; one pass over the rows of all sessions together. */
  private async judge(sessions: readonly Session[]): Promise<JudgedEvent[][]> {
    const out: JudgedEvent[][] = sessions.map(() => []);
    const first = sessions.find((s) => s.log !== undefined)?.log;
    if (first === undefined) {
      if (sessions.length > 0) throw new DataError('deeplog-params needs the parameters of each line, and these sessions have event ids only. Give --input_file a drain_result folder.');
      return out;
    }
    for (const model of this.models) {
      const slot = new Map(model.keys.map((k, i) => [k.key, i]));
      const wanted = model.keys.map(() => [] as number[]);
      const owners = model.keys.map(() => [] as { session: number; index: number }[]);
      const orders: (RowOrder | null)[] = model.keys.map(() => null);
      sessions.forEach(({ lines, log, events }, session) => {
        for (let index = 0; lines !== undefined && log !== undefined && index < events.length; index++) {
          const k = slot.get(events[index]);
          const at = k === undefined ? null : log.at(lines[index]);
          if (k === undefined || at === null || log.tables[at.table].columnNames.length !== model.keys[k].columnNames.length) continue;
          orders[k] ??= this.orderOf(first, at.table);
          wanted[k].push(at.row);
          owners[k].push({ session, index });
        }
      });
      const judged = await model.judge(orders.map((order, k) => order && { order, positions: wanted[k] }));
      judged.forEach((rows, k) => rows.forEach((judgement, i) => {
        if (Number.isNaN(judgement.error)) return;
        const fitted = model.keys[k];
        out[owners[k][i].session].push({ index: owners[k][i].index, z: (judgement.error - fitted.errors.mean) / fitted.errors.deviation, fitted, judgement });
      }));
    }
    return out;
  }

  private orderOf(log: ParameterLog, table: number): RowOrder {
    let orders = this.orders.get(log);
    if (orders === undefined) this.orders.set(log, (orders = new Map()));
    let order = orders.get(table);
    if (order === undefined) orders.set(table, (order = allRows(log.tables[table])));
    return order;
  }

  /** The columns whose residual is outside the interval, with the interval in the column's own unit; the furthest out first. */
  private outside(fitted: FittedKey, { predicted, observed, raw }: RowJudgement): OutsideValue[] {
    const reach = normalQuantile((1 + this.options.alpha) / 2);
    return fitted.columns
      .map((column, c) => {
        const { mean, deviation } = fitted.residuals[c];
        const unscale = (x: number): number => column.mean + x * column.deviation;
        const centre = predicted[c] + mean;
        return { column: column.name, value: raw[c], low: unscale(centre - reach * deviation), high: unscale(centre + reach * deviation), out: Math.abs(observed[c] - centre) / deviation };
      })
      .filter((v) => v.out > reach)
      .sort((a, b) => b.out - a.out)
      .map(({ column, value, low, high }) => ({ column, value, low, high }));
  }
}

function logOf(source: SessionSource): ParameterLog {
  for (const { session } of source.distinct()) if (session.log !== undefined) return session.log;
  throw new DataError('deeplog-params needs the parameters of each line, and this data set has event ids only. Give --input_file a drain_result folder.');
}

function short(value: number): string {
  return Math.abs(value) >= 1e5 || Number.isInteger(value) ? Math.round(value).toLocaleString('en-US') : value.toPrecision(4);
}
