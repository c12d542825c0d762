import path from 'node:path';
import { readJson, writeJson } from '../../artifacts/index.js';
import { DataError } from '../../common/index.js';
import { Follower, learnWorkflow, Workflow, WORKFLOW_DEFAULTS, type Departure, type WorkflowOptions } from '../../workflow/index.js';
import { sessionsOfLength } from '../source.js';
import type { Detector, Evidence, Need, Session, SessionSource } from '../types.js';

const EXPECTED_SHOWN = 3;

/**
 * DeepLog's workflow model as a detector (Du et al. 2017, §4): how often a session leaves the workflow of normal ones. A session
 * that keeps to it scores below 1, the more the rarer its rarest step: s / (1 + s) with s = −log of its share.
 */
export class DeepLogWorkflow implements Detector {
  readonly id = 'deeplog-workflow';
  readonly needs: ReadonlySet<Need> = new Set<Need>(['events']);
  readonly binary = false;
  readonly patternKind = 'workflow exits';
  private model: { readonly workflow: Workflow; readonly follower: Follower } | null = null;

  constructor(readonly options: WorkflowOptions = WORKFLOW_DEFAULTS) {}

  get workflow(): Workflow {
    return this.fitted().workflow;
  }

  fit(train: SessionSource): Promise<void> {
    this.use(learnWorkflow(Array.from(train.distinct(), ({ session, count }) => ({ events: session.events, count })), this.options));
    return Promise.resolve();
  }

  scoreBatch(sessions: readonly Session[]): Promise<Float64Array> {
    const { follower } = this.fitted();
    return Promise.resolve(Float64Array.from(sessions, ({ events }) => {
      const { departures, surprise } = follower.follow(events);
      return departures.length + surprise / (1 + surprise);
    }));
  }

  patterns(sessions: readonly Session[]): Promise<string[][]> {
    const { follower } = this.fitted();
    return Promise.resolve(sessions.map(({ events }) => {
      const { departures, surpriseAt } = follower.follow(events);
      const exits = departures.map((d) => `${d.kind}${d.key === null ? '' : ` event ${d.key}`} at step ${d.state}`);
      return exits.length > 0 ? [...new Set(exits)].sort() : surpriseAt < 0 ? [] : [`rare ${surpriseAt < events.length ? `event ${events[surpriseAt]}` : 'end'} after ${surpriseAt === 0 ? 'the start' : `event ${events[surpriseAt - 1]}`}`];
    }));
  }

  explain(session: Session): Promise<Evidence[]> {
    const { follower, workflow } = this.fitted();
    const { departures, surprise, surpriseAt } = follower.follow(session.events);
    const place = (index: number): Pick<Evidence, 'index' | 'event'> & { line?: number } => ({
      index, event: session.events[index] ?? null, ...(session.lines && index < session.events.length ? { line: session.lines[index] } : {}),
    });
    const out = departures.map((d): Evidence => ({ ...place(d.index), score: 1, expected: this.expectedAt(d.state), reason: this.describe(d) }));
    if (out.length === 0 && surpriseAt >= 0) {
      const share = Math.exp(-surprise);
      const what = surpriseAt === session.events.length ? 'the session ends here' : `event ${session.events[surpriseAt]} here`;
      out.push({ ...place(surpriseAt), score: surprise / (1 + surprise), expected: [], reason: `${what}: ${(100 * share).toPrecision(2)} % of the ${workflow.sessions.toLocaleString('en-US')} training sessions' passages did so` });
    }
    return Promise.resolve(out);
  }

  async save(folder: string): Promise<void> {
    await writeJson(path.join(folder, 'config.json'), { schema: 'deeplog.detector/1', detector: this.id, ...this.options });
    await writeJson(path.join(folder, 'workflow_model.json'), this.fitted().workflow);
  }

  /** @throws DataError when the folder holds something else. */
  static async load(folder: string): Promise<DeepLogWorkflow> {
    const json = (await readJson(path.join(folder, 'workflow_model.json'))) as { schema?: string };
    if (json.schema !== 'deeplog.workflow/1') throw new DataError(`${folder}: workflow_model.json has the schema ${JSON.stringify(json.schema)}, which this version does not know. Run the workflow stage again.`);
    const workflow = Workflow.fromJSON(json);
    const detector = new DeepLogWorkflow(workflow.options);
    detector.use(workflow);
    return detector;
  }

  config(): Readonly<Record<string, unknown>> {
    return { ...this.options };
  }

  fittedOn(train: SessionSource): number {
    return sessionsOfLength(train, this.options.minLength);
  }

  modelBytes(): number | null {
    return this.model === null ? null : JSON.stringify(this.model.workflow).length;
  }

  private use(workflow: Workflow): void {
    this.model = { workflow, follower: new Follower(workflow) };
  }

  private fitted(): { readonly workflow: Workflow; readonly follower: Follower } {
    if (this.model === null) throw new DataError('The workflow is not learned yet: call fit or load first.');
    return this.model;
  }

  private expectedAt(state: number): Evidence['expected'] {
    return this.workflow.expected(state).slice(0, EXPECTED_SHOWN).map(({ key, probability }) => ({ event: key ?? ('end of session' as const), probability }));
  }

  private describe(d: Departure): string {
    const after = d.index === 0 ? 'at the beginning' : `after ${d.index} event${d.index === 1 ? '' : 's'}`;
    const steps = this.expectedAt(d.state).map(({ event, probability }) => `${event === 'end of session' ? 'the end' : `event ${event}`} (${(100 * probability).toFixed(1)} %)`);
    const expected = steps.length === 0 ? '' : `; expected ${steps.join(', ')}`;
    switch (d.kind) {
      case 'early end': return `the session ends early, ${after}: no training session ended there${expected}`;
      case 'missing': return `event ${d.key ?? 0} comes ${after}, but event ${d.skipped.join(', ')} is missing before it${expected}`;
      case 'unexpected': return this.workflow.keys.has(d.key ?? 0)
        ? `event ${d.key ?? 0} leaves the workflow ${after}${expected}`
        : `event ${d.key ?? 0} is unknown to the workflow${expected}`;
      default: return d.kind satisfies never;
    }
  }
}
