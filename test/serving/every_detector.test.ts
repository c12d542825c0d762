import { readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { readJson, readSessions } from '../../deeplog/artifacts/index.js';
import { createDetector, DETECTOR_IDS } from '../../deeplog/detectors/index.js';
import { createEngine, type Engine } from '../../deeplog/engine/index.js';
import { detect, needsDetails } from '../../deeplog/evaluation/index.js';
import { drainSettings, runDrain } from '../../deeplog/sessions/index.js';
import { simulateBlockStore } from '../../deeplog/simulator/index.js';
import { BLOCK_STORE_FLAGS, parseSimulated } from '../block_store_log.js';
import { removeScratchAfterwards, scratchFolder } from '../helpers.js';
import { startService, trainSmall, type TestService } from './service.js';

/** Every detector of the registry, behind the service: a new one is tested by being registered. */

removeScratchAfterwards();
const folder = scratchFolder();
const at = (name: string): string => path.join(folder, name);
/** The text autoencoder reads templates where sessions come without their lines; as it is registered here, it reads raw lines. */
const FROM_TEMPLATES = 'autoencoder of templates';
const MODELS = [...DETECTOR_IDS, FROM_TEMPLATES];
const tomorrow = simulateBlockStore({ sessions: 16, anomalyShare: 0.4, seed: 9, faults: ['missing_step', 'wrong_order', 'unknown_event', 'retry_storm', 'outlying_value'] });
/** With what is no line of a session, and a session that is far too long. */
const lines = [...tomorrow.lines.slice(0, 40), '', 'not of this layout', `${tomorrow.lines[40]} \u00e9`, ...tomorrow.lines.slice(41), ...Array.from({ length: 60 }, () => tomorrow.lines[0])];
const log = `${lines.join('\n')}\n`;
/** The whole log and parts of it, whose sessions are cut. */
const LOGS = [log, `${lines.slice(0, 60).join('\n')}\n`, `${lines.slice(60).join('\n')}\n`];
let engine: Engine;
let service: TestService;
const named = (id: string): string => id.replace(/ /g, '_');

beforeAll(async () => {
  engine = await createEngine({ engine: 'onnx' });
  await writeFile(at('tomorrow.log'), log);
  const parsed = await parseSimulated(simulateBlockStore({ sessions: 90, anomalyShare: 0.15, seed: 5 }), folder);
  // All have the same parser: what is parsed once serves all.
  await runDrain(drainSettings({ ...BLOCK_STORE_FLAGS, max_unparsed: 0.05, input_file: at('tomorrow.log'), output_path: at('tomorrow'), state: path.join(parsed, 'drain_state.json'), match_only: true }));
  for (const id of MODELS) await trainSmall(id === FROM_TEMPLATES ? 'autoencoder' : id, parsed, at(named(id)), engine, at('tomorrow'), { rawText: id !== FROM_TEMPLATES });
  service = await startService(MODELS.map((id) => ({ name: named(id), folder: at(named(id)) })), engine);
}, 180_000);

afterAll(async () => {
  await service?.close();
  await engine?.dispose();
});

interface Verdict { key: string; score: number; abnormal: boolean; evidence?: { line?: number; raw?: string }[] }

const post = (id: string, payload: string): Promise<{ statusCode: number; body: string }> => service.app.inject({ method: 'POST', url: `/detect?model=${named(id)}`, payload, headers: { 'content-type': 'text/plain' } });
const alone = new Map<string, string[]>();

describe.each(MODELS)('%s behind the service', (id) => {
  it('says of every session what the detect stage says, and of sessions given as event ids, where it needs no more', async () => {
    const inputFile = id === MODELS[0] ? at('tomorrow.log') : at('tomorrow');
    const result = await detect({ model: at(named(id)), inputFile, outputPath: at(`detected-${named(id)}`), overwrite: true, recalibrate: false, triage: false, targetFpr: 0.01, flags: {} }, () => Promise.resolve(engine));
    const offline = (await readFile(result.verdictsFile, 'utf8')).trim().split('\n').map((l) => {
      const verdict = JSON.parse(l) as Verdict & { pattern?: number };
      delete verdict.pattern;
      return verdict;
    });
    const { statusCode, body } = await post(id, log);
    expect(`${statusCode} ${statusCode === 200 ? '' : body}`).toBe('200 ');
    const { sessions } = JSON.parse(body) as { sessions: Verdict[] };
    expect(sessions).toEqual(offline);
    expect(result.flagged.length).toBeGreaterThan(0);
    for (const e of sessions.flatMap((s) => s.evidence ?? [])) if (e.line !== undefined) expect(e.raw).toBe(lines[e.line - 1]);

    const events: { key: string; events: number[] }[] = [];
    for await (const s of readSessions(at('tomorrow/sessions.arrow'))) events.push({ key: s.key, events: Array.from(s.events) });
    const scored = await service.app.inject({ method: 'POST', url: '/sessions/score', payload: { model: named(id), sessions: events } });
    if (needsDetails(createDetector(id === FROM_TEMPLATES ? 'autoencoder' : id, { rawText: id !== FROM_TEMPLATES, templates: new Map() }))) expect([scored.statusCode, scored.json<{ error: { code: string } }>().error.code]).toEqual([422, 'model_needs_more']);
    else expect(scored.json<{ sessions: Verdict[] }>().sessions.map(({ key, score, abnormal }) => ({ key, score, abnormal }))).toEqual(offline.map(({ key, score, abnormal }) => ({ key, score, abnormal })));
  });

  it('gives the same answer again', async () => {
    const answers: string[] = [];
    for (const part of LOGS) answers.push((await post(id, part)).body);
    alone.set(id, answers);
    expect((await post(id, LOGS[0])).body).toBe(answers[0]);
  });
});

it('all of them answer among each other as each does alone', async () => {
  const asked = MODELS.flatMap((id) => LOGS.map((part, i) => ({ id, part, i })));
  const order = asked.map((_, i) => (i * 7) % asked.length); // neighbours are of other models
  const answers = await Promise.all(order.map((i) => post(asked[i].id, asked[i].part)));
  order.forEach((i, n) => expect(answers[n].body === alone.get(asked[i].id)?.[asked[i].i], `${asked[i].id}, part ${asked[i].i}`).toBe(true));
});

it('has its threshold where some sessions are above it and some are not, so that the comparison means something', async () => {
  for (const id of MODELS) {
    const { sessions } = JSON.parse(alone.get(id)?.[0] ?? '{}') as { sessions: Verdict[] };
    expect(new Set(sessions.map((s) => s.abnormal)), id).toEqual(new Set([true, false]));
  }
  expect(await readJson(at('deeplog/config.json'))).toMatchObject({ detector: 'deeplog' });
});
