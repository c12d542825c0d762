import { expect, it } from 'vitest';
import { likenessRadius, spaceId } from '../../deeplog/detectors/index.js';

const of = (...rows: number[][]): Float32Array[] => rows.map((r) => Float32Array.from(r));

it('vectors are alike as far apart as half of the different validation ones are from the nearest of training', () => {
  const training = of([0, 0], [4, 0], [0, 3], [10, 10]);
  // scipy.spatial.distance.cdist(np.unique(validation, axis=0), training).min(1), sorted: 0, 0, 1, 5, 10
  expect(likenessRadius(training, of([0, 1], [4, 0], [7, 4], [0, 3], [20, 10], [0, 1]))).toBeCloseTo(1, 12);
  // The same without what validation holds twice: distances 0, 5, 10.
  expect(likenessRadius(training, of([7, 4], [0, 3], [20, 10]))).toBeCloseTo(5, 12);
});

it('where validation holds nothing new it is a thousandth of how far training spreads, for the arithmetic', () => {
  // np.sqrt(((t - t.mean(0)) ** 2).sum(1).mean()) = 5.782516753110189
  expect(likenessRadius(of([0, 0], [4, 0], [0, 3], [10, 10]), of([4, 0], [0, 3]))).toBeCloseTo(0.005782516753110189, 8);
  expect(likenessRadius([], of([1]))).toBe(0);
  expect(likenessRadius(of([1]), [])).toBe(0);
});

it('a space is that of its weights and radius', () => {
  const weights = { a: Float32Array.of(1, 2), b: Float32Array.of(3) };
  const id = spaceId(weights, 0.5);
  expect(spaceId({ b: weights.b, a: Float32Array.of(9, 1, 2).subarray(1) }, 0.5)).toBe(id);
  expect([spaceId(weights, 0.25), spaceId({ ...weights, b: Float32Array.of(4) }, 0.5)]).not.toContain(id);
});
