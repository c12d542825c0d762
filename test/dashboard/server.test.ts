import { appendFileSync, mkdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { request } from 'node:http';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startDashboard, type Dashboard } from '../../deeplog/dashboard/index.js';
import { removeScratchAfterwards, scratchFolder } from '../helpers.js';
import { EVALUATION, eventsOf, eventsOfEpoch, lines, writeRun } from './runs.js';

removeScratchAfterwards();

const root = scratchFolder();
const [logdir, artifacts] = [path.join(root, 'logdir'), path.join(root, 'artifacts')];
let dashboard: Dashboard;

beforeAll(async () => {
  writeRun(logdir, 'log-key', '20251009-080000-aaaaaa', 'finished', [...eventsOf(3, 6), EVALUATION]);
  mkdirSync(path.join(artifacts, 'benchmark'), { recursive: true });
  writeFileSync(path.join(artifacts, 'benchmark', 'report.html'), '<p>report</p>');
  writeFileSync(path.join(artifacts, 'secret.json'), '{}');
  writeFileSync(path.join(root, 'outside.html'), 'outside');
  symlinkSync(path.join(root, 'outside.html'), path.join(artifacts, 'link.html'));
  mkdirSync(path.join(root, 'artifacts2'));
  writeFileSync(path.join(root, 'artifacts2', 'x.html'), 'beside');
  dashboard = await startDashboard({ logdir, artifacts, host: '127.0.0.1', port: 0 });
});
afterAll(async () => { await dashboard.close(); });

/** As fetch, but the path goes out as it is, and any header may be set. */
function get(url: string, headers: Record<string, string> = {}, method = 'GET'): Promise<{ status: number; body: string; headers: Record<string, unknown> }> {
  const { hostname, port } = new URL(dashboard.url);
  return new Promise((resolve, reject) => {
    request({ hostname, port, path: url, headers, method }, (response) => {
      let body = '';
      response.on('data', (chunk: Buffer) => { body += chunk.toString(); });
      response.on('end', () => { resolve({ status: response.statusCode ?? 0, body, headers: response.headers }); });
    }).on('error', reject).end();
  });
}

describe('the dashboard', () => {
  it('serves its page, scripts and the charts from this machine alone', async () => {
    const page = await get('/');
    expect(page.status).toBe(200);
    expect([...page.body.matchAll(/(?:src|href)="([^"]+)"/g)].map((m) => m[1]).filter((u) => !u.startsWith('data:')).every((u) => u.startsWith('/assets/'))).toBe(true);
    expect(page.headers['content-security-policy']).toContain("default-src 'self'");
    for (const name of ['main', 'charts', 'series', 'dom', 'run_list', 'selection']) expect((await get(`/assets/client/${name}.js`)).status).toBe(200);
    expect((await get('/assets/tfjs-vis.js')).body.length).toBeGreaterThan(500_000);
    const packed = await fetch(new URL('/assets/tfjs-vis.js', dashboard.url), { headers: { 'accept-encoding': 'gzip' } });
    expect([packed.headers.get('content-encoding'), packed.headers.get('cache-control')]).toEqual(['gzip', 'private, max-age=86400']);
    expect(await packed.text()).toBe((await get('/assets/tfjs-vis.js')).body);
    expect((await get('/assets/client/nothing.js')).status).toBe(404);
  });

  it('gives the runs and one in full', async () => {
    const [run] = JSON.parse((await get('/api/runs')).body) as { key: string; best_loss: number }[];
    expect(run).toMatchObject({ key: 'log-key/20251009-080000-aaaaaa', status: 'finished', epoch: 3, best_loss: 2.1, test: { f1: 0.8235 } });
    const detail = JSON.parse((await get(`/api/runs/${run.key}`)).body) as { events: unknown[]; config: object };
    expect([detail.events.length, detail.config]).toEqual([1 + 15 + 1, { window_size: 10 }]);
  });

  it.each(['/reports/../outside.html', '/reports/..%2foutside.html', '/reports/%2e%2e/outside.html', '/reports/../artifacts2/x.html', '/reports//etc/passwd', '/reports/link.html', '/reports/secret.json', '/reports/%00.html',
    '/api/runs/../../outside', '/api/runs/log-key%2f..%2f..', '/assets/client/../server.js', '/assets/client/..%2fserver.js', '/assets/../package.json', '/%zz'])('refuses %s', async (url) => {
    const { status, body } = await get(url);
    expect(status).toBe(404);
    expect(body).not.toMatch(/outside|beside|root:/);
  });

  it('gives reports that cannot act as this page', async () => {
    const links = JSON.parse((await get('/api/reports')).body) as { file: string }[];
    expect(links.map((l) => l.file)).toEqual(['benchmark/report.html']);
    const report = await get('/reports/benchmark/report.html');
    expect(report).toMatchObject({ status: 200, body: '<p>report</p>' });
    expect(report.headers['content-security-policy']).toMatch(/^sandbox/);
  });

  it('answers to its own name only, and changes nothing', async () => {
    expect((await get('/api/runs', { host: 'evil.example' })).status).toBe(403);
    expect((await get('/api/runs', { host: 'localhost:1' })).status).toBe(200);
    expect((await get('/api/runs', {}, 'POST')).status).toBe(405);
  });

  it('streams what a training writes, whole lines only', async () => {
    const folder = writeRun(logdir, 'log-key', '20251009-090000-bbbbbb', 'running', eventsOf(1, 5));
    const key = 'log-key/20251009-090000-bbbbbb';
    const { offset } = JSON.parse((await get(`/api/runs/${key}`)).body) as { offset: number };
    const controller = new AbortController();
    const response = await fetch(`${dashboard.url}api/stream`, { signal: controller.signal });
    const reader = (response.body ?? new ReadableStream<Uint8Array>()).getReader();
    const decoder = new TextDecoder();
    let text = '';
    const until = async (pattern: RegExp): Promise<void> => { while (!pattern.test(text)) text += decoder.decode((await reader.read()).value, { stream: true }); };
    await until(/"kind":"runs"/);
    const whole = lines(eventsOfEpoch(2, 5));
    appendFileSync(path.join(folder, 'metrics.jsonl'), whole.slice(0, -20));
    await until(/"kind":"lines"/);
    appendFileSync(path.join(folder, 'metrics.jsonl'), whole.slice(-20));
    await until(/"event":"epoch"/);
    controller.abort();
    const messages = text.split('\n').filter((l) => l.startsWith('data: ')).map((l) => JSON.parse(l.slice(6)) as { kind: string; key: string; from: number; to: number; events: unknown[] }).filter((m) => m.kind === 'lines');
    expect(messages.every((m) => m.key === key)).toBe(true);
    expect(messages[0].from).toBe(offset);
    expect(messages.map((m) => m.from).slice(1)).toEqual(messages.map((m) => m.to).slice(0, -1));
    expect(messages.flatMap((m) => m.events)).toEqual(eventsOfEpoch(2, 5));
  });

  it('says when its port is taken', async () => {
    await expect(startDashboard({ logdir, artifacts, host: '127.0.0.1', port: Number(new URL(dashboard.url).port) })).rejects.toThrow(/Port \d+ of 127\.0\.0\.1 is taken/);
  });
});
