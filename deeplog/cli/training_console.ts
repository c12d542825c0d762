import type { Reporter } from '../training/index.js';
import { formatCount, formatSeconds, type StageConsole } from './console.js';

/** More often than this nobody reads a line, and memory is not asked for at every step. */
const SHOWN_EVERY_MS = 150;
/** The rate is that of the last so many seconds: long enough to be steady, short enough to follow. */
const RATE_SECONDS = 10;

/** Shows a training run: on a terminal a bar for each epoch with rate, time left, loss, best so far and memory, elsewhere some ten lines a run. */
export function trainingReporter(console: StageConsole): Reporter {
  let best = '';
  let shown = -Infinity;
  let marks: { time: number; done: number }[] = [];
  return {
    training(r) {
      [best, marks] = ['', []];
      const from = r.resumedAt === null ? '' : `; goes on after epoch ${r.resumedAt.epoch}${r.resumedAt.step === 0 ? '' : `, step ${r.resumedAt.step}`}`;
      console.say(`training ${r.model}: ${formatCount(r.parameters)} weights, ${formatCount(r.examples)} examples, ${formatCount(r.steps)} steps an epoch${from}`);
    },
    step({ epoch, maxEpochs, step, steps, globalStep, loss }) {
      const now = performance.now();
      if (now - shown < SHOWN_EVERY_MS && step < steps) return;
      shown = now;
      marks.push({ time: now, done: globalStep });
      while (marks.length > 2 && now - marks[0].time > RATE_SECONDS * 1000) marks.shift();
      const rate = (globalStep - marks[0].done) / ((now - marks[0].time) / 1000);
      const left = rate > 0 ? `≤ ${formatSeconds(((maxEpochs - epoch + 1) * steps - step) / rate)}` : '–';
      const memory = `${Math.round(process.memoryUsage.rss() / 2 ** 20)} MB`;
      const perSecond = rate > 0 ? ` · ${rate < 10 ? rate.toFixed(1) : formatCount(Math.round(rate))} steps/s` : '';
      console.progress(`epoch ${String(epoch).padStart(String(maxEpochs).length)}/${maxEpochs}`, step, steps, `loss ${loss.toFixed(4)}${best}${perSecond} · ${memory}`, left);
    },
    epoch(r) {
      best = ` · best ${r.bestLoss.toFixed(4)} (epoch ${r.bestEpoch})`;
      // Some ten lines a run are enough where there is no bar.
      const every = Math.max(1, Math.floor(r.maxEpochs / 10));
      if (process.stderr.isTTY || r.epoch === 1 || r.epoch % every === 0) {
        const measured = Object.entries(r.metrics ?? {}).map(([name, value]) => ` · ${name} ${value.toFixed(4)}`).join('');
        console.say(`epoch ${String(r.epoch).padStart(3)}/${r.maxEpochs} · loss ${r.loss.toFixed(5)} · val_loss ${r.validationLoss.toFixed(5)}${measured} · best epoch ${r.bestEpoch} · ${formatCount(Math.round(r.examplesPerSecond))} examples/s`);
      }
    },
  };
}

const SAME_SIGNAL_MS = 500;

/** A signal that fires on the first Ctrl-C, or when the process is asked to end; the second ends it at once. */
export function interruptSignal(console: StageConsole): AbortSignal {
  const controller = new AbortController();
  let first = 0;
  const stop = (): void => {
    // A terminal's Ctrl-C may come twice: from the terminal, and passed on by npm.
    if (controller.signal.aborted) {
      if (performance.now() - first >= SAME_SIGNAL_MS) endNow();
      return;
    }
    first = performance.now();
    console.warn('stopping after this step; Ctrl-C again stops at once');
    controller.abort();
  };
  process.on('SIGINT', stop);
  process.on('SIGTERM', stop);
  return controller.signal;
}

/** Ends by the signal itself: process.exit would wait for threads that compute, or abort in them. */
function endNow(): void {
  process.emit('exit', 130);
  process.removeAllListeners('SIGINT');
  process.kill(process.pid, 'SIGINT');
}
