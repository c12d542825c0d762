import { behindCharacter, EDGE, type Pattern, type SafeRegex } from './patterns/index.js';

/** What a mask took. */
export interface Span {
  /** In the text as masked so far. */
  start: number;
  end: number;
  /** In the raw text. */
  rawStart: number;
  rawEnd: number;
  mask: number;
}

/** The next match at or after `from`. */
export type Find = (text: string, from: number) => { readonly start: number; readonly end: number } | null;

const scratch = { bytes: Buffer.alloc(1 << 12) };

/** The next match in an ASCII text: by the automaton where there is one. */
export function finder(pattern: Pattern | null, regex: SafeRegex, text: string): Find {
  if (pattern === null) return (t, from) => regex.exec(t, from);
  if (text.length > scratch.bytes.length) scratch.bytes = Buffer.alloc(text.length * 2);
  const { bytes } = scratch;
  bytes.write(text, 'latin1');
  return (_, from) => (pattern.find(bytes, from, text.length, from > 0 ? bytes[from - 1] : EDGE) ? { start: pattern.matchStart, end: pattern.matchEnd } : null);
}

/** One mask applied to the text itself, in which `spans` stand already; null: it finds nothing. The general case, and what the quick one must equal. */
export function maskOnce(text: string, spans: readonly Span[], mask: number, find: Find, replacements: readonly string[]): { text: string; spans: Span[] } | null {
  const next: Span[] = [];
  let out = '';
  let at = 0;
  let kept = 0; // spans before this one stand in `next`, or were swallowed
  let first = 0; // first span that ends after the match's beginning
  let any = false;
  const keepSpansUntil = (position: number): void => {
    for (; kept < spans.length && spans[kept].end <= position; kept++) {
      const s = spans[kept];
      out += text.slice(at, s.start);
      next.push({ ...s, start: out.length, end: out.length + s.end - s.start });
      out += text.slice(s.start, s.end);
      at = s.end;
    }
  };
  let next16 = 0;
  for (let match = find(text, 0); match !== null; match = next16 > text.length ? null : find(text, next16)) {
    const { start: from, end: to } = match;
    next16 = to === from ? behindCharacter(text, to) : to;
    if (to === from) continue;
    while (first < spans.length && spans[first].end <= from) first++;
    let after = first; // first span beyond the match
    while (after < spans.length && spans[after].end <= to) after++;
    const cutAtStart = first < spans.length && spans[first].start < from;
    const cutAtEnd = after < spans.length && spans[after].start < to;
    if (cutAtStart || cutAtEnd) continue;
    any = true;
    keepSpansUntil(from);
    out += text.slice(at, from);
    // Raw offsets: undo the length changes of the spans before; a span's own edges are known.
    const shiftBefore = (k: number): number => (k === 0 ? 0 : spans[k - 1].rawEnd - spans[k - 1].end);
    const startsSpan = first < after && spans[first].start === from;
    next.push({
      start: out.length,
      end: out.length + replacements[mask].length,
      rawStart: startsSpan ? spans[first].rawStart : from + shiftBefore(first),
      rawEnd: to + shiftBefore(after),
      mask,
    });
    out += replacements[mask];
    at = to;
    kept = Math.max(kept, after);
  }
  if (!any) return null;
  keepSpansUntil(text.length);
  return { text: out + text.slice(at), spans: next };
}
