import { maskedCrc32c } from './crc32c.js';

/**
 * One record of a TFRecord file: length (uint64), masked CRC-32C of the length, data, masked CRC-32C of the data; all little-endian
 * (tensorflow/core/lib/io/record_writer.h).
 */
export function frameRecord(data: Uint8Array): Uint8Array {
  const out = new Uint8Array(data.length + 16);
  const view = new DataView(out.buffer);
  view.setBigUint64(0, BigInt(data.length), true);
  view.setUint32(8, maskedCrc32c(out.subarray(0, 8)), true);
  out.set(data, 12);
  view.setUint32(12 + data.length, maskedCrc32c(data), true);
  return out;
}
