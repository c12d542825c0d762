import { mkdtemp, rm } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { diagnose, loadModels, readInput, type Diagnosis, type DiagnosisInput, type DiagnosisModels } from '../../deeplog/diagnosis/index.js';
import { DEEPLOG_KEYS_DEFAULTS, DEEPLOG_PARAMS_DEFAULTS } from '../../deeplog/detectors/index.js';
import { createEngine, type Engine } from '../../deeplog/engine/index.js';
import { trainLogKey, trainParameters, trainWorkflow } from '../../deeplog/evaluation/index.js';
import { FAULTS, simulateBlockStore, VALUE_FAULTS, type Fault, type SimulatedLog } from '../../deeplog/simulator/index.js';
import { WORKFLOW_DEFAULTS } from '../../deeplog/workflow/index.js';
import { SILENT } from '../../deeplog/training/index.js';
import { parseSimulated } from '../block_store_log.js';

// A log with every kind of fault goes through the whole pipeline; each fault must be found in the held-out part by the model that
// should find it, at the line that the simulator says it put there.
const TRAIN = 0.5;
const VALIDATION = 0.65;

let folder: string;
let log: SimulatedLog;
let engine: Engine;
let input: DiagnosisInput;
let models: DiagnosisModels;

beforeAll(async () => {
  folder = await mkdtemp(path.join(os.tmpdir(), 'deeplog-planted-'));
  log = simulateBlockStore({ sessions: 1200, anomalyShare: 0.1, seed: 11, faults: [...FAULTS, ...VALUE_FAULTS] });
  const drain = await parseSimulated(log, folder);
  engine = await createEngine();
  const common = { inputFile: drain, overwrite: true, trainRatio: TRAIN, valRatio: VALIDATION, order: 'chronological' as const, trainOn: 'normal' as const, targetFpr: 0.01, seed: 1, flags: {} };
  const signal = new AbortController().signal;
  const [keys, workflow, params] = ['keys', 'workflow', 'params'].map((name) => path.join(folder, name));
  await trainLogKey({ ...common, outputPath: keys, model: { ...DEEPLOG_KEYS_DEFAULTS, learningRate: 0.003, batchSize: 64, maxEpochs: 25 } }, engine, SILENT, signal);
  await trainWorkflow({ ...common, outputPath: workflow, workflow: WORKFLOW_DEFAULTS, drawShare: 0.02 });
  await trainParameters({ ...common, targetFpr: 0.001, outputPath: params, model: { ...DEEPLOG_PARAMS_DEFAULTS, units: 16, maxEpochs: 12 } }, engine, SILENT, signal);
  models = await loadModels({ keys, workflow, params }, () => Promise.resolve(engine));
  input = await readInput(drain);
}, 180_000);

afterAll(async () => {
  await models?.keys?.detector.dispose();
  await models?.params?.detector.dispose();
  await engine?.dispose();
  await rm(folder, { recursive: true, force: true });
});

/** Diagnoses of the held-out sessions with a fault (null: without any), with the lines that the simulator planted. */
async function heldOut(fault: Fault | null): Promise<{ diagnosis: Diagnosis; faultLines: readonly number[] }[]> {
  const from = Math.floor(log.labels.length * VALIDATION);
  const labels = new Map(log.labels.slice(from).filter((l) => l.fault === fault).map((l) => [l.key, l]));
  const sessions = input.sessions.slice(from).filter((s) => labels.has(s.key));
  const diagnoses = await diagnose(sessions, input, models);
  expect(diagnoses.length).toBeGreaterThan(0);
  return diagnoses.map((diagnosis) => ({ diagnosis, faultLines: labels.get(diagnosis.key)?.faultLines ?? [] }));
}

describe('planted faults', () => {
  it('a wrong order leaves the workflow at the line that came too early', async () => {
    for (const { diagnosis, faultLines } of await heldOut('wrong_order')) {
      expect(diagnosis.workflow?.departures[0]?.line).toBe(faultLines[0]);
      expect(diagnosis.workflow?.departures[0]?.expected[0]?.template).toMatch(/^Receiving block/);
    }
  });

  it('a missing step leaves the workflow where the session goes on, or ends, without it, and is named', async () => {
    for (const { diagnosis } of await heldOut('missing_step')) {
      // The simulator leaves out one of three "stored" lines: the session notices when something else than writing begins.
      const after = diagnosis.lines.findIndex((l) => /Served block|Verification|BLOCK\* delete/.test(l.raw ?? ''));
      const left = diagnosis.workflow?.departures[0] ?? diagnosis.workflow?.endedEarly;
      expect(left?.index).toBe(after < 0 ? diagnosis.lines.length : after);
      expect(left?.expected[0]?.template).toMatch(/^BLOCK\* stored/);
    }
  });

  it('an early end is an early end', async () => {
    for (const { diagnosis } of await heldOut('early_end')) {
      expect(diagnosis.workflow?.departures).toEqual([]);
      expect(diagnosis.workflow?.endedEarly?.index).toBe(diagnosis.lines.length);
      expect(diagnosis.summary[0]).toMatch(/^It ended early, after \d+ events/);
    }
  });

  it('an unknown event is named by the key model and by the workflow, at its line', async () => {
    for (const { diagnosis, faultLines } of await heldOut('unknown_event')) {
      expect(diagnosis.workflow?.departures[0]?.line).toBe(faultLines[0]);
      expect(diagnosis.keys?.outside[0]).toMatchObject({ line: faultLines[0], probability: 0 });
    }
  });

  it('retries leave the workflow at the first that is too many', async () => {
    for (const { diagnosis } of await heldOut('retry_storm')) {
      const receiving = diagnosis.lines.filter((l) => l.raw?.includes('Receiving block'));
      expect(diagnosis.workflow?.departures[0]?.line).toBe(receiving[3].line); // three replicas are normal
    }
  });

  it('a slow step is found by the parameter model alone, at its line, with the interval', async () => {
    for (const { diagnosis, faultLines } of await heldOut('slow_step')) {
      const [worst] = diagnosis.values ?? [];
      expect(worst).toMatchObject({ line: faultLines[0], column: 'elapsed_ms' });
      expect(worst.value).toBeGreaterThan(100_000);
      expect(worst.high).toBeLessThan(10_000);
      expect(diagnosis.workflow).toEqual({ departures: [], endedEarly: null });
    }
  });

  it('an outlying value is found by the parameter model alone, at its line, as it stands in the log', async () => {
    for (const { diagnosis, faultLines } of await heldOut('outlying_value')) {
      const [worst] = diagnosis.values ?? [];
      const [, size] = /of size (\d+)/.exec(log.lines[faultLines[0] - 1]) ?? [];
      expect(worst).toMatchObject({ line: faultLines[0], value: Number(size) });
      expect(worst.high).toBeLessThan(worst.value / 2);
      expect(diagnosis.workflow).toEqual({ departures: [], endedEarly: null });
    }
  });

  it('sessions without a fault mostly get none', async () => {
    const clean = await heldOut(null);
    const spoken = clean.filter(({ diagnosis: d }) => (d.workflow?.departures.length ?? 0) > 0 || d.workflow?.endedEarly !== null || (d.values?.length ?? 0) > 0);
    expect(spoken.length / clean.length).toBeLessThan(0.05);
  });
});
