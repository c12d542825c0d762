import { readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createEngine, type Engine } from '../../deeplog/engine/index.js';
import { detect } from '../../deeplog/evaluation/index.js';
import { simulateBlockStore } from '../../deeplog/simulator/index.js';
import { parseSimulated } from '../block_store_log.js';
import { removeScratchAfterwards, scratchFolder } from '../helpers.js';
import { startService, trainSmall, type TestService } from './service.js';

const folder = scratchFolder();
removeScratchAfterwards();
const at = (name: string): string => path.join(folder, name);
const MODELS = ['deeplog-keys', 'deeplog-keys-nll', 'deeplog-workflow', 'deeplog', 'unseen-key', 'length'];
/** Another day, with planted faults, an empty line, a line of another layout and bytes that are no UTF-8. */
const tomorrow = simulateBlockStore({ sessions: 60, anomalyShare: 0.2, seed: 9 });
const lines = [...tomorrow.lines.slice(0, 40), '', 'not of this layout', `${tomorrow.lines[40]} \u00e9`, ...tomorrow.lines.slice(41)];
const log = `${lines.join('\n')}\n`;
let engine: Engine;
let service: TestService;

beforeAll(async () => {
  engine = await createEngine({ engine: 'onnx' });
  const parsed = await parseSimulated(simulateBlockStore({ sessions: 250, anomalyShare: 0.05, seed: 5 }), folder);
  for (const id of MODELS) await trainSmall(id, parsed, at(id), engine, id === 'deeplog-keys-nll' ? 4 : id === 'deeplog' ? 1.5 : id === 'deeplog-workflow' ? 0.9 : 3);
  service = await startService(MODELS.map((name) => ({ name, folder: at(name) })), engine);
}, 120_000);

afterAll(async () => {
  await service?.close();
  await engine?.dispose();
});

async function post(query: string, payload: string, type = 'text/plain', accept = 'application/json'): Promise<{ status: number; body: string }> {
  const { statusCode, body } = await service.app.inject({ method: 'POST', url: `/detect${query}`, payload, headers: { 'content-type': type, accept } });
  return { status: statusCode, body };
}

interface Answer {
  summary: Record<string, unknown>;
  sessions: Record<string, unknown>[];
}

describe('POST /detect', () => {
  it.each(MODELS)('says of every session what the detect stage says, with %s', async (id) => {
    await writeFile(at('tomorrow.log'), log);
    const result = await detect({ model: at(id), inputFile: at('tomorrow.log'), outputPath: at(`detected-${id}`), overwrite: true, recalibrate: false, triage: false, targetFpr: 0.01, flags: {} }, () => Promise.resolve(engine));
    const offline = (await readFile(result.verdictsFile, 'utf8')).trim().split('\n').map((l) => {
      const verdict = JSON.parse(l) as Record<string, unknown>;
      delete verdict.pattern;
      return verdict;
    });
    const { status, body } = await post(`?model=${id}`, log);
    expect(status).toBe(200);
    const { sessions, summary } = JSON.parse(body) as Answer;
    expect(sessions).toEqual(offline);
    expect(summary).toMatchObject({ total_sequences: offline.length, total_anomalous_sequences: result.flagged.length, lines: lines.length, empty_lines: 1, unparsed_lines: 1, unparsed: [{ line: 42, text: 'not of this layout' }] });
    expect(result.flagged.length).toBeGreaterThan(0);
  });
});
