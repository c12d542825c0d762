import path from 'node:path';
import { checkOutput, hashInputs, openOutput, writeJson, writeManifest } from '../../artifacts/index.js';
import { LineEncoder, type LineEncoderOptions } from '../../detectors/index.js';
import type { Engine } from '../../engine/index.js';
import type { Reporter } from '../../training/index.js';
import { readPrepared } from './prepare.js';

export interface TrainLinesOptions {
  /** What prepare wrote. */
  readonly input: string;
  readonly outputPath: string;
  readonly overwrite: boolean;
  readonly model: LineEncoderOptions;
  readonly seed: number;
  readonly flags: Readonly<Record<string, unknown>>;
}

/** autoencoder train: the text autoencoder on the kinds of training lines, each weighted by how often it occurs. @throws DataError, DivergedError, InterruptedError */
export async function trainLines(options: TrainLinesOptions, engine: Engine, report: Reporter, signal: AbortSignal): Promise<LineEncoder> {
  const startedAt = performance.now();
  const { outputPath, input } = options;
  const { train, validation, trainUntil, validationUntil, inputFile, logHash } = await readPrepared(input);
  await checkOutput(outputPath, options.overwrite);
  const encoder = await LineEncoder.train(train, validation, options.model, engine, options.seed, report, signal);
  await openOutput(outputPath, ['config.json', 'model.safetensors', 'metrics.json']);
  await encoder.save(outputPath);
  await writeJson(path.join(outputPath, 'metrics.json'), {
    schema: 'deeplog.autoencoder_train/1', train_kinds: train.size, validation_kinds: validation.size, buckets: encoder.buckets,
    best_epoch: encoder.training?.bestEpoch, best_loss: encoder.training?.bestLoss, stopped: encoder.training?.stopped, history: encoder.training?.history,
  });
  await writeManifest(outputPath, {
    stage: 'autoencoder train', startedAt, options: options.flags, seed: options.seed, engine: engine.info, inputs: await hashInputs([path.join(input, 'lines.jsonl'), path.join(input, 'vocabulary.json')]),
    extra: { train_until_line: trainUntil, validation_until_line: validationUntil, log: inputFile, log_sha256: logHash, fit_seconds: encoder.training?.seconds ?? null },
  });
  return encoder;
}
