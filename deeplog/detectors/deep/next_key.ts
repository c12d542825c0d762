import { DataError } from '../../common/index.js';
import type { Batch, CompiledForward } from '../../engine/index.js';
import { UNK, WindowBuilder, type Vocabulary } from '../../sequences/index.js';
import type { Evidence, Session } from '../types.js';

/** Worst rank of a key (DeepLog's top-g rule), worst −log p, or worst −log p of the events, the session's end left aside. */
export type NextKeyScore = 'rank' | 'nll' | 'event-nll';

/** −log p given to a key that is not in the vocabulary: beyond anything the softmax can say. */
const UNKNOWN_NLL = 1000;
/**
 * A matrix product may differ in its last bit with the row a window happens to stand in. Scores are given in these steps, and
 * ranks count as ties what is closer, so that a session scores the same alone and in any batch.
 */
const NLL_STEP = 1e-4;
const EXPECTED_SHOWN = 3;
const EVIDENCE_WITHOUT_THRESHOLD = 5;

/** Rank and −log p of every key of some sessions: `positions[starts[s] + i]` is the pair (window → key) at position i of session s. */
export interface Judgement {
  readonly ranks: Float64Array;
  readonly nll: Float64Array;
  readonly positions: Uint32Array;
  readonly starts: Uint32Array;
  readonly expected: Evidence['expected'][];
}

/** What a network that predicts the next key from a window says of sessions; pairs are judged once however often they occur. */
export class NextKeyJudge {
  /**
   * @param shape `exact`: −log p without rounding
   * @param also inputs of the network beside `windows`, the same for every batch
   * @param few the same network for fewer rows at a time: what is left of a batch, or all there is, costs less with it
   */
  constructor(readonly vocabulary: Vocabulary, private readonly shape: { readonly windowSize: number; readonly batchSize: number; readonly predictEnd: boolean; readonly exact?: boolean }, private readonly forward: () => CompiledForward | null, private readonly also: Batch = {}, private readonly few?: { readonly rows: number; forward(): Promise<CompiledForward> }) {}

  async judge(sessions: readonly Pick<Session, 'events'>[], expectedShown = 0): Promise<Judgement> {
    const whole = this.forward();
    if (whole === null) throw new DataError('The model is not fitted yet: call fit or load first.');
    const { windowSize, batchSize, predictEnd, exact = false } = this.shape;
    const builder = new WindowBuilder(this.vocabulary, windowSize, predictEnd);
    const positions: number[] = [];
    const starts = new Uint32Array(sessions.length + 1);
    sessions.forEach((s, i) => {
      builder.add(s.events, 1, (pair) => positions.push(pair));
      starts[i + 1] = positions.length;
    });
    const pairs = builder.build();
    const contexts = groupByWindow(pairs.windows, pairs.count, windowSize);
    const ranks = new Float64Array(pairs.count);
    const nll = new Float64Array(pairs.count);
    const expected: Judgement['expected'] = expectedShown > 0 ? new Array(pairs.count) : [];
    const V = this.vocabulary.size;
    for (let at = 0; at < contexts.first.length; at += batchSize) {
      const rows = Math.min(batchSize, contexts.first.length - at);
      const small = this.few !== undefined && rows <= this.few.rows && this.few.rows < batchSize ? this.few : null;
      const forward = small === null ? whole : await small.forward();
      const ids = new Int32Array((small?.rows ?? batchSize) * windowSize);
      for (let r = 0; r < rows; r++) {
        const pair = contexts.first[at + r];
        ids.set(pairs.windows.subarray(pair * windowSize, (pair + 1) * windowSize), r * windowSize);
      }
      const { log_probabilities: logP } = await forward.run({ ...this.also, windows: ids });
      for (let r = 0; r < rows; r++) {
        const row = logP.subarray(r * V, (r + 1) * V) as Float32Array;
        for (let pair = contexts.first[at + r]; pair >= 0; pair = contexts.next[pair]) {
          const target = pairs.targets[pair];
          ranks[pair] = target === UNK ? V + 1 : rankOf(row, target);
          nll[pair] = target === UNK ? UNKNOWN_NLL : exact ? -row[target] : Math.round(-row[target] / NLL_STEP) * NLL_STEP;
          if (expectedShown > 0) expected[pair] = this.mostLikely(row, expectedShown);
        }
      }
    }
    return { ranks, nll, positions: Uint32Array.from(positions), starts, expected };
  }

  /** Each session's worst key. */
  async scores(sessions: readonly Pick<Session, 'events'>[], score: NextKeyScore): Promise<Float64Array> {
    const { positions, starts, ...found } = await this.judge(sessions);
    const values = score === 'rank' ? found.ranks : found.nll;
    return Float64Array.from(sessions, ({ events }, s) => {
      let worst = 0;
      const end = score === 'event-nll' ? starts[s] + events.length : starts[s + 1];
      for (let i = starts[s]; i < end; i++) worst = Math.max(worst, values[positions[i]]);
      return worst;
    });
  }

  /** Share of the sessions' keys that are among the K most likely, for K = 1 … 15, each session counted `count` times. */
  async hitAtK(entries: readonly { readonly session: Session; readonly count: number }[]): Promise<number[]> {
    const { ranks, positions, starts } = await this.judge(entries.map((e) => e.session));
    const hits = new Array<number>(15).fill(0);
    let total = 0;
    entries.forEach(({ count }, s) => {
      for (let i = starts[s]; i < starts[s + 1]; i++) {
        total += count;
        const rank = ranks[positions[i]];
        for (let k = rank; k <= 15; k++) hits[k - 1] += count;
      }
    });
    return hits.map((h) => h / Math.max(1, total));
  }

  /** Keys scored above the threshold, each with the one before it. */
  async patterns(sessions: readonly Session[], score: NextKeyScore, threshold: number): Promise<string[][]> {
    const { positions, starts, ...found } = await this.judge(sessions);
    const values = score === 'rank' ? found.ranks : found.nll;
    return sessions.map(({ events }, s) => {
      const names = new Set<string>();
      for (let i = starts[s]; i < starts[s + 1]; i++) {
        const at = i - starts[s];
        if (score === 'event-nll' && at === events.length) continue;
        if (values[positions[i]] > threshold) names.add(`${at < events.length ? `event ${events[at]}` : 'end'} after ${at === 0 ? 'the start' : `event ${events[at - 1]}`}`);
      }
      return [...names].sort();
    });
  }

  /** The least expected keys of a session first; `taken` names the event that one was read as, where it is another. */
  async evidence(session: Session, score: NextKeyScore, threshold: number | undefined, taken: Session = session): Promise<Evidence[]> {
    const { ranks, nll, positions, expected } = await this.judge([taken], EXPECTED_SHOWN);
    const values = score === 'rank' ? ranks : nll;
    const judged = score === 'event-nll' ? positions.subarray(0, session.events.length) : positions;
    const evidence = Array.from(judged, (pair, index): Evidence => {
      const atEnd = index === session.events.length;
      const event = atEnd ? null : session.events[index];
      const known = atEnd || this.vocabulary.index(taken.events[index]) !== UNK;
      const likely = expected[pair];
      const best = likely[0];
      const instead = best === undefined ? '' : `; expected ${best.event === 'end of session' ? 'the end' : `event ${best.event}`} (${(100 * best.probability).toFixed(1)} %)`;
      const readAs = !atEnd && taken.events[index] !== event ? ` (new; read as event ${taken.events[index]}, whose text is nearest)` : '';
      const what = atEnd ? 'the session ends here' : known ? `event ${event ?? 0}${readAs}` : `event ${event ?? 0} is unknown from training`;
      return {
        index, event, score: values[pair], expected: likely, probability: known ? Math.exp(-nll[pair]) : 0,
        reason: known ? `${what}, the ${ordinal(ranks[pair])} most likely key (p ${Math.exp(-nll[pair]).toPrecision(2)})${instead}` : `${what}${instead}`,
        ...(session.lines && !atEnd ? { line: session.lines[index] } : {}),
      };
    });
    evidence.sort((a, b) => b.score - a.score || a.index - b.index);
    return threshold === undefined ? evidence.slice(0, EVIDENCE_WITHOUT_THRESHOLD) : evidence.filter((e) => e.score > threshold);
  }

  private mostLikely(logP: Float32Array, count: number): Evidence['expected'] {
    return Array.from(logP, (value, index) => ({ index, value }))
      .filter(({ index }) => index > UNK)
      .sort((a, b) => b.value - a.value)
      .slice(0, count)
      .map(({ index, value }) => ({ event: this.vocabulary.event(index) ?? ('end of session' as const), probability: Math.exp(value) }));
  }
}

/** How another runtime makes the same score from the network's output. */
export function nextKeyRecipe({ windowSize, predictEnd, score, trainerWindows = false }: { readonly windowSize: number; readonly predictEnd: boolean; readonly score: NextKeyScore; readonly trainerWindows?: boolean }): readonly string[] {
  const window = trainerWindows ? `the ${windowSize - 1} indices before it (fewer at the beginning), then 2, then 0 until there are ${windowSize}` : `the ${windowSize} indices before it, padded on the left with 0`;
  return [
    'Index of an event: its position in `vocabulary` (config.json) plus 3; 1 (unknown) if it is not there. 0 is padding, 2 is the end of the session.',
    `For each event of the session${predictEnd && score !== 'event-nll' ? ', and for index 2 after the last one' : ''}: the window is ${window}; the target is its own index.`,
    'The network gives log_probabilities of the next index, one row per window (layer files: the log-softmax of what layer `output` gives; what they give themselves are the probabilities).',
    score === 'rank'
      ? `The rank of a target is 1 + the number of indices whose log-probability exceeds that of the target by more than ${NLL_STEP / 10}; for target 1 it is the number of indices (vocabulary plus 3) plus 1.`
      : `The value of a target is the negative of its log-probability, rounded to ${NLL_STEP}; for target 1 it is ${UNKNOWN_NLL}.`,
    'The score of the session is the largest of these; the session is abnormal when it is above `threshold`.',
  ];
}

/** Pairs with the same window, as chains: one forward pass serves them all. */
function groupByWindow(windows: Int32Array, count: number, windowSize: number): { first: Int32Array; next: Int32Array } {
  const next = new Int32Array(count).fill(-1);
  const heads = new Map<string, number>();
  for (let pair = 0; pair < count; pair++) {
    const key = String.fromCharCode(...windows.subarray(pair * windowSize, (pair + 1) * windowSize));
    const head = heads.get(key);
    if (head === undefined) heads.set(key, pair);
    else {
      next[pair] = next[head];
      next[head] = pair;
    }
  }
  return { first: Int32Array.from(heads.values()), next };
}

/** 1 for the most likely key; ties share the better rank. */
function rankOf(logP: Float32Array, target: number): number {
  const value = logP[target] + NLL_STEP / 10;
  let rank = 1;
  for (let i = 0; i < logP.length; i++) if (logP[i] > value) rank++;
  return rank;
}

function ordinal(n: number): string {
  const last = n % 100;
  return `${n}${last >= 11 && last <= 13 ? 'th' : ['th', 'st', 'nd', 'rd'][n % 10] ?? 'th'}`;
}
