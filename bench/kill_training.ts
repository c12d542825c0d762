// Is a checkpoint ever broken? Trains on the command line with a checkpoint after every step, kills it with SIGKILL at a random moment, looks at
// the checkpoint, resumes, and so on.
//   npm run bench -- kill_training --kills 100
import { spawn } from 'node:child_process';
import { mkdirSync, mkdtempSync, readdirSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { parseArgs } from 'node:util';
import { seededRandom } from '../deeplog/common/index.js';
import { findRun, readCheckpoint } from '../deeplog/training/index.js';

const ROOT = path.resolve(import.meta.dirname, '..');
const MOST_DELAY_MS = 600;

export async function main(argv: string[]): Promise<void> {
  const { values } = parseArgs({ args: argv, options: { kills: { type: 'string', default: '100' }, seed: { type: 'string', default: '1' } } });
  const folder = mkdtempSync(path.join(tmpdir(), 'deeplog-kill-'));
  const random = seededRandom(Number(values.seed));
  mkdirSync(folder, { recursive: true });
  writeFileSync(path.join(folder, 'sessions.txt'), Array.from({ length: 4000 }, () => Array.from({ length: 6 + Math.floor(random() * 20) }, () => 1 + Math.floor(random() * 25)).join(' ')).join('\n'));
  const start = ['log-key', '--input_file', 'sessions.txt', '--LSTM_units', '128', '--batch_size', '64', '--checkpoint_seconds', '0', '--max_epochs', '100000', '--early_stop', '100000', '--engine', 'onnx', '--histograms', 'off'];
  const counts = { kept: 0, broken: 0, whileWriting: 0, withoutProgress: 0 };
  let reached = -1;
  for (let kill = 1; kill <= Number(values.kills); kill++) {
    const run = kill === 1 ? null : await findRun(path.join(folder, 'logdir'), 'latest');
    await trainAndKill(folder, run === null ? start : ['log-key', '--resume', 'latest'], random() * MOST_DELAY_MS);
    const killed = await findRun(path.join(folder, 'logdir'), 'latest');
    if (temporaryFiles(killed) > 0) counts.whileWriting++;
    try {
      const { globalStep, state } = await readCheckpoint(path.join(killed, 'checkpoints', 'last.safetensors'), null);
      if (!Object.values(state.parameters).every((v) => v.every((x) => Number.isFinite(x)))) throw new Error('it holds what is no number');
      if (globalStep < reached) throw new Error(`it is of step ${globalStep}, an earlier one was of ${reached}`);
      if (globalStep === reached) counts.withoutProgress++;
      reached = globalStep;
      counts.kept++;
    } catch (error) {
      counts.broken++;
      console.log(`kill ${kill}: ${String(error)}`);
    }
    if (kill % 10 === 0) console.log(`${kill} kills: ${counts.kept} whole checkpoints, ${counts.broken} broken, at step ${reached}; ${counts.whileWriting} hit a checkpoint being written, ${counts.withoutProgress} the one before`);
  }
  console.log(JSON.stringify({ bench: 'kill_training', ...counts, steps: reached }));
  rmSync(folder, { recursive: true, force: true });
  if (counts.broken > 0) process.exitCode = 1;
}

function temporaryFiles(run: string | null): number {
  return run === null ? 0 : readdirSync(path.join(run, 'checkpoints')).filter((name) => name.endsWith('.tmp')).length;
}

/** Kills the training some milliseconds after the first checkpoint that it writes itself. */
function trainAndKill(cwd: string, args: readonly string[], afterMs: number): Promise<void> {
  return new Promise((resolve, reject) => {
    const started = Date.now();
    const child = spawn(process.execPath, ['--import', path.join(ROOT, 'node_modules/tsx/dist/esm/index.mjs'), path.join(ROOT, 'run/deeplog.ts'), ...args], { cwd, stdio: ['ignore', 'ignore', 'pipe'] });
    let said = '';
    child.stderr.on('data', (chunk: Buffer) => { said += chunk.toString(); });
    const timer = setInterval(() => {
      void findRun(path.join(cwd, 'logdir'), 'latest').then((run) => {
        if (statSync(path.join(run, 'checkpoints', 'last.safetensors')).mtimeMs <= started) return;
        clearInterval(timer);
        setTimeout(() => { child.kill('SIGKILL'); }, afterMs);
      }).catch(() => undefined);
    }, 20);
    child.on('error', reject);
    child.on('exit', (code) => {
      clearInterval(timer);
      if (code === null) resolve();
      else reject(new Error(`the training ended by itself with code ${code}: ${said}`));
    });
  });
}
