/** Writes a whole number of at most 2^53 as a varint; the place behind it. */
export function putVarint(bytes: Uint8Array, from: number, value: number): number {
  let at = from;
  let rest = value;
  while (rest > 127) {
    if (rest < 0x80000000) {
      bytes[at++] = (rest & 127) | 128;
      rest >>>= 7;
    } else {
      bytes[at++] = (rest % 128) | 128;
      rest = Math.floor(rest / 128);
    }
  }
  bytes[at++] = rest;
  return at;
}

/** The number that begins at `from`. */
export function varintAt(bytes: Uint8Array, from: number): number {
  let value = 0;
  let scale = 1;
  for (let at = from; ; at++) {
    value += (bytes[at] & 127) * scale;
    if (bytes[at] < 128) return value;
    scale *= 128;
  }
}

/** The place behind the number that begins at `from`. */
export function varintEnd(bytes: Uint8Array, from: number): number {
  let at = from;
  while (bytes[at] > 127) at++;
  return at + 1;
}
