import { mkdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import { DeepLogWorkflow, type Detector } from '../../deeplog/detectors/index.js';
import { FittedModels, type FittingOptions, type Task } from '../../deeplog/evaluation/index.js';
import { SessionTableBuilder, splitByShare } from '../../deeplog/sequences/index.js';
import { SILENT } from '../../deeplog/training/index.js';
import { removeScratchAfterwards, scratchFolder } from '../helpers.js';

removeScratchAfterwards();

function taskOf(seed = 1, last = 3): Task {
  const builder = new SessionTableBuilder();
  for (let i = 0; i < 20; i++) builder.add([1, 2, 5, i === 19 ? last : 3], 0, 4, 0);
  const table = builder.build();
  return { dataset: 'test', protocol: 'custom', unit: 'session', table, split: splitByShare(table, { trainUntil: 0.5, validationUntil: 0.7, order: 'chronological', seed, trainOn: 'normal' }), seed, complete: true, notes: [], files: [] };
}

function options(artifacts: string, more: Partial<FittingOptions> = {}): FittingOptions {
  return { artifacts, cache: true, engine: () => Promise.reject(new Error('no engine is needed')), report: SILENT, signal: new AbortController().signal, ...more };
}

/** Counts its fits; `kind` is how it scores, `size` what a fit depends on. */
class Counting implements Detector {
  static fits: string[] = [];
  readonly needs = new Set(['events'] as const);
  readonly binary = false;
  readonly family = 'counting';
  model = '';
  constructor(readonly id: string, private readonly size: number) {}
  fit(): Promise<void> { Counting.fits.push((this.model = `${this.size}`)); return Promise.resolve(); }
  config(): Readonly<Record<string, unknown>> { return { size: this.size }; }
  adopt(fitted: Detector): Detector { return Object.assign(new Counting(this.id, this.size), { model: (fitted as Counting).model }); }
  scoreBatch(): Promise<Float64Array> { return Promise.resolve(new Float64Array()); }
  explain(): Promise<never[]> { return Promise.resolve([]); }
  save(): Promise<void> { return Promise.resolve(); }
  modelBytes(): null { return null; }
}

/** Joins others, and fits only itself when its parts are given. */
class Joining extends Counting {
  constructor(readonly components: readonly Detector[], private readonly given = false) { super('joining', 0); }
  override config(): Readonly<Record<string, unknown>> { return { parts: this.components.map((c) => c.config?.()) }; }
  override fit(): Promise<void> { Counting.fits.push(this.given ? 'joint' : 'everything'); return Promise.resolve(); }
  reusing(fitted: readonly Detector[]): Detector { return new Joining(fitted, true); }
}

describe('fitted models', () => {
  it('are fitted once for all detectors that are read off them, and for what combines them', async () => {
    Counting.fits = [];
    const models = new FittedModels(taskOf(), options('unused', { cache: false }));
    const rank = await models.obtain(new Counting('rank', 1));
    const nll = await models.obtain(new Counting('nll', 1));
    expect([rank.detector.id, nll.detector.id, (nll.detector as Counting).model]).toEqual(['rank', 'nll', '1']);
    await models.obtain(new Counting('rank', 2));
    const joined = await models.obtain(new Joining([new Counting('nll', 1), new Counting('rank', 3)]));
    expect(Counting.fits).toEqual(['1', '2', '3', 'joint']);
    expect((joined.detector as Joining).components.map((c) => (c as Counting).model)).toEqual(['1', '3']);
    // The joint fit alone took no time; its parts did.
    expect(joined.fitSeconds).toBeGreaterThanOrEqual(rank.fitSeconds);
  });

  it('are kept by split, seed and settings, and by nothing less', async () => {
    const artifacts = scratchFolder();
    const reused = async (task: Task, detector: Detector, o = options(artifacts)): Promise<boolean> => (await new FittedModels(task, o).obtain(detector)).reused !== null;
    expect(await reused(taskOf(), new DeepLogWorkflow())).toBe(false);
    expect(await reused(taskOf(), new DeepLogWorkflow())).toBe(true);
    const other = new DeepLogWorkflow({ ...new DeepLogWorkflow().options, threshold: 0.5 });
    expect(await reused(taskOf(), other)).toBe(false);
    expect(await reused(taskOf(2), new DeepLogWorkflow())).toBe(false);
    expect(await reused(taskOf(1, 4), new DeepLogWorkflow())).toBe(false); // other data: another split hash
    expect(await reused(taskOf(), new DeepLogWorkflow(), options(artifacts, { cache: false }))).toBe(false);
    expect(await reused(taskOf(), other)).toBe(true);
  });

  it('are not used for other parameters, times or texts behind the same event ids', async () => {
    const [artifacts, parsed] = [scratchFolder(), scratchFolder()];
    const texts = path.join(parsed, 'templates.tsv');
    const write = (folder: string, numbers: string): Task => {
      mkdirSync(path.join(parsed, folder), { recursive: true });
      writeFileSync(path.join(parsed, folder, 'events.arrow'), numbers);
      return { ...taskOf(), folder: path.join(parsed, folder) };
    };
    const reused = async (task: Task): Promise<boolean> => (await new FittedModels(task, options(artifacts)).obtain(new DeepLogWorkflow())).reused !== null;
    expect(await reused(write('a', '1 2 3'))).toBe(false);
    expect(await reused(write('b', '1000 2000 3000'))).toBe(false);
    expect(await reused(write('c', '1 2 3'))).toBe(true); // where it lies makes no difference
    writeFileSync(texts, 'id\ttext\n1\topen\n');
    expect(await reused({ ...taskOf(), templatesFile: texts })).toBe(false);
    writeFileSync(texts, 'id\ttext\n1\tclose\n');
    expect(await reused({ ...taskOf(), templatesFile: texts })).toBe(false);
    expect(await reused({ ...taskOf(), templatesFile: texts })).toBe(true);
  });
});
