import { writeFileSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, it, vi } from 'vitest';
import { resolveOptions, type OptionSpecs } from '../../deeplog/cli/index.js';
import { suggestion } from '../../deeplog/cli/options.js';
import { removeScratchAfterwards, scratchFolder } from '../helpers.js';

removeScratchAfterwards();

const SPECS = {
  config: { type: 'string', group: 'g', describe: 'yaml' },
  window_size: { type: 'integer', group: 'g', default: 10, min: 1, max: 1000, describe: 'w' },
  rate: { type: 'number', group: 'g', default: 0.5, min: 0, max: 1, exclusive: true, describe: 'r' },
  mode: { type: 'string', group: 'g', default: 'fast', choices: ['fast', 'slow'], describe: 'm' },
  on: { type: 'boolean', group: 'g', default: false, describe: 'o' },
  names: { type: 'strings', group: 'g', default: ['a'], choices: ['a', 'b', 'c'], describe: 'n' },
  delta: { type: 'literal', group: 'g', describe: 'd' },
  must: { type: 'string', group: 'g', required: true, describe: 'needed' },
} as const satisfies OptionSpecs;

const resolve = (given: Record<string, unknown>, ini: Record<string, unknown> = {}) => resolveOptions(SPECS, { must: 'x', ...given }, () => [{ name: 'drain3.ini', values: ini, lenient: true }]);

describe('flags', () => {
  it('come from the command line, else the YAML file, else drain3.ini, else the default', () => {
    const file = path.join(scratchFolder(), 'f.yaml');
    writeFileSync(file, 'window-size: 20\nrate: .25\n');
    expect(resolve({ config: file, rate: '0.1' }, { window_size: '30', rate: '0.9', mode: 'slow', other: 1 })).toMatchObject({ window_size: 20, rate: 0.1, mode: 'slow', on: false, names: ['a'] });
  });

  it('are turned into their types', () => {
    expect(resolve({ on: 'yes', names: ['a,b', 'c'], delta: "{'minutes'=1}", window_size: '1e2' })).toMatchObject({ on: true, names: ['a', 'b', 'c'], delta: { minutes: 1 }, window_size: 100 });
  });

  it.each([
    [{ window_size: 'abc' }, '--window_size is "abc"; it must be a whole number (1 to 1000).'],
    [{ window_size: '2.5' }, '--window_size is "2.5"; it must be a whole number (1 to 1000).'],
    [{ window_size: '0' }, '--window_size is "0"; it must be a whole number (1 to 1000).'],
    [{ window_size: '' }, '--window_size is ""; it must be a whole number (1 to 1000).'],
    [{ rate: '1' }, '--rate is "1"; it must be a number (above 0, below 1).'],
    [{ rate: 'NaN' }, '--rate is "NaN"; it must be a number (above 0, below 1).'],
    [{ mode: 'fsat' }, '--mode is "fsat"; it must be one of fast, slow. Did you mean fast?'],
    [{ mode: ['fast', 'slow'] }, '--mode is given twice (fast, slow); give it once.'],
    [{ on: 'maybe' }, '--on is "maybe"; it must be true or false.'],
    [{ names: 'a,d' }, '--names names "d"; known are a, b, c.'],
    [{ delta: '{' }, '--delta'],
    [{ must: undefined }, '--must is missing: needed.'],
  ])('%j is refused with the flag, the value and what is allowed', (given, message) => {
    expect(() => resolve(given)).toThrow(message);
  });

  it('from a file are refused with the file and the key', () => {
    expect(() => resolve({}, { window_size: 'many' })).toThrow('drain3.ini: window_size is "many"; it must be a whole number (1 to 1000).');
    const file = path.join(scratchFolder(), 'f.yaml');
    writeFileSync(file, 'windw_size: 20\n');
    expect(() => resolve({ config: file })).toThrow('"windw_size" is no setting of this stage. Did you mean window_size?');
    writeFileSync(file, 'a: [1\n');
    expect(() => resolve({ config: file })).toThrow('is not valid YAML');
  });
});

describe('a guess at what was meant', () => {
  const known = ['input_file', 'output_path', 'max_epochs', 'g', 'help'];
  it.each([['inputfile', 'input_file'], ['epochs', 'max_epochs'], ['outputpathh', 'output_path'], ['hlep', 'help'], ['output', 'output_path']])('%s: %s', (word, meant) => {
    expect(suggestion(word, known)).toBe(` Did you mean ${meant}?`);
  });

  it('is not made of two letters, or of nothing like it', () => {
    for (const word of ['h5', 'x', 'quantum']) expect(suggestion(word, known)).toBe('');
  });
});

describe('a flag that was renamed', () => {
  const RENAMED = { parser: { type: 'string', group: 'g', default: 'drain', choices: ['drain', 'jaccard'], formerly: { engine: { Drain: 'drain', JaccardDrain: 'jaccard' } }, describe: '' }, ini: { type: 'string', group: 'g', formerly: { config_file: null }, describe: '' }, config: { type: 'string', group: 'g', describe: '' } } as const satisfies OptionSpecs;
  const said = (resolveIt: () => unknown): [unknown, string] => {
    const write = vi.spyOn(process.stderr, 'write').mockReturnValue(true);
    try {
      return [resolveIt(), write.mock.calls.map(([text]) => String(text)).join('')];
    } finally {
      write.mockRestore();
    }
  };

  it('is taken by its old name and old values, and that is said in a line', () => {
    expect(said(() => resolveOptions(RENAMED, { config_file: 'none', engine: 'JaccardDrain' }))).toEqual([{ parser: 'jaccard', ini: 'none' }, 'note: --engine is now --parser jaccard; the old name still works\nnote: --config_file is now --ini; the old name still works\n']);
    const file = path.join(scratchFolder(), 'f.yaml');
    writeFileSync(file, 'config-file: a.ini\n');
    expect(said(() => resolveOptions(RENAMED, { config: file }))).toEqual([{ config: file, parser: 'drain', ini: 'a.ini' }, `note: ${file}: config_file is now ini; the old name still works\n`]);
  });

  it('wins by its new name, and is refused for a wrong value under it', () => {
    expect(said(() => resolveOptions(RENAMED, { ini: 'new', config_file: 'old' }))[0]).toMatchObject({ ini: 'new' });
    expect(() => said(() => resolveOptions(RENAMED, { engine: 'Spell' }))).toThrow('--parser is "Spell"; it must be one of drain, jaccard.');
  });
});
