import type { FastifyInstance } from 'fastify';
import { Readable } from 'node:stream';
import { promisify } from 'node:util';
import { constants, createGzip, gzip } from 'node:zlib';

const LEAST_BYTES = 1024;
const FAST = { level: 1 };

/** Answers are gzipped for clients that take it; a stream stays one, each line on its way as soon as it is there. */
export function compressAnswers(app: FastifyInstance): void {
  app.addHook('onSend', async (request, reply, payload: unknown) => {
    if (request.url.startsWith('/docs') || reply.hasHeader('content-encoding') || request.method === 'HEAD') return payload;
    void reply.header('vary', 'accept-encoding');
    if (!takesGzip(request.headers['accept-encoding'])) return payload;
    if (payload instanceof Readable) {
      void reply.header('content-encoding', 'gzip').removeHeader('content-length');
      const zipped = createGzip({ ...FAST, flush: constants.Z_SYNC_FLUSH });
      payload.on('error', (error) => zipped.destroy(error));
      zipped.on('close', () => payload.destroy());
      return payload.pipe(zipped);
    }
    if (typeof payload !== 'string' || payload.length < LEAST_BYTES) return payload;
    void reply.header('content-encoding', 'gzip').removeHeader('content-length');
    return promisify(gzip)(payload, FAST);
  });
}

/** @param accepts the header's value, e.g. `gzip, br;q=0.5` */
export function takesGzip(accepts: string | string[] | undefined): boolean {
  return String(accepts ?? '').split(',').some((part) => {
    const [name, ...parameters] = part.trim().toLowerCase().split(';').map((p) => p.trim());
    return (name === 'gzip' || name === '*') && !parameters.some((p) => /^q=0(\.0*)?$/.test(p));
  });
}
