import { createReadStream } from 'node:fs';
import { createInterface } from 'node:readline';
import { DataError, messageOf } from '../../../common/index.js';
import type { WordVectors } from './skip_gram.js';

/**
 * Word vectors of the wanted words from a `.vec` file, the text format of word2vec, GloVe and fastText: a word and its numbers on
 * each line, with or without a first line of "words dimensions". Read as a stream: the large ones hold millions of words.
 * @throws DataError naming the line that does not fit
 */
export async function readVecFile(file: string, wanted: ReadonlySet<string>): Promise<WordVectors> {
  const vectors = new Map<string, Float32Array>();
  let dimensions: number | null = null;
  let number = 0;
  try {
    for await (const line of createInterface({ input: createReadStream(file), crlfDelay: Infinity })) {
      number++;
      const cells = line.trimEnd().split(' ');
      if (number === 1 && cells.length === 2 && cells.every((c) => /^\d+$/.test(c))) {
        dimensions = Number(cells[1]);
        continue;
      }
      if (line.trim() === '') continue;
      dimensions ??= cells.length - 1;
      if (cells.length - 1 !== dimensions || dimensions === 0) throw new DataError(`${file}: line ${number} has ${cells.length - 1} numbers after its word, the ones before have ${dimensions}.`);
      const word = cells[0].toLowerCase();
      if (!wanted.has(word) || vectors.has(word)) continue;
      const values = Float32Array.from(cells.slice(1), Number);
      if (values.some((v) => !Number.isFinite(v))) throw new DataError(`${file}: line ${number} (${JSON.stringify(cells[0])}) holds something that is no number.`);
      vectors.set(word, values);
    }
  } catch (error) {
    if (error instanceof DataError) throw error;
    throw new DataError(`${file}: the word vectors cannot be read (${messageOf(error)}). Check --vectors.`);
  }
  if (vectors.size === 0) throw new DataError(`${file}: holds none of the ${wanted.size} words of the templates (${[...wanted].slice(0, 3).join(', ')}, …). Give vectors of the same language, or leave --vectors out.`);
  return vectors;
}
