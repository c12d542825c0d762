import { ParameterColumns } from '../../artifacts/index.js';
import { LogFormat, restoreState, TemplateMiner, TimeFormat } from '../../parsing/index.js';
import { LineBlock, type HeaderCounts } from '../line_block.js';
import { SharedKey } from '../session_key.js';
import type { ChunkRequest, MinedChunk, WorkerSettings } from './protocol.js';

const UNPARSED_SAMPLE = 1000;

/** A worker's part: headers, masks, keys, and the template of every line that teaches the parser nothing new. */
export class ChunkMiner {
  private readonly miner: TemplateMiner;
  private readonly block: LineBlock;
  private readonly key: SharedKey;
  private readonly counts: { -readonly [K in keyof HeaderCounts]: HeaderCounts[K] } = { lines: 0, emptyLines: 0, unparsedLines: 0, undatedLines: 0, repairedLines: 0 };
  private unparsed: [number, string][] = [];
  private readonly parameters = new ParameterColumns(1 << 13, 1 << 19);
  private event = new Int32Array(1 << 13);

  constructor(private readonly settings: WorkerSettings) {
    this.miner = new TemplateMiner(settings.miner);
    restoreState(this.miner, settings.state);
    this.key = new SharedKey(settings.adapter, this.miner.masker, true);
    this.block = new LineBlock({
      logFormat: settings.layout === null ? null : new LogFormat(settings.layout),
      timeFormat: settings.timeFormat === null ? null : new TimeFormat(settings.timeFormat),
      labelColumn: settings.labelColumn,
      anomalyLabels: settings.anomalyLabels,
    }, this.counts, (line, text) => {
      if (this.unparsed.length < UNPARSED_SAMPLE) this.unparsed.push([line, text]);
    });
  }

  mine({ bytes, end, ascii, learned, matching }: ChunkRequest): MinedChunk | null {
    const { miner, block, counts, parameters } = this;
    for (const { id, tokens } of learned) miner.follow(id, tokens);
    Object.assign(counts, { lines: 0, emptyLines: 0, unparsedLines: 0, undatedLines: 0, repairedLines: 0 });
    this.unparsed = [];
    block.firstUndated = null;
    block.read({ buffer: Buffer.from(bytes), end, ascii });
    if (counts.repairedLines > 0) return null;
    const { count, buffers, contentStarts, contentEnds } = block;
    if (this.event.length < count) this.event = new Int32Array(count * 2);
    const { event } = this;
    for (let i = 0; i < count; i++) {
      const lineAscii = block.ascii[i] === 1;
      const cluster = matching
        ? miner.matchBytes(buffers[i], contentStarts[i], contentEnds[i], lineAscii, this.settings.fullSearch)
        : miner.peekBytes(buffers[i], contentStarts[i], contentEnds[i], lineAscii);
      event[i] = cluster?.id ?? (matching ? 0 : -1);
      this.key.note(block, i);
      parameters.append(buffers[i], miner.found.starts, miner.found.ends, cluster === null ? 0 : miner.found.count);
    }
    return {
      count, event: event.slice(0, count), parameters: parameters.take(), counts: { ...counts }, unparsed: this.unparsed, firstUndated: block.firstUndated,
      line: block.line.slice(0, count), starts: block.starts.slice(0, count), ends: block.ends.slice(0, count),
      contentStarts: contentStarts.slice(0, count), contentEnds: contentEnds.slice(0, count), ascii: block.ascii.slice(0, count),
      time: block.time.slice(0, count), label: block.label.slice(0, count), keyStarts: block.keyStarts.slice(0, count), keyEnds: block.keyEnds.slice(0, count),
    };
  }
}

/** Buffers that change hands instead of being copied. */
export function transfers(mined: MinedChunk): ArrayBuffer[] {
  const { rowEnds, valueEnds, text } = mined.parameters;
  return [mined.line, mined.starts, mined.ends, mined.contentStarts, mined.contentEnds, mined.ascii, mined.time, mined.label, mined.keyStarts, mined.keyEnds, mined.event, rowEnds, valueEnds, text].map((a) => a.buffer as ArrayBuffer);
}
