import * as tf from '@tensorflow/tfjs';
import { afterAll, describe, expect, it } from 'vitest';
import { createEngine, scan, type Batch, type Engine, type EngineOptions, type Model } from '../../deeplog/engine/index.js';
import { liveNodes, shardOverBatch, type GraphNode } from '../../deeplog/engine/graph/index.js';
import { traceStep } from '../../deeplog/engine/trace/trace.js';
import { lstmParameters, lstmSequence } from '../../deeplog/models/lstm.js';

const engines = new Map<string, Promise<Engine>>();
function start(options: EngineOptions): Promise<Engine> {
  const key = JSON.stringify(options);
  const engine = engines.get(key) ?? createEngine(options);
  engines.set(key, engine);
  return engine;
}
afterAll(async () => { await Promise.all([...engines.values()].map(async (engine) => (await engine).dispose())); });

const INPUTS = 3;

/** Rows in, an LSTM over them, the weighted sum of all its states: every state and every gradient counts. */
function model(steps: number, batch: number, units: number): Model {
  const rows = { name: 'rows', shape: [batch, steps, INPUTS], dtype: 'float32' } as const;
  const weights = { name: 'weights', shape: [batch, steps, units], dtype: 'float32' } as const;
  const states = (params: Parameters<Model['forward']>[0], given: Batch | Parameters<Model['forward']>[1]): tf.Tensor => {
    const sequence = tf.reshape(tf.transpose(given['rows'] as tf.Tensor, [1, 0, 2]), [steps * batch, INPUTS]);
    const projected = tf.add(tf.matMul(sequence as tf.Tensor2D, params['lstm/kernel'] as tf.Tensor2D), params['lstm/bias']) as tf.Tensor2D;
    return tf.transpose(tf.reshape(lstmSequence(projected, params['lstm/recurrent_kernel'] as tf.Tensor2D, steps), [steps, batch, units]), [1, 0, 2]);
  };
  return {
    name: `LSTM of ${steps} steps, ${batch} rows, ${units} units`, parameters: lstmParameters('lstm', INPUTS, units), inputs: [rows, weights], noise: [], forwardInputs: [rows],
    loss: (params, given) => tf.sum(tf.mul(states(params, given), given['weights'])) as tf.Scalar,
    forward: (params, given) => ({ states: states(params, given) }),
  };
}

const wave = (count: number, pace: number): Float32Array => Float32Array.from({ length: count }, (_, i) => Math.sin(pace * i * i + i));
const batchOf = ({ inputs }: Model): Batch => Object.fromEntries(inputs.map(({ name, shape }, k) => [name, wave(shape.reduce((a, b) => a * b, 1), k + 1)]));

async function everything(engine: Engine, subject: Model): Promise<Record<string, ArrayLike<number>>> {
  const step = await engine.compileStep(subject, { seed: 4 });
  const { parameters } = await step.state();
  const [forward, gradients] = [await engine.compileForward(subject), await engine.compileGradients(subject)];
  await Promise.all([forward.load(parameters), gradients.load(parameters)]);
  const batch = batchOf(subject);
  const found = { ...(await gradients.run(batch)), ...(await forward.run({ rows: batch['rows'] })) };
  await Promise.all([step.dispose(), forward.dispose(), gradients.dispose()]);
  return found;
}

describe('an LSTM whose loop stays a loop', () => {
  for (const [steps, batch, units] of [[1, 1, 1], [7, 1, 3], [2, 6, 1], [9, 6, 7]]) {
    it(`has the states and gradients of its steps written out: ${steps} steps, ${batch} rows, ${units} units`, async () => {
      const subject = model(steps, batch, units);
      const expected = await everything(await start({ engine: 'eager', backend: 'cpu' }), subject);
      for (const threads of batch === 1 ? [1] : [1, 2, 3]) {
        const actual = await everything(await start({ engine: 'onnx', threads }), subject);
        expect(Object.keys(actual).sort()).toEqual(Object.keys(expected).sort());
        for (const [name, values] of Object.entries(expected)) {
          expect(actual[name].length).toBe(values.length);
          for (let i = 0; i < values.length; i++) expect(Math.abs(actual[name][i] - values[i]), `${name}[${i}], ${threads} threads`).toBeLessThan(2e-5);
        }
      }
    });
  }

  it('is two loops of one step each in the graph, whatever the number of steps, and none where loops are not known', async () => {
    const kinds = (nodes: readonly GraphNode[], kind: string): number => nodes.filter(({ op }) => op.kind === kind).length;
    const nodesOf = async (steps: number, loops: boolean): Promise<GraphNode[]> => liveNodes((await traceStep(model(steps, 4, 3), { loops })).outputs.map(({ node }) => node));
    const [short, long, unrolled] = [await nodesOf(3, true), await nodesOf(60, true), await nodesOf(3, false)];
    expect([kinds(short, 'loop'), kinds(long, 'loop'), kinds(unrolled, 'loop')]).toEqual([2, 2, 0]);
    expect(long.length).toBe(short.length);
    expect(unrolled.length).toBeGreaterThan(short.length);
  });

  it('is shared by threads block of the batch by block', async () => {
    const { graph, outputs } = await traceStep(model(5, 6, 3), { loops: true });
    for (const index of [0, 1, 2]) {
      const roots = shardOverBatch(graph, outputs.map(({ node }) => node), 6, index, 3);
      const loops = liveNodes(roots).filter(({ op }) => op.kind === 'loop');
      expect(loops.map(({ inputs }) => inputs.map(({ shape }) => shape).slice(0, 2))).toEqual([[[2, 3], [2, 3]], [[2, 12], [2, 3]]]); // h and c; dz and dc: two rows of six
    }
  });

  it('is written out where a step is so large that its values would not stay in the cache', async () => {
    const { outputs } = await traceStep(model(2, 512, 64), { loops: true });
    expect(liveNodes(outputs.map(({ node }) => node)).some(({ op }) => op.kind === 'loop')).toBe(false);
  });
});

describe('scan', () => {
  /** Running sums of [steps · rows, columns] from the last step to the first, and what each step found. */
  const subject = (step: (sum: tf.Tensor, row: tf.Tensor) => tf.Tensor): Model => ({
    name: 'running sums', parameters: [], noise: [], inputs: [], forwardInputs: [{ name: 'rows', shape: [6, 2], dtype: 'float32' }],
    loss: () => tf.scalar(0),
    forward: (_, { rows }) => {
      const [after, before] = scan({ steps: 3, carried: [tf.zeros([2, 2])], sequences: [rows], fixed: [], reverse: true }, ([sum], [row]) => {
        const next = step(sum, row);
        return { carried: [next], outputs: [next, sum] };
      });
      return { after, before };
    },
  });
  const rows = Float32Array.of(1, 2, 3, 4, 10, 20, 30, 40, 100, 200, 300, 400);

  for (const options of [{ engine: 'onnx' }, { engine: 'eager', backend: 'cpu' }] as const) {
    it(`runs backwards and keeps what each step gives where its rows are, on ${options.engine}`, async () => {
      const forward = await (await start(options)).compileForward(subject(tf.add));
      await forward.load({});
      const { after, before } = await forward.run({ rows });
      expect([...after]).toEqual([111, 222, 333, 444, 110, 220, 330, 440, 100, 200, 300, 400]);
      expect([...before]).toEqual([110, 220, 330, 440, 100, 200, 300, 400, 0, 0, 0, 0]);
      await forward.dispose();
    });
  }

  it('refuses a step that reads what it was not handed', async () => {
    const reading: Model = { ...subject(tf.add), forward: (_, { rows: all }) => ({ out: scan({ steps: 3, carried: [], sequences: [all], fixed: [] }, (_carried, [row]) => ({ carried: [], outputs: [tf.add(row, tf.slice(all, [0, 0], [2, 2]))] }))[0] }) };
    await expect((await start({ engine: 'onnx' })).compileForward(reading)).rejects.toThrow(/hand it over in `fixed`/);
  });
});
