import { z } from 'zod';
import { ServiceError } from './errors.js';

export const DEFAULT_SEQ_THRESHOLD = 0.2;
const MOST_SESSIONS = 100_000;
const MOST_EVENTS = 1_000_000;

const share = z.number().min(0).max(1);
const verdictFields = {
  model: z.string().max(200).optional().describe('Name of the model; without it the first one.'),
  threshold: z.number().optional().describe("Judge by this threshold instead of the model's."),
  rule: z.enum(['score', 'share']).optional().describe('score: a session is abnormal when its score is above the threshold. share: when more than seq_threshold of its events are held against it. Without it: share when seq_threshold is given, else score.'),
  triage: z.boolean().optional().describe('false: by the score alone, whatever was answered to alerts of this model (deeplog triage). Without it answers are followed, under the rule score.'),
  include: z.enum(['all', 'abnormal']).optional().describe('Which sessions the answer lists; without it all.'),
};

const SEQ_THRESHOLD = `Rule share: a session is abnormal when more than this share of its events is held against it, unknown templates included. ${DEFAULT_SEQ_THRESHOLD} unless given.`;

export const DetectBody = z.strictObject({
  raw_log_data: z.string().describe('The log, lines separated by newlines; for models trained on records, JSON lines or CSV as in text/plain.'),
  seq_threshold: share.optional().describe(SEQ_THRESHOLD),
  ...verdictFields,
});

export const ParseBody = z.strictObject({ raw_log_data: DetectBody.shape.raw_log_data, model: verdictFields.model });

/** A query says numbers as text. */
const numberText = (schema: z.ZodType<number>): z.ZodType<number> => z.preprocess((v) => (typeof v === 'string' && /^[-+]?(\d+\.?\d*|\.\d+)(e[-+]?\d+)?$/i.test(v) ? Number(v) : v), schema) as unknown as z.ZodType<number>;

const truthText = z.preprocess((v) => (v === 'true' ? true : v === 'false' ? false : v), z.boolean()) as unknown as z.ZodType<boolean>;

export const DetectQuery = z.strictObject({
  ...verdictFields,
  threshold: numberText(z.number()).optional().describe(verdictFields.threshold.description ?? ''),
  seq_threshold: numberText(share).optional().describe(SEQ_THRESHOLD),
  triage: truthText.optional().describe(verdictFields.triage.description ?? ''),
});

export const ParseQuery = z.strictObject({ model: verdictFields.model });

const eventId = z.int().min(0).max(0xffffffff);

export const ScoreBody = z.strictObject({
  model: verdictFields.model,
  threshold: verdictFields.threshold,
  seq_threshold: share.optional().describe(SEQ_THRESHOLD),
  rule: verdictFields.rule,
  triage: verdictFields.triage,
  include: verdictFields.include,
  sessions: z.array(z.strictObject({
    key: z.string().max(1000).optional(),
    events: z.array(eventId).max(MOST_EVENTS).describe("Event ids as the model's parser numbers them; 0 and ids it never saw are unknown."),
  })).min(1).max(MOST_SESSIONS),
});

export const EmptyQuery = z.strictObject({});

export type DetectRequest = z.infer<typeof DetectQuery>;

/** @throws ServiceError naming the field and what it must be. */
export function parsed<T>(schema: z.ZodType<T>, value: unknown, where: 'body' | 'query'): T {
  const result = schema.safeParse(value);
  if (result.success) return result.data;
  const issue = result.error.issues[0];
  const at = issue.path.length === 0 ? `The ${where}` : `${where}.${issue.path.map(String).join('.')}`;
  throw new ServiceError(400, where === 'body' ? 'invalid_body' : 'invalid_query', `${at}: ${issue.message}.`.slice(0, 500), 'See /docs for what this endpoint takes.');
}

/** The schema as OpenAPI 3.1 has it (JSON Schema 2020-12). */
export function jsonSchema(schema: z.ZodType): Record<string, unknown> {
  const whole: Record<string, unknown> = z.toJSONSchema(schema, { io: 'input', unrepresentable: 'any' });
  delete whole.$schema;
  return whole;
}
