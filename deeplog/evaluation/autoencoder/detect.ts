import path from 'node:path';
import { checkOutput, hashInputs, openOutput, readManifest, writeChunks, writeJson, writeManifest, writeTensors } from '../../artifacts/index.js';
import { DataError, seededRandom } from '../../common/index.js';
import { fitScale, scaleTensors, scaleVectors, WindowJudge, type LineWindows, type WindowJudgeOptions } from '../../detectors/index.js';
import type { Engine } from '../../engine/index.js';
import type { Reporter } from '../../training/index.js';
import { thresholdFor } from '../metrics.js';
import { readLinesFile, readVectors } from './encoded_files.js';
import { dimensionsOf, WindowStream, type WindowBlock, type WindowShape } from './line_stream.js';
import { encoderHash } from './opened.js';
import type { ScoredWindow } from './scored_windows.js';
import { LineLabels, lineBlocks, openLog, requireSameLog } from './log_lines.js';

export interface DetectWindowsOptions {
  /** What encode wrote. */
  readonly input: string;
  /** Windows with an abnormal line are left out of training and calibration. */
  readonly labelFile?: string;
  readonly outputPath: string;
  readonly overwrite: boolean;
  readonly model: WindowJudgeOptions;
  readonly stride: number;
  /** Training windows at most, drawn at random. */
  readonly maxWindows: number;
  readonly targetFpr: number;
  /** A window's score: the mean of its lines' errors, or the worst. */
  readonly score: 'window' | 'line';
  readonly seed: number;
  readonly flags: Readonly<Record<string, unknown>>;
  onProgress?(what: string, windows: number): void;
}

export interface DetectedWindows {
  readonly windows: number;
  readonly trainWindows: number;
  readonly validationWindows: number;
  readonly threshold: number;
  /** Of the test part. */
  readonly testWindows: number;
  readonly alerts: number;
}

/**
 * autoencoder detect: trains the window autoencoder on windows of training lines, scores every window of the log, and sets the threshold on
 * the validation windows. Windows across a boundary ("seam") serve neither side.
 * @throws DataError when the input is not encode's; DivergedError, InterruptedError
 */
export async function detectWindows(options: DetectWindowsOptions, engine: Engine, report: Reporter, signal: AbortSignal): Promise<DetectedWindows> {
  const startedAt = performance.now();
  const { input, outputPath, model } = options;
  const manifest = await readManifest(input);
  if (manifest.stage !== 'autoencoder encode') throw new DataError(`${input}: was written by ${manifest.stage}, not by "autoencoder encode". Name the folder that encode wrote.`);
  const [lines, kinds, latent] = [Number(manifest.lines), Number(manifest.kinds), Number(manifest.dimensions)];
  await checkOutput(outputPath, options.overwrite);
  const shape: WindowShape = { windowSize: model.windowSize, stride: options.stride, latent, timed: Number(manifest.dated) === lines };
  const vectors = await readVectors(path.join(input, 'kinds.arrow'), kinds, latent);
  if (options.labelFile !== undefined) await requireSameLog(await openLog(String(manifest.log)), { folder: input, sha256: manifest.log_sha256 });
  const abnormal = options.labelFile === undefined ? null : await abnormalLines(options.labelFile, String(manifest.log), lines);
  const parts = new Parts(Number(manifest.train_until_line), Number(manifest.validation_until_line), abnormal);
  const files = (own: Float32Array): AsyncGenerator<WindowBlock> => windowBlocks(path.join(input, 'lines.arrow'), shape, own);

  const sample = await sampleWindows(files(vectors), parts, shape, options);
  // Of the vectors alone: the time of day is on a scale of its own. In units of a training part that lasts an hour, the hour after it would be far out.
  const scale = fitScale(withoutTime(sample, shape), new Array<number>(sample.trainLines).fill(1), latent, model.scaling);
  const judge = await WindowJudge.train(sample.train, sample.validation, scaleVectors(sample.vectors, scale, dimensionsOf(shape)), dimensionsOf(shape), model, engine, options.seed, report, signal);
  try {
    const scored = await scoreWindows(files(scaleVectors(vectors, scale)), judge, parts, options);
    const calibration = scored.flatMap((w) => (w.part === 'validation' ? [w.score] : []));
    if (calibration.length === 0) throw new DataError('The validation part has no normal window: there is nothing to set the threshold on. Use more lines or other boundaries (--train_ratio, --val_ratio of prepare).');
    const threshold = thresholdFor(calibration, options.targetFpr);
    const test = scored.filter((w) => w.part === 'test');
    const result: DetectedWindows = {
      windows: scored.length, trainWindows: sample.train.windows.length, validationWindows: calibration.length, threshold, testWindows: test.length, alerts: test.filter((w) => w.score > threshold).length,
    };
    await openOutput(outputPath, ['windows.jsonl', 'model.safetensors', 'config.json', 'metrics.json']);
    await writeTensors(path.join(outputPath, 'model.safetensors'), {
      ...Object.fromEntries(Object.entries(judge.parameters).map(([name, data]) => [name, { shape: [data.length], data }])),
      ...scaleTensors(scale),
    });
    await writeJson(path.join(outputPath, 'config.json'), { schema: 'deeplog.window_autoencoder/1', options: model, ...shape, score: options.score, threshold, target_fpr: options.targetFpr, encoder_sha256: encoderHash(manifest) });
    await writeChunks(path.join(outputPath, 'windows.jsonl'), (function* rows() { for (const w of scored) yield `${JSON.stringify(w)}\n`; })());
    await writeJson(path.join(outputPath, 'metrics.json'), { schema: 'deeplog.autoencoder_detect/1', ...result, best_epoch: judge.training?.bestEpoch, stopped: judge.training?.stopped, history: judge.training?.history });
    await writeManifest(outputPath, {
      stage: 'autoencoder detect', startedAt, options: options.flags, seed: options.seed, engine: engine.info, inputs: await hashInputs([path.join(input, 'lines.arrow'), path.join(input, 'kinds.arrow'), ...(options.labelFile?.startsWith('pattern:') === false ? [options.labelFile] : [])]),
      extra: { log: manifest.log, log_sha256: manifest.log_sha256, threshold },
    });
    return result;
  } finally {
    await judge.dispose();
  }
}

/** Which part a window belongs to, and whether it holds an abnormal line. */
class Parts {
  constructor(private readonly trainUntil: number, private readonly validationUntil: number, private readonly abnormal: Uint8Array | null) {}

  of(first: number, length: number): ScoredWindow['part'] {
    const last = first + length - 1;
    const part = last <= this.trainUntil ? 'train' : first > this.trainUntil && last <= this.validationUntil ? 'validation' : first > this.validationUntil ? 'test' : 'seam';
    return part !== 'test' && this.isAbnormal(first, last) ? 'seam' : part;
  }

  private isAbnormal(first: number, last: number): boolean {
    for (let line = first; line <= last; line++) if (this.abnormal?.[line] === 1) return true;
    return false;
  }
}

async function* windowBlocks(file: string, shape: WindowShape, latents: Float32Array): AsyncGenerator<WindowBlock> {
  const stream = new WindowStream(shape);
  for await (const block of readLinesFile(file)) yield stream.add(block, latents);
  yield stream.end();
}

interface Sample {
  readonly train: LineWindows;
  readonly validation: LineWindows;
  /** [lines, dimensions], unscaled: the training windows' lines, then the validation windows'. */
  readonly vectors: Float32Array;
  readonly trainLines: number;
}

/** Training and validation windows, at most `maxWindows` and a quarter of it: a uniform draw (Vitter's algorithm R), whatever the log's length. */
async function sampleWindows(blocks: AsyncGenerator<WindowBlock>, parts: Parts, shape: WindowShape, { maxWindows, seed }: DetectWindowsOptions): Promise<Sample> {
  const random = seededRandom(seed);
  const dimensions = dimensionsOf(shape);
  const drawn = { train: [] as Float32Array[], validation: [] as Float32Array[] };
  const seen = { train: 0, validation: 0 };
  for await (const { firstLines, windows, vectors } of blocks) {
    windows.forEach((window, i) => {
      const part = parts.of(firstLines[i], window.length);
      if (part !== 'train' && part !== 'validation') return;
      const most = part === 'train' ? maxWindows : Math.ceil(maxWindows / 4);
      const at = seen[part]++ < most ? drawn[part].length : Math.floor(random() * seen[part]);
      if (at < most) drawn[part][at] = vectors.slice(window[0] * dimensions, (window[window.length - 1] + 1) * dimensions);
    });
  }
  for (const part of ['train', 'validation'] as const) if (drawn[part].length === 0) throw new DataError(`The ${part} part has no normal window of ${shape.windowSize} lines. Use more lines, a smaller --window_size, or other boundaries.`);
  const all = [...drawn.train, ...drawn.validation];
  const vectors = new Float32Array(all.reduce((sum, w) => sum + w.length, 0));
  let line = 0;
  const windows = all.map((own) => {
    vectors.set(own, line * dimensions);
    const length = own.length / dimensions;
    const numbers = Int32Array.from({ length }, (_, i) => line + i);
    line += length;
    return numbers;
  });
  const of = (own: readonly Int32Array[]): LineWindows => ({ windowSize: shape.windowSize, windows: own, weights: own.map(() => 1) });
  return { train: of(windows.slice(0, drawn.train.length)), validation: of(windows.slice(drawn.train.length)), vectors, trainLines: drawn.train.reduce((sum, w) => sum + w.length, 0) / dimensions };
}

/** The training windows' lines without their time of day, [lines, latent]. */
function withoutTime({ vectors, trainLines }: Sample, shape: WindowShape): Float32Array {
  const out = new Float32Array(trainLines * shape.latent);
  for (let line = 0; line < trainLines; line++) {
    const at = line * dimensionsOf(shape);
    out.set(vectors.subarray(at, at + shape.latent), line * shape.latent);
  }
  return out;
}

async function scoreWindows(blocks: AsyncGenerator<WindowBlock>, judge: WindowJudge, parts: Parts, { score, onProgress }: DetectWindowsOptions): Promise<ScoredWindow[]> {
  const out: ScoredWindow[] = [];
  for await (const block of blocks) {
    for (const window of await windowScores(block, judge, score, (first, length) => parts.of(first, length))) out.push(window);
    onProgress?.('scoring windows', out.length);
  }
  return out;
}

/** The windows of a block, whose vectors are scaled, with their scores. */
export async function windowScores({ firstLines, windows, vectors }: WindowBlock, judge: WindowJudge, score: 'window' | 'line', part: (first: number, length: number) => ScoredWindow['part']): Promise<ScoredWindow[]> {
  const errors = await judge.errors(windows, vectors);
  return Array.from(errors, (own, i) => {
    const worst = own.reduce((best, e, at) => (e > own[best] ? at : best), 0);
    const first = firstLines[i];
    return {
      first_line: first, last_line: first + own.length - 1, part: part(first, own.length), score: score === 'line' ? own[worst] : own.reduce((a, b) => a + b, 0) / own.length,
      worst_line: first + worst, worst_error: own[worst],
    };
  });
}

/** 1 for each abnormal line, by 1-based number. */
export async function abnormalLines(labelFile: string, log: string, lines: number): Promise<Uint8Array> {
  const labels = await LineLabels.read(labelFile);
  const out = new Uint8Array(lines + 1);
  for await (const block of lineBlocks(await openLog(log), {})) block.lines.forEach((text, i) => { if (labels.abnormal(block.first + i, text)) out[block.first + i] = 1; });
  return out;
}
