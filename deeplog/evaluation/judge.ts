import { existsSync } from 'node:fs';
import path from 'node:path';
import { readJson, readManifest, type Manifest } from '../artifacts/index.js';
import { DataError } from '../common/index.js';
import { loadDetector, type Detector, type Evidence, type Session } from '../detectors/index.js';
import type { Engine } from '../engine/index.js';
import type { SessionTable } from '../sequences/index.js';

/** What `detect` and `serve` say of a session: the same model, opened and asked in the same way. */
export interface TrainedModel {
  readonly folder: string;
  readonly detector: Detector;
  readonly config: Readonly<Record<string, unknown>>;
  readonly manifest: Manifest;
  /** A session that scores above it is abnormal; undefined when none was calibrated. */
  readonly threshold: number | undefined;
  /** By event id; empty for a model that was trained on ids alone. */
  readonly templates: Readonly<Record<string, string>>;
}

export type JudgedEvidence = Evidence & { readonly template?: string; readonly expected_templates?: readonly string[] };

/** Which step takes the folder that a step of the staged autoencoder wrote. */
const NEXT_AUTOENCODER_STEP: Readonly<Record<string, string>> = {
  'autoencoder prepare': 'autoencoder train --input', 'autoencoder train': 'autoencoder encode --model', 'autoencoder encode': 'autoencoder detect --input', 'autoencoder detect': 'autoencoder apply --model',
};
const EVIDENCE_PER_SESSION = 5;
const SEQUENCES_PER_BATCH = 32_768;

/** @throws DataError when the folder is missing, unfinished, or holds something else. */
export async function openModel(folder: string, engine: () => Promise<Engine>): Promise<TrainedModel> {
  const manifest = await readManifest(folder);
  const file = path.join(folder, 'config.json');
  if (manifest.stage.startsWith('autoencoder ')) throw new DataError(`${folder}: holds the result of "${manifest.stage}", which judges windows of lines and not sessions. "${NEXT_AUTOENCODER_STEP[manifest.stage] ?? manifest.stage}" reads it; a model for sessions comes from log-key, logbert train, loganomaly train, parameters or workflow.`);
  if (!existsSync(file)) throw new DataError(`${folder}: holds the result of ${manifest.stage}, not a trained model. Give --model a folder that a training stage wrote.`);
  const detector = await loadDetector(folder, engine);
  const config = (await readJson(file)) as Record<string, unknown>;
  const named = path.join(folder, 'templates.json');
  const templates = existsSync(named) ? (await readJson(named)) as Record<string, string> : {};
  const calibrated = typeof config.threshold === 'number' ? config.threshold : undefined;
  return { folder, detector, config, manifest, templates, threshold: detector.binary ? 0.5 : calibrated };
}

/** The score of each distinct sequence of the table. */
export async function scoreTable(detector: Detector, table: SessionTable): Promise<Float64Array> {
  const scores = new Float64Array(table.distinct);
  for (let at = 0; at < table.distinct; at += SEQUENCES_PER_BATCH) {
    const n = Math.min(SEQUENCES_PER_BATCH, table.distinct - at);
    scores.set(await detector.scoreBatch(Array.from({ length: n }, (_, i): Session => ({ key: String(at + i), events: table.sequence(at + i) }))), at);
  }
  return scores;
}

/** What speaks against a session, the strongest first, with templates in words; `held`: how many of its events do, in all. */
export async function evidenceFor(detector: Detector, session: Session, threshold: number, templates: Readonly<Record<string, string>>): Promise<{ evidence: JudgedEvidence[]; held: number }> {
  const all = await detector.explain(session, threshold);
  const evidence = all.slice(0, EVIDENCE_PER_SESSION).map((e) => ({
    ...e,
    ...(e.event !== null && templates[e.event] !== undefined ? { template: templates[e.event] } : {}),
    expected_templates: e.expected.map((x) => (x.event === 'end of session' ? 'end of session' : templates[x.event] ?? `event ${x.event}`)),
  }));
  return { evidence, held: new Set(all.map((e) => e.index)).size };
}

/** What the detector's score is, in words. */
export function meaningOf(detector: Detector): string {
  if (detector.id === 'deeplog-keys') return 'the rank of their least expected key';
  return detector.id === 'deeplog-keys-nll' ? 'the −log p of their least expected key' : 'their score';
}
