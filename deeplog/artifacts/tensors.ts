import { readFile } from 'node:fs/promises';
import { DataError, messageOf } from '../common/index.js';
import { writeAtomic } from './atomic.js';

/** Float tensors by name, with their shapes. */
export type NamedTensors = Readonly<Record<string, { readonly shape: readonly number[]; readonly data: Float32Array }>>;

/**
 * Writes weights as safetensors: an 8-byte length, a JSON header, raw little-endian float32. Readable from every framework.
 * Format: huggingface/safetensors, README.
 */
export async function writeTensors(file: string, tensors: NamedTensors, metadata: Readonly<Record<string, string>> = {}): Promise<void> {
  const header: Record<string, unknown> = { __metadata__: { format: 'deeplog', ...metadata } };
  let at = 0;
  for (const [name, { shape, data }] of Object.entries(tensors)) {
    header[name] = { dtype: 'F32', shape, data_offsets: [at, at + data.byteLength] };
    at += data.byteLength;
  }
  let json = JSON.stringify(header);
  json = json.padEnd(Math.ceil(json.length / 8) * 8);
  const head = Buffer.alloc(8);
  head.writeBigUInt64LE(BigInt(Buffer.byteLength(json)));
  await writeAtomic(file, Buffer.concat([head, Buffer.from(json), ...Object.values(tensors).map(({ data }) => Buffer.from(data.buffer, data.byteOffset, data.byteLength))]));
}

/** @throws DataError when the file is missing, cut off, or holds anything but float32. */
export async function readTensors(file: string): Promise<NamedTensors> {
  return (await readTensorFile(file)).tensors;
}

/** The tensors with what was written beside them. @throws DataError as {@link readTensors} */
export async function readTensorFile(file: string): Promise<{ tensors: NamedTensors; metadata: Readonly<Record<string, string>> }> {
  let bytes: Buffer;
  try {
    bytes = await readFile(file);
  } catch (error) {
    throw new DataError(`${file}: the weights cannot be read (${messageOf(error)}). Train the model again, or correct --model.`);
  }
  const broken = (what: string): DataError => new DataError(`${file}: is no whole safetensors file (${what}). Train the model again.`);
  if (bytes.length < 8) throw broken('shorter than its header');
  const length = Number(bytes.readBigUInt64LE());
  if (!(length > 0 && 8 + length <= bytes.length)) throw broken('the header is cut off');
  let header: Record<string, { dtype: string; shape: number[]; data_offsets: [number, number] }>;
  let metadata: Record<string, string>;
  try {
    const { __metadata__, ...entries } = JSON.parse(bytes.toString('utf8', 8, 8 + length)) as typeof header & { __metadata__?: Record<string, string> };
    header = entries;
    metadata = __metadata__ ?? {};
  } catch {
    throw broken('its header is not JSON');
  }
  const out: Record<string, { shape: number[]; data: Float32Array }> = {};
  for (const [name, entry] of Object.entries(header)) {
    const [from, to] = entry.data_offsets;
    if (entry.dtype !== 'F32') throw broken(`${name} is ${entry.dtype}, not F32`);
    if (8 + length + to > bytes.length) throw broken(`${name} is cut off`);
    // A copy: the slice may start at any byte, a Float32Array only at a multiple of four.
    out[name] = { shape: entry.shape, data: new Float32Array(bytes.buffer.slice(bytes.byteOffset + 8 + length + from, bytes.byteOffset + 8 + length + to)) };
  }
  return { tensors: out, metadata };
}
