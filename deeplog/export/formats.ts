import { mkdir } from 'node:fs/promises';
import path from 'node:path';
import { writeAtomic } from '../artifacts/index.js';
import type { ExportableNetwork } from '../detectors/index.js';
import { exportGraphModel, exportOnnx } from '../engine/index.js';
import { writeH5 } from './keras/write_h5.js';
import { writeGraphModel, writeLayersModel } from './write_tfjs.js';

/** Formats a network can be written in. */
export const FORMATS = ['onnx', 'tfjs-layers', 'tfjs-graph', 'h5'] as const;
export type Format = (typeof FORMATS)[number];

/** Those that hold plain layer stacks only. */
const STACK_ONLY: readonly Format[] = ['tfjs-layers', 'h5'];

export function formatsOf(network: ExportableNetwork): readonly Format[] {
  return network.stack === undefined ? FORMATS.filter((f) => !STACK_ONLY.includes(f)) : FORMATS;
}

/** Where a network's file, or folder, of a format goes, relative to the export folder. */
export function fileOf(name: string, format: Format): string {
  switch (format) {
    case 'onnx': return `${name}.onnx`;
    case 'tfjs-layers': return `${name}_tfjs_layers`;
    case 'tfjs-graph': return `${name}_tfjs_graph`;
    case 'h5': return `${name}.h5`;
    default: return format satisfies never;
  }
}

/** Writes the network in those of `formats` that it has; returns the files by format. */
export async function writeNetwork(folder: string, network: ExportableNetwork, formats: readonly Format[]): Promise<Partial<Record<Format, string>>> {
  const files: Partial<Record<Format, string>> = {};
  const { name, model, parameters, stack } = network;
  for (const format of formatsOf(network).filter((f) => formats.includes(f))) {
    const file = (files[format] = fileOf(name, format));
    const target = path.join(folder, file);
    await mkdir(path.dirname(target), { recursive: true });
    switch (format) {
      case 'onnx':
        await writeAtomic(target, await exportOnnx(model, parameters));
        break;
      case 'tfjs-graph':
        await writeGraphModel(target, await exportGraphModel(model, parameters));
        break;
      case 'tfjs-layers':
        if (stack !== undefined) await writeLayersModel(target, path.basename(name), stack, parameters);
        break;
      case 'h5':
        if (stack !== undefined) await writeH5(target, path.basename(name), stack, parameters);
        break;
      default: return format satisfies never;
    }
  }
  return files;
}
