import type { SessionRecord } from '../artifacts/index.js';
import { LinePattern, type FullSearch, type LineChunk, type TemplateMiner } from '../parsing/index.js';
import { createAdapter, type AdapterOptions, type PlacedLine } from './adapters.js';
import { LineBlock, type HeaderCounts, type HeaderOptions } from './line_block.js';

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
  session(record: SessionRecord): void;
  unparsed(line: number, text: string): void;
}

/** Raw lines to events to sessions, a block of whole lines at a time; each step goes over the whole block. */
export class LinePass {
  readonly block: LineBlock;
  /** A template was learned since this was last reset. */
  stateChanged = false;
  private readonly adapter;
  private readonly placed: { -readonly [K in keyof PlacedLine]: PlacedLine[K] } = { buffer: Buffer.alloc(0), start: 0, end: 0, ascii: true, line: 0, event: 0, time: NaN, label: null, keyStart: -1, keyEnd: -1 };
  /** The session identifier when it is also what the first mask looks for: found once, not twice. */
  private readonly sharedKey: LinePattern | null;

  constructor(private readonly options: LinePassOptions, private readonly counts: LinePassCounts, private readonly sink: LineSink) {
    const { adapter } = options;
    this.sharedKey = adapter !== null && 'regex' in adapter && options.miner.masker.findsFirst(adapter.regex) ? new LinePattern(adapter.regex) : null;
    this.adapter = adapter && createAdapter(adapter);
    this.block = new LineBlock(options, counts, (line, text) => sink.unparsed(line, text));
  }

  /** First step: headers. */
  read(chunk: LineChunk): void {
    this.block.read(chunk);
  }

  /** Second step: templates and parameters. */
  mine(): void {
    const { block, counts, sink } = this;
    const { miner, fitUntilLine, fullSearch } = this.options;
    const { line, buffers, contentStarts, contentEnds, ascii } = block;
    for (let i = 0; i < block.count; i++) {
      const buffer = buffers[i];
      let event = 0;
      if (line[i] < fitUntilLine) {
        event = miner.addBytes(buffer, contentStarts[i], contentEnds[i], ascii[i] === 1).id;
        if (miner.parser.change !== 'none') this.stateChanged = true;
      } else {
        event = miner.matchBytes(buffer, contentStarts[i], contentEnds[i], ascii[i] === 1, fullSearch)?.id ?? 0;
        if (event === 0) counts.unmatchedLines++;
      }
      block.event[i] = event;
      block.keyStarts[i] = -1;
      if (this.sharedKey !== null && ascii[i] === 1) this.keepKey(block, i, this.sharedKey);
      sink.line(block, i);
    }
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

  /** The sessions that are open still, when there are no more lines. */
  rest(): Iterable<SessionRecord> {
    return this.adapter?.finish() ?? [];
  }

  /** Only where nothing before the message can match, nor a match reach into it. */
  private keepKey(block: LineBlock, i: number, pattern: LinePattern): void {
    const { masker } = this.options.miner;
    const buffer = block.buffers[i];
    const [start, content] = [block.starts[i], block.contentStarts[i]];
    const span = masker.firstOfMaskZero();
    if (span < 0 || pattern.bytes === null) return;
    if (content > start && (pattern.bytes.alphabet[buffer[content - 1]] === 1 || pattern.bytes.find(buffer, start, content))) return;
    block.keyStarts[i] = masker.starts[span];
    block.keyEnds[i] = masker.ends[span];
  }
}
