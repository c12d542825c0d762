import type { SessionRecord } from '../artifacts/index.js';
import { UsageError } from '../common/index.js';
import { NOTHING, type PlacedLine, type SessionAdapter } from './session_adapter.js';

interface Kept {
  readonly event: number;
  readonly line: number;
  readonly time: number;
  readonly label: boolean | null;
}

/** Windows of `size` lines, a new one every `stride`; lines left over at the end that no full window holds make a last, shorter one. */
export class LineWindowAdapter implements SessionAdapter {
  private kept: Kept[] = [];
  private closed: SessionRecord[] = [];
  private session = 0;
  private seen = 0;
  private covered = 0;

  constructor(private readonly size: number, private readonly stride: number) {
    if (stride > size) throw new UsageError(`--stride ${stride} is larger than --size ${size}: lines between windows would be lost. Use a stride of at most ${size}.`);
  }

  add(line: PlacedLine): number {
    this.kept.push({ event: line.event, line: line.line, time: line.time, label: line.label });
    this.seen++;
    const session = this.stride === this.size ? Math.floor((this.seen - 1) / this.size) + 1 : -1;
    if (this.kept.length === this.size) {
      this.emit();
      this.kept = this.kept.slice(this.stride);
    }
    return session;
  }

  takeClosed(): readonly SessionRecord[] {
    const { closed } = this;
    if (closed.length === 0) return NOTHING;
    this.closed = [];
    return closed;
  }

  *finish(): Iterable<SessionRecord> {
    if (this.seen > this.covered) this.emit();
    yield* this.takeClosed();
  }

  private emit(): void {
    this.covered = this.seen;
    this.session++;
    this.closed.push(windowRecord(this.session, this.kept));
  }
}

/** Windows [start + k·step, start + k·step + window) of time; empty ones are left out. Lines without a time are unassigned. */
export class TimeWindowAdapter implements SessionAdapter {
  private kept: Kept[] = [];
  private closed: SessionRecord[] = [];
  private session = 0;
  private windowStart = NaN;

  constructor(private readonly window: number, private readonly step: number) {
    if (step > window) throw new UsageError('--step is longer than --window: lines between windows would be lost. Use a step of at most the window.');
  }

  add(line: PlacedLine): number {
    if (Number.isNaN(line.time)) return -1;
    if (Number.isNaN(this.windowStart)) this.windowStart = line.time;
    while (line.time >= this.windowStart + this.window) this.advance(line.time);
    this.kept.push({ event: line.event, line: line.line, time: line.time, label: line.label });
    return this.step === this.window ? this.session + 1 : -1;
  }

  takeClosed(): readonly SessionRecord[] {
    const { closed } = this;
    if (closed.length === 0) return NOTHING;
    this.closed = [];
    return closed;
  }

  *finish(): Iterable<SessionRecord> {
    if (this.kept.length > 0) this.emit();
    yield* this.takeClosed();
  }

  private advance(until: number): void {
    if (this.kept.length > 0) {
      this.emit();
      this.windowStart += this.step;
    } else this.windowStart += Math.max(1, Math.floor((until - this.windowStart - this.window) / this.step) + 1) * this.step;
    this.kept = this.kept.filter((k) => k.time >= this.windowStart);
  }

  private emit(): void {
    this.session++;
    this.closed.push(windowRecord(this.session, this.kept));
  }
}

function windowRecord(session: number, kept: readonly Kept[]): SessionRecord {
  const first = kept[0];
  const contiguous = kept.every((k, i) => k.line === first.line + i);
  const timed = kept.some((k) => !Number.isNaN(k.time));
  const labelled = kept.some((k) => k.label !== null);
  return {
    session,
    key: String(session),
    firstLine: first.line,
    lines: contiguous ? null : kept.map((k) => k.line),
    events: kept.map((k) => k.event),
    elapsedMs: timed ? kept.map((k, i) => (i === 0 ? 0 : k.time - kept[i - 1].time)) : null,
    label: labelled ? kept.some((k) => k.label === true) : null,
  };
}
