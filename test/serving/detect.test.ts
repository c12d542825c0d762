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

  it('gives the same answer alone, again, and among a thousand at the same time', async () => {
    const requests = [0, 1, 2, 3].map((k) => `${lines.slice(k * 40, k * 40 + 40).join('\n')}\n`);
    const asked = ['deeplog-keys', 'deeplog-keys-nll', 'deeplog-workflow', 'unseen-key'];
    const alone: string[] = [];
    for (const [k, payload] of requests.entries()) alone.push((await post(`?model=${asked[k]}`, payload)).body);
    const many = await Promise.all(Array.from({ length: 1000 }, (_, i) => post(`?model=${asked[i % 4]}`, requests[i % 4])));
    expect(many.every(({ status }) => status === 200)).toBe(true);
    for (let k = 0; k < 4; k++) expect(new Set(many.filter((_, i) => i % 4 === k).map(({ body }) => body))).toEqual(new Set([alone[k]]));
  });

  it('counts the events held against a session under the rule share, as LogBERT does its undetected keys', async () => {
    const byScore = JSON.parse((await post('?model=deeplog-keys', log)).body) as Answer;
    const { body } = await post('?model=deeplog-keys&seq_threshold=0.1', log);
    const { sessions, summary } = JSON.parse(body) as Answer;
    expect(summary).toMatchObject({ rule: 'share', seq_threshold: 0.1 });
    // Of the sessions that the score rule flags, the listed evidence is at most five events: brute force where it is all there is.
    for (const [i, s] of sessions.entries()) {
      const listed = byScore.sessions[i].evidence as { index: number }[] | undefined;
      if ((listed?.length ?? 0) < 5) expect(s.missed).toBe(new Set(listed?.map((e) => e.index)).size);
      expect(s.missed_share).toBe(Math.min(1, Number(s.missed) / Number(s.n_events)));
      expect(s.abnormal).toBe(Number(s.missed_share) > 0.1);
    }
    expect(summary.total_anomalous_sequences).toBeLessThan(Number(byScore.summary.total_anomalous_sequences));
    const usual = JSON.parse((await post('?model=deeplog-keys&rule=share', log)).body) as Answer;
    expect(usual.summary.seq_threshold).toBe(0.2);
  });

  it('takes a log as text, as JSON and as NDJSON, and answers in one piece or line by line, all the same', async () => {
    const whole = JSON.parse((await post('?model=deeplog-keys', log)).body) as Answer;
    const asJson = await post('', JSON.stringify({ model: 'deeplog-keys', raw_log_data: log }), 'application/json');
    expect(JSON.parse(asJson.body)).toEqual(whole);
    const records = lines.map((line, i) => JSON.stringify(i % 2 === 0 ? line : { line })).join('\n');
    expect(JSON.parse((await post('?model=deeplog-keys', records, 'application/x-ndjson')).body)).toEqual(whole);
    const streamed = (await post('?model=deeplog-keys', log, 'text/plain', 'application/x-ndjson')).body.trim().split('\n').map((l) => JSON.parse(l) as Record<string, unknown>);
    expect(streamed.at(-1)).toEqual({ summary: whole.summary });
    const withoutRaw = JSON.parse(JSON.stringify(whole.sessions, (key, value: unknown) => (key === 'raw' ? undefined : value))) as unknown[];
    expect(streamed.slice(0, -1).map((l) => l.session)).toEqual(withoutRaw);
  });

  it('quotes as evidence the very line that it names, whatever stands before it', async () => {
    const mixed = ['\ufeff', ...lines.slice(0, 30), '', ...lines.slice(30)].map((line, i) => (i % 3 === 0 ? `${line}\r` : line));
    const { sessions } = JSON.parse((await post('?model=unseen-key&include=abnormal', mixed.join('\n'))).body) as Answer;
    const evidence = sessions.flatMap((s) => s.evidence as { line: number; raw: string }[]);
    expect(evidence.length).toBeGreaterThan(0);
    for (const e of evidence) expect(e.raw).toBe(mixed[e.line - 1].replace('\r', ''));
  });
});
