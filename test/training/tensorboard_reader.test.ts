import { execFileSync } from 'node:child_process';
import { describe, expect, it } from 'vitest';
import { tensorboardReporter } from '../../deeplog/training/index.js';
import { removeScratchAfterwards, scratchFolder } from '../helpers.js';

removeScratchAfterwards();

// TensorBoard's own reader, where a Python with it is installed (PYTHON names another than python3).
const PYTHON = process.env['PYTHON'] ?? 'python3';
const installed = ((): boolean => {
  try {
    execFileSync(PYTHON, ['-c', 'import tensorboard'], { stdio: 'ignore' });
    return true;
  } catch {
    return false;
  }
})();
if (!installed) console.warn("SKIPPED: event files were not read back by TensorBoard's own reader: it is not installed (pip install tensorboard; PYTHON=<its python>).");

const READ = `
import json, sys
from tensorboard.backend.event_processing.plugin_event_multiplexer import EventMultiplexer
from tensorboard.plugins.hparams import plugin_data_pb2
from tensorboard.util import tensor_util
mux = EventMultiplexer().AddRunsFromDirectory(sys.argv[1])
mux.Reload()
out = {}
for run, tags in mux.Runs().items():
    for tag in tags['tensors']:
        metadata = mux.SummaryMetadata(run, tag).plugin_data
        events = [[e.step, tensor_util.make_ndarray(e.tensor_proto).tolist()] for e in mux.Tensors(run, tag)] if metadata.plugin_name not in ('text', 'hparams') else None
        if metadata.plugin_name == 'hparams':
            start = plugin_data_pb2.HParamsPluginData.FromString(metadata.content).session_start_info.hparams
            events = {k: v.number_value or v.string_value or v.bool_value for k, v in start.items()}
        out[run + ':' + tag] = [metadata.plugin_name, events]
print(json.dumps(out))
`;

describe.skipIf(!installed)("TensorBoard's own reader", () => {
  const read = (folder: string): Record<string, [string, unknown]> => JSON.parse(execFileSync(PYTHON, ['-c', READ, folder], { stdio: ['ignore', 'pipe', 'ignore'] }).toString()) as Record<string, [string, unknown]>;

  it('reads scalars, histograms, the precision-recall table, text and hyperparameters; after a restart only what holds', () => {
    const folder = scratchFolder();
    const config = { window_size: 10, preset: 'paper', predict_end: true };
    const begin = (resumedAt: { epoch: number; step: number; globalStep: number } | null): ReturnType<typeof tensorboardReporter> => {
      const reporter = tensorboardReporter({ folder, run: 'r', config, histograms: true });
      reporter.training?.({ model: 'm', examples: 4, validationExamples: 2, steps: 2, maxEpochs: 3, parameters: 3, resumedAt });
      return reporter;
    };
    const first = begin(null);
    for (const [globalStep, loss] of [[1, 0.5], [2, 0.25], [3, 77]] as const) first.step({ epoch: 1, maxEpochs: 3, step: 1, steps: 2, globalStep, loss });
    first.tensors?.({ epoch: 1, globalStep: 2, weights: { w: Float32Array.of(1, 2, 3) }, gradients: null });
    void first.close?.('interrupted');
    // Step 3 came after the checkpoint: it is computed again.
    const second = begin({ epoch: 1, step: 0, globalStep: 2 });
    for (const [globalStep, loss] of [[3, 0.125], [4, 0.0625]] as const) second.step({ epoch: 2, maxEpochs: 3, step: 1, steps: 2, globalStep, loss });
    second.evaluation?.({ name: 'test', unit: 'session', threshold: 2, confusion: null, metrics: { f1: 0.5 }, scores: { scores: [3, 2, 1], abnormal: [1, 1, 0], normal: [0, 1, 2] }, histogram: { edges: [], normal: [], abnormal: [], scale: 'linear' }, pr: [] });
    void second.close?.('finished');

    const found = read(folder);
    expect(found['train:loss']).toEqual(['scalars', [[1, 0.5], [2, 0.25], [3, 0.125], [4, 0.0625]]]);
    expect(found['val:test/f1']).toEqual(['scalars', [[4, 0.5]]]);
    const [plugin, [[step, bins]]] = found['train:weights/w'] as [string, [number, number[][]][]];
    expect([plugin, step, bins.reduce((n, [, , count]) => n + count, 0), bins[0][0], bins.at(-1)?.[1]]).toEqual(['histograms', 2, 3, 1, 3]);
    expect(found['val:test/pr_curve'][0]).toBe('pr_curves');
    expect((found['val:test/pr_curve'] as [string, [number, number[][]][]])[1][0][1].slice(0, 4)).toEqual([[2, 2, 1], [3, 1, 0], [0, 2, 3], [0, 0, 1]]);
    expect(found['.:config'][0]).toBe('text');
    expect(found['.:_hparams_/session_start_info']).toEqual(['hparams', config]);
  });
});
