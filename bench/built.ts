import { execFileSync } from 'node:child_process';
import path from 'node:path';

const ROOT = path.resolve(import.meta.dirname, '..');

/** The built command. */
export const COMMAND = path.join(ROOT, 'dist', 'run', 'deeplog.js');

/** Compiles the sources: what is measured is what users run, and nothing older. */
export function build(): void {
  execFileSync('npm', ['run', 'build', '--silent'], { cwd: ROOT, stdio: ['ignore', 'ignore', 'inherit'], shell: process.platform === 'win32' });
}
