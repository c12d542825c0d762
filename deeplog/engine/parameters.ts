import { seededRandom } from '../common/index.js';
import { ShapeError } from './errors.js';
import type { Batch, Model, NumericArray, State, TensorSpec } from './types.js';

export function sizeOf(shape: readonly number[]): number {
  return shape.reduce((product, dimension) => product * dimension, 1);
}

/** Draws every parameter, in the model's order, from one generator, and zero moments. */
export function initialState(model: Model, seed: number): State {
  const random = seededRandom(seed);
  const state: State = { parameters: {}, firstMoments: {}, secondMoments: {} };
  for (const parameter of model.parameters) {
    const values = parameter.initialise(random);
    const size = sizeOf(parameter.shape);
    if (values.length !== size) {
      throw new ShapeError(`Parameter ${parameter.name} of ${model.name} has shape [${parameter.shape}] (${size} values) but its initialiser drew ${values.length}.`);
    }
    state.parameters[parameter.name] = values;
    state.firstMoments[parameter.name] = new Float32Array(size);
    state.secondMoments[parameter.name] = new Float32Array(size);
  }
  return state;
}

/** @throws ShapeError when a parameter is missing or has another length. */
export function checkParameters(model: Model, parameters: State['parameters'], what = 'State'): void {
  for (const { name, shape } of model.parameters) {
    const values = parameters[name];
    if (values === undefined) throw new ShapeError(`${what} lacks ${name}, a parameter of ${model.name}: was it saved by another model?`);
    if (values.length !== sizeOf(shape)) {
      throw new ShapeError(`${what} has ${values.length} values for ${name}; ${model.name} needs ${sizeOf(shape)} ([${shape}]).`);
    }
  }
}

export function checkState(model: Model, state: State): void {
  checkParameters(model, state.parameters, 'The parameters');
  checkParameters(model, state.firstMoments, "Adam's first moments");
  checkParameters(model, state.secondMoments, "Adam's second moments");
}

/** @throws ShapeError when an input is missing or has another length or type. */
export function checkBatch(model: string, specs: readonly TensorSpec[], batch: Batch): void {
  for (const { name, shape, dtype } of specs) {
    const values: NumericArray | undefined = batch[name];
    if (values === undefined) throw new ShapeError(`The batch lacks ${name}, an input of ${model}.`);
    if (values.length !== sizeOf(shape)) {
      throw new ShapeError(`Input ${name} of ${model} has ${values.length} values; shape [${shape}] needs ${sizeOf(shape)}. Pad the last batch and weight the padding zero.`);
    }
    if ((dtype === 'int32') !== (values instanceof Int32Array)) {
      throw new ShapeError(`Input ${name} of ${model} must be ${dtype === 'int32' ? 'an Int32Array' : 'a Float32Array'}.`);
    }
  }
}
