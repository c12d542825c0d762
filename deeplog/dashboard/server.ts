import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { gzipSync } from 'node:zlib';
import { DataError, messageOf } from '../common/index.js';
import { readAsset } from './assets.js';
import { listReports, readReport } from './reports.js';
import { readRun } from './run_data.js';
import { RunList } from './run_list.js';
import { Watcher } from './watcher.js';

export interface DashboardOptions {
  readonly logdir: string;
  /** Where reports are looked for. */
  readonly artifacts: string;
  readonly host: string;
  /** 0: any that is free. */
  readonly port: number;
}

export interface Dashboard {
  readonly url: string;
  close(): Promise<void>;
}

const HEARTBEAT_MS = 15_000;
/** vega compiles the charts' expressions with `new Function`; everything comes from here. */
const PAGE_POLICY = "default-src 'self'; script-src 'self' 'unsafe-eval'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; frame-ancestors 'none'";
/** A report may run its own scripts, but not as a part of this page. */
const REPORT_POLICY = "sandbox allow-scripts; default-src 'none'; style-src 'unsafe-inline'; script-src 'unsafe-inline'; img-src data:";

/**
 * Serves the page of runs. Nothing is written; what is read lies below the two folders.
 * @throws DataError when the port is taken
 */
export async function startDashboard(options: DashboardOptions): Promise<Dashboard> {
  const runs = new RunList(options.logdir);
  const watcher = new Watcher(runs);
  const server = createServer((request, response) => {
    answer(options, runs, watcher, request, response).catch((error: unknown) => {
      if (!response.headersSent) send(response, 500, 'text/plain; charset=utf-8', `${messageOf(error)}\n`);
      else response.end();
    });
  });
  await listening(server, options);
  const { port } = server.address() as AddressInfo;
  return {
    url: `http://${options.host.includes(':') ? `[${options.host}]` : options.host}:${port}/`,
    close: async () => {
      watcher.close();
      server.closeAllConnections();
      await new Promise((resolve) => { server.close(resolve); });
    },
  };
}

function listening(server: Server, { host, port }: DashboardOptions): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', (error: NodeJS.ErrnoException) => {
      reject(new DataError(error.code === 'EADDRINUSE' ? `Port ${port} of ${host} is taken: another dashboard may be running. Give another --port, or 0 for any.` : `${host}:${port} cannot be listened on (${messageOf(error)}). Correct --host and --port.`));
    });
    server.listen(port, host, resolve);
  });
}

async function answer(options: DashboardOptions, runs: RunList, watcher: Watcher, request: IncomingMessage, response: ServerResponse): Promise<void> {
  if (!knownHost(request.headers.host, options.host)) return send(response, 403, 'text/plain', 'This dashboard answers to its own address only.\n');
  if (request.method !== 'GET' && request.method !== 'HEAD') return send(response, 405, 'text/plain', 'There is nothing to change here.\n');
  const url = pathOf(request.url ?? '/');
  if (url === '/api/runs') return json(response, await runs.list());
  if (url === '/api/reports') return json(response, await listReports(options.artifacts));
  if (url === '/api/stream') return stream(watcher, request, response);
  if (url.startsWith('/api/runs/')) {
    const run = await readRun(options.logdir, url.slice('/api/runs/'.length));
    return run === null ? notFound(response) : json(response, run);
  }
  if (url.startsWith('/reports/')) {
    const report = await readReport(options.artifacts, url.slice('/reports/'.length));
    return report === null ? notFound(response) : send(response, 200, report.type, report.body, { 'content-security-policy': REPORT_POLICY });
  }
  const asset = await readAsset(url);
  if (asset === null) return notFound(response);
  const headers = { 'content-security-policy': PAGE_POLICY };
  if (asset.lasting !== true) return send(response, 200, asset.type, asset.body, headers);
  // The charts are 1.2 MB as they are, 0.4 MB packed, and 0 the next time.
  const packs = /\bgzip\b/.test(String(request.headers['accept-encoding'] ?? ''));
  return send(response, 200, asset.type, packs ? packed(asset.body) : asset.body, { ...headers, vary: 'accept-encoding', 'cache-control': 'private, max-age=86400', ...(packs ? { 'content-encoding': 'gzip' } : {}) });
}

/** Of the one file that is packed, so that it is packed once. */
let packedOnce: Buffer | null = null;

function packed(body: string | Buffer): Buffer {
  return packedOnce ??= gzipSync(body);
}

/** The path, decoded once; an address that cannot be decoded is none. */
function pathOf(url: string): string {
  try {
    return decodeURIComponent(url.split('?')[0]);
  } catch {
    return '';
  }
}

/**
 * A page elsewhere may have its name point to this machine and read the answers as its own (DNS rebinding): requests must name the address that
 * is listened on. Where that is every address, any name may be right.
 */
function knownHost(header: string | undefined, host: string): boolean {
  if (host === '0.0.0.0' || host === '::') return true;
  const name = (header ?? '').replace(/:\d+$/, '').replace(/^\[|\]$/g, '');
  return name === host || (['127.0.0.1', '::1', 'localhost'].includes(host) && ['127.0.0.1', '::1', 'localhost'].includes(name));
}

function stream(watcher: Watcher, request: IncomingMessage, response: ServerResponse): void {
  response.writeHead(200, { 'content-type': 'text/event-stream', 'cache-control': 'no-store', 'x-content-type-options': 'nosniff' });
  response.write('retry: 1000\n\n');
  const stop = watcher.listen((message) => { response.write(`data: ${JSON.stringify(message)}\n\n`); });
  const heartbeat = setInterval(() => { response.write(': still here\n\n'); }, HEARTBEAT_MS);
  request.on('close', () => {
    clearInterval(heartbeat);
    stop();
  });
}

function json(response: ServerResponse, value: unknown): void {
  send(response, 200, 'application/json; charset=utf-8', JSON.stringify(value));
}

function notFound(response: ServerResponse): void {
  send(response, 404, 'text/plain; charset=utf-8', 'There is nothing here.\n');
}

function send(response: ServerResponse, status: number, type: string, body: string | Buffer, headers: Readonly<Record<string, string>> = {}): void {
  response.writeHead(status, { 'content-type': type, 'cache-control': 'no-store', 'x-content-type-options': 'nosniff', 'referrer-policy': 'no-referrer', ...headers });
  response.end(body);
}
