import { existsSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import { readJson } from '../../deeplog/artifacts/index.js';
import { loadState, mergeStateFiles, saveState, TemplateMiner, type MinerOptions } from '../../deeplog/parsing/index.js';
import { removeScratchAfterwards, scratchFolder } from '../helpers.js';

removeScratchAfterwards();

const OPTIONS: MinerOptions = { drain: { simTh: 0.5 }, masking: [{ regexPattern: '\\d+', maskWith: 'N' }], extraDelimiters: ['='] };

async function saved(folder: string, lines: readonly string[], options = OPTIONS): Promise<string> {
  const miner = new TemplateMiner(options);
  for (const l of lines) miner.add(l);
  await saveState(miner, path.join(folder, 'drain_state.json'), true);
  return folder;
}

describe('merging saved states', () => {
  it('writes a state that goes on with the same settings, and its templates', async () => {
    const [a, b, out] = [scratchFolder(), scratchFolder(), path.join(scratchFolder(), 'merged')];
    await saved(a, ['disk 1 is full', 'user=ann logged in']);
    await saved(b, ['user=bob logged in']);
    expect(await mergeStateFiles([a, path.join(b, 'drain_state.json')], out, false, true)).toMatchObject({ before: [2, 1], after: 2 });
    expect(await readJson(path.join(out, 'templates.json'))).toEqual({ 1: 'disk <N> is full', 2: 'user <*> logged in' });
    const miner = await loadState(path.join(out, 'drain_state.json'), OPTIONS);
    expect(miner.match('user=eve logged in')).toEqual({ id: 2, size: 2, template: 'user <*> logged in' });
  });

  it('refuses states of different settings, and a finished result unless told to replace it', async () => {
    const [a, b, c, out] = [scratchFolder(), scratchFolder(), scratchFolder(), path.join(scratchFolder(), 'merged')];
    await saved(a, ['x']);
    await saved(b, ['y'], { drain: { simTh: 0.6 } });
    await saved(c, ['z']);
    await expect(mergeStateFiles([a, b], out, false, true)).rejects.toThrow('other parser settings');
    await expect(mergeStateFiles([a], out, false, true)).rejects.toThrow('at least two');
    await expect(mergeStateFiles([a, path.join(c, 'missing.json')], out, false, true)).rejects.toThrow('missing.json');
    expect(existsSync(out)).toBe(false);
    await mergeStateFiles([a, c], out, false, true);
    await expect(mergeStateFiles([a, c], out, false, true)).rejects.toThrow('--overwrite');
  });
});
