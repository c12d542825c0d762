import type { LineChunk } from './types.js';

/** Calls `take` with every line of a chunk, without its line end (\n or \r\n); `index` counts from 0 within the chunk. */
export function eachLine({ buffer, end }: LineChunk, take: (buffer: Buffer, start: number, end: number, index: number) => void): number {
  let index = 0;
  for (let start = 0; start < end; index++) {
    let stop = buffer.indexOf(10, start);
    if (stop < 0 || stop > end) stop = end;
    take(buffer, start, stop > start && buffer[stop - 1] === 13 ? stop - 1 : stop, index);
    start = stop + 1;
  }
  return index;
}
