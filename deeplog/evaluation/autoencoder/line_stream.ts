import type { EncodedBlock } from './encoded_files.js';

/** Windows of consecutive lines, cut from blocks as they come: `vectors` [lines, dimensions] holds the lines that the windows point into. */
export interface WindowBlock {
  /** 1-based number of each window's first line. */
  readonly firstLines: Float64Array;
  readonly windows: readonly Int32Array[];
  readonly vectors: Float32Array;
}

export interface WindowShape {
  readonly windowSize: number;
  readonly stride: number;
  /** Of a kind's vector. */
  readonly latent: number;
  /** Each line's time of day follows its kind's vector: its sine and cosine. */
  readonly timed: boolean;
}

/** Numbers that describe a line. */
export function dimensionsOf({ latent, timed }: Pick<WindowShape, 'latent' | 'timed'>): number {
  return latent + (timed ? 2 : 0);
}

/**
 * Turns encoded lines into windows of `windowSize` lines every `stride`; the last is flush with the end of the log, so that every line is in
 * one. Holds a block of lines and no more.
 */
export class WindowStream {
  /** 1-based number of the first line in hand. */
  private base = 1;
  private held = 0;
  private lines = new Float32Array(0);
  /** 1-based line that the next window begins at. */
  private next = 1;

  constructor(private readonly shape: WindowShape) {}

  /** The windows that end within the block, whose kinds' vectors are `latents` [kinds, latent]. They are void at the next call. */
  add({ kinds, sines, cosines }: Pick<EncodedBlock, 'kinds' | 'sines' | 'cosines'>, latents: Float32Array): WindowBlock {
    const { latent, timed, windowSize, stride } = this.shape;
    const dimensions = dimensionsOf(this.shape);
    this.makeRoom(kinds.length, dimensions);
    kinds.forEach((kind, i) => {
      const at = (this.held + i) * dimensions;
      this.lines.set(latents.subarray(kind * latent, (kind + 1) * latent), at);
      if (timed) this.lines.set([sines[i], cosines[i]], at + latent);
    });
    this.held += kinds.length;
    const starts: number[] = [];
    for (; this.next + windowSize <= this.base + this.held; this.next += stride) starts.push(this.next);
    return this.cut(starts);
  }

  /** What is left when the log ends: one window at most, shorter if the whole log is. */
  end(): WindowBlock {
    const { windowSize, stride } = this.shape;
    const last = this.base + this.held - 1;
    const covered = this.next === 1 ? 0 : this.next - stride + windowSize - 1;
    return this.cut(last <= covered ? [] : [Math.max(1, last - windowSize + 1)]);
  }

  /** Lets go of lines that no later window needs, and makes room for more. */
  private makeRoom(more: number, dimensions: number): void {
    // The last window may reach back a whole window from the end.
    const keepFrom = Math.max(this.base, Math.min(this.next, this.base + this.held - this.shape.windowSize));
    const kept = this.base + this.held - keepFrom;
    const lines = new Float32Array((kept + more) * dimensions);
    lines.set(this.lines.subarray((keepFrom - this.base) * dimensions, this.held * dimensions));
    [this.base, this.held, this.lines] = [keepFrom, kept, lines];
  }

  private cut(starts: readonly number[]): WindowBlock {
    const end = this.base + this.held;
    return {
      firstLines: Float64Array.from(starts),
      windows: starts.map((start) => Int32Array.from({ length: Math.min(this.shape.windowSize, end - start) }, (_, i) => start - this.base + i)),
      vectors: this.lines,
    };
  }
}
