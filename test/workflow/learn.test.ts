import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { findLoopKeys, Follower, learnWorkflow, WORKFLOW_DEFAULTS } from '../../deeplog/workflow/index.js';

const options = { ...WORKFLOW_DEFAULTS, minLength: 1 };
const learn = (sequences: readonly (readonly number[])[], changed = {}): ReturnType<typeof learnWorkflow> =>
  learnWorkflow(sequences.map((events) => ({ events, count: 1 })), { ...options, ...changed });
const departures = (workflow: ReturnType<typeof learnWorkflow>, events: readonly number[]): { index: number; kind: string }[] =>
  new Follower(workflow).follow(events).departures.map(({ index, kind }) => ({ index, kind }));

describe('learning a workflow', () => {
  it('has one state per bag of keys that some prefix has, as counted by brute force', () => {
    const short = fc.array(fc.integer({ min: 1, max: 4 }), { minLength: 1, maxLength: 7 });
    fc.assert(fc.property(fc.array(short, { minLength: 1, maxLength: 12 }), (sequences) => {
      // With threshold 0 no repeated key is a loop.
      const workflow = learn(sequences, { threshold: 0 });
      const bags = new Set(sequences.flatMap((s) => Array.from({ length: s.length + 1 }, (_, n) => s.slice(0, n).sort().join())));
      expect(workflow.states).toHaveLength(bags.size);
    }));
  });

  it('knows every session it was learned from, loops or not', () => {
    const short = fc.array(fc.integer({ min: 1, max: 3 }), { minLength: 1, maxLength: 9 });
    fc.assert(fc.property(fc.array(short, { minLength: 1, maxLength: 12 }), fc.integer({ min: 0, max: 3 }), (sequences, backSteps) => {
      const workflow = learn(sequences, { backSteps });
      for (const events of sequences) expect(departures(workflow, events)).toEqual([]);
    }));
  });

  it('takes branches with the same keys in another order as concurrent, also in an order that no session had', () => {
    const workflow = learn([[1, 2, 3, 4, 9], [1, 3, 4, 2, 9]]);
    expect(departures(workflow, [1, 3, 2, 4, 9])).toEqual([]);
    expect(departures(workflow, [1, 4, 3, 2, 9])[0]).toEqual({ index: 1, kind: 'missing' });
  });

  it('keeps tasks apart whose sessions are less alike than the threshold', () => {
    // 1 → 3 → 2 would mix the two tasks: {1, 3} is known from the first only, {1, 2, 3} from the second only.
    const sequences = [[1, 3, 11, 12, 13, 14], [1, 2, 3, 21, 22, 23]];
    expect(departures(learn(sequences, { threshold: 0.8 }), [1, 3, 2, 21, 22, 23])[0]).toEqual({ index: 2, kind: 'unexpected' });
    expect(departures(learn(sequences, { threshold: 0.2 }), [1, 3, 2, 21, 22, 23])).toEqual([]); // they share 2 keys of 10
  });

  it('refuses to learn from nothing', () => {
    expect(() => learn([[1, 2, 3]], { minLength: 4 })).toThrow(/No training session has 4 events or more.*--min_length/);
  });
});

describe('loops', () => {
  const counted = (sequences: readonly (readonly number[])[]): { events: readonly number[]; count: number }[] => sequences.map((events) => ({ events, count: 1 }));

  it('are keys that come back within back_steps, and whose number sessions do not agree on', () => {
    const varied = counted([[1, 5, 9], [1, 5, 5, 9], [1, 5, 5, 5, 9], [1, 5, 5, 5, 5, 9]]);
    expect(findLoopKeys(varied, { threshold: 0.8, backSteps: 0 })).toEqual(new Set([5]));
    const agreed = counted([[1, 5, 5, 5, 9], [1, 5, 5, 5, 9], [1, 5, 5, 5, 9], [1, 5, 5, 5, 9], [1, 5, 5, 5, 5, 9]]);
    expect(findLoopKeys(agreed, { threshold: 0.8, backSteps: 0 })).toEqual(new Set());
  });

  it('are looked for as far back as back_steps says', () => {
    const alternating = counted([[1, 5, 6, 9], [1, 5, 6, 5, 6, 9], [1, 5, 6, 5, 6, 5, 6, 9]]);
    expect(findLoopKeys(alternating, { threshold: 0.8, backSteps: 0 })).toEqual(new Set());
    expect(findLoopKeys(alternating, { threshold: 0.8, backSteps: 1 })).toEqual(new Set([5, 6]));
  });

  it('may go round more often than in any training session; a fixed number of steps may not', () => {
    const looping = learn([[1, 5, 9], [1, 5, 5, 9], [1, 5, 5, 5, 9], [1, 5, 5, 5, 5, 9]]);
    expect(departures(looping, [1, 5, 5, 5, 5, 5, 5, 5, 5, 9])).toEqual([]);
    const fixed = learn([[1, 5, 5, 5, 9]]);
    expect(departures(fixed, [1, 5, 5, 5, 5, 9])).toEqual([{ index: 4, kind: 'unexpected' }]);
  });
});
