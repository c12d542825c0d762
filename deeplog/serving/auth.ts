import { createHash, timingSafeEqual } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { DataError, messageOf } from '../common/index.js';
import { ServiceError } from './errors.js';

const SHORTEST_KEY = 16;

/** The keys that open the service. Comparing takes the same time whatever is presented: digests of equal length, all of them looked at. */
export class ApiKeys {
  private readonly digests: readonly Buffer[];

  constructor(keys: readonly string[]) {
    this.digests = keys.map(digest);
  }

  /** One key a line; empty lines and lines that start with # are left out. @throws DataError when there is none or one is too short. */
  static async read(file: string): Promise<ApiKeys> {
    let text: string;
    try {
      text = await readFile(file, 'utf8');
    } catch (error) {
      throw new DataError(`${file}: the API keys cannot be read (${messageOf(error)}). Check --api_key_file.`);
    }
    const keys: string[] = [];
    for (const [i, line] of text.split(/\r?\n/).entries()) {
      const key = line.trim();
      if (key === '' || key.startsWith('#')) continue;
      if (key.length < SHORTEST_KEY) throw new DataError(`${file}, line ${i + 1}: the key has ${key.length} characters; ${SHORTEST_KEY} are the least. Make one with: openssl rand -hex 32`);
      if (!/^[\x21-\x7e]+$/.test(key)) throw new DataError(`${file}, line ${i + 1}: the key holds characters that a header cannot carry. Make one with: openssl rand -hex 32`);
      keys.push(key);
    }
    if (keys.length === 0) throw new DataError(`${file}: holds no key. Write one a line; make one with: openssl rand -hex 32`);
    return new ApiKeys(keys);
  }

  accepts(presented: string): boolean {
    const given = digest(presented);
    let found = false;
    for (const known of this.digests) found = timingSafeEqual(given, known) || found;
    return found;
  }

  /** @throws ServiceError when neither header brings a key that is known. */
  require(headers: Readonly<Record<string, string | string[] | undefined>>): void {
    const own = headers['x-api-key'];
    const bearer = /^Bearer +(\S+)$/i.exec(String(headers.authorization ?? ''))?.[1];
    const presented = typeof own === 'string' ? own : bearer;
    if (presented === undefined) throw new ServiceError(401, 'api_key_missing', 'This service asks for an API key.', 'Send it as "Authorization: Bearer <key>" or "X-Api-Key: <key>".');
    if (!this.accepts(presented)) throw new ServiceError(401, 'api_key_wrong', 'The API key is not known here.', 'Check the key, or ask whoever runs the service for one.');
  }
}

function digest(key: string): Buffer {
  return createHash('sha256').update(key).digest();
}
