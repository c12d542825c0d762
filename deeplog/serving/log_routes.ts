import type { FastifyInstance, FastifyRequest } from 'fastify';
import { answer } from './answer.js';
import { jsonOf, piecesOf } from './body.js';
import { bodyBytes, mediaType, wantsLines, type Service, type Visit } from './context.js';
import { detectLog, scoreSessions, type LogSummary, type Rule, type SessionsSummary, type SessionVerdict } from './detection.js';
import { ServiceError } from './errors.js';
import type { LoadedModel } from './models.js';
import { parseLines, type LineAnswer, type ParseSummary } from './parsing.js';
import { RequestLog } from './request_log.js';
import { DETECT_SCHEMA, PARSE_SCHEMA, SCORE_SCHEMA } from './openapi.js';
import { DEFAULT_SEQ_THRESHOLD, DetectBody, DetectQuery, EmptyQuery, ParseBody, ParseQuery, parsed, ScoreBody, type DetectRequest } from './schemas.js';

/** The log of a request and what is asked of it, whichever way they came. @throws ServiceError */
async function logRequest<T>(request: FastifyRequest, service: Service, visit: Visit, body: (value: unknown) => T & { readonly raw_log_data: string }, query: (value: unknown) => T): Promise<{ asked: T; log: RequestLog }> {
  const { maxLineBytes } = service.limits;
  const bytes = bodyBytes(request, service, visit.deadline);
  if (mediaType(request) !== 'application/json') {
    const asked = query(request.query);
    return { asked, log: new RequestLog(bytes, mediaType(request) === 'application/x-ndjson', maxLineBytes) };
  }
  requireNoQuery(request);
  const asked = body(await jsonOf(bytes));
  return { asked, log: new RequestLog(piecesOf(asked.raw_log_data), false, maxLineBytes) };
}

function requireNoQuery(request: FastifyRequest): void {
  if (Object.keys(request.query as object).length > 0) throw new ServiceError(400, 'invalid_query', 'A JSON request says everything in its body.', 'Move the query parameters into the JSON object.');
}

/** @throws ServiceError when nothing says where the threshold is. */
function ruleOf(model: LoadedModel, asked: Pick<DetectRequest, 'rule' | 'threshold' | 'seq_threshold'>): Rule {
  const threshold = asked.threshold ?? model.trained.threshold;
  if (threshold === undefined) throw new ServiceError(422, 'no_threshold', `The model ${JSON.stringify(model.name)} has no calibrated threshold.`, 'Give one with the request, or calibrate the model with deeplog detect --recalibrate.');
  const rule = asked.rule ?? (asked.seq_threshold === undefined ? 'score' : 'share');
  return rule === 'share' ? { rule, threshold, seqThreshold: asked.seq_threshold ?? DEFAULT_SEQ_THRESHOLD } : { rule, threshold };
}

/** The endpoints that read logs and sessions. */
export function logRoutes(app: FastifyInstance, service: Service): void {
  const { metrics } = service;
  const listed = (include: DetectRequest['include']) => (v: SessionVerdict): boolean => include !== 'abnormal' || v.abnormal;

  app.post('/detect', { schema: DETECT_SCHEMA }, (request, reply) => answer<SessionVerdict, LogSummary>(request, reply, service, async (visit) => {
    const { asked, log } = await logRequest<DetectRequest>(request, service, visit, (v) => parsed(DetectBody, v, 'body'), (v) => parsed(DetectQuery, v, 'query'));
    const model = visit.hold(asked.model);
    return {
      items: detectLog(model, log, { rule: ruleOf(model, asked), quote: !wantsLines(request), deadline: visit.deadline, triage: asked.triage ?? true }), names: ['session', 'sessions'], wanted: listed(asked.include),
      finished: (summary) => {
        metrics.linesRead(model.name, summary);
        metrics.sessionsJudged(model.name, summary);
      },
    };
  }));

  app.post('/parse', { schema: PARSE_SCHEMA }, (request, reply) => answer<LineAnswer, ParseSummary>(request, reply, service, async (visit) => {
    const { asked, log } = await logRequest(request, service, visit, (v) => parsed(ParseBody, v, 'body'), (v) => parsed(ParseQuery, v, 'query'));
    const model = visit.hold(asked.model);
    return { items: parseLines(model, log, visit.deadline), names: ['line', 'lines'], finished: (summary) => metrics.linesRead(model.name, summary) };
  }));

  app.post('/sessions/score', { schema: SCORE_SCHEMA }, (request, reply) => answer<SessionVerdict, SessionsSummary>(request, reply, service, async (visit) => {
    if (mediaType(request) !== 'application/json') throw new ServiceError(415, 'unsupported_media_type', 'Sessions are sent as application/json.', 'Send {"sessions": [{"events": [1, 2, 3]}]} with Content-Type: application/json.');
    requireNoQuery(request);
    parsed(EmptyQuery, request.query, 'query');
    const asked = parsed(ScoreBody, await jsonOf(bodyBytes(request, service, visit.deadline)), 'body');
    const model = visit.hold(asked.model);
    return { items: scoreSessions(model, asked.sessions, { rule: ruleOf(model, asked), deadline: visit.deadline, triage: asked.triage ?? true }), names: ['session', 'sessions'], wanted: listed(asked.include), finished: (summary) => metrics.sessionsJudged(model.name, summary) };
  }));
}
