import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import { parsePythonLiteral } from '../../deeplog/common/index.js';
import { parseDuration, readDrainIni } from '../../deeplog/parsing/index.js';

function ini(text: string): ReturnType<typeof readDrainIni> {
  const file = path.join(mkdtempSync(path.join(tmpdir(), 'ini-')), 'drain3.ini');
  writeFileSync(file, text);
  return readDrainIni(file);
}

describe('readDrainIni', () => {
  it("reads Drain3's own example: multi-line JSON with ; and #, comments, interpolated percent signs", () => {
    const { values, unknown } = ini(`[SNAPSHOT]
snapshot_interval_minutes = 10
compress_state = True

[MASKING]
masking = [
          {"regex_pattern":"((?<=[^A-Za-z0-9])|^)(\\\\d{1,3}\\\\.\\\\d{1,3})((?=[^A-Za-z0-9])|$)", "mask_with": "IP"},
          {"regex_pattern":"#[0-9];", "mask_with": "HASH"}
          ]
mask_prefix = <:
mask_suffix = :>

[DRAIN]
# engine is Optional parameter. Engine will be "Drain" if the engine argument is not specified.
engine = Drain
sim_th = 0.4
extra_delimiters = ["_"]

; another comment
[PROFILING]
enabled = True
report_sec = 30
[ADAPTER_PARAMS]
delta = {'minutes'=1}
time_format = %%Y-%m-%d
regex = r'(blk_-?\\d+)'
anomaly_labels = ['FATAL', "ERROR"]
colour = green
`);
    expect(values).toEqual({
      snapshot_interval_minutes: '10', compress_state: 'True', mask_prefix: '<:', mask_suffix: ':>', parser: 'drain', sim_th: '0.4', extra_delimiters: ['_'],
      profiling: 'True', report_sec: '30', delta: { minutes: 1 }, time_format: '%Y-%m-%d', regex: '(blk_-?\\d+)', anomaly_labels: ['FATAL', 'ERROR'],
      masking: [
        { regex_pattern: '((?<=[^A-Za-z0-9])|^)(\\d{1,3}\\.\\d{1,3})((?=[^A-Za-z0-9])|$)', mask_with: 'IP' },
        { regex_pattern: '#[0-9];', mask_with: 'HASH' },
      ],
    });
    expect(unknown).toEqual(['[ADAPTER_PARAMS] colour']);
  });

  it('reads indented keys, and words that ini would turn into values, as configparser does', () => {
    const { values } = ini('[ADAPTER_PARAMS]\n  regex = id;[0-9]+#x\n  delimiter = null\n  logformat = a\n      b\n');
    expect(values).toEqual({ regex: 'id;[0-9]+#x', delimiter: 'null', logformat: 'a\nb' });
  });

  it('names the file and the key of a broken literal', () => {
    expect(() => ini('[MASKING]\nmasking = [{"regex_pattern": "a"\n')).toThrow(/drain3\.ini, \[MASKING\] masking: a closing } is missing/);
    expect(() => readDrainIni('/no/such.ini')).toThrow('/no/such.ini: there is no such configuration file');
  });
});

describe('parsePythonLiteral', () => {
  it.each([
    ["['_', ':']", ['_', ':']],
    ["r'\\d+\\n'", '\\d+\\n'],
    ["'a\\tb\\d'", 'a\tb\\d'],
    ["{'minutes'=1, 'seconds': 30}", { minutes: 1, seconds: 30 }],
    ['(1, -2.5, 1e3,)', [1, -2.5, 1000]],
    ['[True, False, None, null]', [true, false, null, null]],
    ['{"a": [{"b": "\\u00e9"}]}', { a: [{ b: 'é' }] }],
    ['[]', []],
  ])('%s', (text, value) => {
    expect(parsePythonLiteral(text, 'here')).toEqual(value);
  });

  it.each(['[1, 2', "'open", '{1}', '[1] 2', ''])('refuses %s', (text) => {
    expect(() => parsePythonLiteral(text, 'drain3.ini')).toThrow('drain3.ini');
  });
});

describe('parseDuration', () => {
  it('adds the units of a timedelta', () => {
    expect(parseDuration({ minutes: 1, seconds: 30 }, 'delta')).toBe(90_000);
    expect(parseDuration(2.5, 'delta')).toBe(2500);
  });

  it.each([{}, { fortnights: 1 }, 'soon', 0, null, { minutes: '1' }])('refuses %j', (value) => {
    expect(() => parseDuration(value as never, '--delta')).toThrow('--delta');
  });
});
