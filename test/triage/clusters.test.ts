import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Clusters } from '../../deeplog/triage/index.js';

const vectors = fc.array(fc.array(fc.integer({ min: -6, max: 6 }), { minLength: 2, maxLength: 2 }), { minLength: 1, maxLength: 40 });
const distance = (a: readonly number[], b: readonly number[]): number => Math.hypot(a[0] - b[0], a[1] - b[1]);

describe('clusters of vectors that come one after the other', () => {
  it('are those of the leader algorithm, worked out by looking at every earlier vector', () => {
    fc.assert(fc.property(vectors, fc.integer({ min: 0, max: 5 }), (stream, radius) => {
      const clusters = new Clusters(radius);
      const names = stream.map((v) => clusters.name(v));
      const leaders: number[] = [];
      const expected = stream.map((v, i) => {
        const leader = leaders.find((l) => distance(stream[l], v) <= radius);
        if (leader === undefined) leaders.push(i);
        return leader ?? i;
      });
      expect(names).toEqual(expected.map((l) => names[l]));
      expect(new Set(names).size).toBe(leaders.length);
      expect(clusters.all.map((c) => c.centre)).toEqual(leaders.map((l) => stream[l]));
    }));
  });

  it('keep the name of what was named once, whatever comes later, and go on after a restart as if there had been none', () => {
    fc.assert(fc.property(vectors, vectors, fc.integer({ min: 0, max: 5 }), (before, after, radius) => {
      const straight = new Clusters(radius);
      const names = before.map((v) => straight.name(v));
      const restarted = new Clusters(radius, JSON.parse(JSON.stringify(straight.all)) as typeof straight.all);
      expect(after.map((v) => restarted.name(v))).toEqual(after.map((v) => straight.name(v)));
      expect(before.map((v) => straight.name(v))).toEqual(names);
      expect(restarted.all).toEqual(straight.all);
    }));
  });

  it('have the oldest within reach take a vector, not the nearest; a vector of another length founds its own', () => {
    const clusters = new Clusters(2);
    const [first, second] = [clusters.name([0, 0]), clusters.name([3, 0])];
    expect(clusters.name([2, 0])).toBe(first);
    expect(clusters.name([3.5, 0])).toBe(second);
    expect(clusters.all).toHaveLength(2);
    expect([first, second]).not.toContain(clusters.name([0, 0, 0]));
    expect(first).toMatch(/^cluster [0-9a-f]{12}$/);
    // sha256 of "[0,0]", by another program.
    expect(first).toBe('cluster 3d5812abc84c');
  });
});
