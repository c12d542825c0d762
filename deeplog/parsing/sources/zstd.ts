import zlib from 'node:zlib';
import { Readable, type Transform } from 'node:stream';
import { Decompress } from 'fzstd';

export const ZSTD_MAGIC = 0xfd2fb528;

/** Node has zstd of its own from 22.15 on; its types here are those of the oldest supported version. */
const native = (zlib as unknown as { createZstdDecompress?: (options?: { chunkSize?: number }) => Transform }).createZstdDecompress;

/**
 * Decompresses zstd, frame after frame, in bounded memory: by Node itself where it can, else by fzstd (several times slower).
 * @throws Error when the data is damaged or ends early.
 */
export async function* unzstd(compressed: AsyncIterable<Buffer>, chunkBytes: number, useNative = true): AsyncGenerator<Buffer> {
  if (native !== undefined && useNative) {
    const source = Readable.from(compressed, { objectMode: false, highWaterMark: chunkBytes });
    const zstd = native({ chunkSize: chunkBytes });
    source.on('error', (error) => zstd.destroy(error));
    try {
      yield* source.pipe(zstd) as AsyncIterable<Buffer>;
    } finally {
      source.destroy();
    }
    return;
  }
  let out: Uint8Array[] = [];
  const stream = new Decompress((piece) => { out.push(piece); });
  const taken = function* (): Generator<Buffer> {
    for (const piece of out) yield Buffer.from(piece.buffer, piece.byteOffset, piece.byteLength);
    out = [];
  };
  for await (const piece of compressed) {
    stream.push(piece);
    yield* taken();
  }
  stream.push(new Uint8Array(0), true);
  yield* taken();
}
