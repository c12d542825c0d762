import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { seededRandom } from '../../../deeplog/common/index.js';
import { AUTOENCODER_DEFAULTS, createDetector, loadDetector, TextAutoencoder, windowStarts, type FitContext, type Session, type SessionSource } from '../../../deeplog/detectors/index.js';
import { createEngine, type Engine } from '../../../deeplog/engine/index.js';
import { SILENT } from '../../../deeplog/training/index.js';
import { removeScratchAfterwards, scratchFolder } from '../../helpers.js';

removeScratchAfterwards();

const OPTIONS = {
  minWordFrequency: 3,
  lines: { ...AUTOENCODER_DEFAULTS.lines, embedding: 16, latent: 10, batchSize: 16, maxEpochs: 6, learningRate: 0.02 },
  windows: { ...AUTOENCODER_DEFAULTS.windows, windowSize: 6, units: 12, code: 8, batchSize: 16, maxEpochs: 8, learningRate: 0.02 },
};

/** A request is opened, served in a few steps, and closed; ids and times differ from line to line. */
function request(random: () => number): Session {
  const id = Math.floor(random() * 9000);
  const steps = 1 + Math.floor(random() * 3);
  const text = [`10:${10 + (id % 50)} open request ${id}`, ...Array.from({ length: steps }, () => `serve block ${Math.floor(random() * 900)} of request ${id}`), `close request ${id} in ${id % 77} ms`];
  return { key: String(id), events: Uint32Array.from(text, (_, i) => (i === 0 ? 1 : i === text.length - 1 ? 3 : 2)), lines: text.map((_, i) => 100 + i), text };
}

function source(sessions: readonly Session[]): SessionSource {
  return { size: sessions.length, provides: new Set(['events', 'text']), *distinct() { for (const s of sessions) yield { session: s, count: 1 }; } };
}

const random = seededRandom(4);
const draw = (n: number): Session[] => Array.from({ length: n }, () => request(random));
const [train, validation, normal] = [draw(60), draw(20), draw(12)];
const odd = { ...normal[0], text: [normal[0].text?.[0] ?? '', 'kernel panic: out of memory, killed process', ...(normal[0].text ?? []).slice(1)] };
let engine: Engine;
let detector: TextAutoencoder;

const context = (): FitContext => ({ seed: 1, engine: () => Promise.resolve(engine), report: SILENT, signal: new AbortController().signal });

beforeAll(async () => {
  engine = await createEngine();
  detector = new TextAutoencoder({ ...AUTOENCODER_DEFAULTS, ...OPTIONS }, null);
  await detector.fit(source(train), source(validation), context());
}, 60_000);

afterAll(async () => {
  await detector?.dispose();
  await engine?.dispose();
});

describe('the text autoencoder as a detector', () => {
  it('finds a line that training has nothing like, without a parser, and says which', async () => {
    const scores = await detector.scoreBatch([...normal, odd]);
    expect(scores[normal.length]).toBeGreaterThan(Math.max(...scores.subarray(0, normal.length)));
    const [evidence] = await detector.explain({ ...odd, lines: [7, 8, 9, 10, 11, 12] }, 0);
    expect(evidence.index).toBe(1);
    expect(evidence.line).toBe(8);
  });

  it('names what is reconstructed badly by the vectors of its lines or windows: the same alone, in a batch and after a restart', async () => {
    const line = new TextAutoencoder({ ...AUTOENCODER_DEFAULTS, ...OPTIONS, score: 'line' }, null).adopt(detector);
    const [normalScores, [oddScore]] = [await line.scoreBatch(normal), await line.scoreBatch([odd])];
    const threshold = Math.max(...normalScores);
    expect(oddScore).toBeGreaterThan(threshold);
    const [vectors, twice] = await line.embed([odd, { ...odd, text: [...odd.text, odd.text[1]] }], threshold);
    // The panic's own vector, as it is when it stands alone, is among them (its window suffers, too); that it comes twice makes no second one.
    const [[panic]] = await line.embed([{ ...odd, text: [odd.text[1]] }], threshold);
    for (const found of [vectors, twice]) expect(found.filter((v) => v.join() === panic.join())).toHaveLength(1);
    // A session without such a line is known by its worst.
    expect((await line.embed([normal[0]], threshold))[0]).toHaveLength(1);
    const folder = scratchFolder();
    await line.save(folder);
    const loaded = await loadDetector(folder, () => Promise.resolve(engine)) as TextAutoencoder;
    expect(loaded.embeddings).toEqual(line.embeddings);
    for (const one of [line, detector]) {
      const together = await one.embed([...normal, odd], 0.01);
      const reader = one === line ? loaded : detector.adopt(loaded);
      for (const [s, own] of [...normal, odd].entries()) expect(await reader.embed([own], 0.01)).toEqual([together[s]]);
    }
    expect([line.embeddings?.kind, detector.embeddings?.kind]).toEqual(['clusters of line vectors', "clusters of windows' codes"]);
    expect([line.namesByClusters, detector.namesByClusters]).toEqual([true, false]);
    expect((detector.embeddings?.radius ?? 0) > 0 && (line.embeddings?.radius ?? 0) > 0).toBe(true);
    // A window's code is as wide as the network says.
    expect((await detector.embed([odd], 0))[0].every((v) => v.length === OPTIONS.windows.code)).toBe(true);
  });

  it('gives a session one score, alone, in any order, and with another id in its lines', async () => {
    const scores = await detector.scoreBatch(normal);
    expect((await detector.scoreBatch([...normal].reverse())).reverse()).toEqual(scores);
    expect((await detector.scoreBatch([normal[3]]))[0]).toBe(scores[3]);
    const renamed = { ...normal[3], text: normal[3].text?.map((line) => line.replace(/\d/g, '7')) };
    expect((await detector.scoreBatch([renamed]))[0]).toBe(scores[3]);
    expect((await detector.scoreBatch([{ key: '', events: new Uint32Array(0), text: [] }]))[0]).toBe(0);
  });

  it('scores the same after it was saved and loaded, and by its worst line on the same model', async () => {
    const folder = scratchFolder();
    await detector.save(folder);
    const loaded = await loadDetector(folder, () => Promise.resolve(engine));
    const sessions = [...normal, odd];
    const scores = await detector.scoreBatch(sessions);
    expect(await loaded.scoreBatch(sessions)).toEqual(scores);
    const byLine = new TextAutoencoder({ ...detector.options, score: 'line' }, null).adopt(detector);
    expect(byLine.id).toBe('autoencoder-line');
    (await byLine.scoreBatch(sessions)).forEach((score, s) => expect(score).toBeGreaterThanOrEqual(scores[s]));
    await loaded.dispose?.();
  });

  it('is the same for the same seed', async () => {
    const again = new TextAutoencoder({ ...AUTOENCODER_DEFAULTS, ...OPTIONS }, null);
    await again.fit(source(train), source(validation), context());
    expect(await again.scoreBatch(normal)).toEqual(await detector.scoreBatch(normal));
    await again.dispose();
  });

  it('reads the texts of templates where there are no raw lines, and says so', async () => {
    const templates = new Map([[1, 'open request <*>'], [2, 'serve block <*> of request <*>'], [3, 'close request <*> in <*> ms']]);
    const made = createDetector('autoencoder', { autoencoder: OPTIONS, templates });
    expect([...made.needs]).toEqual(['events']);
    expect(made.notes).toEqual(['the autoencoder read the text of the templates: this set has event ids only']);
    await made.fit(source(train), source(validation), context());
    const scores = await made.scoreBatch([normal[0], { key: '', events: Uint32Array.of(3, 3, 9, 1) }]);
    expect(scores[1]).toBeGreaterThan(scores[0]);
    await made.dispose?.();
    expect([...createDetector('autoencoder', { templates, rawText: true }).needs]).toEqual(['text']);
  });
});

describe('windows of a sequence', () => {
  it('begin every half window, and the last ends with it', () => {
    expect(windowStarts(0, 20)).toEqual([]);
    expect(windowStarts(7, 20)).toEqual([0]);
    expect(windowStarts(20, 20)).toEqual([0]);
    expect(windowStarts(33, 20)).toEqual([0, 10, 13]);
    expect(windowStarts(40, 20)).toEqual([0, 10, 20]);
  });
});
