import { DataError } from '../../common/index.js';
import { stackParameters, type GateActivation, type LayerStack, type StackLayer } from '../../models/index.js';
import type { KerasArray, KerasFile, KerasLayer } from './read_h5.js';

/** A next-key network read from a Keras file: one-hot keys → LSTM … → dense … → softmax. */
export interface ImportedStack {
  readonly stack: LayerStack;
  readonly parameters: Readonly<Record<string, Float32Array>>;
}

/** What a file of weights alone does not say. */
export interface WeightsOnly {
  readonly steps: number;
  readonly gates: GateActivation;
}

/** Layers that do nothing when a network is used. */
const IDLE = new Set(['InputLayer', 'Dropout', 'SpatialDropout1D', 'GaussianNoise', 'GaussianDropout', 'ActivityRegularization']);

/**
 * A Keras file's layers as a stack of ours, with its weights. Batch normalisation is folded into the layer after it, weight
 * normalisation into its layer's kernel; what does nothing outside training is left out.
 * @throws DataError naming the layer that a stack cannot hold
 */
export function toStack(file: string, { layers, weights }: KerasFile, missing: WeightsOnly | null): ImportedStack {
  const reader = new StackReader(file, weights);
  if (layers === null) {
    if (missing === null) throw new DataError(`${file}: holds weights only, and not how long a window is nor which gates its LSTMs have. Give --window_size and --gates (Keras before 2.3: hard_sigmoid; later and tf.keras 2: sigmoid), or the whole model.`);
    reader.fromWeights(missing.gates);
    return reader.finish(missing.steps);
  }
  for (const layer of layers) reader.add(layer);
  const shape = layers.map(({ config }) => config.batch_input_shape ?? config.batch_shape).find((s): s is unknown[] => Array.isArray(s));
  const steps = shape?.[1];
  if (typeof steps !== 'number') throw new DataError(`${file}: does not say how many keys a window has (its input shape is ${JSON.stringify(shape ?? null)}). Save it with a fixed input shape.`);
  return reader.finish(steps);
}

/** x → scale · x + shift, one value each per feature. */
interface Affine {
  readonly scale: Float64Array;
  readonly shift: Float64Array;
}

class StackReader {
  private readonly layers: StackLayer[] = [];
  private readonly parameters: Record<string, Float32Array> = {};
  /** Features that enter the next layer. */
  private width = 0;
  private features = 0;
  private pending: Affine | null = null;
  private softmax = false;

  constructor(private readonly file: string, private readonly weights: KerasFile['weights']) {}

  add({ class_name: kind, config }: KerasLayer): void {
    const name = String(config.name);
    if (IDLE.has(kind)) return;
    if (this.softmax) throw this.refuse(name, `a ${kind} after the softmax`);
    switch (kind) {
      case 'LSTM':
        this.requireOf(name, config, { activation: ['tanh'], recurrent_activation: ['sigmoid', 'hard_sigmoid'], use_bias: [true], go_backwards: [false], stateful: [false], return_state: [false] });
        return this.lstm(name, this.of(name), config.return_sequences === true, config.recurrent_activation as GateActivation);
      case 'Dense':
        return this.denseOf(name, config, this.of(name));
      case 'WeightNormalization':
      case 'Addons>WeightNormalization':
        return this.normalised(name, config.layer as KerasLayer);
      case 'BatchNormalization':
        return this.batchNormalisation(name, config);
      case 'Activation':
        this.requireOf(name, config, { activation: ['softmax', 'linear'] });
        if (config.activation === 'softmax') this.softmax = true;
        return;
      default:
        throw this.refuse(name, `a ${kind}; known are LSTM, Dense, BatchNormalization, WeightNormalization of Dense, Activation (softmax) and Dropout`);
    }
  }

  /** LSTMs and dense layers as the shapes of their weights show; relu between dense layers, softmax at the end. */
  fromWeights(gates: GateActivation): void {
    const all = [...this.weights];
    const lstms = all.filter(([, arrays]) => arrays.length === 3).length;
    all.forEach(([name, arrays], i) => {
      if (arrays.length === 3) this.lstm(name, arrays, i < lstms - 1, gates);
      else if (arrays.length === 2) this.dense(name, arrays, i === all.length - 1 ? 'linear' : 'relu');
      else throw this.refuse(name, `${arrays.length} arrays, which is neither an LSTM (3) nor a dense layer (2); import the whole model instead of its weights`);
    });
    this.softmax = true;
  }

  finish(steps: number): ImportedStack {
    const last = this.layers.at(-1);
    if (last?.kind !== 'dense' || last.activation !== 'linear' || !this.softmax) throw new DataError(`${this.file}: does not end in a dense layer with a softmax, so it predicts no next key.`);
    if (last.units !== this.features) throw new DataError(`${this.file}: reads ${this.features} tokens and predicts ${last.units}; a key model has as many of both.`);
    if (this.pending !== null) throw new DataError(`${this.file}: ends in a normalisation.`);
    if (this.layers.filter((l) => l.kind === 'lstm').at(-1)?.returnSequences !== false) throw new DataError(`${this.file}: its last LSTM gives every step (return_sequences), not the last one only.`);
    const stack: LayerStack = {
      steps, features: this.features, input: { name: 'windows', encoding: 'one-hot' }, layers: [...this.layers, { kind: 'softmax', name: 'probabilities' }],
      output: { name: 'log_probabilities', layer: last.name, then: 'log-softmax' },
    };
    for (const { name, shape } of stackParameters(stack)) {
      const size = shape.reduce((a, b) => a * b, 1);
      if (this.parameters[name].length !== size) throw new DataError(`${this.file}: ${name} has ${this.parameters[name].length} values, its layer needs ${size} (${shape.join('×')}).`);
    }
    return { stack, parameters: this.parameters };
  }

  private lstm(name: string, [kernel, recurrent, bias]: readonly KerasArray[], returnSequences: boolean, gates: GateActivation): void {
    const units = recurrent.shape[0];
    if (this.layers.some((l) => l.kind === 'dense')) throw this.refuse(name, 'an LSTM after a dense layer');
    this.put(name, kernel, bias);
    this.parameters[`${name}/recurrent_kernel`] = recurrent.data;
    this.layers.push({ kind: 'lstm', name, units, returnSequences, gates });
    this.width = units;
  }

  private denseOf(name: string, config: Readonly<Record<string, unknown>>, arrays: readonly KerasArray[]): void {
    this.requireOf(name, config, { activation: ['relu', 'linear', 'softmax'], use_bias: [true] });
    if (config.activation === 'softmax') this.softmax = true;
    this.dense(name, arrays, config.activation === 'relu' ? 'relu' : 'linear');
  }

  private dense(name: string, [kernel, bias]: readonly KerasArray[], activation: 'relu' | 'linear'): void {
    this.put(name, kernel, bias);
    this.layers.push({ kind: 'dense', name, units: bias.data.length, activation });
    this.width = bias.data.length;
  }

  /** Kernel and bias, with what was normalised before: (s·x + t)·K + b = x·(diag(s)·K) + (t·K + b). */
  private put(name: string, kernel: KerasArray, bias: KerasArray): void {
    const [inputs, outputs] = kernel.shape;
    if (this.layers.length === 0) [this.features, this.width] = [inputs, inputs];
    if (inputs !== this.width) throw this.refuse(name, `${inputs} inputs, where the layer before gives ${this.width}`);
    const [k, b] = [Float32Array.from(kernel.data), Float64Array.from(bias.data)];
    if (this.pending !== null) {
      const { scale, shift } = this.pending;
      for (let i = 0; i < inputs; i++) {
        for (let o = 0; o < outputs; o++) {
          b[o] += shift[i] * k[i * outputs + o];
          k[i * outputs + o] *= scale[i];
        }
      }
      this.pending = null;
    }
    this.parameters[`${name}/kernel`] = k;
    this.parameters[`${name}/bias`] = Float32Array.from(b);
  }

  /** Salimans & Kingma 2016, as tensorflow_addons has it: each output's kernel column has length g. */
  private normalised(name: string, inner: KerasLayer): void {
    if (inner.class_name !== 'Dense') throw this.refuse(name, `weight normalisation of a ${inner.class_name}; of Dense only`);
    const [g, v, bias] = ['g', 'kernel', 'bias'].map((part) => this.named(name, part));
    const [inputs, outputs] = v.shape;
    const data = Float32Array.from(v.data);
    for (let o = 0; o < outputs; o++) {
      let squares = 0;
      for (let i = 0; i < inputs; i++) squares += v.data[i * outputs + o] ** 2;
      for (let i = 0; i < inputs; i++) data[i * outputs + o] *= g.data[o] / Math.sqrt(Math.max(squares, 1e-12));
    }
    this.denseOf(String(inner.config.name), inner.config, [{ ...v, data }, bias]);
  }

  private batchNormalisation(name: string, config: Readonly<Record<string, unknown>>): void {
    if (this.pending !== null || this.layers.length === 0) throw this.refuse(name, 'batch normalisation that does not follow another layer');
    const [mean, variance] = ['moving_mean', 'moving_variance'].map((part) => this.named(name, part).data);
    const gamma = config.scale === false ? null : this.named(name, 'gamma').data;
    const beta = config.center === false ? null : this.named(name, 'beta').data;
    const scale = Float64Array.from(variance, (v, i) => (gamma?.[i] ?? 1) / Math.sqrt(v + Number(config.epsilon)));
    this.pending = { scale, shift: scale.map((s, i) => (beta?.[i] ?? 0) - mean[i] * s) };
  }

  private of(name: string): readonly KerasArray[] {
    const arrays = this.weights.get(name);
    if (arrays === undefined) throw new DataError(`${this.file}: layer ${name} has no weights in the file.`);
    return arrays;
  }

  /** An array by the last part of its name. */
  private named(layer: string, part: string): KerasArray {
    const array = this.of(layer).find(({ name }) => name.endsWith(`/${part}:0`) && !name.includes('data_dep_init'));
    if (array === undefined) throw new DataError(`${this.file}: layer ${layer} has no ${part} in the file.`);
    return array;
  }

  private requireOf(name: string, config: Readonly<Record<string, unknown>>, allowed: Readonly<Record<string, readonly unknown[]>>): void {
    for (const [key, values] of Object.entries(allowed)) {
      const value = config[key] ?? values[0];
      if (!values.includes(value)) throw this.refuse(name, `${key} ${JSON.stringify(value)}; known is ${values.map((v) => JSON.stringify(v)).join(' or ')}`);
    }
  }

  private refuse(name: string, what: string): DataError {
    return new DataError(`${this.file}: cannot be imported: layer ${name} has ${what}.`);
  }
}
