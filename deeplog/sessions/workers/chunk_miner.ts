import { ParameterColumns } from '../../artifacts/index.js';
import { LogFormat, RangeReader, restoreState, TemplateMiner, TimeFormat } from '../../parsing/index.js';
import { LineBlock, type HeaderCounts } from '../line_block.js';
import { SharedKey } from '../session_key.js';
import { SessionPacker } from '../session_pieces.js';
import { UNSURE, type ChunkRequest, type MinedChunk, type MinedRoom, type SharedChunk, type WorkerSettings } from './protocol.js';
import { fillRoom } from './room.js';

const UNPARSED_SAMPLE = 1000;

/** A worker's part: reading, headers, masks, keys, the template of every line that teaches the parser nothing new, and grouping by key. */
export class ChunkMiner {
  private readonly miner: TemplateMiner;
  private readonly block: LineBlock;
  private readonly key: SharedKey;
  private readonly packer: SessionPacker | null;
  private readonly reader: RangeReader | null;
  private readonly counts: { -readonly [K in keyof HeaderCounts]: HeaderCounts[K] } = { lines: 0, emptyLines: 0, unparsedLines: 0, undatedLines: 0, repairedLines: 0 };
  private unparsed: [number, string][] = [];
  private readonly parameters = new ParameterColumns(1 << 13, 1 << 19);
  /** By event: its place among the used ones of the chunk in hand, where `usedIn` says that it is of this chunk. */
  private place = new Int32Array(1 << 8);
  private usedIn = new Float64Array(1 << 8);
  private chunks = 0;

  constructor(private readonly settings: WorkerSettings) {
    this.miner = new TemplateMiner(settings.miner);
    restoreState(this.miner, settings.state);
    this.key = new SharedKey(settings.adapter, this.miner.masker, true);
    this.packer = settings.adapter?.type === 'only_identifier' ? new SessionPacker() : null;
    this.reader = settings.ranges === null ? null : new RangeReader(settings.ranges);
    this.block = new LineBlock({
      logFormat: settings.layout === null ? null : new LogFormat(settings.layout),
      timeFormat: settings.timeFormat === null ? null : new TimeFormat(settings.timeFormat),
      labelColumn: settings.labelColumn,
      anomalyLabels: settings.anomalyLabels,
    }, this.counts, (line, text) => {
      if (this.unparsed.length < UNPARSED_SAMPLE) this.unparsed.push([line, text]);
    });
  }

  mine({ chunk: wanted, room, learned, matching }: ChunkRequest): { chunk: SharedChunk; mined: MinedRoom | null } {
    const { miner, block, counts, parameters } = this;
    for (const { id, tokens } of learned) miner.follow(id, tokens);
    Object.assign(counts, { lines: 0, emptyLines: 0, unparsedLines: 0, undatedLines: 0, repairedLines: 0 });
    this.unparsed = [];
    parameters.clear();
    block.firstUndated = null;
    const chunk = 'index' in wanted ? this.read(wanted) : wanted;
    const { bytes, from, end, ascii } = chunk;
    block.read({ buffer: Buffer.from(bytes, from, end), end, ascii });
    if (counts.repairedLines > 0) return { chunk, mined: null };
    const { count, buffers, contentStarts, contentEnds, event } = block;
    for (let i = 0; i < count; i++) {
      const lineAscii = block.ascii[i] === 1;
      const cluster = matching
        ? miner.matchBytes(buffers[i], contentStarts[i], contentEnds[i], lineAscii, this.settings.fullSearch)
        : miner.peekBytes(buffers[i], contentStarts[i], contentEnds[i], lineAscii);
      event[i] = cluster?.id ?? (matching ? 0 : UNSURE);
      this.key.note(block, i);
      parameters.append(buffers[i], miner.found.starts, miner.found.ends, cluster === null ? 0 : miner.found.count);
    }
    const used = this.used(event, count);
    const pieces = this.packer === null || used.event.includes(UNSURE) ? null : this.packer.pack(block);
    return { chunk, mined: { ...fillRoom(room, block, parameters, pieces), used, counts: { ...counts }, unparsed: this.unparsed, firstUndated: block.firstUndated } };
  }

  private read({ index, spare }: { index: number; spare: SharedArrayBuffer | undefined }): SharedChunk {
    if (this.reader === null) throw new TypeError('there is no file to read');
    const { bytes, from, end, ascii } = this.reader.read(index, spare);
    return { bytes, from, end, ascii };
  }

  private used(event: Uint32Array, count: number): MinedChunk['used'] {
    const chunk = ++this.chunks;
    const found: number[] = [];
    const rows: number[] = [];
    const first: number[] = [];
    let unsure = -1;
    for (let i = 0; i < count; i++) {
      const id = event[i];
      if (id === UNSURE) {
        if (unsure >= 0) rows[unsure]++;
        else unsure = found.push(id) - 1;
        if (rows.length < found.length) {
          rows.push(1);
          first.push(i);
        }
        continue;
      }
      while (id >= this.usedIn.length) this.growEvents();
      if (this.usedIn[id] === chunk) rows[this.place[id]]++;
      else {
        this.usedIn[id] = chunk;
        this.place[id] = found.push(id) - 1;
        rows.push(1);
        first.push(i);
      }
    }
    return { event: Uint32Array.from(found), rows: Uint32Array.from(rows), first: Uint32Array.from(first) };
  }

  private growEvents(): void {
    const place = new Int32Array(this.place.length * 2);
    place.set(this.place);
    this.place = place;
    const usedIn = new Float64Array(place.length);
    usedIn.set(this.usedIn);
    this.usedIn = usedIn;
  }
}
