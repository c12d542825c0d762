import Ajv2020 from 'ajv/dist/2020.js';
import addFormats from 'ajv-formats';
import { cpSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { request } from 'node:http';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { gunzipSync, gzipSync } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { readJson, writeJson, writeManifest } from '../../deeplog/artifacts/index.js';
import { createEngine, type Engine } from '../../deeplog/engine/index.js';
import { ApiKeys, ModelRegistry, modelSpecs } from '../../deeplog/serving/index.js';
import { simulateBlockStore } from '../../deeplog/simulator/index.js';
import { parseSimulated } from '../block_store_log.js';
import { removeScratchAfterwards, scratchFolder } from '../helpers.js';
import { startService, trainSmall, type TestService } from './service.js';

const folder = scratchFolder();
removeScratchAfterwards();
const at = (name: string): string => path.join(folder, name);
const log = simulateBlockStore({ sessions: 150, anomalyShare: 0.05, seed: 5 });
const text = `${log.lines.slice(0, 300).join('\n')}\n`;
let engine: Engine;
const open: TestService[] = [];

async function service(given: Parameters<typeof startService>[2] = {}, name = '2-gram'): Promise<TestService> {
  const started = await startService([{ name: 'm', folder: at(name) }], engine, given);
  open.push(started);
  return started;
}

beforeAll(async () => {
  engine = await createEngine({ engine: 'onnx' });
  const parsed = await parseSimulated(log, folder);
  for (const id of ['2-gram', 'length', 'deeplog-params']) await trainSmall(id, parsed, at(id), engine, 0.5);
}, 60_000);

afterAll(async () => {
  for (const s of open) await s.close();
  await engine?.dispose();
});

interface Refusal { error: { code: string; message: string; fix: string } }

async function code(s: TestService, url: string, payload: string | Buffer, headers: Record<string, string> = {}): Promise<[number, string]> {
  const answer = await s.app.inject({ method: 'POST', url, payload, headers: { 'content-type': 'text/plain', ...headers } });
  return [answer.statusCode, answer.statusCode === 200 ? '' : answer.json<Refusal>().error.code];
}

describe('limits, each with its own error', () => {
  it('refuses a body that is too large, compressed or not, and a line that is too long', async () => {
    const s = await service({ limits: { maxBodyBytes: 10_000, maxLineBytes: 500 } });
    expect(await code(s, '/detect', text.slice(0, 9000))).toEqual([200, '']);
    expect(await code(s, '/detect', text)).toEqual([413, 'body_too_large']);
    expect(await code(s, '/detect', gzipSync('a\n'.repeat(1_000_000)), { 'content-encoding': 'gzip' })).toEqual([413, 'body_too_large']);
    expect(await code(s, '/detect', JSON.stringify({ raw_log_data: text }), { 'content-type': 'application/json' })).toEqual([413, 'body_too_large']);
    expect(await code(s, '/detect', `${log.lines[0]}\n${'x'.repeat(501)}\n`)).toEqual([413, 'line_too_long']);
    // Asked for line by line, the answer has no need of the whole: the larger limit holds.
    expect(await code(s, '/detect', text, { accept: 'application/x-ndjson' })).toEqual([200, '']);
  });

  it.each([
    ['an unknown encoding', text, { 'content-encoding': 'zstd' }, [415, 'unknown_encoding']],
    ['gzip that is none', text, { 'content-encoding': 'gzip' }, [400, 'bad_compression']],
    ['gzip that is cut off', gzipSync(text).subarray(0, 500), { 'content-encoding': 'gzip' }, [400, 'bad_compression']],
    ['UTF-16', Buffer.from('\ufeffabc', 'utf16le'), {}, [415, 'unreadable_text']],
    ['a form', 'a=b', { 'content-type': 'application/x-www-form-urlencoded' }, [415, 'unsupported_media_type']],
    ['nothing', '\n\n', {}, [400, 'empty_log']],
    ['another layout', 'hello\nworld\n', {}, [422, 'wrong_layout']],
    ['lines without a session', '240115 080000 1 INFO a: nothing here\n', {}, [422, 'no_sessions']],
    ['a record that is none', '"a"\n{"line": 5}\n', { 'content-type': 'application/x-ndjson' }, [400, 'bad_record']],
    ['a record of two lines', JSON.stringify('a\nb'), { 'content-type': 'application/x-ndjson' }, [400, 'bad_record']],
    ['JSON that is none', '{"raw_log_data":', { 'content-type': 'application/json' }, [400, 'invalid_json']],
    ['an unknown field', '{"raw_log_data":"a","x":1}', { 'content-type': 'application/json' }, [400, 'invalid_body']],
  ] as const)('refuses %s', async (_, payload, headers, expected) => {
    expect(await code(await service(), '/detect', payload as string, headers as Record<string, string>)).toEqual(expected);
  });

  it('lives on when a compressed body that nobody reads any more turns out to be broken', async () => {
    const s = await service();
    for (const encoding of ['gzip', 'deflate', 'br']) expect(await code(s, '/detect?unknown=1', gzipSync(text).subarray(0, 200), { 'content-encoding': encoding })).toEqual([400, 'invalid_query']);
    await sleep(20); // an error that no one listens to would fail the test run
    expect((await s.app.inject('/health')).statusCode).toBe(200);
  });

  it('refuses an answer that would be too long in one piece; line by line it is given', async () => {
    const s = await service({ limits: { maxAnswerChars: 5000 } });
    expect(await code(s, '/parse', text.slice(0, 500))).toEqual([200, '']);
    expect(await code(s, '/parse', text)).toEqual([413, 'answer_too_large']);
    expect(await code(s, '/parse', text, { accept: 'application/x-ndjson' })).toEqual([200, '']);
  });

  it('takes its place back from a client that does not read its answer', async () => {
    const s = await service({ limits: { timeoutMs: 300 } });
    const address = await s.app.listen({ port: 0, host: '127.0.0.1' });
    const r = request(`${address}/parse`, { method: 'POST', headers: { 'content-type': 'text/plain', accept: 'application/x-ndjson' } }, (res) => res.pause());
    const cut = new Promise((resolve) => r.on('close', resolve).on('error', resolve));
    r.end(text.repeat(600)); // tens of megabytes of answer: more than sockets take in
    while (s.gate.inside === 0) await sleep(5);
    while (s.gate.inside > 0) await sleep(20);
    r.destroy();
    await cut;
  });

  it('lets so many work and wait, and turns the next away; a body that does not come in time has its own answer', async () => {
    const s = await service({ limits: { maxConcurrency: 1, maxQueue: 1, timeoutMs: 1500 } });
    const address = await s.app.listen({ port: 0, host: '127.0.0.1' });
    const slow = new Promise<{ status: number; body: string }>((resolve, reject) => {
      const r = request(`${address}/detect`, { method: 'POST', headers: { 'content-type': 'text/plain', 'content-length': '1000' } }, (res) => {
        let body = '';
        res.on('data', (piece: Buffer) => { body += piece.toString(); });
        res.on('end', () => resolve({ status: res.statusCode ?? 0, body }));
      });
      r.on('error', reject);
      r.write('240115 ');
    });
    while (s.gate.inside === 0) await sleep(5);
    const post = (): Promise<Response> => fetch(`${address}/detect`, { method: 'POST', headers: { 'content-type': 'text/plain' }, body: text });
    const second = post();
    while (s.gate.queued === 0) await sleep(5);
    const third = await post();
    expect([third.status, third.headers.get('retry-after'), ((await third.json()) as Refusal).error.code]).toEqual([503, '1', 'overloaded']);
    const refused = await slow;
    expect([refused.status, (JSON.parse(refused.body) as Refusal).error.code]).toEqual([408, 'request_timeout']);
    expect([200, 503]).toContain((await second).status); // its own time ran while it waited
    while (s.gate.inside > 0) await sleep(5);
  });
});

describe('API keys', () => {
  it('open everything but /health, /ready and the description', async () => {
    await writeFile(at('keys'), '# two keys\n0123456789abcdef\n\nfedcba9876543210\r\n');
    const s = await service({ keys: await ApiKeys.read(at('keys')) });
    const status = async (url: string, headers: Record<string, string> = {}): Promise<number> => (await s.app.inject({ url, headers })).statusCode;
    for (const url of ['/health', '/ready', '/openapi.json', '/docs/']) expect(await status(url)).toBe(200);
    for (const url of ['/models', '/metrics']) {
      expect(await status(url)).toBe(401);
      expect(await status(url, { authorization: 'Bearer 0123456789abcdeX' })).toBe(401);
      expect(await status(url, { authorization: 'Bearer fedcba9876543210' })).toBe(200);
      expect(await status(url, { 'x-api-key': '0123456789abcdef' })).toBe(200);
    }
    expect(await code(s, '/detect', text)).toEqual([401, 'api_key_missing']);
    expect(await code(s, '/models/m/reload', '', { 'x-api-key': 'nonsense-nonsense' })).toEqual([401, 'api_key_wrong']);
  });

  it('are refused when short, unsendable or missing', async () => {
    for (const [content, message] of [['short\n', /line 1: the key has 5 characters/], ['# none\n', /holds no key/], ['key with a blank in it\n', /characters that a header cannot carry/]] as const) {
      await writeFile(at('bad_keys'), content);
      await expect(ApiKeys.read(at('bad_keys'))).rejects.toThrow(message);
    }
    await expect(ApiKeys.read(at('no_such_file'))).rejects.toThrow(/Check --api_key_file/);
  });
});

describe('what a request leaves behind', () => {
  it('is nothing: a new template is unknown each time, and is evidence', async () => {
    const s = await service();
    const strange = [log.lines[0], ...[1, 2].map(() => log.lines[0].replace(/: .*/, ': something never said before of blk_1'))].join('\n');
    const parse = async (): Promise<{ line: number; event: number }[]> => (await s.app.inject({ method: 'POST', url: '/parse', payload: strange, headers: { 'content-type': 'text/plain' } })).json<{ lines: { line: number; event: number }[] }>().lines;
    const first = await parse();
    expect(first.map((l) => [l.line, l.event > 0])).toEqual([[1, true], [2, false], [3, false]]);
    for (let i = 0; i < 3; i++) expect(await parse()).toEqual(first);
    const { sessions, summary } = (await s.app.inject({ method: 'POST', url: '/detect', payload: strange, headers: { 'content-type': 'text/plain' } })).json<{ summary: object; sessions: { key: string; abnormal: boolean; evidence?: { line?: number }[] }[] }>();
    expect(summary).toMatchObject({ unknown_template_lines: 2 });
    expect(sessions.find((v) => v.key === 'blk_1')).toMatchObject({ abnormal: true, evidence: [{ line: 3 }] });
  });
});

describe('reloading a model', () => {
  it('takes the new version without a request failing, and keeps the old one when the new cannot be read', async () => {
    cpSync(at('2-gram'), at('live'), { recursive: true });
    const s = await service({}, 'live');
    const models = async (): Promise<{ detector: string; version: string }> => (await s.app.inject('/models')).json<{ models: { detector: string; version: string }[] }>().models[0];
    const before = await models();
    expect(await s.models.changed()).toEqual([]);
    const running = Array.from({ length: 40 }, (_, i) => sleep(i).then(() => code(s, '/detect', text)));
    cpSync(at('length'), at('live'), { recursive: true });
    expect(await s.models.changed()).toEqual(['m']);
    expect((await s.app.inject({ method: 'POST', url: '/models/m/reload' })).json()).toMatchObject({ name: 'm', detector: 'length' });
    for (const answer of await Promise.all(running)) expect(answer).toEqual([200, '']);
    expect((await models()).version).not.toBe(before.version);
    // detect --recalibrate writes the threshold alone.
    await writeJson(at('live/config.json'), { ...(await readJson(at('live/config.json'))) as object, threshold: 0.25 });
    expect(await s.models.changed()).toEqual(['m']);
    await writeFile(at('live/config.json'), '{"detector": "no such thing"}');
    expect(await code(s, '/models/m/reload', '')).toEqual([409, 'reload_failed']);
    expect(await code(s, '/models/other/reload', '')).toEqual([404, 'unknown_model']);
    expect((await models()).detector).toBe('length');
    expect(await code(s, '/detect', text)).toEqual([200, '']);
    const metrics = (await s.app.inject('/metrics')).body;
    expect(metrics).toContain('deeplog_model_reloads_total{model="m",result="loaded"} 1\n');
    expect(metrics).toContain('deeplog_model_reloads_total{model="m",result="failed"} 1\n');
  });
});

describe('loading a model', () => {
  it('reads it anew when a stage writes it in between, so that version and weights belong together', async () => {
    cpSync(at('deeplog-params'), at('rewritten'), { recursive: true });
    let reads = 0;
    const models = await ModelRegistry.load([{ name: 'm', folder: at('rewritten') }], async () => {
      if (reads++ === 0) await writeManifest(at('rewritten'), { stage: 'test', startedAt: performance.now(), inputs: {}, options: { again: true } });
      return engine;
    });
    expect(reads).toBeGreaterThan(1);
    expect(models.get('m').trained.manifest.options).toEqual({ again: true });
    expect(await models.changed()).toEqual([]);
    await models.dispose();
  });
});

describe('the description of the service', () => {
  it('is OpenAPI 3.1 and true: every answer fits its schema', async () => {
    const s = await service();
    const api = (await s.app.inject('/openapi.json')).json<{ openapi: string; paths: Record<string, Record<string, { responses: Record<string, { content?: Record<string, { schema: object }> }> }>> }>();
    expect(api.openapi).toBe('3.1.0');
    const ajv = new Ajv2020.default({ strict: false, allErrors: true });
    addFormats.default(ajv);
    const text_plain = { 'content-type': 'text/plain' };
    const json = { 'content-type': 'application/json' };
    for (const [method, url, payload, headers] of [
      ['GET', '/health'], ['GET', '/ready'], ['GET', '/models'], ['POST', '/models/m/reload'], ['POST', '/models/x/reload'], ['POST', '/detect', text, text_plain], ['POST', '/detect?rule=share', text, text_plain],
      ['POST', '/detect', '{}', json], ['POST', '/parse', text, text_plain], ['POST', '/parse?model=x', text, text_plain], ['POST', '/sessions/score', '{"sessions":[{"events":[1,2,99]},{"events":[]}]}', json], ['POST', '/sessions/score', '[]', json],
    ] as const) {
      const answer = await s.app.inject({ method, url, ...(payload === undefined ? {} : { payload, headers }) });
      const schema = api.paths[url.split('?')[0].replace(/\/models\/\w+\//, '/models/{name}/')][method.toLowerCase()].responses[answer.statusCode]?.content?.['application/json']?.schema;
      if (schema === undefined) throw new Error(`${method} ${url}: ${answer.statusCode} is not described`);
      const fits = ajv.compile(schema);
      expect([method, url, fits(answer.json()), fits.errors]).toEqual([method, url, true, null]);
    }
  });

  it('is shown as a page that asks nobody else', async () => {
    const s = await service();
    const page = (await s.app.inject('/docs/')).body;
    for (const [, source] of page.matchAll(/(?:src|href)="([^"]+)"/g)) {
      expect(source).not.toMatch(/^(https?:)?\/\//);
      expect([source, (await s.app.inject(`/docs/${source.replace(/^(\.\/|\/docs\/)/, '')}`)).statusCode]).toEqual([source, 200]);
    }
  });
});

describe('answers', () => {
  it('are gzipped for who takes it, streamed ones too', async () => {
    const s = await service();
    for (const accept of ['application/json', 'application/x-ndjson']) {
      const plain = await s.app.inject({ method: 'POST', url: '/detect', payload: text, headers: { 'content-type': 'text/plain', accept } });
      const zipped = await s.app.inject({ method: 'POST', url: '/detect', payload: gzipSync(text), headers: { 'content-type': 'text/plain', 'content-encoding': 'gzip', 'accept-encoding': 'br, gzip', accept } });
      expect([plain.headers['content-encoding'], zipped.headers['content-encoding']]).toEqual([undefined, 'gzip']);
      expect(gunzipSync(zipped.rawPayload).toString()).toBe(plain.body);
    }
  });

  it('say which address takes what', async () => {
    const s = await service();
    const get = await s.app.inject('/detect');
    expect([get.statusCode, get.json<Refusal>().error]).toEqual([405, { code: 'method_not_allowed', message: '/detect does not take GET.', fix: 'Use POST.' }]);
    expect((await s.app.inject('/nothing')).statusCode).toBe(404);
  });

  it('of a detector that needs more than event ids are for raw logs only', async () => {
    const s = await service({}, 'deeplog-params');
    expect(await code(s, '/detect', text)).toEqual([200, '']);
    expect(await code(s, '/sessions/score', '{"sessions":[{"events":[1]}]}', { 'content-type': 'application/json' })).toEqual([422, 'model_needs_more']);
  });
});

describe('--model', () => {
  it('is a folder or name=folder; names are unique', () => {
    expect(modelSpecs(['artifacts/keys', 'flow=x/y'])).toEqual([{ name: 'keys', folder: 'artifacts/keys' }, { name: 'flow', folder: 'x/y' }]);
    expect(() => modelSpecs(['a/m', 'b/m'])).toThrow(/two models are called "m"/);
  });
});
