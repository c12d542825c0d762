import fc from 'fast-check';
import { writeFileSync } from 'node:fs';
import path from 'node:path';
import { gzipSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import { ABNORMAL, distinctOf, END, NORMAL, PAD, PART, readEventStream, readSequenceFile, readSessionSet, SessionTableBuilder, splitByCount, splitByShare, UNK, UNLABELLED, Vocabulary, WindowBuilder, writeSplit, type SessionTable } from '../../deeplog/sequences/index.js';
import { readBatches } from '../../deeplog/artifacts/index.js';
import { removeScratchAfterwards, scratchFolder } from '../helpers.js';

removeScratchAfterwards();

function table(sequences: readonly (readonly number[])[], labels: readonly number[] = []): SessionTable {
  const builder = new SessionTableBuilder();
  sequences.forEach((s, i) => builder.add(s, 0, s.length, labels[i] ?? NORMAL));
  return builder.build();
}

const SHARES = { trainUntil: 0.4, validationUntil: 0.5, order: 'chronological', seed: 1, trainOn: 'normal' } as const;

describe('SessionTable', () => {
  it('keeps each distinct sequence once and gives every session its own back', () => {
    fc.assert(fc.property(fc.array(fc.array(fc.integer({ min: 0, max: 3 }), { maxLength: 6 }), { maxLength: 200 }), (sequences) => {
      const t = table(sequences);
      expect(t.distinct).toBe(new Set(sequences.map((s) => s.join())).size);
      sequences.forEach((s, i) => expect(Array.from(t.sequence(t.sequenceOf[i]))).toEqual(s));
    }), { numRuns: 200, seed: 5 });
  });

  it('has a hash that changes with any event, order or label', () => {
    const base = table([[1, 2], [3]], [0, 1]).contentHash();
    expect(table([[1, 2], [3]], [0, 1]).contentHash()).toBe(base);
    for (const other of [table([[1, 3], [3]], [0, 1]), table([[3], [1, 2]], [0, 1]), table([[1, 2], [3]], [1, 1]), table([[1], [2, 3]], [0, 1])]) expect(other.contentHash()).not.toBe(base);
  });
});

describe('splits', () => {
  const hundred = table(Array.from({ length: 100 }, (_, i) => [i + 1]), Array.from({ length: 100 }, (_, i) => (i % 10 === 9 ? ABNORMAL : NORMAL)));
  const rowsOf = (parts: Uint8Array, part: number): number[] => Array.from(parts, (p, i) => (p === part ? i : -1)).filter((i) => i >= 0);

  it('cut in file order at floor(n × share); abnormal sessions leave training and validation, and stay in test', () => {
    const { parts } = splitByShare(hundred, SHARES);
    expect(rowsOf(parts, PART.train)).toEqual(Array.from({ length: 40 }, (_, i) => i).filter((i) => i % 10 !== 9));
    expect(rowsOf(parts, PART.validation)).toEqual([40, 41, 42, 43, 44, 45, 46, 47, 48]);
    expect(rowsOf(parts, PART.test)).toEqual(Array.from({ length: 50 }, (_, i) => i + 50));
    expect(rowsOf(splitByShare(hundred, { ...SHARES, trainOn: 'all' }).parts, PART.none)).toEqual([]);
  });

  it('leave one window out at each seam when windows overlap, so that no line is on both sides', () => {
    const { parts } = splitByShare(table(Array.from({ length: 20 }, () => [1])), { ...SHARES, purgeSeams: true });
    expect(rowsOf(parts, PART.none)).toEqual([8, 10]);
    // Windows k and k + 1 share lines; k and k + 2 do not.
    const last = (part: number): number => Math.max(...rowsOf(parts, part));
    const first = (part: number): number => Math.min(...rowsOf(parts, part));
    expect(first(PART.validation) - last(PART.train)).toBe(2);
    expect(first(PART.test) - last(PART.validation)).toBe(2);
  });

  it('leave out every window that shares lines with one before the boundary, where lines are known', () => {
    // 20 lines every 5: a window overlaps the three after it.
    const builder = new SessionTableBuilder();
    const first = Float64Array.from({ length: 40 }, (_, i) => 1 + 5 * i);
    for (let i = 0; i < 40; i++) builder.add([1], 0, 1, NORMAL);
    const details = { ids: first, keys: Array.from(first, String), firstLines: first, lastLines: first.map((l) => l + 19), startTimes: null };
    const { parts } = splitByShare(builder.build(details), { ...SHARES, validationUntil: 0.7, purgeSeams: true });
    expect(rowsOf(parts, PART.none)).toEqual([16, 17, 18, 28, 29, 30]);
    const linesOf = (part: number): Set<number> => new Set(rowsOf(parts, part).flatMap((r) => Array.from({ length: 20 }, (_, k) => first[r] + k)));
    for (const [a, b] of [[PART.train, PART.validation], [PART.validation, PART.test]] as const) expect([...linesOf(a)].filter((l) => linesOf(b).has(l))).toEqual([]);
  });

  it('have no seams to purge after a shuffle', () => {
    const { parts } = splitByShare(table(Array.from({ length: 20 }, () => [1])), { ...SHARES, order: 'random', purgeSeams: true });
    expect(rowsOf(parts, PART.none)).toEqual([]);
  });

  it('shuffle by seed', () => {
    const a = splitByShare(hundred, { ...SHARES, order: 'random' });
    expect(splitByShare(hundred, { ...SHARES, order: 'random' }).parts).toEqual(a.parts);
    expect(splitByShare(hundred, { ...SHARES, order: 'random', seed: 2 }).parts).not.toEqual(a.parts);
    expect(rowsOf(a.parts, PART.test)).toHaveLength(50);
  });

  it('draw a count of normals and test on all the rest', () => {
    const { parts } = splitByCount(hundred, 20, 10, 3);
    expect([PART.train, PART.validation, PART.test].map((p) => rowsOf(parts, p).length)).toEqual([20, 10, 70]);
    for (const part of [PART.train, PART.validation]) for (const row of rowsOf(parts, part)) expect(hundred.labels[row]).toBe(NORMAL);
  });

  it('have a hash over data and parts', () => {
    const hash = splitByShare(hundred, SHARES).sha256;
    expect(splitByShare(hundred, SHARES).sha256).toBe(hash);
    expect(splitByShare(hundred, { ...SHARES, validationUntil: 0.6 }).sha256).not.toBe(hash);
    expect(splitByShare(table(Array.from({ length: 100 }, () => [1])), SHARES).sha256).not.toBe(hash);
  });

  it('refuse boundaries out of order and empty parts', () => {
    expect(() => splitByShare(hundred, { ...SHARES, trainUntil: 0.9 })).toThrow('cumulative boundaries');
    expect(() => splitByShare(table([[1]]), SHARES)).toThrow('part is empty');
  });

  it('are files of row and part', async () => {
    const file = path.join(scratchFolder(), 'splits', 'x-1.arrow');
    const split = splitByShare(hundred, SHARES);
    await writeSplit(file, split);
    await writeSplit(file, split);
    for await (const batch of readBatches(file)) {
      expect(Array.from(batch.getChild('row') ?? [])).toEqual(Array.from({ length: 100 }, (_, i) => i));
      expect(Array.from(batch.getChild('part') ?? [])).toEqual(Array.from(split.parts));
    }
  });

  it('list a part by distinct sequence with counts', () => {
    const t = table([[1], [2], [1], [1], [3], [1], [2], [9], [9], [9]]);
    const { sequences, counts, sessions } = distinctOf(t, splitByShare(t, SHARES), PART.train);
    expect([...sequences].map((d) => [...t.sequence(d)])).toEqual([[1], [2]]);
    expect([...counts]).toEqual([3, 1]);
    expect(sessions).toBe(4);
  });
});

describe('Vocabulary', () => {
  it('knows the training events only; event 0 and everything else is UNK', () => {
    const v = Vocabulary.fit([[5, 0, 7], [5]]);
    expect([5, 7, 6, 0].map((e) => v.index(e))).toEqual([3, 4, UNK, UNK]);
    expect(v.size).toBe(5);
    expect([PAD, UNK, END, 3, 4].map((i) => v.event(i))).toEqual([null, null, null, 5, 7]);
  });
});

describe('windows', () => {
  it('pad on the left, predict every key from the first on, and the end', () => {
    const builder = new WindowBuilder(Vocabulary.fit([[7, 8]]), 3, true);
    builder.add([7, 8], 2);
    const w = builder.build();
    expect(Array.from({ length: w.count }, (_, i) => [Array.from(w.windows.subarray(i * 3, i * 3 + 3)), w.targets[i], w.weights[i]])).toEqual([
      [[PAD, PAD, PAD], 3, 2], [[PAD, PAD, 3], 4, 2], [[PAD, 3, 4], END, 2],
    ]);
  });

  it('equal a brute-force count of (window, key) pairs', () => {
    const sequences = fc.array(fc.tuple(fc.array(fc.integer({ min: 1, max: 3 }), { maxLength: 8 }), fc.integer({ min: 1, max: 5 })), { maxLength: 30 });
    fc.assert(fc.property(sequences, fc.integer({ min: 1, max: 4 }), fc.boolean(), (rows, size, end) => {
      const vocabulary = Vocabulary.fit([[1, 2]]); // 3 is unknown
      const builder = new WindowBuilder(vocabulary, size, end);
      const expected = new Map<string, number>();
      for (const [sequence, weight] of rows) {
        const pairs: number[] = [];
        builder.add(sequence, weight, (pair) => pairs.push(pair));
        const ids = [...Array<number>(size).fill(PAD), ...sequence.map((e) => vocabulary.index(e)), ...(end ? [END] : [])];
        for (let i = size; i < ids.length; i++) {
          const key = ids.slice(i - size, i + 1).join();
          expected.set(key, (expected.get(key) ?? 0) + weight);
        }
        expect(pairs).toHaveLength(sequence.length + (end ? 1 : 0));
      }
      const w = builder.build();
      const found = new Map(Array.from({ length: w.count }, (_, i) => [[...w.windows.subarray(i * size, (i + 1) * size), w.targets[i]].join(), w.weights[i]]));
      expect(found).toEqual(expected);
    }), { numRuns: 200, seed: 9 });
  });
});

describe('readers', () => {
  it('read sequence files, plain or gzipped, with labels beside', async () => {
    const folder = scratchFolder();
    const [sessions, labels] = [path.join(folder, 's.txt.gz'), path.join(folder, 'l.txt')];
    writeFileSync(sessions, gzipSync('1 2 3\n4,5\r\n\n1 2 3'));
    writeFileSync(labels, '0\n1\n0\n0\n');
    const t = await readSequenceFile(sessions, labels);
    expect(Array.from({ length: t.size }, (_, i) => [Array.from(t.sequence(t.sequenceOf[i])), t.labels[i]])).toEqual([[[1, 2, 3], 0], [[4, 5], 1], [[], 0], [[1, 2, 3], 0]]);
    expect((await readSequenceFile(sessions)).labels).toEqual(new Uint8Array(4).fill(UNLABELLED));
    writeFileSync(labels, '0\n1\n');
    await expect(readSequenceFile(sessions, labels)).rejects.toThrow('has 2 labels for 4 sessions');
    writeFileSync(labels, '0\n2\n0\n0\n');
    await expect(readSequenceFile(sessions, labels)).rejects.toThrow(/l\.txt, line 2: expected 0 or 1, got "2"/);
    writeFileSync(path.join(folder, 'bad.txt'), '1 2\n3 x 4\n');
    await expect(readSequenceFile(path.join(folder, 'bad.txt'))).rejects.toThrow(/bad\.txt, line 2: expected event ids separated by blanks, got "3 x 4"/);
  });

  it('read a stream of events, and data.json', async () => {
    const folder = scratchFolder();
    writeFileSync(path.join(folder, 'stream'), '5\n17\n5');
    expect([...(await readEventStream(path.join(folder, 'stream')))]).toEqual([5, 17, 5]);
    writeFileSync(path.join(folder, 'data.json'), '{"data": [{"template_seq": [1, 2], "is_abnormal": true, "session_id": 4}, {"template_seq": [3], "session_id": 9}]}');
    const { table: t } = await readSessionSet(path.join(folder, 'data.json'));
    expect([t.details?.keys, [...t.labels]]).toEqual([['4', '9'], [ABNORMAL, UNLABELLED]]);
    await expect(readSessionSet(path.join(folder, 'none'))).rejects.toThrow('there is no such file or folder');
  });
});
