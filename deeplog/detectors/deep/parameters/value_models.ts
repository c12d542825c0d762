import type { CompiledForward, Engine, Model, State } from '../../../engine/index.js';
import { parameterValueModel, valueStack, type LayerStack } from '../../../models/index.js';
import { trainTogether, type Reporter, type TogetherResult, type TogetherSource } from '../../../training/index.js';
import { INFINITE_SCALED, scaled, type ColumnReport, type ScaledColumn } from './columns.js';
import { fitGaussian, type Gaussian } from './gaussian.js';
import { joinedForward, weightsOfKey } from './single_network.js';
import { writeWindow, type RowOrder, type WindowShape } from './windows.js';

export interface ValueModelOptions {
  /** Vectors that predict the next. */
  readonly windowSize: number;
  readonly units: number;
  readonly dropout: number;
  /** Windows per key and step; more where an epoch would take over a hundred steps. */
  readonly batchSize: number;
  readonly learningRate: number;
  readonly maxEpochs: number;
  readonly earlyStop: number;
}

export const VALUE_MODEL_DEFAULTS: ValueModelOptions = { windowSize: 5, units: 64, dropout: 0.2, batchSize: 16, learningRate: 1e-3, maxEpochs: 100, earlyStop: 7 };

/** What is known of one log key's numbers: all that is needed to judge a row, but for the weights. */
export interface FittedKey {
  readonly key: number;
  readonly columnNames: readonly string[];
  readonly columns: readonly ScaledColumn[];
  readonly report: readonly ColumnReport[];
  /** Of the rows' errors (mean squared, in deviations) on validation. */
  readonly errors: Gaussian;
  /** Of each used column's residual (observed − predicted, in deviations) on validation. */
  readonly residuals: readonly Gaussian[];
  readonly trainRows: number;
  readonly validationRows: number;
}

/** One key's rows to learn from and to calibrate on. */
export interface KeySeries {
  readonly key: number;
  readonly columns: readonly ScaledColumn[];
  readonly report: readonly ColumnReport[];
  readonly train: RowOrder;
  readonly validation: RowOrder;
}

/** A row's verdict: NaN where there is nothing to compare. */
export interface RowJudgement {
  /** Mean squared error over the row's known columns, in deviations squared. */
  readonly error: number;
  /** Predicted and observed value of each used column, in deviations. */
  readonly predicted: Float32Array;
  readonly observed: Float64Array;
  /** The observed values as they stand in the log. */
  readonly raw: Float64Array;
}

/** An epoch need not be longer than this: larger batches then, so that a log of millions of lines trains in minutes. */
const MOST_STEPS = 100;
const SCORING_BATCH = 128;

/** Parameter-value models of several log keys that train and predict as one network. */
export class ValueModels {
  private forward: CompiledForward | null = null;

  /** @param validationErrors each key's errors on validation; none when loaded from a file */
  private constructor(readonly keys: readonly FittedKey[], readonly parameters: State['parameters'], readonly options: ValueModelOptions, readonly training: TogetherResult | null, readonly validationErrors: readonly (readonly number[])[]) {}

  /**
   * Trains the keys side by side and fits their error distributions on validation. Windows lie within a part.
   * @throws DivergedError
   */
  static async train(series: readonly KeySeries[], options: ValueModelOptions, engine: Engine, seed: number, report: Reporter, signal: AbortSignal): Promise<ValueModels> {
    const { windowSize } = options;
    const positions = series.map((s) => Uint32Array.from({ length: s.train.rows.length - windowSize }, (_, i) => i + windowSize));
    const longest = Math.max(...positions.map((p) => p.length));
    const batchSize = Math.max(options.batchSize, Math.ceil(longest / MOST_STEPS));
    const shape: WindowShape = { keys: series.length, windowSize, batchSize, columns: Math.max(...series.map((s) => s.columns.length)) };
    const source: TogetherSource = {
      counts: positions.map((p) => p.length),
      batch: (indices) => {
        const batch = emptyBatch(shape);
        indices.forEach((chosen, k) => chosen.forEach((i, b) => {
          const { train, columns } = series[k];
          writeWindow(batch.windows, shape, k, b, train, columns, positions[k][i]);
          const at = (k * batchSize + b) * shape.columns;
          columns.forEach((column, c) => {
            const value = scaled(train.table, train.rows[positions[k][i]], column);
            // Missing and infinite values teach nothing.
            const known = Math.abs(value) < INFINITE_SCALED;
            batch.targets[at + c] = known ? value : 0;
            batch.weights[at + c] = known ? 1 : 0;
          });
        }));
        return batch;
      },
    };
    const judge = new ValueModels(series.map(unfitted), {}, options, null, []);
    const validation = series.map((s) => ({ order: s.validation, positions: positionsFrom(s.validation, windowSize) }));
    await judge.compile(engine);
    try {
      const validate = async (parameters: State['parameters']): Promise<number[]> => {
        await judge.forward?.load(parameters);
        return (await judge.judge(validation)).map((rows) => meanOf(rows.map((r) => r.error)));
      };
      const training = await trainTogether(engine, judge.model(batchSize), source, validate, { ...options, batchSize, seed }, report, signal);
      await judge.forward?.load(training.parameters);
      const judged = await judge.judge(validation);
      // Infinite values are outside every interval as they are; they must not widen it.
      const finite = judged.map((rows) => rows.filter((r) => !Number.isNaN(r.error) && r.raw.every((v) => Math.abs(v) !== Infinity)));
      const errors = finite.map((rows) => rows.map((r) => r.error));
      const keys = series.map((s, k): FittedKey => ({
        ...unfitted(s),
        errors: fitted(errors[k]),
        residuals: s.columns.map((_, c) => fitted(finite[k].map((r) => r.observed[c] - r.predicted[c]).filter((x) => !Number.isNaN(x)))),
      }));
      return new ValueModels(keys, training.parameters, options, training, errors);
    } finally {
      await judge.dispose();
    }
  }

  static restore(keys: readonly FittedKey[], parameters: State['parameters'], options: ValueModelOptions): ValueModels {
    return new ValueModels(keys, parameters, options, null, []);
  }

  /** The network of key k alone, of its own columns. */
  networkOf(k: number): { readonly stack: LayerStack; readonly parameters: State['parameters'] } {
    const { windowSize, units } = this.options;
    const columns = this.keys[k].columns.length;
    return { stack: valueStack({ windowSize, units, columns }), parameters: weightsOfKey(this.parameters, k, { units, widest: this.width, columns }) };
  }

  /** The same models, each key's network answered by its own of `forwards`. */
  answeredBy(forwards: readonly CompiledForward[]): ValueModels {
    const twin = ValueModels.restore(this.keys, this.parameters, this.options);
    twin.forward = joinedForward(forwards, this.keys.map((k) => k.columns.length), { windowSize: this.options.windowSize, widest: this.width });
    return twin;
  }

  /** Prepares scoring. */
  async compile(engine: Engine): Promise<void> {
    this.forward = await engine.compileForward(this.model(SCORING_BATCH));
    if (Object.keys(this.parameters).length > 0) await this.forward.load(this.parameters);
  }

  /** The network as it stands; B windows per key and call. */
  model(batchSize: number): Model {
    const { windowSize, units, dropout } = this.options;
    return parameterValueModel({ keys: this.keys.length, columns: this.width, windowSize, units, dropout, batchSize });
  }

  /** Judges rows of each key (in the order of {@link keys}): for each wanted position, how far it is from its prediction. */
  async judge(wanted: readonly ({ readonly order: RowOrder; readonly positions: ArrayLike<number> } | null)[]): Promise<RowJudgement[][]> {
    const { forward } = this;
    if (forward === null) throw new RangeError('compile the models before judging');
    const shape: WindowShape = { keys: this.keys.length, windowSize: this.options.windowSize, batchSize: SCORING_BATCH, columns: this.width };
    const out: RowJudgement[][] = this.keys.map(() => []);
    const most = Math.max(0, ...wanted.map((w) => w?.positions.length ?? 0));
    for (let from = 0; from < most; from += SCORING_BATCH) {
      const windows = new Float32Array(shape.keys * shape.windowSize * SCORING_BATCH * shape.columns);
      wanted.forEach((w, k) => {
        for (let b = 0; w !== null && b < SCORING_BATCH && from + b < w.positions.length; b++) writeWindow(windows, shape, k, b, w.order, this.keys[k].columns, w.positions[from + b]);
      });
      const { predictions } = await forward.run({ windows });
      wanted.forEach((w, k) => {
        for (let b = 0; w !== null && b < SCORING_BATCH && from + b < w.positions.length; b++) {
          const at = (k * SCORING_BATCH + b) * shape.columns;
          out[k].push(judgement(this.keys[k].columns, w.order, w.positions[from + b], predictions.slice(at, at + this.keys[k].columns.length) as Float32Array));
        }
      });
    }
    return out;
  }

  async dispose(): Promise<void> {
    await this.forward?.dispose();
    this.forward = null;
  }

  private get width(): number {
    return Math.max(...this.keys.map((k) => k.columns.length));
  }
}

function judgement(columns: readonly ScaledColumn[], order: RowOrder, position: number, predicted: Float32Array): RowJudgement {
  const observed = new Float64Array(columns.length);
  const width = order.table.columnNames.length;
  let sum = 0;
  let known = 0;
  columns.forEach((column, c) => {
    const value = scaled(order.table, order.rows[position], column);
    observed[c] = value;
    if (Number.isNaN(value)) return;
    sum += (value - predicted[c]) ** 2;
    known++;
  });
  const raw = Float64Array.from(columns, ({ index }) => order.table.values[order.rows[position] * width + index]);
  return { error: known === 0 ? NaN : sum / known, predicted, observed, raw };
}

/** Without anything to fit: the scale of the training rows, in which everything is expressed. */
function fitted(values: readonly number[]): Gaussian {
  return values.length === 0 ? { mean: 0, deviation: 1 } : fitGaussian(values);
}

function unfitted({ key, columns, report, train, validation }: KeySeries): FittedKey {
  return { key, columnNames: train.table.columnNames, columns, report, errors: fitted([]), residuals: columns.map(() => fitted([])), trainRows: train.rows.length, validationRows: validation.rows.length };
}

/** Positions with a whole window before them; all of them where there are too few for that. */
export function positionsFrom(order: RowOrder, windowSize: number): Uint32Array {
  const start = order.rows.length > windowSize ? windowSize : 0;
  return Uint32Array.from({ length: order.rows.length - start }, (_, i) => i + start);
}

function emptyBatch({ keys, windowSize, batchSize, columns }: WindowShape): { windows: Float32Array; targets: Float32Array; weights: Float32Array } {
  return { windows: new Float32Array(keys * windowSize * batchSize * columns), targets: new Float32Array(keys * batchSize * columns), weights: new Float32Array(keys * batchSize * columns) };
}

function meanOf(values: readonly number[]): number {
  const known = values.filter((v) => !Number.isNaN(v));
  return known.reduce((a, b) => a + b, 0) / known.length;
}
