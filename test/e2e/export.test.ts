import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { removeScratchAfterwards, scratchFolder } from '../helpers.js';
import { commandLine, ROOT } from './command_line.js';

// A model that Keras wrote, taken in and handed on, as a user does it.
const FIXTURE = path.join(ROOT, 'test', 'fixtures', 'keras', 'keras22_model.h5');
const folder = scratchFolder();
removeScratchAfterwards();

const deeplog = commandLine(folder);

beforeAll(() => { writeFileSync(path.join(folder, 'vocabulary.json'), '[11, 7, 23, 5]'); });

describe('import and export on the command line', () => {
  it('make a model folder of a Keras file, and of that a file for another runtime, checked', async () => {
    const imported = await deeplog('import', '--input_file', FIXTURE, '--vocabulary', 'vocabulary.json');
    expect(imported).toMatchObject({ code: 0, stdout: '' });
    expect(imported.stderr).toMatch(/\(Keras 2\.2\.4\): windows of 5, 7 tokens, .*\nwritten: artifacts\/imported_model/);

    const exported = await deeplog('export', '--model', 'artifacts/imported_model', '--formats', 'onnx', '--licence', 'CC0');
    expect(exported).toMatchObject({ code: 0, stdout: '' });
    expect(exported.stderr).toMatch(/^onnx +in onnxruntime-node [\d.]+: outputs by \d/m);
    const out = path.join(folder, 'artifacts', 'export');
    for (const file of ['log_key_model.onnx', 'config.json', 'manifest.json']) expect(existsSync(path.join(out, file))).toBe(true);
    expect(readFileSync(path.join(out, 'model_card.md'), 'utf8')).toContain('CC0');
  });

  it('refuse a format that there is none of with one line', async () => {
    const { code, stderr } = await deeplog('export', '--formats', 'onxx');
    expect(code).toBe(2);
    expect(stderr).toMatch(/^deeplog: --formats .*"onxx".* Did you mean onnx\?.*\n$/);
  });
});
