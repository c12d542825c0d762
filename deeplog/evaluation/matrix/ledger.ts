import { existsSync } from 'node:fs';
import { mkdir, open, readFile } from 'node:fs/promises';
import path from 'node:path';
import { hashOfValue } from '../../artifacts/index.js';
import { DataError } from '../../common/index.js';
import type { Curves } from '../curves.js';
import type { ResultRow } from '../result_row.js';
import type { Job } from './messages.js';

/** One result, with all that it depends on. The ledger only ever grows. */
export interface LedgerEntry {
  readonly schema: 'deeplog.ledger/1';
  readonly at: string;
  /** The run folder whose run worked it out. */
  readonly run: string;
  readonly commit: string | null;
  /** sha256 of the code that a number can depend on; see codeVersion. */
  readonly code: string;
  readonly split_sha256: string;
  /** Of all that the detector was fed beside event ids; see inputHash. */
  readonly input_sha256: string;
  readonly config_sha256: string;
  /** Protocol, seed, origin and variant, as in the name of the split's file. */
  readonly task: string;
  readonly detector: string;
  /** Of the matrix's part. */
  readonly name: string | null;
  readonly machine: string;
  readonly wall_seconds: number;
  readonly row: ResultRow;
  readonly curves: Curves;
}

/** sha256 over every setting of a cell; what is in the files that they name is hashed apart. */
export function configHash(job: Pick<Job, 'spec' | 'settings'>, detector: string): string {
  // Where files lie, what is kept and how many threads there are changes no number.
  const { engine: { engine = 'auto', backend = null }, targetFpr, detectorOptions, inputFile = null, labelFile = null, trainRatio, valRatio, order, trainOn } = job.settings;
  return hashOfValue({ spec: job.spec, detector, engine, backend, targetFpr, detectorOptions, ...(job.spec.protocol === 'custom' ? { inputFile, labelFile, trainRatio, valRatio, order } : {}), trainOn });
}

/** A file of results, a JSON object per line, that is only appended to. */
export class Ledger {
  private readonly byKey = new Map<string, LedgerEntry>();

  private constructor(readonly file: string, entries: readonly LedgerEntry[], readonly tornLines: number, private needsNewline: boolean) {
    for (const e of entries) this.byKey.set(keyOf(e), e);
  }

  /**
   * Reads it; a last line that a killed run left half-written is skipped.
   * @throws DataError naming the line that is no entry, where it is not the last.
   */
  static async open(file: string): Promise<Ledger> {
    if (!existsSync(file)) return new Ledger(file, [], 0, false);
    const text = await readFile(file, 'utf8');
    const lines = text.split('\n');
    const entries: LedgerEntry[] = [];
    let torn = 0;
    lines.forEach((line, i) => {
      if (line === '') return;
      try {
        const entry = JSON.parse(line) as LedgerEntry;
        if (entry.schema === 'deeplog.ledger/1') entries.push(entry);
      } catch {
        // Killed while it was appending; the next run then began a line of its own.
        if (line.startsWith('{"schema":"deeplog.ledger') || i === lines.length - 1) torn++;
        else throw new DataError(`${file}: line ${i + 1} is no ledger entry. Move the file away to begin a new one, or take the line out.`);
      }
    });
    return new Ledger(file, entries, torn, text !== '' && !text.endsWith('\n'));
  }

  get size(): number {
    return this.byKey.size;
  }

  /** Entries of these settings and this code, whatever their split. */
  find(config: string, code: string): LedgerEntry[] {
    return [...this.byKey.values()].filter((e) => e.config_sha256 === config && e.code === code);
  }

  /** The last entry with just these four, or null. */
  get(config: string, code: string, split: string, inputs: string): LedgerEntry | null {
    return this.byKey.get([config, code, split, inputs].join()) ?? null;
  }

  /** On the disk when it returns. @throws DataError when it cannot be written */
  async append(entry: LedgerEntry): Promise<void> {
    try {
      await mkdir(path.dirname(this.file), { recursive: true });
      const handle = await open(this.file, 'a');
      try {
        await handle.write(`${this.needsNewline ? '\n' : ''}${JSON.stringify(entry)}\n`);
        await handle.sync();
      } finally {
        await handle.close();
      }
    } catch (error) {
      throw new DataError(`${this.file}: cannot be appended to (${error instanceof Error ? error.message : String(error)}). Choose another --ledger or free the disk.`);
    }
    this.needsNewline = false;
    this.byKey.set(keyOf(entry), entry);
  }
}

function keyOf(e: LedgerEntry): string {
  return [e.config_sha256, e.code, e.split_sha256, e.input_sha256].join();
}
