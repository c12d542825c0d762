import { seededRandom } from '../../deeplog/common/index.js';

/** A message with its values filled in: where they stand, and which template it is of. */
export interface Filled {
  readonly text: string;
  /** Spans of the values in the text. */
  readonly values: readonly (readonly [from: number, to: number])[];
}

export type Random = () => number;
type Maker = (r: Random) => string;

const pick = <T>(r: Random, of: readonly T[]): T => of[Math.floor(r() * of.length)];
const int = (r: Random, below: number): number => Math.floor(r() * below);
const hex = (r: Random, n: number): string => Array.from({ length: n }, () => int(r, 16).toString(16)).join('');

/** What `{name}` in a message stands for. */
const MAKERS: Readonly<Record<string, Maker>> = {
  n: (r) => String(int(r, 90_000)),
  small: (r) => String(1 + int(r, 20)),
  float: (r) => (r() * 300).toFixed(3),
  ms: (r) => `${1 + int(r, 900)}ms`,
  ip: (r) => `10.${int(r, 4)}.${int(r, 256)}.${1 + int(r, 254)}`,
  port: (r) => String(1024 + int(r, 60_000)),
  mac: (r) => Array.from({ length: 6 }, () => hex(r, 2)).join(':'),
  hex: (r) => `0x${hex(r, 8)}`,
  id: (r) => hex(r, 12),
  uuid: (r) => [8, 4, 4, 4, 12].map((n) => hex(r, n)).join('-'),
  user: (r) => pick(r, ['alice', 'bob', 'carol', 'dave', 'erin', 'frank', 'grace', 'heidi']),
  host: (r) => `${pick(r, ['web', 'db', 'cache', 'node'])}-${1 + int(r, 30)}`,
  pkg: (r) => `${pick(r, ['libc6', 'openssl', 'zlib1g', 'curl', 'libssl3', 'bash', 'python3.11', 'vim-tiny'])}:${pick(r, ['amd64', 'all'])}`,
  name: (r) => pick(r, ['libc6', 'openssl', 'zlib1g', 'curl', 'libssl3', 'bash', 'python3.11', 'vim-tiny']),
  ver: (r) => `${int(r, 9)}.${int(r, 40)}.${int(r, 9)}-${1 + int(r, 9)}${pick(r, ['', '+deb12u3', '~bpo1'])}`,
  file: (r) => `/${pick(r, ['var', 'srv', 'opt'])}/${pick(r, ['www', 'lib', 'data'])}/${hex(r, 5)}${pick(r, ['.html', '.png', '.dat'])}`,
  url: (r) => `/${pick(r, ['api', 'static', 'cart', 'users'])}/${int(r, 5000)}`,
  agent: (r) => pick(r, ['Mozilla/5.0 (X11; Linux x86_64) Gecko/20100101', 'curl/8.5.0', 'Mozilla/5.0 (Windows NT 10.0; Win64; x64)', 'python-requests/2.31.0']),
  method: (r) => pick(r, ['GET', 'POST', 'PUT', 'HEAD']),
  status: (r) => pick(r, ['200', '204', '301', '404', '500']),
};

/** The message with every `{name}` replaced by a value. */
export function fill(template: string, r: Random): Filled {
  const values: [number, number][] = [];
  let text = '';
  let at = 0;
  for (const match of template.matchAll(/\{(\w+)\}/g)) {
    text += template.slice(at, match.index);
    const maker = MAKERS[match[1]];
    if (maker === undefined) throw new Error(`no values called ${match[1]}`);
    const value = maker(r);
    values.push([text.length, text.length + value.length]);
    text += value;
    at = match.index + match[0].length;
  }
  return { text: text + template.slice(at), values };
}

const MONTHS = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec'];
const two = (n: number): string => String(n).padStart(2, '0');

/** The parts of a time (UTC) as formats write them. */
export function parts(ms: number): { Y: string; y: string; m: string; b: string; d: string; e: string; T: string; milli: string; micro: string; s: string } {
  const t = new Date(ms);
  return {
    Y: String(t.getUTCFullYear()), y: two(t.getUTCFullYear() % 100), m: two(t.getUTCMonth() + 1), b: MONTHS[t.getUTCMonth()], d: two(t.getUTCDate()), e: String(t.getUTCDate()).padStart(2, ' '),
    T: `${two(t.getUTCHours())}:${two(t.getUTCMinutes())}:${two(t.getUTCSeconds())}`, milli: String(t.getUTCMilliseconds()).padStart(3, '0'), micro: `${String(t.getUTCMilliseconds()).padStart(3, '0')}417`, s: String(Math.floor(ms / 1000)),
  };
}

/** A format of logs, as its documentation gives it, with what somebody who knows it would tell drain. */
export interface KnownFormat {
  readonly name: string;
  /** Where the format is documented. */
  readonly documented: string;
  /** Flags that suit it. JSON: `fields` in place of a layout. */
  readonly layout: string | null;
  readonly fields?: string;
  readonly timeFormat: string | null;
  readonly masks: readonly string[];
  readonly recordStart?: string;
  readonly messages: readonly string[];
  /** An access log: every line is the same event with other values. */
  readonly oneEvent?: true;
  /** A whole line, or several, of a time and a message. */
  readonly line: (p: ReturnType<typeof parts>, message: string, r: Random, template: number) => string;
  /** Times count from here (ms), not from 1970. */
  readonly clockStarts?: number;
  /** What a time's smallest unit is, in ms. */
  readonly unit: number;
}

export interface TrueLine extends Filled {
  readonly line: string;
  readonly time: number;
  readonly template: number;
}

/** `count` lines of a format, the same ones every time. */
export function linesOf(format: KnownFormat, count = 40): TrueLine[] {
  const r = seededRandom([...format.name].reduce((h, c) => h * 31 + c.charCodeAt(0), 7) % 1_000_003);
  let time = Date.UTC(2024, 2, 1, 10, 15, 32);
  return Array.from({ length: count }, (_, i) => {
    time += Math.floor(r() * 90_000);
    // Every template comes at once, then at random.
    const template = i < format.messages.length ? i : Math.floor(r() * format.messages.length);
    const filled = fill(format.messages[template], r);
    return { ...filled, line: format.line(parts(time), filled.text, r, template), time: Math.floor(time / format.unit) * format.unit - (format.clockStarts ?? 0), template: format.oneEvent === true ? 0 : template };
  });
}
