import { readManifest } from '../artifacts/index.js';
import { DataError } from '../common/index.js';
import { eachLine, logInput, type InputFormat, type LogInput } from '../parsing/index.js';

/**
 * The lines of the log that a drain_result folder was made from, by 1-based number (none at 0), read as they were then.
 * @throws DataError when the log is no longer where it was, or came from standard input.
 */
export async function rawLines(folder: string): Promise<string[]> {
  const input = await rawLog(folder);
  const out: string[] = [''];
  for await (const chunk of (await input.open()).chunks()) eachLine(chunk, (buffer, start, end) => { out.push(buffer.toString('utf8', start, end)); });
  return out;
}

/** The files that {@link rawLines} reads. @throws DataError as it does */
export async function rawLogFiles(folder: string): Promise<readonly string[]> {
  return (await rawLog(folder)).files;
}

async function rawLog(folder: string): Promise<LogInput> {
  const { options } = await readManifest(folder);
  const { input_file: file, input_format: format, fields, record_start: recordStart } = options as { input_file?: string; input_format?: InputFormat; fields?: string[]; record_start?: string };
  if (file === undefined || file === '-') throw new DataError(`${folder}: was parsed from standard input, so its raw lines cannot be read again. Run drain on a file.`);
  return logInput({ file, ...(format === undefined ? {} : { format }), ...(fields === undefined ? {} : { fields }), ...(recordStart === undefined ? {} : { recordStart }) });
}
