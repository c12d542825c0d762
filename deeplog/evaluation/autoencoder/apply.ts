import path from 'node:path';
import { checkOutput, hashFile, hashInputs, openOutput, readManifest, writeChunks, writeJson, writeManifest } from '../../artifacts/index.js';
import { DataError, UsageError } from '../../common/index.js';
import { LineEncoder, scaleVectors } from '../../detectors/index.js';
import type { Engine } from '../../engine/index.js';
import { countLines, quoteLines } from '../../parsing/index.js';
import { LineBook } from '../../text/index.js';
import { windowScores } from './detect.js';
import { WindowStream, type WindowBlock } from './line_stream.js';
import { hashOfLog, lineBlocks, openLog, timeOfDay } from './log_lines.js';
import { openWindowJudge, originOf, type Judged, type Origin } from './opened.js';
import { readWindows, type ScoredWindow } from './scored_windows.js';

export interface ApplyOptions {
  /** What detect wrote. */
  readonly model: string;
  /** What train wrote; absent: the folder that encode used. */
  readonly encoder?: string;
  readonly inputFile: string;
  /** Absent: the one that encode was given. */
  readonly timeFormat?: string;
  readonly outputPath: string;
  readonly overwrite: boolean;
  /** How many of the highest windows above the threshold to give back. */
  readonly top: number;
  readonly flags: Readonly<Record<string, unknown>>;
  onProgress?(lines: number, of: number, windows: number): void;
}

export interface Applied {
  readonly lines: number;
  readonly kinds: number;
  readonly windows: number;
  readonly threshold: number;
  readonly alerts: number;
  /** Lines without a time, where the model knows the time of day: as lines at no time. */
  readonly undated: number;
  readonly top: readonly (ScoredWindow & { readonly text: string })[];
  readonly seconds: number;
}

/** Kinds that are remembered; beyond it they are encoded again when they come back. */
const MOST_KINDS = 200_000;

/**
 * autoencoder apply: another log, judged by what train and detect learned. Every window of it is scored and compared with the threshold of the
 * model's validation windows; nothing is learned. Reads and writes block by block.
 * @throws DataError when the log is missing, or the model's parts do not belong together; UsageError where a time format is needed
 */
export async function applyWindows(options: ApplyOptions, engine: Engine): Promise<Applied> {
  const startedAt = performance.now();
  const { model, outputPath, inputFile } = options;
  const manifest = await readManifest(model);
  if (manifest.stage !== 'autoencoder detect') throw new DataError(`${model}: was written by ${manifest.stage}, not by "autoencoder detect". Name the folder that detect wrote.`);
  const input = await openLog(inputFile);
  await checkOutput(outputPath, options.overwrite);
  const total = await countLines(input);
  if (total === 0) throw new DataError(`${input.name}: holds no lines.`);
  const { config, scale, judge } = await openWindowJudge(model, engine);
  try {
    const { encoder, timeFormat } = await encoderOf(options, config, engine);
    try {
      const calibration = (await readWindows(path.join(model, 'windows.jsonl'))).flatMap((w) => (w.part === 'validation' ? [w.score] : []));
      const counts = { lines: 0, kinds: 0, windows: 0, alerts: 0, undated: 0 };
      let highest: ScoredWindow[] = [];
      const rows = async function* (): AsyncGenerator<string> {
        for await (const block of blocks()) {
          for (const window of await windowScores(block, judge, config.score, () => 'test')) {
            counts.windows++;
            if (window.score > config.threshold) {
              counts.alerts++;
              highest.push(window);
            }
            yield `${JSON.stringify(window)}\n`;
          }
          highest = highest.sort((a, b) => b.score - a.score || a.first_line - b.first_line).slice(0, options.top);
          options.onProgress?.(counts.lines, total, counts.windows);
        }
      };
      const blocks = async function* (): AsyncGenerator<WindowBlock> {
        const stream = new WindowStream(config);
        const { latent, timed } = config;
        let book = new LineBook(encoder.vocabulary, encoder.longest);
        let vectors = new Float32Array(0);
        let before = 0;
        for await (const { first, lines, times } of lineBlocks(input, timed && timeFormat !== undefined ? { timeFormat } : {})) {
          if (book.size > MOST_KINDS) {
            before += book.size;
            book = new LineBook(encoder.vocabulary, encoder.longest);
          }
          const from = book.size;
          const kinds = Uint32Array.from(lines, (line) => book.intern(line));
          if (book.size * latent > vectors.length) vectors = enlarged(vectors, book.size * latent);
          if (book.size > from) vectors.set(scaleVectors((await encoder.encode(book.lines.slice(from))).latents, scale), from * latent);
          const days = timed ? Array.from(times, timeOfDay) : [];
          counts.undated += days.reduce((n, d) => n + (d === null ? 1 : 0), 0);
          counts.lines = first + lines.length - 1;
          counts.kinds = before + book.size;
          yield stream.add({ kinds, sines: Float32Array.from(days, (d) => d?.sine ?? 0), cosines: Float32Array.from(days, (d) => d?.cosine ?? 0) }, vectors);
        }
        yield stream.end();
      };
      await openOutput(outputPath, ['windows.jsonl', 'config.json', 'metrics.json', 'calibration.json']);
      await writeChunks(path.join(outputPath, 'windows.jsonl'), rows());
      const quoted = await quoteLines(inputFile, new Set(highest.map((w) => w.worst_line)));
      const applied: Applied = { ...counts, threshold: config.threshold, top: highest.map((w) => ({ ...w, text: quoted.get(w.worst_line) ?? '' })), seconds: (performance.now() - startedAt) / 1000 };
      await writeJson(path.join(outputPath, 'config.json'), { schema: 'deeplog.applied_windows/1', threshold: config.threshold, target_fpr: config.target_fpr, score: config.score });
      // The scores that thresholds are set on, for "evaluate": those of the model's own validation windows.
      await writeJson(path.join(outputPath, 'calibration.json'), calibration);
      await writeJson(path.join(outputPath, 'metrics.json'), { schema: 'deeplog.autoencoder_apply/1', ...counts, threshold: config.threshold });
      await writeManifest(outputPath, {
        stage: 'autoencoder apply', startedAt, options: options.flags, engine: engine.info, inputs: await hashInputs([...input.files, path.join(model, 'model.safetensors'), path.join(model, 'config.json')]),
        extra: { log: inputFile, log_sha256: await hashOfLog(input), threshold: config.threshold },
      });
      return applied;
    } finally {
      await encoder.dispose();
    }
  } finally {
    await judge.dispose();
  }
}

function enlarged(array: Float32Array, atLeast: number): Float32Array<ArrayBuffer> {
  const larger = new Float32Array(Math.max(array.length * 2, atLeast));
  larger.set(array);
  return larger;
}

/** The encoder that the detector's vectors came from, and how lines say their time. */
async function encoderOf({ model, encoder: given, timeFormat }: ApplyOptions, config: Judged & { readonly encoder_sha256?: string | null }, engine: Engine): Promise<Pick<Origin, 'encoder' | 'timeFormat'>> {
  const found = given === undefined ? await originOf(model, engine) : await givenEncoder(given, model, config.encoder_sha256 ?? null, engine);
  if (typeof found === 'string') throw new DataError(`${model}: the line encoder that it was trained with cannot be found (${found}). Name its folder with --encoder.`);
  const format = timeFormat ?? found.timeFormat;
  if (config.timed && format === undefined) {
    await found.encoder.dispose();
    throw new UsageError(`${model} knows the time of day: say how lines begin with their time, with --time_format.`);
  }
  return { encoder: found.encoder, ...(format === undefined ? {} : { timeFormat: format }) };
}

async function givenEncoder(folder: string, model: string, sha256: string | null, engine: Engine): Promise<Pick<Origin, 'encoder' | 'timeFormat'>> {
  if ((await readManifest(folder)).stage !== 'autoencoder train') throw new DataError(`${folder}: was not written by "autoencoder train". Name the folder that train wrote.`);
  if (sha256 !== null && (await hashFile(path.join(folder, 'model.safetensors'))) !== sha256) throw new DataError(`${folder}: is not the line encoder that ${model} was trained with; its vectors mean something else.`);
  return { encoder: await LineEncoder.load(folder, engine) };
}
