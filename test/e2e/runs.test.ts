import { spawn } from 'node:child_process';
import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import { seededRandom } from '../../deeplog/common/index.js';
import { removeScratchAfterwards, scratchFolder } from '../helpers.js';

removeScratchAfterwards();

// Training, Ctrl-C, resuming and looking at runs, as a user does.
const ROOT = path.resolve(import.meta.dirname, '../..');
const TSX = path.join(ROOT, 'node_modules', 'tsx', 'dist', 'esm', 'index.mjs');
const cwd = scratchFolder();
const random = seededRandom(3);
writeFileSync(path.join(cwd, 's.txt'), Array.from({ length: 300 }, () => Array.from({ length: 5 + Math.floor(random() * 9) }, () => 1 + Math.floor(random() * 6)).join(' ')).join('\n'));

interface Ended { code: number | null; signal: string | null; stdout: string; stderr: string }

/** Runs a stage; `watch` sees standard error as it grows. */
function deeplog(args: readonly string[], watch?: (stderr: string, kill: () => void) => void): Promise<Ended> {
  return new Promise((resolve) => {
    const child = spawn(process.execPath, ['--import', TSX, path.join(ROOT, 'run', 'deeplog.ts'), ...args], { cwd });
    let [stdout, stderr] = ['', ''];
    child.stdout.on('data', (chunk: Buffer) => { stdout += chunk.toString(); });
    child.stderr.on('data', (chunk: Buffer) => {
      stderr += chunk.toString();
      watch?.(stderr, () => { child.kill('SIGINT'); });
    });
    child.on('close', (code, signal) => { resolve({ code, signal, stdout, stderr }); });
  });
}

const TRAIN = ['log-key', '--input_file', 's.txt', '--engine', 'onnx', '--batch_size', '16', '--LSTM_units', '8', '--learning_rate', '0.01'];
type Line = { event: string; loss?: number; val_loss?: number; epoch?: number; run?: string };
const losses = (stdout: string): (number | undefined)[][] => stdout.trim().split('\n').map((l) => JSON.parse(l) as Line).filter((e) => e.event === 'epoch').map((e) => [e.epoch, e.loss, e.val_loss]);

describe('a training run on the command line', () => {
  it('stops at Ctrl-C with how to go on, and going on gives the curve of an uninterrupted run', async () => {
    let pressed = false;
    const stopped = await deeplog([...TRAIN, '--max_epochs', '5', '--early_stop', '5', '--json', '--output_path', 'model'], (stderr, kill) => {
      if (pressed || !stderr.includes('epoch   1/5')) return;
      pressed = true;
      kill();
    });
    expect(stopped.code).toBe(130);
    const id = /interrupted in epoch \d after step \d+, .* go on with: \S.* log-key (?:-- )?--resume (\S+)/.exec(stopped.stderr)?.[1] ?? '';
    expect(existsSync(path.join(cwd, 'logdir/log-key', id, 'manifest.json'))).toBe(false);

    const refused = await deeplog(['log-key', '--resume', id, '--batch_size', '32']);
    expect([refused.code, refused.stderr.trim().split('\n')]).toEqual([2, [expect.stringMatching(/^deeplog: --batch_size 32 cannot be given to --resume: the run began with 16/)]]);

    const resumed = await deeplog(['log-key', '--resume', 'latest', '--json']);
    expect(resumed).toMatchObject({ code: 0 });
    const whole = await deeplog([...TRAIN, '--max_epochs', '5', '--early_stop', '5', '--json', '--quiet', '--output_path', 'whole', '--logdir', 'elsewhere']);
    expect([...losses(stopped.stdout), ...losses(resumed.stdout)]).toEqual(losses(whole.stdout));
    expect(losses(whole.stdout)).toHaveLength(5);
    const folder = path.join(cwd, 'logdir/log-key', id);
    for (const name of ['config.yaml', 'run.json', 'metrics.jsonl', 'train', 'val', 'checkpoints/last.safetensors', 'checkpoints/best.safetensors', 'manifest.json']) expect(existsSync(path.join(folder, name))).toBe(true);

    // The snapshot runs again, and gives the same.
    const again = await deeplog(['log-key', '--config', path.join(folder, 'config.yaml'), '--overwrite', '--json', '--quiet']);
    expect(losses(again.stdout)).toEqual(losses(whole.stdout));

    const listed = await deeplog(['runs', 'list', '--json']);
    const runs = JSON.parse(listed.stdout) as { id: string; status: string; epoch: number; resumed: number }[];
    expect(runs).toMatchObject([{ id, status: 'finished', epoch: 5, resumed: 1 }, { status: 'finished', epoch: 5, resumed: 0 }]);
    const compared = await deeplog(['runs', 'compare', id, 'latest']);
    expect(compared.stdout.split('\n').find((l) => l.startsWith('best val_loss'))?.split(/ {2,}/)).toHaveLength(3);
    expect(compared.stdout).toMatch(/^--overwrite +false +true$/m);
    expect((await deeplog(['runs', 'rm', id])).stderr).toBe(`removed logdir/log-key/${id}\n`);
    expect(existsSync(folder)).toBe(false);
    expect((await deeplog(['runs', 'show', id])).stderr).toMatch(/^deeplog: \S+: there is no such run under logdir/);
  }, 120_000);

  it('ends at once at the second Ctrl-C', async () => {
    let presses = 0;
    const ended = await deeplog([...TRAIN, '--max_epochs', '100000', '--early_stop', '100000', '--logdir', 'twice', '--output_path', 'none'], (stderr, kill) => {
      if (presses === 0 && stderr.includes('epoch   1/100000')) { presses++; kill(); }
      else if (presses === 1 && stderr.includes('Ctrl-C again')) { presses++; kill(); }
    });
    // By the signal itself (a shell says 130), unless the first one was through before the second came.
    expect(ended.signal ?? ended.code).toBe(ended.signal === null ? 130 : 'SIGINT');
  });

  it('keeps no record with --logdir none, and writes where it is told', async () => {
    const none = await deeplog([...TRAIN, '--max_epochs', '1', '--logdir', 'none', '--output_path', 'm1']);
    expect([none.code, existsSync(path.join(cwd, 'none'))]).toEqual([0, false]);
    const apart = await deeplog([...TRAIN, '--max_epochs', '1', '--logdir', 'l', '--out_tensorboard_path', 'tb', '--output_path', 'm2']);
    const run = /run: (\S+)/.exec(apart.stderr)?.[1] ?? '';
    expect(existsSync(path.join(cwd, run, 'train'))).toBe(false);
    expect(existsSync(path.join(cwd, run.replace(/^l/, 'tb'), 'train'))).toBe(true);
    expect(readFileSync(path.join(cwd, run, 'config.yaml'), 'utf8')).toContain('out_tensorboard_path: tb');
  });

  it('leaves no run folder where the output is taken, or the input is none', async () => {
    const taken = await deeplog([...TRAIN, '--logdir', 'refused', '--output_path', 'm2']);
    expect([taken.code, taken.stderr]).toEqual([1, expect.stringMatching(/m2: holds a finished log-key result of .* Add --overwrite/)]);
    expect(existsSync(path.join(cwd, 'refused'))).toBe(false);

    const empty = await deeplog(['log-key', '--input_file', 'no.txt', '--logdir', 'refused', '--output_path', 'm3']);
    expect([empty.code, empty.stderr]).toEqual([1, expect.stringContaining('no.txt: there is no such file or folder')]);
    expect(readdirSync(path.join(cwd, 'refused/log-key'))).toEqual([]);
  });
});
