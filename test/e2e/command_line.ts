import { execFile } from 'node:child_process';
import path from 'node:path';

export const ROOT = path.resolve(import.meta.dirname, '../..');
const TSX = path.join(ROOT, 'node_modules', 'tsx', 'dist', 'esm', 'index.mjs');

export interface Run {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** The command line as a user runs it, in a folder. */
export function commandLine(folder: string): (...args: string[]) => Promise<Run> {
  return (...args) => new Promise((resolve) => {
    const child = execFile(process.execPath, ['--import', TSX, path.join(ROOT, 'run', 'deeplog.ts'), ...args], { cwd: folder }, (error, stdout, stderr) => {
      resolve({ code: error === null ? 0 : child.exitCode ?? 1, stdout, stderr });
    });
  });
}
