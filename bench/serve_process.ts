import { spawn } from 'node:child_process';
import { readFile, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { COMMAND } from './built.js';

const ROOT = path.resolve(import.meta.dirname, '..');

/** A service of its own process, as a user starts it. */
export interface Served {
  readonly port: number;
  readonly pid: number;
  /** What it wrote to its standard error. */
  errors(): string;
  running(): boolean;
  /** Sends SIGTERM and gives the exit code. */
  stop(): Promise<number | null>;
}

/** Runs a stage of the built package. */
export function deeplog(args: readonly string[], cwd?: string): ReturnType<typeof spawn> {
  return spawn(process.execPath, [COMMAND, ...args], { cwd: cwd ?? ROOT, stdio: ['ignore', 'ignore', 'pipe'] });
}

/** Starts `deeplog serve` on a free port and waits until it is ready. @throws Error with what it said when it ends before. */
export async function startServe(args: readonly string[]): Promise<Served> {
  const port = await freePort();
  const child = deeplog(['serve', '--port', String(port), '--threads', '1', ...args]);
  let errors = '';
  child.stderr?.on('data', (piece: Buffer) => { errors = (errors + piece.toString()).slice(-20_000); });
  const ended = new Promise<number | null>((resolve) => child.once('exit', (code) => resolve(code)));
  for (let tries = 0; ; tries++) {
    if (child.exitCode !== null || tries > 600) throw new Error(`deeplog serve did not start: ${errors}`);
    if (await fetch(`http://127.0.0.1:${port}/ready`).then((r) => r.ok, () => false)) break;
    await sleep(100);
  }
  return {
    port, pid: child.pid ?? 0, errors: () => errors, running: () => child.exitCode === null && child.signalCode === null,
    stop: () => {
      child.kill('SIGTERM');
      return ended;
    },
  };
}

export type BenchInput = 'lines' | 'jsonl' | 'csv';

/** A simulated log, as lines or as records, and a log-key model of the usual size, trained on it for a few epochs. */
export async function trainedModel(folder: string, input: BenchInput = 'lines'): Promise<{ model: string; log: string }> {
  const stage = async (...args: string[]): Promise<void> => {
    const child = deeplog([...args, '--quiet'], folder);
    let errors = '';
    child.stderr?.on('data', (piece: Buffer) => { errors += piece.toString(); });
    const code = await new Promise((resolve) => child.once('exit', resolve));
    if (code !== 0) throw new Error(`deeplog ${args[0]}: ${errors}`);
  };
  await stage('data', 'generate', '--output_path', 'sample', '--sessions', '1500');
  const log = path.join(folder, 'sample', input === 'lines' ? 'sample.log' : `sample.${input}`);
  if (input !== 'lines') await writeFile(log, asRecords(await readFile(path.join(folder, 'sample', 'sample.log'), 'utf8'), input));
  const settings = input === 'lines' ? ['--parser_config', path.join(ROOT, 'drain3.ini')] : ['--fields', 'Content=message,Time=time,Session=block'];
  await stage('drain', '--input_file', log, ...settings, '--label_file', 'sample/labels.csv', '--output_path', 'drain_result', '--format', 'arrow');
  await stage('log-key', '--input_file', 'drain_result', '--output_path', 'keys', '--max_epochs', '5', '--learning_rate', '0.003', '--batch_size', '64', '--threads', '1');
  return { model: path.join(folder, 'keys'), log };
}

/** The simulator's lines with a block in them, as JSON lines or CSV. */
function asRecords(text: string, format: Exclude<BenchInput, 'lines'>): string {
  const rows = text.split('\n').flatMap((line) => {
    const [, y, mo, d, h, mi, s, level, message] = /^(\d\d)(\d\d)(\d\d) (\d\d)(\d\d)(\d\d) \d+ (\w+) \S+: (.*)$/.exec(line) ?? [];
    const block = /blk_-?\d+/.exec(message ?? '')?.[0];
    return block === undefined ? [] : [{ time: `20${y}-${mo}-${d}T${h}:${mi}:${s}Z`, level, message, block }];
  });
  if (format === 'jsonl') return rows.map((row) => `${JSON.stringify(row)}\n`).join('');
  return `time,level,message,block\n${rows.map((row) => `${row.time},${row.level},"${row.message.replace(/"/g, '""')}",${row.block}\n`).join('')}`;
}

function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = createServer();
    server.once('error', reject);
    server.listen(0, '127.0.0.1', () => {
      const address = server.address();
      server.close(() => (typeof address === 'object' && address !== null ? resolve(address.port) : reject(new Error('no port'))));
    });
  });
}
