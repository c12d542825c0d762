import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { drawDot, drawSvg, learnWorkflow, outline, simplify, toNetwork, WORKFLOW_DEFAULTS, type Outline } from '../../deeplog/workflow/index.js';

const workflow = learnWorkflow([
  { events: [1, 2, 3, 4, 5], count: 60 }, { events: [1, 3, 2, 4, 5], count: 30 }, { events: [1, 2, 3, 4], count: 10 },
], WORKFLOW_DEFAULTS);

describe('workflows.json', () => {
  it('has a root and one key per node, as the DeepLog trainer writes it', () => {
    const network = toNetwork(workflow);
    expect(network[0]).toMatchObject({ value: null, parents: [], is_start: false, is_end: false });
    const first = network[network[0].children[1]];
    expect(first).toMatchObject({ value: 1, parents: [0], is_start: true, is_end: false });
    for (const [id, node] of Object.entries(network)) {
      for (const [key, child] of Object.entries(node.children)) {
        expect(network[child].value).toBe(Number(key));
        expect(network[child].parents).toContain(Number(id));
      }
    }
  });

  it('accepts exactly the sessions that the workflow knows', () => {
    const network = toNetwork(workflow);
    const accepts = (events: readonly number[]): boolean => {
      let node = network[0];
      for (const event of events) {
        if (!(event in node.children)) return false;
        node = network[node.children[event]];
      }
      return node.is_end;
    };
    expect([[1, 2, 3, 4, 5], [1, 3, 2, 4, 5], [1, 2, 3, 4], [1, 3, 2, 4]].map(accepts)).toEqual([true, true, true, true]);
    expect([[1, 2, 3], [1, 2, 4, 5], [2, 1, 3, 4, 5]].map(accepts)).toEqual([false, false, false]);
  });
});

describe('the drawing', () => {
  it('joins what is concurrent into one block and chains into one box', () => {
    const { nodes, edges, coverage } = simplify(outline(workflow, 0));
    const text = nodes.map((n) => `${n.anyOrder ? 'any ' : ''}${n.keys.map((k) => `${k.count}x${k.key}`).join(' ')}`);
    expect(text.sort()).toEqual(['1x1', '1x4', '1x5', 'any 1x2 1x3']);
    expect(edges).toHaveLength(3);
    expect(coverage).toBe(1);
  });

  it('leaves rare steps out and says how much it shows', () => {
    const { nodes, coverage } = simplify(outline(workflow, 0.95));
    expect(nodes.map((n) => n.keys[0].key)).toEqual([1]);
    expect(coverage).toBe(0);
  });

  it('marks loops', () => {
    const looping = learnWorkflow([1, 2, 3, 4, 5].map((n) => ({ events: [1, ...new Array<number>(n).fill(7), 9, 9], count: 1 })), WORKFLOW_DEFAULTS);
    const drawn = simplify(outline(looping, 0));
    expect(drawn.nodes.flatMap((n) => n.loops)).toEqual([7]);
    expect(drawDot(drawn)).toMatch(/n0 -> n0 \[label="#7 again"\]/);
    expect(drawSvg(drawn, 't')).toContain('↻ #7');
  });

  it('lets as many sessions leave a box, or end there, as come to it, however often they loop', () => {
    const looping = learnWorkflow([1, 2, 3, 4, 5, 6].map((n) => ({ events: [1, ...new Array<number>(n).fill(7), n % 3 === 0 ? 8 : 9, 9], count: 10 })), WORKFLOW_DEFAULTS);
    const { nodes, edges } = outline(looping, 0);
    expect(nodes.some((n) => n.loops.includes(7))).toBe(true);
    for (const { id, visits, ends } of nodes) expect(edges.reduce((n, e) => n + (e.from === id ? e.visits : 0), 0) + ends).toBeCloseTo(visits, 6);
  });

  it('escapes what templates hold', () => {
    const drawn = simplify(outline(workflow, 0));
    const svg = drawSvg(drawn, 'a <b> & "c"', { 1: '<script>&' });
    expect(svg).toContain('a &lt;b&gt; &amp; &quot;c&quot;');
    expect(svg).not.toContain('<script>');
    expect(drawDot(drawn, { 1: 'say "hi" \\' })).toContain('say \\"hi\\" \\\\');
  });

  it('lets no share lie on another, or on a box, and no edge run behind a box', () => {
    const outlines = fc.integer({ min: 2, max: 9 }).chain((n) => fc.record({
      lines: fc.array(fc.integer({ min: 1, max: 4 }), { minLength: n, maxLength: n }),
      pairs: fc.uniqueArray(fc.tuple(fc.nat(n - 2), fc.nat(n - 2)).map(([a, step]): [number, number] => [a, a + 1 + (step % (n - 1 - a))]), { selector: String, maxLength: 16 }),
    })).map(({ lines, pairs }): Outline => ({
      nodes: lines.map((count, id) => ({ id, keys: Array.from({ length: count }, (_, k) => ({ key: k + 1, count: 1 })), loops: [], anyOrder: false, visits: 100, ends: id % 2, start: id === 0 })),
      edges: pairs.map(([from, to]) => ({ from, to, visits: 100 })), coverage: 1, sessions: 100,
    }));
    const numbers = (text: string): number[] => Array.from(text.matchAll(/-?[\d.]+/g), Number);
    fc.assert(fc.property(outlines, (drawn) => {
      const svg = drawSvg(drawn, 't');
      const boxes = Array.from(svg.matchAll(/<rect class="box" x="([-\d.]+)" y="([-\d.]+)" width="([\d.]+)" height="([\d.]+)"/g), ([, ...m]) => m.map(Number)).map(([x, y, w, h]) => ({ x, y, w, h }));
      // As wide as 11-pixel digits are at the most.
      const shares = Array.from(svg.matchAll(/<text class="share" x="([-\d.]+)" y="([-\d.]+)"[^>]*>([^<]*)</g), ([, x, y, text]) => ({ x: Number(x), y: Number(y) - 9, w: 5.8 * text.length, h: 11 }));
      expect(boxes).toHaveLength(drawn.nodes.length);
      expect(shares).toHaveLength(drawn.edges.length + 1);
      const apart = (a: typeof boxes[0], b: typeof boxes[0]): boolean => a.x + a.w <= b.x || b.x + b.w <= a.x || a.y + a.h <= b.y || b.y + b.h <= a.y;
      shares.forEach((a, i) => { for (const b of [...shares.slice(i + 1), ...boxes]) expect(apart(a, b)).toBe(true); });
      for (const [, path] of svg.matchAll(/<path d="(M[^"]*)" fill="none"/g)) {
        let [x, y] = numbers(path);
        for (const [, command, rest] of path.slice(1).matchAll(/([VC])([^VC]*)/g)) {
          const to = numbers(rest);
          const end = command === 'V' ? [x, to[0]] : [to[4], to[5]];
          // A curve leaves and arrives upright between two layers: its own box encloses it.
          const around = { x: Math.min(x, end[0]), y: Math.min(y, end[1]), w: Math.abs(end[0] - x), h: end[1] - y };
          for (const box of boxes) expect(apart(around, box)).toBe(true);
          [x, y] = end;
        }
      }
    }), { numRuns: 60 });
  });
});
