/** An engine or backend that was asked for cannot run here. */
export class EngineUnavailableError extends Error {
  override name = 'EngineUnavailableError';
  constructor(what: string, why: string, fix: string) {
    super(`${what} cannot run here: ${why}. ${fix}`);
  }
}

/** A model uses a tfjs kernel that the traced engines have no rule for. */
export class UnknownKernelError extends Error {
  override name = 'UnknownKernelError';
  constructor(readonly kernel: string, readonly model: string, readonly file: string) {
    super(`Kernel ${kernel}, used by model ${model}, is not known to the traced engines: add it in ${file}, or run with --engine eager.`);
  }
}

/** A batch or a state does not fit the model it was given to. */
export class ShapeError extends Error {
  override name = 'ShapeError';
}

/** The traced function asked for the value of a tensor, which does not exist yet. */
export class TracedValueError extends Error {
  override name = 'TracedValueError';
  constructor(model: string) {
    super(`Model ${model} reads a tensor's value (dataSync or data) inside its loss or forward pass: traced engines only know shapes. Compute with tf ops instead.`);
  }
}

/** The engine failed while compiling or running; names the step or kernel. */
export class EngineRuntimeError extends Error {
  override name = 'EngineRuntimeError';
}
