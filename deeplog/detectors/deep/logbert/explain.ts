import { UNK } from '../../../sequences/index.js';
import type { Evidence, Session } from '../../types.js';
import type { Predictor } from './predictor.js';
import type { Chunk, Tokens } from './tokens.js';

const EXPECTED_SHOWN = 3;

interface Position {
  times: number;
  missed: number;
  /** Worst rank among the passes, what was expected in that pass, and with what probability the key itself. */
  rank: number;
  logP: number;
  expected: Evidence['expected'];
}

/** The keys of a session that were not among the g most likely when they were masked; the most often missed and least likely first. */
export async function explainChunks(predictor: Predictor, tokens: Tokens, chunks: readonly Chunk[], session: Session, topG: number, score: number): Promise<Evidence[]> {
  const positions = new Map<number, Position>();
  await predictor.run(chunks, ({ chunk, masked, ranks, logP, likely }) => {
    masked.forEach((k, i) => {
      const at = positions.get(chunk.start + k) ?? { times: 0, missed: 0, rank: 0, logP: 0, expected: [] };
      at.times++;
      if (ranks[i] > topG) at.missed++;
      if (ranks[i] > at.rank) Object.assign(at, { rank: ranks[i], logP: logP[i], expected: expectedOf(likely?.[i] ?? [], tokens) });
      positions.set(chunk.start + k, at);
    });
  }, { likely: EXPECTED_SHOWN });
  return [...positions]
    .filter(([, { missed }]) => missed > 0)
    .sort(([i, a], [j, b]) => b.missed / b.times - a.missed / a.times || a.logP - b.logP || i - j)
    .map(([index, { times, missed, rank, logP, expected }]): Evidence => {
      const event = session.events[index];
      const known = tokens.vocabulary.index(event) !== UNK;
      const [best] = expected;
      const instead = best === undefined ? '' : `; expected event ${best.event} (${(100 * best.probability).toFixed(1)} %)`;
      const what = known ? `event ${event} is not among the ${topG} most likely in ${missed} of ${times} maskings (at worst number ${rank}, p ${Math.exp(logP).toPrecision(2)})` : `event ${event} is unknown from training`;
      return { index, event, score, expected, reason: what + instead, probability: known ? Math.exp(logP) : 0, ...(session.lines ? { line: session.lines[index] } : {}) };
    });
}

function expectedOf(likely: readonly { readonly index: number; readonly probability: number }[], tokens: Tokens): Evidence['expected'] {
  return likely.flatMap(({ index, probability }) => {
    const event = tokens.vocabulary.event(index);
    return event === null ? [] : [{ event, probability }];
  });
}
