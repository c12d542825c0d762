import { spawn, type ChildProcessWithoutNullStreams } from 'node:child_process';
import { createInterface, type Interface } from 'node:readline';
import { fileURLToPath } from 'node:url';

/** A PyTorch process that steps on demand, so that it and we can be measured in turn. */
export class TorchPeer {
  private constructor(private readonly child: ChildProcessWithoutNullStreams, private readonly lines: AsyncIterator<string>, readonly version: string) {}

  /**
   * Undefined when Python (DEEPLOG_PYTHON, else python3) is missing, has no torch or cannot run in this mode.
   * @param block steps between two synchronisations of a GPU
   * @param clock `cpu`: processor time instead of the time that passes
   */
  static async start(model: string, threads: number, mode = 'eager', block = 1, clock = 'wall'): Promise<TorchPeer | undefined> {
    const script = fileURLToPath(new URL('./peers/torch_step.py', import.meta.url));
    const child = spawn(process.env['DEEPLOG_PYTHON'] ?? 'python3', [script, model, String(threads), mode, String(block), clock], { stdio: ['pipe', 'pipe', 'pipe'] });
    child.on('error', () => undefined);
    child.stderr.resume();
    const reader: Interface = createInterface({ input: child.stdout });
    const lines = reader[Symbol.asyncIterator]();
    const first = await lines.next();
    if (first.done) return undefined;
    return new TorchPeer(child, lines, (JSON.parse(first.value) as { torch: string }).torch);
  }

  /** Milliseconds of each step made in about this many seconds. */
  async steps(seconds: number): Promise<number[]> {
    this.child.stdin.write(`${seconds}\n`);
    const answer = await this.lines.next();
    if (answer.done) throw new Error('The PyTorch peer ended while measuring.');
    return JSON.parse(answer.value) as number[];
  }

  close(): void {
    this.child.stdin.end();
  }
}
