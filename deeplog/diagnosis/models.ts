import { existsSync } from 'node:fs';
import path from 'node:path';
import { readJson, readManifest } from '../artifacts/index.js';
import { DataError } from '../common/index.js';
import { DeepLogKeys, DeepLogParams, DeepLogWorkflow, loadDetector, type Detector } from '../detectors/index.js';
import type { Engine } from '../engine/index.js';

/** The parts of DeepLog that a diagnosis asks, with the values above which they speak. */
export interface DiagnosisModels {
  readonly keys: { readonly detector: DeepLogKeys; readonly g: number } | null;
  readonly workflow: DeepLogWorkflow | null;
  readonly params: { readonly detector: DeepLogParams; readonly threshold: number } | null;
  /** Folders by part, as given. */
  readonly folders: Readonly<Record<string, string>>;
}

export interface ModelFolders {
  readonly keys?: string;
  readonly workflow?: string;
  readonly params?: string;
  /** Keys of a lower rank are outside; the model's own g when absent. */
  readonly g?: number;
  /** Deviations above which a row's error counts; the model's own bound when absent. */
  readonly threshold?: number;
}

/**
 * Loads the parts that are given.
 * @throws DataError when a folder is unfinished or holds another model, or when none is given
 */
export async function loadModels(folders: ModelFolders, engine: () => Promise<Engine>): Promise<DiagnosisModels> {
  const load = async <T extends Detector>(folder: string | undefined, what: string, is: (d: Detector) => d is T): Promise<{ detector: T; threshold: number } | null> => {
    if (folder === undefined) return null;
    await readManifest(folder);
    const detector = await loadDetector(folder, engine);
    if (!is(detector)) throw new DataError(`${folder}: holds a ${detector.id} model, not a ${what} model. Correct the flag.`);
    const { threshold } = (await readJson(path.join(folder, 'config.json'))) as { threshold?: number };
    return { detector, threshold: threshold ?? NaN };
  };
  const keys = await load(folders.keys, 'log-key', (d): d is DeepLogKeys => d instanceof DeepLogKeys);
  const workflow = await load(folders.workflow, 'workflow', (d): d is DeepLogWorkflow => d instanceof DeepLogWorkflow);
  const params = await load(folders.params, 'parameter', (d): d is DeepLogParams => d instanceof DeepLogParams);
  if (keys === null && workflow === null && params === null) throw new DataError('There is no model to ask. Give --model (log keys), --workflow or --parameters: folders that those stages wrote.');
  return {
    keys: keys && { detector: keys.detector.withScore('rank'), g: folders.g ?? (keys.detector.options.score === 'rank' ? Math.round(keys.threshold) : DEFAULT_G) },
    workflow: workflow?.detector ?? null,
    params: params && { detector: params.detector, threshold: folders.threshold ?? params.threshold },
    folders: Object.fromEntries(Object.entries({ keys: folders.keys, workflow: folders.workflow, params: folders.params }).filter((e): e is [string, string] => e[1] !== undefined)),
  };
}

/** Du et al. 2017 use g = 9 on HDFS; taken when the key model was calibrated for another score. */
const DEFAULT_G = 9;

/** Templates that one folder names differently from another count against its ids being the same. */
const DIFFERENT_SHARE = 0.2;

/**
 * Event ids mean something only with the parser that gave them.
 * @throws DataError when a model's ids stand for other templates than the input's
 */
export async function requireSameTemplates(models: DiagnosisModels, inputTemplates: Readonly<Record<string, string>>): Promise<void> {
  for (const folder of Object.values(models.folders)) {
    const file = path.join(folder, 'templates.json');
    if (!existsSync(file) || Object.keys(inputTemplates).length === 0) continue;
    const own = (await readJson(file)) as Record<string, string>;
    const shared = Object.keys(own).filter((id) => id in inputTemplates);
    // A template that went on being learned differs in some words, so the first word and the length are what is compared.
    const different = shared.filter((id) => shape(own[id]) !== shape(inputTemplates[id])).length;
    if (different > DIFFERENT_SHARE * Math.max(1, shared.length)) throw new DataError(`${folder}: ${different} of its ${shared.length} event ids stand for other templates than in the input, so it was trained on another parse. Parse the input with this model's parser ("deeplog detect" does), or train again.`);
  }
}

function shape(template: string): string {
  const words = template.split(' ');
  return `${words.length} ${words.find((w) => !w.includes('<')) ?? ''}`;
}
