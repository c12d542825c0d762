import { LinePattern, type Masker } from '../parsing/index.js';
import type { AdapterOptions } from './adapters.js';
import type { LineBlock } from './line_block.js';

/** Notes each line's session key while its masks are at hand: where the first mask looks for the same, it need not be searched twice. */
export class SharedKey {
  private readonly shared: LinePattern | null;
  private readonly own: LinePattern | null;

  /** `always`: search for it where the mask does not tell. */
  constructor(adapter: AdapterOptions | null, private readonly masker: Masker, always: boolean) {
    const regex = adapter !== null && 'regex' in adapter ? adapter.regex : null;
    this.shared = regex !== null && masker.findsFirst(regex) ? new LinePattern(regex) : null;
    this.own = regex !== null && always ? new LinePattern(regex) : null;
  }

  /** Line i has just been masked. */
  note(block: LineBlock, i: number): void {
    block.keyStarts[i] = -1;
    if (this.shared !== null && block.ascii[i] === 1) this.keep(block, i, this.shared);
    if (this.own === null || block.keyStarts[i] >= 0 || !this.own.find(block.buffers[i], block.starts[i], block.ends[i], block.ascii[i] === 1)) return;
    block.keyStarts[i] = this.own.matchStart;
    block.keyEnds[i] = this.own.matchEnd;
  }

  /** Only where nothing before the message can match, nor a match reach into it. */
  private keep(block: LineBlock, i: number, pattern: LinePattern): void {
    const { masker } = this;
    const buffer = block.buffers[i];
    const [start, content] = [block.starts[i], block.contentStarts[i]];
    const span = masker.firstOfMaskZero();
    if (span < 0 || pattern.bytes === null) return;
    if (content > start && (pattern.bytes.alphabet[buffer[content - 1]] === 1 || pattern.bytes.find(buffer, start, content))) return;
    block.keyStarts[i] = masker.starts[span];
    block.keyEnds[i] = masker.ends[span];
  }
}
