import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { TemplateMiner, type FullSearch } from '../../deeplog/parsing/index.js';

// Expected values come from Drain3 itself: scripts/fixtures/make_drain3_reference.py.
interface Reference {
  case: { seed: number; sim_th: number; depth: number; max_children: number; max_clusters: number | null; numeric: boolean; delimiters: string[]; masks: [string, string][] };
  lines: string[];
  learned: [change: string, id: number, size: number, template: string, parameters: [string, string][] | null][];
  probes: string[];
  matched: (number | null)[][];
}

const references = JSON.parse(readFileSync(new URL('../fixtures/drain3_reference.json', import.meta.url), 'utf8')) as Reference[];
const CHANGES: Record<string, string> = { none: 'none', cluster_created: 'created', cluster_template_changed: 'changed' };

function minerFor({ case: c }: Reference): TemplateMiner {
  return new TemplateMiner({
    drain: { simTh: c.sim_th, depth: c.depth, maxChildren: c.max_children, maxClusters: c.max_clusters, parametrizeNumericTokens: c.numeric },
    extraDelimiters: c.delimiters,
    masking: c.masks.map(([regexPattern, maskWith]) => ({ regexPattern, maskWith })),
  });
}

describe.each(references.map((r) => [`settings of seed ${r.case.seed}`, r] as const))('Drain, %s', (_, reference) => {
  it('answers every message as Drain3 does: change, id, size, template', () => {
    const miner = minerFor(reference);
    reference.lines.forEach((line, i) => {
      const [change, id, size, template] = reference.learned[i];
      expect({ i, line, ...miner.add(line) }).toEqual({ i, line, change: CHANGES[change], id, size, template });
    });
  });

  it('matches without learning as Drain3 does, for each search strategy', () => {
    const miner = minerFor(reference);
    for (const line of reference.lines) miner.add(line);
    reference.probes.forEach((line, i) => {
      const found = (['never', 'fallback', 'always'] as FullSearch[]).map((s) => miner.match(line, s)?.id ?? null);
      expect({ line, found }).toEqual({ line, found: reference.matched[i] });
    });
  });

  it('gives every parameter a value that stands in the message, as many as the template has places', () => {
    const miner = minerFor(reference);
    for (const line of reference.lines) {
      const { template } = miner.add(line);
      const parameters = miner.parameters(line, template);
      expect(parameters).not.toBeNull();
      for (const { value } of parameters ?? []) expect(line).toContain(value);
    }
  });
});

describe('parameters', () => {
  it('are those that Drain3 extracts, where masks and delimiters leave no choice', () => {
    // Seed 2: plain <*> masks, no delimiters. Drain3 finds them with one lazy regular expression over the whole line, which
    // can cut differently where two wildcards touch; tokens that hold no literal text beside a mask are unambiguous.
    const reference = references[1];
    const miner = minerFor(reference);
    let compared = 0;
    reference.lines.forEach((line, i) => {
      const { template } = miner.add(line);
      const theirs = reference.learned[i][4];
      if (theirs === null || template.split(' ').some((t) => t.includes('<*>') && t !== '<*>')) return;
      expect({ line, values: miner.parameters(line, template)?.map((p) => p.value) }).toEqual({ line, values: theirs.map(([v]) => v) });
      compared++;
    });
    expect(compared).toBeGreaterThan(200);
  });
});

describe('masks beside delimiters', () => {
  it('a delimiter that begins before a mask does not reach into it (Drain3: addr=<HEX> end)', () => {
    const miner = new TemplateMiner({ extraDelimiters: ['=0x'], masking: [{ regexPattern: '0x[0-9a-f]+', maskWith: 'HEX' }] });
    expect(miner.add('addr=0x1f').template).toBe('addr=<HEX>');
    expect(miner.add('addr=0x1f end').template).toBe('addr=<HEX> end');
  });

  it('masks that apply one after the other swallow earlier ones whole, and keep their places', () => {
    const miner = new TemplateMiner({ masking: [{ regexPattern: '\\d+', maskWith: 'N' }, { regexPattern: 'x=<N>', maskWith: 'X' }, { regexPattern: '<N>', maskWith: 'M' }] });
    const line = 'é x=12 y=34 x=5';
    const { template } = miner.add(line);
    expect(template).toBe('é <X> y=<M> <X>');
    expect(miner.parameters(line, template)).toEqual([{ value: 'x=12', mask: 'X' }, { value: '34', mask: 'M' }, { value: 'x=5', mask: 'X' }]);
  });
});
