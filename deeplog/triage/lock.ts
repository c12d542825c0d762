import { createHash, randomUUID } from 'node:crypto';
import { open, readFile, rm, stat } from 'node:fs/promises';
import { setTimeout as sleep } from 'node:timers/promises';
import { DataError } from '../common/index.js';

const WAIT_MS = 10_000;
const RETRY_MS = 25;
/** A holder writes its number at once: a lock without one that is older was left by a process that was killed in between. */
const NAMELESS_MS = 5000;

/** Runs `work` while no other process does so for the same file. @throws DataError when another holds it for too long. */
export async function withLock<T>(file: string, work: () => Promise<T>): Promise<T> {
  const lock = `${file}.lock`;
  const until = Date.now() + WAIT_MS;
  for (;;) {
    try {
      const handle = await open(lock, 'wx');
      await handle.writeFile(`${process.pid} ${randomUUID()}`);
      await handle.close();
      break;
    } catch (error) {
      const { code } = error as NodeJS.ErrnoException;
      if (code !== 'EEXIST') throw new DataError(`${file}: cannot be written (${code ?? String(error)}). Check the folder's permissions.`);
      const held = await readLock(lock);
      if (held !== null && held.left && await removeLeft(lock, held)) continue;
      if (Date.now() > until) throw new DataError(`${file}: is being changed by process ${held?.holder || '?'}. Wait for it, or delete ${lock} if there is none.`);
      await sleep(RETRY_MS);
    }
  }
  try {
    return await work();
  } finally {
    await rm(lock, { force: true });
  }
}

interface Held {
  /** Process number; 0: not written (yet). */
  readonly holder: number;
  /** Tells this lock from any later one. */
  readonly token: string;
  /** Its holder was killed while it held it. */
  readonly left: boolean;
}

/** Null: there is none any more. */
async function readLock(lock: string): Promise<Held | null> {
  try {
    const content = await readFile(lock, 'utf8');
    const { mtimeMs } = await stat(lock);
    const holder = Number.parseInt(content, 10) || 0;
    const token = createHash('sha256').update(`${content} ${mtimeMs}`).digest('hex').slice(0, 16);
    return { holder, token, left: holder > 0 ? !alive(holder) : Date.now() - mtimeMs > NAMELESS_MS };
  } catch {
    return null;
  }
}

/**
 * Removes that very lock. Of several that want to, one at a time gets the file named after it, and looks once more: the others must
 * not remove the lock that another has taken meanwhile.
 */
async function removeLeft(lock: string, { token }: Held): Promise<boolean> {
  const claim = `${lock}.${token}`;
  const handle = await open(claim, 'wx').catch(() => null);
  if (handle === null) return false;
  await handle.close();
  try {
    if ((await readLock(lock))?.token === token) await rm(lock, { force: true });
    return true;
  } finally {
    await rm(claim, { force: true });
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
