import { LinePattern } from '../patterns/index.js';

export interface MaskGuess {
  readonly what: string;
  readonly regex: string;
  /** Share of the messages that hold one. */
  readonly share: number;
  readonly distinct: number;
  readonly example: string;
}

/** What varies in messages, the longer and more special first: a mask takes what later ones would take apart. */
const KINDS: readonly (readonly [what: string, regex: string])[] = [
  ['UUIDs', '[0-9a-fA-F]{8}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{12}'],
  ['block ids', 'blk_-?\\d+'],
  ['IP addresses', '/?(\\d+\\.){3}\\d+(:\\d+)?'],
  ['MAC addresses', '([0-9a-fA-F]{2}:){5}[0-9a-fA-F]{2}'],
  ['hexadecimal numbers', '0[xX][0-9a-fA-F]+'],
  ['dates', '\\d{4}-\\d{2}-\\d{2}'],
  ['clock times', '\\d{2}:\\d{2}:\\d{2}(\\.\\d+)?'],
  ['URLs', '[a-z]+://[^\\s,;]+'],
  ['paths', '(/[\\w.-]+){2,}/?'],
  ['numbered names', '[A-Za-z]+(_\\d+){2,}'],
];
const NUMBER = '[-+]?\\d+(\\.\\d+)?';
const LEAST_SHARE = 0.002;
const LEAST_DISTINCT = 3;

/** Masks for what takes at least three values in a sample of messages; numbers that stand alone last, if anything. */
export function guessMasks(messages: readonly string[]): MaskGuess[] {
  const out: MaskGuess[] = [];
  for (const [what, regex] of [...KINDS, ['numbers after =', `=${NUMBER}(?![0-9A-Za-z])`] as const]) {
    const seen = values(messages, new LinePattern(regex));
    if (seen.size >= LEAST_DISTINCT && seen.lines >= messages.length * LEAST_SHARE) out.push({ what, regex, share: seen.lines / messages.length, distinct: seen.size, example: seen.first });
  }
  return out;
}

function values(messages: readonly string[], pattern: LinePattern): { size: number; lines: number; first: string } {
  const seen = new Set<string>();
  let lines = 0;
  for (const message of messages) {
    const bytes = Buffer.from(message);
    const ascii = bytes.length === message.length;
    let any = false;
    for (let from = 0; from < bytes.length && pattern.find(bytes, from, bytes.length, ascii); from = pattern.matchEnd) {
      any = true;
      seen.add(bytes.toString('utf8', pattern.matchStart, pattern.matchEnd));
    }
    if (any) lines++;
  }
  const [first = ''] = seen;
  return { size: seen.size, lines, first };
}
