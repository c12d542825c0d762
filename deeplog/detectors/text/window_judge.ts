import type { Batch, CompiledForward, Engine, State } from '../../engine/index.js';
import { windowAutoencoderModel, windowEncoderModel } from '../../models/index.js';
import { clipped, trainLoop, type BatchSource, type Reporter, type TrainResult } from '../../training/index.js';
import { EXPORT_ROWS, type ExportableNetwork, type NetworkRunner } from '../exportable.js';
import type { LineWindows } from './line_windows.js';
import { repeated } from './repeated.js';
import type { Scaling } from './vector_scale.js';
import { weigh, type Weighting } from './weighting.js';

export interface WindowJudgeOptions {
  readonly windowSize: number;
  readonly units: number;
  readonly code: number;
  readonly batchSize: number;
  readonly learningRate: number;
  /** Global norm that gradients are scaled down to. */
  readonly clip: number;
  readonly scaling: Scaling;
  /** How much a window counts by how often it occurs. */
  readonly weighting: Weighting;
  readonly maxEpochs: number;
  readonly earlyStop: number;
}

/**
 * Learning rate and norm by validation loss on hdfs-4855's windows: .094 after 40 epochs, where the paper's norm of 5, which never strikes, has .183 at .003, with jumps
 * to twice the loss. It falls on after that, hence 80 epochs.
 */
export const WINDOW_JUDGE_DEFAULTS: WindowJudgeOptions = { windowSize: 20, units: 32, code: 16, batchSize: 128, learningRate: 5e-3, clip: 1, scaling: 'whitened', weighting: 'log', maxEpochs: 80, earlyStop: 10 };

/** What the network's files are called. */
const NETWORK = 'window_autoencoder';

/** The trained window autoencoder: windows of scaled line vectors in, each line's reconstruction error out. */
export class WindowJudge {
  private forward: CompiledForward | null = null;
  /** The reading half, compiled when it is first asked for. */
  private reading: Promise<CompiledForward> | null = null;
  private engine: Engine | null = null;
  /** Errors as they come, not in steps. */
  private exact = false;

  constructor(readonly options: WindowJudgeOptions, readonly dimensions: number, readonly parameters: State['parameters'], readonly training: TrainResult | null = null) {}

  /** `vectors` [lines, dimensions] are what the windows' numbers point into. @throws DivergedError, InterruptedError */
  static async train(train: LineWindows, validation: LineWindows, vectors: Float32Array, dimensions: number, options: WindowJudgeOptions, engine: Engine, seed: number, report: Reporter, signal: AbortSignal): Promise<WindowJudge> {
    const model = windowAutoencoderModel({ ...options, dimensions });
    const training = await trainLoop(clipped(engine, options.clip), model, repeated(windowSource(train, vectors, dimensions, options), options.batchSize), windowSource(validation, vectors, dimensions, options), { ...options, seed }, report, signal);
    const judge = new WindowJudge(options, dimensions, training.parameters, training);
    await judge.compile(engine);
    return judge;
  }

  async compile(engine: Engine): Promise<void> {
    this.engine = engine;
    this.forward = await engine.compileForward(windowAutoencoderModel({ ...this.options, dimensions: this.dimensions }));
    await this.forward.load(this.parameters);
  }

  /** Each window's error by line: mean squared error over dimensions and both directions. */
  async errors(windows: readonly Int32Array[], vectors: Float32Array): Promise<Float32Array[]> {
    const { forward, dimensions, exact, options: { windowSize: W, batchSize: B } } = this;
    if (forward === null) throw new RangeError('compile the window autoencoder before judging');
    const given = exact ? (value: number): number => value : stepped;
    const out: Float32Array[] = [];
    for (let at = 0; at < windows.length; at += B) {
      const own = windows.slice(at, at + B);
      const found = await forward.run(windowBatch(own, vectors, dimensions, W, B));
      own.forEach((window, row) => out.push(Float32Array.from(window, (_, i) => given((found['errors_forward'][row * W + i] + found['errors_backward'][row * W + window.length - 1 - i]) / 2))));
    }
    return out;
  }

  /** Each window's vector, in steps. */
  async codes(windows: readonly Int32Array[], vectors: Float32Array): Promise<Float32Array[]> {
    const { engine, dimensions, options: { windowSize: W, batchSize: B, code: C } } = this;
    if (engine === null) throw new RangeError('compile the window autoencoder before asking for codes');
    this.reading ??= engine.compileForward(windowEncoderModel({ ...this.options, dimensions })).then(async (forward) => { await forward.load(this.parameters); return forward; });
    const forward = await this.reading;
    const out: Float32Array[] = [];
    for (let at = 0; at < windows.length; at += B) {
      const own = windows.slice(at, at + B);
      const { code } = await forward.run(windowBatch(own, vectors, dimensions, W, B));
      own.forEach((_, row) => out.push(Float32Array.from({ length: C }, (__, k) => stepped(code[row * C + k]))));
    }
    return out;
  }

  network(): ExportableNetwork {
    const { windowSize } = this.options;
    return {
      name: NETWORK, model: windowAutoencoderModel({ ...this.options, dimensions: this.dimensions, batchSize: EXPORT_ROWS }), parameters: this.parameters,
      inputs: {
        forward: { meaning: `scaled vectors of the window's lines in order, then zeros up to ${windowSize}` },
        backward: { meaning: 'the same lines in reverse, then zeros' },
        mask: { meaning: '1 for each line, then zeros', mask: true },
      },
      outputs: { errors_forward: 'mean squared error of each line as it was written forwards', errors_backward: 'the same as it was written backwards, in reverse order' },
    };
  }

  /** The same judge with its network answered by `run`, by the engine when that is null; nothing is rounded. */
  answeredBy(run: NetworkRunner | null): WindowJudge {
    const twin = new WindowJudge(this.options, this.dimensions, this.parameters, this.training);
    twin.exact = true;
    twin.forward = run === null ? this.forward : run(NETWORK);
    return twin;
  }

  async dispose(): Promise<void> {
    await this.forward?.dispose();
    await (await this.reading)?.dispose();
    this.forward = this.reading = null;
  }
}

function windowSource({ windows, weights: counts, windowSize }: LineWindows, vectors: Float32Array, dimensions: number, { batchSize, weighting }: WindowJudgeOptions): BatchSource {
  const weights = weigh(counts, weighting);
  return {
    count: windows.length,
    batch: (indices) => {
      const own = Float32Array.from({ length: batchSize }, (_, row) => (row < indices.length ? weights[indices[row]] : 0));
      return { batch: { ...windowBatch(Array.from(indices, (i) => windows[i]), vectors, dimensions, windowSize, batchSize), weights: own }, weight: own.reduce((a, b) => a + b, 0) };
    },
  };
}

function windowBatch(windows: readonly Int32Array[], vectors: Float32Array, dimensions: number, windowSize: number, batchSize: number): Batch {
  const forward = new Float32Array(batchSize * windowSize * dimensions);
  const backward = new Float32Array(forward.length);
  const mask = new Float32Array(batchSize * windowSize);
  windows.forEach((window, row) => window.forEach((line, i) => {
    const vector = vectors.subarray(line * dimensions, (line + 1) * dimensions);
    forward.set(vector, (row * windowSize + i) * dimensions);
    backward.set(vector, (row * windowSize + window.length - 1 - i) * dimensions);
    mask[row * windowSize + i] = 1;
  }));
  return { forward, backward, mask };
}

/** Errors are given in these steps: a window has one error, whatever row it stands in. */
export const ERROR_STEPS = 1e4;

function stepped(value: number): number {
  return Math.round(value * ERROR_STEPS) / ERROR_STEPS;
}
