import type { Scalar, Tensor } from '@tensorflow/tfjs';

/** Numeric data as it crosses the engine's border; shapes travel in the {@link TensorSpec}. */
export type NumericArray = Float32Array | Int32Array;

export interface TensorSpec {
  readonly name: string;
  readonly shape: readonly number[];
  readonly dtype: 'float32' | 'int32';
}

/** A trainable tensor and how it starts: `glorotUniform`, `orthogonal`, `zeros`, `ones`, `normal(0.02)`, or values given. */
export interface ParameterSpec {
  readonly name: string;
  readonly shape: readonly number[];
  /** Draws the initial values from the generator handed down; row-major, length = product of shape. */
  initialise(random: () => number): Float32Array;
}

export type Tensors = Readonly<Record<string, Tensor>>;
export type Batch = Readonly<Record<string, NumericArray>>;

/**
 * A network in plain TensorFlow.js ops: pure functions of (params, batch), written once, run by every engine.
 * Shapes are static: the last batch is padded and its padding weighted zero.
 */
export interface Model {
  readonly name: string;
  readonly parameters: readonly ParameterSpec[];
  /** Everything `loss` reads, targets and weights included. */
  readonly inputs: readonly TensorSpec[];
  /** Uniform [0, 1) noise that `loss` reads (dropout); filled by the engine from (seed, step). */
  readonly noise: readonly TensorSpec[];
  /** What `forward` reads: a part of `inputs`, or tensors of its own. */
  readonly forwardInputs: readonly TensorSpec[];
  /** Scalar training loss. `noise` is null when evaluating: no dropout. */
  loss(params: Tensors, batch: Tensors, noise: Tensors | null): Scalar;
  /** Named outputs for scoring. */
  forward(params: Tensors, batch: Tensors): Record<string, Tensor>;
}

/** Everything a training step carries from one call to the next; plain arrays by parameter name, the same on every engine. */
export interface State {
  readonly parameters: Record<string, Float32Array>;
  /** Adam's first and second moments. */
  readonly firstMoments: Record<string, Float32Array>;
  readonly secondMoments: Record<string, Float32Array>;
}

export interface StepScalars {
  readonly learningRate: number;
  /** Seeds the noise together with `step`. */
  readonly seed: number;
  /** 1 for the first update; Adam's bias correction and the noise depend on it. */
  readonly step: number;
}

/** One training step (forward, gradients, Adam update), compiled for one engine. */
export interface CompiledStep {
  readonly engine: EngineInfo;
  /** Nodes or dispatches of one step; absent where nothing is compiled. */
  readonly nodeCount?: number;
  /** Steps that may be asked for before the first of them has answered; 1 when absent. They are done in the order of asking. */
  readonly stepsAhead?: number;
  run(batch: Batch, scalars: StepScalars): Promise<{ loss: number }>;
  state(): Promise<State>;
  load(state: State): Promise<void>;
  dispose(): Promise<void>;
}

/** The forward pass, or the loss without an update, compiled for one engine. */
export interface CompiledForward {
  readonly engine: EngineInfo;
  run(batch: Batch): Promise<Record<string, NumericArray>>;
  load(parameters: State['parameters']): Promise<void>;
  dispose(): Promise<void>;
}

export type EngineName = 'onnx' | 'webgpu' | 'eager';
export type BackendName = 'cpu' | 'wasm' | 'tensorflow';

/** What was chosen and on what; printed once and kept in the manifest. */
export interface EngineInfo {
  readonly engine: EngineName;
  readonly backend: string;
  readonly device: string;
  readonly threads: number;
}

export interface EngineOptions {
  readonly engine?: EngineName | 'auto';
  readonly backend?: BackendName;
  /** Threads that compute; 1 when absent, which is fastest for small models. */
  readonly threads?: number;
  /** onnx: whether idle threads wait actively. Off when absent: spinning threads starve whatever else runs. */
  readonly spinning?: boolean;
  /** onnx: write onnxruntime's profile of each step to <prefix>_<time>.json when it is disposed. */
  readonly profile?: string;
  /** `auto`: told why a slower engine than usual was taken; without it that is an error. */
  onFallback?(why: string): void;
}

export interface AdamOptions {
  readonly beta1: number;
  readonly beta2: number;
  readonly epsilon: number;
  /** Global-norm clipping; none when absent. */
  readonly clipNorm?: number;
}

export interface Engine {
  readonly info: EngineInfo;
  /** Compiles forward + gradients + Adam into one step. Parameters start from `seed`. */
  compileStep(model: Model, options: { seed: number; adam?: Partial<AdamOptions> }): Promise<CompiledStep>;
  /** Compiles `model.forward`; outputs by name. Load parameters before running. */
  compileForward(model: Model): Promise<CompiledForward>;
  /** Compiles `model.loss` without noise and without update; the only output is `loss`, of length 1. */
  compileLoss(model: Model): Promise<CompiledForward>;
  /** Compiles the gradients of `model.loss` without noise and without update; outputs are `loss` and `gradient:<parameter>`, of the parameter's shape. */
  compileGradients(model: Model): Promise<CompiledForward>;
  dispose(): Promise<void>;
}
