import { COLUMN, LOOSE, MARKS, TIMES, type Piece } from './pieces.js';

/** Lines that may look otherwise (a header that is cut off, another program's line). */
const TOLERANCE = 0.03;
/** How many columns of unknown meaning may stand before one that is known. */
const LOOK_AHEAD = 3;
const MAX_PIECES = 14;

export interface HeaderGuess {
  readonly layout: string;
  /** strptime format, where the header says when. */
  readonly time: string | null;
}

/**
 * Reads headers off a sample, from left to right: at each place the first kind of piece that all lines but a few have there. Columns of
 * unknown meaning are taken when one that is known comes after them; where none does, the message begins.
 */
export function guessHeader(lines: readonly string[], prefix = ''): HeaderGuess {
  let layout = prefix.replace(/[\\^$.|?*+()[\]{}]/g, '\\$&');
  const times = new Map<string, string>();
  let places = lines.map(() => prefix.length);
  const names = new Map<string, number>();
  for (let n = 0; n < MAX_PIECES; n++) {
    const found = next(lines, places, names, LOOK_AHEAD);
    if (found === null) break;
    const { piece, separator } = found;
    if (piece.time !== undefined && !times.has(piece.layout) && !names.has('Time')) times.set(piece.layout, piece.time);
    layout += rename(piece.layout, names) + separator.layout;
    places = separator.after;
  }
  if (!/<(Time|Date)>/.test(layout) && layout.includes('<Timestamp>')) return { layout: `${layout.replace('<Timestamp>', '<Time>')}<Content>`, time: '%s' };
  // Where date and time stand apart they are read joined by a blank.
  const formats = [...times].filter(([l]) => /<(Date|Time)>/.test(l)).map(([, t]) => t);
  const time = formats.length === 0 ? null : formats.join(' ');
  return { layout: `${layout}<Content>`, time };
}

interface Found {
  readonly piece: Piece;
  /** What follows it, and where each line goes on after that; −1: it does not look so. */
  readonly separator: { readonly layout: string; readonly after: number[] };
}

function next(lines: readonly string[], places: readonly number[], names: ReadonlyMap<string, number>, ahead: number): Found | null {
  const timed = names.has('Time') && (names.has('Date') || names.has('Timestamp') || names.has('Month'));
  if (!names.has('Time') && !names.has('Month') && [...names.keys()].every((n) => n === 'Field') && !TIMES.some((t) => taken(lines, places, t) !== null)) {
    // Columns before the time of an access log are no components, whatever they look like.
    const ahead = timeAhead(lines, places, LOOK_AHEAD);
    if (ahead !== null) return ahead;
  }
  for (const piece of [...(timed ? TIMES.filter((t) => t.layout === '<Time>' && t.time?.includes('%Y')) : TIMES), ...MARKS]) {
    // A message may begin with a number or a bracket; a level or a component twice is none.
    if (/^<(Level|Label)>|\[<Level>|<Component>/.test(piece.layout) && names.has(/<(\w+)>/.exec(piece.layout)?.[1] ?? '')) continue;
    if (piece.looks.source.startsWith('[-.*#]') && !names.has('Role')) continue; // Redis alone writes levels so
    if (piece.layout === '<Pid>' && (names.get('Pid') ?? 0) >= 2) continue;
    if (piece.layout === '<Pid>' && names.has('Component') && names.has('Level')) continue;
    const found = taken(lines, places, piece);
    if (found !== null) return found;
  }
  const column = ahead === 0 ? null : taken(lines, places, COLUMN);
  const beyond = column === null ? null : next(lines, column.separator.after, names, ahead - 1);
  // A number somewhere in the message is no sign of a header.
  if (beyond !== null && beyond.piece.layout !== '<Pid>' && !beyond.piece.layout.includes('<Process>')) return column;
  for (const piece of names.has('Component') ? [] : LOOSE) {
    const found = taken(lines, places, piece);
    if (found !== null) return found;
  }
  return null;
}

/** The column here, where a time comes after it or after some more. */
function timeAhead(lines: readonly string[], places: readonly number[], ahead: number): Found | null {
  const column = ahead === 0 ? null : taken(lines, places, COLUMN);
  if (column === null) return null;
  const { after } = column.separator;
  return TIMES.some((t) => t.layout.startsWith('\\[') && taken(lines, after, t) !== null) || timeAhead(lines, after, ahead - 1) !== null ? column : null;
}

function taken(lines: readonly string[], places: readonly number[], piece: Piece): Found | null {
  const after = tryPiece(lines, places, piece);
  const separator = after === null ? null : piece.glued === true ? { layout: '', after } : commonSeparator(lines, after, piece.time !== undefined);
  return separator === null ? null : { piece, separator };
}

function tryPiece(lines: readonly string[], places: readonly number[], piece: Piece): number[] | null {
  let alive = 0;
  let fitting = 0;
  const after = lines.map((line, i) => {
    if (places[i] < 0) return -1;
    alive++;
    piece.looks.lastIndex = places[i];
    const match = piece.looks.exec(line);
    if (match === null || match[0].length === 0) return -1;
    fitting++;
    return places[i] + match[0].length;
  });
  return alive > 0 && fitting >= alive * (1 - TOLERANCE) && fitting >= lines.length * 0.9 ? after : null;
}

/** What stands between a piece and the next in nearly all lines: blanks, a bar, a comma, a dash. After a `time` a dash that only some have is no separator. */
function commonSeparator(lines: readonly string[], places: readonly number[], time: boolean): Found['separator'] | null {
  return separatorLike(/(?: - |\||,(?!\d)\s*|\s+)/y, lines, places) ?? (time ? separatorLike(/\s+/y, lines, places) : null);
}

function separatorLike(pattern: RegExp, lines: readonly string[], places: readonly number[]): Found['separator'] | null {
  const counts = new Map<string, number>();
  const found = lines.map((line, i) => {
    if (places[i] < 0) return null;
    pattern.lastIndex = places[i];
    const text = pattern.exec(line)?.[0] ?? '';
    const kind = text.replace(/\s+/g, ' ');
    counts.set(kind, (counts.get(kind) ?? 0) + 1);
    return { kind, end: places[i] + text.length };
  });
  const [best] = [...counts].sort((a, b) => b[1] - a[1]);
  if (best === undefined || best[0] === '' || best[1] < lines.length * 0.9) return null;
  return { layout: best[0].replace(/[|]/g, '\\$&'), after: found.map((f) => (f !== null && f.kind === best[0] ? f.end : -1)) };
}

/** The second <Pid> is <Pid2>, and so on. */
function rename(layout: string, names: Map<string, number>): string {
  return layout.replace(/<(\w+)>/g, (_, name: string) => {
    const times = (names.get(name) ?? 0) + 1;
    names.set(name, times);
    return `<${name}${times === 1 ? '' : times}>`;
  });
}
