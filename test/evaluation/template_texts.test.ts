import { writeFileSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import { templateTexts } from '../../deeplog/evaluation/index.js';
import { removeScratchAfterwards, scratchFolder } from '../helpers.js';

removeScratchAfterwards();

describe('template texts', () => {
  it('come from a table, id first and text last, without placeholders', async () => {
    const file = path.join(scratchFolder(), 'templates.tsv');
    writeFileSync(file, 'event_id\tlines\ttemplate\n1\t18\t<unseen template>\n2\t4\tReceiving block <*>\n30\t4\t<*>\n');
    expect([...((await templateTexts({ templatesFile: file })) ?? [])]).toEqual([[2, 'Receiving block <*>'], [30, '<*>']]);
    writeFileSync(file, 'event_id\ttemplate\nE5\tReceiving block\n');
    await expect(templateTexts({ templatesFile: file })).rejects.toThrow(`${file}: line 2 is no "event id … text" row`);
  });

  it('come from templates.json of a parsed log; there are none of a file of ids', async () => {
    const folder = scratchFolder();
    writeFileSync(path.join(folder, 'templates.json'), '{"1": "a b", "2": "c <*>"}');
    expect([...((await templateTexts({ folder })) ?? [])]).toEqual([[1, 'a b'], [2, 'c <*>']]);
    expect(await templateTexts({})).toBeNull();
    expect(await templateTexts({ templatesFile: path.join(folder, 'nowhere.tsv') })).toBeNull();
  });
});
