import { describe, expect, it } from 'vitest';
import { Follower, learnWorkflow, Workflow, WORKFLOW_DEFAULTS } from '../../deeplog/workflow/index.js';

// A block's life: 1 opens, 2 and 3 in any order, 4 closes; most sessions are deleted (5) after it.
const workflow = learnWorkflow([
  { events: [1, 2, 3, 4, 5], count: 60 }, { events: [1, 3, 2, 4, 5], count: 30 }, { events: [1, 2, 3, 4], count: 10 },
], WORKFLOW_DEFAULTS);
const follower = new Follower(workflow);

describe('following a session', () => {
  it('names the event of a wrong order, once, and goes on after it', () => {
    const { departures } = follower.follow([1, 4, 2, 3, 5]);
    expect(departures[0]).toMatchObject({ index: 1, kind: 'unexpected', key: 4 });
    expect(follower.follow([1, 2, 7, 3, 4, 5]).departures).toMatchObject([{ index: 2, kind: 'unexpected', key: 7 }]);
  });

  it('names the step that is missing, and where the session went past it', () => {
    expect(follower.follow([1, 2, 4, 5]).departures).toMatchObject([{ index: 2, kind: 'missing', key: 4, skipped: [3] }]);
  });

  it('does not take a bare prefix for normal', () => {
    expect(follower.follow([1, 2, 3]).departures).toMatchObject([{ index: 3, kind: 'early end', key: null }]);
    expect(follower.follow([]).departures).toMatchObject([{ index: 0, kind: 'early end' }]);
  });

  it('says what is expected, with shares of the training sessions', () => {
    const [, afterOpen] = workflow.states;
    expect(afterOpen.bag).toEqual([[1, 1]]);
    expect(workflow.expected(1)).toEqual([{ key: 2, probability: 0.7 }, { key: 3, probability: 0.3 }]);
    const closed = workflow.states.findIndex(({ bag }) => bag.map(([k]) => k).join() === '1,2,3,4');
    expect(workflow.expected(closed)).toEqual([{ key: 5, probability: 0.9 }, { key: null, probability: 0.1 }]);
  });

  it('weighs how rare the rarest step is', () => {
    expect(follower.follow([1, 2, 3, 4]).surprise).toBeCloseTo(-Math.log(0.1), 12);
    expect(follower.follow([1, 3, 2, 4, 5]).surprise).toBeCloseTo(-Math.log(0.3), 12);
  });

  it('does the same after a round trip through JSON', () => {
    const restored = Workflow.fromJSON(JSON.parse(JSON.stringify(workflow)));
    expect(new Follower(restored).follow([1, 2, 4, 5])).toEqual(follower.follow([1, 2, 4, 5]));
    expect(restored.keys).toEqual(workflow.keys);
  });
});
