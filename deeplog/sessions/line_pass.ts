import type { PlainParameters, SessionRecord } from '../artifacts/index.js';
import type { Cluster, FullSearch, LineChunk, TemplateMiner } from '../parsing/index.js';
import { createAdapter, type AdapterOptions } from './adapters.js';
import { LineBlock, type HeaderCounts, type HeaderOptions } from './line_block.js';
import type { BareSession, PlacedLine } from './session_adapter.js';
import { SharedKey } from './session_key.js';
import { UNSURE, type MinedChunk } from './workers/protocol.js';
import type { WorkerPool } from './workers/worker_pool.js';

/** How lines become events of sessions. */
export interface LinePassOptions extends HeaderOptions {
  readonly miner: TemplateMiner;
  readonly adapter: AdapterOptions | null;
  /** Lines from this one (1-based) on are matched, not learned. */
  readonly fitUntilLine: number;
  readonly fullSearch: FullSearch;
}

export interface LinePassCounts extends HeaderCounts {
  /** Lines that no template fitted, in match mode: event 0. */
  unmatchedLines: number;
  unassignedLines: number;
}

/** Who takes what the pass finds. */
export interface LineSink {
  /** Line i of the block is mined: its event is in the block, its parameters are the miner's until the next line. */
  line(block: LineBlock, i: number): void;
  /** Lines [from, to) of the block are mined by a worker, with these parameters. */
  minedLines?(block: LineBlock, from: number, to: number, parameters: PlainParameters): void;
  /** The block of a worker, whose lines all stand as it found them: their events are in the columns. */
  minedBlock?(mined: MinedChunk, buffer: Buffer): void;
  session(record: SessionRecord): void;
  unparsed(line: number, text: string): void;
}

/** Raw lines to events to sessions, a block of whole lines at a time; each step goes over the whole block. */
export class LinePass {
  readonly block: LineBlock;
  /** A template was learned since this was last reset. */
  stateChanged = false;
  /** Workers that must hear what is learned. */
  followers: WorkerPool | null = null;
  private readonly adapter;
  private readonly placed: { -readonly [K in keyof PlacedLine]: PlacedLine[K] } = { buffer: Buffer.alloc(0), start: 0, end: 0, ascii: true, line: 0, event: 0, time: NaN, label: null, keyStart: -1, keyEnd: -1 };
  private readonly key: SharedKey;
  /** By token count: how much was known after the last change to a template of that length. */
  private readonly changedAt: number[] = [];

  constructor(private readonly options: LinePassOptions, private readonly counts: LinePassCounts, private readonly sink: LineSink) {
    const { adapter } = options;
    this.key = new SharedKey(adapter, options.miner.masker, false);
    this.adapter = adapter && createAdapter(adapter);
    this.block = new LineBlock(options, counts, (line, text) => sink.unparsed(line, text));
  }

  /** First step: headers. */
  read(chunk: LineChunk): void {
    this.block.read(chunk);
  }

  /** Second step: templates and parameters. */
  mine(): void {
    const { block } = this;
    for (let i = 0; i < block.count; i++) this.mineLine(i);
  }

  /**
   * Both steps for a chunk that a worker has mined when `knowledge` of what the followers are told was known: what it says of a line holds unless a template of the
   * line's length was made or changed since; those lines, and lines that teach something new, are mined here, and then grouped. True: all of it stood, and went to {@link LineSink.minedBlock}.
   */
  takeMined({ buffer }: LineChunk, mined: MinedChunk, knowledge: number, matching: boolean): boolean {
    const { block, counts, sink } = this;
    const { miner, fitUntilLine } = this.options;
    const { store } = miner.parser;
    const { count, columns } = mined;
    const before = counts.lines;
    counts.lines += mined.counts.lines;
    counts.emptyLines += mined.counts.emptyLines;
    counts.unparsedLines += mined.counts.unparsedLines;
    counts.undatedLines += mined.counts.undatedLines;
    block.firstUndated ??= mined.firstUndated;
    for (const [line, text] of mined.unparsed) sink.unparsed(before + line, text);
    for (let i = 0; i < count; i++) columns.line[i] += before;
    if (this.takeWhole(mined, buffer, knowledge, matching)) return true;
    block.load(buffer, columns, count);
    let known = 0; // first line not handed on yet
    for (let i = 0; i < count; i++) {
      const event = columns.event[i];
      const cluster = event > 0 && event !== UNSURE && matching === block.line[i] >= fitUntilLine ? store.get(event) : undefined;
      if (event === 0) counts.unmatchedLines++;
      if (event === 0 || (cluster !== undefined && this.stillStands(cluster, knowledge))) {
        block.event[i] = event;
        if (cluster !== undefined && !matching) store.revisit(cluster);
        continue;
      }
      sink.minedLines?.(block, known, i, mined.parameters);
      known = i + 1;
      this.mineLine(i);
    }
    sink.minedLines?.(block, known, count, mined.parameters);
    this.assign();
    return false;
  }

  private stillStands(cluster: Cluster, knowledge: number): boolean {
    return (this.changedAt[cluster.tokens.length] ?? 0) <= knowledge;
  }

  /** Where all that a worker found stands and it has grouped the lines, no line need be looked at. */
  private takeWhole(mined: MinedChunk, buffer: Buffer, knowledge: number, matching: boolean): boolean {
    const { adapter, block, counts, sink } = this;
    const { miner, fitUntilLine } = this.options;
    const { store } = miner.parser;
    const { count, columns, used, pieces } = mined;
    if (sink.minedBlock === undefined || (adapter !== null && (pieces === null || adapter.addPieces === undefined))) return false;
    if (count > 0 && (columns.line[0] >= fitUntilLine !== matching || columns.line[count - 1] >= fitUntilLine !== matching)) return false;
    for (let u = 0; u < used.event.length; u++) {
      const id = used.event[u];
      if (id === 0) continue;
      const cluster = id === UNSURE ? undefined : store.get(id);
      if (cluster === undefined || !this.stillStands(cluster, knowledge)) return false;
    }
    while (block.session.length < count) block.session = new Int32Array(block.session.length * 2);
    const { session } = block;
    if (adapter === null) session.fill(-1, 0, count);
    else if (pieces === null || adapter.addPieces?.(pieces, { count, ...columns }, session) !== true) return false;
    else for (let i = 0; i < count; i++) if (session[i] < 0) counts.unassignedLines++;
    for (let u = 0; u < used.event.length; u++) {
      if (used.event[u] === 0) counts.unmatchedLines += used.rows[u];
      else if (!matching) {
        const cluster = store.get(used.event[u]);
        if (cluster !== undefined) store.revisit(cluster, used.rows[u]);
      }
    }
    sink.minedBlock(mined, buffer);
    return true;
  }

  /** All lines to come are matched. */
  get learnsNoMore(): boolean {
    return this.counts.lines + 1 >= this.options.fitUntilLine;
  }

  private mineLine(i: number): void {
    const { block, counts } = this;
    const { miner, fitUntilLine, fullSearch } = this.options;
    const { line, buffers, contentStarts, contentEnds, ascii } = block;
    const buffer = buffers[i];
    let event = 0;
    if (line[i] < fitUntilLine) {
      const cluster = miner.addBytes(buffer, contentStarts[i], contentEnds[i], ascii[i] === 1);
      event = cluster.id;
      if (miner.parser.change !== 'none') this.noteLearned(cluster);
    } else {
      event = miner.matchBytes(buffer, contentStarts[i], contentEnds[i], ascii[i] === 1, fullSearch)?.id ?? 0;
      if (event === 0) counts.unmatchedLines++;
    }
    block.event[i] = event;
    this.key.note(block, i);
    this.sink.line(block, i);
  }

  private noteLearned(cluster: Cluster): void {
    this.stateChanged = true;
    if (this.followers === null) return;
    const { tokens } = this.options.miner;
    this.followers.tell({ id: cluster.id, tokens: Array.from(cluster.tokens, (t) => tokens.text(t)) });
    this.changedAt[cluster.tokens.length] = this.followers.knowledge;
  }

  /** Third step: sessions. */
  assign(): void {
    const { adapter, placed, counts, block } = this;
    if (adapter === null) {
      block.session.fill(-1, 0, block.count);
      return;
    }
    for (let i = 0; i < block.count; i++) {
      placed.buffer = block.buffers[i];
      placed.start = block.starts[i];
      placed.end = block.ends[i];
      placed.ascii = block.ascii[i] === 1;
      placed.line = block.line[i];
      placed.event = block.event[i];
      placed.time = block.time[i];
      placed.label = block.label[i] < 0 ? null : block.label[i] === 1;
      placed.keyStart = block.keyStarts[i];
      placed.keyEnd = block.keyEnds[i];
      const session = adapter.add(placed);
      block.session[i] = session;
      if (session < 0) counts.unassignedLines++;
      const closed = adapter.takeClosed();
      for (let c = 0; c < closed.length; c++) this.sink.session(closed[c]);
    }
  }

  /** The same where the adapter can say them without objects of their own; null: {@link rest} it is. */
  restBare(): Iterable<BareSession> | null {
    return this.adapter?.finishBare?.() ?? null;
  }

  /** The sessions that are open still, when there are no more lines. */
  rest(): Iterable<SessionRecord> {
    return this.adapter?.finish() ?? [];
  }
}
