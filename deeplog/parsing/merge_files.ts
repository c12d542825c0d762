import { existsSync, statSync } from 'node:fs';
import path from 'node:path';
import { checkOutput, hashInputs, hashOfValue, openOutput, writeJson, writeManifest } from '../artifacts/index.js';
import { DataError, UsageError } from '../common/index.js';
import { mergeStates } from './merge.js';
import { readState, writeState } from './state.js';

export interface MergedStates {
  readonly stateFile: string;
  /** Templates of each state that went in, and of what came out. */
  readonly before: readonly number[];
  readonly after: number;
}

/**
 * Merges saved states (files, or folders with a drain_state.json) into `outputPath`: drain_state.json, templates.json, manifest.
 * @throws DataError when one is unreadable or was made with other settings than the first; UsageError when fewer than two are given.
 */
export async function mergeStateFiles(inputs: readonly string[], outputPath: string, overwrite: boolean, compress: boolean): Promise<MergedStates> {
  const startedAt = performance.now();
  if (inputs.length < 2) throw new UsageError(`--merge needs at least two different states, got ${inputs.length}.`);
  await checkOutput(outputPath, overwrite);
  const files = inputs.map((i) => (existsSync(i) && statSync(i).isDirectory() ? path.join(i, 'drain_state.json') : i));
  const first = await readState(files[0]);
  let { state } = first;
  const before = [state.clusters.length];
  for (const file of files.slice(1)) {
    const next = await readState(file);
    if (hashOfValue(next.options) !== hashOfValue(first.options)) throw new DataError(`${file}: was made with other parser settings than ${files[0]}; their templates cannot be merged. Parse all shards with the same settings.`);
    before.push(next.state.clusters.length);
    state = mergeStates(state, next.state, first.options);
  }
  await openOutput(outputPath, ['events.arrow', 'sessions.arrow', 'templates_info.json', 'data.json', 'metrics.json', 'unparsed.log']);
  const stateFile = path.join(outputPath, 'drain_state.json');
  await writeState(state, first.options, stateFile, compress);
  const byId = [...state.clusters].sort((x, y) => x.id - y.id);
  await writeJson(path.join(outputPath, 'templates.json'), Object.fromEntries(byId.map((c) => [c.id, c.tokens.join(' ')])));
  await writeManifest(outputPath, { stage: 'drain', startedAt, options: { merge: inputs, output_path: outputPath }, inputs: await hashInputs(files) });
  return { stateFile, before, after: state.clusters.length };
}
