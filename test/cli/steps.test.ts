import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { main, type Stage, type StageGroup } from '../../deeplog/cli/index.js';

const ran: unknown[] = [];
const step = (command: string): Stage => ({
  command, describe: `does ${command}`,
  options: { size: { type: 'integer', group: 'g', describe: 'how large' } },
  run: (given) => { ran.push([command, given.size]); return Promise.resolve(); },
});
const GROUP: StageGroup = { command: 'net', describe: 'a stage of two steps', stages: [step('vocab'), step('train')] };
const STAGES = [step('plain'), GROUP];

let said = '';
beforeEach(() => {
  ran.length = 0;
  said = '';
  process.exitCode = undefined;
  vi.spyOn(process.stderr, 'write').mockImplementation((text) => { said += String(text); return true; });
});
afterEach(() => {
  vi.restoreAllMocks();
  process.exitCode = undefined;
});

describe('a stage of several steps', () => {
  it('runs the step that is named, with its flags', async () => {
    await main(STAGES, ['net', 'train', '--size', '3']);
    await main(STAGES, ['plain', '--size', '4']);
    expect(ran).toEqual([['train', '3'], ['plain', '4']]);
  });

  it.each([
    [['net'], 'Name a step: vocab, train. See --help.'],
    [['net', 'trian'], 'There is no step "trian". Did you mean train? See --help.'],
    [['net', 'train', '--sise', '3'], 'There is no flag --sise. Did you mean size? See --help.'],
    [['net', 'train', '--size', '3', 'b.log'], '"b.log" belongs to no flag. Give its flag before it; a pattern for several files goes between quotes. See --help.'],
    [['nte'], 'There is no stage "nte". Did you mean net? See deeplog --help.'],
    [[], 'Name a stage: plain, net. See --help.'],
  ])('%j is refused, with what there is instead', async (args, message) => {
    await main(STAGES, args);
    expect(ran).toEqual([]);
    expect(said).toBe(`deeplog: ${message}\n`);
    expect(process.exitCode).toBe(2);
  });
});

describe('the first screen', () => {
  const GROUPED: readonly (Stage | StageGroup)[] = [{ ...step('plain'), group: 'Start', describe: 'a description that is longer than a narrow terminal has room for' }, { ...GROUP, group: 'Train' }];

  it('lists every command under its heading, in the order of the work, within the terminal', async () => {
    let shown = '';
    vi.spyOn(process.stdout, 'write').mockImplementation((text) => { shown += String(text); return true; });
    const columns = Object.getOwnPropertyDescriptor(process.stdout, 'columns');
    Object.defineProperty(process.stdout, 'columns', { value: 40, configurable: true });
    try {
      await main(GROUPED, ['--help']);
    } finally {
      if (columns === undefined) Reflect.deleteProperty(process.stdout, 'columns');
      else Object.defineProperty(process.stdout, 'columns', columns);
    }
    expect(process.exitCode).toBeUndefined();
    expect(shown).toContain('Start:\n  plain  a description that is longer\n         than a narrow terminal has room\n         for\n\nTrain:\n  net    a stage of two steps\n');
  });

  it('stands above the error where no command is named', async () => {
    await main(GROUPED, []);
    expect(said).toMatch(/^deeplog <command> \[flags\]\n[^]*\ndeeplog: Name a stage, for instance quickstart\. See --help\.\n$/);
    expect(process.exitCode).toBe(2);
  });
});
