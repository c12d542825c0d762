/** What a parser made of a log, line by line, beside the truth; arrays of one length. */
export interface ParsedLines {
  readonly events: ArrayLike<number>;
  /** Template of an event; 0, no template, has none. */
  template(event: number): string;
  readonly truth: readonly { readonly event: string; readonly template: string }[];
}

export interface ParsingAccuracy {
  /** Share of lines whose group is exactly a group of the truth (Zhu et al. 2019). */
  readonly ga: number;
  /** F1 over groups that are exactly a group of the truth: every template counts the same (Jiang et al. 2024). */
  readonly fga: number;
  /** Share of lines whose template is the truth's, character by character, blanks apart (Dai et al. 2020). */
  readonly pa: number;
  /** F1 over templates all of whose lines have just that template in the truth (Khan et al. 2022). */
  readonly fta: number;
  readonly found: number;
  readonly expected: number;
}

/** Groups of the truth that were torn apart, and found groups that hold several of the truth. */
export interface Confusion {
  readonly split: readonly { readonly event: string; readonly template: string; readonly lines: number; readonly into: readonly Part<number>[] }[];
  readonly merged: readonly { readonly event: number; readonly template: string; readonly lines: number; readonly of: readonly Part<string>[] }[];
  /** Grouped as in the truth, worded otherwise. */
  readonly reworded: readonly { readonly event: number; readonly template: string; readonly truth: string; readonly lines: number }[];
}

export interface Part<Id> {
  readonly event: Id;
  readonly template: string;
  readonly lines: number;
}

/** All four measures. Lines without a template (event 0) are a group of their own each, which no template matches. */
export function parsingAccuracy(parsed: ParsedLines): ParsingAccuracy {
  const { found, truth } = crossCount(parsed);
  const total = parsed.truth.length;
  let exactLines = 0;
  let exactGroups = 0;
  for (const group of found.values()) {
    const [only] = group.parts.keys();
    if (group.parts.size !== 1 || truth.get(only)?.lines !== group.lines) continue;
    exactLines += group.lines;
    exactGroups++;
  }
  // By wording: several events may have one template, and several groups of the truth, too.
  const byWording = new Map<string, Set<string>>();
  const worded = new Set<string>();
  let rightLines = 0;
  for (let i = 0; i < total; i++) {
    const ours = parsed.events[i] === 0 ? `\0${i}` : plain(parsed.template(parsed.events[i]));
    const theirs = plain(parsed.truth[i].template);
    if (ours === theirs) rightLines++;
    worded.add(theirs);
    const known = byWording.get(ours);
    if (known === undefined) byWording.set(ours, new Set([theirs]));
    else known.add(theirs);
  }
  let rightTemplates = 0;
  for (const [ours, theirs] of byWording) if (theirs.size === 1 && theirs.has(ours)) rightTemplates++;
  return {
    ga: exactLines / total,
    fga: f1(exactGroups, found.size, truth.size),
    pa: rightLines / total,
    fta: f1(rightTemplates, byWording.size, worded.size),
    found: found.size,
    expected: truth.size,
  };
}

/** Which groups were split, merged or worded otherwise; each list by lines, most first. */
export function confusion(parsed: ParsedLines): Confusion {
  const { found, truth } = crossCount(parsed);
  const wording = new Map(parsed.truth.map((t) => [t.event, t.template]));
  const ours = (event: number): string => (event > 0 ? parsed.template(event) : '(no template)');
  const byLines = (a: { lines: number }, b: { lines: number }): number => b.lines - a.lines;
  const split = [...truth].filter(([, g]) => g.parts.size > 1).map(([event, g]) => ({
    event, template: wording.get(event) ?? '', lines: g.lines,
    into: [...g.parts].map(([e, lines]) => ({ event: e, template: ours(e), lines })).sort(byLines),
  })).sort(byLines);
  const merged = [...found].filter(([, g]) => g.parts.size > 1).map(([event, g]) => ({
    event, template: ours(event), lines: g.lines,
    of: [...g.parts].map(([e, lines]) => ({ event: e, template: wording.get(e) ?? '', lines })).sort(byLines),
  })).sort(byLines);
  const reworded = [...found].flatMap(([event, g]) => {
    const [only] = g.parts.keys();
    const text = wording.get(only) ?? '';
    const same = g.parts.size === 1 && truth.get(only)?.lines === g.lines;
    return same && plain(text) !== plain(ours(event)) ? [{ event, template: ours(event), truth: text, lines: g.lines }] : [];
  }).sort(byLines);
  return { split, merged, reworded };
}

interface Group<Other> {
  lines: number;
  readonly parts: Map<Other, number>;
}

function crossCount({ events, truth }: ParsedLines): { found: Map<number, Group<string>>; truth: Map<string, Group<number>> } {
  const found = new Map<number, Group<string>>();
  const expected = new Map<string, Group<number>>();
  truth.forEach(({ event }, i) => {
    const ours = events[i] === 0 ? -1 - i : events[i];
    count(found, ours, event);
    count(expected, event, ours);
  });
  return { found, truth: expected };
}

function count<A, B>(groups: Map<A, Group<B>>, key: A, part: B): void {
  const group = groups.get(key) ?? { lines: 0, parts: new Map<B, number>() };
  group.lines++;
  group.parts.set(part, (group.parts.get(part) ?? 0) + 1);
  groups.set(key, group);
}

function f1(right: number, found: number, expected: number): number {
  return right === 0 ? 0 : (2 * right) / (found + expected);
}

/** Parsers split at blanks and join by one, so how many there were is not to be known. */
function plain(template: string): string {
  return template.trim().replace(/\s+/g, ' ');
}
