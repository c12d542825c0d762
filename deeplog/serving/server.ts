import Fastify, { LogController, type FastifyBaseLogger, type FastifyError, type FastifyInstance, type FastifyReply, type FastifyRequest } from 'fastify';
import { randomUUID } from 'node:crypto';
import { setTimeout } from 'node:timers/promises';
import type { ApiKeys } from './auth.js';
import type { Service } from './context.js';
import { internalError, ServiceError } from './errors.js';
import { compressAnswers } from './compress.js';
import { registerDocs } from './openapi.js';
import { logRoutes } from './log_routes.js';
import { metaRoutes } from './meta_routes.js';
import type { Reloader } from './reload.js';

/** Anyone may look whether the service is up, and read what it offers. */
const OPEN = new Set(['/health', '/ready', '/openapi.json']);
/** How long a refused request may go on sending before its connection is cut. */
const LINGER_MS = 1000;

export interface ServerOptions {
  readonly service: Service;
  readonly reloader: Reloader;
  readonly keys: ApiKeys | null;
  readonly log: FastifyBaseLogger | null;
}

/** The HTTP service, not listening yet. */
export async function buildServer({ service, reloader, keys, log }: ServerOptions): Promise<FastifyInstance> {
  let closing = false;
  const app = Fastify({
    ...(log === null ? { logger: false } : { loggerInstance: log }),
    logController: new LogController({ disableRequestLogging: true }),
    genReqId: () => randomUUID(),
    requestTimeout: 0, // bodies have a limit of their own
    routerOptions: { maxParamLength: 200 },
    frameworkErrors: (error, request, reply) => { void refuse(error, request, reply as FastifyReply); },
    clientErrorHandler: (_error, socket) => {
      if (!socket.writable) return;
      const body = JSON.stringify(new ServiceError(400, 'bad_http', 'This is not a readable HTTP request.', 'Check the request line and the headers.'));
      socket.end(`HTTP/1.1 400 Bad Request\r\nContent-Type: application/json\r\nContent-Length: ${Buffer.byteLength(body)}\r\nConnection: close\r\n\r\n${body}`);
    },
  });
  app.removeAllContentTypeParsers();
  app.addContentTypeParser(['application/json', 'text/plain', 'application/x-ndjson'], (_request, payload, done) => done(null, payload));
  app.setErrorHandler(refuse);
  app.setNotFoundHandler((request, reply) => refuse(notFound(app, request), request, reply));
  app.addHook('onRequest', async (request) => {
    const route = request.routeOptions.url ?? '';
    if (keys !== null && !OPEN.has(route) && !route.startsWith('/docs')) keys.require(request.headers);
  });
  app.addHook('onResponse', async (request, reply) => {
    service.metrics.answered(request.routeOptions.url ?? 'unknown', request.method, reply.statusCode, reply.elapsedTime / 1000);
    request.log.info({ method: request.method, route: request.routeOptions.url ?? null, status: reply.statusCode, ms: Math.round(reply.elapsedTime * 10) / 10 }, 'answered');
  });
  app.addHook('preClose', async () => { closing = true; });
  app.setValidatorCompiler(() => () => true); // endpoints check what they take themselves; the schemas are for the reader
  app.setSerializerCompiler(() => (data) => JSON.stringify(data));
  compressAnswers(app);
  await registerDocs(app, keys !== null);
  metaRoutes(app, service, reloader, () => !closing);
  logRoutes(app, service);
  await app.ready();
  return app;
}

/** Says what was wrong; what is not the client's fault stays inside. */
async function refuse(error: FastifyError | Error, request: FastifyRequest, reply: FastifyReply): Promise<FastifyReply> {
  const told = error instanceof ServiceError ? error : translated(error as FastifyError, request);
  if (told.status >= 500) request.log.error({ err: error, request: request.id }, told.code);
  if (told.status === 401) void reply.header('www-authenticate', 'Bearer');
  if (told.code === 'overloaded') void reply.header('retry-after', '1');
  if (!request.raw.complete && !request.raw.readableEnded) {
    // Cut off while it still sends, a client would see a broken connection instead of the reason.
    void reply.header('connection', 'close');
    request.raw.unpipe();
    request.raw.resume();
    await Promise.race([new Promise((resolve) => request.raw.once('end', resolve).once('close', resolve)), setTimeout(LINGER_MS, undefined, { ref: false })]);
  }
  return reply.code(told.status).type('application/json').send(JSON.stringify(told));
}

function translated(error: FastifyError, request: FastifyRequest): ServiceError {
  switch (error.code) {
    case 'FST_ERR_CTP_INVALID_MEDIA_TYPE': return new ServiceError(415, 'unsupported_media_type', 'The content type of this request is not read here.', 'Send text/plain (curl: -H "Content-Type: text/plain" --data-binary @file), application/x-ndjson or application/json.');
    case 'FST_ERR_BAD_URL':
    case 'FST_ERR_MAX_PARAM_LENGTH': return new ServiceError(400, 'bad_url', 'The address cannot be read.', 'Check its percent signs and its length.');
    default: {
      // A plugin refuses it (a path that leaves /docs/static, say): its own words may say where things are.
      const { statusCode = 500 } = error;
      return statusCode >= 400 && statusCode < 500 ? new ServiceError(statusCode, 'refused', 'This request is not answered.', 'See /docs for what there is.') : internalError(request.id);
    }
  }
}

function notFound(app: FastifyInstance, request: FastifyRequest): ServiceError {
  const path = request.url.split('?', 1)[0];
  const methods = (['GET', 'POST'] as const).filter((method) => app.hasRoute({ method, url: path }));
  if (methods.length > 0) return new ServiceError(405, 'method_not_allowed', `${path} does not take ${request.method}.`, `Use ${methods.join(' or ')}.`);
  return new ServiceError(404, 'not_found', 'There is no such endpoint.', 'See /docs for those that there are.');
}
