import { readFile } from 'node:fs/promises';
import type { Group } from 'h5wasm/node';
import { DataError } from '../../common/index.js';

/** A layer as a Keras file describes it. */
export interface KerasLayer {
  readonly class_name: string;
  readonly config: Readonly<Record<string, unknown>>;
}

export interface KerasArray {
  readonly name: string;
  readonly shape: readonly number[];
  readonly data: Float32Array;
}

/** What a Keras h5 file holds. */
export interface KerasFile {
  readonly kerasVersion: string | null;
  /** The layers in order; null in a file of weights alone (`save_weights`). */
  readonly layers: readonly KerasLayer[] | null;
  /** Weights of each layer that has some, in the file's order of layers. */
  readonly weights: ReadonlyMap<string, readonly KerasArray[]>;
}

/** HDF5 File Format Specification 3.0, superblock. */
const SIGNATURE = Buffer.from('\x89HDF\r\n\x1a\n', 'latin1');

/**
 * Reads a file of `Model.save` or `save_weights`, Keras 2.0 and later.
 * @throws DataError when it is none, or its layers are no plain sequence
 */
export async function readKerasFile(file: string): Promise<KerasFile> {
  const { default: h5 } = await import('h5wasm/node');
  await h5.ready;
  const broken = (what: string): DataError => new DataError(`${file}: is no Keras h5 file (${what}). Give a file that Keras' save or save_weights wrote.`);
  // The library itself would print pages about it.
  if (!(await readFile(file)).subarray(0, SIGNATURE.length).equals(SIGNATURE)) throw broken('it is no HDF5 file');
  const opened = new h5.File(file, 'r');
  if (opened.file_id <= 0n) throw broken('it is damaged');
  try {
    const group = opened.get('model_weights') ?? opened;
    const names = (group as Group).attrs['layer_names']?.value;
    if (!Array.isArray(names)) throw broken('it has no layer_names');
    const weights = new Map<string, KerasArray[]>();
    for (const layer of names.map(String)) {
      const own = (group as Group).get(layer);
      if (!(own instanceof h5.Group)) throw broken(`layer ${layer} has no group`);
      const arrays = namesIn(own.attrs['weight_names']?.value).map((name): KerasArray => {
        const set = own.get(name);
        if (!(set instanceof h5.Dataset)) throw broken(`${layer} lacks ${name}`);
        return { name, shape: set.shape ?? [], data: numbersOf(set.value) };
      });
      if (arrays.length > 0) weights.set(layer, arrays);
    }
    const config = opened.attrs['model_config']?.value;
    const version = opened.attrs['keras_version']?.value ?? (group as Group).attrs['keras_version']?.value;
    return { kerasVersion: typeof version === 'string' ? version : null, layers: typeof config === 'string' ? layersOf(file, config) : null, weights };
  } finally {
    opened.close();
  }
}

/** A layer without weights has an empty list, of no type in particular. */
function namesIn(value: unknown): string[] {
  return (Array.isArray(value) ? value : [value]).filter((name): name is string => typeof name === 'string');
}

/** Arrays and single values alike. */
function numbersOf(value: unknown): Float32Array {
  return ArrayBuffer.isView(value) || Array.isArray(value) ? Float32Array.from(value as unknown as ArrayLike<number>) : Float32Array.of(Number(value));
}

interface FunctionalLayer extends KerasLayer {
  readonly name?: string;
  readonly inbound_nodes?: readonly (readonly (readonly unknown[])[])[];
}

/** Layers in order. @throws DataError where they branch */
function layersOf(file: string, json: string): KerasLayer[] {
  const { class_name: kind, config } = JSON.parse(json) as { class_name: string; config: readonly KerasLayer[] | { readonly layers: readonly FunctionalLayer[] } };
  const layers: readonly FunctionalLayer[] = Array.isArray(config) ? (config as readonly FunctionalLayer[]) : (config as { readonly layers: readonly FunctionalLayer[] }).layers;
  if (kind === 'Sequential') return [...layers];
  if (kind !== 'Model' && kind !== 'Functional') throw new DataError(`${file}: holds a ${kind}; Sequential and functional models can be imported.`);
  layers.forEach((layer, i) => {
    const inbound = layer.inbound_nodes ?? [];
    const before = i === 0 ? undefined : nameOf(layers[i - 1]);
    const from = inbound[0]?.map((link) => link[0]) ?? [];
    if (inbound.length > 1 || (i > 0 && (from.length !== 1 || from[0] !== before))) throw new DataError(`${file}: layer ${nameOf(layer)} does not just follow ${before ?? 'the input'}: networks that branch cannot be imported.`);
  });
  return [...layers];
}

function nameOf(layer: FunctionalLayer): string {
  return layer.name ?? String(layer.config.name);
}
