import { execFileSync, spawn } from 'node:child_process';
import { readFileSync, readdirSync, statfsSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { AppendFile, readTensors } from '../../deeplog/artifacts/index.js';
import { seededRandom } from '../../deeplog/common/index.js';
import { FolderCheckpoints, readCheckpoint, type Checkpoint } from '../../deeplog/training/index.js';
import { removeScratchAfterwards, scratchFolder } from '../helpers.js';
import { IDENTITY, SIZE } from './checkpoint_identity.js';

removeScratchAfterwards();

const ROOT = path.resolve(import.meta.dirname, '../..');
const TSX = path.join(ROOT, 'node_modules', 'tsx', 'dist', 'esm', 'index.mjs');

function checkpointOf(n: number, size = SIZE): Checkpoint {
  const group = { w: new Float32Array(size).fill(n) };
  return { epoch: n, stepInEpoch: 0, globalStep: n, lossSum: 0, weightSum: 0, seconds: 0, bestEpochs: [n], bestLosses: [n], history: [], state: { parameters: group, firstMoments: group, secondMoments: group }, best: group, epochStart: null };
}

/** Starts the writer and kills it a little after its first new checkpoint; gives the last one that it said was written. */
function writeAndKill(folder: string, afterMs: number): Promise<number> {
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, ['--import', TSX, path.join(ROOT, 'test/training/write_checkpoints.ts'), folder], { stdio: ['ignore', 'pipe', 'inherit'] });
    let said = '';
    child.stdout.on('data', (chunk: Buffer) => {
      if (said === '') setTimeout(() => { child.kill('SIGKILL'); }, afterMs);
      said += chunk.toString();
    });
    child.on('error', reject);
    child.on('close', () => { resolve(Number(said.trim().split('\n').at(-1))); });
  });
}

describe('a process killed while it writes checkpoints', () => {
  it('leaves the old one or the new one, ten times out of ten', async () => {
    const folder = scratchFolder();
    const random = seededRandom(7);
    let reached = 0;
    for (let kill = 0; kill < 10; kill++) {
      const said = await writeAndKill(folder, random() * 30);
      const kept = await readCheckpoint(path.join(folder, 'last.safetensors'), IDENTITY);
      // What was said to be written is there; one more may have been put in place before it could be said.
      expect([said, said + 1]).toContain(kept.globalStep);
      expect(said).toBeGreaterThan(reached);
      for (const values of [kept.state.parameters.w, kept.state.firstMoments.w, kept.state.secondMoments.w, kept.best.w]) expect(values.every((v) => v === kept.globalStep)).toBe(true);
      const { w } = await readTensors(path.join(folder, 'best.safetensors'));
      expect([kept.globalStep - 1, kept.globalStep]).toContain(w.data[0]);
      expect(w.data.every((v) => v === w.data[0])).toBe(true);
      reached = said;
    }
  }, 120_000);
});

/** A file system of a megabyte, where this process may make one. */
function smallDisk(): string | null {
  const folder = scratchFolder();
  try {
    execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=1m', 'tmpfs', folder], { stdio: 'ignore' });
  } catch {
    return null;
  }
  afterAll(() => { execFileSync('umount', [folder]); });
  return folder;
}

const disk = smallDisk();
if (disk === null) console.warn('SKIPPED: a full disk was not tested: mounting a tmpfs needs root.');

describe.skipIf(disk === null)('a full disk', () => {
  const folder = path.join(disk ?? '', 'checkpoints');

  it('stops with a clear error, and the last checkpoint is whole', async () => {
    const small = SIZE / 16; // four groups of 64 KB: one checkpoint fits beside another, with the best weights
    const identity = { ...IDENTITY, parameters: { w: [small] } };
    const store = new FolderCheckpoints(folder, false, 0);
    const slot = await store.begin(identity);
    await slot.save(checkpointOf(1, small), true);
    const free = statfsSync(folder).bavail * statfsSync(folder).bsize;
    writeFileSync(path.join(disk ?? '', 'filler'), Buffer.alloc(free - 100_000));
    await expect(slot.save(checkpointOf(2, small), true)).rejects.toThrow(/last\.safetensors: writing failed \(ENOSPC.*\)\. What was there before is untouched\./);
    expect(store.latest).toBe(`${folder}/last.safetensors, after epoch 1`);
    const kept = await readCheckpoint(path.join(folder, 'last.safetensors'), identity);
    expect(kept.state.parameters.w.every((v) => v === 1)).toBe(true);
    expect(readdirSync(folder)).toEqual(['best.safetensors', 'last.safetensors']);
  });

  it('leaves files that grow as they were after the last whole record', () => {
    const file = new AppendFile(path.join(disk ?? '', 'metrics.jsonl'));
    const line = `${'x'.repeat(999)}\n`;
    expect(() => {
      for (let i = 0; i < 2000; i++) {
        file.append(line);
        if (i % 7 === 0) file.flush();
      }
    }).toThrow(/metrics\.jsonl: writing failed \(ENOSPC.*\)\. What was there before is whole\./);
    file.close();
    const text = readFileSync(path.join(disk ?? '', 'metrics.jsonl'), 'utf8');
    expect(text.length).toBeGreaterThan(0);
    expect(text.split('\n').slice(0, -1).every((l) => l.length === 999)).toBe(true);
    expect(text.endsWith('\n')).toBe(true);
  });
});
