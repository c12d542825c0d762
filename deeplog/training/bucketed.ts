import type { Batch, CompiledForward, CompiledStep, Engine, EngineInfo, Model, NumericArray, State, StepScalars } from '../engine/index.js';

/** One network at several sequence lengths: equal parameters, one graph for each length. */
export interface ModelFamily {
  /** The network at one of the lengths. */
  at(length: number): Model;
  /** The length that a batch was cut for. */
  lengthOf(batch: Batch): number;
  /** Any of the lengths: the graph that exists from the start and draws the first parameters. */
  readonly first: number;
}

/** What trains and scores a network. */
export type Compiler = Pick<Engine, 'compileStep' | 'compileForward' | 'compileLoss' | 'compileGradients'>;

/**
 * Compiles families as if they were one network: each length's graph is made when a batch of it first comes, and the state moves
 * with the batches. Moving costs a copy of the weights, so batches of a length should come in runs.
 */
export function bucketed(engine: Engine, family: ModelFamily): Compiler {
  const forward = async (compile: (model: Model) => Promise<CompiledForward>): Promise<CompiledForward> => {
    const made = new Made(family, compile);
    await made.get(family.first);
    return new BucketedForward(engine.info, family, made);
  };
  return {
    compileStep: async (_, options) => {
      const made = new Made(family, (model) => engine.compileStep(model, options));
      return new BucketedStep(engine.info, family, made, await made.get(family.first));
    },
    compileForward: () => forward((model) => engine.compileForward(model)),
    compileLoss: () => forward((model) => engine.compileLoss(model)),
    compileGradients: () => forward((model) => engine.compileGradients(model)),
  };
}

/** Graphs by length, each compiled once. */
class Made<C extends { dispose(): Promise<void> }> {
  private readonly graphs = new Map<number, Promise<C>>();

  constructor(private readonly family: ModelFamily, private readonly compile: (model: Model) => Promise<C>) {}

  get(length: number): Promise<C> {
    let graph = this.graphs.get(length);
    if (graph === undefined) this.graphs.set(length, (graph = this.compile(this.family.at(length))));
    return graph;
  }

  async dispose(): Promise<void> {
    for (const graph of this.graphs.values()) await (await graph).dispose();
    this.graphs.clear();
  }
}

class BucketedStep implements CompiledStep {
  /** Settles when the last step asked for has been handed over: the next may have to move the state first. */
  private handedOver: Promise<unknown> = Promise.resolve();

  constructor(readonly engine: EngineInfo, private readonly family: ModelFamily, private readonly made: Made<CompiledStep>, private current: CompiledStep) {}

  get stepsAhead(): number {
    return this.current.stepsAhead ?? 1;
  }

  run(batch: Batch, scalars: StepScalars): Promise<{ loss: number }> {
    const handing = this.handedOver.then(async () => {
      const next = await this.made.get(this.family.lengthOf(batch));
      if (next !== this.current) await next.load(await this.current.state());
      this.current = next;
      return [next.run(batch, scalars)] as const; // in a list, so that it is not waited for here
    });
    this.handedOver = handing.catch(() => undefined);
    return handing.then(([result]) => result);
  }

  state(): Promise<State> {
    return this.current.state();
  }

  load(state: State): Promise<void> {
    return this.current.load(state);
  }

  dispose(): Promise<void> {
    return this.made.dispose();
  }
}

class BucketedForward implements CompiledForward {
  private parameters: State['parameters'] | null = null;
  private readonly loaded = new Set<CompiledForward>();

  constructor(readonly engine: EngineInfo, private readonly family: ModelFamily, private readonly made: Made<CompiledForward>) {}

  async run(batch: Batch): Promise<Record<string, NumericArray>> {
    const graph = await this.made.get(this.family.lengthOf(batch));
    if (this.parameters !== null && !this.loaded.has(graph)) {
      await graph.load(this.parameters);
      this.loaded.add(graph);
    }
    return graph.run(batch);
  }

  load(parameters: State['parameters']): Promise<void> {
    this.parameters = parameters;
    this.loaded.clear();
    return Promise.resolve();
  }

  dispose(): Promise<void> {
    return this.made.dispose();
  }
}
