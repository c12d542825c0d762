import { execFileSync } from 'node:child_process';
import { existsSync, readdirSync, readFileSync, utimesSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import { patternId, patternsAsCsv, renderPatterns, TriageStore, withLock, type Sighting } from '../../deeplog/triage/index.js';
import { removeScratchAfterwards, scratchFolder } from '../helpers.js';

removeScratchAfterwards();

const sighting = (names: string[], key = 's1'): Sighting => ({ names, group: 'events 1', key, firstLine: 3, reason: 'because' });
const day = (n: number): Date => new Date(Date.UTC(2026, 0, 1 + n));
const standing = async (folder: string, names: string[], at = day(0)): Promise<string | null> => (await TriageStore.open(folder, at)).standing('d', names, 'events 1').answer;

describe('the triage file', () => {
  it('notes patterns, takes answers with who and when, and keeps every answer that was given', async () => {
    const folder = scratchFolder();
    await TriageStore.note(folder, 'd', [sighting(['event 7']), sighting(['event 7'], 's2'), sighting(['event 8'])], day(0));
    const id = patternId('d', ['event 7']);
    expect((await TriageStore.open(folder, day(0))).patterns).toMatchObject([{ id, names: ['event 7'], sessions: 2, answer: null, example: { key: 's1', first_line: 3, reason: 'because' } }, { names: ['event 8'] }]);
    await TriageStore.answer(folder, [id.slice(0, 5)], 'accepted', 'ann', 'a release', day(1));
    await TriageStore.answer(folder, [id], 'rejected', 'bob', null, day(2));
    const store = await TriageStore.open(folder, day(2));
    expect(store.standing('d', ['event 7'], '')).toEqual({ id, answer: 'rejected', by: 'bob', at: day(2).toISOString() });
    expect(store.history.map((h) => [h.id, h.answer, h.by, h.at, h.note])).toEqual([[id, 'accepted', 'ann', day(1).toISOString(), 'a release'], [id, 'rejected', 'bob', day(2).toISOString(), null]]);
    expect(store.standing('d', ['event 8'], '').answer).toBeNull();
    // Another detector's name is another pattern.
    expect(store.standing('e', ['event 7'], '').id).not.toBe(id);
    expect(readdirSync(folder)).toEqual(['triage.json']);
  });

  it('does not follow answers about events that have become others, and does not lose them', async () => {
    const folder = scratchFolder();
    const model = (templates: Record<string, string>): void => writeFileSync(path.join(folder, 'templates.json'), JSON.stringify(templates));
    model({ 1: 'opened <*>', 3: 'closed <*>' });
    const seen = (names: string[], group: string): Sighting => ({ ...sighting(names), group });
    await TriageStore.note(folder, 'd', [seen(['event 0 after event 3'], 'events 1 3'), seen(['event 1 is rare'], 'events 1')], day(0));
    await TriageStore.answer(folder, [patternId('d', ['event 0 after event 3']), patternId('d', ['event 1 is rare'])], 'accepted', 'ann', null, day(0));
    // The log was parsed again: event 3 is another, one more came.
    model({ 1: 'opened <*>', 3: 'failed <*>', 4: 'closed <*>' });
    const store = await TriageStore.open(folder, day(1));
    expect(store.outdated).toBe(1);
    expect(store.standing('d', ['event 0 after event 3'], 'events 1 3').answer).toBeNull();
    expect(store.standing('d', ['event 1 is rare'], 'events 1').answer).toBe('accepted');
    await TriageStore.note(folder, 'd', [seen(['event 0 after event 3'], 'events 1 3')], day(1));
    const file = JSON.parse(readFileSync(path.join(folder, 'triage.json'), 'utf8')) as { outdated: unknown[]; patterns: unknown[] };
    expect(file.outdated).toMatchObject([{ names: ['event 0 after event 3'], answer: 'accepted', by: 'ann' }]);
    expect(file.patterns).toMatchObject([{ answer: 'accepted' }, { names: ['event 0 after event 3'], answer: null }]);
    expect((await TriageStore.open(folder, day(1))).outdated).toBe(1);
  });

  it('keeps the example that says why when the pattern is quiet', async () => {
    const folder = scratchFolder();
    await TriageStore.note(folder, 'd', [sighting(['a'], 's1')], day(0));
    await TriageStore.note(folder, 'd', [{ ...sighting(['a'], 's2'), firstLine: null, reason: null }], day(1));
    expect((await TriageStore.open(folder, day(1))).patterns).toMatchObject([{ sessions: 2, example: { key: 's1', first_line: 3, reason: 'because' } }]);
  });

  it('counts alerts over all runs, with an example of the last one', async () => {
    const folder = scratchFolder();
    await TriageStore.note(folder, 'd', [sighting(['a'], 's1'), sighting(['a'], 's2')], day(0));
    await TriageStore.note(folder, 'd', [sighting(['a'], 's3'), sighting(['a'], 's1')], day(1));
    const store = await TriageStore.open(folder, day(1));
    expect(store.patterns.map((p) => [p.sessions, p.example.key, p.first_seen])).toEqual([[4, 's3', day(0).toISOString()]]);
    expect(renderPatterns(store, store.patterns)).toContain('open · 4 alerts, last seen');
    expect(patternsAsCsv(store.patterns).split('\r\n')[0].split(',')).toContain('alerts');
  });

  it('lets an accepted pattern clear its names for other sessions, and convicts the one that is left', async () => {
    const folder = scratchFolder();
    await TriageStore.note(folder, 'd', [sighting(['a', 'b']), sighting(['a', 'c'])], day(0));
    await TriageStore.answer(folder, [patternId('d', ['a', 'b'])], 'accepted', 'ann', null, day(0));
    expect(await Promise.all([['a'], ['b'], ['b', 'a'], ['a', 'c'], ['c']].map((names) => standing(folder, names)))).toEqual(['accepted', 'accepted', 'accepted', null, null]);
    await TriageStore.answer(folder, [patternId('d', ['a', 'c'])], 'rejected', 'ann', null, day(1));
    expect(await Promise.all([['a'], ['a', 'c'], ['c'], ['b', 'c'], ['z']].map((names) => standing(folder, names)))).toEqual(['accepted', 'rejected', 'rejected', 'rejected', null]);
    await TriageStore.answer(folder, [patternId('d', ['a', 'c'])], null, 'ann', null, day(2));
    expect(await standing(folder, ['c'])).toBeNull();
  });

  it('forgets answers about patterns that were not seen for a while; being seen keeps them', async () => {
    const folder = scratchFolder();
    const id = patternId('d', ['a']);
    await TriageStore.note(folder, 'd', [sighting(['a'])], day(0));
    await TriageStore.answer(folder, [id], 'accepted', 'ann', null, day(0));
    expect([await standing(folder, ['a'], day(90)), await standing(folder, ['a'], day(91))]).toEqual(['accepted', null]);
    await TriageStore.note(folder, 'd', [sighting(['a'])], day(80));
    expect(await standing(folder, ['a'], day(160))).toBe('accepted');
    expect((await TriageStore.open(folder, day(171))).ofStatus('lapsed').map((p) => p.id)).toEqual([id]);
    // Seen again after it lapsed: it asks, the old answer does not come back.
    await TriageStore.note(folder, 'd', [sighting(['a'])], day(200));
    expect(await standing(folder, ['a'], day(200))).toBeNull();
    await TriageStore.setMaxAge(folder, 7);
    await TriageStore.answer(folder, [id], 'rejected', 'ann', null, day(201));
    expect([await standing(folder, ['a'], day(208)), await standing(folder, ['a'], day(209))]).toEqual(['rejected', null]);
  });

  it('refuses ids that are unknown or not unique, by name, and changes nothing', async () => {
    const folder = scratchFolder();
    await TriageStore.note(folder, 'd', Array.from({ length: 40 }, (_, i) => sighting([`event ${i}`])), day(0));
    await expect(TriageStore.answer(folder, ['zz'], 'accepted', 'ann', null)).rejects.toThrow(/There is no pattern "zz" in .*triage\.json/);
    const ids = (await TriageStore.open(folder)).patterns.map((p) => p.id);
    const twice = ids.map((id) => id[0]).find((c, i, all) => all.indexOf(c) !== i) ?? '';
    await expect(TriageStore.answer(folder, [ids[0], twice], 'accepted', 'ann', null)).rejects.toThrow(/patterns begin with/);
    expect((await TriageStore.open(folder)).history).toEqual([]);
    writeFileSync(path.join(folder, 'triage.json'), '{"schema":"other"}');
    await expect(TriageStore.open(folder)).rejects.toThrow(/is no triage file of this version/);
  });

  it('loses nothing when several write at once, and frees itself of a lock whose holder was killed', async () => {
    const folder = scratchFolder();
    const ended = Number(execFileSync(process.execPath, ['-e', 'console.log(process.pid)'], { encoding: 'utf8' }));
    writeFileSync(path.join(folder, 'triage.json.lock'), String(ended));
    await Promise.all(Array.from({ length: 12 }, (_, i) => TriageStore.note(folder, 'd', [sighting([`event ${i}`])], day(0))));
    expect((await TriageStore.open(folder)).patterns).toHaveLength(12);
    expect(existsSync(path.join(folder, 'triage.json.lock'))).toBe(false);
    await expect(withLock(path.join(folder, 'missing', 'x'), () => Promise.resolve())).rejects.toThrow(/cannot be written/);
  });
});

describe('the lock', () => {
  it('is held by one at a time, also when all find one whose holder was killed', async () => {
    const file = path.join(scratchFolder(), 'x');
    const ended = execFileSync(process.execPath, ['-e', 'console.log(process.pid)'], { encoding: 'utf8' });
    let most = 0;
    let inside = 0;
    for (let round = 0; round < 4; round++) {
      writeFileSync(`${file}.lock`, ended);
      await Promise.all(Array.from({ length: 8 }, () => withLock(file, async () => {
        most = Math.max(most, ++inside);
        await sleep(1);
        inside--;
      })));
    }
    expect(most).toBe(1);
    expect(readdirSync(path.dirname(file))).toEqual([]);
  });

  it('is taken over when it has no holder and is old', async () => {
    const file = path.join(scratchFolder(), 'x');
    writeFileSync(`${file}.lock`, '');
    utimesSync(`${file}.lock`, new Date(0), new Date(0));
    expect(await withLock(file, () => Promise.resolve('done'))).toBe('done');
  });
});

describe('the id of a pattern', () => {
  it('is whole, so that one answer is never given to two patterns', async () => {
    const folder = scratchFolder();
    expect(patternId('d', ['a'])).toMatch(/^[0-9a-f]{64}$/);
    expect(patternId('d', ['a\nb'])).not.toBe(patternId('d', ['a', 'b']));
    await TriageStore.note(folder, 'd', [sighting(['a'])], day(0));
    await TriageStore.answer(folder, [patternId('d', ['a']).slice(0, 8)], 'accepted', 'ann', null, day(0));
    // A file with the short ids of before, another pattern's among them.
    const file = path.join(folder, 'triage.json');
    writeFileSync(file, readFileSync(file, 'utf8').replaceAll(patternId('d', ['a']), patternId('d', ['z']).slice(0, 8)));
    expect([await standing(folder, ['a']), await standing(folder, ['z'])]).toEqual(['accepted', null]);
  });
});

it('csv keeps commas, quotes and what a spreadsheet would run as text', async () => {
  const folder = scratchFolder();
  await TriageStore.note(folder, 'd', [sighting(['say "a, b"'], '=cmd()')], day(0));
  const [header, row] = patternsAsCsv((await TriageStore.open(folder)).patterns).split('\r\n');
  expect(header.split(',')).toHaveLength(12);
  expect(row).toContain(`,"say ""a, b""",1,`);
  expect(row).toContain(`,'=cmd(),3`);
});
