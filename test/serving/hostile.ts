import fc from 'fast-check';
import { brotliCompressSync, deflateSync, gzipSync } from 'node:zlib';

/** A request as it goes over the wire. */
export interface HostileRequest {
  readonly method: string;
  readonly path: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Buffer | null;
}

type JsonSchema = { readonly [key: string]: unknown };
export interface OpenApi {
  readonly paths: Readonly<Record<string, Readonly<Record<string, Operation>>>>;
}
interface Operation {
  readonly parameters?: readonly { readonly in: string; readonly name: string; readonly schema: JsonSchema }[];
  readonly requestBody?: { readonly content: Readonly<Record<string, { readonly schema: JsonSchema }>> };
}

const nastyText = fc.oneof(
  fc.string({ unit: 'binary' }), fc.string({ unit: 'grapheme' }), fc.string({ minLength: 200, maxLength: 3000 }),
  fc.constantFrom('', ' ', '\0', '\ud800', '\u202e', '../../../../etc/passwd', "' OR 1=1 --", '${7*7}', '{{7*7}}', '<script>', '%00', '%n%s', 'null', 'NaN', '-0', '1e999', '__proto__', 'constructor', '\r\nX-Injected: 1', 'a'.repeat(100_000)),
);
const nastyNumber = fc.oneof(fc.double(), fc.integer(), fc.constantFrom(-1, 0, 1e308, -1e308, 5e-324, 2 ** 53, -(2 ** 53), 1.5, 4294967296));

/** Values that the schema allows. */
function conforming(schema: JsonSchema): fc.Arbitrary<unknown> {
  if (Array.isArray(schema.enum)) return fc.constantFrom(...(schema.enum as unknown[]));
  switch (schema.type) {
    case 'string': return nastyText.map((s) => s.slice(0, Number(schema.maxLength ?? 5000)));
    case 'number': return fc.double({ min: Number(schema.minimum ?? -1e6), max: Number(schema.maximum ?? 1e6), noNaN: true });
    case 'integer': return fc.integer({ min: Number(schema.minimum ?? -1000), max: Math.min(Number(schema.maximum ?? 1000), 2 ** 31 - 1) });
    case 'boolean': return fc.boolean();
    case 'array': return fc.array(conforming(schema.items as JsonSchema), { minLength: Number(schema.minItems ?? 0), maxLength: 12 });
    case 'object': {
      const required = (schema.required ?? []) as string[];
      const entries = Object.entries((schema.properties ?? {}) as Record<string, JsonSchema>).map(([name, s]) => [name, conforming(s)] as const);
      return fc.record(Object.fromEntries(entries), { requiredKeys: required.filter((r) => entries.some(([n]) => n === r)) });
    }
    default: return fc.jsonValue();
  }
}

/** The value with one thing in it made wrong. */
function broken(value: fc.Arbitrary<unknown>): fc.Arbitrary<unknown> {
  return fc.tuple(value, fc.nat(), fc.oneof(nastyText, nastyNumber, fc.constant(null), fc.constant([]), fc.constant({}), fc.constant(true)), fc.constantFrom('replace', 'drop', 'add', 'whole')).map(([v, at, wrong, how]) => {
    if (how === 'whole' || v === null || typeof v !== 'object') return wrong;
    const copy = structuredClone(v) as Record<string, unknown>;
    const keys = Object.keys(copy);
    const key = keys[at % Math.max(1, keys.length)] ?? 'x';
    if (how === 'drop') delete copy[key];
    else copy[how === 'add' ? `extra${at % 7}` : key] = wrong;
    return copy;
  });
}

/** Logs, from nearly right to anything at all. */
export function hostileLog(lines: readonly string[]): fc.Arbitrary<Buffer> {
  const real = fc.array(fc.constantFrom(...lines), { minLength: 1, maxLength: 40 });
  const bent = fc.tuple(fc.constantFrom(...lines), fc.nat(), nastyText).map(([line, at, s]) => `${line.slice(0, at % line.length)}${s}${line.slice((at + s.length) % line.length)}`);
  return fc.oneof(
    real.map((l) => Buffer.from(l.join('\n'))),
    fc.array(fc.oneof(fc.constantFrom(...lines), bent, nastyText), { maxLength: 30 }).chain((l) => fc.constantFrom('\n', '\r\n', '\r', '\0').map((end) => Buffer.from(l.join(end)))),
    fc.uint8Array({ maxLength: 4000 }).map((b) => Buffer.from(b)),
    fc.tuple(real, fc.uint8Array({ minLength: 1, maxLength: 50 })).map(([l, b]) => Buffer.concat([Buffer.from(`${l.join('\n')}\n`), Buffer.from(b)])),
    fc.constantFrom(Buffer.from([0xff, 0xfe, 65, 0]), Buffer.from([0x28, 0xb5, 0x2f, 0xfd, 0, 0]), Buffer.from([0xef, 0xbb, 0xbf]), Buffer.from('\n'.repeat(50_000)), Buffer.alloc(2_000_000, 120), Buffer.from(`${'9 '.repeat(200_000)}\n`), Buffer.alloc(0)),
  );
}

const jsonText = (value: fc.Arbitrary<unknown>): fc.Arbitrary<Buffer> => fc.oneof(
  { weight: 6, arbitrary: value.map((v) => Buffer.from(JSON.stringify(v) ?? '')) },
  { weight: 2, arbitrary: fc.tuple(value, fc.nat()).map(([v, at]) => { const t = JSON.stringify(v) ?? ''; return Buffer.from(t.slice(0, at % (t.length + 1))); }) },
  { weight: 1, arbitrary: fc.constantFrom(`${'['.repeat(20_000)}`, `${'{"a":'.repeat(5000)}1${'}'.repeat(5000)}`, '{"raw_log_data":"x","raw_log_data":5}', '{"__proto__":{"x":1},"raw_log_data":"a"}', '{"raw_log_data":"\\ud800"}', '\ufeff{}', '{"sessions":1e400}', '{"sessions":[{"events":[1e20]}]}', 'NaN').map((t) => Buffer.from(t)) },
);

/** Requests made from what the service says of itself, bent in every way. */
export function hostileRequests(api: OpenApi, lines: readonly string[]): fc.Arbitrary<HostileRequest> {
  const operations = Object.entries(api.paths).flatMap(([path, methods]) => Object.entries(methods).map(([method, operation]) => ({ path, method: method.toUpperCase(), operation })));
  const method = (own: string): fc.Arbitrary<string> => fc.oneof({ weight: 9, arbitrary: fc.constant(own) }, { weight: 1, arbitrary: fc.constantFrom('GET', 'POST', 'PUT', 'DELETE', 'PATCH', 'OPTIONS', 'HEAD', 'TRACE') });
  const encoding = fc.oneof({ weight: 7, arbitrary: fc.constant('') }, { weight: 3, arbitrary: fc.constantFrom('gzip', 'deflate', 'br', 'gzip, br', 'zstd', 'identity', 'x'.repeat(300), '*') });
  const request = fc.constantFrom(...operations).chain(({ path, method: own, operation }) => {
    const content = operation.requestBody?.content ?? {};
    const parameters = operation.parameters ?? [];
    const query = fc.oneof(
      fc.constant(''),
      fc.record(Object.fromEntries(parameters.filter((p) => p.in === 'query').map((p) => [p.name, fc.oneof(conforming(p.schema).map(String), nastyText)])), { requiredKeys: [] }).map(queryOf),
      fc.dictionary(nastyText, nastyText, { maxKeys: 3 }).map(queryOf),
      fc.constantFrom('?', '?%', '?model=a&model=b', '?seq_threshold[]=1', '?threshold=0x10', '?a=%ff%fe', '?model[__proto__]=1'),
    );
    const name = fc.oneof(fc.constant('q'), nastyText.map((s) => encodeURIComponent(wellFormed(s)).slice(0, 400) || 'x'), fc.constantFrom('..', '%2e%2e%2f', '%00', '%'));
    const types = Object.keys(content);
    const type = fc.oneof({ weight: 8, arbitrary: fc.constantFrom(...(types.length === 0 ? ['text/plain'] : types)) }, { weight: 2, arbitrary: fc.constantFrom('', 'application/xml', 'multipart/form-data; boundary=x', 'text/plain; charset=utf-16', 'application/json;charset=x', 'APPLICATION/JSON', 'a/b/c', 'application/x-www-form-urlencoded', ';') });
    const json = content['application/json']?.schema;
    const ndjson = fc.array(fc.oneof(fc.constantFrom(...lines).map((l) => JSON.stringify(l)), fc.constantFrom(...lines).map((l) => JSON.stringify({ line: l })), fc.constantFrom(...lines), fc.json(), nastyText), { maxLength: 20 }).map((l) => Buffer.from(l.join('\n')));
    const body = (t: string): fc.Arbitrary<Buffer> => (t.startsWith('application/json') && json !== undefined ? fc.oneof(jsonText(conforming(json)), jsonText(broken(conforming(json))), hostileLog(lines)) : t === 'application/x-ndjson' ? fc.oneof(ndjson, hostileLog(lines)) : hostileLog(lines));
    return fc.tuple(method(own), query, name, type, encoding, fc.constantFrom('application/json', 'application/x-ndjson', '*/*', '', 'text/html;q=0.1, application/x-ndjson;q=x'), fc.constantFrom('', 'gzip', 'gzip;q=0', 'br, *', 'identity'), fc.boolean())
      .chain(([m, q, n, t, e, accept, accepts, honest]) => body(t).map((b): HostileRequest => ({
        method: m, path: path.replace('{name}', n) + q, body: m === 'GET' || m === 'HEAD' || (b.length === 0 && t === '') ? null : honest ? packed(b, e) : b,
        headers: Object.fromEntries(Object.entries({ 'content-type': t, 'content-encoding': e, accept, 'accept-encoding': accepts }).filter(([, v]) => v !== '')),
      })));
  });
  const elsewhere = fc.tuple(fc.constantFrom('GET', 'POST', 'DELETE'), fc.oneof(nastyText.map((s) => `/${encodeURIComponent(wellFormed(s)).slice(0, 500)}`), fc.constantFrom('/docs/static/../../../../etc/passwd', '/docs/static/..%2f..%2f..%2fetc%2fpasswd', '/docs/%2e%2e/package.json', '//', '/%', '/%c0%ae%c0%ae/', '/detect/', '/DETECT', '/docs/static/nothing.js', '/openapi.json?x=1', '/docs/json', '/docs/yaml')))
    .map(([m, path]): HostileRequest => ({ method: m, path, headers: {}, body: null }));
  return fc.oneof({ weight: 12, arbitrary: request }, { weight: 1, arbitrary: elsewhere });
}

function wellFormed(s: string): string {
  return Buffer.from(s).toString('utf8');
}

function queryOf(values: Readonly<Record<string, unknown>>): string {
  const entries = Object.entries(values);
  return entries.length === 0 ? '' : `?${entries.map(([k, v]) => `${encodeURIComponent(wellFormed(k)).slice(0, 200)}=${encodeURIComponent(wellFormed(String(v))).slice(0, 500)}`).join('&')}`;
}

function packed(body: Buffer, encoding: string): Buffer {
  return encoding === 'gzip' ? gzipSync(body) : encoding === 'deflate' ? deflateSync(body) : encoding === 'br' ? brotliCompressSync(body) : body;
}

/** What an answer must never show: places on the disk, stack traces, names of our own errors and files. */
const INTERNALS = /\n\s+at |node_modules|node:internal|file:\/\/|\.[jt]s:\d+|(Type|Range|Reference|Syntax|Data|Usage|Engine\w*)Error|FST_ERR|ENOENT|ECONN|EACCES/;

/** Null when the answer is in order, else what is wrong with it. `places`: folders that must not be named. */
export function complaint(status: number, type: string, body: string, places: readonly string[]): string | null {
  if (status >= 500) return `status ${status}`;
  const leak = status >= 400 ? INTERNALS.exec(body)?.[0] : undefined;
  if (leak !== undefined) return `shows ${JSON.stringify(leak)}`;
  const place = places.find((p) => body.includes(p));
  if (place !== undefined) return `names ${place}`;
  if (status < 400 || body === '') return null;
  if (!type.startsWith('application/json')) return `an error as ${type}`;
  try {
    const { error } = JSON.parse(body) as { error: { code: string; message: string; fix: string } };
    return [error.code, error.message, error.fix].every((t) => typeof t === 'string' && t.length > 0) ? null : 'an error without code, message or fix';
  } catch {
    return 'an error that is not JSON';
  }
}
