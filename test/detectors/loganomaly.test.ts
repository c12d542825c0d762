import { writeFileSync } from 'node:fs';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createDetector, loadDetector, LogAnomaly, LOGANOMALY_DEFAULTS, readVecFile, TemplateVectors, trainSkipGram, wordsOf, type FitContext, type Session, type SessionSource } from '../../deeplog/detectors/index.js';
import { createEngine, type Engine } from '../../deeplog/engine/index.js';
import { SILENT } from '../../deeplog/training/index.js';
import { removeScratchAfterwards, scratchFolder } from '../helpers.js';

removeScratchAfterwards();

const session = (...events: number[]): Session => ({ key: events.join(), events: Uint32Array.from(events), lines: events.map((_, i) => i + 100) });
const source = (rows: readonly (readonly [number[], number])[]): SessionSource => ({
  size: rows.reduce((n, [, c]) => n + c, 0), provides: new Set(['events']),
  *distinct() { for (const [s, count] of rows) yield { session: session(...s), count }; },
});
const cosine = (a: ArrayLike<number>, b: ArrayLike<number>): number => {
  let [dot, aa, bb] = [0, 0, 0];
  for (let i = 0; i < a.length; i++) [dot, aa, bb] = [dot + a[i] * b[i], aa + a[i] ** 2, bb + b[i] ** 2];
  return dot / Math.sqrt(aa * bb);
};

describe('the words of a template', () => {
  it('are its letters, split where the case changes, without wildcards and what holds a digit', () => {
    expect(wordsOf('<*> INFO dfs.DataNode$DataXceiver: Receiving block <*> src: /<IP>:50010 a')).toEqual(['info', 'dfs', 'data', 'node', 'data', 'xceiver', 'receiving', 'block', 'src']);
    expect(wordsOf('BLOCK* NameSystem.addStoredBlock: 0x00004ed8 R27-M1 4:0000000e HTTPServer <unseen>')).toEqual(['block', 'name', 'system', 'add', 'stored', 'block', 'http', 'server']);
    expect(wordsOf('<*> 12 : <*>')).toEqual([]);
  });
});

describe('skip-gram', () => {
  // cat and dog stand in the same sentences, and so do hammer and saw; the two kinds never meet.
  const corpus = ['cat', 'dog'].flatMap((pet) => ['eats', 'sleeps', 'purrs'].map((verb) => ['the', pet, verb, 'softly']))
    .concat(['hammer', 'saw'].flatMap((tool) => ['cuts', 'hits', 'breaks'].map((verb) => ['a', tool, verb, 'wood'])));
  const options = { dimensions: 16, window: 3, negatives: 5, epochs: 200, learningRate: 0.05, seed: 1 };

  it('puts words of the same company together and others apart', () => {
    const vectors = trainSkipGram(corpus, options);
    const similarity = (a: string, b: string): number => cosine(vectors.get(a) ?? [], vectors.get(b) ?? []);
    expect([...vectors.keys()].sort()).toEqual([...new Set(corpus.flat())].sort());
    for (const [a, b, c] of [['cat', 'dog', 'hammer'], ['hammer', 'saw', 'cat'], ['eats', 'sleeps', 'cuts']]) expect(similarity(a, b)).toBeGreaterThan(similarity(a, c) + 0.3);
  });

  it('gives the same vectors for the same seed, others for another', () => {
    expect(trainSkipGram(corpus, options)).toEqual(trainSkipGram(corpus, options));
    expect(trainSkipGram(corpus, options)).not.toEqual(trainSkipGram(corpus, { ...options, seed: 2 }));
    expect(trainSkipGram([], options).size).toBe(0);
  });
});

describe('template vectors', () => {
  const words = new Map([['open', [1, 0]], ['file', [0, 1]], ['close', [-1, 0]]].map(([w, v]) => [w as string, Float32Array.from(v as number[])]));
  const vectors = new TemplateVectors(words, 2, new Map([[1, 'open file <*>'], [2, 'close file <*>'], [3, '<*>']]));

  it('are the tf-idf weighted mean of their words, at length 1', () => {
    // scikit-learn 1.9.1's TfidfVectorizer over the same three documents.
    expect(vectors.of(1)[0]).toBeCloseTo(0.79596054, 6);
    expect(vectors.of(1)[1]).toBeCloseTo(0.60534851, 6);
    expect(vectors.has(3)).toBe(false);
    expect(Math.hypot(...vectors.of(3))).toBeCloseTo(1, 5);
    expect(vectors.of(3)).toEqual(vectors.of(3));
  });

  it('find the training template nearest to a new one, less sure the less of it is known', () => {
    expect(vectors.nearest('closed close file 7')).toMatchObject({ event: 2 });
    const same = vectors.nearest('open file <path>');
    expect(same?.event).toBe(1);
    expect(same?.similarity).toBeCloseTo(1, 5);
    // "socket" has no vector: its idf is ln 4 + 1 = 2.3863, beside 1.6931 and 1.2877 (the same TfidfVectorizer's).
    expect(vectors.nearest('open file socket')?.similarity).toBeCloseTo((1.6931 + 1.2877) / (2.3863 + 1.6931 + 1.2877), 3);
    expect(vectors.nearest('nothing known')).toBeNull();
  });
});

describe('a .vec file', () => {
  it('is read with or without its header, the wanted words only', async () => {
    const file = path.join(scratchFolder(), 'w.vec');
    writeFileSync(file, '3 2\nOpen 1 0.5\nfile 2 -3e-1 \nother 9 9\n');
    expect(await readVecFile(file, new Set(['open', 'file', 'none']))).toEqual(new Map([['open', Float32Array.of(1, 0.5)], ['file', Float32Array.of(2, -0.3)]]));
    writeFileSync(file, 'open 1 0.5\r\nfile 2 3\r\n');
    expect((await readVecFile(file, new Set(['open']))).get('open')).toEqual(Float32Array.of(1, 0.5));
  });

  it('is refused with the line that does not fit', async () => {
    const file = path.join(scratchFolder(), 'w.vec');
    writeFileSync(file, 'open 1 0.5\nfile 2\n');
    await expect(readVecFile(file, new Set(['open']))).rejects.toThrow(`${file}: line 2 has 1 numbers after its word, the ones before have 2.`);
    writeFileSync(file, 'open 1 x\n');
    await expect(readVecFile(file, new Set(['open']))).rejects.toThrow(`${file}: line 1 ("open") holds something that is no number.`);
    await expect(readVecFile(file, new Set(['door']))).rejects.toThrow('holds none of the 1 words of the templates (door, …)');
    await expect(readVecFile(`${file}.gz`, new Set(['door']))).rejects.toThrow('cannot be read');
  });
});

const NORMAL = source([[[1, 2, 2, 4], 90], [[1, 3, 3, 4], 10]]);
const TEXTS = new Map([[1, 'open the file <*>'], [2, 'read block <*> of <*>'], [3, 'write block <*> to disk'], [4, 'close the file <*>'], [20, 'read block <*> <*> of'], [21, 'kernel panic']]);
const OPTIONS = { ...LOGANOMALY_DEFAULTS, windowSize: 4, units: 16, dimensions: 8, batchSize: 8, learningRate: 0.02, maxEpochs: 300, earlyStop: 300 };

describe('loganomaly', () => {
  let engine: Engine;
  let fitted: LogAnomaly;
  const context = (): FitContext => ({ seed: 1, engine: () => Promise.resolve(engine), report: SILENT, signal: new AbortController().signal });

  beforeAll(async () => {
    engine = await createEngine({ engine: 'onnx' });
    fitted = new LogAnomaly(OPTIONS, TEXTS);
    await fitted.fit(NORMAL, NORMAL, context());
  });
  afterAll(async () => {
    await fitted.dispose();
    await engine.dispose();
  });

  it('learns which key follows, and ranks wrong orders and unknown keys high', async () => {
    const [normal, rare, order, unknown, empty] = await fitted.scoreBatch([session(1, 2, 2, 4), session(1, 3, 3, 4), session(4, 2, 1, 2), session(1, 2, 99, 4), session()]);
    expect([normal, rare]).toEqual([1, 2]);
    for (const score of [order, empty]) expect(score).toBeGreaterThan(1);
    expect(unknown).toBe(fitted.vocabularySize + 1);
  });

  it('reads a new template as the nearest known one, and says so; one that is like none stays unknown', async () => {
    const [matched, unlike] = await fitted.scoreBatch([session(1, 20, 2, 4), session(1, 21, 2, 4)]);
    expect(matched).toBe(1);
    expect(unlike).toBe(fitted.vocabularySize + 1);
    const [evidence] = (await fitted.explain(session(1, 20, 2, 4), 0)).filter((e) => e.index === 1);
    expect(evidence).toMatchObject({ event: 20, line: 101 });
    expect(evidence.reason).toContain('event 20 (new; read as event 2, whose text is nearest), the 1st most likely key');
    expect((await fitted.explain(session(1, 21, 2, 4)))[0].reason).toContain('event 21 is unknown from training');
  });

  it('says which templates have no text, and still tells their keys apart', async () => {
    const blind = new LogAnomaly({ ...OPTIONS, maxEpochs: 150 });
    await blind.fit(NORMAL, NORMAL, context());
    expect(blind.notes).toEqual(['4 of 4 training templates have no text: each has a vector of its own, near to none']);
    expect(fitted.notes).toEqual([]);
    expect([...(await blind.scoreBatch([session(1, 2, 2, 4), session(1, 20, 2, 4)]))]).toEqual([1, blind.vocabularySize + 1]);
    await blind.dispose();
  });

  it('scores the same alone and in any batch, and after saving and loading', async () => {
    const sessions = Array.from({ length: 30 }, (_, i) => session(...Array.from({ length: i % 7 }, (_, j) => [1, 2, 3, 4, 20, 21][(i * 7 + j * j) % 6])));
    const folder = scratchFolder();
    await fitted.save(folder);
    const loaded = await loadDetector(folder, () => Promise.resolve(engine));
    for (const score of ['loganomaly', 'loganomaly-nll']) {
      const original = createDetector(score).adopt?.(fitted);
      const together = await original?.scoreBatch(sessions) ?? [];
      expect((await original?.scoreBatch([sessions[11]]))?.[0]).toBe(together[11]);
      expect(await createDetector(score).adopt?.(loaded).scoreBatch(sessions)).toEqual(together);
    }
    await loaded.dispose?.();
  });

  it('gives the same model for the same seed', async () => {
    const losses: unknown[] = [];
    for (let i = 0; i < 2; i++) {
      const detector = new LogAnomaly({ ...OPTIONS, maxEpochs: 3 }, TEXTS);
      await detector.fit(NORMAL, NORMAL, context());
      losses.push(detector.training?.history.map((h) => [h.loss, h.validationLoss]));
      await detector.dispose();
    }
    expect(losses[1]).toEqual(losses[0]);
  });
});
