import path from 'node:path';
import { readJson, writeJson } from '../../artifacts/index.js';
import { DataError } from '../../common/index.js';
import type { Detector, Evidence, Need, Session, SessionSource } from '../types.js';
import { BackOffModel, END, type Judgement, type SavedBackOff } from './back_off.js';

/** Keys of context at most. */
const HISTORY = 3;
const EVIDENCE_WITHOUT_THRESHOLD = 5;
const EXPECTED_SHOWN = 3;

/**
 * DeepLog's rule without its network: a key is abnormal when it is not among the k that most often followed the three before it, in
 * training; fewer before it where those were never seen. The score is the worst rank in the session, and behind the point how
 * improbable the key there is: k + 1 and above is outside the top k.
 */
export class NgramTopK implements Detector {
  readonly id = 'ngram-topk';
  readonly needs: ReadonlySet<Need> = new Set<Need>(['events']);
  readonly binary = false;
  readonly patternKind = 'n-grams';
  private model: BackOffModel | null = null;

  /** @param predictEnd where sessions end by themselves, their end counts as a key */
  constructor(private readonly predictEnd = true) {}

  fit(train: SessionSource): Promise<void> {
    const events = new Set<number>();
    for (const { session } of train.distinct()) for (const e of session.events) events.add(e);
    events.delete(0); // no template fits: never known
    const model = new BackOffModel([...events].sort((a, b) => a - b), HISTORY, this.predictEnd);
    for (const { session, count } of train.distinct()) model.learn(session.events, count);
    this.model = model;
    return Promise.resolve();
  }

  scoreBatch(sessions: readonly Session[]): Promise<Float64Array> {
    const model = this.fitted();
    return Promise.resolve(Float64Array.from(sessions, ({ events }) => {
      let worst = 0;
      for (const judgement of model.judge(events)) worst = Math.max(worst, scoreOf(judgement));
      return worst;
    }));
  }

  explain(session: Session, threshold?: number): Promise<Evidence[]> {
    const model = this.fitted();
    const judged = [...model.judge(session.events)].map((j) => ({ ...j, score: scoreOf(j) })).sort((a, b) => b.score - a.score);
    const shown = threshold === undefined ? judged.slice(0, EVIDENCE_WITHOUT_THRESHOLD) : judged.filter((j) => j.score > threshold);
    return Promise.resolve(shown.map(({ index, rank, probability, context, score }) => {
      const end = index === session.events.length;
      const before = context.map((s) => model.event(s)).reverse().filter((e) => e !== null);
      const what = end ? 'the session ends' : `event ${session.events[index]}`;
      return {
        index, event: session.events[index] ?? null, score, probability, ...(session.lines && !end ? { line: session.lines[index] } : {}),
        expected: model.expected(context, EXPECTED_SHOWN).map((x) => ({ event: x.symbol === END ? 'end of session' as const : model.event(x.symbol) ?? 0, probability: x.probability })),
        reason: rank >= model.symbols ? `${what}, which training does not know` : `${what} is number ${rank} of what follows ${before.length === 0 ? 'at any place' : `event ${before.join(', ')}`} in training`,
      };
    }));
  }

  patterns(sessions: readonly Session[], threshold: number): Promise<string[][]> {
    const model = this.fitted();
    return Promise.resolve(sessions.map(({ events }) => {
      const names = new Set<string>();
      for (const judgement of model.judge(events)) {
        if (scoreOf(judgement) <= threshold) continue;
        const before = judgement.context.map((s) => model.event(s) ?? 'start').reverse();
        names.add(`n-gram ${[...before, events[judgement.index] ?? 'end'].join(' ')}`);
      }
      return [...names].sort();
    }));
  }

  async save(folder: string): Promise<void> {
    await writeJson(path.join(folder, 'config.json'), { schema: 'deeplog.detector/1', detector: this.id, model: this.fitted() });
  }

  /** @throws DataError when the folder holds another detector. */
  async restore(folder: string): Promise<this> {
    const config = (await readJson(path.join(folder, 'config.json'))) as { detector?: string; model?: SavedBackOff };
    if (config.detector !== this.id || config.model === undefined) throw new DataError(`${folder}: holds a ${String(config.detector)} detector, not ${this.id}.`);
    this.model = BackOffModel.fromJSON(config.model);
    return this;
  }

  modelBytes(): number | null {
    return this.model === null ? null : JSON.stringify(this.model).length;
  }

  private fitted(): BackOffModel {
    if (this.model === null) throw new DataError(`${this.id} is not fitted yet: call fit or restore first.`);
    return this.model;
  }
}

function scoreOf({ rank, probability }: Judgement): number {
  const surprise = -Math.log(probability);
  return rank + surprise / (1 + surprise);
}
