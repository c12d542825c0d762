import type { FastifyInstance } from 'fastify';
import path from 'node:path';
import { readJson, writeJson, writeManifest } from '../../deeplog/artifacts/index.js';
import { AUTOENCODER_DEFAULTS, createDetector, DetailedSessions, labelledSource, type DetectorOptions, type SessionSource } from '../../deeplog/detectors/index.js';
import type { Engine } from '../../deeplog/engine/index.js';
import { copyParser } from '../../deeplog/evaluation/train_log_key.js';
import { PART, readSessionSet, splitByShare } from '../../deeplog/sequences/index.js';
import { rawLines } from '../../deeplog/sessions/index.js';
import { buildServer, DEFAULT_LIMITS, Gate, ModelRegistry, Reloader, ServiceMetrics, type ApiKeys, type Limits, type ModelSpec } from '../../deeplog/serving/index.js';
import { SILENT } from '../../deeplog/training/index.js';

const SMALL: DetectorOptions = {
  deeplogKeys: { maxEpochs: 6, learningRate: 0.01, batchSize: 64, units: 16 }, deeplogParams: { maxEpochs: 2, units: 8 }, loganomaly: { maxEpochs: 2, units: 8, dimensions: 8, batchSize: 64 },
  logbert: { maxEpochs: 2, hidden: 8, layers: 1, heads: 2, maxLength: 40 },
  autoencoder: { minWordFrequency: 5, longest: 40, lines: { ...AUTOENCODER_DEFAULTS.lines, embedding: 6, latent: 4, buckets: 2, maxEpochs: 2 }, windows: { ...AUTOENCODER_DEFAULTS.windows, windowSize: 6, units: 4, code: 3, maxEpochs: 2 } },
};

/**
 * Trains a small detector on a drain result and leaves it in `folder` as a stage would. In place of a threshold `threshold` may be another
 * drain result: a part of its sessions is then above the threshold.
 */
export async function trainSmall(id: string, parsed: string, folder: string, engine: Engine, threshold: number | string, { rawText = false } = {}): Promise<void> {
  const { table } = await readSessionSet(parsed);
  const templates = new Map(Object.entries((await readJson(path.join(parsed, 'templates.json'))) as Record<string, string>).map(([event, text]) => [Number(event), text]));
  const detector = createDetector(id, { ...SMALL, templates, rawText });
  const read = async (from: string): Promise<DetailedSessions> => {
    const sessions = await DetailedSessions.read(from);
    return detector.needs.has('text') ? sessions.withText(await rawLines(from)) : sessions;
  };
  const details = await read(parsed);
  const split = splitByShare(table, { trainUntil: 0.6, validationUntil: 0.8, order: 'chronological', seed: 1, trainOn: 'normal' });
  const context = { seed: 1, engine: () => Promise.resolve(engine), report: SILENT, signal: new AbortController().signal };
  const part = (which: typeof PART.train | typeof PART.validation): SessionSource => (detector.needs.has('labels') ? labelledSource(table, split, which) : details.part(split, which));
  await detector.fit(part(PART.train), part(PART.validation), context);
  await detector.save(folder);
  await writeJson(path.join(folder, 'config.json'), { ...(await readJson(path.join(folder, 'config.json'))) as object, threshold: typeof threshold === 'string' ? between(await detector.scoreBatch((await read(threshold)).sessions)) : threshold });
  await copyParser(parsed, folder);
  const parser = (await readJson(path.join(folder, 'parser.json'))) as { options: object };
  await writeJson(path.join(folder, 'parser.json'), { ...parser, options: { ...parser.options, max_unparsed: 0.05 } });
  await writeManifest(folder, { stage: 'test', startedAt: performance.now(), inputs: {}, options: {} });
  await detector.dispose?.();
}

/** Between two scores: a quarter of them or more are above it, and some are not. */
function between(scores: Float64Array): number {
  const sorted = Array.from(scores).sort((a, b) => a - b);
  const at = sorted[Math.floor(sorted.length * 0.75)];
  return (at + (sorted.findLast((s) => s < at) ?? sorted.find((s) => s > at) ?? at)) / 2;
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
