import type { FastifyInstance } from 'fastify';
import path from 'node:path';
import { readJson, writeJson, writeManifest } from '../../deeplog/artifacts/index.js';
import { createDetector, DetailedSessions, type DetectorOptions } from '../../deeplog/detectors/index.js';
import type { Engine } from '../../deeplog/engine/index.js';
import { copyParser } from '../../deeplog/evaluation/train_log_key.js';
import { PART, readSessionSet, splitByShare } from '../../deeplog/sequences/index.js';
import { buildServer, DEFAULT_LIMITS, Gate, ModelRegistry, Reloader, ServiceMetrics, type ApiKeys, type Limits, type ModelSpec } from '../../deeplog/serving/index.js';
import { SILENT } from '../../deeplog/training/index.js';

const SMALL: DetectorOptions = { deeplogKeys: { maxEpochs: 6, learningRate: 0.01, batchSize: 64, units: 16 }, deeplogParams: { maxEpochs: 2, units: 8 } };

/** Trains a small detector on a drain result and leaves it in `folder` as a stage would. */
export async function trainSmall(id: string, parsed: string, folder: string, engine: Engine, threshold: number): Promise<void> {
  const { table } = await readSessionSet(parsed);
  const details = await DetailedSessions.read(parsed);
  const split = splitByShare(table, { trainUntil: 0.6, validationUntil: 0.8, order: 'chronological', seed: 1, trainOn: 'normal' });
  const detector = createDetector(id, SMALL);
  const context = { seed: 1, engine: () => Promise.resolve(engine), report: SILENT, signal: new AbortController().signal };
  await detector.fit(details.part(split, PART.train), details.part(split, PART.validation), context);
  await detector.save(folder);
  await writeJson(path.join(folder, 'config.json'), { ...(await readJson(path.join(folder, 'config.json'))) as object, threshold });
  await copyParser(parsed, folder);
  const parser = (await readJson(path.join(folder, 'parser.json'))) as { options: object };
  await writeJson(path.join(folder, 'parser.json'), { ...parser, options: { ...parser.options, max_unparsed: 0.05 } });
  await writeManifest(folder, { stage: 'test', startedAt: performance.now(), inputs: {}, options: {} });
  await detector.dispose?.();
}

export interface TestService {
  readonly app: FastifyInstance;
  readonly models: ModelRegistry;
  readonly gate: Gate;
  readonly metrics: ServiceMetrics;
  close(): Promise<void>;
}

/** The service as `serve` builds it, without a port. */
export async function startService(specs: readonly ModelSpec[], engine: Engine, given: { limits?: Partial<Limits>; keys?: ApiKeys } = {}): Promise<TestService> {
  const limits = { ...DEFAULT_LIMITS, ...given.limits };
  const models = await ModelRegistry.load(specs, () => Promise.resolve(engine));
  const [gate, metrics] = [new Gate(limits), new ServiceMetrics()];
  metrics.watch(gate, models);
  const log = { info: () => undefined, error: () => undefined };
  const app = await buildServer({ service: { models, limits, gate, metrics }, reloader: new Reloader(models, metrics, log), keys: given.keys ?? null, log: null });
  return {
    app, models, gate, metrics,
    close: async () => {
      await app.close();
      await models.dispose();
    },
  };
}
