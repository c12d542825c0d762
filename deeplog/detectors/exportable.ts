import type { CompiledForward, Model, State } from '../engine/index.js';
import type { LayerStack } from '../models/index.js';
import type { Detector, Session } from './types.js';

/** Rows that a network for export is traced with: its files then take any number of them. Unlike any other size in a network. */
export const EXPORT_ROWS = 7;

/** One network of a detector, as it goes into files for other runtimes. */
export interface ExportableNetwork {
  /** What its files are called; a slash makes a folder: `log_key_model`, `parameter_models/event_5`. */
  readonly name: string;
  /**
   * The scoring pass: `forwardInputs` → the outputs of `forward`, made with {@link EXPORT_ROWS} rows as the first dimension of every input.
   * The files take any number of rows where every operation allows it.
   */
  readonly model: Model;
  readonly parameters: State['parameters'];
  /** What each input holds, for config.json and the model card; whole-number inputs are below `below`, rows of a mask are ones, then zeros. */
  readonly inputs: Readonly<Record<string, { readonly meaning: string; readonly below?: number; readonly mask?: true }>>;
  readonly outputs: Readonly<Record<string, string>>;
  /**
   * The same network as a plain sequence of Keras layers, if it is one: makes the Keras h5 file and TensorFlow.js' layers format
   * possible. Without it there are ONNX and TensorFlow.js' graph format.
   */
  readonly stack?: LayerStack;
}

/** Answers a network by its {@link ExportableNetwork.name}. */
export type NetworkRunner = (network: string) => CompiledForward;

/**
 * A detector whose networks can be exported. To plug a new one in, declare `implements Exportable` and give these three: `export`, the
 * parity check and the model card then work with it as they are.
 */
export interface Exportable extends Detector {
  /** The fitted networks. */
  networks(): readonly ExportableNetwork[];
  /**
   * The same fitted detector with its networks answered by `run`, or by the engine when that is null, and scores as they come, before
   * any rounding: how exported files are checked. The forward passes that `run` gives take any number of rows; only `scoreBatch`
   * or `scoredOn` is called on the result.
   */
  answeredBy(run: NetworkRunner | null): Exportable;
  /**
   * What the score is made of, where it goes through steps (a rank among validation's scores) that make a last-bit difference a large
   * one: compared in place of the score.
   */
  scoredOn?(sessions: readonly Session[]): Promise<readonly Float64Array[]>;
  /**
   * How many times a difference of a network's output can grow on its way to the score, where outputs are scaled up; 1 when absent. Scores
   * of exported files are then compared with that much more room; the outputs themselves are not.
   */
  amplification?(): number;
  /** What the recipe needs and config.json, as `save` writes it, has not. */
  scoringData?(): Readonly<Record<string, unknown>>;
  /** How a session's score follows from the networks' outputs and config.json, step by step, for someone with another runtime. */
  scoringRecipe(): readonly string[];
}

/** A model with some of its inputs fixed: they become parameters, so that a file needs the others only. */
export function withConstants(model: Model, constants: Readonly<Record<string, Float32Array>>): Model {
  const fixed = model.forwardInputs.filter(({ name }) => name in constants);
  return {
    ...model,
    parameters: [...model.parameters, ...fixed.map(({ name, shape }) => ({ name, shape, initialise: () => constants[name] }))],
    forwardInputs: model.forwardInputs.filter(({ name }) => !(name in constants)),
    forward: (params, batch) => model.forward(params, { ...batch, ...Object.fromEntries(fixed.map(({ name }) => [name, params[name]])) }),
  };
}

export function isExportable(detector: Detector): detector is Exportable {
  return 'networks' in detector && 'answeredBy' in detector && 'scoringRecipe' in detector;
}
