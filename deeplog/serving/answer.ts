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
    const all: Item[] = [];
    for (; next.done !== true; next = await made.items.next()) if (made.wanted?.(next.value) ?? true) all.push(next.value);
    made.finished?.(next.value);
    await visit.end();
    return { summary: next.value, [made.names[1]]: all };
  } catch (error) {
    await visit.end();
    throw error;
  }
}

async function* lines<Item, Summary>(first: IteratorResult<Item, Summary>, { items, names, wanted, finished }: Answer<Item, Summary>, visit: Visit, reply: FastifyReply): AsyncGenerator<string> {
  try {
    let next = first;
    for (; next.done !== true; next = await items.next()) {
      visit.deadline.progress();
      if (wanted?.(next.value) ?? true) yield `${JSON.stringify({ [names[0]]: next.value })}\n`;
    }
    finished?.(next.value);
    yield `${JSON.stringify({ summary: next.value })}\n`;
  } catch (error) {
    const told = error instanceof ServiceError ? error : internalError(reply.request.id);
    if (told.status >= 500) reply.log.error({ err: error, request: reply.request.id }, told.code);
    yield `${JSON.stringify(told)}\n`;
  } finally {
    await visit.end();
  }
}
