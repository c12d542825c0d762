import { createHash } from 'node:crypto';
import path from 'node:path';
import { hashFile } from '../artifacts/index.js';
import { DataError, UsageError } from '../common/index.js';
import type { Engine } from '../engine/index.js';
import { openModel, type TrainedModel } from '../evaluation/index.js';
import { FrozenParser } from '../sessions/index.js';
import { TriageAnswers } from '../triage/index.js';
import { ServiceError } from './errors.js';

/** How often a folder is read anew that changes while it is read. */
const ATTEMPTS = 3;

export interface ModelSpec {
  readonly name: string;
  readonly folder: string;
}

/** `name=folder`, or a folder whose own name is the model's. @throws UsageError when two models have one name. */
export function modelSpecs(given: readonly string[]): ModelSpec[] {
  const specs = given.map((text): ModelSpec => {
    const match = /^([\w.-]+)=(.+)$/.exec(text);
    return match ? { name: match[1], folder: match[2] } : { name: path.basename(path.resolve(text)), folder: text };
  });
  const twice = specs.find((s, i) => specs.findIndex((t) => t.name === s.name) !== i);
  if (twice !== undefined) throw new UsageError(`--model: two models are called ${JSON.stringify(twice.name)}. Name them: --model first=${twice.folder} …`);
  return specs;
}

/** One loaded version of a model. It is let go when it was replaced and the last request that uses it is answered. */
export class LoadedModel {
  readonly loadedAt = new Date();
  private users = 0;
  private retired = false;
  private tail: Promise<unknown> = Promise.resolve();

  constructor(readonly name: string, readonly trained: TrainedModel, readonly parser: FrozenParser | null, readonly version: string, readonly answers: TriageAnswers) {}

  enter(): void {
    this.users++;
  }

  async leave(): Promise<void> {
    this.users--;
    await this.disposeIfIdle();
  }

  async retire(): Promise<void> {
    this.retired = true;
    await this.disposeIfIdle();
  }

  /** Requests use the network one after the other: each gets what it would get alone. */
  inTurn<T>(work: () => Promise<T>): Promise<T> {
    const turn = this.tail.then(work);
    this.tail = turn.catch(() => undefined);
    return turn;
  }

  private async disposeIfIdle(): Promise<void> {
    if (this.retired && this.users === 0) await this.trained.detector.dispose?.();
  }
}

/** The models of a service by name; each can be replaced by what its folder holds now, without a request noticing. */
export class ModelRegistry {
  private readonly models = new Map<string, LoadedModel>();
  private readonly reloading = new Map<string, Promise<LoadedModel>>();

  private constructor(private readonly specs: readonly ModelSpec[], private readonly engine: () => Promise<Engine>) {}

  /** @throws DataError when one of them cannot be loaded. */
  static async load(specs: readonly ModelSpec[], engine: () => Promise<Engine>): Promise<ModelRegistry> {
    const registry = new ModelRegistry(specs, engine);
    for (const spec of specs) registry.models.set(spec.name, await registry.open(spec));
    return registry;
  }

  get names(): string[] {
    return this.specs.map((s) => s.name);
  }

  /** The model of that name; without a name the first. @throws ServiceError when there is none. */
  get(name: string | undefined): LoadedModel {
    const model = this.models.get(name ?? this.specs[0].name);
    if (model === undefined) throw new ServiceError(404, 'unknown_model', `There is no model ${JSON.stringify(name)}.`, `Use one of: ${this.names.join(', ')}.`);
    return model;
  }

  /** Loads the model's folder anew; the old version stays when that fails. @throws DataError, ServiceError */
  reload(name: string): Promise<LoadedModel> {
    const spec = this.specs.find((s) => s.name === name);
    if (spec === undefined) return Promise.reject(new ServiceError(404, 'unknown_model', `There is no model ${JSON.stringify(name)}.`, `Use one of: ${this.names.join(', ')}.`));
    let running = this.reloading.get(name);
    if (running === undefined) {
      running = this.replace(spec).finally(() => this.reloading.delete(name));
      this.reloading.set(name, running);
    }
    return running;
  }

  /** Models whose folder holds another finished result than the one that is loaded. */
  async changed(): Promise<string[]> {
    const out: string[] = [];
    for (const spec of this.specs) {
      const now = await versionOf(spec.folder).catch(() => null); // unfinished: not yet
      if (now !== null && now !== this.models.get(spec.name)?.version) out.push(spec.name);
    }
    return out;
  }

  async dispose(): Promise<void> {
    for (const model of this.models.values()) await model.retire();
  }

  private async replace(spec: ModelSpec): Promise<LoadedModel> {
    const fresh = await this.open(spec);
    const old = this.models.get(spec.name);
    this.models.set(spec.name, fresh);
    await old?.retire();
    return fresh;
  }

  private async open({ name, folder }: ModelSpec): Promise<LoadedModel> {
    for (let attempt = 1; attempt <= ATTEMPTS; attempt++) {
      const before = await versionOf(folder).catch(() => null); // openModel says what is missing
      const trained = await openModel(folder, this.engine);
      const parser = await FrozenParser.load(folder);
      // Else a stage wrote in between: these weights are not, or not all, of the version that the folder holds now.
      if ((await versionOf(folder).catch(() => null)) === before && before !== null) return new LoadedModel(name, trained, parser, before, new TriageAnswers(folder));
      await trained.detector.dispose?.();
    }
    throw new DataError(`${folder}: was written anew each time while it was read. Reload it when the stage that writes it has ended.`);
  }
}

/**
 * Changes whenever a stage has written the folder anew (the manifest comes last and names its time), and when `detect --recalibrate`
 * has, which writes config.json alone.
 */
async function versionOf(folder: string): Promise<string> {
  const hashes = [await hashFile(path.join(folder, 'manifest.json')), await hashFile(path.join(folder, 'config.json'))];
  return createHash('sha256').update(hashes.join('\n')).digest('hex').slice(0, 16);
}
