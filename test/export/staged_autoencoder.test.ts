import { cp, readFile, rm, writeFile } from 'node:fs/promises';
import path from 'node:path';
import ort from 'onnxruntime-node';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { readJson } from '../../deeplog/artifacts/index.js';
import { seededRandom } from '../../deeplog/common/index.js';
import { LINE_ENCODER_DEFAULTS, WINDOW_JUDGE_DEFAULTS } from '../../deeplog/detectors/index.js';
import { createEngine, type Engine } from '../../deeplog/engine/index.js';
import { detectWindows, encodeLog, openStagedAutoencoder, prepareLines, trainLines } from '../../deeplog/evaluation/index.js';
import { exportModel, FORMATS, TOLERANCE, type Format } from '../../deeplog/export/index.js';
import { SILENT } from '../../deeplog/training/index.js';
import { removeScratchAfterwards, scratchFolder } from '../helpers.js';

removeScratchAfterwards();
const folder = scratchFolder();
const at = (name: string): string => path.join(folder, name);
const random = seededRandom(11);
const LINES = Array.from({ length: 300 }, (_, i) => {
  const time = new Date(Date.UTC(2024, 0, 1, 8, 0, i * 31)).toISOString().slice(0, 19).replace('T', ' ');
  return `${time} INFO ${['web: open request', 'web: read a file of the archive', 'web: close'][i % 3]} ${Math.floor(random() * 1e4)}${i % 7 === 0 ? ` from host-${Math.floor(random() * 9)}` : ''}`;
});
let engine: Engine;

beforeAll(async () => {
  engine = await createEngine({ engine: 'onnx' });
  await writeFile(at('app.log'), `${LINES.join('\n')}\n`);
  const signal = new AbortController().signal;
  await prepareLines({ inputFile: at('app.log'), outputPath: at('prepared'), overwrite: false, minWordFrequency: 3, longest: 40, digits: 'same', trainRatio: 0.6, valRatio: 0.8, maxKinds: 1000, flags: { input_file: at('app.log') } });
  const encoder = await trainLines({ input: at('prepared'), outputPath: at('model'), overwrite: false, model: { ...LINE_ENCODER_DEFAULTS, embedding: 6, latent: 5, buckets: 2, batchSize: 16, maxEpochs: 2 }, seed: 1, flags: {} }, engine, SILENT, signal);
  await encoder.dispose();
  await encodeLog({ model: at('model'), inputFile: at('app.log'), timeFormat: '%Y-%m-%d %H:%M:%S', outputPath: at('encoded'), overwrite: false, flags: { model: at('model'), time_format: '%Y-%m-%d %H:%M:%S' } }, engine);
  await detectWindows({ input: at('encoded'), outputPath: at('detected'), overwrite: false, model: { ...WINDOW_JUDGE_DEFAULTS, windowSize: 6, units: 4, code: 3, batchSize: 16, maxEpochs: 2 }, stride: 4, maxWindows: 500, targetFpr: 0.01, score: 'line', seed: 1, flags: { input: at('encoded') } }, engine, SILENT, signal);
}, 60_000);
afterAll(() => engine.dispose());

const run = (model: string, name: string, given: { formats?: readonly Format[]; verifyInput?: string } = {}) =>
  exportModel({ model: at(model), outputPath: at(name), overwrite: false, formats: FORMATS, verify: true, verifySessions: 30, flags: {}, openOther: openStagedAutoencoder, ...given }, () => Promise.resolve(engine));

interface Recipe { threshold: number; windowSize: number; stride: number; export: { kind: string; unit: string; data: { tokens: string[]; longest: number; lengths: number[]; means: number[]; projection: number[] } } }

describe("export of the staged autoencoder's folders", () => {
  it('writes what train left as an encoder: lines in, vectors out, and no threshold', async () => {
    const { detector, files, parity, notes } = await run('model', 'out-model');
    expect(detector).toBe('autoencoder-encoder');
    expect([...files.keys()].every((name) => name.startsWith('line_encoder_length_'))).toBe(true);
    expect(Object.keys(parity)).toEqual(['onnx', 'tfjs-graph']);
    for (const p of Object.values(parity)) {
      expect(p).toMatchObject({ unit: 'line', samples: expect.any(Number) as number });
      expect(p.deviation).toBeLessThan(TOLERANCE);
    }
    expect(notes[0]).toMatch(/has no tfjs-layers or h5 file/);
    const config = (await readJson(at('out-model/config.json'))) as Record<string, unknown>;
    expect(config).toMatchObject({ export: { kind: 'encoder', unit: 'line', networks: [{ inputs: [{ name: 'ids' }], outputs: { latent: "the line's vector" } }, {}] } });
    expect(config).not.toHaveProperty('threshold');
    const card = await readFile(at('out-model/model_card.md'), 'utf8');
    expect(card).toMatch(/^Encoder `autoencoder-encoder`/m);
    expect(card).toContain('Trained on app.log');
    expect(card).not.toContain('Threshold');
  });

  it('writes what detect left as a detector of windows of lines, whose config.json is enough to find the scores of windows.jsonl', async () => {
    const { detector, parity } = await run('detected', 'out-detected');
    expect(detector).toBe('autoencoder-windows');
    for (const p of Object.values(parity)) {
      expect(p).toMatchObject({ unit: 'window', samples: 30 });
      expect(p.deviation).toBeLessThan(TOLERANCE);
    }
    // The recipe, followed by hand in onnxruntime.
    const config = (await readJson(at('out-detected/config.json'))) as Recipe;
    const { tokens, longest, lengths, means, projection } = config.export.data;
    const judge = await ort.InferenceSession.create(at('out-detected/window_autoencoder.onnx'));
    const encoders = new Map<number, ort.InferenceSession>();
    for (const n of lengths) encoders.set(n, await ort.InferenceSession.create(at(`out-detected/line_encoder_length_${n}.onnx`)));
    const vectorOf = async (line: string): Promise<number[]> => {
      const words = (line.match(/\p{L}+|\S/gu) ?? []).map((word) => (/^[0-9]$/.test(word) ? '0' : word));
      const ids = [...words.slice(0, longest - 1).map((word) => (tokens.includes(word) ? tokens.indexOf(word) + 3 : 1)), 2];
      const n = lengths.find((l) => l >= ids.length) ?? lengths[lengths.length - 1];
      const own = ids.length <= n ? [...ids, ...new Array<number>(n - ids.length).fill(0)] : [...ids.slice(0, n - 1), 2];
      const { latent } = await (encoders.get(n) as ort.InferenceSession).run({ ids: new ort.Tensor('int32', Int32Array.from(own), [1, n]) });
      const angle = (2 * Math.PI * (Date.parse(`${line.slice(0, 19).replace(' ', 'T')}Z`) % 86_400_000)) / 86_400_000;
      const centred = Array.from(latent.data as Float32Array, (v, j) => Math.round(v * 1e5) / 1e5 - means[j]);
      return [...means.map((_, k) => centred.reduce((sum, v, j) => sum + v * projection[j * means.length + k], 0)), Math.sin(angle), Math.cos(angle)];
    };
    const windows = (await readFile(at('detected/windows.jsonl'), 'utf8')).trim().split('\n').map((row) => JSON.parse(row) as { first_line: number; last_line: number; score: number });
    expect(windows.slice(0, 2).map((w) => w.first_line)).toEqual([1, 1 + config.stride]);
    expect(windows.at(-1)?.last_line).toBe(LINES.length);
    for (const { first_line, last_line, score } of windows.filter((_, i) => i % 9 === 0)) {
      const vectors = await Promise.all(LINES.slice(first_line - 1, last_line).map(vectorOf));
      const shape = [1, config.windowSize, means.length + 2];
      const tensor = (rows: number[][]): ort.Tensor => new ort.Tensor('float32', Float32Array.from(rows.flat()), shape);
      const out = await judge.run({ forward: tensor(vectors), backward: tensor([...vectors].reverse()), mask: new ort.Tensor('float32', new Float32Array(config.windowSize).fill(1), [1, config.windowSize]) });
      const [f, b] = [out.errors_forward.data as Float32Array, out.errors_backward.data as Float32Array];
      const errors = Array.from(f, (e, i) => Math.round(((e + b[f.length - 1 - i]) / 2) * 1e4) / 1e4);
      expect(Math.abs(Math.max(...errors) - score)).toBeLessThan(1.5e-4); // on the border of two steps of 0.0001
    }
  });

  it('compares on a log that is named, and says when it cannot', async () => {
    await writeFile(at('other.log'), `${LINES.slice(0, 4).join('\n')}\n`); // shorter than a window
    const { parity } = await run('detected', 'out-other', { formats: ['onnx'], verifyInput: at('other.log') });
    expect(parity.onnx).toMatchObject({ samples: 1, unit: 'window' });
    await expect(run('detected', 'out-gone', { formats: ['onnx'], verifyInput: at('gone.log') })).rejects.toThrow(/gone\.log: there is no such file/);
  });

  it('leaves an encoder out that is no longer the one of before, and says so', async () => {
    await cp(at('encoded'), at('kept'), { recursive: true });
    await rm(at('encoded'), { recursive: true });
    const { files, parity, notes } = await run('detected', 'out-alone', { formats: ['onnx'] });
    await cp(at('kept'), at('encoded'), { recursive: true });
    expect([...files.keys()]).toEqual(['window_autoencoder']);
    expect(parity.onnx).toMatchObject({ samples: null });
    expect(notes[0]).toMatch(/line encoder is left out \(what encode wrote is not there any more\): what is exported reads vectors/);
    expect(await readFile(at('out-alone/model_card.md'), 'utf8')).toContain('That encoder is not among these files');
  });

  it('refuses the folders between, which hold no model', async () => {
    await expect(run('encoded', 'out-encoded')).rejects.toThrow(/holds the result of autoencoder encode, not a trained model/);
  });
});
