import { createRequire } from 'node:module';
import type * as Progress from 'cli-progress';

const require = createRequire(import.meta.url);

/** What a stage says while it works: lines on standard error, a bar on a terminal; results go to standard output elsewhere. */
export class StageConsole {
  private bar: Progress.SingleBar | null = null;
  private lastLine = performance.now();
  private readonly started = performance.now();

  constructor(private readonly quiet: boolean) {}

  /** One line per stage event. */
  say(line: string): void {
    if (this.quiet) return;
    this.clear();
    process.stderr.write(`${line}\n`);
  }

  /** Something the user should know even when quiet. */
  warn(line: string): void {
    this.clear();
    process.stderr.write(`warning: ${line}\n`);
  }

  /**
   * How far the work is; on a terminal a bar with rate and ETA, elsewhere a line every ten seconds.
   * `done` and `total` in any unit; `detail` follows. `eta`: what is left, in words, where the bar is not all of the work.
   */
  progress(label: string, done: number, total: number | null, detail: string, eta?: string): void {
    if (this.quiet) return;
    if (process.stderr.isTTY && total !== null && total > 0) {
      if (this.bar === null) {
        // gracefulExit would end the process at Ctrl-C, before a training could keep its checkpoint.
        const { SingleBar } = require('cli-progress') as typeof Progress;
        this.bar = new SingleBar({ format: '{label} [{bar}] {percentage} % · {detail} · ETA {' + (eta === undefined ? 'eta_formatted' : 'left') + '}', stream: process.stderr, hideCursor: false, clearOnComplete: true, etaBuffer: 50, fps: 5, barsize: 24, gracefulExit: false });
        this.bar.start(total, 0, { label, detail, left: eta });
      }
      if (this.bar.getTotal() !== total) this.bar.setTotal(total);
      this.bar.update(Math.min(done, total), { label, detail, left: eta });
      return;
    }
    const now = performance.now();
    if (now - this.lastLine < 10_000) return;
    this.lastLine = now;
    const share = total === null || total === 0 ? '' : ` ${((100 * done) / total).toFixed(0)} %`;
    const left = eta ?? (total === null || done === 0 ? undefined : formatSeconds(((now - this.started) / 1000) * (total / done - 1)));
    process.stderr.write(`${label}${share} · ${detail}${left === undefined ? '' : ` · ETA ${left}`}\n`);
  }

  clear(): void {
    this.bar?.stop();
    this.bar = null;
  }
}

/** Standard output, as fast as its reader takes it. */
export async function writeOut(text: string): Promise<void> {
  if (!process.stdout.write(text)) await new Promise((resolve) => process.stdout.once('drain', resolve));
}

export function formatCount(n: number): string {
  return n.toLocaleString('en-US');
}

export function formatSeconds(seconds: number): string {
  if (seconds < 100) return `${seconds < 10 ? seconds.toFixed(1) : seconds.toFixed(0)} s`;
  const minutes = Math.floor(seconds / 60);
  return minutes < 60 ? `${minutes} min ${Math.round(seconds % 60)} s` : `${Math.floor(minutes / 60)} h ${minutes % 60} min`;
}
