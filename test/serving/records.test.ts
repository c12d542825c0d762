import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { readJson, writeJson } from '../../deeplog/artifacts/index.js';
import { createEngine, type Engine } from '../../deeplog/engine/index.js';
import { detect } from '../../deeplog/evaluation/index.js';
import { simulateBlockStore } from '../../deeplog/simulator/index.js';
import { removeScratchAfterwards, scratchFolder } from '../helpers.js';
import { COLUMNS, csvRows, FORMATS, parseRecords, quoted, rowsOf, spread, type RecordFormatName as Name, type Row } from './records.js';
import { startService, trainSmall, type TestService } from './service.js';

/** Models that were trained on JSON lines, CSV and Parquet read requests of such records. */

removeScratchAfterwards();
const folder = scratchFolder();
const at = (name: string): string => path.join(folder, name);

const NAMES = Object.keys(FORMATS) as Name[];
const DETECTORS = ['deeplog-params', '2-gram'];
const parquetRecord = (row: Row): object => ({ msg: row.msg, at: Date.parse(row.ts), trace: row.trace, more: [1] });

const tomorrow = rowsOf(simulateBlockStore({ sessions: 40, anomalyShare: 0.3, seed: 9, faults: ['missing_step', 'unknown_event', 'outlying_value'] }).lines);
let engine: Engine;
let service: TestService;

beforeAll(async () => {
  engine = await createEngine({ engine: 'onnx' });
  const today = rowsOf(simulateBlockStore({ sessions: 120, anomalyShare: 0, seed: 5 }).lines);
  for (const name of NAMES) {
    const drain = await parseRecords(name, today, folder);
    await FORMATS[name].write(at(`tomorrow.${name}`), tomorrow);
    for (const id of DETECTORS) await trainSmall(id, drain, at(`${name}-${id}`), engine, id === 'deeplog-params' ? 2 : 0.5);
  }
  service = await startService(NAMES.flatMap((name) => DETECTORS.map((id) => ({ name: `${name}-${id}`, folder: at(`${name}-${id}`) }))), engine);
}, 120_000);

afterAll(async () => {
  await service?.close();
  await engine?.dispose();
});

interface Answer { summary: Record<string, unknown>; sessions: Record<string, unknown>[] }

async function post(model: string, payload: string, { type = 'text/plain', accept = 'application/json', url = '/detect' } = {}): Promise<{ status: number; body: string }> {
  const json = type === 'application/json';
  const { statusCode, body } = await service.app.inject({ method: 'POST', url: json ? url : `${url}?model=${model}`, payload: json ? JSON.stringify({ model, raw_log_data: payload }) : payload, headers: { 'content-type': type, accept } });
  return { status: statusCode, body };
}

async function answered(model: string, payload: string, given: Parameters<typeof post>[2] = {}): Promise<Answer> {
  const { status, body } = await post(model, payload, given);
  expect(`${status} ${status === 200 ? '' : body}`).toBe('200 ');
  return JSON.parse(body) as Answer;
}

const code = async (model: string, payload: string, given: Parameters<typeof post>[2] = {}): Promise<string> => {
  const { status, body } = await post(model, payload, given);
  return status === 200 ? '200' : `${status} ${(JSON.parse(body) as { error: { code: string } }).error.code}`;
};

const without = (value: unknown, ...keys: string[]): unknown => JSON.parse(JSON.stringify(value, (key, v: unknown) => (keys.includes(key) ? undefined : v)));
const asText = async (name: Name): Promise<string> => (name === 'parquet' ? tomorrow.map((row) => `${JSON.stringify(parquetRecord(row))}\n`).join('') : readFile(at(`tomorrow.${name}`), 'utf8'));
const asRecords = (name: Name): string => (name === 'parquet' ? tomorrow.map(parquetRecord) : name === 'csv' ? spread(tomorrow) : tomorrow).map((row) => JSON.stringify(row)).join('\n');

describe.each(NAMES)('a model trained on %s', (name) => {
  it.each(DETECTORS)('gives every session of such records the verdict of the detect stage, with %s', async (id) => {
    const model = `${name}-${id}`;
    const result = await detect({ model: at(model), inputFile: at(`tomorrow.${name}`), outputPath: at(`detected-${model}`), overwrite: true, recalibrate: false, triage: false, targetFpr: 0.01, flags: {} }, () => Promise.resolve(engine));
    const offline = (await readFile(result.verdictsFile, 'utf8')).trim().split('\n').map((l) => without(JSON.parse(l), 'pattern', 'label', ...(name === 'parquet' ? ['raw'] : [])));
    const { sessions, summary } = await answered(model, await asText(name));
    expect(without(sessions, ...(name === 'parquet' ? ['raw'] : []))).toEqual(offline);
    expect(summary).toMatchObject({ lines: tomorrow.length, unparsed_lines: 0, total_anomalous_sequences: result.flagged.length });
    expect(result.flagged.length).toBeGreaterThan(0);
  });

  it('answers the same to text in JSON, and line by line', async () => {
    const model = `${name}-2-gram`;
    const text = await asText(name);
    const whole = await answered(model, text);
    expect(await answered(model, text, { type: 'application/json' })).toEqual(whole);
    const { body } = await post(model, text, { accept: 'application/x-ndjson' });
    const lines = body.trim().split('\n').map((l) => JSON.parse(l) as Record<string, unknown>);
    expect(lines.at(-1)).toEqual({ summary: whole.summary });
    expect(lines.slice(0, -1).map((l) => l.session)).toEqual(without(whole.sessions, 'raw'));
  });

  it('takes JSON objects as NDJSON, whose lines are those that evidence names and quotes', async () => {
    const model = `${name}-2-gram`;
    const records = asRecords(name).split('\n');
    const { sessions, summary } = await answered(model, records.join('\n'), { type: 'application/x-ndjson' });
    const whole = await answered(model, await asText(name));
    const bare = (s: unknown): unknown => without(s, 'raw', 'line', 'first_line');
    expect(bare(sessions)).toEqual(bare(whole.sessions));
    expect(summary.lines).toBe(records.length);
    const evidence = sessions.flatMap((s) => (s.evidence ?? []) as { line?: number; raw?: string }[]).filter((e) => e.line !== undefined);
    expect(evidence.length).toBeGreaterThan(0);
    for (const e of evidence) expect(e.raw).toBe(records[(e.line ?? 0) - 1]);
  });

  it('tells the event, the parameters and the time of each record', async () => {
    const { lines } = JSON.parse((await post(`${name}-2-gram`, await asText(name), { url: '/parse' })).body) as { lines: { line: number; event: number; time: string }[] };
    expect(lines.map((l) => Date.parse(l.time))).toEqual(tomorrow.map((row) => Date.parse(row.ts)));
    expect(lines.filter((l) => l.event > 0).length).toBeGreaterThan(0.9 * tomorrow.length);
  });

  it('says what it reads', async () => {
    const { models } = (await service.app.inject('/models')).json<{ models: { name: string }[] }>();
    expect(models.find((m) => m.name === `${name}-2-gram`)).toMatchObject({ input: name, reads_raw_logs: true, sessions_by: 'only_identifier', layout: name === 'jsonl' ? 'Session=trace, Time=ts, Host=host.name, Content=msg' : name === 'csv' ? 'Session=trace, Time=ts, Level=level, Content=msg' : 'Session=trace, Time=at, Content=msg' });
  });

  it('refuses what is no such record', async () => {
    const model = `${name}-2-gram`;
    const ndjson = { type: 'application/x-ndjson' };
    expect(await code(model, '"a line"\n', ndjson)).toBe('400 bad_record');
    expect(await code(model, '{"msg": "a"}\n[1]\n', ndjson)).toBe('400 bad_record');
    expect(await code(model, '{"msg": \n', ndjson)).toBe('400 bad_record');
    expect(await code(model, '{"other": 1}\n', ndjson)).toBe('422 wrong_layout');
    expect(await code(model, '\n\n', ndjson)).toBe('400 empty_log');
    expect(await code(model, `{"msg": "${'x'.repeat(1 << 20)}"}\n`, ndjson)).toBe('413 line_too_long');
    // Too deep to be written as text again: a value like any other.
    expect(await code(model, `{"trace": "blk_1", "msg": ${'['.repeat(50_000)}${']'.repeat(50_000)}}\n`, ndjson)).toBe('200');
  });
});

describe('CSV', () => {
  const model = 'csv-2-gram';

  it('may come without its header: then the columns are those of the training table, and lines count from the first record', async () => {
    const whole = await answered(model, await asText('csv'));
    const bare = await answered(model, csvRows(spread(tomorrow)));
    const shifted = JSON.parse(JSON.stringify(whole.sessions), (key, value: unknown) => (key === 'line' || key === 'first_line' ? Number(value) - 1 : value)) as unknown;
    expect(bare.sessions).toEqual(shifted);
  });

  it('may have its header in another order, with more columns', async () => {
    const whole = await answered(model, await asText('csv'));
    const other = await answered(model, `more,ts,msg,level,trace\n${spread(tomorrow).map((r) => `x,${[r.ts, r.msg, r.level, r.trace].map(quoted).join(',')}\n`).join('')}`);
    expect(without(other.sessions, 'raw')).toEqual(without(whole.sessions, 'raw'));
  });

  it('names the line that a record begins on, and quotes it', async () => {
    const lines = (await asText('csv')).split('\n');
    const { sessions } = await answered(model, lines.join('\n'));
    const evidence = sessions.flatMap((s) => (s.evidence ?? []) as { line?: number; raw?: string }[]);
    expect(evidence.length).toBeGreaterThan(0);
    for (const e of evidence) if (e.line !== undefined) expect(e.raw).toBe(lines[e.line - 1]);
  });

  it('is refused when its header lacks a column, when it is broken, and when a record does not end', async () => {
    expect(await code(model, 'ts,msg,level\na,b,c\n')).toBe('422 wrong_columns');
    expect(await code(model, `${COLUMNS.join(',')}\nINFO,blk_1,"a"b,2024-01-15T08:00:00Z\n`)).toBe('400 bad_csv');
    expect(await code(model, `${COLUMNS.join(',')}\nINFO,blk_1,"${'never closed\n'.repeat(200_000)}`)).toBe('413 line_too_long');
    expect(await code(model, COLUMNS.join(','))).toBe('400 empty_log');
  });
});

it('a model whose records were not noted is refused by name of what to do', async () => {
  const parser = (await readJson(at('jsonl-2-gram/parser.json'))) as object;
  await writeJson(at('jsonl-2-gram/parser.json'), { ...parser, records: undefined });
  const old = await startService([{ name: 'old', folder: at('jsonl-2-gram') }], engine);
  await writeJson(at('jsonl-2-gram/parser.json'), parser);
  const answer = await old.app.inject({ method: 'POST', url: '/detect', payload: '{}', headers: { 'content-type': 'text/plain' } });
  await old.close();
  expect(answer.statusCode).toBe(422);
  expect(answer.json()).toMatchObject({ error: { code: 'records_not_read', fix: 'Run the drain stage and the training again.' } });
});
