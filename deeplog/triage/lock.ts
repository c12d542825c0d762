import { open, readFile, rm } from 'node:fs/promises';
import { setTimeout as sleep } from 'node:timers/promises';
import { DataError } from '../common/index.js';

const WAIT_MS = 10_000;
const RETRY_MS = 25;

/** Runs `work` while no other process does so for the same file. @throws DataError when another holds it for too long. */
export async function withLock<T>(file: string, work: () => Promise<T>): Promise<T> {
  const lock = `${file}.lock`;
  const until = Date.now() + WAIT_MS;
  for (;;) {
    try {
      const handle = await open(lock, 'wx');
      await handle.writeFile(String(process.pid));
      await handle.close();
      break;
    } catch (error) {
      const { code } = error as NodeJS.ErrnoException;
      if (code !== 'EEXIST') throw new DataError(`${file}: cannot be written (${code ?? String(error)}). Check the folder's permissions.`);
      const holder = Number(await readFile(lock, 'utf8').catch(() => ''));
      // Killed while it held the lock.
      if (holder > 0 && !alive(holder)) await rm(lock, { force: true });
      else if (Date.now() > until) throw new DataError(`${file}: is being changed by process ${holder || '?'}. Wait for it, or delete ${lock} if there is none.`);
      else await sleep(RETRY_MS);
    }
  }
  try {
    return await work();
  } finally {
    await rm(lock, { force: true });
  }
}

function alive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}
