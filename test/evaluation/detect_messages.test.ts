import { cpSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { DRAIN_OPTIONS } from '../../run/run_drain.js';
import { DETECT_OPTIONS } from '../../run/run_detect.js';
import { COMMON_OPTIONS, resolveOptions } from '../../deeplog/cli/index.js';
import { detect, trainWorkflow, type Detected } from '../../deeplog/evaluation/index.js';
import { writeManifest } from '../../deeplog/artifacts/index.js';
import { drainSettings, runDrain } from '../../deeplog/sessions/index.js';
import { removeScratchAfterwards, scratchFolder } from '../helpers.js';

removeScratchAfterwards();

// `detect` reads a log with the settings that a model was trained with. What it says of them must not send anyone to flags that it does not have.
const folder = scratchFolder();
const at = (name: string): string => path.join(folder, name);
const model = at('model');
const log = (lines: readonly string[]): string => `${lines.join('\n')}\n`;
const good = Array.from({ length: 40 }, (_, i) => [`2024-01-01 00:00:${String(i).padStart(2, '0')} INFO open req-${i}`, `2024-01-01 00:00:${String(i).padStart(2, '0')} INFO close req-${i}`]).flat();

const judge = (input: string, from = model): Promise<unknown> => detect(
  { model: from, inputFile: at(input), outputPath: at(`out_${input}`), overwrite: true, recalibrate: false, targetFpr: 0.1, triage: false, flags: {} },
  () => Promise.reject(new Error('no engine is needed')),
);

beforeAll(async () => {
  writeFileSync(at('good.log'), log(good));
  const flags = resolveOptions({ ...DRAIN_OPTIONS, ...COMMON_OPTIONS }, { input_file: at('good.log'), output_path: at('parsed'), logformat: '<Date> <Time> <Level> <Content>', time_format: '%Y-%m-%d %H:%M:%S', adapter_type: 'only_identifier', regex: 'req-\\d+' });
  await runDrain(drainSettings({ ...flags, input_file: at('good.log') }));
  await trainWorkflow({ inputFile: at('parsed'), outputPath: model, overwrite: false, trainRatio: 0.5, valRatio: 0.75, order: 'chronological', trainOn: 'normal', targetFpr: 0.1, seed: 1, workflow: { minLength: 1, threshold: 0.8, backSteps: 1 }, drawShare: 0.02, flags: {} });
});

describe('detect --recalibrate', () => {
  it('says when what scores highest can alert no more, and keeps the threshold of before', async () => {
    const before = (JSON.parse(readFileSync(path.join(model, 'config.json'), 'utf8')) as { threshold: number }).threshold;
    const recalibrate = (name: string, lines: readonly string[]): Promise<Detected> => {
      cpSync(model, at(`model_${name}`), { recursive: true });
      writeFileSync(at(`${name}.log`), log(lines));
      return detect({ model: at(`model_${name}`), inputFile: at(`${name}.log`), outputPath: at(`out_${name}`), overwrite: true, recalibrate: true, targetFpr: 0.1, triage: false, flags: {} }, () => Promise.reject(new Error('no engine is needed')));
    };
    // Every session ends with a line that the model has never seen: whatever share may be above the threshold, none is.
    const deaf = await recalibrate('deaf', good.map((l) => l.replace('close', 'FATAL disk of')));
    expect(deaf.flagged).toEqual([]);
    expect(deaf.warnings.join('\n')).toContain('40 of these sessions share the highest score, which the threshold is now');
    expect(JSON.parse(readFileSync(path.join(at('model_deaf'), 'config.json'), 'utf8'))).toMatchObject({ threshold: deaf.threshold, recalibrated: { before } });
    // One such session of 40 may be above it.
    const hearing = await recalibrate('hearing', good.map((l) => (l.endsWith('close req-7') ? l.replace('close', 'FATAL disk of') : l)));
    expect(hearing.flagged.map((v) => v.key)).toEqual(['req-7']);
    expect(hearing.warnings.join('\n')).not.toContain('share the highest score');
  });
});

describe('detect on what its model cannot read', () => {
  const cases: readonly [string, string, readonly string[]][] = [
    ['other.log', 'do not fit the log format', ['nothing', 'like', 'it']],
    ['undated.log', 'does not fit the time format', good.map((l) => l.replace('2024-01-01 ', '01/01/2024 '))],
    ['keyless.log', 'is found in none of', good.map((l) => l.replace('req-', 'r'))],
    ['records.csv', 'was trained on lines of text', ['a,b', '1,2']],
  ];

  it.each(cases)('%s: says so, names the model, and no flag that detect does not have', async (name, finding, lines) => {
    writeFileSync(at(name), log(lines));
    const error = await judge(name).then(() => null, (e: unknown) => e as Error);
    expect(error?.message).toContain(finding);
    expect(error?.message).toContain(model);
    for (const [, flag] of error?.message.matchAll(/--([a-z_]+)/g) ?? []) expect(Object.keys({ ...DETECT_OPTIONS, ...COMMON_OPTIONS })).toContain(flag);
  });

  it.each(['train', 'encode', 'detect'])('the folder of autoencoder %s: says which command reads it', async (step) => {
    const other = at(`ae_${step}`);
    mkdirSync(other);
    writeFileSync(path.join(other, 'config.json'), '{}');
    await writeManifest(other, { stage: `autoencoder ${step}`, startedAt: 0, inputs: {}, options: {} });
    const next = { train: 'autoencoder encode --model', encode: 'autoencoder detect --input', detect: 'autoencoder apply --model' }[step];
    await expect(judge('good.log', other)).rejects.toThrow(`${other}: holds the result of "autoencoder ${step}", which judges windows of lines and not sessions. "${next}" reads it`);
  });

  it('a folder of folders: names the results in it', async () => {
    await expect(judge('good.log', folder)).rejects.toThrow(/is not the result of a stage, but holds some: .*\. Name one of them\./);
  });
});
