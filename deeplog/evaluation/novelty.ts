import { ABNORMAL, type SessionTable } from '../sequences/index.js';

/** One of equal stretches of a set, in its order. */
export interface NoveltyBlock {
  /** Shares of the sessions, from 0 to 1. */
  readonly from: number;
  readonly to: number;
  readonly sessions: number;
  readonly abnormal: number;
  /** Share of the sessions with something that training never held; of those not labelled abnormal. */
  readonly unseen: Readonly<Record<NoveltyKind, number>>;
}

/** When one template occurs. */
export interface TemplateTimeline {
  readonly event: number;
  readonly text: string | null;
  /** Share of the sessions that come before the first one with it. */
  readonly first: number;
  /** Sessions with it. */
  readonly sessions: number;
  /** Share of each block's sessions with it. */
  readonly blocks: readonly number[];
}

export const NOVELTY_KINDS = ['key', 'event set', 'count vector', '2-gram'] as const;
export type NoveltyKind = (typeof NOVELTY_KINDS)[number];

const PATTERNS: Readonly<Record<NoveltyKind, (events: Uint32Array) => readonly string[]>> = {
  key: (events) => Array.from(new Set(events), String),
  'event set': (events) => [[...new Set(events)].sort((a, b) => a - b).join(' ')],
  'count vector': (events) => [Array.from(events).sort((a, b) => a - b).join(' ')],
  '2-gram': (events) => Array.from({ length: Math.max(0, events.length - 1) }, (_, i) => `${events[i]} ${events[i + 1]}`),
};

export const BLOCKS = 50;

/** How much of each stretch is new to what the first `trainUntil` of the sessions holds. Abnormal training sessions are not learned from. */
export function noveltyOverTime(table: SessionTable, trainUntil: number): NoveltyBlock[] {
  const boundary = Math.floor(table.size * trainUntil);
  const isNew = NOVELTY_KINDS.map((kind): Uint8Array => {
    const patterns = Array.from({ length: table.distinct }, (_, d) => PATTERNS[kind](table.sequence(d)));
    const known = new Set<string>();
    for (let s = 0; s < boundary; s++) if (table.labels[s] !== ABNORMAL) for (const p of patterns[table.sequenceOf[s]]) known.add(p);
    return Uint8Array.from(patterns, (list) => (list.some((p) => !known.has(p)) ? 1 : 0));
  });
  return blocksOf(table.size).map(([from, to]) => {
    const counts = NOVELTY_KINDS.map(() => 0);
    let normal = 0;
    for (let s = from; s < to; s++) {
      if (table.labels[s] === ABNORMAL) continue;
      normal++;
      isNew.forEach((flags, k) => { counts[k] += flags[table.sequenceOf[s]]; });
    }
    const unseen = Object.fromEntries(NOVELTY_KINDS.map((kind, k) => [kind, normal === 0 ? 0 : counts[k] / normal])) as Record<NoveltyKind, number>;
    return { from: from / table.size, to: to / table.size, sessions: to - from, abnormal: to - from - normal, unseen };
  });
}

/** Every template, in the order in which they first occur. */
export function templateTimelines(table: SessionTable, texts: ReadonlyMap<number, string> | null): TemplateTimeline[] {
  const events = Array.from({ length: table.distinct }, (_, d) => [...new Set(table.sequence(d))]);
  const blocks = blocksOf(table.size);
  const known = new Map<number, { first: number; sessions: number; blocks: number[] }>();
  blocks.forEach(([from, to], b) => {
    for (let s = from; s < to; s++) {
      for (const event of events[table.sequenceOf[s]]) {
        let line = known.get(event);
        if (line === undefined) known.set(event, (line = { first: s / table.size, sessions: 0, blocks: blocks.map(() => 0) }));
        line.sessions++;
        line.blocks[b]++;
      }
    }
  });
  return [...known].map(([event, line]) => ({ event, text: texts?.get(event) ?? null, ...line, blocks: line.blocks.map((n, b) => n / (blocks[b][1] - blocks[b][0])) }));
}

function blocksOf(n: number): [number, number][] {
  const blocks = Math.min(BLOCKS, n);
  return Array.from({ length: blocks }, (_, b) => [Math.floor((n * b) / blocks), Math.floor((n * (b + 1)) / blocks)]);
}
