/** Windows of lines, each line by its number: equal windows once, with a weight. */
export interface LineWindows {
  readonly windowSize: number;
  /** Numbers of each window's lines, at most `windowSize`. */
  readonly windows: readonly Int32Array[];
  readonly weights: readonly number[];
}

/** Where in the sequence each window begins: every half window, the last one flush with the end; one window for a short sequence. */
export function windowStarts(lines: number, windowSize: number): number[] {
  if (lines <= windowSize) return lines === 0 ? [] : [0];
  const stride = Math.max(1, Math.floor(windowSize / 2));
  const starts: number[] = [];
  for (let start = 0; start + windowSize < lines; start += stride) starts.push(start);
  starts.push(lines - windowSize);
  return starts;
}

export class LineWindowBuilder {
  private readonly windows: Int32Array[] = [];
  private readonly weights: number[] = [];
  private readonly known = new Map<string, number>();

  constructor(readonly windowSize: number) {}

  /** Adds a sequence's windows; returns their numbers, in order of {@link windowStarts}. */
  add(lines: Int32Array, weight: number): number[] {
    return windowStarts(lines.length, this.windowSize).map((start) => {
      const own = lines.subarray(start, start + this.windowSize);
      const key = own.join(' ');
      let at = this.known.get(key);
      if (at === undefined) {
        at = this.windows.length;
        this.known.set(key, at);
        this.windows.push(own.slice());
        this.weights.push(0);
      }
      this.weights[at] += weight;
      return at;
    });
  }

  build(): LineWindows {
    return { windowSize: this.windowSize, windows: this.windows, weights: this.weights };
  }
}
