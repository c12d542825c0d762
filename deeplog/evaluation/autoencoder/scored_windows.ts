import { lineBlocks, openLog } from './log_lines.js';

/** A row of windows.jsonl. */
export interface ScoredWindow {
  readonly first_line: number;
  readonly last_line: number;
  readonly part: 'train' | 'validation' | 'test' | 'seam';
  readonly score: number;
  readonly worst_line: number;
  readonly worst_error: number;
}

/** @throws DataError when there is no such file */
export async function readWindows(file: string): Promise<ScoredWindow[]> {
  const out: ScoredWindow[] = [];
  for await (const { lines } of lineBlocks(await openLog(file), {})) for (const line of lines) out.push(JSON.parse(line) as ScoredWindow);
  return out;
}
