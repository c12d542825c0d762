import path from 'node:path';
import { readJson } from '../artifacts/index.js';
import { DataError, UsageError } from '../common/index.js';
import type { Engine } from '../engine/index.js';
import { DEEPLOG_KEYS_DEFAULTS, DeepLogKeys, type DeepLogKeysOptions } from './deep/deeplog_keys.js';
import { DeepLog } from './deep/deeplog.js';
import { DEEPLOG_PARAMS_DEFAULTS, DeepLogParams, type DeepLogParamsOptions } from './deep/deeplog_params.js';
import { DeepLogWorkflow } from './deep/deeplog_workflow.js';
import { TRIVIAL_DETECTORS } from './trivial/binary.js';
import type { Detector } from './types.js';

/** Every detector's id, in the order of the tables. */
export const DETECTOR_IDS: readonly string[] = [...Object.keys(TRIVIAL_DETECTORS), 'deeplog-keys', 'deeplog-keys-nll', 'deeplog-params', 'deeplog-workflow', 'deeplog'];

/** A fresh, unfitted detector. @throws UsageError when there is none of that id. */
export function createDetector(id: string, options: { deeplogKeys?: Partial<DeepLogKeysOptions>; deeplogParams?: Partial<DeepLogParamsOptions> } = {}): Detector {
  const trivial = TRIVIAL_DETECTORS[id];
  if (trivial !== undefined) return trivial();
  if (id === 'deeplog-keys' || id === 'deeplog-keys-nll') return new DeepLogKeys({ ...DEEPLOG_KEYS_DEFAULTS, ...options.deeplogKeys, score: id === 'deeplog-keys' ? 'rank' : 'nll' });
  if (id === 'deeplog-workflow') return new DeepLogWorkflow();
  const params = { ...DEEPLOG_PARAMS_DEFAULTS, ...options.deeplogParams };
  if (id === 'deeplog-params') return new DeepLogParams(params);
  if (id === 'deeplog') return new DeepLog({ keys: new DeepLogKeys({ ...DEEPLOG_KEYS_DEFAULTS, ...options.deeplogKeys, score: 'rank' }), params: new DeepLogParams(params), workflow: new DeepLogWorkflow() });
  throw new UsageError(`There is no detector ${JSON.stringify(id)}. Known: ${DETECTOR_IDS.join(', ')}.`);
}

/** A fitted detector from its folder. @throws DataError when the folder holds none. */
export async function loadDetector(folder: string, engine: () => Promise<Engine>): Promise<Detector> {
  const config = (await readJson(path.join(folder, 'config.json'))) as { detector?: string };
  const id = config.detector ?? '';
  const trivial = TRIVIAL_DETECTORS[id];
  if (trivial !== undefined) return trivial().restore(folder);
  if (id === 'deeplog-keys' || id === 'deeplog-keys-nll') return DeepLogKeys.load(folder, await engine());
  if (id === 'deeplog-workflow') return DeepLogWorkflow.load(folder);
  if (id === 'deeplog-params') return DeepLogParams.load(folder, await engine());
  if (id === 'deeplog') return DeepLog.load(folder, await engine());
  throw new DataError(`${folder}: config.json names the detector ${JSON.stringify(id)}, which this version does not know.`);
}
