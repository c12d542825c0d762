import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { crc32c, frameRecord, histogramOf, maskedCrc32c } from '../../deeplog/training/tensorboard/index.js';
import { tensorboardReporter } from '../../deeplog/training/index.js';
import { removeScratchAfterwards, scratchFolder } from '../helpers.js';
import { readRecords, Fields } from './read_events.js';

removeScratchAfterwards();

const bytes = (n: number, of: (i: number) => number): Uint8Array => Uint8Array.from({ length: n }, (_, i) => of(i));

describe('CRC-32C', () => {
  // RFC 3720, appendix B.4, and the check value of the catalogue of parametrised CRC algorithms.
  it.each<readonly [string, Uint8Array, number]>([
    ['32 zeros', bytes(32, () => 0), 0x8a9136aa],
    ['32 ones', bytes(32, () => 0xff), 0x62a8ab43],
    ['0 to 31', bytes(32, (i) => i), 0x46dd794e],
    ['31 to 0', bytes(32, (i) => 31 - i), 0x113fdb5c],
    ['"123456789"', Buffer.from('123456789'), 0xe3069283],
  ])('of %s is what was published', (_, data, expected) => {
    expect(crc32c(data)).toBe(expected);
  });

  it('is masked by rotating right by 15 bits and adding a constant', () => {
    const crc = 0xe3069283n;
    const masked = (((crc >> 15n) | (crc << 17n)) + 0xa282ead8n) & 0xffffffffn;
    expect(BigInt(maskedCrc32c(Buffer.from('123456789')))).toBe(masked);
  });
});

describe('a record', () => {
  it('is length, its checksum, data, its checksum, little-endian', () => {
    // TensorBoard's own RecordWriter (2.21) wrote this for b"abc".
    expect(Buffer.from(frameRecord(Buffer.from('abc'))).toString('hex')).toBe(ABC_RECORD);
  });

  it('of any bytes reads back', () => {
    fc.assert(fc.property(fc.array(fc.uint8Array({ maxLength: 300 }), { maxLength: 5 }), (records) => {
      const file = Buffer.concat(records.map(frameRecord));
      expect(readRecords(file).map((r) => [...r])).toEqual(records.map((r) => [...r]));
    }));
  });
});

describe('a histogram', () => {
  it('counts every number once and keeps its moments', () => {
    fc.assert(fc.property(fc.array(fc.float({ noNaN: true, noDefaultInfinity: true }), { minLength: 1 }), (values) => {
      const h = histogramOf(Float32Array.from(values));
      expect(h.counts.reduce((a, b) => a + b, 0)).toBe(values.length);
      expect([h.min + 0, h.max + 0, h.count]).toEqual([Math.min(...values) + 0, Math.max(...values) + 0, values.length]);
      expect(h.limits.at(-1)).toBe(h.max);
      for (let i = 1; i < h.limits.length; i++) expect(h.limits[i]).toBeGreaterThanOrEqual(h.limits[i - 1]);
    }));
  });

  it('has equal bins, and leaves out what is no number', () => {
    const h = histogramOf(Float64Array.from([0, 1, 49, 50, 25, NaN, Infinity]));
    expect(h).toMatchObject({ min: 0, max: 50, count: 5, sum: 125, sumOfSquares: 1 + 2401 + 2500 + 625 });
    expect(h.limits).toEqual(Array.from({ length: 50 }, (_, i) => i + 1));
    expect(h.counts.flatMap((n, i) => (n === 0 ? [] : [[i, n]]))).toEqual([[0, 1], [1, 1], [25, 1], [49, 2]]);
  });
});

describe('the event files of a run', () => {
  const folder = scratchFolder();
  const reporter = tensorboardReporter({ folder, run: 'r', config: { window_size: 10, preset: 'paper', predict_end: true, input_file: 'x' }, histograms: true });
  reporter.training?.({ model: 'm', examples: 4, validationExamples: 2, steps: 2, maxEpochs: 3, parameters: 3, resumedAt: null });
  reporter.step({ epoch: 1, maxEpochs: 3, step: 1, steps: 2, globalStep: 1, loss: 0.5 });
  reporter.epoch({ epoch: 1, maxEpochs: 3, steps: 2, globalStep: 2, loss: 0.25, validationLoss: 0.125, bestEpoch: 1, bestLoss: 0.125, learningRate: 0.5, seconds: 1, examplesPerSecond: 4, metrics: { accuracy: 0.75 } });
  reporter.tensors?.({ epoch: 1, globalStep: 2, weights: { w: Float32Array.of(1, 2, 3) }, gradients: { w: Float32Array.of(0, 0, 0) } });
  // Falling scores 3, 2, 1: one abnormal, then one of each, then two normal.
  reporter.evaluation?.({ name: 'test', unit: 'session', threshold: 2.5, confusion: { tp: 1, fp: 0, tn: 3, fn: 1 }, metrics: { f1: 0.5, roc_auc: null }, scores: { scores: [3, 2, 1], abnormal: [1, 1, 0], normal: [0, 1, 2] }, histogram: { edges: [], normal: [], abnormal: [], scale: 'linear' }, pr: [] });
  void reporter.close?.('finished');

  const read = (sub: string): Fields[] => {
    const name = readdirSync(path.join(folder, sub)).find((f) => f.includes('tfevents')) ?? '';
    return readRecords(readFileSync(path.join(folder, sub, name))).map((r) => new Fields(r));
  };
  const values = (sub: string): { step: number; tag: string; value: Fields }[] => read(sub).slice(1).flatMap((event) => event.messages(5).flatMap((summary) => summary.messages(1)).map((value) => ({ step: event.int(2), tag: value.text(1), value })));

  it('begin with the version, and carry a wall time', () => {
    for (const sub of ['', 'train', 'val']) {
      const [first] = read(sub);
      expect(first.text(3)).toBe('brain.Event:2');
      expect(Math.abs(first.double(1) - Date.now() / 1000)).toBeLessThan(600);
    }
  });

  it('hold the scalars', () => {
    const scalar = (sub: string, tag: string): [number, number] => {
      const found = values(sub).find((v) => v.tag === tag);
      return [found?.step ?? -1, found?.value.float(2) ?? NaN];
    };
    expect(scalar('train', 'loss')).toEqual([1, 0.5]);
    expect(scalar('train', 'epoch_loss')).toEqual([2, 0.25]);
    expect(scalar('train', 'learning_rate')).toEqual([2, 0.5]);
    expect(scalar('val', 'epoch_loss')).toEqual([2, 0.125]);
    expect(scalar('val', 'epoch_accuracy')).toEqual([2, 0.75]);
    expect(scalar('val', 'test/f1')).toEqual([2, 0.5]);
    expect(values('val').some((v) => v.tag === 'test/roc_auc')).toBe(false);
  });

  it('hold histograms', () => {
    const histogram = values('train').find((v) => v.tag === 'weights/w')?.value.messages(5)[0];
    expect([1, 2, 3, 4, 5].map((field) => histogram?.double(field))).toEqual([1, 3, 3, 6, 14]);
    expect(histogram?.doubles(6)).toHaveLength(50);
    expect(histogram?.doubles(7).reduce((a, b) => a + b, 0)).toBe(3);
    const zeros = values('train').find((v) => v.tag === 'gradients/w')?.value.messages(5)[0];
    expect([zeros?.doubles(6), zeros?.doubles(7)]).toEqual([[0], [3]]);
  });

  it('hold the precision-recall table, thresholds rising', () => {
    const curve = values('val').find((v) => v.tag === 'test/pr_curve')?.value;
    const plugin = curve?.messages(9)[0].messages(1)[0];
    expect([plugin?.text(1), new Fields(plugin?.bytes(2) ?? new Uint8Array(0)).int(2)]).toEqual(['pr_curves', 3]);
    const tensor = curve?.messages(8)[0];
    expect(tensor?.messages(2)[0].messages(2).map((d) => d.int(1))).toEqual([6, 3]);
    const numbers = new Float32Array(Uint8Array.from(tensor?.bytes(4) ?? []).buffer);
    // By hand: at or above 1 everything is flagged, at 2 three sessions, at 3 one.
    expect([...numbers].map((x) => +x.toFixed(4))).toEqual([2, 2, 1, 3, 1, 0, 0, 2, 3, 0, 0, 1, 0.4, 0.6667, 1, 1, 1, 0.5]);
  });

  it('hold the settings as text and as hyperparameters, without where files are', () => {
    const text = values('').find((v) => v.tag === 'config')?.value.messages(8)[0].text(8);
    expect(text).toContain('window_size: 10');
    const start = values('').find((v) => v.tag === '_hparams_/session_start_info')?.value.messages(9)[0].messages(1)[0];
    const session = new Fields(start?.bytes(2) ?? new Uint8Array(0)).messages(3)[0];
    const settings = Object.fromEntries(session.messages(1).map((entry) => [entry.text(1), entry.messages(2)[0]]));
    expect(Object.keys(settings)).toEqual(['window_size', 'preset', 'predict_end']);
    expect([settings.window_size.double(2), settings.preset.text(3), settings.predict_end.int(4)]).toEqual([10, 'paper', 1]);
    // TensorBoard's own HParamsPluginData (2.21) of these settings and metrics; the version 0 it leaves out is written here.
    const experiment = values('').find((v) => v.tag === '_hparams_/experiment')?.value.messages(9)[0].messages(1)[0].bytes(2);
    expect(experiment?.toString('hex')).toBe(`0800${EXPERIMENT}`);
    const end = values('').find((v) => v.tag === '_hparams_/session_end_info')?.value.messages(9)[0].messages(1)[0];
    expect(new Fields(end?.bytes(2) ?? new Uint8Array(0)).messages(4)[0].int(1)).toBe(1); // STATUS_SUCCESS
  });
});

const ABC_RECORD = '0300000000000000b099490e6162636e57f121';
const EXPERIMENT = '127a220f0a0b77696e646f775f73697a652003220a0a067072657365742001220f0a0b707265646963745f656e6420022a240a110a0376616c120a65706f63685f6c6f73731a0f76616c69646174696f6e206c6f73732a240a130a05747261696e120a65706f63685f6c6f73731a0d747261696e696e67206c6f7373';
