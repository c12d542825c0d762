import type { FastifyBaseLogger } from 'fastify';
import type { ServiceMetrics } from './instruments.js';
import type { LoadedModel, ModelRegistry } from './models.js';

/** Loads models anew: on request, on SIGHUP, or when their folder holds a new result. The old version answers until the new one is ready. */
export class Reloader {
  private timer: NodeJS.Timeout | null = null;
  private looking: Promise<void> = Promise.resolve();

  constructor(private readonly models: ModelRegistry, private readonly metrics: ServiceMetrics, private readonly log: Pick<FastifyBaseLogger, 'info' | 'error'>) {}

  /** @throws DataError when the folder cannot be loaded; the old version stays. */
  async reload(name: string): Promise<LoadedModel> {
    try {
      const model = await this.models.reload(name);
      this.metrics.reloads({ model: name, result: 'loaded' });
      this.log.info({ model: name, version: model.version }, 'model loaded anew');
      return model;
    } catch (error) {
      if (!this.models.names.includes(name)) throw error;
      this.metrics.reloads({ model: name, result: 'failed' });
      this.log.error({ err: error, model: name }, 'the model could not be loaded anew; the old version stays');
      throw error;
    }
  }

  readonly onHangUp = (): void => {
    void this.all(this.models.names);
  };

  watch(everyMs: number): void {
    this.timer = setInterval(() => {
      this.looking = this.looking.then(async () => this.all(await this.models.changed()));
    }, everyMs);
    this.timer.unref();
  }

  stop(): void {
    if (this.timer !== null) clearInterval(this.timer);
  }

  private async all(names: readonly string[]): Promise<void> {
    for (const name of names) await this.reload(name).catch(() => undefined); // told in the log
  }
}
