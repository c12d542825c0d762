import { readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { LINE_ENCODER_DEFAULTS, LineEncoder } from '../../../deeplog/detectors/index.js';
import { createEngine, type Engine } from '../../../deeplog/engine/index.js';
import { LineBook, TokenCounts, TokenVocabulary } from '../../../deeplog/text/index.js';
import { SILENT } from '../../../deeplog/training/index.js';
import { removeScratchAfterwards, scratchFolder } from '../../helpers.js';

removeScratchAfterwards();

const LINES = [['open request', 50], ['close request after error', 7], ['error', 1]] as const;
const counts = new TokenCounts('run');
for (const [line, n] of LINES) counts.add(line, n);
const vocabulary = TokenVocabulary.fit(counts, 1);
const book = new LineBook(vocabulary, 20);
for (const [line, n] of LINES) book.intern(line, n);
let engine: Engine;
beforeAll(async () => { engine = await createEngine({ engine: 'onnx' }); });
afterAll(async () => { await engine.dispose(); });

describe('the line encoder', () => {
  it.each([['count', [50, 7, 1]], ['log', [1 + Math.log(50), 1 + Math.log(7), 1]]] as const)('weighted by %s, trains towards the mean error of its kinds of lines with these weights', async (weighting, weights) => {
    const options = { ...LINE_ENCODER_DEFAULTS, embedding: 5, latent: 4, batchSize: 4, maxEpochs: 1, weighting };
    const encoder = await LineEncoder.train(book, book, options, engine, 1, SILENT, new AbortController().signal);
    const { errors } = await encoder.encode(book.lines);
    const expected = weights.reduce((sum, w, i) => sum + w * errors[i], 0) / weights.reduce<number>((a, b) => a + b, 0);
    expect(encoder.training?.bestLoss).toBeCloseTo(expected, 4);
    await encoder.dispose();
  });

  it('reads models saved before pooling could be chosen: theirs is the last state', async () => {
    const options = { ...LINE_ENCODER_DEFAULTS, embedding: 5, latent: 4, batchSize: 4, maxEpochs: 1, pooling: 'last' } as const;
    const encoder = await LineEncoder.train(book, book, options, engine, 1, SILENT, new AbortController().signal);
    const folder = scratchFolder();
    await encoder.save(folder);
    const file = path.join(folder, 'config.json');
    const config = JSON.parse(await readFile(file, 'utf8')) as { options: Record<string, unknown> };
    const { pooling, weighting, ...before } = config.options;
    expect([pooling, weighting]).toEqual(['last', 'log']);
    await writeFile(file, JSON.stringify({ ...config, options: before }));
    const loaded = await LineEncoder.load(folder, engine);
    expect((await loaded.encode(book.lines)).latents).toEqual((await encoder.encode(book.lines)).latents);
    await encoder.dispose();
    await loaded.dispose();
  });
});
