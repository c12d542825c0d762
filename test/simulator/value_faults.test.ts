import { describe, expect, it } from 'vitest';
import { FAULTS, simulateBlockStore, VALUE_FAULTS } from '../../deeplog/simulator/index.js';

const planted = (faults: readonly (typeof FAULTS[number] | typeof VALUE_FAULTS[number])[]): ReturnType<typeof simulateBlockStore> => simulateBlockStore({ sessions: 60, anomalyShare: 0.5, seed: 5, faults });

describe('planted faults', () => {
  it('are the structural ones unless others are asked for', () => {
    const { labels } = simulateBlockStore({ sessions: 400, anomalyShare: 0.5, seed: 1 });
    expect(new Set(labels.flatMap((l) => (l.fault === null ? [] : [l.fault])))).toEqual(new Set(FAULTS));
  });

  it('name lines of their own session', () => {
    const { lines, labels } = planted(['wrong_order', 'unknown_event', 'retry_storm', ...VALUE_FAULTS]);
    for (const { key, fault, faultLines } of labels) {
      expect(faultLines.length > 0).toBe(fault !== null);
      for (const line of faultLines) expect(lines[line - 1]).toContain(key);
    }
  });

  it('of value kinds change no order: a size beyond 8 blocks, a step minutes after the one before', () => {
    const { lines, labels } = planted(['outlying_value']);
    for (const { faultLines } of labels.filter((l) => l.fault !== null)) expect(Number(/of size (\d+)/.exec(lines[faultLines[0] - 1])?.[1])).toBeGreaterThan(8 * 67108864 - 1);
    const slow = planted(['slow_step']);
    const seconds = (line: string): number => [7, 9, 11].reduce((s, at) => s * 60 + Number(line.slice(at, at + 2)), 0);
    for (const { key, faultLines } of slow.labels.filter((l) => l.fault !== null)) {
      const own = slow.lines.map((text, i) => ({ text, line: i + 1 })).filter(({ text }) => text.includes(key));
      const at = own.findIndex(({ line }) => line === faultLines[0]);
      expect(seconds(own[at].text) - seconds(own[at - 1].text)).toBeGreaterThanOrEqual(120);
    }
  });
});
