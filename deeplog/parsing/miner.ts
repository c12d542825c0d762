import { Drain, DRAIN_DEFAULTS, type DrainOptions } from './drain.js';
import { JaccardDrain } from './jaccard_drain.js';
import { Masker, type MaskingInstruction } from './masking.js';
import { MessageCache } from './message_cache.js';
import { ParameterFinder } from './parameter_finder.js';
import type { Change, Cluster, FullSearch, TemplateParser } from './parser.js';
import { Spell } from './spell.js';
import { TokenScanner } from './token_scanner.js';
import { TokenTable } from './token_table.js';

export const PARSERS = ['drain', 'spell', 'jaccard'] as const;
export type ParserName = (typeof PARSERS)[number];

export const SPELL_TAU = 0.5;
/** What the published Spell splits at besides white space. */
export const SPELL_DELIMITERS: readonly string[] = ['=', ':', ','];

export interface MinerOptions {
  /** Drain when absent. */
  readonly parser?: ParserName;
  /** For Drain and JaccardDrain; `maxClusters` for Spell too. */
  readonly drain?: Partial<DrainOptions>;
  /** Spell: the share of a message's tokens that must agree with a template, in order. */
  readonly tau?: number;
  readonly masking?: readonly MaskingInstruction[];
  readonly maskPrefix?: string;
  readonly maskSuffix?: string;
  /** Besides white space; Spell's own when absent. */
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
 * and `parameters` take text. After a call, where that message's parameters stand is in `found`.
 */
export class TemplateMiner {
  readonly masker: Masker;
  private table = new TokenTable();
  private algorithm: TemplateParser;
  readonly wildcardText: string;
  readonly found: ParameterFinder;
  private readonly scanner: TokenScanner;
  private readonly cache = new MessageCache();
  /** Unknown tokens get ids of their own below −1: JaccardDrain counts distinct tokens. */
  private readonly tellsUnknownApart: boolean;
  /** The message's buffer, for interning its tokens when a cluster is created. */
  private buffer: Buffer = Buffer.alloc(0);
  private ids = new Int32Array(256);

  constructor(readonly options: MinerOptions = {}) {
    const prefix = options.maskPrefix ?? '<';
    const suffix = options.maskSuffix ?? '>';
    this.wildcardText = `${prefix}*${suffix}`;
    this.masker = new Masker(options.masking ?? [], prefix, suffix);
    this.scanner = new TokenScanner(extraDelimitersOf(options));
    this.found = new ParameterFinder(this.scanner, this.masker);
    this.algorithm = createParser(options, this.table, this.wildcardText);
    this.tellsUnknownApart = options.parser === 'jaccard';
  }

  get tokens(): TokenTable {
    return this.table;
  }

  get parser(): TemplateParser {
    return this.algorithm;
  }

  /** Starts over with nothing learned; `fill` puts back what is to stay. Results of before are not mistaken for results of after. */
  renew(fill: (miner: this) => void): void {
    const { version } = this.algorithm;
    this.table = new TokenTable();
    this.algorithm = createParser(this.options, this.table, this.wildcardText);
    fill(this);
    this.algorithm.version = version + 1;
  }

  /** Learns the message in buffer[start, end). `ascii`: it holds no byte above 127. */
  addBytes(buffer: Buffer, start: number, end: number, ascii: boolean): Cluster {
    const { parser, masker, found } = this;
    masker.run(buffer, start, end, ascii);
    const known = this.cache.find(buffer, start, end, masker, parser.version);
    if (known !== null) {
      parser.change = 'none';
      parser.store.revisit(known.cluster);
      found.recall(known, start);
      return known.cluster;
    }
    this.prepare(buffer, start, end);
    const cluster = parser.add(this.ids, this.scanner.count, this.internAll);
    this.locateParameters(cluster);
    // Only a message that changed nothing is sure to go the same way again.
    if (parser.change === 'none') this.cache.offer(start, end, masker, parser.version, cluster, found);
    return cluster;
  }

  /** Where {@link addBytes} would put the message if that changed no template, else null; learns nothing. Drain alone can tell. */
  peekBytes(buffer: Buffer, start: number, end: number, ascii: boolean): Cluster | null {
    const { parser, masker, found } = this;
    if (!(parser instanceof Drain)) throw new TypeError(`${this.options.parser ?? ''} cannot peek`);
    masker.run(buffer, start, end, ascii);
    const known = this.cache.find(buffer, start, end, masker, parser.version);
    if (known !== null) {
      found.recall(known, start);
      return known.cluster;
    }
    this.prepare(buffer, start, end);
    const cluster = parser.peek(this.ids, this.scanner.count);
    if (cluster === null) return null;
    this.locateParameters(cluster);
    this.cache.offer(start, end, masker, parser.version, cluster, found);
    return cluster;
  }

  /** Repeats what another miner with the same settings learned; see {@link Drain.follow}. */
  follow(id: number, tokens: readonly string[]): void {
    if (!(this.parser instanceof Drain)) throw new TypeError(`${this.options.parser ?? ''} cannot follow`);
    this.parser.follow(id, Int32Array.from(tokens, (t) => this.tokens.internText(t)));
  }

  /** The cluster that buffer[start, end) fits exactly, or null; learns nothing. */
  matchBytes(buffer: Buffer, start: number, end: number, ascii: boolean, fullSearch: FullSearch = 'never'): Cluster | null {
    this.masker.run(buffer, start, end, ascii);
    this.prepare(buffer, start, end);
    const cluster = this.parser.match(this.ids, this.scanner.count, fullSearch);
    if (cluster === null) this.found.count = 0;
    else this.locateParameters(cluster);
    return cluster;
  }

  /** Learns one message. */
  add(line: string): MinedLine {
    const { buffer, ascii } = encoded(line);
    const cluster = this.addBytes(buffer, 0, buffer.length, ascii);
    return { change: this.parser.change, id: cluster.id, size: cluster.size, template: this.template(cluster) };
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
    this.found.locateWhere((i) => expected[i] === this.wildcardText);
    const { instructions } = this.masker;
    return Array.from({ length: this.found.count }, (_, i) => ({
      value: buffer.toString('utf8', this.found.starts[i], this.found.ends[i]),
      mask: this.found.masks[i] < 0 ? '*' : instructions[this.found.masks[i]].maskWith,
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
    if (this.tellsUnknownApart) this.numberUnknown(count);
  }

  /** Equal unknown tokens get equal ids. */
  private numberUnknown(count: number): void {
    const { ids, scanner, buffer } = this;
    const known = new Map<string, number>();
    for (let i = 0; i < count; i++) {
      if (ids[i] >= 0) continue;
      const text = scanner.source(i, buffer).toString('latin1', scanner.starts[i], scanner.ends[i]);
      const id = known.get(text) ?? -2 - known.size;
      known.set(text, id);
      ids[i] = id;
    }
  }

  private locateParameters(cluster: Cluster): void {
    const { parser, scanner } = this;
    if (cluster.tokens.length === scanner.count && !(parser instanceof Spell)) this.found.locateAligned(cluster.tokens, parser.wildcard);
    else this.found.locateLoosely(cluster.tokens, parser.wildcard, this.ids);
  }
}

/** The delimiters in force. */
export function extraDelimitersOf(options: MinerOptions): readonly string[] {
  return options.extraDelimiters ?? (options.parser === 'spell' ? SPELL_DELIMITERS : []);
}

function createParser(options: MinerOptions, tokens: TokenTable, wildcardText: string): TemplateParser {
  const drain = { ...DRAIN_DEFAULTS, ...options.drain };
  switch (options.parser) {
    case 'spell': return new Spell({ tau: options.tau ?? SPELL_TAU, maxClusters: drain.maxClusters }, tokens, wildcardText);
    case 'jaccard': return new JaccardDrain(drain, tokens, wildcardText);
    case 'drain':
    case undefined: return new Drain(drain, tokens, wildcardText);
    default: return options.parser satisfies never;
  }
}

function encoded(line: string): { buffer: Buffer; ascii: boolean } {
  const buffer = Buffer.from(line);
  return { buffer, ascii: buffer.length === line.length };
}
