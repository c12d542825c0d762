import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll } from 'vitest';
import { rmSync } from 'node:fs';

const made: string[] = [];

/** A folder of its own for a test; removed when the file's tests are over. */
export function scratchFolder(): string {
  const folder = mkdtempSync(path.join(tmpdir(), 'deeplog-test-'));
  made.push(folder);
  return folder;
}

export function removeScratchAfterwards(): void {
  afterAll(() => {
    for (const folder of made.splice(0)) rmSync(folder, { recursive: true, force: true });
  });
}
