// A reader of event files, written from the formats' descriptions and sharing nothing with the writer but them.

/** Castagnoli's CRC bit by bit. */
function slowCrc(data: Uint8Array): number {
  let crc = 0xffffffffn;
  for (const byte of data) {
    crc ^= BigInt(byte);
    for (let i = 0; i < 8; i++) crc = crc & 1n ? (crc >> 1n) ^ 0x82f63b78n : crc >> 1n;
  }
  const value = crc ^ 0xffffffffn;
  return Number((((value >> 15n) | (value << 17n)) + 0xa282ead8n) & 0xffffffffn);
}

/** The records of a TFRecord file, both checksums of each checked. */
export function readRecords(file: Buffer): Buffer[] {
  const out: Buffer[] = [];
  for (let at = 0; at < file.length;) {
    const length = Number(file.readBigUInt64LE(at));
    if (file.readUInt32LE(at + 8) !== slowCrc(file.subarray(at, at + 8))) throw new Error(`the length at ${at} fails its checksum`);
    const data = file.subarray(at + 12, at + 12 + length);
    if (file.readUInt32LE(at + 12 + length) !== slowCrc(data)) throw new Error(`the record at ${at} fails its checksum`);
    out.push(data);
    at += 16 + length;
  }
  return out;
}

/** A protobuf message, its fields by number. */
export class Fields {
  private readonly all: { field: number; value: number | Buffer }[] = [];

  constructor(data: Uint8Array) {
    const bytes = Buffer.from(data.buffer, data.byteOffset, data.byteLength);
    let at = 0;
    const varint = (): number => {
      let value = 0n;
      for (let shift = 0n; ; shift += 7n) {
        const byte = bytes[at++];
        value |= BigInt(byte & 127) << shift;
        if (byte < 128) return Number(value);
      }
    };
    while (at < bytes.length) {
      const key = varint();
      const size = { 1: 8, 5: 4 }[key & 7];
      if ((key & 7) === 0) this.all.push({ field: key >> 3, value: varint() });
      else if ((key & 7) === 2 || size !== undefined) {
        const length = size ?? varint();
        this.all.push({ field: key >> 3, value: bytes.subarray(at, at + length) });
        at += length;
      } else throw new Error(`wire type ${key & 7}`);
    }
  }

  private of(field: number): (number | Buffer)[] {
    return this.all.filter((f) => f.field === field).map((f) => f.value);
  }

  bytes(field: number): Buffer {
    return this.of(field)[0] as Buffer;
  }

  messages(field: number): Fields[] {
    return this.of(field).map((value) => new Fields(value as Buffer));
  }

  text(field: number): string {
    return this.bytes(field).toString('utf8');
  }

  /** 0 where the field is absent, as proto3 has it. */
  int(field: number): number {
    return (this.of(field)[0] as number | undefined) ?? 0;
  }

  float(field: number): number {
    return this.bytes(field).readFloatLE(0);
  }

  double(field: number): number {
    return this.bytes(field).readDoubleLE(0);
  }

  doubles(field: number): number[] {
    const packed = this.bytes(field);
    return Array.from({ length: packed.length / 8 }, (_, i) => packed.readDoubleLE(i * 8));
  }
}
