import { Drain, DRAIN_DEFAULTS, type Change, type Cluster, type DrainOptions, type FullSearch } from './drain.js';
import { Masker, type MaskingInstruction } from './masking.js';
import { MessageCache, type CachedMessage } from './message_cache.js';
import { TokenScanner } from './token_scanner.js';
import { TokenTable } from './token_table.js';

export interface MinerOptions {
  readonly drain?: Partial<DrainOptions>;
  readonly masking?: readonly MaskingInstruction[];
  readonly maskPrefix?: string;
  readonly maskSuffix?: string;
  readonly extraDelimiters?: readonly string[];
}

export interface MinedLine {
  readonly change: Change;
  readonly id: number;
  readonly size: number;
  readonly template: string;
}

export interface Parameter {
  readonly value: string;
  /** The mask's name, or `*` for a plain wildcard. */
  readonly mask: string;
}

/**
 * Masks, splits and mines messages. The byte-level calls (`addBytes`, `matchBytes`) are what the pipeline uses; `add`, `match`
 * and `parameters` take text. After a call, the parameters of that message are at `parameterStarts/Ends[0, parameterCount)`.
 */
export class TemplateMiner {
  readonly tokens = new TokenTable();
  readonly masker: Masker;
  readonly drain: Drain;
  readonly wildcardText: string;
  parameterCount = 0;
  /** Byte spans in the buffer that was passed in. */
  parameterStarts = new Int32Array(256);
  parameterEnds = new Int32Array(256);
  /** The mask's index, or −1 for a plain wildcard. */
  parameterMasks = new Int32Array(256);
  private readonly scanner: TokenScanner;
  private readonly cache = new MessageCache();
  /** The message's buffer, for interning its tokens when a cluster is created. */
  private buffer: Buffer = Buffer.alloc(0);
  private ids = new Int32Array(256);

  constructor(readonly options: MinerOptions = {}) {
    const prefix = options.maskPrefix ?? '<';
    const suffix = options.maskSuffix ?? '>';
    this.wildcardText = `${prefix}*${suffix}`;
    this.masker = new Masker(options.masking ?? [], prefix, suffix);
    this.scanner = new TokenScanner(options.extraDelimiters ?? []);
    this.drain = new Drain({ ...DRAIN_DEFAULTS, ...options.drain }, this.tokens, this.wildcardText);
  }

  /** Learns the message in buffer[start, end). `ascii`: it holds no byte above 127. */
  addBytes(buffer: Buffer, start: number, end: number, ascii: boolean): Cluster {
    const { drain, masker } = this;
    masker.run(buffer, start, end, ascii);
    const known = this.cache.find(buffer, start, end, masker, drain.version);
    if (known !== null) {
      drain.change = 'none';
      drain.revisit(known.cluster);
      this.recallParameters(known, start);
      return known.cluster;
    }
    this.prepare(buffer, start, end);
    const cluster = drain.add(this.ids, this.scanner.count, this.internAll);
    this.locateParameters(cluster);
    // Only a message that changed nothing is sure to go the same way again.
    if (drain.change === 'none') this.cache.offer(buffer, start, end, masker, drain.version, cluster, this.parameterStarts, this.parameterEnds, this.parameterMasks, this.parameterCount);
    return cluster;
  }

  /** The cluster that buffer[start, end) fits exactly, or null; learns nothing. */
  matchBytes(buffer: Buffer, start: number, end: number, ascii: boolean, fullSearch: FullSearch = 'never'): Cluster | null {
    this.masker.run(buffer, start, end, ascii);
    this.prepare(buffer, start, end);
    const cluster = this.drain.match(this.ids, this.scanner.count, fullSearch);
    if (cluster === null) this.parameterCount = 0;
    else this.locateParameters(cluster);
    return cluster;
  }

  /** Learns one message. */
  add(line: string): MinedLine {
    const { buffer, ascii } = encoded(line);
    const cluster = this.addBytes(buffer, 0, buffer.length, ascii);
    return { change: this.drain.change, id: cluster.id, size: cluster.size, template: this.template(cluster) };
  }

  /** The cluster that fits the message exactly, or null. */
  match(line: string, fullSearch: FullSearch = 'never'): { id: number; size: number; template: string } | null {
    const { buffer, ascii } = encoded(line);
    const cluster = this.matchBytes(buffer, 0, buffer.length, ascii, fullSearch);
    return cluster && { id: cluster.id, size: cluster.size, template: this.template(cluster) };
  }

  /**
   * The values at a template's wildcards and masks, in order, or null when the message does not fit the template.
   * Tokens are aligned one to one, which is how Drain made the template.
   */
  parameters(line: string, template: string): Parameter[] | null {
    const { buffer, ascii } = encoded(line);
    this.masker.run(buffer, 0, buffer.length, ascii);
    this.prepare(buffer, 0, buffer.length);
    const expected = template.split(/\s+/).filter((t) => t !== '');
    if (expected.length !== this.scanner.count) return null;
    for (let i = 0; i < expected.length; i++) {
      if (expected[i] !== this.wildcardText && expected[i] !== this.scanner.source(i, buffer).toString('utf8', this.scanner.starts[i], this.scanner.ends[i])) return null;
    }
    this.locate((i) => expected[i] === this.wildcardText);
    const { instructions } = this.masker;
    return Array.from({ length: this.parameterCount }, (_, i) => ({
      value: buffer.toString('utf8', this.parameterStarts[i], this.parameterEnds[i]),
      mask: this.parameterMasks[i] < 0 ? '*' : instructions[this.parameterMasks[i]].maskWith,
    }));
  }

  template(cluster: Cluster): string {
    return Array.from(cluster.tokens, (id) => this.tokens.text(id)).join(' ');
  }

  private readonly internAll = (): Int32Array => {
    const { scanner, tokens } = this;
    const out = new Int32Array(scanner.count);
    for (let i = 0; i < out.length; i++) out[i] = tokens.intern(scanner.source(i, this.buffer), scanner.starts[i], scanner.ends[i], scanner.hashes[i]);
    return out;
  };

  private prepare(buffer: Buffer, start: number, end: number): void {
    const { masker, scanner, tokens } = this;
    this.buffer = buffer;
    scanner.scan(buffer, start, end, masker);
    const count = scanner.count;
    if (count > this.ids.length) this.ids = new Int32Array(count * 2);
    const { ids } = this;
    const { starts, ends, hashes, maskFrom, maskTo, spelled } = scanner;
    for (let i = 0; i < count; i++) ids[i] = tokens.find(maskTo[i] > maskFrom[i] ? spelled : buffer, starts[i], ends[i], hashes[i]);
  }

  private recallParameters(entry: CachedMessage, start: number): void {
    const { parameterGaps: gaps, parameterOffsets: offsets, parameterMasks } = entry;
    const { ends } = this.masker;
    const count = parameterMasks.length;
    for (let p = 0; p < count; p++) {
      const from = gaps[2 * p];
      const to = gaps[2 * p + 1];
      this.parameterStarts[p] = (from === 0 ? start : ends[from - 1]) + offsets[2 * p];
      this.parameterEnds[p] = (to === 0 ? start : ends[to - 1]) + offsets[2 * p + 1];
      this.parameterMasks[p] = parameterMasks[p];
    }
    this.parameterCount = count;
  }

  private locateParameters(cluster: Cluster): void {
    const { tokens } = cluster;
    const { wildcard } = this.drain;
    const { scanner } = this;
    const { rawStarts, rawEnds, maskFrom, maskTo } = scanner;
    let count = 0;
    for (let i = 0; i < tokens.length; i++) {
      if (tokens[i] === wildcard) {
        if (count === this.parameterStarts.length) this.growParameters();
        this.parameterStarts[count] = rawStarts[i];
        this.parameterEnds[count] = rawEnds[i];
        this.parameterMasks[count] = -1;
        count++;
      } else if (maskTo[i] > maskFrom[i]) count = this.locateMasks(i, count);
    }
    this.parameterCount = count;
  }

  private locate(isWildcard: (i: number) => boolean): void {
    let count = 0;
    for (let i = 0; i < this.scanner.count; i++) {
      if (isWildcard(i)) {
        if (count === this.parameterStarts.length) this.growParameters();
        this.parameterStarts[count] = this.scanner.rawStarts[i];
        this.parameterEnds[count] = this.scanner.rawEnds[i];
        this.parameterMasks[count] = -1;
        count++;
      } else count = this.locateMasks(i, count);
    }
    this.parameterCount = count;
  }

  /** A literal token of the template may hold masks: each of them is a parameter. */
  private locateMasks(token: number, from: number): number {
    let count = from;
    for (let s = this.scanner.maskFrom[token]; s < this.scanner.maskTo[token]; s++) {
      if (count === this.parameterStarts.length) this.growParameters();
      this.parameterStarts[count] = this.masker.starts[s];
      this.parameterEnds[count] = this.masker.ends[s];
      this.parameterMasks[count] = this.masker.masks[s];
      count++;
    }
    return count;
  }

  private growParameters(): void {
    const grow = (a: Int32Array): Int32Array<ArrayBuffer> => {
      const larger = new Int32Array(a.length * 2);
      larger.set(a);
      return larger;
    };
    this.parameterStarts = grow(this.parameterStarts);
    this.parameterEnds = grow(this.parameterEnds);
    this.parameterMasks = grow(this.parameterMasks);
  }
}

function encoded(line: string): { buffer: Buffer; ascii: boolean } {
  const buffer = Buffer.from(line);
  return { buffer, ascii: buffer.length === line.length };
}
