import { readSessions, type SessionRecord } from '../artifacts/index.js';
import { DataError } from '../common/index.js';
import type { PART} from '../sequences/index.js';
import { ParameterLog, type Split } from '../sequences/index.js';
import path from 'node:path';
import type { Need, Session, SessionSource } from './types.js';

/** Sessions one by one with their lines, times and parameters, for the detectors that need more than event ids. */
export class DetailedSessions {
  private constructor(readonly sessions: readonly Session[], readonly log: ParameterLog) {}

  /** Reads sessions.arrow and events.arrow of a drain_result folder. @throws DataError when one of them is missing. */
  static async read(folder: string): Promise<DetailedSessions> {
    const log = await ParameterLog.read(folder);
    const sessions: Session[] = [];
    for await (const record of readSessions(path.join(folder, 'sessions.arrow'))) sessions.push(detailed(record, log));
    return new DetailedSessions(sessions, log);
  }

  /** Sessions that are in memory already. */
  static of(records: Iterable<SessionRecord>, log: ParameterLog): DetailedSessions {
    return new DetailedSessions(Array.from(records, (record) => detailed(record, log)), log);
  }

  get provides(): ReadonlySet<Need> {
    const text = this.sessions.length > 0 && this.sessions.every((s) => s.text !== undefined);
    return new Set<Need>(['events', 'params', ...(this.log.hasTimes ? ['times' as const] : []), ...(text ? ['text' as const] : [])]);
  }

  /** The same sessions with their raw lines; `lineText` by 1-based line number. */
  withText(lineText: readonly (string | undefined)[]): DetailedSessions {
    return new DetailedSessions(this.sessions.map((s) => ({ ...s, text: Array.from(s.lines ?? [], (line) => lineText[line] ?? '') })), this.log);
  }

  /** One part of a split, every session by itself. @throws DataError when the split is of other sessions. */
  part(split: Split, part: (typeof PART)[keyof typeof PART]): SessionSource {
    const { sessions } = this;
    if (split.parts.length !== sessions.length) throw new DataError(`The split is of ${split.parts.length} sessions, sessions.arrow holds ${sessions.length}. Was the log parsed again in between? Run both stages again.`);
    const chosen = sessions.filter((_, i) => split.parts[i] === part);
    return {
      size: chosen.length,
      provides: this.provides,
      *distinct() {
        for (const session of chosen) yield { session, count: 1 };
      },
    };
  }
}

function detailed(s: SessionRecord, log: ParameterLog): Session {
  return {
    key: s.key, events: Uint32Array.from(s.events), lines: sessionLines(s), log,
    ...(s.elapsedMs === null ? {} : { elapsedMs: Float64Array.from(s.elapsedMs) }), ...(s.label === null ? {} : { label: s.label }),
  };
}

/** The 1-based line of each of the session's events. */
export function sessionLines(s: SessionRecord): ArrayLike<number> {
  return s.lines ?? Float64Array.from(s.events, (_, i) => s.firstLine + i);
}

/** @throws DataError naming the detector and what the data set lacks. */
export function requireNeeds(id: string, needs: ReadonlySet<Need>, provides: ReadonlySet<Need>, dataset: string): void {
  const lacking = [...needs].filter((n) => !provides.has(n));
  if (lacking.length === 0) return;
  const words = { events: 'event ids', times: 'times', params: 'parameters', text: 'raw text', labels: 'labelled abnormal training sessions' };
  throw new DataError(`${id} needs ${lacking.map((n) => words[n]).join(' and ')}, and ${dataset} has ${[...provides].map((n) => words[n]).join(', ')} only. Run it on a parsed log (--protocol hdfs-raw, or custom with a drain_result folder), or leave ${id} out of --detectors.`);
}
