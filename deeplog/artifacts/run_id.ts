import { randomBytes } from 'node:crypto';

/** A name that no other run has: time (UTC) plus a random suffix. */
export function newRunId(): string {
  const time = new Date().toISOString().replace(/[-:]/g, '').replace('T', '-').slice(0, 15);
  return `${time}-${randomBytes(3).toString('hex')}`;
}
