/**
 * Malformed and hostile requests against a running service: none may bring a 5xx, a crash, or a look inside.
 *   npm run bench -- serve_fuzz [--requests 10000] [--seed 1] [--connections 8] [--input lines|jsonl|csv] [--model folder --log file]
 * `--input`: what the model was trained on, and so what requests bring. Nine in ten are made from the service's own OpenAPI description and bent (test/serving/hostile.ts); the others are bytes on a
 * socket that are no proper HTTP.
 */
import fc from 'fast-check';
import { readFileSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { Agent, request } from 'node:http';
import { connect } from 'node:net';
import os from 'node:os';
import path from 'node:path';
import { parseArgs } from 'node:util';
import { gunzipSync } from 'node:zlib';
import { complaint, hostileRequests, type HostileRequest, type OpenApi } from '../test/serving/hostile.js';
import { build } from './built.js';
import { startServe, trainedModel } from './serve_process.js';

const RAW_EVERY = 10;

export async function main(argv: string[]): Promise<void> {
  build();
  const { values: o } = parseArgs({ args: argv, options: { requests: { type: 'string', default: '10000' }, seed: { type: 'string', default: '1' }, connections: { type: 'string', default: '8' }, input: { type: 'string', default: 'lines' }, model: { type: 'string' }, log: { type: 'string' } } });
  const scratch = await mkdtemp(path.join(os.tmpdir(), 'deeplog-fuzz-'));
  const { model, log } = o.model !== undefined && o.log !== undefined ? { model: o.model, log: o.log } : await trainedModel(scratch, o.input === 'jsonl' || o.input === 'csv' ? o.input : 'lines');
  const places = [scratch, process.cwd(), path.resolve(model)];
  const served = await startServe(['--model', `q=${model}`, '--log_level', 'error', '--timeout_sec', '5', '--max_body_mb', '1', '--max_line_kb', '64']);
  try {
    const api = (await (await fetch(`http://127.0.0.1:${served.port}/openapi.json`)).json()) as OpenApi;
    const lines = readFileSync(log, 'utf8').split('\n').slice(0, 400).filter((l) => l !== '');
    const total = Number(o.requests);
    const samples = fc.sample(hostileRequests(api, lines), { numRuns: total, seed: Number(o.seed) });
    const broken = fc.sample(fc.oneof(...garbage(lines)), { numRuns: Math.ceil(total / RAW_EVERY), seed: Number(o.seed) });
    const statuses = new Map<string, number>();
    const complaints: string[] = [];
    const agent = new Agent({ keepAlive: true, maxSockets: Number(o.connections) });
    let next = 0;
    const started = performance.now();
    await Promise.all(Array.from({ length: Number(o.connections) }, async () => {
      while (next < total) {
        const i = next++;
        const raw = i % RAW_EVERY === 0;
        const wrong = raw ? await sendRaw(served.port, broken[i / RAW_EVERY], statuses) : await send(served.port, samples[i], agent, statuses, places);
        if (wrong !== null) complaints.push(`request ${i} (${raw ? 'raw bytes' : `${samples[i].method} ${samples[i].path.slice(0, 80)} ${JSON.stringify(samples[i].headers)}`}): ${wrong}`);
        if (!served.running()) throw new Error(`the service ended at request ${i}: ${served.errors()}`);
      }
    }));
    agent.destroy();
    const health = await fetch(`http://127.0.0.1:${served.port}/health`).then((r) => r.status);
    console.log(`${total} requests in ${((performance.now() - started) / 1000).toFixed(0)} s: ${[...statuses].sort().map(([s, n]) => `${s} ${n}`).join(', ')}; afterwards /health says ${health}`);
    for (const c of complaints.slice(0, 20)) console.log(c);
    console.log(complaints.length === 0 ? 'no 5xx, no crash, nothing of the inside shown' : `${complaints.length} complaints`);
    if (complaints.length > 0 || health !== 200) process.exitCode = 1;
  } finally {
    await served.stop();
    await rm(scratch, { recursive: true, force: true });
  }
}

function send(port: number, { method, path: url, headers, body }: HostileRequest, agent: Agent, statuses: Map<string, number>, places: readonly string[]): Promise<string | null> {
  return new Promise((resolve) => {
    const note = (what: string): void => { statuses.set(what, (statuses.get(what) ?? 0) + 1); };
    try {
      const r = request({ port, method, path: url, agent, headers: { ...headers, ...(body === null ? {} : { 'content-length': String(body.length) }) } }, (res) => {
        const pieces: Buffer[] = [];
        res.on('data', (piece: Buffer) => pieces.push(piece));
        res.on('error', () => resolve('the answer was cut off'));
        res.on('end', () => {
          note(String(res.statusCode));
          const all = Buffer.concat(pieces);
          const text = (res.headers['content-encoding'] === 'gzip' && all.length > 0 ? gunzipSync(all) : all).toString('utf8');
          resolve(complaint(res.statusCode ?? 0, res.headers['content-type'] ?? '', text, places));
        });
      });
      r.on('error', (error: NodeJS.ErrnoException) => {
        // A refused upload may be cut off before its answer is read; a crash shows in `running`.
        note(`connection closed (${error.code ?? error.message})`);
        resolve(null);
      });
      r.end(body ?? undefined);
    } catch {
      note('not sent: the client refuses such a request');
      resolve(null);
    }
  });
}

/** Bytes that are no proper HTTP, or stop in the middle. */
function garbage(lines: readonly string[]): fc.Arbitrary<Buffer>[] {
  const body = Buffer.from(lines.slice(0, 30).join('\n'));
  const text = (t: string): Buffer => Buffer.from(t);
  const head = 'POST /detect HTTP/1.1\r\nHost: x\r\nContent-Type: text/plain\r\n';
  return [
    fc.uint8Array({ minLength: 1, maxLength: 500 }).map((b) => Buffer.from(b)),
    fc.constantFrom(
      text('GET / HTTP/9.9\r\n\r\n'), text('GET /health\r\n\r\n'), text('\r\n\r\n\r\n'), text('GET /health HTTP/1.1\r\n\r\n'), text(`GET /${'a'.repeat(70_000)} HTTP/1.1\r\nHost: x\r\n\r\n`),
      text(`GET /health HTTP/1.1\r\nHost: x\r\nX: ${'b'.repeat(70_000)}\r\n\r\n`), text(`${head}Content-Length: -1\r\n\r\n`), text(`${head}Content-Length: 5\r\nContent-Length: 50\r\n\r\nhello`),
      text(`${head}Content-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\nGET /metrics HTTP/1.1\r\n\r\n`), text(`${head}Transfer-Encoding: chunked\r\n\r\nzz\r\nhello\r\n`), text(`${head}Transfer-Encoding: chunked\r\n\r\nffffffffffffffff\r\nx`),
      text(`${head}Content-Length: 99999999999999999999\r\n\r\nx`), Buffer.concat([text(`${head}Content-Length: ${body.length * 2}\r\n\r\n`), body]), text('PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n'), text(`${head}Expect: 200-ok\r\nContent-Length: 1\r\n\r\nx`),
      Buffer.concat([text(`${head}Content-Encoding: gzip\r\nContent-Length: ${body.length}\r\n\r\n`), body]), text('GET /health HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\r\n'), text('CONNECT x:80 HTTP/1.1\r\nHost: x\r\n\r\n'),
    ),
  ];
}

/** Sends the bytes, reads for a moment, hangs up. */
function sendRaw(port: number, bytes: Buffer, statuses: Map<string, number>): Promise<string | null> {
  return new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1');
    let answer = '';
    const timer = setTimeout(() => socket.destroy(), 150);
    socket.on('data', (piece: Buffer) => { answer += piece.toString('latin1'); });
    socket.on('error', () => undefined);
    socket.on('close', () => {
      clearTimeout(timer);
      const status = /^HTTP\/1\.1 (\d+)/.exec(answer)?.[1] ?? 'no answer';
      statuses.set(`raw ${status}`, (statuses.get(`raw ${status}`) ?? 0) + 1);
      resolve(/^5/.test(status) ? `status ${status}` : null);
    });
    socket.write(bytes);
  });
}
