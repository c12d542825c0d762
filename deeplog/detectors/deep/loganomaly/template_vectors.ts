import { seededRandom } from '../../../common/index.js';
import type { WordVectors } from './skip_gram.js';
import { wordsOf } from './words.js';

export interface Nearest {
  readonly event: number;
  /** Cosine of the two vectors times the share of the new template's tf-idf weight that lies on words with a vector. */
  readonly similarity: number;
}

/**
 * Templates as vectors (LogAnomaly's template2vec): the mean of their words' vectors, weighted by tf-idf, at length 1. Frequencies are
 * of the training templates; idf = ln((1 + templates) / (1 + templates with the word)) + 1, as scikit-learn's smoothed one.
 */
export class TemplateVectors {
  private readonly idf: ReadonlyMap<string, number>;
  private readonly vectors = new Map<number, Float32Array>();

  /** @param texts training templates by event id */
  constructor(private readonly words: WordVectors, readonly dimensions: number, readonly texts: ReadonlyMap<number, string>) {
    const documents = [...texts.values()].map((text) => new Set(wordsOf(text)));
    const found = new Map<string, number>();
    for (const document of documents) for (const word of document) found.set(word, (found.get(word) ?? 0) + 1);
    this.idf = new Map([...found].map(([word, n]) => [word, Math.log((1 + documents.length) / (1 + n)) + 1]));
    for (const [event, text] of texts) {
      const { vector } = this.vectorOf(text);
      if (vector !== null) this.vectors.set(event, vector);
    }
  }

  /** The vector of a training event; one without a text of words gets one of its own, drawn from its id. */
  of(event: number): Float32Array {
    return this.vectors.get(event) ?? ownVector(event, this.dimensions);
  }

  has(event: number): boolean {
    return this.vectors.has(event);
  }

  /** null when none of its words has a vector; `known` is the share of its tf-idf weight on words that have one. */
  vectorOf(text: string): { vector: Float32Array | null; known: number } {
    const words = wordsOf(text);
    const unseen = Math.log(1 + this.texts.size) + 1;
    const sum = new Float64Array(this.dimensions);
    let [total, covered] = [0, 0];
    for (const word of words) {
      const weight = (this.idf.get(word) ?? unseen) / words.length;
      total += weight;
      const vector = this.words.get(word);
      if (vector === undefined) continue;
      covered += weight;
      for (let d = 0; d < sum.length; d++) sum[d] += weight * vector[d];
    }
    const length = Math.sqrt(sum.reduce((s, x) => s + x * x, 0));
    return length === 0 ? { vector: null, known: 0 } : { vector: Float32Array.from(sum, (x) => x / length), known: covered / total };
  }

  /** The training template that a new one is most like, or null when nothing of it is known. */
  nearest(text: string): Nearest | null {
    const { vector, known } = this.vectorOf(text);
    if (vector === null) return null;
    let best: Nearest | null = null;
    for (const [event, other] of this.vectors) {
      let cosine = 0;
      for (let d = 0; d < vector.length; d++) cosine += vector[d] * other[d];
      if (best === null || cosine * known > best.similarity) best = { event, similarity: cosine * known };
    }
    return best;
  }
}

/** A unit vector in a direction of the event's own: nearly orthogonal to all others. */
function ownVector(event: number, dimensions: number): Float32Array {
  const random = seededRandom(event * 0x9e3779b1 + 1);
  const values = Float64Array.from({ length: dimensions }, () => random() + random() + random() - 1.5);
  const length = Math.sqrt(values.reduce((s, x) => s + x * x, 0));
  return Float32Array.from(values, (x) => x / length);
}
