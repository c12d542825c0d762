/** The input, a file or a value is wrong: one sentence that names it, and the fix. Exit code 1. */
export class DataError extends Error {
  override name = 'DataError';
}

/** The command line or a configuration file is wrong. Exit code 2. */
export class UsageError extends Error {
  override name = 'UsageError';
}

/** The message of anything thrown. */
export function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
