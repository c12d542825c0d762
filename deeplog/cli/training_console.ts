import type { Reporter } from '../training/index.js';
import { formatCount, type StageConsole } from './console.js';

/** Shows a training run: a bar over its epochs on a terminal, one line an epoch elsewhere. */
export function trainingReporter(console: StageConsole): Reporter {
  let lastLoss = NaN;
  let best = '';
  return {
    step({ epoch, maxEpochs, step, steps, loss }) {
      lastLoss = loss;
      console.progress('training', (epoch - 1) * steps + step, maxEpochs * steps, `epoch ${epoch}/${maxEpochs} · loss ${lastLoss.toFixed(4)}${best}`);
    },
    epoch(r) {
      best = ` · best epoch ${r.bestEpoch}`;
      // Some ten lines a run are enough where there is no bar.
      const every = Math.max(1, Math.floor(r.maxEpochs / 10));
      if (!process.stderr.isTTY && (r.epoch === 1 || r.epoch % every === 0)) console.say(`epoch ${String(r.epoch).padStart(3)}/${r.maxEpochs} · loss ${r.loss.toFixed(5)} · val_loss ${r.validationLoss.toFixed(5)} · best epoch ${r.bestEpoch} · ${formatCount(Math.round(r.examplesPerSecond))} windows/s`);
    },
  };
}

/** A signal that fires on the first Ctrl-C; the second ends the process at once. */
export function interruptSignal(console: StageConsole): AbortSignal {
  const controller = new AbortController();
  process.on('SIGINT', () => {
    if (controller.signal.aborted) process.exit(130);
    console.warn('stopping after this step and saving a checkpoint; Ctrl-C again stops at once');
    controller.abort();
  });
  return controller.signal;
}
