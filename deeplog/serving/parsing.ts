import type { ParsedLine } from '../sessions/index.js';
import { linesSummary, parserOf, type LinesSummary } from './detection.js';
import type { Deadline } from './limits.js';
import type { LoadedModel } from './models.js';
import type { RequestLog } from './request_log.js';

export interface LineAnswer {
  /** 1-based line of the request body. */
  readonly line: number;
  /** 0: no template fits. */
  readonly event: number;
  readonly template: string | null;
  readonly parameters: readonly string[];
  /** ISO 8601, UTC; null where the line has none. */
  readonly time: string | null;
}

export interface ParseSummary extends LinesSummary {
  readonly model: string;
  readonly model_version: string;
}

/** The events of a log's lines, by a model's parser. Nothing is learned. @throws ServiceError */
export async function* parseLines(model: LoadedModel, log: RequestLog, deadline: Deadline): AsyncGenerator<LineAnswer, ParseSummary> {
  const parser = parserOf(model);
  let found: LineAnswer[] = [];
  const toAnswer = ({ line, event, parameters, time }: ParsedLine): LineAnswer => ({ line, event, template: parser.template(event) ?? null, parameters, time: time === null ? null : new Date(time).toISOString() });
  const parse = parser.start({ linesOnly: true, onLine: (line) => found.push(toAnswer(line)) });
  for await (const chunk of log.lines(parser, parse)) {
    deadline.check();
    parse.take(chunk);
    yield* found;
    found = [];
  }
  return { model: model.name, model_version: model.version, ...linesSummary(model, parse) };
}
