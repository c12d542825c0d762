import { existsSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { simulateBlockStore } from '../../deeplog/simulator/index.js';
import { parseSimulated } from '../block_store_log.js';
import { removeScratchAfterwards, scratchFolder } from '../helpers.js';
import { commandLine } from './command_line.js';

// LogBERT and LogAnomaly as a user runs them.
const folder = scratchFolder();
removeScratchAfterwards();

const deeplog = commandLine(folder);

const json = (file: string): Record<string, unknown> => JSON.parse(readFileSync(path.join(folder, file), 'utf8')) as Record<string, unknown>;

beforeAll(async () => {
  await parseSimulated(simulateBlockStore({ sessions: 300, anomalyShare: 0.08, seed: 2, faults: ['early_end', 'unknown_event'] }), folder);
});

describe.each([
  ['logbert', ['--hidden', '16', '--layers', '1', '--heads', '2', '--warmup_steps', '20', '--learning_rate', '0.01', '--preset', 'hdfs']],
  ['loganomaly', ['--units', '16', '--dimensions', '16', '--learning_rate', '0.01', '--batch_size', '32', '--preset', 'bgl']],
])('%s', (model, small) => {
  it('takes a vocabulary, trains, scores the test part, and judges new logs', async () => {
    const vocab = await deeplog(model, 'vocab', '--input_file', 'drain', '--train_ratio', '0.5', '--val_ratio', '0.7');
    expect(vocab).toMatchObject({ code: 0, stdout: '' });
    expect(vocab.stderr).toMatch(/vocabulary: \d+ keys of the training part\n/);

    const train = await deeplog(model, 'train', ...small, '--max_epochs', '30', '--early_stop', '30');
    expect({ code: train.code, stderr: train.code === 0 ? '' : train.stderr }).toEqual({ code: 0, stderr: '' });
    const config = json(`artifacts/${model}_result/config.json`);
    // The preset's value where no flag was given, the flag's where one was.
    expect(config.options).toMatchObject(model === 'logbert' ? { maskRatio: 0.65, topG: 6, hidden: 16 } : { batchSize: 32, units: 16 });
    expect(config.vocabulary).toEqual(json(`artifacts/${model}_vocab/vocabulary.json`).events);

    const predict = await deeplog(model, 'predict', '--target_fpr', '0.02');
    expect(predict.stdout).toMatch(/^90 sessions: F1 [\d.–]+ \(precision [\d.–]+, recall [\d.–]+\) at 2 % false alarms on validation normals; at 1 % [\d.–]+; oracle [\d.]+; ROC-AUC [\d.]+, PR-AUC [\d.]+\n$/);
    expect(Number(/ROC-AUC ([\d.]+)/.exec(predict.stdout)?.[1])).toBeGreaterThan(0.8);
    const rows = readFileSync(path.join(folder, `artifacts/${model}_predictions/predictions.csv`), 'utf8').trim().split('\n');
    expect(rows).toHaveLength(91);
    expect(rows[1]).toMatch(/^\d+,blk_-?\d+,[\d.]+,[01],[01]$/);

    const detected = await deeplog('detect', '--model', `artifacts/${model}_result`, '--input_file', 'drain', '--output_path', `${model}_verdicts`);
    expect(detected.code).toBe(0);
    expect(detected.stdout).toMatch(/of 300 sessions are abnormal/);
    expect(existsSync(path.join(folder, `${model}_verdicts/verdicts.jsonl`))).toBe(true);
  });

});

describe('the steps', () => {
  it.each<readonly [string, string[], number, RegExp]>([
    ['no step', [], 2, /Name a step: vocab, train, predict\./],
    ['no vocabulary', ['train', '--vocab', 'nowhere', '--output_path', 'other'], 1, /nowhere: there is no such folder/],
    ['a folder of another kind', ['train', '--vocab', 'drain', '--output_path', 'other'], 1, /drain: has no data_source\.json/],
    ['a finished result', ['vocab', '--input_file', 'drain'], 1, /holds a finished logbert vocab result .* Add --overwrite/],
    ['an unknown preset', ['train', '--preset', 'hfds'], 2, /--preset is "hfds"; it must be one of hdfs, bgl\. Did you mean hdfs\?/],
    ['no model', ['predict', '--model', 'nowhere'], 1, /nowhere: there is no such folder/],
  ])('refuse %s with one line', async (_, args, code, message) => {
    const result = await deeplog('logbert', ...args);
    expect(result.code).toBe(code);
    expect(result.stderr).toMatch(message);
    expect(result.stderr.trim().split('\n').filter((l) => l.startsWith('deeplog: '))).toHaveLength(1);
  });
});
