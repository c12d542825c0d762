import path from 'node:path';
import { readJson, writeJson } from '../../artifacts/index.js';
import { DataError } from '../../common/index.js';
import type { Engine } from '../../engine/index.js';
import { bytesOf, disposeOwn, patternsOfParts, scoreEach } from '../parts.js';
import type { Exportable, ExportableNetwork, NetworkRunner } from '../exportable.js';
import type { Detector, Evidence, FitContext, Need, Session, SessionSource } from '../types.js';
import { calibrate, Calibration } from './calibration.js';
import { DeepLogKeys } from './deeplog_keys.js';
import { DeepLogParams } from './deeplog_params.js';
import { DeepLogWorkflow } from './deeplog_workflow.js';

export interface DeepLogParts {
  readonly keys: DeepLogKeys;
  readonly params: DeepLogParams;
  readonly workflow: DeepLogWorkflow;
}

/**
 * DeepLog's three models as one detector (Du et al. 2017, Fig. 1): a session is as abnormal as the part that finds it most unusual says.
 * Parts are made comparable by their scores on validation's normal sessions (see {@link Calibration}), never by test data.
 */
export class DeepLog implements Exportable {
  readonly id = 'deeplog';
  readonly needs: ReadonlySet<Need>;
  readonly binary = false;
  readonly usesEngine = true;
  readonly patternKind = "its parts' patterns";
  private calibrations: readonly Calibration[] = [];

  /** @param fitted parts that were fitted on the same split before, and need not be again */
  constructor(readonly parts: DeepLogParts, private readonly fitted: ReadonlySet<Detector> = new Set()) {
    this.needs = new Set(this.components.flatMap((p) => [...p.needs]));
  }

  /** The parts, in the order of {@link scoreParts}. */
  get components(): readonly Detector[] {
    return [this.parts.keys, this.parts.params, this.parts.workflow];
  }

  /** @throws DataError when they are not its three parts, in their order. */
  reusing(fitted: readonly Detector[]): DeepLog {
    const [keys, params, workflow] = fitted;
    if (!(keys instanceof DeepLogKeys && params instanceof DeepLogParams && workflow instanceof DeepLogWorkflow)) throw new DataError(`deeplog is made of ${this.components.map((c) => c.id).join(', ')}, not of ${fitted.map((f) => f.id).join(', ')}.`);
    return new DeepLog({ keys, params, workflow }, new Set(fitted));
  }

  async fit(train: SessionSource, validation: SessionSource, context: FitContext): Promise<void> {
    for (const part of this.components) if (!this.fitted.has(part)) await part.fit(train, validation, context);
    this.calibrations = await calibrate(this, validation);
  }

  /** Each part's own scores. */
  scoreParts(sessions: readonly Session[]): Promise<Float64Array[]> {
    return scoreEach(this.components, sessions);
  }

  async scoreBatch(sessions: readonly Session[]): Promise<Float64Array> {
    const scores = await this.scoreParts(sessions);
    if (this.calibrations.length === 0) throw new DataError('deeplog is not fitted yet: call fit or load first.');
    return Float64Array.from(sessions, (_, s) => Math.max(...this.calibrations.map((c, p) => c.unusual(scores[p][s]))));
  }

  async patterns(sessions: readonly Session[], threshold: number): Promise<string[][]> {
    const scores = await this.scoreParts(sessions);
    return patternsOfParts(this.components, sessions, scores, (p) => this.calibrations[p].scoreAt(threshold));
  }

  async explain(session: Session, threshold?: number): Promise<Evidence[]> {
    const out: Evidence[] = [];
    for (const [p, part] of this.components.entries()) {
      const calibration = this.calibrations[p];
      const least = threshold === undefined ? undefined : calibration.scoreAt(threshold);
      const [score] = await part.scoreBatch([session]);
      if (least !== undefined && score <= least) continue;
      for (const e of await part.explain(session, least)) out.push({ ...e, score: calibration.unusual(e.score), part: part.id });
    }
    return out.sort((a, b) => b.score - a.score || a.index - b.index);
  }

  async save(folder: string): Promise<void> {
    for (const part of this.components) await part.save(path.join(folder, part.id));
    await writeJson(path.join(folder, 'config.json'), { schema: 'deeplog.detector/1', detector: this.id, calibrations: this.calibrations });
  }

  /** @throws DataError when a part is missing. */
  static async load(folder: string, engine: Engine): Promise<DeepLog> {
    const config = (await readJson(path.join(folder, 'config.json'))) as { calibrations: { total: number; highest: number[] }[] };
    const detector = new DeepLog({
      keys: await DeepLogKeys.load(path.join(folder, 'deeplog-keys'), engine),
      params: await DeepLogParams.load(path.join(folder, 'deeplog-params'), engine),
      workflow: await DeepLogWorkflow.load(path.join(folder, 'deeplog-workflow')),
    });
    detector.calibrations = config.calibrations.map((c) => Calibration.fromJSON(c));
    return detector;
  }

  networks(): readonly ExportableNetwork[] {
    return [...this.parts.keys.networks(), ...this.parts.params.networks()];
  }

  answeredBy(run: NetworkRunner | null): DeepLog {
    const { keys, params, workflow } = this.parts;
    const twin = new DeepLog({ keys: keys.answeredBy(run), params: params.answeredBy(run), workflow }, this.fitted);
    twin.calibrations = this.calibrations;
    return twin;
  }

  scoredOn(sessions: readonly Session[]): Promise<readonly Float64Array[]> {
    return this.scoreParts(sessions);
  }

  scoringRecipe(): readonly string[] {
    const { keys, params } = this.parts;
    return [
      ...[keys, params].flatMap((part) => part.scoringRecipe().map((step) => `${part.id} (its config.json is in the folder of that name): ${step}`)),
      'deeplog-workflow has no network: its score is the number of departures from the workflow in deeplog-workflow/workflow_model.json plus s / (1 + s), s the surprise at the rarest step (deeplog/workflow/follow.ts).',
      'How unusual a part\'s score is, from its entry in `calibrations` (total, and the highest validation scores in descending order): −log10((n + 1) / (total + 1)), n the number of `highest` that are at least the score; above all of them log10(total + 1) + 1 − top / score (score / (1 + score) if top is 0). The score of the session is the largest of the three.',
    ];
  }

  modelBytes(): number | null {
    return bytesOf(this.components);
  }

  dispose(): Promise<void> {
    return disposeOwn(this.components, this.fitted);
  }
}
