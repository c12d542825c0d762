import type { AdamOptions, StepScalars } from './types.js';

/** Kingma & Ba 2015; epsilon is PyTorch's and is added outside the square root. */
export const ADAM_DEFAULTS: AdamOptions = { beta1: 0.9, beta2: 0.999, epsilon: 1e-8 };

export function adamOptions(given: Partial<AdamOptions> = {}): AdamOptions {
  return { ...ADAM_DEFAULTS, ...given };
}

export interface AdamScalars {
  /** learningRate / (1 − beta1^step) */
  readonly stepSize: number;
  /** 1 / sqrt(1 − beta2^step) */
  readonly rootCorrection: number;
}

/**
 * What changes from step to step, so that the compiled update is
 * p ← p − stepSize · m / (sqrt(v) · rootCorrection + epsilon), which is lr · mhat / (sqrt(vhat) + epsilon).
 */
export function adamScalars(options: AdamOptions, scalars: StepScalars): AdamScalars {
  return {
    stepSize: scalars.learningRate / (1 - options.beta1 ** scalars.step),
    rootCorrection: 1 / Math.sqrt(1 - options.beta2 ** scalars.step),
  };
}

/** The factor that brings a gradient of this global norm down to `clipNorm`, as torch.nn.utils.clip_grad_norm_ does. */
export function clipFactor(globalNorm: number, clipNorm: number): number {
  return Math.min(1, clipNorm / (globalNorm + 1e-6));
}
