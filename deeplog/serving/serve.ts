import type { AddressInfo } from 'node:net';
import { pino } from 'pino';
import { DataError } from '../common/index.js';
import type { Engine } from '../engine/index.js';
import { ApiKeys } from './auth.js';
import { ServiceMetrics } from './instruments.js';
import { Gate, type Limits } from './limits.js';
import { ModelRegistry, modelSpecs } from './models.js';
import { Reloader } from './reload.js';
import { buildServer } from './server.js';

export interface ServeOptions {
  /** Folders, or name=folder. */
  readonly models: readonly string[];
  /** 0: do not watch. */
  readonly watchMs: number;
  readonly host: string;
  readonly port: number;
  readonly apiKeyFile?: string;
  readonly limits: Limits;
  readonly drainMs: number;
  readonly logLevel: string;
  onEvent?(what: string): void;
  onWarning?(what: string): void;
}

const LOOPBACK = /^(127\.|::1$|localhost$)/;

/**
 * Serves until SIGTERM or SIGINT; then takes no more requests, answers those that are there, and returns. SIGHUP loads every
 * model anew.
 * @throws DataError when a model, the keys or the address cannot be used.
 */
export async function serve(options: ServeOptions, createEngine: () => Promise<Engine>): Promise<void> {
  const specs = modelSpecs(options.models);
  const keys = options.apiKeyFile === undefined ? null : await ApiKeys.read(options.apiKeyFile);
  const engine = lazily(createEngine);
  try {
    const models = await ModelRegistry.load(specs, engine.get);
    const gate = new Gate(options.limits);
    const metrics = new ServiceMetrics();
    metrics.watch(gate, models);
    const log = pino({ level: options.logLevel });
    const reloader = new Reloader(models, metrics, log);
    const app = await buildServer({ service: { models, limits: options.limits, gate, metrics }, reloader, keys, log });
    if (keys === null && !LOOPBACK.test(options.host)) options.onWarning?.(`listening on ${options.host} without --api_key_file: whoever reaches the port can use the service`);
    try {
      await app.listen({ host: options.host, port: options.port, backlog: 2048 });
    } catch (error) {
      await app.close();
      throw new DataError(`${options.host}:${options.port}: cannot be listened on (${(error as NodeJS.ErrnoException).code ?? 'unknown'}). Choose another --host or --port.`);
    }
    const { address, port } = app.server.address() as AddressInfo;
    options.onEvent?.(`serving ${models.names.join(', ')} on http://${address.includes(':') ? `[${address}]` : address}:${port} (endpoints: /docs)`);
    if (options.watchMs > 0) reloader.watch(options.watchMs);
    process.on('SIGHUP', reloader.onHangUp);
    const signal = await stopSignal();
    options.onEvent?.(`${signal}: no more requests are taken; answering those that are there`);
    reloader.stop();
    process.off('SIGHUP', reloader.onHangUp);
    const cut = setTimeout(() => app.server.closeAllConnections(), options.drainMs);
    await app.close();
    clearTimeout(cut);
    await models.dispose();
  } finally {
    await engine.dispose();
  }
}

/** One engine for all models, started by the first that needs one. */
function lazily(create: () => Promise<Engine>): { get: () => Promise<Engine>; dispose: () => Promise<void> } {
  let started: Promise<Engine> | null = null;
  return {
    get: () => (started ??= create()),
    dispose: async () => { if (started !== null) await (await started).dispose(); },
  };
}

function stopSignal(): Promise<NodeJS.Signals> {
  return new Promise((resolve) => {
    const stop = (signal: NodeJS.Signals): void => {
      process.off('SIGTERM', stop);
      process.off('SIGINT', stop);
      resolve(signal);
    };
    process.on('SIGTERM', stop);
    process.on('SIGINT', stop);
  });
}
