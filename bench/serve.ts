/**
 * The HTTP service under load, on loopback: requests per second and latencies at 1, 16 and 128 connections for one session of 20
 * lines, and whether memory stays flat.
 *   npm run bench -- serve [--model artifacts/log_key_model_result --log HDFS.log.gz] [--seconds 10] [--connections 1,16,128]
 *   npm run bench -- serve --memory_minutes 10 [--memory_pause_ms 400: that long between a connection's requests]
 * Without --model it trains one of the usual size on a simulated log.
 */
import { readFileSync } from 'node:fs';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { Agent, request } from 'node:http';
import { createGunzip } from 'node:zlib';
import os from 'node:os';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { createReadStream } from 'node:fs';
import { createInterface } from 'node:readline';
import { build } from './built.js';
import { startServe, trainedModel, type Served } from './serve_process.js';

const LINES = 20;
const MOST_REQUESTS = 200_000;

export async function main(argv: string[]): Promise<void> {
  build();
  const { values: o } = parseArgs({ args: argv, options: {
    model: { type: 'string' }, log: { type: 'string' }, seconds: { type: 'string', default: '10' }, connections: { type: 'string', default: '1,16,128' },
    memory_minutes: { type: 'string' }, memory_connections: { type: 'string', default: '16' }, memory_pause_ms: { type: 'string', default: '0' },
  } });
  const scratch = await mkdtemp(path.join(os.tmpdir(), 'deeplog-bench-'));
  let served: Served | null = null;
  try {
    const { model, log } = o.model === undefined ? await trainedModel(scratch) : { model: o.model, log: o.log ?? path.join(o.model, 'none') };
    const session = await sessionOf(log, LINES);
    await writeFile(path.join(scratch, 'session.log'), session);
    served = await startServe(['--model', model, '--log_level', 'warn']);
    const answer = await once(served.port, session, new Agent());
    console.log(`${LINES} lines of one session (${session.length} bytes); every answer must be this one: ${answer.slice(0, 160)}…`);
    await run(served, session, answer, 4, 2, true); // warm up
    if (o.memory_minutes !== undefined) await memory(served, session, answer, Number(o.memory_connections), Number(o.memory_minutes), Number(o.memory_pause_ms));
    else for (const connections of o.connections.split(',')) await run(served, session, answer, Number(connections), Number(o.seconds));
  } finally {
    const code = await served?.stop();
    if (code !== undefined) console.log(`stopped by SIGTERM: exit code ${code}`);
    await rm(scratch, { recursive: true, force: true });
  }
}

/** The first `lines` lines of the first session (a block id) that has so many. */
async function sessionOf(file: string, lines: number): Promise<string> {
  const raw = createReadStream(file);
  const found = new Map<string, string[]>();
  for await (const line of createInterface({ input: file.endsWith('.gz') ? raw.pipe(createGunzip()) : raw })) {
    const key = /blk_-?\d+/.exec(line)?.[0];
    if (key === undefined) continue;
    const own = found.get(key) ?? [];
    found.set(key, own);
    if (own.push(line) === lines) {
      raw.destroy();
      return `${own.join('\n')}\n`;
    }
  }
  throw new Error(`${file}: no session has ${lines} lines.`);
}

/** POST /detect. @throws Error when the status is not 200. */
function once(port: number, body: string, agent: Agent): Promise<string> {
  return new Promise((resolve, reject) => {
    const r = request({ port, method: 'POST', path: '/detect', agent, headers: { 'content-type': 'text/plain', 'content-length': Buffer.byteLength(body) } }, (res) => {
      const pieces: Buffer[] = [];
      res.on('data', (piece: Buffer) => pieces.push(piece));
      res.on('end', () => (res.statusCode === 200 ? resolve(Buffer.concat(pieces).toString()) : reject(new Error(`status ${res.statusCode}: ${Buffer.concat(pieces).toString().slice(0, 300)}`))));
      res.on('error', reject);
    });
    r.on('error', reject);
    r.end(body);
  });
}

/** So many connections, each with one request at a time, for so long. */
async function run(served: Served, body: string, expected: string, connections: number, seconds: number, quiet = false, pauseMs = 0): Promise<number> {
  const agent = new Agent({ keepAlive: true, maxSockets: connections });
  const latencies: number[] = [];
  const until = performance.now() + seconds * 1000;
  let different = 0;
  const started = performance.now();
  await Promise.all(Array.from({ length: connections }, async () => {
    while (performance.now() < until && latencies.length < MOST_REQUESTS) {
      const at = performance.now();
      if ((await once(served.port, body, agent)) !== expected) different++;
      latencies.push(performance.now() - at);
      if (pauseMs > 0) await sleep(pauseMs);
    }
  }));
  const took = (performance.now() - started) / 1000;
  agent.destroy();
  latencies.sort((a, b) => a - b);
  const p = (share: number): string => `${latencies[Math.min(latencies.length - 1, Math.floor(share * latencies.length))].toFixed(1)} ms`;
  if (!quiet) console.log(`${String(connections).padStart(4)} connections: ${Math.round(latencies.length / took)} requests/s · p50 ${p(0.5)} · p95 ${p(0.95)} · p99 ${p(0.99)} · ${latencies.length} requests, ${different} with another answer`);
  if (different > 0) throw new Error('the same request had different answers');
  return latencies.length;
}

/** Resident memory of the service every half minute. */
async function memory(served: Served, body: string, expected: string, connections: number, minutes: number, pauseMs: number): Promise<void> {
  const samples: { minute: number; mib: number }[] = [];
  const started = performance.now();
  let requests = 0;
  for (const until = started + minutes * 60_000; performance.now() < until;) {
    requests += await run(served, body, expected, connections, Math.min(30, (until - performance.now()) / 1000), true, pauseMs);
    await sleep(100);
    const sample = { minute: (performance.now() - started) / 60_000, mib: residentMiB(served.pid) };
    samples.push(sample);
    console.log(`${sample.minute.toFixed(1)} min: ${sample.mib.toFixed(0)} MiB resident, ${requests} requests`);
  }
  // The first minutes are the optimiser's and the collector's own growth.
  const settled = samples.slice(Math.floor(samples.length * 0.3));
  const slope = slopeOf(settled.map((s) => s.minute), settled.map((s) => s.mib));
  console.log(`memory after the first ${(settled[0]?.minute ?? 0).toFixed(0)} minutes: ${Math.min(...settled.map((s) => s.mib)).toFixed(0)} to ${Math.max(...settled.map((s) => s.mib)).toFixed(0)} MiB, ${slope.toFixed(2)} MiB a minute`);
}

function residentMiB(pid: number): number {
  return Number(/VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1]) / 1024;
}

/** Least squares. */
function slopeOf(x: readonly number[], y: readonly number[]): number {
  const mean = (a: readonly number[]): number => a.reduce((s, v) => s + v, 0) / a.length;
  const [mx, my] = [mean(x), mean(y)];
  return x.reduce((s, v, i) => s + (v - mx) * (y[i] - my), 0) / Math.max(1e-9, x.reduce((s, v) => s + (v - mx) ** 2, 0));
}
