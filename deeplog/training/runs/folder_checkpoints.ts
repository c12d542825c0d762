import { existsSync } from 'node:fs';
import path from 'node:path';
import { readTensorFile, writeTensors, type NamedTensors } from '../../artifacts/index.js';
import { DataError } from '../../common/index.js';
import type { State } from '../../engine/index.js';
import type { Checkpoint, CheckpointStore, Progress, TrainingIdentity, TrainingSlot } from '../checkpoint.js';

const SCHEMA = 'deeplog.checkpoint/1';
const GROUPS = ['parameters', 'first_moments', 'second_moments', 'best', 'epoch_start'] as const;

/**
 * Checkpoints as files of a run folder: `last.safetensors` has everything that is needed to go on, in one file, so that it is the old one
 * or the new one and never half of each; `best.safetensors` has the best weights alone. A run's second training and later ones have a folder of their own.
 */
export class FolderCheckpoints implements CheckpointStore {
  private trainings = 0;
  /** In words, for whoever has to say how to go on. */
  latest: string | null = null;

  /** @param resume whether to go on from what is there; else nothing is read */
  constructor(private readonly folder: string, private readonly resume: boolean, private readonly everySeconds: number) {}

  async begin(identity: TrainingIdentity): Promise<TrainingSlot> {
    const training = this.trainings++;
    const folder = training === 0 ? this.folder : path.join(this.folder, `training_${training + 1}`);
    const last = path.join(folder, 'last.safetensors');
    const restored = this.resume && existsSync(last) ? await readCheckpoint(last, identity) : null;
    let savedAt = performance.now();
    let words = restored === null ? 'none' : inWords(last, restored);
    if (restored !== null) this.latest = words;
    return {
      restored,
      due: () => performance.now() - savedAt >= this.everySeconds * 1000,
      save: async (checkpoint, isBest) => {
        await writeCheckpoint(last, checkpoint, identity);
        this.latest = words = inWords(last, checkpoint);
        savedAt = performance.now();
        if (isBest) await writeTensors(path.join(folder, 'best.safetensors'), shaped(identity, checkpoint.best, ''), { epoch: String(Math.max(...checkpoint.bestEpochs)) });
      },
      describe: () => words,
    };
  }
}

function inWords(file: string, { epoch, stepInEpoch }: Progress): string {
  return `${file}, after epoch ${epoch}${stepInEpoch === 0 ? '' : ` and ${stepInEpoch} steps`}`;
}

function shaped(identity: TrainingIdentity, values: State['parameters'], prefix: string): NamedTensors {
  return Object.fromEntries(Object.entries(values).map(([name, data]) => [`${prefix}${name}`, { shape: identity.parameters[name] ?? [data.length], data }]));
}

async function writeCheckpoint(file: string, checkpoint: Checkpoint, identity: TrainingIdentity): Promise<void> {
  const { state, best, epochStart, ...progress } = checkpoint;
  const groups = [state.parameters, state.firstMoments, state.secondMoments, best, epochStart ?? {}].map((values, g) => shaped(identity, values, `${GROUPS[g]}/`));
  await writeTensors(file, Object.assign({}, ...groups) as NamedTensors, { schema: SCHEMA, identity: JSON.stringify(identity), progress: JSON.stringify(progress) });
}

/** @throws DataError when the file is broken or of another training */
export async function readCheckpoint(file: string, identity: TrainingIdentity | null): Promise<Checkpoint> {
  const { tensors, metadata } = await readTensorFile(file);
  if (metadata.schema !== SCHEMA) throw new DataError(`${file}: is no checkpoint of this version (schema ${metadata.schema ?? 'missing'}). Start a new run.`);
  if (identity !== null) checkSame(file, JSON.parse(metadata.identity) as TrainingIdentity, identity);
  const progress = JSON.parse(metadata.progress) as Omit<Progress, 'bestLosses'> & { bestLosses: (number | null)[] };
  const group = (prefix: string): State['parameters'] => Object.fromEntries(Object.entries(tensors).filter(([name]) => name.startsWith(`${prefix}/`)).map(([name, { data }]) => [name.slice(prefix.length + 1), data]));
  const [parameters, firstMoments, secondMoments, best, epochStart] = GROUPS.map(group);
  // JSON has no infinity: a training without an epoch yet.
  return { ...progress, bestLosses: progress.bestLosses.map((loss) => loss ?? Infinity), state: { parameters, firstMoments, secondMoments }, best, epochStart: Object.keys(epochStart).length === 0 ? null : epochStart };
}

function checkSame(file: string, saved: TrainingIdentity, now: TrainingIdentity): void {
  const names = { model: 'the network', parameters: "the network's shapes", examples: 'the number of training examples', validationExamples: 'the number of validation examples', batchSize: 'the batch size', seed: 'the seed', firstBatch: 'the training data' } satisfies Record<keyof TrainingIdentity, string>;
  for (const [key, what] of Object.entries(names) as [keyof TrainingIdentity, string][]) {
    if (JSON.stringify(saved[key]) === JSON.stringify(now[key])) continue;
    const shown = typeof now[key] === 'number' || key === 'examples' || key === 'model' ? ` (${String(saved[key])} then, ${String(now[key])} now)` : '';
    throw new DataError(`${file}: ${what} is not what the run began with${shown}. Give it the same input and settings again, or start a new run.`);
  }
}
