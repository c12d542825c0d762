import { spawn } from 'node:child_process';
import { request } from 'node:http';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { beforeAll, expect, it } from 'vitest';
import { createEngine } from '../../deeplog/engine/index.js';
import { simulateBlockStore } from '../../deeplog/simulator/index.js';
import { parseSimulated } from '../block_store_log.js';
import { removeScratchAfterwards, scratchFolder } from '../helpers.js';
import { trainSmall } from './service.js';

const ROOT = path.resolve(import.meta.dirname, '../..');
const TSX = path.join(ROOT, 'node_modules', 'tsx', 'dist', 'esm', 'index.mjs');
const folder = scratchFolder();
removeScratchAfterwards();
const log = simulateBlockStore({ sessions: 100, anomalyShare: 0, seed: 5 });

beforeAll(async () => {
  const engine = await createEngine({ engine: 'onnx' });
  await trainSmall('length', await parseSimulated(log, folder), path.join(folder, 'length'), engine, 0.5);
  await engine.dispose();
});

it('serve answers what it has begun when it is told to stop, takes nothing new, and ends with 0', async () => {
  const child = spawn(process.execPath, ['--import', TSX, path.join(ROOT, 'run', 'deeplog.ts'), 'serve', '--model', 'length', '--port', '0', '--log_level', 'silent', '--engine', 'eager'], { cwd: folder, stdio: ['ignore', 'ignore', 'pipe'] });
  let said = '';
  child.stderr.on('data', (piece: Buffer) => { said += piece.toString(); });
  const ended = new Promise<number | null>((resolve) => child.once('exit', (code) => resolve(code)));
  while (!said.includes('http://') && child.exitCode === null) await sleep(20);
  const port = Number(/http:\/\/127\.0\.0\.1:(\d+)/.exec(said)?.[1]);
  const answer = new Promise<{ status: number; sessions: number }>((resolve, reject) => {
    const r = request({ port, method: 'POST', path: '/detect', headers: { 'content-type': 'text/plain' } }, (res) => {
      let body = '';
      res.on('data', (piece: Buffer) => { body += piece.toString(); });
      res.on('end', () => resolve({ status: res.statusCode ?? 0, sessions: (JSON.parse(body) as { sessions: unknown[] }).sessions.length }));
    });
    r.on('error', reject);
    r.write(`${log.lines.slice(0, 50).join('\n')}\n`);
    void (async () => {
      await sleep(300);
      child.kill('SIGTERM');
      while (!said.includes('SIGTERM')) await sleep(20);
      await sleep(200);
      await expect(fetch(`http://127.0.0.1:${port}/health`)).rejects.toThrow();
      r.end(`${log.lines.slice(50).join('\n')}\n`);
    })().catch(reject);
  });
  expect(await answer).toEqual({ status: 200, sessions: 100 });
  expect(await ended).toBe(0);
}, 60_000);
