import type { ExportableNetwork } from '../detectors/index.js';
import { writeNetwork, type Format } from './formats.js';
import type { ExportSubject } from './subject.js';

/** Files of each network by format, relative to the folder. */
export type ExportedFiles = ReadonlyMap<string, Partial<Record<Format, string>>>;

export interface WrittenFormats {
  readonly files: ExportedFiles;
  /** For config.json, with what is there already all that another runtime needs to score. */
  readonly description: NetworksDescription;
}

export interface NetworksDescription {
  readonly schema: 'deeplog.export/1';
  /** How a score follows from what the networks give, step by step. */
  readonly scoring: readonly string[];
  readonly networks: readonly unknown[];
  /** What the steps need beyond the rest of config.json. */
  readonly data?: Readonly<Record<string, unknown>>;
}

/** Writes every network of a fitted detector (or encoder) in those of `formats` that it has. */
export async function writeFormats(detector: Pick<ExportSubject, 'networks' | 'scoringRecipe' | 'scoringData'>, folder: string, formats: readonly Format[], onProgress?: (what: string) => void): Promise<WrittenFormats> {
  const networks = detector.networks();
  const files = new Map<string, Partial<Record<Format, string>>>();
  for (const [i, network] of networks.entries()) {
    onProgress?.(`writing ${network.name} (${i + 1} of ${networks.length})`);
    files.set(network.name, await writeNetwork(folder, network, formats));
  }
  return { files, description: { schema: 'deeplog.export/1', scoring: detector.scoringRecipe(), networks: networks.map((n) => describe(n, files)), ...(detector.scoringData === undefined ? {} : { data: detector.scoringData() }) } };
}

function describe({ name, model, inputs, outputs, stack }: ExportableNetwork, files: ExportedFiles): unknown {
  return {
    name, files: files.get(name) ?? {},
    inputs: model.forwardInputs.map((i) => ({ name: i.name, dtype: i.dtype, shape: ['rows', ...i.shape.slice(1)], ...inputs[i.name] })),
    outputs,
    ...(stack === undefined ? {} : { layers: { input: [stack.steps, stack.features], encoding: stack.input.encoding, scoring_output: stack.output.layer, then: stack.output.then } }),
  };
}
