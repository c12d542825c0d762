import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import path from 'node:path';
import { createEngine, type Engine } from '../../deeplog/engine/index.js';
import { simulateBlockStore } from '../../deeplog/simulator/index.js';
import { parseSimulated } from '../block_store_log.js';
import { removeScratchAfterwards, scratchFolder } from '../helpers.js';
import { complaint, hostileRequests, type OpenApi } from './hostile.js';
import { startService, trainSmall, type TestService } from './service.js';

const folder = scratchFolder();
removeScratchAfterwards();
const log = simulateBlockStore({ sessions: 200, anomalyShare: 0.05, seed: 5 });
let engine: Engine;
let service: TestService;

beforeAll(async () => {
  engine = await createEngine({ engine: 'onnx' });
  const parsed = await parseSimulated(log, folder);
  for (const id of ['2-gram', 'deeplog-workflow']) await trainSmall(id, parsed, path.join(folder, id), engine, 0.9);
  service = await startService([{ name: 'q', folder: path.join(folder, '2-gram') }, { name: 'flow', folder: path.join(folder, 'deeplog-workflow') }], engine);
}, 60_000);

afterAll(async () => {
  await service?.close();
  await engine?.dispose();
});

describe('the service under malformed and hostile requests', () => {
  it('answers each of 400 made from its own description, never with a 5xx, a crash or a look inside', async () => {
    const api = (await service.app.inject('/openapi.json')).json<OpenApi>();
    const statuses = new Map<number, number>();
    await fc.assert(fc.asyncProperty(hostileRequests(api, log.lines.slice(0, 200)), async ({ method, path: url, headers, body }) => {
      const answer = await service.app.inject({ method: method as 'GET', url, headers, ...(body === null ? {} : { payload: body }) });
      statuses.set(answer.statusCode, (statuses.get(answer.statusCode) ?? 0) + 1);
      expect(complaint(answer.statusCode, String(answer.headers['content-type'] ?? ''), answer.rawPayload.toString('utf8'), [folder, process.cwd()])).toBeNull();
    }), { numRuns: 400, seed: 7, endOnFailure: true });
    // The generator must reach the inside as well as the door.
    for (const status of [200, 400, 404, 405, 415]) expect(statuses.get(status) ?? 0, `answers with status ${status}`).toBeGreaterThan(10);
    expect((await service.app.inject('/health')).statusCode).toBe(200);
  }, 60_000);
});
