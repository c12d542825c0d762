import { readFile, rm, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createEngine, type Engine } from '../../deeplog/engine/index.js';
import { detect } from '../../deeplog/evaluation/index.js';
import { simulateBlockStore } from '../../deeplog/simulator/index.js';
import { TriageStore } from '../../deeplog/triage/index.js';
import { parseSimulated } from '../block_store_log.js';
import { removeScratchAfterwards, scratchFolder } from '../helpers.js';
import { startService, trainSmall, type TestService } from './service.js';

const folder = scratchFolder();
removeScratchAfterwards();
const at = (name: string): string => path.join(folder, name);
/** Named for triage by sets of events, by what they find in a session, and by clusters of vectors. */
const MODELS = ['length', 'deeplog-keys', 'autoencoder-line'];
const log = `${simulateBlockStore({ sessions: 80, anomalyShare: 0.3, seed: 9 }).lines.join('\n')}\n`;
let engine: Engine;
let service: TestService;

beforeAll(async () => {
  engine = await createEngine({ engine: 'onnx' });
  const parsed = await parseSimulated(simulateBlockStore({ sessions: 250, anomalyShare: 0.05, seed: 5 }), folder);
  await writeFile(at('today.log'), log);
  for (const id of MODELS) await trainSmall(id, parsed, at(id), engine, id === 'length' ? 0 : parsed);
  service = await startService(MODELS.map((name) => ({ name, folder: at(name) })), engine);
}, 240_000);

afterAll(async () => {
  await service?.close();
  await engine?.dispose();
});

interface Answer {
  summary: Record<string, unknown>;
  sessions: { key: string; abnormal: boolean; score: number; threshold: number; triage?: { id: string; answer: string | null }; evidence?: unknown }[];
}

async function ask(query: string): Promise<{ status: number; answer: Answer }> {
  const { statusCode, body } = await service.app.inject({ method: 'POST', url: `/detect${query}`, payload: log, headers: { 'content-type': 'text/plain' } });
  return { status: statusCode, answer: JSON.parse(body) as Answer };
}

/** What the detect stage says, whose alerts can be answered afterwards. */
async function offline(id: string): Promise<Answer['sessions']> {
  const { verdictsFile } = await detect({ model: at(id), inputFile: at('today.log'), outputPath: at(`detected-${id}`), overwrite: true, recalibrate: false, triage: true, targetFpr: 0.01, flags: {} }, () => Promise.resolve(engine));
  return (await readFile(verdictsFile, 'utf8')).trim().split('\n').map((l) => {
    const { pattern, ...verdict } = JSON.parse(l) as Answer['sessions'][number] & { pattern?: unknown };
    expect(pattern).toBeDefined();
    return verdict;
  });
}

describe('A service whose models have answers to alerts', () => {
  it.each(MODELS)('judges as the detect stage does that follows them, with %s', async (id) => {
    const before = await ask(`?model=${id}`);
    const alerts = before.answer.sessions.filter((s) => s.abnormal);
    expect(alerts.length).toBeGreaterThan(3);
    // Nobody has answered anything: nothing is said of triage.
    await offline(id);
    expect((await ask(`?model=${id}`)).answer).toEqual(before.answer);

    const [accepted, rejected] = (await TriageStore.open(at(id))).ofStatus('open');
    await TriageStore.answer(at(id), [accepted.id], 'accepted', 'me', null);
    if (rejected !== undefined) await TriageStore.answer(at(id), [rejected.id], 'rejected', 'me', null);
    const expected = await offline(id);
    const { answer } = await ask(`?model=${id}`);
    expect(answer.sessions).toEqual(expected);
    const quiet = answer.sessions.filter((s) => s.score > s.threshold && !s.abnormal);
    expect(quiet.length).toBeGreaterThan(0);
    expect(quiet.every((s) => s.triage?.answer === 'accepted' && s.evidence === undefined)).toBe(true);
    expect(answer.summary).toMatchObject({ total_accepted_sequences: quiet.length, total_anomalous_sequences: alerts.length - quiet.length });

    // Who asks for the score alone gets it.
    expect((await ask(`?model=${id}&triage=false`)).answer).toEqual(before.answer);
    // An answer that is taken back is followed from the next request on.
    await TriageStore.answer(at(id), [accepted.id], null, 'me', null);
    expect((await ask(`?model=${id}`)).answer.summary.total_accepted_sequences ?? 0).toBe(0);
  });

  it('leaves the rule share alone, and says when answers cannot be read', async () => {
    const file = at('length/triage.json');
    const kept = await readFile(file, 'utf8');
    await writeFile(file, '{"schema": "something else"}');
    const broken = await ask('?model=length');
    expect(broken).toMatchObject({ status: 409, answer: { error: { code: 'answers_not_read', fix: expect.stringContaining('triage.json') as string } } });
    expect((await ask('?model=length&triage=false')).status).toBe(200);
    const share = await ask('?model=length&rule=share');
    expect(share.status).toBe(200);
    expect(share.answer.sessions.every((s) => s.triage === undefined)).toBe(true);
    await rm(file);
    expect((await ask('?model=length')).status).toBe(200);
    await writeFile(file, kept);
  });
});
