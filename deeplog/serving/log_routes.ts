import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { Readable } from 'node:stream';
import { jsonOf, linesOfRecords, piecesOf, requestLines } from './body.js';
import { bodyBytes, mediaType, Visit, wantsLines, type Service } from './context.js';
import { detectLog, type LogSummary, type Rule, type SessionVerdict } from './detection.js';
import { internalError, ServiceError } from './errors.js';
import type { Deadline } from './limits.js';
import type { LoadedModel } from './models.js';
import { DEFAULT_SEQ_THRESHOLD, DetectBody, DetectQuery, parsed, type DetectRequest } from './schemas.js';

/** The log of a request and what is asked of it, whichever way they came. */
async function logRequest<T extends object>(request: FastifyRequest, service: Service, deadline: Deadline, body: (value: unknown) => T & { raw_log_data: string }, query: (value: unknown) => T): Promise<{ asked: T; pieces: AsyncIterable<Buffer> }> {
  const bytes = bodyBytes(request, service, deadline);
  if (mediaType(request) === 'application/json') {
    if (Object.keys(request.query as object).length > 0) throw new ServiceError(400, 'invalid_query', 'A JSON request says everything in its body.', 'Move the query parameters into the JSON object.');
    const { raw_log_data, ...asked } = body(await jsonOf(bytes));
    return { asked: asked as unknown as T, pieces: piecesOf(raw_log_data) };
  }
  const asked = query(request.query);
  return { asked, pieces: mediaType(request) === 'application/x-ndjson' ? linesOfRecords(bytes, service.limits.maxLineBytes) : bytes };
}

/** @throws ServiceError when nothing says where the threshold is. */
export function ruleOf(model: LoadedModel, asked: Pick<DetectRequest, 'rule' | 'threshold' | 'seq_threshold'>): Rule {
  const threshold = asked.threshold ?? model.trained.threshold;
  if (threshold === undefined) throw new ServiceError(422, 'no_threshold', `The model ${JSON.stringify(model.name)} has no calibrated threshold.`, 'Give one with the request, or calibrate the model with deeplog detect --recalibrate.');
  const rule = asked.rule ?? (asked.seq_threshold === undefined ? 'score' : 'share');
  return rule === 'share' ? { rule, threshold, seqThreshold: asked.seq_threshold ?? DEFAULT_SEQ_THRESHOLD } : { rule, threshold };
}

export function logRoutes(app: FastifyInstance, service: Service): void {
  app.post('/detect', async (request, reply) => {
    const visit = await Visit.begin(request, reply, service);
    try {
      const { asked, pieces } = await logRequest(request, service, visit.deadline, (v) => parsed(DetectBody, v, 'body'), (v) => parsed(DetectQuery, v, 'query'));
      const model = visit.hold(asked.model);
      const lines = wantsLines(request);
      const verdicts = detectLog(model, (parse) => requestLines(pieces, service.limits.maxLineBytes, () => parse.counts.lines), { rule: ruleOf(model, asked), quote: !lines, deadline: visit.deadline });
      const wanted = (v: SessionVerdict): boolean => asked.include !== 'abnormal' || v.abnormal;
      // What goes wrong before the first verdict has a status of its own.
      let next = await verdicts.next();
      if (lines) return await reply.type('application/x-ndjson').send(Readable.from(verdictLines(next, verdicts, wanted, service, visit, reply)));
      const sessions: SessionVerdict[] = [];
      for (; next.done !== true; next = await verdicts.next()) if (wanted(next.value)) sessions.push(next.value);
      count(service, next.value);
      await visit.end();
      return { summary: next.value, sessions };
    } catch (error) {
      await visit.end();
      throw error;
    }
  });
}

/** Verdicts a line each, then the summary; an error in between becomes the last line. */
async function* verdictLines(first: IteratorResult<SessionVerdict, LogSummary>, verdicts: AsyncGenerator<SessionVerdict, LogSummary>, wanted: (v: SessionVerdict) => boolean, service: Service, visit: Visit, reply: FastifyReply): AsyncGenerator<string> {
  try {
    let next = first;
    for (; next.done !== true; next = await verdicts.next()) {
      visit.deadline.progress();
      if (wanted(next.value)) yield `${JSON.stringify({ session: next.value })}\n`;
    }
    count(service, next.value);
    yield `${JSON.stringify({ summary: next.value })}\n`;
  } catch (error) {
    const told = error instanceof ServiceError ? error : internalError(reply.request.id);
    if (told.status >= 500) reply.log.error({ err: error, request: reply.request.id }, told.code);
    yield `${JSON.stringify(told)}\n`;
  } finally {
    await visit.end();
  }
}

function count({ metrics }: Service, s: LogSummary): void {
  const { model } = s;
  metrics.sessions({ model, verdict: 'abnormal' }, s.total_anomalous_sequences);
  metrics.sessions({ model, verdict: 'normal' }, s.total_sequences - s.total_anomalous_sequences);
  metrics.lines({ model, kind: 'empty' }, s.empty_lines);
  metrics.lines({ model, kind: 'unparsed' }, s.unparsed_lines);
  metrics.lines({ model, kind: 'unknown_template' }, s.unknown_template_lines);
  metrics.lines({ model, kind: 'known' }, s.lines - s.empty_lines - s.unparsed_lines - s.unknown_template_lines);
}
