import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import path from 'node:path';
import { readJson, writeJson } from '../artifacts/index.js';
import { DataError, UsageError } from '../common/index.js';
import { Clusters, type Cluster } from './clusters.js';
import { ASK_ONCE, Knowledge } from './knowledge.js';
import { withLock } from './lock.js';

/** accepted: normal from now on, no alert; rejected: abnormal, alerts without asking. */
export type Answer = 'accepted' | 'rejected';

/** A kind of alert: sessions whose patterns have the same names. */
export interface TriagePattern {
  /** 64 hexadecimal digits; people are shown the first few. */
  readonly id: string;
  readonly detector: string;
  readonly names: readonly string[];
  /** What the sessions have in common with others that are much like them: their set of events. */
  readonly group: string;
  readonly answer: Answer | null;
  readonly by: string | null;
  readonly at: string | null;
  readonly note: string | null;
  readonly first_seen: string;
  /** Of the last run that saw it; an answer lapses `max_age_days` after it. */
  readonly last_seen: string;
  /** Alerts: flagged sessions of all runs, so that one which two runs judged counts twice. */
  readonly sessions: number;
  /** Of the last run that saw it, its first session. */
  readonly example: { readonly key: string; readonly first_line: number | null; readonly reason: string | null };
}

export interface TriageChange {
  readonly id: string;
  readonly answer: Answer | null;
  readonly by: string;
  readonly at: string;
  readonly note: string | null;
}

/** A cluster as it is kept: another detector's, or another network's, is another one. */
interface KeptCluster extends Cluster {
  readonly detector: string;
  /** Of the network that made the centre. */
  readonly space: string;
}

/** What stands in triage.json. */
export interface TriageFile {
  readonly schema: 'deeplog.triage/1';
  /** Days without a sighting after which an answer lapses. */
  readonly max_age_days: number;
  readonly patterns: readonly TriagePattern[];
  /** Every answer that was ever given, in order. */
  readonly history: readonly TriageChange[];
  /** In the order in which they were founded; absent in files of before there were any. */
  readonly clusters?: readonly KeptCluster[];
  /** What the events were whose numbers the patterns are made of; absent in files of before, and where the model has no templates. */
  readonly templates?: Readonly<Record<string, string>>;
  /** Patterns of events that have become others: their answers are not followed, and not lost. */
  readonly outdated?: readonly TriagePattern[];
}

/** What a flagged session is, after triage. */
export interface Standing {
  readonly id: string;
  /** null: nobody has answered yet, or the answer lapsed. */
  readonly answer: Answer | null;
  /** Who answered, when; null where it follows from answers about other patterns. */
  readonly by: string | null;
  readonly at: string | null;
}

/** A session as it is noted. */
export interface Sighting {
  readonly names: readonly string[];
  readonly group: string;
  readonly key: string;
  readonly firstLine: number | null;
  readonly reason: string | null;
}

export const TRIAGE_FILE = 'triage.json';
const DAY_MS = 86_400_000;
const SHORT_ID = 8;
export const DEFAULT_MAX_AGE_DAYS = 90;

/** The operator's answers for one model, in `triage.json` of its folder. */
export class TriageStore {
  private readonly byId: Map<string, TriagePattern>;
  private readonly knowledge: Knowledge;

  private constructor(readonly folder: string, private readonly file: TriageFile, private readonly now: Date) {
    this.byId = new Map(file.patterns.map((p) => [p.id, p]));
    // Answers in the order in which they were given: each may clear or convict single names for other sessions, too. Nothing is silenced that was not cleared together.
    this.knowledge = new Knowledge({ ...ASK_ONCE, credit: 'joint', mostQuestions: Infinity });
    const answered = file.patterns.filter((p) => p.answer !== null && !this.lapsed(p)).sort((a, b) => (a.at ?? '').localeCompare(b.at ?? ''));
    for (const p of answered) this.knowledge.answer(p.names, p.group, p.answer === 'rejected', 0);
  }

  /** Reads it; empty where there is none yet. @throws DataError when the file is broken. */
  static async open(folder: string, now = new Date()): Promise<TriageStore> {
    return TriageStore.of(folder, await readTriage(folder), now);
  }

  static of(folder: string, file: TriageFile, now: Date): TriageStore {
    return new TriageStore(folder, file, now);
  }

  get patterns(): readonly TriagePattern[] {
    return this.file.patterns;
  }

  /** Answered patterns whose events have become others since, by another parse of the log: they are not followed. */
  get outdated(): number {
    return (this.file.outdated ?? []).filter((p) => p.answer !== null).length;
  }

  get history(): readonly TriageChange[] {
    return this.file.history;
  }

  /** Patterns by what has been said of them, those with the most alerts first. */
  ofStatus(status: 'open' | 'accepted' | 'rejected' | 'lapsed' | 'all'): TriagePattern[] {
    const is = (p: TriagePattern): boolean => {
      if (status === 'all') return true;
      const stands = p.answer !== null && !this.lapsed(p);
      if (status === 'open') return !stands;
      return status === 'lapsed' ? p.answer !== null && !stands : stands && p.answer === status;
    };
    return this.file.patterns.filter(is).sort((a, b) => b.sessions - a.sessions);
  }

  get maxAgeDays(): number {
    return this.file.max_age_days;
  }

  /** Its answer no longer counts: the pattern was not seen for longer than `max_age_days`. */
  lapsed(pattern: TriagePattern): boolean {
    return this.now.getTime() - Date.parse(pattern.last_seen) > this.file.max_age_days * DAY_MS;
  }

  /** The clusters that earlier runs founded for this detector and network, to be gone on with. */
  clusters(detector: string, { id, radius }: { readonly id: string; readonly radius: number }): Clusters {
    return new Clusters(radius, (this.file.clusters ?? []).filter((c) => c.detector === detector && c.space === id));
  }

  /** Someone answered for sessions with exactly these names, and the answer stands. */
  answered(detector: string, names: readonly string[]): boolean {
    const known = this.byId.get(patternId(detector, names));
    return known !== undefined && known.answer !== null && !this.lapsed(known);
  }

  /** What has been said about sessions with these names: about them together, or about each of them elsewhere. */
  standing(detector: string, names: readonly string[], group: string): Standing {
    const id = patternId(detector, names);
    const known = this.byId.get(id);
    if (known !== undefined && known.answer !== null && !this.lapsed(known)) return { id, answer: known.answer, by: known.by, at: known.at };
    const outcome = this.knowledge.judge(names, group, 0);
    return { id, answer: outcome === 'question' ? null : outcome === 'quiet' ? 'accepted' : 'rejected', by: null, at: null };
  }

  /** Notes flagged sessions of one run: new patterns get an id that can be answered. `named`: the clusters that they were named by. */
  static async note(folder: string, detector: string, sightings: readonly Sighting[], now = new Date(), named: { readonly space: string; readonly clusters: readonly Cluster[] } | null = null): Promise<void> {
    if (sightings.length === 0) return;
    await change(folder, (file) => {
      const kept = new Set((file.clusters ?? []).flatMap((c) => (c.detector === detector && c.space === named?.space ? [c.name] : [])));
      const founded = (named?.clusters ?? []).filter((c) => !kept.has(c.name)).map(({ name, centre }) => ({ detector, space: named?.space ?? '', name, centre }));
      const byId = new Map(file.patterns.map((p) => [p.id, p]));
      const seen = new Map<string, TriagePattern['example']>();
      for (const s of sightings) {
        const id = patternId(detector, s.names);
        const old = byId.get(id);
        // Quiet sessions come without a reason: one that says why stays.
        const example = seen.get(id) ?? (s.reason === null && old !== undefined && old.example.reason !== null ? old.example : { key: s.key, first_line: s.firstLine, reason: s.reason });
        seen.set(id, example);
        // An answer that lapsed does not come back to life by being seen.
        const lapsed = old !== undefined && now.getTime() - Date.parse(old.last_seen) > file.max_age_days * DAY_MS;
        byId.set(id, {
          id, detector, names: s.names, group: s.group, answer: null, by: null, at: null, note: null, first_seen: now.toISOString(),
          ...(old ?? {}), example, ...(lapsed ? { answer: null } : {}), sessions: (old?.sessions ?? 0) + 1, last_seen: now.toISOString(),
        });
      }
      return { ...file, patterns: [...byId.values()], ...(founded.length === 0 ? {} : { clusters: [...(file.clusters ?? []), ...founded] }) };
    });
  }

  /**
   * Answers patterns by their ids (or the first characters of them).
   * @throws UsageError naming an id that is unknown or that several patterns begin with; nothing is changed then.
   */
  static async answer(folder: string, ids: readonly string[], answer: Answer | null, by: string, note: string | null, now = new Date()): Promise<readonly TriagePattern[]> {
    const at = now.toISOString();
    const changed: TriagePattern[] = [];
    await change(folder, (file) => {
      const wanted = new Set(ids.map((id) => find(file.patterns, id, folder).id));
      const patterns = file.patterns.map((p) => {
        if (!wanted.has(p.id)) return p;
        // Answering is seeing: the answer's age begins now.
        const next = { ...p, answer, by: answer === null ? null : by, at: answer === null ? null : at, note, last_seen: at };
        changed.push(next);
        return next;
      });
      return { ...file, patterns, history: [...file.history, ...changed.map(({ id }) => ({ id, answer, by, at, note }))] };
    });
    return changed;
  }

  /** @throws DataError when the file cannot be written */
  static async setMaxAge(folder: string, days: number): Promise<void> {
    await change(folder, (file) => ({ ...file, max_age_days: days }));
  }
}

/** The same for the same names, whatever their order. Whole: two patterns that shared an id would share their answer. */
export function patternId(detector: string, names: readonly string[]): string {
  return createHash('sha256').update(JSON.stringify([detector, ...[...names].sort()])).digest('hex');
}

/** What people are shown of an id, and may give for it. */
export function shortId(id: string): string {
  return id.slice(0, SHORT_ID);
}

function find(patterns: readonly TriagePattern[], id: string, folder: string): TriagePattern {
  const found = patterns.filter((p) => p.id.startsWith(id.toLowerCase()));
  if (found.length === 1 && id.length > 0) return found[0];
  if (found.length === 0) throw new UsageError(`There is no pattern ${JSON.stringify(id)} in ${path.join(folder, TRIAGE_FILE)}. "triage list --model ${folder}" shows what there is.`);
  throw new UsageError(`${found.length} patterns begin with ${JSON.stringify(id)} (${found.slice(0, 3).map((p) => p.id.slice(0, id.length + SHORT_ID)).join(', ')}…): give more of the id.`);
}

/** Empty where there is none yet. @throws DataError when the file is broken. */
export async function readTriage(folder: string): Promise<TriageFile> {
  const file = path.join(folder, TRIAGE_FILE);
  if (!existsSync(file)) return { schema: 'deeplog.triage/1', max_age_days: DEFAULT_MAX_AGE_DAYS, patterns: [], history: [] };
  const content = (await readJson(file)) as Partial<TriageFile>;
  if (content.schema !== 'deeplog.triage/1' || !Array.isArray(content.patterns) || !Array.isArray(content.history)) throw new DataError(`${file}: is no triage file of this version (schema ${JSON.stringify(content.schema)}). Move it away to begin anew.`);
  // Files of before held short ids: what a pattern is called follows from its names.
  const patterns = content.patterns.map((p) => ({ ...p, id: patternId(p.detector, p.names) }));
  const now = await templatesOf(folder);
  const before = content.templates ?? now;
  const others = new Set(Object.keys(before).filter((event) => now[event] !== before[event]));
  const isOutdated = (p: TriagePattern): boolean => eventsIn(p).some((event) => others.has(event));
  return { ...(content as TriageFile), patterns: patterns.filter((p) => !isOutdated(p)), outdated: [...(content.outdated ?? []), ...patterns.filter(isOutdated)] };
}

/** What the model's events are; empty where its parser is not beside it. */
async function templatesOf(folder: string): Promise<Readonly<Record<string, string>>> {
  const file = path.join(folder, 'templates.json');
  return existsSync(file) ? ((await readJson(file)) as Record<string, string>) : {};
}

/** Numbers of the events that a pattern speaks of. */
function eventsIn({ names, group }: Pick<TriagePattern, 'names' | 'group'>): string[] {
  return [...names, group].flatMap((name) => [...name.matchAll(/\bevents? ([\d ]+)/g)].flatMap(([, numbers]) => numbers.trim().split(' ')));
}

/** Reads, changes and writes the file whole, one process at a time. */
async function change(folder: string, to: (file: TriageFile) => TriageFile): Promise<void> {
  const file = path.join(folder, TRIAGE_FILE);
  await withLock(file, async () => writeJson(file, { ...to(await readTriage(folder)), templates: await templatesOf(folder) }));
}
