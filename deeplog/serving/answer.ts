import type { FastifyReply, FastifyRequest } from 'fastify';
import { Readable } from 'node:stream';
import { Visit, wantsLines, type Service } from './context.js';
import { internalError, ServiceError } from './errors.js';

/** An answer as it comes into being: items one by one, then a summary. */
export interface Answer<Item, Summary> {
  readonly items: AsyncGenerator<Item, Summary>;
  /** What one item, and all of them, are called. */
  readonly names: readonly [one: string, many: string];
  wanted?(item: Item): boolean;
  /** To be counted, once everything is known. */
  finished?(summary: Summary): void;
}

/**
 * Waits for the request's turn, makes its answer, and sends it: in one piece, or a line each as soon as an item is known. Whatever
 * goes wrong before the first item has a status of its own; later, on a stream that has begun, it is the last line.
 */
export async function answer<Item, Summary>(request: FastifyRequest, reply: FastifyReply, service: Service, make: (visit: Visit) => Promise<Answer<Item, Summary>>): Promise<unknown> {
  const visit = await Visit.begin(request, reply, service);
  try {
    const made = await make(visit);
    let next = await made.items.next();
    if (wantsLines(request)) return await reply.type('application/x-ndjson').send(Readable.from(lines(next, made, visit, reply)));
    const all: string[] = [];
    let length = 0;
    for (; next.done !== true; next = await made.items.next()) {
      if (!(made.wanted?.(next.value) ?? true)) continue;
      const item = JSON.stringify(next.value);
      length += item.length + 1;
      if (length > service.limits.maxAnswerChars) throw new ServiceError(413, 'answer_too_large', `The answer is longer than ${service.limits.maxAnswerChars} characters.`, 'Ask for it line by line, with Accept: application/x-ndjson, or send the log in parts.');
      all.push(item);
    }
    made.finished?.(next.value);
    await visit.end();
    return await reply.type('application/json').send(`{"summary":${JSON.stringify(next.value)},"${made.names[1]}":[${all.join(',')}]}`);
  } catch (error) {
    await visit.end();
    throw error;
  }
}

async function* lines<Item, Summary>(first: IteratorResult<Item, Summary>, { items, names, wanted, finished }: Answer<Item, Summary>, visit: Visit, reply: FastifyReply): AsyncGenerator<string> {
  let sent = true;
  // A client that takes nothing any more must not keep its place.
  const forget = visit.deadline.onEnd(() => { if (!sent) reply.raw.destroy(); });
  try {
    let next = first;
    for (; next.done !== true; next = await items.next()) {
      visit.deadline.progress();
      if (!(wanted?.(next.value) ?? true)) continue;
      sent = false;
      yield `${JSON.stringify({ [names[0]]: next.value })}\n`;
      sent = true;
    }
    finished?.(next.value);
    await visit.end(); // only the last line is left
    yield `${JSON.stringify({ summary: next.value })}\n`;
  } catch (error) {
    const told = error instanceof ServiceError ? error : internalError(reply.request.id);
    if (told.status >= 500) reply.log.error({ err: error, request: reply.request.id }, told.code);
    await visit.end();
    yield `${JSON.stringify(told)}\n`;
  } finally {
    forget();
    await visit.end();
  }
}
