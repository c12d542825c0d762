import { readManifest } from '../artifacts/index.js';
import { DataError } from '../common/index.js';
import { eachLine, logInput, type LogInput } from '../parsing/index.js';
import { inputOptionsOf, type DrainFlags } from './drain_settings.js';

/**
 * The lines of the log that a drain_result folder was made from, by 1-based number (none at 0, nor inside a record of several lines), read as they were then.
 * @throws DataError when the log is no longer where it was, or came from standard input.
 */
export async function rawLines(folder: string): Promise<(string | undefined)[]> {
  const input = await rawLog(folder);
  const out: (string | undefined)[] = [];
  let line = 0;
  for await (const chunk of (await input.open()).chunks()) {
    const before = line;
    // Records of several lines, and CSV, bring the numbers of the lines that they begin on.
    line += eachLine(chunk, (buffer, start, end, index) => { out[chunk.lineNumbers?.[index] ?? before + index + 1] = buffer.toString('utf8', start, end); });
  }
  return out;
}

/** The files that {@link rawLines} reads. @throws DataError as it does */
export async function rawLogFiles(folder: string): Promise<readonly string[]> {
  return (await rawLog(folder)).files;
}

async function rawLog(folder: string): Promise<LogInput> {
  const { options } = await readManifest(folder);
  const { input_file: file } = options as Partial<DrainFlags>;
  if (file === undefined || file === '-') throw new DataError(`${folder}: was parsed from standard input, so its raw lines cannot be read again. Run drain on a file.`);
  return logInput(inputOptionsOf(options as unknown as DrainFlags));
}
