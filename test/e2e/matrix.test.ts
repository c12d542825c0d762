import { spawn } from 'node:child_process';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { expect, it } from 'vitest';
import { removeScratchAfterwards, scratchFolder } from '../helpers.js';

removeScratchAfterwards();

const ROOT = fileURLToPath(new URL('../..', import.meta.url));
const TSX = path.join(ROOT, 'node_modules', 'tsx', 'dist', 'esm', 'index.mjs');
const SEEDS = 16;
const CELLS = SEEDS * 5;

interface Run { code: number | null; stdout: string; stderr: string }

function start(cwd: string): { kill(): void; ended: Promise<Run> } {
  const child = spawn(process.execPath, ['--import', TSX, path.join(ROOT, 'run', 'deeplog.ts'), 'benchmark', '--matrix', 'm.yaml', '--jobs', '2', '--memory', '4', '--print', 'json'], { cwd });
  const out: Run = { code: null, stdout: '', stderr: '' };
  child.stdout.on('data', (text) => { out.stdout += String(text); });
  child.stderr.on('data', (text) => { out.stderr += String(text); });
  return { kill: () => child.kill('SIGKILL'), ended: new Promise((resolve) => { child.on('close', (code) => resolve({ ...out, code })); }) };
}

it('a matrix that is killed goes on where it stopped, and gives what it would have given', async () => {
  const cwd = scratchFolder();
  writeFileSync(path.join(cwd, 's.txt'), Array.from({ length: 400 }, (_, i) => (i % 20 === 19 ? '1 9' : i % 7 === 3 ? '1 3 2 3' : '1 2 3')).join('\n'));
  writeFileSync(path.join(cwd, 'l.txt'), Array.from({ length: 400 }, (_, i) => (i % 20 === 19 ? 1 : 0)).join('\n'));
  writeFileSync(path.join(cwd, 'm.yaml'), `defaults: { protocol: custom, input_file: s.txt, label_file: l.txt, split: random }\nparts:\n  - { detectors: [unseen-key, length, event-set, count-vector, 2-gram], seeds: ${SEEDS} }\n`);
  const ledger = path.join(cwd, 'artifacts', 'benchmark', 'ledger.jsonl');
  const lines = (): number => (existsSync(ledger) ? readFileSync(ledger, 'utf8').split('\n').length - 1 : 0);

  const first = start(cwd);
  while (lines() < 5) await sleep(5);
  first.kill();
  await first.ended;
  const kept = lines();
  expect(kept).toBeGreaterThanOrEqual(5);
  expect(kept).toBeLessThan(CELLS);

  const second = await start(cwd).ended;
  expect(second.code, second.stderr).toBe(0);
  // Nothing that was written is lost or worked out twice.
  expect(second.stderr).toMatch(new RegExp(`${CELLS - kept} cells worked out, ${kept} taken from`));
  const { rows } = JSON.parse(second.stdout) as { rows: { detector: string; seed: number; f1: number }[] };
  expect(rows).toHaveLength(CELLS);
  expect(rows.slice(0, 3).map((r) => [r.detector, r.seed])).toEqual([['unseen-key', 1], ['unseen-key', 2], ['unseen-key', 3]]);
  expect(lines()).toBe(CELLS);
}, 120_000);

it('a matrix file is checked before any work', async () => {
  const cwd = scratchFolder();
  const said = async (text: string): Promise<[number | null, string]> => {
    writeFileSync(path.join(cwd, 'm.yaml'), text);
    const { code, stderr } = await start(cwd).ended;
    return [code, stderr.trim()];
  };
  expect(await said('parts:\n  - { name: a, detectors: [trivial], sedes: 2 }')).toEqual([2, 'deeplog: m.yaml, part a: "sedes" is no setting of this stage. Did you mean seeds?']);
  expect(await said('parts:\n  - { protocol: [hdfs-chron] }')).toEqual([2, expect.stringContaining('m.yaml, part 1: protocol names "hdfs-chron"')]);
  expect(await said('runs: []')).toEqual([2, 'deeplog: m.yaml: "runs" is not known here; a matrix has "defaults" and "parts".']);
  expect(await said('parts:\n  - { protocol: [custom], model: m }')).toEqual([2, expect.stringContaining('--model and --matrix contradict each other')]);
  expect(await said('parts:\n  - { protocol: custom, train_ratio: .5 }\n  - { protocol: custom, train_ratio: .6 }')).toEqual([2, expect.stringContaining('run custom on different splits')]);
  expect(existsSync(path.join(cwd, 'artifacts'))).toBe(false);
}, 60_000);
