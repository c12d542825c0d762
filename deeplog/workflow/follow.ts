import { BagHash } from './bag_hash.js';
import type { Workflow } from './workflow.js';

/** Where a session did what the workflow does not know. */
export interface Departure {
  /** Position in the session, from 0; its length for something at the end. */
  readonly index: number;
  /** `unexpected`: a key that may not come here; `missing`: known keys were skipped before it; `early end`: the session stops where none did. */
  readonly kind: 'unexpected' | 'missing' | 'early end';
  readonly key: number | null;
  /** State before. */
  readonly state: number;
  /** Keys that would have had to come first, for `missing`. */
  readonly skipped: readonly number[];
}

export interface Path {
  readonly departures: readonly Departure[];
  /** −log of the least likely step (or end) among those that the workflow knows, and where it is. */
  readonly surprise: number;
  readonly surpriseAt: number;
}

/**
 * Follows a session through the workflow. After a departure it goes on from the nearest known place: past one skipped key where that
 * explains the event, else from where it was, so that one wrong event is not counted again at each event after it.
 */
export class Follower {
  private readonly byBag = new Map<number, number>();

  constructor(private readonly workflow: Workflow) {
    const hash = new BagHash();
    workflow.states.forEach(({ bag }, state) => {
      hash.reset();
      for (const [key, count] of bag) for (let n = 0; n < count; n++) hash.add(key);
      this.byBag.set(hash.value, state);
    });
  }

  follow(events: ArrayLike<number>): Path {
    const { states } = this.workflow;
    const departures: Departure[] = [];
    let at = 0;
    let surprise = 0;
    let surpriseAt = -1;
    const weigh = (count: number, index: number): void => {
      // Half a session for what concurrency allows but no session did.
      const value = -Math.log(Math.max(count, 0.5) / states[at].visits);
      if (value > surprise) [surprise, surpriseAt] = [value, index];
    };
    for (let i = 0; i < events.length; i++) {
      const key = events[i];
      const next = states[at].children.get(key);
      if (next !== undefined) {
        weigh(states[at].taken.get(key) ?? 0, i);
        at = next;
        continue;
      }
      const detour = this.past(at, key);
      departures.push(detour === null
        ? { index: i, kind: 'unexpected', key, state: at, skipped: [] }
        : { index: i, kind: 'missing', key, state: at, skipped: [detour.skipped] });
      if (detour !== null) at = detour.state;
    }
    const { ends } = states[at];
    if (ends > 0) weigh(ends, events.length);
    else departures.push({ index: events.length, kind: 'early end', key: null, state: at, skipped: [] });
    return { departures, surprise, surpriseAt };
  }

  /** The likeliest single key after which `key` may come. */
  private past(at: number, key: number): { state: number; skipped: number } | null {
    const { states } = this.workflow;
    let best: { state: number; skipped: number } | null = null;
    let most = -1;
    for (const [skipped, through] of states[at].children) {
      if (skipped === key || through === at) continue;
      const to = states[through].children.get(key);
      const visits = states[at].taken.get(skipped) ?? 0;
      if (to === undefined || to === through || visits <= most) continue;
      most = visits;
      best = { state: to, skipped };
    }
    return best;
  }
}
