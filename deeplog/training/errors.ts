import type { Checkpoint } from './checkpoint.js';

/** The run was stopped by its signal; what it had is in `checkpoint`. */
export class InterruptedError extends Error {
  override name = 'AbortError';
  constructor(readonly checkpoint: Checkpoint) {
    super(`interrupted in epoch ${checkpoint.epoch + 1} after step ${checkpoint.stepInEpoch}`);
  }
}

/** The loss is no longer a number: names the step, and the last checkpoint from before. */
export class DivergedError extends Error {
  override name = 'DivergedError';
  /** @param step within the epoch, from 1 */
  constructor(what: 'loss' | 'validation loss', epoch: number, step: number, globalStep: number, loss: number, kept?: string) {
    super(`the ${what} became ${loss} in epoch ${epoch}, step ${step}${globalStep === step ? '' : ` (step ${globalStep} in all)`}; lower --learning_rate or look for broken input${kept === undefined ? '' : `. The last finite weights: ${kept}`}`);
  }
}
