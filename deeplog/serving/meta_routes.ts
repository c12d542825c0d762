import type { FastifyInstance } from 'fastify';
import type { Service } from './context.js';
import { ServiceError } from './errors.js';
import type { LoadedModel } from './models.js';
import { HEALTH_SCHEMA, METRICS_SCHEMA, MODELS_SCHEMA, READY_SCHEMA, RELOAD_SCHEMA } from './openapi.js';
import type { Reloader } from './reload.js';
import { EmptyQuery, parsed } from './schemas.js';

/** What is said of a model: enough to use it, nothing of where it lives. */
function describeModel(model: LoadedModel, isDefault: boolean): Record<string, unknown> {
  const { trained, parser } = model;
  return {
    name: model.name, default: isDefault, version: model.version, detector: trained.detector.id, needs: [...trained.detector.needs], reads_raw_logs: parser !== null && parser.input !== null,
    input: parser?.input ?? null, layout: parser?.layout ?? null, sessions_by: parser?.grouping ?? null, threshold: trained.threshold ?? null, templates: Object.keys(trained.templates).length,
    trained: trained.manifest.created, loaded: model.loadedAt.toISOString(),
  };
}

export function metaRoutes(app: FastifyInstance, service: Service, reloader: Reloader, isReady: () => boolean): void {
  app.get('/health', { schema: HEALTH_SCHEMA }, (request) => {
    parsed(EmptyQuery, request.query, 'query');
    return { status: 'ok' };
  });
  app.get('/ready', { schema: READY_SCHEMA }, (request, reply) => {
    parsed(EmptyQuery, request.query, 'query');
    return isReady() ? { status: 'ready', models: service.models.names } : reply.code(503).send({ status: 'closing' });
  });
  app.get('/models', { schema: MODELS_SCHEMA }, () => ({ models: service.models.names.map((name, i) => describeModel(service.models.get(name), i === 0)) }));
  app.post<{ Params: { name: string } }>('/models/:name/reload', { schema: RELOAD_SCHEMA }, async (request) => {
    const { name } = request.params;
    try {
      return describeModel(await reloader.reload(name), service.models.names[0] === name);
    } catch (error) {
      if (error instanceof ServiceError) throw error;
      throw new ServiceError(409, 'reload_failed', `The model ${JSON.stringify(name)} could not be loaded anew; the version of before goes on answering.`, "See the service's log for why; train the model again.");
    }
  });
  app.get('/metrics', { schema: METRICS_SCHEMA }, (_, reply) => reply.type('text/plain; version=0.0.4; charset=utf-8').send(service.metrics.registry.text()));
}
