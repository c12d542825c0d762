import path from 'node:path';
import { readJson } from '../artifacts/index.js';
import { DataError, UsageError } from '../common/index.js';
import type { Engine } from '../engine/index.js';
import { DEEPLOG_KEYS_DEFAULTS, DeepLogKeys, type DeepLogKeysOptions } from './deep/deeplog_keys.js';
import { DeepLog } from './deep/deeplog.js';
import { DEEPLOG_PARAMS_DEFAULTS, DeepLogParams, type DeepLogParamsOptions } from './deep/deeplog_params.js';
import { LogAnomaly, LOGANOMALY_DEFAULTS, type LogAnomalyOptions } from './deep/loganomaly/loganomaly.js';
import { LogBert } from './deep/logbert/logbert.js';
import { LOGBERT_DEFAULTS, type LogBertOptions, type LogBertScore } from './deep/logbert/options.js';
import { DeepLogWorkflow } from './deep/deeplog_workflow.js';
import { CLASSICAL_DETECTORS } from './classical/index.js';
import { CountNeighbours } from './ensemble/count_neighbours.js';
import { Ensemble } from './ensemble/ensemble.js';
import { AUTOENCODER_DEFAULTS, TextAutoencoder, type AutoencoderOptions } from './text/autoencoder.js';
import { TRIVIAL_DETECTORS } from './trivial/binary.js';
import { EditDistance } from './trivial/edit_distance.js';
import { NgramTopK } from './trivial/ngram_topk.js';
import type { Detector } from './types.js';

/** What a detector can be made with; each reads its own part and has defaults for it. */
export interface DetectorOptions {
  readonly deeplogKeys?: Partial<DeepLogKeysOptions>;
  readonly deeplogParams?: Partial<DeepLogParamsOptions>;
  readonly logbert?: Partial<LogBertOptions>;
  readonly loganomaly?: Partial<LogAnomalyOptions>;
  readonly autoencoder?: Partial<AutoencoderOptions>;
  /** Sessions come with their raw lines, for detectors that would rather read them than templates. */
  readonly rawText?: boolean;
  /** Sessions end by themselves, so that their end may be predicted; windows do not. Default: true. */
  readonly completeSessions?: boolean;
  /** Texts of templates by event id, for detectors that read them; a set may know none. */
  readonly templates?: ReadonlyMap<number, string>;
}

interface Entry {
  create(options: DetectorOptions): Detector;
  /** Reads what `save` wrote; the engine is started only by those that call for it. */
  load(folder: string, engine: () => Promise<Engine>): Promise<Detector>;
}

function keyModel(o: DetectorOptions, score: DeepLogKeysOptions['score']): DeepLogKeys {
  const options = { ...DEEPLOG_KEYS_DEFAULTS, ...o.deeplogKeys, score };
  return new DeepLogKeys({ ...options, predictEnd: options.predictEnd && o.completeSessions !== false });
}

const keys = (score: DeepLogKeysOptions['score']): Entry => ({
  create: (o) => keyModel(o, score),
  load: async (folder, engine) => DeepLogKeys.load(folder, await engine()),
});

const countNeighbours = (o: DetectorOptions): CountNeighbours => new CountNeighbours({ complete: o.completeSessions !== false });

const params = (o: DetectorOptions): DeepLogParams => new DeepLogParams({ ...DEEPLOG_PARAMS_DEFAULTS, ...o.deeplogParams });

const logbert = (score: LogBertScore): Entry => ({
  create: (o) => new LogBert({ ...LOGBERT_DEFAULTS, ...o.logbert, score }),
  load: async (folder, engine) => LogBert.load(folder, await engine()),
});

const loganomaly = (score: LogAnomalyOptions['score']): Entry => ({
  create: (o) => {
    const options = { ...LOGANOMALY_DEFAULTS, ...o.loganomaly, score };
    return new LogAnomaly({ ...options, predictEnd: options.predictEnd && o.completeSessions !== false }, o.templates);
  },
  load: async (folder, engine) => LogAnomaly.load(folder, await engine()),
});

/** A detector without options. */
const plain = ([id, make]: [string, () => Detector & { restore(folder: string): Promise<Detector> }]): [string, Entry] => [id, { create: () => make(), load: async (folder) => make().restore(folder) }];

const autoencoder = (score: AutoencoderOptions['score']): Entry => ({
  create: (o) => new TextAutoencoder({ ...AUTOENCODER_DEFAULTS, ...o.autoencoder, score }, o.rawText === true ? null : o.templates ?? null),
  load: async (folder, engine) => TextAutoencoder.load(folder, await engine()),
});

/** Every detector by its id, in the order of the tables. */
const DETECTORS = new Map<string, Entry>([
  ...Object.entries(TRIVIAL_DETECTORS).map(plain),
  ['ngram-topk', { create: (o) => new NgramTopK(o.completeSessions !== false), load: (folder) => new NgramTopK().restore(folder) }],
  ['edit-distance', { create: () => new EditDistance(), load: (folder) => new EditDistance().restore(folder) }],
  ...Object.entries(CLASSICAL_DETECTORS).map(plain),
  ['deeplog-keys', keys('rank')],
  ['deeplog-keys-nll', keys('nll')],
  ['deeplog-keys-events', keys('event-nll')],
  ['deeplog-params', { create: params, load: async (folder, engine) => DeepLogParams.load(folder, await engine()) }],
  ['deeplog-workflow', { create: () => new DeepLogWorkflow(), load: (folder) => DeepLogWorkflow.load(folder) }],
  ['deeplog', {
    create: (o) => new DeepLog({ keys: keyModel(o, 'rank'), params: params(o), workflow: new DeepLogWorkflow() }),
    load: async (folder, engine) => DeepLog.load(folder, await engine()),
  }],
  ['logbert', logbert('both')],
  ['logbert-missed', logbert('missed')],
  ['logbert-distance', logbert('distance')],
  ['loganomaly', loganomaly('rank')],
  ['loganomaly-nll', loganomaly('nll')],
  ['autoencoder', autoencoder('window')],
  ['autoencoder-line', autoencoder('line')],
  ['count-neighbours', { create: countNeighbours, load: (folder) => CountNeighbours.load(folder) }],
  ['ensemble', {
    create: (o) => new Ensemble({ counts: countNeighbours(o), keys: keyModel(o, 'event-nll') }),
    load: async (folder, engine) => Ensemble.load(folder, await engine()),
  }],
]);

/** Every detector's id, in the order of the tables. */
export const DETECTOR_IDS: readonly string[] = [...DETECTORS.keys()];

/** A fresh, unfitted detector. @throws UsageError when there is none of that id. */
export function createDetector(id: string, options: DetectorOptions = {}): Detector {
  const entry = DETECTORS.get(id);
  if (entry === undefined) throw new UsageError(`There is no detector ${JSON.stringify(id)}. Known: ${DETECTOR_IDS.join(', ')}.`);
  return entry.create(options);
}

/** A fitted detector from its folder. @throws DataError when the folder holds none. */
export async function loadDetector(folder: string, engine: () => Promise<Engine>): Promise<Detector> {
  const { detector: id } = (await readJson(path.join(folder, 'config.json'))) as { detector?: string };
  if (id === undefined) throw new DataError(`${folder}: holds no detector of sessions (config.json names none). What the steps of "autoencoder" write judges windows of lines: those steps read it, and "export".`);
  const entry = DETECTORS.get(id);
  if (entry === undefined) throw new DataError(`${folder}: config.json names the detector ${JSON.stringify(id)}, which this version does not know.`);
  return entry.load(folder, engine);
}
