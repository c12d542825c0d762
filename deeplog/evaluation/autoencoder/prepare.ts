import path from 'node:path';
import { checkOutput, hashInputs, openOutput, readJson, readManifest, writeChunks, writeJson, writeManifest } from '../../artifacts/index.js';
import { DataError, UsageError } from '../../common/index.js';
import { countLines } from '../../parsing/index.js';
import { LineBook, TokenCounts, TokenVocabulary, type Digits } from '../../text/index.js';
import { hashOfLog, LineLabels, lineBlocks, openLog } from './log_lines.js';

export interface PrepareOptions {
  readonly inputFile: string;
  readonly labelFile?: string;
  readonly outputPath: string;
  readonly overwrite: boolean;
  readonly minWordFrequency: number;
  readonly longest: number;
  readonly digits: Digits;
  /** Training lines end at this share of the log, validation lines at that one. */
  readonly trainRatio: number;
  readonly valRatio: number;
  /** Kinds of lines that are kept for training; the first ones. */
  readonly maxKinds: number;
  readonly flags: Readonly<Record<string, unknown>>;
  onProgress?(what: string, lines: number, of: number): void;
}

export interface Prepared {
  readonly lines: number;
  readonly trainLines: number;
  readonly validationLines: number;
  readonly abnormalLeftOut: number;
  readonly vocabularySize: number;
  readonly tokensSeen: number;
  readonly trainKinds: number;
  readonly validationKinds: number;
  /** Lines of kinds beyond `maxKinds`. */
  readonly leftOut: number;
}

/**
 * autoencoder prepare: counts the tokens of the training lines, makes the vocabulary, and gathers the kinds of training and validation lines
 * with how often each occurs. Reads the log three times, a block at a time.
 * @throws DataError when the log is missing, or nothing in it is frequent enough
 */
export async function prepareLines(options: PrepareOptions): Promise<Prepared> {
  const startedAt = performance.now();
  const { outputPath, trainRatio, valRatio, maxKinds } = options;
  if (!(trainRatio < valRatio)) throw new UsageError(`--train_ratio ${trainRatio} and --val_ratio ${valRatio} are cumulative boundaries: 0 < train_ratio < val_ratio ≤ 1, e.g. 0.7 and 0.85.`);
  const input = await openLog(options.inputFile);
  const labels = options.labelFile === undefined ? null : await LineLabels.read(options.labelFile);
  await checkOutput(outputPath, options.overwrite);
  const lines = await countLines(input);
  const [trainUntil, validationUntil] = [Math.floor(lines * trainRatio), Math.floor(lines * valRatio)];
  if (trainUntil === 0 || validationUntil === trainUntil) throw new DataError(`${options.inputFile}: ${lines} lines are too few to be split at ${trainRatio} and ${valRatio}.`);

  const counts = new TokenCounts(options.digits);
  let abnormalLeftOut = 0;
  for await (const block of lineBlocks(input, {})) {
    block.lines.forEach((line, i) => {
      const number = block.first + i;
      if (number > validationUntil) return;
      if (labels?.abnormal(number, line)) abnormalLeftOut++;
      else if (number <= trainUntil) counts.add(line);
    });
    options.onProgress?.('counting words', block.first + block.lines.length - 1, lines);
    if (block.first > validationUntil) break;
  }
  const vocabulary = TokenVocabulary.fit(counts, options.minWordFrequency);
  const books = [new LineBook(vocabulary, options.longest), new LineBook(vocabulary, options.longest)] as const;
  let leftOut = 0;
  for await (const block of lineBlocks(input, {})) {
    block.lines.forEach((line, i) => {
      const number = block.first + i;
      if (number > validationUntil || labels?.abnormal(number, line)) return;
      if (!books[number <= trainUntil ? 0 : 1].tally(line, maxKinds)) leftOut++;
    });
    options.onProgress?.('gathering kinds of lines', block.first + block.lines.length - 1, lines);
    if (block.first > validationUntil) break;
  }
  const prepared: Prepared = {
    lines, trainLines: trainUntil, validationLines: validationUntil - trainUntil, abnormalLeftOut, vocabularySize: vocabulary.size, tokensSeen: counts.counts.size,
    trainKinds: books[0].size, validationKinds: books[1].size, leftOut,
  };
  await openOutput(outputPath, ['vocabulary.json', 'lines.jsonl']);
  await writeChunks(path.join(outputPath, 'lines.jsonl'), jsonLines(books));
  await writeJson(path.join(outputPath, 'vocabulary.json'), { schema: 'deeplog.token_vocabulary/1', digits: vocabulary.digits, longest: options.longest, tokens: vocabulary.tokens, counts: vocabulary.tokens.map((t) => counts.counts.get(t)) });
  await writeJson(path.join(outputPath, 'metrics.json'), { schema: 'deeplog.autoencoder_prepare/1', ...prepared });
  await writeManifest(outputPath, { stage: 'autoencoder prepare', startedAt, options: options.flags, inputs: await hashInputs([...input.files]), extra: { train_until_line: trainUntil, validation_until_line: validationUntil, log_sha256: await hashOfLog(input) } });
  return prepared;
}

function* jsonLines(books: readonly [LineBook, LineBook]): Generator<string> {
  for (const [part, book] of [['train', books[0]], ['validation', books[1]]] as const) {
    for (let i = 0; i < book.size; i++) yield `${JSON.stringify({ part, weight: book.weights[i], tokens: book.lines[i].length - 1, example: book.examples[i] })}\n`;
  }
}

/** What prepare wrote, as training takes it. @throws DataError when the folder is not prepare's, or unfinished */
export async function readPrepared(folder: string): Promise<{ train: LineBook; validation: LineBook; trainUntil: number; validationUntil: number; inputFile: string; logHash: unknown }> {
  const manifest = await readManifest(folder);
  if (manifest.stage !== 'autoencoder prepare') throw new DataError(`${folder}: was written by ${manifest.stage}, not by "autoencoder prepare". Name the folder that prepare wrote.`);
  const { tokens, digits, longest } = (await readJson(path.join(folder, 'vocabulary.json'))) as { tokens: string[]; digits: Digits; longest: number };
  const vocabulary = new TokenVocabulary(tokens, digits);
  const [train, validation] = [new LineBook(vocabulary, longest), new LineBook(vocabulary, longest)];
  for await (const { lines } of lineBlocks(await openLog(path.join(folder, 'lines.jsonl')), {})) {
    for (const line of lines) {
      const { part, weight, example } = JSON.parse(line) as { part: string; weight: number; example: string };
      (part === 'train' ? train : validation).intern(example, weight);
    }
  }
  return { train, validation, trainUntil: Number(manifest.train_until_line), validationUntil: Number(manifest.validation_until_line), inputFile: String(manifest.options.input_file), logHash: manifest.log_sha256 };
}
