import path from 'node:path';
import { readJson, writeJson } from '../../artifacts/index.js';
import { DataError } from '../../common/index.js';
import type { Detector, Evidence, Need, Session, SessionSource } from '../types.js';

/**
 * A detector that knows a set of patterns from training and calls a session abnormal when it holds one that is not in it.
 * No threshold, no parameters; the field's papers seldom show them, and they are hard to beat.
 */
interface PatternRule {
  readonly id: string;
  /** What a pattern is, in the plural, and the word that goes before one. */
  readonly kind: string;
  readonly word: string;
  /** The patterns of a session. */
  patterns(events: Uint32Array): Iterable<string>;
  /** Where a novel pattern stands, and what to say of it; index in the session. */
  locate(events: Uint32Array, known: ReadonlySet<string>): Iterable<{ index: number; reason: string }>;
}

class PatternDetector implements Detector {
  readonly needs: ReadonlySet<Need> = new Set<Need>(['events']);
  readonly binary = true;
  private known = new Set<string>();

  constructor(private readonly rule: PatternRule) {}

  get id(): string {
    return this.rule.id;
  }

  get patternKind(): string {
    return this.rule.kind;
  }

  fit(train: SessionSource): Promise<void> {
    this.known = new Set();
    for (const { session } of train.distinct()) for (const pattern of this.rule.patterns(session.events)) if (pattern !== NEVER) this.known.add(pattern);
    return Promise.resolve();
  }

  scoreBatch(sessions: readonly Session[]): Promise<Float64Array> {
    return Promise.resolve(Float64Array.from(sessions, (s) => {
      for (const pattern of this.rule.patterns(s.events)) if (!this.known.has(pattern)) return 1;
      return 0;
    }));
  }

  patterns(sessions: readonly Session[]): Promise<string[][]> {
    return Promise.resolve(sessions.map(({ events }) => {
      const novel = new Set<string>();
      for (const pattern of this.rule.patterns(events)) if (!this.known.has(pattern)) novel.add(pattern);
      return [...novel].sort().map((pattern) => `${this.rule.word} ${pattern === NEVER ? '0' : pattern}`);
    }));
  }

  explain(session: Session): Promise<Evidence[]> {
    return Promise.resolve(Array.from(this.rule.locate(session.events, this.known), ({ index, reason }) => ({
      index, event: session.events[index] ?? null, score: 1, expected: [], reason, ...(session.lines ? { line: session.lines[index] } : {}),
    })));
  }

  async save(folder: string): Promise<void> {
    await writeJson(path.join(folder, 'config.json'), { schema: 'deeplog.detector/1', detector: this.id, known: [...this.known] });
  }

  async restore(folder: string): Promise<this> {
    const config = (await readJson(path.join(folder, 'config.json'))) as { detector?: string; known?: string[] };
    if (config.detector !== this.id || !Array.isArray(config.known)) throw new DataError(`${folder}: holds a ${String(config.detector)} detector, not ${this.id}.`);
    this.known = new Set(config.known);
    return this;
  }

  modelBytes(): number {
    let bytes = 0;
    for (const pattern of this.known) bytes += pattern.length;
    return bytes;
  }
}

const unseenKey: PatternRule = {
  id: 'unseen-key',
  kind: 'unseen keys',
  word: 'event',
  *patterns(events) {
    for (let i = 0; i < events.length; i++) yield keyPattern(events[i]);
  },
  *locate(events, known) {
    for (let i = 0; i < events.length; i++) if (!known.has(keyPattern(events[i]))) yield { index: i, reason: `event ${events[i]} does not occur in training` };
  },
};

const eventSet: PatternRule = {
  id: 'event-set',
  kind: 'event set',
  word: 'events',
  *patterns(events) {
    yield [...new Set(events)].sort((a, b) => a - b).join(' ');
  },
  *locate(events, known) {
    const set = [...new Set(events)].sort((a, b) => a - b);
    if (known.has(set.join(' '))) return;
    const nearest = nearestSet(set, known);
    for (const event of set) {
      if (nearest.has(event)) continue;
      yield { index: events.indexOf(event), reason: `event ${event} is in no training session with these others; the nearest set lacks it` };
    }
    for (const event of nearest) if (!set.includes(event)) yield { index: events.length, reason: `event ${event} is missing: the nearest training set has it` };
  },
};

const countVector: PatternRule = {
  id: 'count-vector',
  kind: 'count vector',
  word: 'counts',
  *patterns(events) {
    yield [...events].sort((a, b) => a - b).join(' ');
  },
  *locate(events, known) {
    const counts = countsOf(events);
    if (known.has([...events].sort((a, b) => a - b).join(' '))) return;
    yield { index: events.length, reason: `no training session has these counts: ${[...counts].map(([e, n]) => `${n}× event ${e}`).join(', ')}` };
  },
};

const bigram: PatternRule = {
  id: '2-gram',
  kind: 'new 2-grams',
  word: 'pair',
  *patterns(events) {
    for (let i = 1; i < events.length; i++) yield `${events[i - 1]} ${events[i]}`;
  },
  *locate(events, known) {
    for (let i = 1; i < events.length; i++) {
      if (!known.has(`${events[i - 1]} ${events[i]}`)) yield { index: i, reason: `event ${events[i]} never follows event ${events[i - 1]} in training` };
    }
  },
};

/** Sessions shorter or longer than any in training. */
class LengthDetector implements Detector {
  readonly id = 'length';
  readonly patternKind = 'length';
  readonly needs: ReadonlySet<Need> = new Set<Need>(['events']);
  readonly binary = true;
  private shortest = Infinity;
  private longest = -Infinity;

  fit(train: SessionSource): Promise<void> {
    for (const { session } of train.distinct()) {
      this.shortest = Math.min(this.shortest, session.events.length);
      this.longest = Math.max(this.longest, session.events.length);
    }
    return Promise.resolve();
  }

  scoreBatch(sessions: readonly Session[]): Promise<Float64Array> {
    return Promise.resolve(Float64Array.from(sessions, ({ events }) => (events.length < this.shortest || events.length > this.longest ? 1 : 0)));
  }

  patterns(sessions: readonly Session[]): Promise<string[][]> {
    return Promise.resolve(sessions.map(({ events }) => [`${events.length} events`]));
  }

  explain({ events }: Session): Promise<Evidence[]> {
    if (events.length >= this.shortest && events.length <= this.longest) return Promise.resolve([]);
    return Promise.resolve([{ index: events.length, event: null, score: 1, expected: [], reason: `${events.length} events; training sessions have ${this.shortest} to ${this.longest}` }]);
  }

  async save(folder: string): Promise<void> {
    await writeJson(path.join(folder, 'config.json'), { schema: 'deeplog.detector/1', detector: this.id, shortest: this.shortest, longest: this.longest });
  }

  async restore(folder: string): Promise<this> {
    const config = (await readJson(path.join(folder, 'config.json'))) as { detector?: string; shortest?: number; longest?: number };
    if (config.detector !== this.id || typeof config.shortest !== 'number' || typeof config.longest !== 'number') throw new DataError(`${folder}: holds a ${String(config.detector)} detector, not ${this.id}.`);
    this.shortest = config.shortest;
    this.longest = config.longest;
    return this;
  }

  modelBytes(): number {
    return 16;
  }
}

/** A pattern that is never known. */
const NEVER = 'never';

/** Event 0 means that no template fits. */
function keyPattern(event: number): string {
  return event === 0 ? NEVER : String(event);
}

function countsOf(events: Uint32Array): Map<number, number> {
  const counts = new Map<number, number>();
  for (const event of events) counts.set(event, (counts.get(event) ?? 0) + 1);
  return new Map([...counts].sort(([a], [b]) => a - b));
}

function nearestSet(set: readonly number[], known: ReadonlySet<string>): Set<number> {
  let best = new Set<number>();
  let bestDistance = Infinity;
  for (const pattern of known) {
    const other = new Set(pattern.split(' ').map(Number));
    const common = set.filter((e) => other.has(e)).length;
    const distance = set.length + other.size - 2 * common;
    if (distance < bestDistance) [best, bestDistance] = [other, distance];
  }
  return best;
}

export type BinaryDetector = Detector & { restore(folder: string): Promise<Detector> };

/** The five binary trivial detectors, by id. */
export const TRIVIAL_DETECTORS: Readonly<Record<string, () => BinaryDetector>> = {
  'unseen-key': () => new PatternDetector(unseenKey),
  length: () => new LengthDetector(),
  'event-set': () => new PatternDetector(eventSet),
  'count-vector': () => new PatternDetector(countVector),
  '2-gram': () => new PatternDetector(bigram),
};
