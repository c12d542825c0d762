import swagger from '@fastify/swagger';
import swaggerUi from '@fastify/swagger-ui';
import type { FastifyInstance } from 'fastify';
import { shippedVersion } from '../common/index.js';
import { DetectBody, DetectQuery, jsonSchema, ParseBody, ParseQuery, ScoreBody } from './schemas.js';

type Schema = Readonly<Record<string, unknown>>;

const object = (properties: Record<string, Schema>, optional: readonly string[] = []): Schema => ({ type: 'object', properties, required: Object.keys(properties).filter((k) => !optional.includes(k)), additionalProperties: false });
const list = (items: Schema): Schema => ({ type: 'array', items });
const text = (description?: string): Schema => ({ type: 'string', ...(description === undefined ? {} : { description }) });
const number = (description?: string): Schema => ({ type: 'number', ...(description === undefined ? {} : { description }) });
const count = (description?: string): Schema => ({ type: 'integer', minimum: 0, ...(description === undefined ? {} : { description }) });
const orNull = (schema: Schema): Schema => ({ anyOf: [schema, { type: 'null' }] });

const ERROR = object({ error: object({ code: text('Stays the same from version to version.'), message: text(), fix: text('What to do about it.') }) });

const EVIDENCE = object({
  index: count('Position in the session, from 0; equal to its length when something is missing at the end.'),
  line: count('Line of the request body, from 1.'),
  event: orNull(count()), score: number(), expected: list(object({ event: { anyOf: [count(), { const: 'end of session' }] }, probability: number() })), reason: text(),
  probability: number(), values: list(object({ column: text(), value: number(), low: number(), high: number() })), part: text('Part of a combined detector.'),
  template: text(), expected_templates: list(text()), raw: text('The line as it came, cut at 1,000 bytes; not in NDJSON answers.'),
}, ['line', 'probability', 'values', 'part', 'template', 'expected_templates', 'raw']);

const VERDICT = object({
  session: count('Counts from 1 by first appearance.'), key: text(), n_events: count(), first_line: orNull(count('Line of the request body, from 1.')), score: number(), threshold: number(), abnormal: { type: 'boolean' },
  triage: { ...object({ id: text('The kind of alert, as deeplog triage has it.'), answer: orNull({ type: 'string', enum: ['accepted', 'rejected'] }), by: orNull(text()), at: orNull(text()) }), description: "Of a session above the threshold, where alerts of this model have been answered. accepted: no alert." },
  missed: count('Rule share: events held against the session.'), missed_share: number('Rule share: their share of its events.'), evidence: { ...list(EVIDENCE), description: 'For abnormal sessions: the strongest five.' },
}, ['triage', 'missed', 'missed_share', 'evidence']);

const LINES = {
  lines: count('Lines read; of CSV its records.'), empty_lines: count(), unparsed_lines: count("Lines that do not fit the layout of the model's logs, or are no record with a message."), unparsed: { ...list(object({ line: count(), text: text() })), description: 'The first of them.' },
  unknown_template_lines: count('Lines that fit no template: event 0, which is evidence.'),
};
const MODEL = { model: text(), model_version: text() };
const SESSIONS = {
  ...MODEL, detector: text(), rule: { type: 'string', enum: ['score', 'share'] }, threshold: number(), seq_threshold: number(),
  total_sequences: count(), total_anomalous_sequences: count(), total_accepted_sequences: count('Above the threshold, and no alert since its kind was accepted; where alerts of this model have been answered.'), anomaly_ratio: number(),
};
const LINE = object({ line: count(), event: count('0: no template fits.'), template: orNull(text()), parameters: list(text()), time: orNull(text('ISO 8601, UTC.')) });
const DESCRIPTION = object({
  name: text(), default: { type: 'boolean' }, version: text(), detector: text(), needs: list(text()), reads_raw_logs: { type: 'boolean' }, input: orNull({ type: 'string', enum: ['lines', 'jsonl', 'csv', 'parquet'], description: "What the model's logs are: lines of text, or records." }), layout: orNull(text('How a line is made up; for records, which of their values are read: Content=message, Time=ts.')), sessions_by: orNull(text()),
  threshold: orNull(number()), templates: count(), trained: text(), loaded: text(),
});

/** Answers that any endpoint with a body may give. */
const REFUSALS = Object.fromEntries(Object.entries({
  400: 'The request cannot be read.', 401: 'An API key is needed.', 404: 'There is no such model.', 408: 'The body did not arrive in time.', 409: "The answers to the model's alerts cannot be read.", 413: 'The body, a line of it, or the answer in one piece is too large.',
  415: 'The content type or encoding is not read.', 422: 'The model cannot do it with this.', 503: 'Too busy, too slow, or closing.',
}).map(([status, description]) => [status, { description, content: { 'application/json': { schema: ERROR } } }]));

const answered = (summary: Schema, many: string, one: string, item: Schema): Schema => ({
  200: {
    description: 'In one piece, or with Accept: application/x-ndjson a line each, the summary last.',
    content: {
      'application/json': { schema: object({ summary, [many]: list(item) }) },
      'application/x-ndjson': { schema: { type: 'string', description: `A line each: {"${one}": …}, the last {"summary": …}. A stream that ends with {"error": …} is not whole.` } },
    },
  },
  ...REFUSALS,
});

const LOG_BODIES = {
  'text/plain': { schema: { type: 'string', description: "The log as the model's logs are: lines of text, JSON lines, or CSV with its header or without (then in the order of the table that the model was trained on). For a model trained on Parquet: JSON lines with the same columns." } },
  'application/x-ndjson': { schema: { type: 'string', description: 'A record a line: a log line as JSON text, or {"line": "…"}; for models trained on JSON lines, CSV or Parquet the record itself, a JSON object with the columns that the model reads.' } },
};

export const DETECT_SCHEMA = {
  summary: 'Judge the sessions of a raw log', tags: ['logs'], operationId: 'detect',
  description: "The log is read with the model's frozen parser, its lines are grouped into sessions, and each gets a verdict. Nothing is learned. Query parameters go with text/plain and application/x-ndjson; a JSON request says everything in its body.",
  querystring: jsonSchema(DetectQuery), body: { content: { 'application/json': { schema: jsonSchema(DetectBody) }, ...LOG_BODIES } },
  response: answered(object({ ...SESSIONS, ...LINES, unassigned_lines: count('Lines without a session key.') }, ['seq_threshold', 'total_accepted_sequences']), 'sessions', 'session', VERDICT),
};

export const PARSE_SCHEMA = {
  summary: 'The events of a raw log', tags: ['logs'], operationId: 'parse', description: "Event, template, parameters and time of every line, by the model's frozen parser.",
  querystring: jsonSchema(ParseQuery), body: { content: { 'application/json': { schema: jsonSchema(ParseBody) }, ...LOG_BODIES } },
  response: answered(object({ ...MODEL, ...LINES }), 'lines', 'line', LINE),
};

export const SCORE_SCHEMA = {
  summary: 'Judge sessions given as event ids', tags: ['logs'], operationId: 'scoreSessions', description: "For logs that were parsed before with the model's parser.",
  body: { content: { 'application/json': { schema: jsonSchema(ScoreBody) } } },
  response: answered(object(SESSIONS, ['seq_threshold', 'total_accepted_sequences']), 'sessions', 'session', VERDICT),
};

export const HEALTH_SCHEMA = { summary: 'The process is alive', tags: ['service'], operationId: 'health', security: [], response: { 200: { description: 'It is.', content: { 'application/json': { schema: object({ status: { const: 'ok' } }) } } } } };
export const READY_SCHEMA = {
  summary: 'The models are loaded and requests are taken', tags: ['service'], operationId: 'ready', security: [],
  response: { 200: { description: 'Yes.', content: { 'application/json': { schema: object({ status: { const: 'ready' }, models: list(text()) }) } } }, 503: { description: 'The service is closing.', content: { 'application/json': { schema: object({ status: { const: 'closing' } }) } } } },
};
export const MODELS_SCHEMA = { summary: 'The models', tags: ['service'], operationId: 'models', response: { 200: { description: 'By name; the first answers requests that name none.', content: { 'application/json': { schema: object({ models: list(DESCRIPTION) }) } } }, 401: REFUSALS[401] } };
export const RELOAD_SCHEMA = {
  summary: 'Load a model anew', tags: ['service'], operationId: 'reload', description: 'The old version answers until the new one is ready, and goes on when that fails.',
  params: { type: 'object', properties: { name: { type: 'string', minLength: 1, maxLength: 200 } }, required: ['name'] },
  response: { 200: { description: 'What is loaded now.', content: { 'application/json': { schema: DESCRIPTION } } }, 400: REFUSALS[400], 401: REFUSALS[401], 404: REFUSALS[404], 409: { description: 'The new version cannot be loaded.', content: { 'application/json': { schema: ERROR } } } },
};
export const METRICS_SCHEMA = { summary: "Prometheus' text format", tags: ['service'], operationId: 'metrics', response: { 200: { description: 'Counters, gauges, a histogram of latencies.', content: { 'text/plain': { schema: { type: 'string' } } } }, 401: REFUSALS[401] } };

/** /docs and /openapi.json; everything they show comes with the package. */
export async function registerDocs(app: FastifyInstance, withKeys: boolean): Promise<void> {
  await app.register(swagger, {
    openapi: {
      openapi: '3.1.0',
      info: { title: 'deeplog', version: shippedVersion(), description: 'Log anomaly detection with trained models: raw logs in, verdicts out.', license: { name: 'MIT', identifier: 'MIT' } },
      ...(withKeys ? { components: { securitySchemes: { bearer: { type: 'http', scheme: 'bearer' }, header: { type: 'apiKey', in: 'header', name: 'X-Api-Key' } } }, security: [{ bearer: [] }, { header: [] }] } : {}),
    },
  });
  await app.register(swaggerUi, { routePrefix: '/docs', staticCSP: true });
  app.get('/openapi.json', { schema: { hide: true } }, () => app.swagger());
}
