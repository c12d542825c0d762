import path from 'node:path';
import { readJson, writeJson } from '../../artifacts/index.js';
import { DataError } from '../../common/index.js';
import type { Engine } from '../../engine/index.js';
import { calibrate, Calibration } from '../deep/calibration.js';
import { DeepLogKeys } from '../deep/deeplog_keys.js';
import { bytesOf, disposeOwn, patternsOfParts, scoreEach } from '../parts.js';
import type { Exportable, ExportableNetwork, NetworkRunner } from '../exportable.js';
import type { Detector, Evidence, FitContext, Need, Session, SessionSource } from '../types.js';
import { CountNeighbours } from './count_neighbours.js';

export interface EnsembleParts {
  readonly counts: CountNeighbours;
  /** Judges events only: what a session's end has to say, the counts say. */
  readonly keys: DeepLogKeys;
}

/**
 * Each part's share of the false alarms, fixed beforehand. Sets and counts are few numbers, known well from few sessions; the least likely
 * key is the worst of many noisy ones, so what the sequence says must be ten times rarer to count as much.
 */
const SHARES = [0.9, 0.1] as const;

/**
 * Set and count evidence joined to sequence evidence, without labels. Each part's score is −ln p; how rare it is among validation's normal
 * sessions (see {@link Calibration}) makes the parts comparable, and a session is as abnormal as the part that finds it rarest says, after
 * a weighted Bonferroni correction: p ← min(p_counts / 0.9, p_keys / 0.1) (Genovese, Roeder & Wasserman 2006).
 */
export class Ensemble implements Exportable {
  readonly id = 'ensemble';
  readonly needs: ReadonlySet<Need> = new Set<Need>(['events']);
  readonly binary = false;
  readonly usesEngine = true;
  readonly patternKind = "its parts' patterns";
  private calibrations: readonly Calibration[] = [];

  /** @param fitted parts that were fitted on the same split before, and need not be again */
  constructor(readonly parts: EnsembleParts, private readonly fitted: ReadonlySet<Detector> = new Set()) {}

  get components(): readonly Detector[] {
    return [this.parts.counts, this.parts.keys];
  }

  /** @throws DataError when they are not its parts, in their order. */
  reusing(fitted: readonly Detector[]): Ensemble {
    const [counts, keys] = fitted;
    if (!(counts instanceof CountNeighbours && keys instanceof DeepLogKeys)) throw new DataError(`ensemble is made of ${this.components.map((c) => c.id).join(' and ')}, not of ${fitted.map((f) => f.id).join(', ')}.`);
    return new Ensemble({ counts, keys }, new Set(fitted));
  }

  /** @throws DataError when validation has no normal session. */
  async fit(train: SessionSource, validation: SessionSource, context: FitContext): Promise<void> {
    for (const part of this.components) if (!this.fitted.has(part)) await part.fit(train, validation, context);
    this.calibrations = await calibrate(this, validation, { nats: true });
    if (this.calibrations[0].total === 0) throw new DataError('The validation part has no normal session: there is nothing to calibrate the parts on.');
  }

  scoreParts(sessions: readonly Session[]): Promise<Float64Array[]> {
    return scoreEach(this.components, sessions);
  }

  async scoreBatch(sessions: readonly Session[]): Promise<Float64Array> {
    const scores = await this.scoreParts(sessions);
    if (this.calibrations.length === 0) throw new DataError('ensemble is not fitted yet: call fit or load first.');
    return Float64Array.from(sessions, (_, s) => Math.max(...scores.map((own, p) => this.weighted(p, own[s]))));
  }

  async patterns(sessions: readonly Session[], threshold: number): Promise<string[][]> {
    return patternsOfParts(this.components, sessions, await this.scoreParts(sessions), (p) => this.least(p, threshold));
  }

  async explain(session: Session, threshold?: number): Promise<Evidence[]> {
    const out: Evidence[] = [];
    const scores = await this.scoreParts([session]);
    for (const [p, part] of this.components.entries()) {
      const [score] = scores[p];
      const least = threshold === undefined ? undefined : this.least(p, threshold);
      if (least !== undefined && score <= least) continue;
      const evidence = await part.explain(session, least);
      // The strongest evidence carries the part's score; the rest keeps its proportion to it.
      const top = evidence[0]?.score ?? 1;
      for (const e of evidence) out.push({ ...e, score: this.weighted(p, score) * (top > 0 ? e.score / top : 1), part: part.id });
    }
    return out.sort((a, b) => b.score - a.score || a.index - b.index);
  }

  async save(folder: string): Promise<void> {
    for (const part of this.components) await part.save(path.join(folder, part.id));
    await writeJson(path.join(folder, 'config.json'), { schema: 'deeplog.detector/1', detector: this.id, calibrations: this.calibrations });
  }

  /** @throws DataError when a part is missing. */
  static async load(folder: string, engine: Engine): Promise<Ensemble> {
    const config = (await readJson(path.join(folder, 'config.json'))) as { calibrations: { total: number; highest: number[]; nats?: boolean }[] };
    const detector = new Ensemble({
      counts: await CountNeighbours.load(path.join(folder, 'count-neighbours')),
      keys: await DeepLogKeys.load(path.join(folder, 'deeplog-keys-events'), engine),
    });
    detector.calibrations = config.calibrations.map((c) => Calibration.fromJSON(c));
    return detector;
  }

  networks(): readonly ExportableNetwork[] {
    return this.parts.keys.networks();
  }

  answeredBy(run: NetworkRunner | null): Ensemble {
    const twin = new Ensemble({ counts: this.parts.counts, keys: this.parts.keys.answeredBy(run) }, this.fitted);
    twin.calibrations = this.calibrations;
    return twin;
  }

  scoredOn(sessions: readonly Session[]): Promise<readonly Float64Array[]> {
    return this.scoreParts(sessions);
  }

  scoringRecipe(): readonly string[] {
    const { counts, keys } = this.parts;
    return [
      ...keys.scoringRecipe().map((step) => `${keys.id} (its config.json is in the folder of that name): ${step}`),
      `${counts.id} has no network: its score comes from ${counts.id}/config.json and model.safetensors (deeplog/detectors/ensemble/nearest_state.ts).`,
      `How unusual a part's score is: the same on the scale of \`calibrations\` (config.json; deeplog/detectors/deep/calibration.ts) plus log10 of the part's share, ${SHARES[0]} for ${counts.id} and ${SHARES[1]} for ${keys.id}. The score of the session is the larger.`,
    ];
  }

  modelBytes(): number | null {
    return bytesOf(this.components);
  }

  dispose(): Promise<void> {
    return disposeOwn(this.components, this.fitted);
  }

  /** The part's score at which the ensemble's is `threshold`. */
  private least(part: number, threshold: number): number {
    return this.calibrations[part].scoreAt(threshold - Math.log10(SHARES[part]));
  }

  private weighted(part: number, score: number): number {
    return this.calibrations[part].unusual(score) + Math.log10(SHARES[part]);
  }
}
