import { LineBook } from '../../text/index.js';
import type { LineEncoder } from './line_encoder.js';
import { scaleVectors, type VectorScale } from './vector_scale.js';

/** Kinds of lines that are kept; beyond it all are forgotten and encoded again when they come back, so that memory stays flat. */
const MOST_KINDS = 200_000;

/** Vectors of lines by the number of their kind, encoded once. */
export class LineVectors {
  /** [kinds, dimensions], scaled; current after {@link update}. */
  vectors = new Float32Array(0);
  private book: LineBook;
  private encoded = 0;

  constructor(private readonly encoder: LineEncoder, private readonly scale: VectorScale) {
    this.book = new LineBook(encoder.vocabulary, encoder.longest);
  }

  /** The number of the line's kind: valid until {@link forget}. */
  intern(line: string): number {
    return this.book.intern(line);
  }

  /** A copy of a line's scaled vector; current after {@link update}. */
  at(line: number): Float32Array {
    const dimensions = this.scale.means.length;
    return this.vectors.slice(line * dimensions, (line + 1) * dimensions);
  }

  async update(): Promise<void> {
    const { size } = this.book;
    if (size === this.encoded) return;
    const dimensions = this.scale.means.length;
    const { latents } = await this.encoder.encode(this.book.lines.slice(this.encoded));
    if (size * dimensions > this.vectors.length) {
      const larger = new Float32Array(Math.max(2 * this.vectors.length, size * dimensions));
      larger.set(this.vectors.subarray(0, this.encoded * dimensions));
      this.vectors = larger;
    }
    this.vectors.set(scaleVectors(latents, this.scale), this.encoded * dimensions);
    this.encoded = size;
  }

  /** Call between batches: numbers given before are void afterwards. */
  forget(): void {
    if (this.book.size <= MOST_KINDS) return;
    this.book = new LineBook(this.encoder.vocabulary, this.encoder.longest);
    this.encoded = 0;
  }
}
