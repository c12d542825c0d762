import type { SessionSource } from '../types.js';

/** Sessions with the same events in any order: what a count vector can tell apart. */
export interface Pattern {
  /** The events, sorted. */
  readonly events: Uint32Array;
  /** Sessions that have it. */
  readonly sessions: number;
  /** Of these, the ones labelled abnormal; 0 where the source has no labels. */
  readonly abnormal: number;
}

/** The name of a bag of events, the same for every order. */
export function bagOf(events: Uint32Array): string {
  return events.slice().sort().join(' ');
}

/** A source by its bags of events, in order of first appearance. HDFS's 109,248 training sessions of a fifth of its time are 146 of them. */
export function patternsOf(source: SessionSource): Pattern[] {
  const found = new Map<string, { events: Uint32Array; sessions: number; abnormal: number }>();
  for (const { session, count, abnormal = 0 } of source.distinct()) {
    const events = session.events.slice().sort();
    const name = events.join(' ');
    const known = found.get(name);
    if (known === undefined) found.set(name, { events, sessions: count, abnormal });
    else {
      known.sessions += count;
      known.abnormal += abnormal;
    }
  }
  return [...found.values()];
}
