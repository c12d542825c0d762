import { describe, expect, it } from 'vitest';
import { enlargement, fitScale, scaleTensors, scaleVectors, takeScale } from '../../../deeplog/detectors/index.js';

const VECTORS = [[0.5, 0.1, -0.2], [0.4, -0.3, 0.1], [-0.6, 0.2, 0.3], [-0.1, 0.4, -0.5], [0.2, -0.1, 0]];
const NEW = [0.3, 0.3, 0.3];
const flat = (rows: readonly number[][]): Float32Array => Float32Array.from(rows.flat());
const once = VECTORS.map(() => 1);
const squared = (scaled: Float32Array): number[] => Array.from({ length: scaled.length / 3 }, (_, i) => scaled.slice(3 * i, 3 * i + 3).reduce((sum, v) => sum + v * v, 0));
const close = (found: readonly number[], expected: readonly number[]): void => expected.forEach((x, i) => { expect(Math.abs(found[i] / x - 1)).toBeLessThan(1e-4); });

describe('whitened vectors', () => {
  it('are as far from the mean as Mahalanobis says (sklearn.covariance.EmpiricalCovariance)', () => {
    const scale = fitScale(flat(VECTORS), once, 3, 'whitened');
    close(squared(scaleVectors(flat(VECTORS), scale)), [3.995404, 2.511029, 3.95864, 3.88511, 0.649816]);
    close(squared(scaleVectors(flat([NEW]), scale)), [46.61967]);
  });

  it('count a kind of line once, however often it occurs', () => {
    const twice = fitScale(flat([...VECTORS, VECTORS[2], VECTORS[2]]), [1, 9, 1, 50, 1, 7, 3], 3, 'whitened');
    close(squared(scaleVectors(flat([NEW]), twice)), [46.61967]);
  });

  it('take an axis along which nothing varies for a tenth as wide as the average', () => {
    // By numpy.linalg.eigh of the biased covariance, with that bound on its roots.
    const scale = fitScale(flat(VECTORS.map(([a, b]) => [a, b, 0.25])), once, 3, 'whitened');
    close(squared(scaleVectors(flat([[0.5, 0.1, 0.35], [0.5, 0.1, 0.25]]), scale)), [15.887857, 1.998968]);
  });

  it('leave alone what follows a vector', () => {
    const scale = fitScale(flat(VECTORS), once, 3, 'whitened');
    const alone = scaleVectors(flat([VECTORS[1], NEW]), scale);
    expect([...scaleVectors(flat([[...VECTORS[1], 7, -8], [...NEW, 9, 0.5]]), scale, 5)]).toEqual([...alone.slice(0, 3), 7, -8, ...alone.slice(3), 9, 0.5]);
  });
});

describe('vectors scaled number by number', () => {
  it('have mean 0 and deviation 1 over the lines; a number that does not vary is not blown up', () => {
    const scale = fitScale(flat([[1, 5, 0.25], [3, 9, 0.25]]), [3, 1], 3, 'each'); // means 1.5, 6; deviations √.75, √3
    const scaled = scaleVectors(flat([[1, 5, 0.25], [3, 9, 0.251]]), scale);
    [-0.5 / Math.sqrt(0.75), -1 / Math.sqrt(3), 0, 1.5 / Math.sqrt(0.75), 3 / Math.sqrt(3), 1].forEach((expected, i) => { expect(scaled[i]).toBeCloseTo(expected, 3); });
    expect(enlargement(scale)).toBeCloseTo(1000, 0);
  });
});

describe('a saved scale', () => {
  it('comes back from its tensors, and the others beside it', () => {
    const scale = fitScale(flat(VECTORS), once, 3, 'whitened');
    const weights = { shape: [1], data: Float32Array.of(4) };
    expect(takeScale({ ...scaleTensors(scale), weights }, 3)).toEqual({ scale, others: { weights: weights.data } });
  });

  it('of a model of before is one of deviations, the time of day behind it untouched', () => {
    const data = (...values: number[]): { data: Float32Array } => ({ data: Float32Array.from(values) });
    const { scale } = takeScale({ 'scale/means': data(1, 2, 0, 0), 'scale/deviations': data(0.5, 4, 1, 1) }, 2);
    expect([...scaleVectors(Float32Array.of(2, 2, 0.7, -0.7), scale, 4)]).toEqual([2, 0, Math.fround(0.7), Math.fround(-0.7)]);
  });
});
