import { seededRandom, type Random } from '../common/index.js';

/** Faults that the simulator plants; each makes its session abnormal. */
export const FAULTS = ['missing_step', 'wrong_order', 'unknown_event', 'early_end', 'retry_storm'] as const;
/** Faults that leave the order of events as it is: only a time or a value is wrong. Planted on demand. */
export const VALUE_FAULTS = ['slow_step', 'outlying_value'] as const;
export type Fault = (typeof FAULTS)[number] | (typeof VALUE_FAULTS)[number];

export interface SimulatorOptions {
  readonly sessions: number;
  readonly anomalyShare: number;
  readonly seed: number;
  /** Which faults to plant; {@link FAULTS} when absent. */
  readonly faults?: readonly Fault[];
}

export interface SimulatedLog {
  readonly lines: readonly string[];
  /** In order of each session's first line. */
  readonly labels: readonly SimulatedLabel[];
}

export interface SimulatedLabel {
  readonly key: string;
  readonly fault: Fault | null;
  /** 1-based lines that the fault put where they are; none for what is missing. */
  readonly faultLines: readonly number[];
}

interface Event {
  /** Milliseconds since the log's beginning. */
  readonly at: number;
  readonly component: string;
  readonly level: string;
  readonly message: string;
  /** The fault put it here. */
  readonly planted?: boolean;
}

const START_MS = Date.UTC(2024, 0, 15, 8);
const SESSION_GAP_MS = 900;
const REPLICAS = 3;

/**
 * A made-up replicated block store, in the layout of the shipped drain3.ini. A block is allocated, written to three replicas,
 * registered, sometimes read or verified, and mostly deleted; sessions overlap in time, as they do in real logs. A share of
 * them carries one planted fault. The same seed gives the same log.
 */
export function simulateBlockStore(options: SimulatorOptions): SimulatedLog {
  const random = seededRandom(options.seed);
  const faults = options.faults ?? FAULTS;
  const all: (Event & { order: number; session: number })[] = [];
  const labels: { key: string; fault: Fault | null; faultLines: number[] }[] = [];
  let order = 0;
  for (let s = 0; s < options.sessions; s++) {
    const key = `blk_${random() < 0.5 ? '-' : ''}${Math.floor(random() * 9e15) + 1e15}${Math.floor(random() * 900) + 100}`;
    const fault = random() < options.anomalyShare ? faults[Math.floor(random() * faults.length)] : null;
    labels.push({ key, fault, faultLines: [] });
    const start = s * SESSION_GAP_MS + random() * SESSION_GAP_MS;
    for (const event of plant(fault, blockLife(key, start, random), key, random)) all.push({ ...event, order: order++, session: s });
  }
  // Whole seconds first, as the log shows them; within one, the order in which things happened.
  all.sort((a, b) => a.at - b.at || a.order - b.order);
  all.forEach((e, i) => { if (e.planted) labels[e.session].faultLines.push(i + 1); });
  return { lines: all.map((e) => format(e, random)), labels };
}

function blockLife(key: string, start: number, random: Random): Event[] {
  const events: Event[] = [];
  const jitter = (meanMs: number): number => meanMs * (0.2 + 1.6 * random());
  const say = (at: number, component: string, message: string, level = 'INFO'): void => { events.push({ at, component, level, message }); };
  const nodes = Array.from({ length: REPLICAS }, () => address(random));
  say(start, 'store.Namespace', `BLOCK* allocate: /user/job${Math.floor(random() * 40)}/part-${String(Math.floor(random() * 2000)).padStart(5, '0')} ${key}`);
  const size = random() < 0.8 ? 67108864 : Math.floor(random() * 67108864);
  let finished = start;
  // The replicas are written side by side: who is done first differs from block to block.
  for (const [i, node] of nodes.entries()) {
    const receiving = start + 20 * (i + 1) + jitter(10);
    say(receiving, 'store.Node$Receiver', `Receiving block ${key} src: /${address(random)} dest: /${node}`);
    const done = receiving + 1500 + jitter(600);
    say(done, 'store.Node$Responder', `Responder ${REPLICAS - 1 - i} for block ${key} terminating`);
    say(done + jitter(40), 'store.Node$Responder', `Received block ${key} of size ${size} from /${node.split(':')[0]}`);
    const stored = done + 80 + jitter(400);
    say(stored, 'store.Namespace', `BLOCK* stored: map updated: ${node} is added to ${key} size ${size}`);
    finished = Math.max(finished, stored);
  }
  let at = finished;
  if (random() < 0.3) {
    for (let reads = 1 + Math.floor(random() * 4); reads > 0; reads--) {
      at += jitter(20_000);
      say(at, 'store.Node$Reader', `${nodes[Math.floor(random() * REPLICAS)]} Served block ${key} to /${address(random).split(':')[0]}`);
    }
  }
  if (random() < 0.15) say((at += jitter(30_000)), 'store.Scanner', `Verification succeeded for ${key}`);
  if (random() < 0.85) {
    at += jitter(60_000);
    for (const node of nodes) say(at, 'store.Namespace', `BLOCK* delete: ${key} is added to invalid set of ${node}`);
    for (let i = 0; i < REPLICAS; i++) say((at += jitter(1500)), 'store.Dataset', `Deleting block ${key} file /data/current/subdir${Math.floor(random() * 64)}/${key}`);
  }
  return events.sort((x, y) => x.at - y.at);
}

function plant(fault: Fault | null, events: Event[], key: string, random: Random): Event[] {
  const at = (message: string): number => events.findIndex((e) => e.message.includes(message));
  switch (fault) {
    case null: return events;
    case 'missing_step': {
      const stored = at('stored:');
      return events.filter((_, i) => i !== stored);
    }
    case 'wrong_order': {
      // A replica is registered before its bytes arrive.
      const [receiving, stored] = [at('Receiving'), at('stored:')];
      return events.map((e, i) => (i === receiving ? { ...events[stored], at: e.at, planted: true } : i === stored ? { ...events[receiving], at: e.at, planted: true } : e));
    }
    case 'unknown_event': {
      const i = at('Responder');
      return [...events.slice(0, i), { ...events[i], level: 'WARN', message: `writeBlock ${key} failed: checksum mismatch at offset ${Math.floor(random() * 65536)}`, planted: true }, ...events.slice(i)];
    }
    case 'early_end': return events.slice(0, at('stored:'));
    case 'retry_storm': {
      const i = at('Receiving');
      const again = Array.from({ length: 4 + Math.floor(random() * 4) }, (_, k) => ({ ...events[i], at: events[i].at + k, planted: true }));
      return [...events.slice(0, i), ...again, ...events.slice(i)];
    }
    case 'slow_step': {
      // One replica takes minutes; everything after it waits.
      const i = at('Responder');
      const delay = 120_000 + Math.floor(random() * 240_000);
      return events.map((e, k) => (k < i ? e : { ...e, at: e.at + delay, ...(k === i ? { planted: true } : {}) }));
    }
    case 'outlying_value': {
      const i = at('Received block');
      return events.map((e, k) => (k === i ? { ...e, message: e.message.replace(/of size \d+/, `of size ${Math.floor((8 + 8 * random()) * 67108864)}`), planted: true } : e));
    }
    default: return fault satisfies never;
  }
}

function address(random: Random): string {
  return `10.${Math.floor(random() * 4)}.${Math.floor(random() * 256)}.${1 + Math.floor(random() * 254)}:${random() < 0.5 ? 50010 : 30000 + Math.floor(random() * 20000)}`;
}

function format(event: Event, random: Random): string {
  const iso = new Date(START_MS + event.at).toISOString();
  const date = iso.slice(2, 10).replace(/-/g, '');
  const time = iso.slice(11, 19).replace(/:/g, '');
  return `${date} ${time} ${1 + Math.floor(random() * 400)} ${event.level} ${event.component}: ${event.message}`;
}
