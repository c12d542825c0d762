import path from 'node:path';
import { seededRandom } from '../common/index.js';
import type { ExportableNetwork, NetworkRunner } from '../detectors/index.js';
import type { Batch, Engine, NumericArray } from '../engine/index.js';
import { FORMATS, type Format } from './formats.js';
import { KerasProcess } from './keras/process.js';
import { openExported, type ExportedForward } from './open_exported.js';
import type { ExportSubject, Samples } from './subject.js';
import type { ExportedFiles } from './write_formats.js';

/** How far exported files may be from the engine: of values up to 1 the difference itself, of larger ones their share. */
export const TOLERANCE = 1e-5;

/** How closely the files of one format do what the engine does. */
export interface Parity {
  /** Name and version of what ran them. */
  readonly runtime: string;
  /** Real sessions (windows, lines) whose scores (or vectors) were compared; null where none were at hand. */
  readonly samples: number | null;
  readonly unit: ExportSubject['unit'];
  readonly largest_score_difference: number | null;
  /** The engine's score where that is. */
  readonly at_score: number | null;
  /** Of the networks' outputs, on generated inputs. */
  readonly largest_output_difference: number;
  /** The larger of both in the measure of the tolerance, the scores' as a share of how much outputs are scaled up on their way to a score. */
  readonly deviation: number;
  readonly tolerance: number;
  /** What was allowed of scores. */
  readonly score_tolerance: number;
}

export interface ParityOptions {
  /** Real things to score; null: none are at hand. */
  readonly samples: Samples | null;
  readonly engine: Engine;
  /** A Python with Keras, in which h5 files are run; without it they are not checked. */
  readonly kerasPython?: string;
}

/**
 * Runs every exported file in the runtime it is for: on generated inputs against the engine's forward pass, and on real samples,
 * score by score, against the engine's.
 */
export async function checkParity(subject: Pick<ExportSubject, 'networks' | 'amplification' | 'unit'>, folder: string, files: ExportedFiles, options: ParityOptions): Promise<Partial<Record<Format, Parity>>> {
  const { samples, engine, kerasPython } = options;
  const networks = subject.networks();
  const amplification = subject.amplification?.() ?? 1;
  const expected = samples === null ? null : await samples.scores(null);
  const out: Partial<Record<Format, Parity>> = {};
  const keras = kerasPython === undefined ? undefined : new KerasProcess(kerasPython);
  try {
    for (const format of FORMATS.filter((f) => f !== 'h5' || kerasPython !== undefined)) {
      const opened = new Map<string, ExportedForward>();
      try {
        let outputs = NONE;
        for (const network of networks) {
          const file = files.get(network.name)?.[format];
          if (file === undefined) continue;
          const forward = await openExported(path.join(folder, file), network, format, keras);
          opened.set(network.name, forward);
          outputs = larger(outputs, await compareOutputs(network, forward, engine));
        }
        const [first] = opened.values();
        if (first === undefined) continue;
        // A detector may have networks that this format cannot hold: scores then need all of them in another one.
        const complete = networks.every(({ name }) => opened.has(name));
        const run: NetworkRunner = (name) => opened.get(name) ?? missing(name);
        const scores = samples === null || expected === null || !complete ? null : difference(expected, await samples.scores(run));
        out[format] = {
          runtime: first.runtime, samples: scores === null ? null : samples?.count ?? null, unit: subject.unit, largest_score_difference: scores?.absolute ?? null, at_score: scores?.at ?? null,
          largest_output_difference: outputs.absolute, deviation: Math.max(outputs.relative, (scores?.relative ?? 0) / amplification), tolerance: TOLERANCE, score_tolerance: TOLERANCE * amplification,
        };
      } finally {
        for (const forward of opened.values()) await forward.dispose();
      }
    }
  } finally {
    await keras?.close();
  }
  return out;
}

interface Difference {
  readonly absolute: number;
  /** As {@link TOLERANCE} measures. */
  readonly relative: number;
  /** The wanted value where the absolute one is. */
  readonly at: number;
}

const NONE: Difference = { absolute: 0, relative: 0, at: 0 };

const GENERATED_BATCHES = 10;

/** On full batches, and on a part of one: files take any number of rows. */
async function compareOutputs(network: ExportableNetwork, exported: ExportedForward, engine: Engine): Promise<Difference> {
  const forward = await engine.compileForward(network.model);
  try {
    await forward.load(network.parameters);
    const random = seededRandom(1);
    let worst = NONE;
    for (let i = 0; i < GENERATED_BATCHES; i++) {
      const batch = generatedBatch(network, random);
      const [wanted, given] = [await forward.run(batch), await exported.run(batch)];
      for (const [name, values] of Object.entries(wanted)) worst = larger(worst, difference(values, given[name] ?? []));
    }
    return worst;
  } finally {
    await forward.dispose();
  }
}

/** Inputs that any network of these shapes can take, the same every time. */
function generatedBatch({ model, inputs }: ExportableNetwork, random: () => number): Batch {
  return Object.fromEntries(model.forwardInputs.map(({ name, shape, dtype }): [string, NumericArray] => {
    const length = shape.reduce((a, b) => a * b, 1);
    const { below = 2, mask = false } = inputs[name] ?? {};
    if (dtype === 'int32') return [name, Int32Array.from({ length }, () => Math.floor(random() * below))];
    return [name, mask ? generatedMask(length, shape[shape.length - 1], random) : Float32Array.from({ length }, () => 4 * random() - 2)];
  }));
}

function generatedMask(length: number, width: number, random: () => number): Float32Array {
  const out = new Float32Array(length);
  for (let at = 0; at < length; at += width) out.fill(1, at, at + 1 + Math.floor(random() * width));
  return out;
}

function difference(wanted: ArrayLike<number>, given: ArrayLike<number>): Difference {
  if (wanted.length !== given.length) return { absolute: Infinity, relative: Infinity, at: NaN };
  let worst = NONE;
  for (let i = 0; i < wanted.length; i++) {
    const absolute = Object.is(wanted[i], given[i]) ? 0 : Math.abs(wanted[i] - given[i]);
    // NaN on one side only is as wrong as can be.
    worst = larger(worst, Number.isNaN(absolute) ? { absolute: Infinity, relative: Infinity, at: wanted[i] } : { absolute, relative: absolute / Math.max(1, Math.abs(wanted[i])), at: wanted[i] });
  }
  return worst;
}

function larger(a: Difference, b: Difference): Difference {
  return { absolute: Math.max(a.absolute, b.absolute), relative: Math.max(a.relative, b.relative), at: b.absolute > a.absolute ? b.at : a.at };
}

function missing(name: string): never {
  throw new RangeError(`what is exported asks for a network ${name} that it does not list in networks()`);
}
