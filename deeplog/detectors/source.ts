import { ABNORMAL, distinctOf, NORMAL, UNLABELLED, type SessionTable, type Split } from '../sequences/index.js';
import type { Need, Session, SessionSource } from './types.js';

/** One part of a split as a source of event sequences. */
export function tableSource(table: SessionTable, split: Split, part: number): SessionSource {
  const { sequences, counts, sessions } = distinctOf(table, split, part);
  return {
    size: sessions,
    provides: new Set<Need>(['events']),
    *distinct() {
      for (let i = 0; i < sequences.length; i++) yield { session: { key: String(sequences[i]), events: table.sequence(sequences[i]) }, count: counts[i] };
    },
  };
}

/** Sessions of at least so many events. */
export function sessionsOfLength(source: SessionSource, least: number): number {
  let sessions = 0;
  for (const { session, count } of source.distinct()) if (session.events.length >= least) sessions += count;
  return sessions;
}

/**
 * One share of a split with its labels: the abnormal sessions that {@link tableSource} leaves out are in it. Sessions without a label are
 * not: there is nothing to learn from them.
 */
export function labelledSource(table: SessionTable, split: Split, share: number): SessionSource {
  const sequences = new Map<number, { count: number; abnormal: number }>();
  let size = 0;
  for (let s = 0; s < table.size; s++) {
    if (split.shares[s] !== share || table.labels[s] === UNLABELLED) continue;
    const known = sequences.get(table.sequenceOf[s]) ?? { count: 0, abnormal: 0 };
    known.count++;
    if (table.labels[s] === ABNORMAL) known.abnormal++;
    sequences.set(table.sequenceOf[s], known);
    size++;
  }
  return {
    size,
    provides: new Set<Need>(['events', 'labels']),
    *distinct() {
      for (const [d, { count, abnormal }] of sequences) yield { session: { key: String(d), events: table.sequence(d) }, count, abnormal };
    },
  };
}

/** A session of a table, with what is known of it. */
export function sessionAt(table: SessionTable, index: number): Session {
  const label = table.labels[index];
  return {
    key: table.details?.keys[index] ?? String(index),
    events: table.sequence(table.sequenceOf[index]),
    ...(label === UNLABELLED ? {} : { label: label !== NORMAL }),
  };
}
