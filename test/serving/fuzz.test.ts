import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import path from 'node:path';
import { createEngine, type Engine } from '../../deeplog/engine/index.js';
import { simulateBlockStore } from '../../deeplog/simulator/index.js';
import { parseSimulated } from '../block_store_log.js';
import { removeScratchAfterwards, scratchFolder } from '../helpers.js';
import { complaint, hostileRequests, type OpenApi } from './hostile.js';
import { COLUMNS, csvRows, parseRecords, rowsOf, spread } from './records.js';
import { startService, trainSmall, type TestService } from './service.js';

const folder = scratchFolder();
removeScratchAfterwards();
const log = simulateBlockStore({ sessions: 200, anomalyShare: 0.05, seed: 5 });
/** Rows of the same log, as a model reads them that was trained on records. */
const rows = rowsOf(log.lines.slice(0, 200));
/** By what the first model, which requests reach that name none, was trained on. */
const LOGS = { lines: log.lines.slice(0, 200), jsonl: rows.map((row) => JSON.stringify(row)), csv: [COLUMNS.join(','), ...csvRows(spread(rows)).trimEnd().split('\n')] };
let engine: Engine;
const services = new Map<string, TestService>();

beforeAll(async () => {
  engine = await createEngine({ engine: 'onnx' });
  const parsed = await parseSimulated(log, folder);
  for (const id of ['2-gram', 'deeplog-workflow']) await trainSmall(id, parsed, path.join(folder, id), engine, 0.9);
  for (const name of ['jsonl', 'csv'] as const) await trainSmall('2-gram', await parseRecords(name, rows, folder), path.join(folder, name), engine, 0.9);
  for (const [name, model] of [['lines', '2-gram'], ['jsonl', 'jsonl'], ['csv', 'csv']]) services.set(name, await startService([{ name: 'q', folder: path.join(folder, model) }, { name: 'flow', folder: path.join(folder, 'deeplog-workflow') }], engine));
}, 60_000);

afterAll(async () => {
  for (const service of services.values()) await service.close();
  await engine?.dispose();
});

describe('the service under malformed and hostile requests', () => {
  it.each([['lines', 400], ['jsonl', 150], ['csv', 150]] as const)('with a model of %s answers each of %d made from its own description, never with a 5xx, a crash or a look inside', async (name, numRuns) => {
    const service = services.get(name) as TestService;
    const api = (await service.app.inject('/openapi.json')).json<OpenApi>();
    const statuses = new Map<number, number>();
    await fc.assert(fc.asyncProperty(hostileRequests(api, LOGS[name]), async ({ method, path: url, headers, body }) => {
      const answer = await service.app.inject({ method: method as 'GET', url, headers, ...(body === null ? {} : { payload: body }) });
      statuses.set(answer.statusCode, (statuses.get(answer.statusCode) ?? 0) + 1);
      expect(complaint(answer.statusCode, String(answer.headers['content-type'] ?? ''), answer.rawPayload.toString('utf8'), [folder, process.cwd()])).toBeNull();
    }), { numRuns, seed: 7, endOnFailure: true });
    // The generator must reach the inside as well as the door.
    for (const status of [200, 400, 404, 405, 415]) expect(statuses.get(status) ?? 0, `answers with status ${status}`).toBeGreaterThan(numRuns / 40);
    expect((await service.app.inject('/health')).statusCode).toBe(200);
  }, 60_000);
});
