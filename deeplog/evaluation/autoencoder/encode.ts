import path from 'node:path';
import { ArrowFileWriter, checkOutput, hashInputs, openOutput, readManifest, writeJson, writeManifest } from '../../artifacts/index.js';
import { LineEncoder } from '../../detectors/index.js';
import type { Engine } from '../../engine/index.js';
import { countLines } from '../../parsing/index.js';
import { LineBook } from '../../text/index.js';
import { kindsBatch, linesBatch } from './encoded_files.js';
import { lineBlocks, openLog, requireSameLog, timeOfDay } from './log_lines.js';

export interface EncodeOptions {
  readonly model: string;
  readonly inputFile: string;
  readonly timeFormat?: string;
  readonly outputPath: string;
  readonly overwrite: boolean;
  readonly flags: Readonly<Record<string, unknown>>;
  onProgress?(lines: number, of: number, kinds: number): void;
}

export interface Encoded {
  readonly lines: number;
  /** Kinds of lines that were encoded; a kind that was forgotten in between counts again. */
  readonly kinds: number;
  readonly dated: number;
  readonly seconds: number;
}

/** Kinds that are remembered; beyond it they are forgotten and encoded again when they come back: memory is flat whatever the log. */
const MOST_KINDS = 200_000;

/**
 * autoencoder encode: each kind of line once → its vector (kinds.arrow), each line → its kind, its error and the time of day (lines.arrow).
 * Reads and writes block by block.
 * @throws DataError when the model or the log is missing or damaged, or the log is not the model's
 */
export async function encodeLog(options: EncodeOptions, engine: Engine): Promise<Encoded> {
  const startedAt = performance.now();
  const { outputPath } = options;
  const model = await readManifest(options.model);
  const input = await openLog(options.inputFile);
  const logHash = await requireSameLog(input, { folder: options.model, sha256: model.log_sha256 });
  await checkOutput(outputPath, options.overwrite);
  const encoder = await LineEncoder.load(options.model, engine);
  const total = await countLines(input);
  await openOutput(outputPath, ['lines.arrow', 'kinds.arrow', 'metrics.json']);
  const [linesFile, kindsFile] = await Promise.all(['lines.arrow', 'kinds.arrow'].map((name) => ArrowFileWriter.create(path.join(outputPath, name))));
  const { latent } = encoder.options;
  try {
    let book = new LineBook(encoder.vocabulary, encoder.longest);
    let before = 0; // kinds of books that were closed
    let errors: number[] = [];
    let dated = 0;
    await kindsFile.write(kindsBatch(0, new Float32Array(0), latent, []));
    for await (const { first, lines, times } of lineBlocks(input, options)) {
      if (book.size > MOST_KINDS) {
        before += book.size;
        book = new LineBook(encoder.vocabulary, encoder.longest);
        errors = [];
      }
      const from = book.size;
      const own = Uint32Array.from(lines, (line) => book.intern(line));
      if (book.size > from) {
        const found = await encoder.encode(book.lines.slice(from));
        for (const error of found.errors) errors.push(error);
        await kindsFile.write(kindsBatch(before + from, found.latents, latent, book.examples.slice(from)));
      }
      const days = Array.from(times, timeOfDay);
      await linesFile.write(linesBatch({
        first, times, kinds: own.map((kind) => before + kind), errors: Float32Array.from(own, (kind) => errors[kind]), sines: Float32Array.from(days, (d) => d?.sine ?? 0), cosines: Float32Array.from(days, (d) => d?.cosine ?? 0),
      }));
      dated += days.reduce((n, d) => n + (d === null ? 0 : 1), 0);
      options.onProgress?.(first + lines.length - 1, total, before + book.size);
    }
    await linesFile.commit();
    await kindsFile.commit();
    const encoded: Encoded = { lines: linesFile.rows, kinds: before + book.size, dated, seconds: (performance.now() - startedAt) / 1000 };
    await writeJson(path.join(outputPath, 'metrics.json'), { schema: 'deeplog.autoencoder_encode/1', ...encoded, dimensions: latent });
    await writeManifest(outputPath, {
      stage: 'autoencoder encode', startedAt, options: options.flags, engine: engine.info, inputs: await hashInputs([...input.files, path.join(options.model, 'model.safetensors')]),
      extra: { lines: encoded.lines, kinds: encoded.kinds, dimensions: latent, dated, log: options.inputFile, log_sha256: logHash, train_until_line: model.train_until_line, validation_until_line: model.validation_until_line },
    });
    return encoded;
  } catch (error) {
    await Promise.all([linesFile.abandon(), kindsFile.abandon()]);
    throw error;
  } finally {
    await encoder.dispose();
  }
}
