import { DataError } from '../common/index.js';
import { DetailedSessions, labelledSource, requireNeeds, sessionAt, tableSource, type Detector, type Need, type Session, type SessionSource } from '../detectors/index.js';
import { ABNORMAL, NORMAL, PART } from '../sequences/index.js';
import { scoreDistinct, type Scores } from './evaluate.js';
import { thresholdFor } from './metrics.js';
import type { Task } from './protocols.js';
import { rawLines } from '../sessions/index.js';

/** Parsed logs that were read for the detectors that need more than event ids; one reading serves all of a task's. */
const read = new WeakMap<Task, Promise<DetailedSessions>>();

/** Whether the detector needs more of a session than its events and label. */
export function needsDetails(detector: Pick<Detector, 'needs'>): boolean {
  return [...detector.needs].some((n) => n !== 'events' && n !== 'labels');
}

/** @throws DataError naming a detector that needs more than event ids where the set has no more. */
export function requireProvided(task: Task, detector: Pick<Detector, 'id' | 'needs'>): void {
  requireLabels(task, detector);
  if (task.folder === undefined) requireNeeds(detector.id, detector.needs, new Set<Need>(['events', 'labels']), task.dataset);
}

/** @throws DataError when the detector learns from labels and the training share has no abnormal sessions. */
function requireLabels({ table, split, protocol }: Task, { id, needs }: Pick<Detector, 'id' | 'needs'>): void {
  if (!needs.has('labels') || split.shares.some((share, s) => share === PART.train && table.labels[s] === ABNORMAL)) return;
  throw new DataError(`${id} learns from labels, and the training share of ${protocol} has no session that is labelled abnormal. Choose another protocol, or leave ${id} out of --detectors.`);
}

/**
 * The task's sessions with what the detector needs.
 * @throws DataError naming the detector and what the data set lacks.
 */
export async function detailedSessions(task: Task, detector: Pick<Detector, 'id' | 'needs'>): Promise<DetailedSessions> {
  requireProvided(task, detector);
  const parsed = await parsedSessions(task);
  const details = detector.needs.has('text') ? await withText(task, parsed) : parsed;
  requireNeeds(detector.id, detector.needs, details.provides, task.dataset);
  return details;
}

/** The task's sessions with their lines. @throws DataError when the parsed log is not there, or not the same any more */
export async function parsedSessions(task: Task): Promise<DetailedSessions> {
  const { folder } = task;
  let reading = read.get(task);
  if (reading === undefined) read.set(task, (reading = DetailedSessions.read(folder ?? '')));
  const details = await reading;
  if (details.sessions.length !== task.table.size) throw new DataError(`${folder ?? ''}: sessions.arrow holds ${details.sessions.length} sessions, ${task.table.size} were expected. Was the log parsed again in between?`);
  return details;
}

const readWithText = new WeakMap<Task, Promise<DetailedSessions>>();

/** The raw log is read once, by the first detector of a task that wants it. */
function withText(task: Task, details: DetailedSessions): Promise<DetailedSessions> {
  let reading = readWithText.get(task);
  if (reading === undefined) readWithText.set(task, (reading = rawLines(task.folder ?? '').then((lines) => details.withText(lines))));
  return reading;
}

/** The training and validation parts as the detector takes them. */
export async function sourcesFor(task: Task, detector: Detector): Promise<readonly [train: SessionSource, validation: SessionSource]> {
  if (detector.needs.has('labels')) return [labelledSource(task.table, task.split, PART.train), labelledSource(task.table, task.split, PART.validation)];
  if (!needsDetails(detector)) return [tableSource(task.table, task.split, PART.train), tableSource(task.table, task.split, PART.validation)];
  const details = await detailedSessions(task, detector);
  return [details.part(task.split, PART.train), details.part(task.split, PART.validation)];
}

/** Scores of validation and test: by distinct sequence where that is enough, else session by session. */
export async function scoreTask(detector: Detector, task: Task): Promise<Scores> {
  if (!needsDetails(detector)) return scoreDistinct(detector, task, [PART.validation, PART.test]);
  const { rows, sessions } = await wanted(task, detector);
  return { perSession: spread(task, rows, await detector.scoreBatch(sessions)) };
}

async function wanted(task: Task, detector: Detector): Promise<{ rows: number[]; sessions: Session[] }> {
  const details = needsDetails(detector) ? await detailedSessions(task, detector) : null;
  const rows = Array.from(task.split.parts.keys()).filter((s) => task.split.parts[s] === PART.validation || task.split.parts[s] === PART.test);
  return { rows, sessions: rows.map((s) => details?.sessions[s] ?? sessionAt(task.table, s)) };
}

function spread(task: Task, rows: readonly number[], scores: Float64Array): Float64Array {
  const out = new Float64Array(task.table.size).fill(NaN);
  rows.forEach((s, i) => { out[s] = scores[i]; });
  return out;
}

/** Each part's score of each session of validation and test, in the order of `rows`. */
async function scoresOfParts(task: Task, detector: Detector, scoreParts: (sessions: readonly Session[]) => Promise<Float64Array[]>): Promise<{ rows: number[]; scores: Float64Array[] }> {
  if (needsDetails(detector)) {
    const { rows, sessions } = await wanted(task, detector);
    return { rows, scores: await scoreParts(sessions) };
  }
  const { table, split } = task;
  const rows = Array.from(split.parts.keys()).filter((s) => split.parts[s] === PART.validation || split.parts[s] === PART.test);
  const distinct = [...new Set(rows.map((s) => table.sequenceOf[s]))];
  const at = new Map(distinct.map((d, i) => [d, i]));
  const scores = await scoreParts(distinct.map((d) => ({ key: String(d), events: table.sequence(d) })));
  return { rows, scores: scores.map((own) => Float64Array.from(rows, (s) => own[at.get(table.sequenceOf[s]) ?? 0])) };
}

/** What each part of a combined detector finds by itself, each at its own threshold from validation normals, in words; nothing for other detectors. */
export async function contributions(detector: Detector, task: Task, targetFpr: number): Promise<string[]> {
  const { table, split } = task;
  const { components } = detector;
  if (components === undefined || detector.scoreParts === undefined) return [];
  const { rows, scores: partScores } = await scoresOfParts(task, detector, (sessions) => detector.scoreParts?.(sessions) ?? Promise.resolve([]));
  const flags = partScores.map((scores) => {
    const normals = rows.flatMap((s, i) => (split.parts[s] === PART.validation && table.labels[s] !== ABNORMAL ? [scores[i]] : []));
    const threshold = thresholdFor(normals, targetFpr);
    return Array.from(scores, (score) => score > threshold);
  });
  const test = rows.map((s, i) => ({ s, i })).filter(({ s }) => split.parts[s] === PART.test);
  const abnormal = test.filter(({ s }) => table.labels[s] === ABNORMAL);
  const normal = test.filter(({ s }) => table.labels[s] === NORMAL);
  const parts = components.map((part, p) => {
    const found = abnormal.filter(({ i }) => flags[p][i]);
    const alone = found.filter(({ i }) => flags.every((f, q) => q === p || !f[i])).length;
    return `${part.id} ${found.length} (${alone} by it alone, ${normal.filter(({ i }) => flags[p][i]).length} false alarms)`;
  });
  const none = abnormal.filter(({ i }) => flags.every((f) => !f[i])).length;
  return [`of ${abnormal.length} abnormal test sessions each part at its own threshold finds: ${parts.join(', ')}; ${none} by none`];
}
