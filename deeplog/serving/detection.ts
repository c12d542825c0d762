import type { SessionRecord } from '../artifacts/index.js';
import { messageOf } from '../common/index.js';
import { DetailedSessions, sessionLines, type Session } from '../detectors/index.js';
import { evidenceFor, needsDetails, scoreTable, standings, type JudgedEvidence } from '../evaluation/index.js';
import { ParameterLog, SessionTableBuilder, UNLABELLED } from '../sequences/index.js';
import type { FrozenParse, FrozenParser } from '../sessions/index.js';
import type { Standing } from '../triage/index.js';
import { ServiceError } from './errors.js';
import type { Deadline } from './limits.js';
import type { LoadedModel } from './models.js';
import { RawLines } from './raw_lines.js';
import type { RequestLog } from './request_log.js';

/** Sessions that are scored together; those of one request only, so that an answer does not depend on who else asks. */
const SESSIONS_PER_BATCH = 1024;

/** When a session is abnormal. */
export type Rule =
  /** Its score is above the model's threshold, or the one given: what `detect` says. */
  | { readonly rule: 'score'; readonly threshold: number }
  /** More than this share of its events are held against it, each by the threshold; LogBERT's rule. */
  | { readonly rule: 'share'; readonly threshold: number; readonly seqThreshold: number };

export interface SessionVerdict {
  readonly session: number;
  readonly key: string;
  readonly n_events: number;
  /** 1-based line of the request body. */
  readonly first_line: number | null;
  readonly score: number;
  readonly threshold: number;
  readonly abnormal: boolean;
  /** Of a session above the threshold, where alerts of this model have been answered: which kind of alert it is, and the answer. */
  readonly triage?: Standing;
  /** Under the rule `share`: events held against the session, and their share of its events. */
  readonly missed?: number;
  readonly missed_share?: number;
  readonly evidence?: readonly (JudgedEvidence & { readonly raw?: string })[];
}

export interface SessionsSummary {
  readonly model: string;
  readonly model_version: string;
  readonly detector: string;
  readonly rule: Rule['rule'];
  readonly threshold: number;
  readonly seq_threshold?: number;
  readonly total_sequences: number;
  readonly total_anomalous_sequences: number;
  /** Above the threshold, and no alert since its kind was accepted; there where alerts of this model have been answered. */
  readonly total_accepted_sequences?: number;
  readonly anomaly_ratio: number;
}

export interface LinesSummary {
  readonly lines: number;
  readonly empty_lines: number;
  /** Lines that do not fit the layout of the model's logs: they belong to no session. */
  readonly unparsed_lines: number;
  readonly unparsed: readonly { readonly line: number; readonly text: string }[];
  /** Lines that fit no template: event 0, unknown to every model, and so evidence. */
  readonly unknown_template_lines: number;
}

export interface LogSummary extends SessionsSummary, LinesSummary {
  /** Lines without a session's key. */
  readonly unassigned_lines: number;
}

export interface DetectionOptions {
  readonly rule: Rule;
  /** Quote the lines that are evidence; the request is then held in memory. */
  readonly quote: boolean;
  readonly deadline: Deadline;
  /** Let the answers in the model's triage.json decide, under the rule `score`. */
  readonly triage: boolean;
}

/** A log's sessions with their verdicts, each as soon as it can be told, then the summary. Nothing is learned. @throws ServiceError */
export async function* detectLog(model: LoadedModel, log: RequestLog, options: DetectionOptions): AsyncGenerator<SessionVerdict, LogSummary> {
  const { trained } = model;
  const parser = parserOf(model);
  const detailed = needsDetails(trained.detector);
  const reads = trained.detector.needs.has('text');
  const parse = parser.start({ keepParameters: detailed, keepText: reads });
  const raw = options.quote ? new RawLines() : null;
  const judge = new Judge(model, options, raw);
  let waiting: SessionRecord[] = [];
  for await (const chunk of log.lines(parser, parse, ({ buffer, end }) => raw?.add(buffer, end))) {
    parse.take(chunk);
    waiting.push(...parse.takeClosed());
    // Numbers are judged with those of the whole log before them: such sessions wait for its end.
    while (!detailed && waiting.length >= SESSIONS_PER_BATCH) {
      yield* await judge.sequences(waiting.slice(0, SESSIONS_PER_BATCH));
      waiting = waiting.slice(SESSIONS_PER_BATCH);
    }
  }
  if (detailed) {
    const records = [...waiting, ...parse.rest()];
    const rows = parse.parameterRows();
    const details = DetailedSessions.of(records, await ParameterLog.of(records, rows === null ? [] : [rows]));
    yield* await judge.detailed(records, reads ? details.withText(parse.texts) : details);
  } else {
    for (const record of parse.rest()) {
      waiting.push(record);
      if (waiting.length < SESSIONS_PER_BATCH) continue;
      yield* await judge.sequences(waiting);
      waiting = [];
    }
    yield* await judge.sequences(waiting);
  }
  return logSummary(model, parse, judge, options.rule);
}

/** Turns sessions into verdicts and counts them. */
export class Judge {
  sessions = 0;
  abnormal = 0;
  /** Null: there are no answers to follow. */
  accepted: number | null = null;

  constructor(private readonly model: LoadedModel, private readonly options: Pick<DetectionOptions, 'rule' | 'deadline' | 'triage'>, private readonly raw: RawLines | null) {}

  /** For detectors that look at event ids alone: each distinct sequence is scored once. */
  async sequences(records: readonly SessionRecord[], haveLines = true): Promise<SessionVerdict[]> {
    const { detector } = this.model.trained;
    const builder = new SessionTableBuilder();
    for (const { events } of records) builder.add(events, 0, events.length, UNLABELLED);
    const table = builder.build();
    const scores = await this.inTurn(() => scoreTable(detector, table));
    return this.verdicts(records, (i) => scores[table.sequenceOf[i]], (i) => ({ key: records[i].key, events: table.sequence(table.sequenceOf[i]), ...(haveLines ? { lines: sessionLines(records[i]) } : {}) }), haveLines);
  }

  async detailed(records: readonly SessionRecord[], details: DetailedSessions): Promise<SessionVerdict[]> {
    if (records.length === 0) return [];
    const lacking = [...this.model.trained.detector.needs].filter((need) => !details.provides.has(need));
    if (lacking.length > 0) throw new ServiceError(422, 'model_needs_more', `The model ${JSON.stringify(this.model.name)} needs ${lacking.join(' and ')}, which this log does not have.`, 'Use another model.');
    const scores = await this.inTurn(() => this.model.trained.detector.scoreBatch(details.sessions));
    return this.verdicts(records, (i) => scores[i], (i) => details.sessions[i], true);
  }

  private async verdicts(records: readonly SessionRecord[], scoreOf: (i: number) => number, sessionOf: (i: number) => Session, haveLines: boolean): Promise<SessionVerdict[]> {
    const { rule } = this.options;
    const out: SessionVerdict[] = [];
    const answered = await this.standings(records.flatMap((_, i) => (scoreOf(i) > rule.threshold ? [i] : [])), sessionOf);
    for (const [i, record] of records.entries()) {
      const score = scoreOf(i);
      const base = { session: record.session, key: record.key, n_events: record.events.length, first_line: haveLines ? record.firstLine : null, score, threshold: rule.threshold };
      const triage = answered?.get(i)?.standing;
      let abnormal = score > rule.threshold && triage?.answer !== 'accepted';
      let extra: Partial<SessionVerdict> = triage === undefined ? {} : { triage };
      if (triage?.answer === 'accepted') this.accepted = (this.accepted ?? 0) + 1;
      if (abnormal || rule.rule === 'share') {
        const { evidence, held } = await this.inTurn(() => evidenceFor(this.model.trained.detector, sessionOf(i), rule.threshold, this.model.trained.templates));
        if (rule.rule === 'share') {
          const share = Math.min(1, held / Math.max(1, record.events.length));
          abnormal = share > rule.seqThreshold;
          extra = { ...extra, missed: held, missed_share: share };
        }
        if (abnormal) extra = { ...extra, evidence: this.raw === null ? evidence : evidence.map((e) => (e.line === undefined ? e : { ...e, raw: this.raw?.get(e.line) ?? '' })) };
      }
      this.sessions++;
      if (abnormal) this.abnormal++;
      out.push({ ...base, abnormal, ...extra });
    }
    return out;
  }

  /** What has been said about the flagged sessions; null where nothing has, or nobody wants to know. @throws ServiceError when the answers cannot be read. */
  private async standings(flagged: readonly number[], sessionOf: (i: number) => Session): Promise<Awaited<ReturnType<typeof standings>>['of'] | null> {
    const { model, options } = this;
    if (!options.triage || options.rule.rule !== 'score') return null;
    const store = await model.answers.current().catch((error: unknown) => {
      throw new ServiceError(409, 'answers_not_read', `The answers to alerts of the model ${JSON.stringify(model.name)} cannot be read (${messageOf(error)}).`, 'Repair or move its triage.json, or send triage: false.');
    });
    if (store === null) return null;
    this.accepted ??= 0;
    return (await this.inTurn(() => standings(store, model.trained.detector, 'default', flagged, sessionOf, options.rule.threshold))).of;
  }

  private inTurn<T>(work: () => Promise<T>): Promise<T> {
    const { deadline } = this.options;
    return deadline.race(this.model.inTurn(() => {
      deadline.check(); // nobody waits for it any more
      return work();
    }));
  }
}

/** @throws ServiceError when the model reads no raw logs. */
export function parserOf(model: LoadedModel): FrozenParser {
  const { parser } = model;
  if (parser === null) throw new ServiceError(422, 'no_parser', `The model ${JSON.stringify(model.name)} was trained on event ids and cannot read raw logs.`, 'Send event ids to /sessions/score, or use a model that was trained on a parsed log.');
  if (parser.input === null) throw new ServiceError(422, 'records_not_read', `The model ${JSON.stringify(model.name)} was trained on records with named values by an earlier version, which did not note what values make a line.`, 'Run the drain stage and the training again.');
  return parser;
}

/** @throws ServiceError when nothing could be read. */
export function linesSummary(model: LoadedModel, { counts, unparsed }: FrozenParse): LinesSummary {
  if (counts.lines === counts.emptyLines) throw new ServiceError(400, 'empty_log', 'The log holds no line that is not empty.', 'Send at least one line.');
  if (counts.events === 0) throw new ServiceError(422, 'wrong_layout', `None of the ${counts.lines} lines ${model.parser?.input === 'lines' ? "fits the layout of this model's logs," : 'is a record with the values that this model reads,'} ${JSON.stringify(model.parser?.layout ?? '')}.`, 'Send lines of the kind that the model was trained on.');
  return { lines: counts.lines, empty_lines: counts.emptyLines, unparsed_lines: counts.unparsedLines, unparsed, unknown_template_lines: counts.unmatchedLines };
}

function sessionsSummary(model: LoadedModel, judge: Judge, rule: Rule): SessionsSummary {
  return {
    model: model.name, model_version: model.version, detector: model.trained.detector.id, rule: rule.rule, threshold: rule.threshold, ...(rule.rule === 'share' ? { seq_threshold: rule.seqThreshold } : {}),
    total_sequences: judge.sessions, total_anomalous_sequences: judge.abnormal, ...(judge.accepted === null ? {} : { total_accepted_sequences: judge.accepted }), anomaly_ratio: judge.sessions === 0 ? 0 : judge.abnormal / judge.sessions,
  };
}

function logSummary(model: LoadedModel, parse: FrozenParse, judge: Judge, rule: Rule): LogSummary {
  const lines = linesSummary(model, parse);
  const { counts } = parse;
  if (judge.sessions === 0) throw new ServiceError(422, 'no_sessions', `None of the ${counts.events} lines belongs to a session of this model (${model.parser?.grouping ?? 'lines are not grouped'}).`, 'Send lines that carry a session key.');
  return { ...sessionsSummary(model, judge, rule), ...lines, unassigned_lines: counts.unassignedLines };
}

/** Verdicts for sessions that are given as event ids. @throws ServiceError when the model needs more than ids. */
export async function* scoreSessions(model: LoadedModel, sessions: readonly { readonly key?: string | undefined; readonly events: readonly number[] }[], options: Pick<DetectionOptions, 'rule' | 'deadline' | 'triage'>): AsyncGenerator<SessionVerdict, SessionsSummary> {
  const { detector } = model.trained;
  if (needsDetails(detector)) throw new ServiceError(422, 'model_needs_more', `The model ${JSON.stringify(model.name)} needs ${[...detector.needs].join(' and ')}, and event ids are all that is sent here.`, 'Send the raw log to /detect, or use another model.');
  const judge = new Judge(model, options, null);
  for (let at = 0; at < sessions.length; at += SESSIONS_PER_BATCH) {
    const records = sessions.slice(at, at + SESSIONS_PER_BATCH).map(({ key, events }, i): SessionRecord => ({ session: at + i + 1, key: key ?? String(at + i + 1), firstLine: 0, lines: null, events, elapsedMs: null, label: null }));
    yield* await judge.sequences(records, false);
  }
  return sessionsSummary(model, judge, options.rule);
}
