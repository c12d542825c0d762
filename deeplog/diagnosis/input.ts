import { existsSync } from 'node:fs';
import path from 'node:path';
import { readJson, readManifest } from '../artifacts/index.js';
import { DataError, UsageError } from '../common/index.js';
import { Calibration, DetailedSessions, requireNeeds, sessionAt, type Detector, type Need, type Session } from '../detectors/index.js';
import { parsedFolder } from '../evaluation/index.js';
import { readSessionSet } from '../sequences/index.js';
import type { DiagnosisModels } from './models.js';

/** The sessions that can be asked about, and where their raw lines are. */
export interface DiagnosisInput {
  readonly sessions: readonly Session[];
  readonly provides: ReadonlySet<Need>;
  readonly templates: Readonly<Record<string, string>>;
  readonly rawLog: string | null;
}

/** Reads a drain_result folder with lines, times and parameters, or anything else with event ids only. */
export async function readInput(input: string, labelFile?: string): Promise<DiagnosisInput> {
  const folder = existsSync(input) ? parsedFolder(input) : null;
  if (folder === null) {
    const { table } = await readSessionSet(input, labelFile);
    return { sessions: Array.from(table.sequenceOf.keys(), (i) => ({ ...sessionAt(table, i), key: table.details?.keys[i] ?? String(i + 1) })), provides: new Set<Need>(['events']), templates: {}, rawLog: null };
  }
  const { options } = await readManifest(folder);
  const rawLog = typeof options.input_file === 'string' && options.input_file !== '-' && existsSync(options.input_file) ? options.input_file : null;
  const { sessions, provides } = await DetailedSessions.read(folder);
  const templatesFile = path.join(folder, 'templates.json');
  return { sessions, provides, rawLog, templates: existsSync(templatesFile) ? ((await readJson(templatesFile)) as Record<string, string>) : {} };
}

/** What to diagnose: one of these. */
export interface Wanted {
  readonly keys?: readonly string[];
  readonly lines?: readonly number[];
  readonly worst?: number;
}

/**
 * The sessions that are meant: by key, by a line that is theirs, or the worst by all models together.
 * @throws UsageError when nothing or two things are asked for; DataError when there is no such session
 */
export async function select(input: DiagnosisInput, wanted: Wanted, models: DiagnosisModels): Promise<Session[]> {
  const asked = [wanted.keys, wanted.lines, wanted.worst].filter((w) => w !== undefined).length;
  if (asked !== 1) throw new UsageError('Say which sessions: one of --key, --line or --worst.');
  for (const detector of detectorsOf(models)) requireNeeds(detector.id, detector.needs, input.provides, 'this input');
  if (wanted.keys !== undefined) {
    return wanted.keys.map((key) => {
      const session = input.sessions.find((s) => s.key === key);
      if (session === undefined) throw new DataError(`There is no session with the key ${JSON.stringify(key)} among ${input.sessions.length}; keys look like ${JSON.stringify(input.sessions[0]?.key ?? '')}.`);
      return session;
    });
  }
  if (wanted.lines !== undefined) {
    return wanted.lines.map((line) => {
      const session = input.sessions.find((s) => s.lines !== undefined && Array.prototype.includes.call(s.lines, line));
      if (session === undefined) throw new DataError(`Line ${line} belongs to no session. Lines count from 1; lines without an identifier are in no session.`);
      return session;
    });
  }
  return worst(input.sessions, detectorsOf(models), wanted.worst ?? 1);
}

function detectorsOf(models: DiagnosisModels): Detector[] {
  return [models.keys?.detector, models.workflow, models.params?.detector].filter((d): d is NonNullable<typeof d> => d !== undefined && d !== null);
}

/** The most unusual sessions of the input: −log10 of the share of its sessions that score as high, summed over the models. */
async function worst(sessions: readonly Session[], detectors: readonly Detector[], count: number): Promise<Session[]> {
  const total = new Float64Array(sessions.length);
  for (const detector of detectors) {
    const scores = await detector.scoreBatch(sessions);
    const calibration = Calibration.fit(scores);
    scores.forEach((score, i) => { total[i] += calibration.unusual(score); });
  }
  return Array.from(total.keys()).sort((a, b) => total[b] - total[a] || a - b).slice(0, count).map((i) => sessions[i]);
}
