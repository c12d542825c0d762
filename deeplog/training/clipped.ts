import type { Compiler } from './bucketed.js';

/** The same compiler with gradients scaled down to a global norm (Pascanu, Mikolov and Bengio 2013). */
export function clipped(compiler: Compiler, clipNorm: number): Compiler {
  return {
    compileStep: (model, options) => compiler.compileStep(model, { ...options, adam: { ...options.adam, clipNorm } }),
    compileForward: (model) => compiler.compileForward(model),
    compileLoss: (model) => compiler.compileLoss(model),
    compileGradients: (model) => compiler.compileGradients(model),
  };
}
