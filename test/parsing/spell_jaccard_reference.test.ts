import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { captureState, restoreState, TemplateMiner, type MinerOptions } from '../../deeplog/parsing/index.js';

// Expected values: Drain3's JaccardDrain (jaccard_drain.py) and logpai/logparser's Spell (logparser3 1.0.4) over the same messages.
interface Reference {
  case: { seed: number; sim_th: number; depth: number; max_children: number; masks: string[] };
  lines: string[];
  jaccard: [change: string, id: number, size: number, template: string][];
  /** By tau; empty messages, which the original mishandles, are left out. */
  spell: Record<string, [id: number, template: string][]>;
}

const references = JSON.parse(readFileSync(new URL('../fixtures/spell_jaccard_reference.json', import.meta.url), 'utf8')) as Reference[];
const CHANGES: Record<string, string> = { none: 'none', cluster_created: 'created', cluster_template_changed: 'changed' };

function jaccardOptions({ case: c }: Reference): MinerOptions {
  return { parser: 'jaccard', drain: { simTh: c.sim_th, depth: c.depth, maxChildren: c.max_children }, masking: c.masks.map((regexPattern) => ({ regexPattern, maskWith: '*' })) };
}

function spellOptions({ case: c }: Reference, tau: number): MinerOptions {
  return { parser: 'spell', tau, masking: c.masks.map((regexPattern) => ({ regexPattern, maskWith: '*' })) };
}

describe.each(references.map((r) => [`seed ${r.case.seed}`, r] as const))('messages of %s', (_, reference) => {
  it('get from JaccardDrain what Drain3 gives them: change, id, size, template', () => {
    const miner = new TemplateMiner(jaccardOptions(reference));
    reference.lines.forEach((line, i) => {
      const [change, id, size, template] = reference.jaccard[i];
      expect({ i, line, ...miner.add(line) }).toEqual({ i, line, change: CHANGES[change], id, size, template });
    });
  });

  it.each(['0.4', '0.7'])('get from Spell what logparser gives them: id and template, tau %s', (tau) => {
    const miner = new TemplateMiner(spellOptions(reference, Number(tau)));
    const lines = reference.lines.filter((l) => /[^\s=:,]/.test(l));
    expect(lines).toHaveLength(reference.spell[tau].length);
    lines.forEach((line, i) => {
      const { id, template } = miner.add(line);
      expect({ i, line, id, template }).toEqual({ i, line, id: reference.spell[tau][i][0], template: reference.spell[tau][i][1] });
    });
  });

  it.each([['jaccard', jaccardOptions(reference)], ['spell', spellOptions(reference, 0.7)], ['spell, limited', { ...spellOptions(reference, 0.7), drain: { maxClusters: 12 } }], ['jaccard, limited', { ...jaccardOptions(reference), drain: { maxClusters: 12 } }]] as const)('go on from a saved state as if there had been no stop (%s)', (_name, options) => {
    const straight = new TemplateMiner(options);
    const expected = reference.lines.map((l) => straight.add(l));
    const first = new TemplateMiner(options);
    const half = reference.lines.length >> 1;
    for (const l of reference.lines.slice(0, half)) first.add(l);
    const second = new TemplateMiner(options);
    restoreState(second, JSON.parse(JSON.stringify(captureState(first))) as ReturnType<typeof captureState>);
    expect(reference.lines.slice(half).map((l) => second.add(l))).toEqual(expected.slice(half));
  });
});

describe('Spell', () => {
  it('finds the longest common subsequence of messages of different length', () => {
    const miner = new TemplateMiner({ parser: 'spell' });
    expect(miner.add('job 7 done in 3 s').template).toBe('job 7 done in 3 s');
    expect(miner.add('job 8 done after all in 12 s').template).toBe('job <*> done in <*> s');
    expect(miner.match('job 9 is done in 1 s', 'fallback')?.id).toBe(1);
    expect(miner.match('disk is full', 'fallback')).toBeNull();
    expect(miner.add('').template).toBe('');
    expect(miner.add('').id).toBe(2);
  });

  it('gives what stands between a template\'s words as parameters', () => {
    const miner = new TemplateMiner({ parser: 'spell' });
    for (const l of ['job 7 done in 3 s', 'job 8 done after all in 12 s']) miner.add(l);
    const line = Buffer.from('job 5 and 6 done in 40 s');
    miner.addBytes(line, 0, line.length, true);
    expect(Array.from({ length: miner.found.count }, (_, i) => line.toString('utf8', miner.found.starts[i], miner.found.ends[i]))).toEqual(['5 and 6', '40']);
  });
});
