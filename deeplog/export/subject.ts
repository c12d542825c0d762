import { existsSync } from 'node:fs';
import { DataError } from '../common/index.js';
import type { Exportable, ExportableNetwork, Need, NetworkRunner, Session } from '../detectors/index.js';
import { sampleSessions } from './sample_sessions.js';

/** What is exported: networks, and all that is said of them. */
export interface ExportSubject {
  readonly id: string;
  /** A detector gives scores and, with a threshold, verdicts; an encoder gives vectors, for something else to judge. */
  readonly kind: 'detector' | 'encoder';
  /** What gets a score, or a vector. */
  readonly unit: 'session' | 'window' | 'line';
  readonly needs: ReadonlySet<Need>;
  networks(): readonly ExportableNetwork[];
  scoringRecipe(): readonly string[];
  scoringData?(): Readonly<Record<string, unknown>>;
  /** See {@link Exportable.amplification}. */
  amplification?(): number;
  /** What was left out, and why. */
  readonly notes?: readonly string[];
  /**
   * `count` real sessions (windows, lines), to compare the files on: of `input`, or of what it was trained from; null when that is not at hand.
   * @throws DataError when `input` cannot be read, or lacks what is needed
   */
  samples(input: string | undefined, count: number): Promise<Samples | null>;
  dispose?(): Promise<void>;
}

/** Real things to score. */
export interface Samples {
  readonly count: number;
  /** Their scores (or their vectors' numbers) with the networks answered by `run`, by the engine when that is null, before any rounding. */
  scores(run: NetworkRunner | null): Promise<Float64Array>;
}

/** A trained detector; `trainedFrom` is the input that its stage was given. */
export function detectorSubject(detector: Exportable, trainedFrom: unknown): ExportSubject {
  return {
    id: detector.id, kind: 'detector', unit: 'session', needs: detector.needs,
    networks: () => detector.networks(), scoringRecipe: () => detector.scoringRecipe(),
    ...(detector.scoringData === undefined ? {} : { scoringData: () => detector.scoringData?.() ?? {} }), amplification: () => detector.amplification?.() ?? 1,
    samples: async (input, count) => {
      const sessions = input === undefined ? await ownSessions(detector, trainedFrom, count) : await sampleSessions(input, detector, count);
      return sessions === null ? null : { count: sessions.length, scores: (run) => scoresOf(detector.answeredBy(run), sessions) };
    },
    dispose: async () => detector.dispose?.(),
  };
}

async function ownSessions(detector: Exportable, trainedFrom: unknown, count: number): Promise<Session[] | null> {
  if (typeof trainedFrom !== 'string' || !existsSync(trainedFrom)) return null;
  try {
    return await sampleSessions(trainedFrom, detector, count);
  } catch (error) {
    if (error instanceof DataError) return null; // it has changed since
    throw error;
  }
}

/** A score per session; where it is made of several, all of them. */
async function scoresOf(detector: Exportable, sessions: readonly Session[]): Promise<Float64Array> {
  if (detector.scoredOn === undefined) return detector.scoreBatch(sessions);
  return Float64Array.from((await detector.scoredOn(sessions)).flatMap((scores) => Array.from(scores)));
}
