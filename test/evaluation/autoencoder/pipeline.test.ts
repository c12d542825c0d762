import { readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { readManifest, readTensors } from '../../../deeplog/artifacts/index.js';
import { seededRandom } from '../../../deeplog/common/index.js';
import { LINE_ENCODER_DEFAULTS, WINDOW_JUDGE_DEFAULTS } from '../../../deeplog/detectors/index.js';
import { createEngine, type Engine } from '../../../deeplog/engine/index.js';
import { applyWindows, detectWindows, encodeLog, evaluateWindows, prepareLines, trainLines, type Applied, type EvaluatedWindows } from '../../../deeplog/evaluation/index.js';
import { readLinesFile, readVectors } from '../../../deeplog/evaluation/autoencoder/encoded_files.js';
import { SILENT } from '../../../deeplog/training/index.js';
import { removeScratchAfterwards, scratchFolder } from '../../helpers.js';

removeScratchAfterwards();

const folder = scratchFolder();
const at = (name: string): string => path.join(folder, name);
const LINES = 900;
const flags = {};
const signal = new AbortController().signal;
let engine: Engine;

/** Requests in turn, a file that is read again and again in the validation part; in the last third a disk fails now and then. */
beforeAll(async () => {
  engine = await createEngine();
  const random = seededRandom(5);
  const labels: string[] = [];
  const lines = Array.from({ length: LINES }, (_, i) => {
    const bad = i > 650 && random() < 0.03;
    labels.push(bad ? '1' : '0');
    const time = new Date(Date.UTC(2024, 0, 1, 8, 0, i * 7)).toISOString().slice(0, 19).replace('T', ' ');
    return bad ? `${time} ERROR disk: write failed, sector ${Math.floor(random() * 1e6)} unreadable` : `${time} INFO ${['web: open request', 'web: read file', 'web: close request'][i >= 500 && i < 520 ? 1 : i % 3]} ${Math.floor(random() * 1e4)}`;
  });
  await writeFile(at('app.log'), `${lines.join('\n')}\n`);
  await writeFile(at('labels.txt'), `${labels.join('\n')}\n`);
  await prepareLines({ inputFile: at('app.log'), outputPath: at('prepared'), overwrite: false, minWordFrequency: 5, longest: 60, digits: 'same', trainRatio: 0.5, valRatio: 0.7, maxKinds: 1000, flags: { input_file: at('app.log') } });
  const encoder = await trainLines({ input: at('prepared'), outputPath: at('model'), overwrite: false, model: { ...LINE_ENCODER_DEFAULTS, embedding: 16, latent: 8, batchSize: 16, maxEpochs: 10, learningRate: 0.005 }, seed: 1, flags }, engine, SILENT, signal);
  await encoder.dispose();
  await encodeLog({ model: at('model'), inputFile: at('app.log'), timeFormat: '%Y-%m-%d %H:%M:%S', outputPath: at('encoded'), overwrite: false, flags: { model: at('model'), time_format: '%Y-%m-%d %H:%M:%S' } }, engine);
}, 60_000);

afterAll(async () => { await engine?.dispose(); });

const detect = (labelFile?: string, name = 'detected'): ReturnType<typeof detectWindows> => detectWindows({
  input: at('encoded'), outputPath: at(name), overwrite: false, model: { ...WINDOW_JUDGE_DEFAULTS, windowSize: 6, units: 12, code: 8, batchSize: 16, maxEpochs: 6, learningRate: 0.02 }, stride: 3, maxWindows: 500, targetFpr: 0.01, score: 'line', seed: 1, flags: { input: at('encoded') },
  ...(labelFile === undefined ? {} : { labelFile }),
}, engine, SILENT, signal);

describe('the autoencoder from a raw log to its evaluation', () => {
  it('encodes lines that differ in numbers only once, with the time of day of each', async () => {
    const { kinds, lines, dimensions, dated } = await readManifest(at('encoded'));
    expect({ lines, dimensions, dated }).toEqual({ lines: LINES, dimensions: 8, dated: LINES });
    expect(kinds).toBeLessThan(40);
    let count = 0;
    for await (const { first, kinds: own, times, sines, cosines } of readLinesFile(path.join(at('encoded'), 'lines.arrow'))) {
      expect(first).toBe(1);
      count += own.length;
      expect(Math.max(...own)).toBe(Number(kinds) - 1);
      expect(times[0]).toBe(Date.UTC(2024, 0, 1, 8));
      expect(Math.hypot(sines[17], cosines[17])).toBeCloseTo(1, 5);
    }
    expect(count).toBe(LINES);
    expect((await readVectors(path.join(at('encoded'), 'kinds.arrow'), Number(kinds), 8)).every((v) => Number.isFinite(v))).toBe(true);
  });

  it('finds the faulty lines, draws ROC and PR, and counts what a threshold would flag', async () => {
    const found = await detect();
    expect(found.windows).toBe(Math.floor((LINES - 6) / 3) + 1);
    // The scale is that of the kinds of line in training windows, each counted once.
    const { kinds, train_until_line: trainUntil } = await readManifest(at('encoded'));
    const vectors = await readVectors(path.join(at('encoded'), 'kinds.arrow'), Number(kinds), 8);
    const kindOf: number[] = [];
    for await (const block of readLinesFile(path.join(at('encoded'), 'lines.arrow'))) kindOf.push(...block.kinds);
    const inWindows = new Set<string>();
    for (let start = 0; start + 6 <= Number(trainUntil); start += 3) for (const kind of kindOf.slice(start, start + 6)) inWindows.add(vectors.slice(kind * 8, kind * 8 + 8).join());
    const means = (await readTensors(path.join(at('detected'), 'model.safetensors')))['scale/means'].data;
    for (let k = 0; k < 8; k++) expect(means[k]).toBeCloseTo([...inWindows].reduce((sum, vector) => sum + Number(vector.split(',')[k]), 0) / inWindows.size, 6);
    const result: EvaluatedWindows = await evaluateWindows({ input: at('detected'), labelFile: at('labels.txt'), outputPath: at('evaluation'), overwrite: false, top: 5, flags });
    expect(result.labelled?.roc_auc).toBeGreaterThan(0.85);
    expect(result.top[0].text).toContain('ERROR disk');
    expect(result.labelled?.table.map((t) => t.target_fpr)).toEqual([0.0001, 0.001, 0.005, 0.01, 0.02, 0.05]);
    expect(await readFile(path.join(at('evaluation'), 'evaluation.md'), 'utf8')).toContain(`| \`${result.top[0].text}\` |`);
    for (const t of result.labelled?.table ?? []) expect(t.tp + t.fn).toBe(result.labelled?.abnormal);
    const svg = await readFile(path.join(at('evaluation'), 'evaluation.svg'), 'utf8');
    expect(svg.match(/ROC, area|PR, area|test windows by score/g)).toHaveLength(3);
    const unlabelled = await evaluateWindows({ input: at('detected'), outputPath: at('unlabelled'), overwrite: false, top: 3, flags });
    expect(unlabelled.labelled).toBeNull();
    expect(unlabelled.top.map((w) => w.first_line)).toEqual(result.top.slice(0, 3).map((w) => w.first_line));
  });

  const apply = (log: string, more: { encoder?: string; timeFormat?: string; overwrite?: boolean } = {}): Promise<Applied> => applyWindows({ model: at('detected'), inputFile: at(log), outputPath: at('applied'), overwrite: true, top: 3, flags, ...more }, engine);
  const windowsOf = async (name: string): Promise<{ part: string; score: number; first_line: number; worst_line: number }[]> => (await readFile(path.join(at(name), 'windows.jsonl'), 'utf8')).trim().split('\n').map((l) => JSON.parse(l) as Awaited<ReturnType<typeof windowsOf>>[number]);

  it('gives the windows of a log the scores that they had when it was learned from, wherever the log lies', async () => {
    await writeFile(at('again.log'), await readFile(at('app.log')));
    const applied = await apply('again.log');
    const [then, now] = [await windowsOf('detected'), await windowsOf('applied')];
    expect(applied).toMatchObject({ lines: LINES, windows: then.length, undated: 0 });
    expect(now.every((w) => w.part === 'test')).toBe(true);
    expect(now.map((w) => [w.first_line, w.worst_line])).toEqual(then.map((w) => [w.first_line, w.worst_line]));
    now.forEach((w, i) => expect(w.score / then[i].score).toBeCloseTo(1, 4));
    expect(applied.alerts).toBe(then.filter((w) => w.score > applied.threshold).length);
  });

  it('finds the faults of another day and evaluates them by the threshold of the day that was learned', async () => {
    const random = seededRandom(9);
    const bad = new Set([40, 41, 200]);
    const lines = Array.from({ length: 300 }, (_, i) => {
      const time = new Date(Date.UTC(2024, 0, 2, 8, 0, i * 7)).toISOString().slice(0, 19).replace('T', ' ');
      return bad.has(i) ? `${time} ERROR disk: write failed, sector ${i} unreadable` : `${time} INFO ${['web: open request', 'web: read file', 'web: close request'][i % 3]} ${Math.floor(random() * 1e4)}`;
    });
    await writeFile(at('tomorrow.log'), lines.join('\n'));
    await writeFile(at('tomorrow.txt'), lines.map((_, i) => (bad.has(i) ? '1' : '0')).join('\n'));
    const applied = await apply('tomorrow.log');
    expect(applied.top.map((w) => w.worst_line - 1).every((line) => bad.has(line))).toBe(true);
    expect(applied.top[0].text).toContain('ERROR disk');
    const result = await evaluateWindows({ input: at('applied'), labelFile: at('tomorrow.txt'), outputPath: at('evaluation-2'), overwrite: false, top: 3, flags });
    expect(result).toMatchObject({ windows: applied.windows, threshold: applied.threshold, alerts: applied.alerts });
    // Windows of six lines every three: each fault is in two of them, and the first two faults share one or both.
    expect(result.labelled?.abnormal).toBe(new Set([40, 41, 200].flatMap((line) => [Math.floor(line / 3), Math.floor(line / 3) - 1])).size);
    expect(result.labelled?.roc_auc).toBeGreaterThan(0.9);
    const validation = (await windowsOf('detected')).filter((w) => w.part === 'validation').map((w) => w.score).sort((a, b) => b - a);
    expect(result.labelled?.table.find((t) => t.target_fpr === 0.05)?.threshold).toBe(validation[Math.floor(validation.length * 0.05)]);
  });

  it('counts lines without a time, takes the encoder from where it is said to be, and no other', async () => {
    await writeFile(at('undated.log'), `${(await readFile(at('app.log'), 'utf8')).split('\n').slice(0, 50).join('\n')}\nno time here\n`);
    expect(await apply('undated.log', { encoder: at('model'), timeFormat: '%Y-%m-%d %H:%M:%S' })).toMatchObject({ lines: 51, undated: 1 });
    await expect(apply('undated.log', { encoder: at('model') })).rejects.toThrow(/detected knows the time of day: say how lines begin with their time, with --time_format/);
    await expect(apply('undated.log', { encoder: at('detected') })).rejects.toThrow('was not written by "autoencoder train"');
    const other = await trainLines({ input: at('prepared'), outputPath: at('model-2'), overwrite: false, model: { ...LINE_ENCODER_DEFAULTS, embedding: 16, latent: 8, batchSize: 16, maxEpochs: 1, learningRate: 0.005 }, seed: 2, flags }, engine, SILENT, signal);
    await other.dispose();
    await expect(apply('undated.log', { encoder: at('model-2') })).rejects.toThrow('is not the line encoder that');
    await expect(applyWindows({ model: at('model'), inputFile: at('app.log'), outputPath: at('x'), overwrite: true, top: 3, flags }, engine)).rejects.toThrow('not by "autoencoder detect"');
    await writeFile(at('empty.log'), '');
    await expect(apply('empty.log')).rejects.toThrow('holds no lines');
  });

  it('says what is wrong with labels, folders and boundaries', async () => {
    await writeFile(at('short.txt'), '0\n1\n');
    await writeFile(at('words.txt'), 'normal\n');
    const evaluate = (labelFile: string): Promise<unknown> => evaluateWindows({ input: at('detected'), labelFile, outputPath: at('x'), overwrite: false, top: 3, flags });
    await expect(evaluate(at('short.txt'))).rejects.toThrow('The label file has 2 lines; the log has more.');
    await expect(evaluate(at('words.txt'))).rejects.toThrow('words.txt, line 1: is "normal"; a label file has 0 (normal) or 1 (abnormal) per line');
    await expect(evaluate('pattern:(')).rejects.toThrow('--label_file:');
    await expect(evaluateWindows({ input: at('encoded'), outputPath: at('x'), overwrite: false, top: 3, flags })).rejects.toThrow('was written by autoencoder encode, not by "autoencoder detect" or "autoencoder apply"');
    await writeFile(at('other.log'), (await readFile(at('app.log'), 'utf8')).replace('INFO', 'WARN'));
    await expect(encodeLog({ model: at('model'), inputFile: at('other.log'), outputPath: at('x'), overwrite: false, flags }, engine)).rejects.toThrow(/other\.log: is not the log that .*model was made from/);
    await expect(encodeLog({ model: at('prepared'), inputFile: at('app.log'), outputPath: at('x'), overwrite: false, flags }, engine)).rejects.toThrow();
    await expect(prepareLines({ inputFile: at('app.log'), outputPath: at('x'), overwrite: false, minWordFrequency: 5, longest: 60, digits: 'same', trainRatio: 0.7, valRatio: 0.7, maxKinds: 10, flags })).rejects.toThrow('cumulative boundaries');
    await expect(prepareLines({ inputFile: at('nowhere.log'), outputPath: at('x'), overwrite: false, minWordFrequency: 5, longest: 60, digits: 'same', trainRatio: 0.5, valRatio: 0.7, maxKinds: 10, flags })).rejects.toThrow('there is no such file');
  });
});
