import { setFlagsFromString } from 'node:v8';
import { setImmediate } from 'node:timers/promises';
import { runInNewContext } from 'node:vm';
import { describe, expect, it } from 'vitest';
import { Deadline, Gate } from '../../deeplog/serving/limits.js';

describe("a request's deadline", () => {
  it('keeps nothing of what it raced with', async () => {
    setFlagsFromString('--expose-gc');
    const gc = runInNewContext('gc') as () => void;
    const deadline = new Deadline(60_000, true);
    const pieces: WeakRef<Buffer>[] = [];
    for (let i = 0; i < 20; i++) {
      await setImmediate();
      pieces.push(new WeakRef(await deadline.race(Promise.resolve(Buffer.alloc(1 << 16)))));
    }
    await setImmediate();
    gc();
    expect(pieces.filter((p) => p.deref() !== undefined).length).toBeLessThan(3); // the last may still be at hand
    deadline.done();
  });

  it('ends what waits for it, then and later', async () => {
    const deadline = new Deadline(60_000, false);
    const never = deadline.race(new Promise(() => undefined));
    deadline.abandon();
    await expect(never).rejects.toThrow(/closed the connection/);
    await expect(deadline.race(new Promise(() => undefined))).rejects.toThrow(/closed the connection/);
  });
});

describe('the gate', () => {
  it('forgets who no longer waits, and lets the next in', async () => {
    const gate = new Gate({ maxConcurrency: 1, maxQueue: 2 });
    const [first, gone, patient] = [1, 2, 3].map(() => new Deadline(60_000, false));
    const leave = await gate.enter(first);
    const given = gate.enter(gone);
    const kept = gate.enter(patient);
    expect(gate.queued).toBe(2);
    gone.abandon();
    await expect(given).rejects.toThrow(/closed the connection/);
    expect([gate.inside, gate.queued]).toEqual([1, 1]);
    leave();
    (await kept)();
    expect([gate.inside, gate.queued]).toEqual([0, 0]);
    for (const d of [first, patient]) d.done();
  });

  it('passes a turn on that comes too late', async () => {
    const gate = new Gate({ maxConcurrency: 1, maxQueue: 2 });
    const [first, gone] = [1, 2].map(() => new Deadline(60_000, false));
    const leave = await gate.enter(first);
    const given = gate.enter(gone);
    gone.abandon();
    leave();
    await expect(given).rejects.toThrow(/closed the connection/);
    expect([gate.inside, gate.queued]).toEqual([0, 0]);
    first.done();
  });
});
