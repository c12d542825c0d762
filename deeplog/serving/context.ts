import type { FastifyReply, FastifyRequest } from 'fastify';
import type { Readable } from 'node:stream';
import { decoded, limited } from './body.js';
import { ServiceError } from './errors.js';
import { Deadline, type Gate, type Limits } from './limits.js';
import type { ServiceMetrics } from './instruments.js';
import type { LoadedModel, ModelRegistry } from './models.js';

/** What every endpoint works with. */
export interface Service {
  readonly models: ModelRegistry;
  readonly limits: Limits;
  readonly gate: Gate;
  readonly metrics: ServiceMetrics;
}

/** The media type of the request's body, without parameters. */
export function mediaType(request: FastifyRequest): string {
  return (request.headers['content-type'] ?? '').split(';', 1)[0].trim().toLowerCase();
}

/** The client takes a line at a time. */
export function wantsLines(request: FastifyRequest): boolean {
  return (request.headers.accept ?? '').split(',').some((part) => part.split(';', 1)[0].trim().toLowerCase() === 'application/x-ndjson');
}

/** A request's stay: its turn, its time, and the model that it holds on to. */
export class Visit {
  private model: LoadedModel | null = null;
  private ended = false;

  private constructor(readonly deadline: Deadline, private readonly models: ModelRegistry, private readonly leave: () => void) {}

  /** Waits for the request's turn. @throws ServiceError when too many wait, or time is up. */
  static async begin(request: FastifyRequest, reply: FastifyReply, { limits, gate, models }: Service): Promise<Visit> {
    const deadline = new Deadline(limits.timeoutMs, wantsLines(request));
    reply.raw.on('close', () => (reply.raw.writableFinished ? deadline.done() : deadline.abandon()));
    const leave = await gate.enter(deadline);
    deadline.phase = 'sending';
    return new Visit(deadline, models, leave);
  }

  /** The model as it is now; a reload in the meantime leaves it alone. @throws ServiceError */
  hold(name: string | undefined): LoadedModel {
    const model = this.models.get(name);
    model.enter();
    this.model = model;
    return model;
  }

  async end(): Promise<void> {
    if (this.ended) return;
    this.ended = true;
    this.deadline.done();
    this.leave();
    await this.model?.leave();
  }
}

/** The body's bytes, decompressed, under the limit that goes with how it is answered. @throws ServiceError */
export function bodyBytes(request: FastifyRequest, { limits }: Service, deadline: Deadline): AsyncGenerator<Buffer> {
  const body = request.body as Readable | undefined;
  if (body === undefined || body === null) throw new ServiceError(400, 'empty_body', 'The request has no body.', 'Send the log as text/plain, or JSON as /docs describes it.');
  const lines = wantsLines(request) && mediaType(request) !== 'application/json';
  const most = lines ? limits.maxStreamBytes : limits.maxBodyBytes;
  const fix = lines ? 'Send it in parts, or start the service with a higher --max_stream_mb.' : 'Send the log as text/plain or application/x-ndjson with Accept: application/x-ndjson, send it in parts, or start the service with a higher --max_body_mb.';
  return limited(decoded(body, request.headers['content-encoding']), most, fix, deadline);
}
