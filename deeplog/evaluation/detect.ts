import { existsSync, statSync } from 'node:fs';
import path from 'node:path';
import { checkOutput, hashInputs, openOutput, readJson, readManifest, readSessions, writeChunks, writeJson, writeManifest } from '../artifacts/index.js';
import { DataError, UsageError } from '../common/index.js';
import { DetailedSessions, requireNeeds, sessionLines, type Detector, type Need, type Session } from '../detectors/index.js';
import type { Engine } from '../engine/index.js';
import { inputFiles, isStructured, quoteLines, type InputFormat } from '../parsing/index.js';
import { drainSettings, PARSER_STATE, rawLines, readParserFlags, runDrain, UnfitLogError, type DrainFlags, type DrainResult } from '../sessions/index.js';
import { ABNORMAL, readSessionSet, UNLABELLED, type SessionTable } from '../sequences/index.js';
import type { Standing } from '../triage/index.js';
import { needsDetails } from './details.js';
import { countStandings, noteSightings, triage, type Triaged } from './detect_triage.js';
import { parsedFolder } from './custom_task.js';
import { namingOf, type TriageBy } from './pattern_names.js';
import { evidenceFor, meaningOf, openModel, scoreTable, type JudgedEvidence } from './judge.js';
import { confusionAt, countScores, pointMetrics, thresholdFor, type PointMetrics } from './metrics.js';

export interface DetectOptions {
  readonly model: string;
  /** A raw log (parsed with the model's own parser), or sessions parsed before with that parser. */
  readonly inputFile: string;
  readonly labelFile?: string;
  readonly outputPath: string;
  readonly overwrite: boolean;
  readonly threshold?: number;
  /** Take the threshold anew from the normal sessions of this input, for `targetFpr`, and keep it in the model. */
  readonly recalibrate: boolean;
  readonly targetFpr: number;
  /** Let the answers in the model's triage.json decide, and note new patterns there. */
  readonly triage: boolean;
  /** What flagged sessions are named by; default: what suits the detector. */
  readonly triageBy?: TriageBy;
  readonly flags: Readonly<Record<string, unknown>>;
  onProgress?(what: string): void;
}

export interface Verdict {
  readonly session: number;
  readonly key: string;
  readonly n_events: number;
  readonly first_line: number | null;
  readonly score: number;
  readonly threshold: number;
  /** The score is above the threshold, and nobody has accepted the session's pattern. */
  readonly abnormal: boolean;
  /** Of sessions above the threshold: their pattern, and what has been said about it. */
  readonly triage?: Standing;
  readonly label?: boolean;
  /** Sessions with the same events have the same number. */
  readonly pattern: number;
  readonly evidence?: readonly (JudgedEvidence & { readonly raw?: string })[];
}

export interface Detected {
  readonly sessions: number;
  readonly flagged: readonly Verdict[];
  /** Sessions above the threshold by what has been said about their patterns; null without triage. */
  readonly triage: { readonly accepted: number; readonly rejected: number; readonly open: number; readonly openPatterns: number } | null;
  readonly threshold: number;
  readonly metrics: PointMetrics | null;
  /** What the score is, in words. */
  readonly meaning: string;
  readonly verdictsFile: string;
  readonly warnings: readonly string[];
}

/**
 * A trained model and new logs → a verdict for every session, with evidence for the flagged ones: which event at which line,
 * what was expected instead, with what probability. Nothing is learned, neither templates nor weights.
 */
export async function detect(options: DetectOptions, engine: () => Promise<Engine>): Promise<Detected> {
  const startedAt = performance.now();
  if (options.recalibrate && options.threshold !== undefined) throw new UsageError('--threshold and --recalibrate contradict each other: give one.');
  await readManifest(options.model); // a missing model is the first thing to say
  await requireInput(options.inputFile);
  await checkOutput(options.outputPath, options.overwrite);
  const { detector, config, templates, threshold: own } = await openModel(options.model, engine);
  if (options.triage) namingOf(detector, options.triageBy);
  const source = await parsedInput(options);
  const { table } = await readSessionSet(source.sessions, options.labelFile);
  const details = needsDetails(detector) ? await detailsOf(detector, source.sessions) : null;
  const scores = details === null ? await scoreTable(detector, table) : null;
  const perSession = scores === null ? await detector.scoreBatch(details?.sessions ?? []) : Float64Array.from(table.sequenceOf, (d) => scores[d]);
  const threshold = options.recalibrate ? recalibrated(table, perSession, options.targetFpr) : options.threshold ?? own;
  if (threshold === undefined) throw new DataError(`${options.model}: config.json has no threshold. Give --threshold, or --recalibrate on normal sessions.`);
  if (options.recalibrate) await writeJson(path.join(options.model, 'config.json'), { ...config, threshold, ...('g' in config ? { g: threshold } : {}), target_fpr: options.targetFpr, recalibrated: { before: own ?? null, on: options.inputFile, at: new Date().toISOString(), target_fpr: options.targetFpr } });

  const triaged = options.triage ? await triage(options.model, detector, table, perSession, threshold, details, options.triageBy ?? 'default') : null;
  const flagged = await explainFlagged(detector, source, table, perSession, threshold, templates, details, triaged);
  const verdictsFile = path.join(options.outputPath, 'verdicts.jsonl');
  await openOutput(options.outputPath);
  const byRow = new Map(flagged.map((v) => [v.row, v.verdict]));
  await writeChunks(verdictsFile, (function* () {
    for (let row = 0; row < table.size; row++) yield `${JSON.stringify(byRow.get(row) ?? verdictOf(table, row, perSession[row], threshold, triaged))}\n`;
  })());
  const metrics = metricsOf(table, Float64Array.from(perSession, (score, row) => (triaged?.rows.get(row)?.standing.answer === 'accepted' ? -Infinity : score)), threshold);
  const triageCounts = triaged === null ? null : countStandings(triaged);
  await writeJson(path.join(options.outputPath, 'metrics.json'), { schema: 'deeplog.detect_metrics/1', sessions: table.size, flagged: flagged.length, threshold, metrics, triage: triageCounts });
  await writeManifest(options.outputPath, { stage: 'detect', startedAt, options: options.flags, inputs: await hashInputs([options.inputFile, source.sessionsArrow ?? undefined, options.labelFile, path.join(options.model, 'config.json'), path.join(options.model, 'model.safetensors')]) });
  const unwritten = triaged === null ? [] : [
    ...(triaged.outdated === 0 ? [] : [`${triaged.outdated} answered pattern${triaged.outdated === 1 ? ' speaks' : 's speak'} of events that have other templates in this model than when the answer was given: not followed (kept as "outdated" in triage.json)`]),
    ...(await noteSightings(options.model, detector, triaged, byRow, table)),
  ];
  return {
    sessions: table.size, threshold, metrics, verdictsFile, triage: triageCounts, meaning: meaningOf(detector), warnings: [...source.warnings, ...unwritten, ...(options.recalibrate ? recalibrationWarnings(table, perSession, threshold, options.targetFpr) : [])],
    flagged: flagged.map((f) => f.verdict).sort((a, b) => b.score - a.score),
  };
}

async function requireInput(inputFile: string): Promise<void> {
  if (inputFile !== '-' && !(await inputFiles(inputFile)).every((file) => existsSync(file))) throw new DataError(`${inputFile}: there is no such file or folder. Check --input_file.`);
}

interface Source {
  /** What readSessionSet takes. */
  readonly sessions: string;
  readonly sessionsArrow: string | null;
  /** The raw log, when evidence can quote it. */
  readonly rawLog: string | null;
  readonly warnings: readonly string[];
}

/** Parses a raw log with the model's parser; takes parsed sessions as they are. */
async function parsedInput(options: DetectOptions): Promise<Source> {
  const { inputFile } = options;
  if (inputFile !== '-' && existsSync(inputFile) && (statSync(inputFile).isDirectory() || /\.(arrow|json)$/.test(inputFile))) {
    const folder = statSync(inputFile).isDirectory() ? inputFile : path.dirname(inputFile);
    const manifest = existsSync(path.join(folder, 'manifest.json')) ? await readManifest(folder) : null;
    await requireSameTemplates(options.model, folder);
    const rawLog = manifest?.options.input_file;
    const arrow = path.join(folder, 'sessions.arrow');
    return { sessions: inputFile, sessionsArrow: existsSync(arrow) ? arrow : null, rawLog: typeof rawLog === 'string' && rawLog !== '-' && existsSync(rawLog) ? rawLog : null, warnings: [] };
  }
  const parser = await readParserFlags(options.model);
  // A model that was trained on event ids reads event ids.
  if (parser === null) return { sessions: inputFile, sessionsArrow: null, rawLog: null, warnings: [] };
  options.onProgress?.(`parsing ${inputFile} with the model's parser (nothing is learned)`);
  const output = path.join(options.outputPath, 'parsed');
  const flags: DrainFlags = {
    ...parser, input_file: inputFile, output_path: output, label_file: options.labelFile, state: path.join(options.model, PARSER_STATE), fit_until_line: 1, fit_share: undefined, match_only: undefined, truth_file: undefined, parquet: false,
    profiling: false, workers: 1, format: 'arrow', overwrite: true,
  };
  const { warnings, report } = await parseAsTrained(flags, parser, options.model);
  for (const line of report) options.onProgress?.(line);
  return { sessions: output, sessionsArrow: path.join(output, 'sessions.arrow'), rawLog: inputFile === '-' ? null : inputFile, warnings };
}

/** Parses with the model's settings. @throws DataError that speaks of the model where the log does not fit them: they are no flags of `detect`. */
async function parseAsTrained(flags: DrainFlags, trained: DrainFlags, model: string): Promise<DrainResult> {
  const records = (f: DrainFlags): boolean => isStructured(f.input_format as InputFormat | undefined, f.input_file);
  const kind = (f: DrainFlags): string => (records(f) ? 'records (JSON lines, CSV, Parquet)' : 'lines of text');
  if (records(flags) !== records(trained)) throw new DataError(`${flags.input_file}: is read as ${kind(flags)}, and ${model} was trained on ${kind(trained)}. Give it a log of the kind that it was trained on.`);
  try {
    return await runDrain(drainSettings(flags));
  } catch (error) {
    if (!(error instanceof UnfitLogError)) throw error;
    throw new DataError(`${error.finding} Layout and sessions are as ${model} was trained: give it a log of the same kind, or train a model on this one.`);
  }
}

/**
 * Event ids only mean something with the parser that gave them.
 * @throws DataError when most ids that both know stand for different templates.
 */
async function requireSameTemplates(model: string, input: string): Promise<void> {
  const files = [model, input].map((folder) => path.join(folder, 'templates.json'));
  if (!files.every((f) => existsSync(f))) return;
  const [ours, theirs] = (await Promise.all(files.map(readJson))) as Record<string, string>[];
  const shared = Object.keys(ours).filter((id) => id in theirs);
  const different = shared.filter((id) => ours[id] !== theirs[id]);
  if (different.length * 2 <= shared.length) return;
  const [id] = different;
  throw new DataError(`${input}: was parsed with other event ids than the model knows (event ${id} is ${JSON.stringify(theirs[id])} there, ${JSON.stringify(ours[id])} in ${model}). Give the raw log instead, or parse it with --state ${path.join(model, PARSER_STATE)}.`);
}

/** @throws DataError naming the detector and what the input lacks */
async function detailsOf(detector: Detector, input: string): Promise<DetailedSessions> {
  const folder = parsedFolder(input);
  if (folder === null) requireNeeds(detector.id, detector.needs, new Set<Need>(['events']), input);
  const parsed = await DetailedSessions.read(folder ?? input);
  return detector.needs.has('text') ? parsed.withText(await rawLines(folder ?? input)) : parsed;
}

function recalibrated(table: SessionTable, scores: Float64Array, targetFpr: number): number {
  const normals = Array.from(scores).filter((_, row) => table.labels[row] !== ABNORMAL);
  if (normals.length === 0) throw new DataError('--recalibrate needs normal sessions, and all of these are labelled abnormal.');
  return thresholdFor(normals, targetFpr);
}

function recalibrationWarnings(table: SessionTable, scores: Float64Array, threshold: number, targetFpr: number): string[] {
  const highest = scores.filter((s) => s === threshold).length;
  const normals = table.labels.reduce((n, label) => n + (label === ABNORMAL ? 0 : 1), 0);
  return [
    ...(table.labelled ? [] : ['these sessions have no labels: all of them were taken for normal']),
    ...(Math.floor(normals * targetFpr) === 0 ? [`${normals} sessions are too few for a target of ${100 * targetFpr} % false alarms: the threshold is their highest score`] : []),
    ...(highest > 1 && scores.every((s) => s <= threshold) ? [`${highest} of these sessions share the highest score, which the threshold is now: whatever scores as they do alerts no more, new kinds of events among it. If they are no normal sessions, go back to the threshold before ("before" in the model's config.json)`] : []),
    'the verdicts above are on the sessions that the threshold was taken from; judge it on others',
  ];
}

async function explainFlagged(detector: Detector, source: Source, table: SessionTable, scores: Float64Array, threshold: number, templates: Readonly<Record<string, string>>, details: DetailedSessions | null, triaged: Triaged | null): Promise<{ row: number; verdict: Verdict }[]> {
  const out: { row: number; verdict: Verdict; lines: ArrayLike<number> | null }[] = [];
  const lines = await linesOf(source, scores, threshold);
  for (let row = 0; row < table.size; row++) {
    if (!(scores[row] > threshold) || triaged?.rows.get(row)?.standing.answer === 'accepted') continue;
    const sessionLines = lines.get(row);
    const session: Session = details?.sessions[row] ?? { key: String(row), events: table.sequence(table.sequenceOf[row]), ...(sessionLines ? { lines: sessionLines } : {}) };
    const { evidence } = await evidenceFor(detector, session, threshold, templates);
    out.push({ row, verdict: { ...verdictOf(table, row, scores[row], threshold, triaged), evidence }, lines: sessionLines ?? null });
  }
  const wanted = new Set(out.flatMap((o) => (o.verdict.evidence ?? []).flatMap((e) => (e.line === undefined ? [] : [e.line]))));
  const raw = source.rawLog === null ? new Map<number, string>() : await quoteLines(source.rawLog, wanted);
  return out.map(({ row, verdict }) => ({
    row,
    verdict: { ...verdict, evidence: verdict.evidence?.map((e) => ({ ...e, ...(e.line !== undefined && raw.has(e.line) ? { raw: raw.get(e.line) } : {}) })) },
  }));
}

/** Lines of the flagged sessions, by row. */
async function linesOf(source: Source, scores: Float64Array, threshold: number): Promise<Map<number, ArrayLike<number>>> {
  const out = new Map<number, ArrayLike<number>>();
  if (source.sessionsArrow === null) return out;
  let row = 0;
  for await (const s of readSessions(source.sessionsArrow)) {
    if (scores[row] > threshold) out.set(row, sessionLines(s));
    row++;
  }
  return out;
}

function verdictOf(table: SessionTable, row: number, score: number, threshold: number, triaged: Triaged | null): Verdict {
  const label = table.labels[row];
  const standing = triaged?.rows.get(row)?.standing;
  const firstLine = table.details?.firstLines[row] ?? NaN;
  return {
    session: table.details?.ids[row] ?? row + 1, key: table.details?.keys[row] ?? String(row + 1), n_events: table.sequence(table.sequenceOf[row]).length, first_line: Number.isNaN(firstLine) ? null : firstLine,
    score, threshold, abnormal: score > threshold && standing?.answer !== 'accepted', pattern: table.sequenceOf[row], ...(standing === undefined ? {} : { triage: standing }), ...(label === UNLABELLED ? {} : { label: label === ABNORMAL }),
  };
}

function metricsOf(table: SessionTable, scores: Float64Array, threshold: number): PointMetrics | null {
  if (!table.labelled) return null;
  const rows = Array.from({ length: table.size }, (_, i) => i).filter((r) => table.labels[r] !== UNLABELLED);
  return pointMetrics(confusionAt(countScores(rows.map((r) => scores[r]), rows.map((r) => table.labels[r] === ABNORMAL)), threshold));
}
