import * as tf from '@tensorflow/tfjs';
import type { Tensor } from '@tensorflow/tfjs';

/** One tfjs operation on small tensors. Values are spread over ±range and never tie, so that slopes exist. */
export interface KernelCase {
  readonly name: string;
  readonly shapes: ReadonlyArray<readonly number[]>;
  readonly positive?: boolean;
  /** False where tfjs defines no gradient. */
  readonly gradient?: boolean;
  compute(...x: Tensor[]): Tensor;
}

const ids = (...values: number[]) => tf.tensor1d(values, 'int32');

/** tfjs 4.22 gives their gradients the result's shape and then refuses them. */
const NO_BROADCAST_GRADIENT: ReadonlySet<string> = new Set(['maximum', 'minimum', 'squaredDifference']);

const binary: KernelCase[] = (
  [
    ['add', tf.add], ['sub', tf.sub], ['mul', tf.mul], ['div', tf.div], ['maximum', tf.maximum], ['minimum', tf.minimum],
    ['squaredDifference', tf.squaredDifference],
  ] as ReadonlyArray<[string, (a: Tensor, b: Tensor) => Tensor]>
).flatMap(([name, f]) => [
  { name: `${name} of equal shapes`, shapes: [[3, 5], [3, 5]], compute: f },
  { name: `${name} broadcasting a row`, shapes: [[3, 5], [5]], gradient: !NO_BROADCAST_GRADIENT.has(name), compute: f },
  { name: `${name} broadcasting both`, shapes: [[2, 1, 5], [3, 1]], gradient: !NO_BROADCAST_GRADIENT.has(name), compute: f },
  { name: `${name} with a scalar`, shapes: [[7], []], gradient: !NO_BROADCAST_GRADIENT.has(name), compute: f },
  { name: `${name} of one value`, shapes: [[1, 1], [1]], gradient: !NO_BROADCAST_GRADIENT.has(name), compute: f },
]);

/** Of whole numbers, so that some are equal. */
const comparisons: KernelCase[] = (
  [
    ['greater', tf.greater], ['greaterEqual', tf.greaterEqual], ['less', tf.less], ['lessEqual', tf.lessEqual], ['equal', tf.equal], ['notEqual', tf.notEqual],
  ] as ReadonlyArray<[string, (a: Tensor, b: Tensor) => Tensor]>
).map(([name, f]) => ({ name, shapes: [[3, 5], [5]], gradient: false, compute: (a, b) => tf.cast(f(tf.floor(a), tf.floor(b)), 'float32') }));

const unary: KernelCase[] = (
  [
    ['neg', tf.neg], ['exp', tf.exp], ['expm1', tf.expm1], ['square', tf.square], ['sigmoid', tf.sigmoid], ['tanh', tf.tanh], ['relu', tf.relu], ['relu6', tf.relu6],
    ['elu', tf.elu], ['softplus', tf.softplus], ['erf', tf.erf], ['abs', tf.abs], ['sign', tf.sign], ['reciprocal', tf.reciprocal], ['floor', tf.floor], ['step', tf.step],
    ['leakyRelu', (x: Tensor) => tf.leakyRelu(x, 0.3)], ['clip', (x: Tensor) => tf.clipByValue(x, -0.5, 0.75)],
  ] as ReadonlyArray<[string, (x: Tensor) => Tensor]>
).flatMap(([name, f]) => [{ name, shapes: [[3, 7]], compute: f }, { name: `${name} of a scalar`, shapes: [[]], compute: f }]);

const positive: KernelCase[] = (
  [['log', tf.log], ['log1p', tf.log1p], ['sqrt', tf.sqrt], ['rsqrt', tf.rsqrt], ['pow', (x: Tensor) => tf.pow(x, 1.7)]] as ReadonlyArray<[string, (x: Tensor) => Tensor]>
).map(([name, f]) => ({ name, shapes: [[3, 7]], positive: true, compute: f }));

/** The gradient of prod needs cumprod, which has no rule. */
const reductions: KernelCase[] = (
  [['sum', tf.sum], ['mean', tf.mean], ['max', tf.max], ['min', tf.min], ['prod', tf.prod]] as ReadonlyArray<[string, (x: Tensor, axis?: number | number[], keep?: boolean) => Tensor]>
).flatMap(([name, f]) => [
  { name: `${name} of all`, shapes: [[3, 5]], gradient: name !== 'prod', compute: (x) => f(x) },
  { name: `${name} of the last axis, kept`, shapes: [[2, 3, 5]], gradient: name !== 'prod', compute: (x) => f(x, -1, true) },
  { name: `${name} of the first axis`, shapes: [[4, 3]], gradient: name !== 'prod', compute: (x) => f(x, 0) },
  { name: `${name} of outer axes`, shapes: [[2, 3, 5]], gradient: name !== 'prod', compute: (x) => f(x, [0, 2]) },
  { name: `${name} of the first axis of many rows`, shapes: [[600, 3]], gradient: name !== 'prod', compute: (x) => f(tf.mul(x, 0.5), 0) },
  { name: `${name} of a long row`, shapes: [[2, 4200]], gradient: name !== 'prod', compute: (x) => f(tf.mul(x, 0.5), 1) },
  { name: `${name} of an axis of size 1`, shapes: [[3, 1, 2]], gradient: name !== 'prod', compute: (x) => f(x, 1) },
]);

const views: KernelCase[] = [
  { name: 'reshape', shapes: [[2, 6]], compute: (x) => tf.mul(tf.reshape(x, [3, -1]), 2) },
  { name: 'expandDims and squeeze', shapes: [[2, 3]], compute: (x) => tf.squeeze(tf.expandDims(x, 1), [1]) },
  { name: 'transpose of two axes', shapes: [[2, 5]], compute: (x) => tf.transpose(x) },
  { name: 'transpose of four axes', shapes: [[2, 3, 4, 5]], compute: (x) => tf.transpose(x, [0, 2, 1, 3]) },
  { name: 'transpose of axes of size 1', shapes: [[1, 3, 1]], compute: (x) => tf.transpose(x, [2, 0, 1]) },
  { name: 'broadcastTo', shapes: [[3, 1]], compute: (x) => tf.broadcastTo(x, [2, 3, 4]) },
  { name: 'tile', shapes: [[2, 3]], compute: (x) => tf.tile(x, [2, 3]) },
  { name: 'tile of an axis of size 1', shapes: [[1, 3]], compute: (x) => tf.tile(x, [4, 1]) },
  { name: 'slice', shapes: [[4, 5]], compute: (x) => tf.slice(x, [1, 2], [2, 3]) },
  { name: 'slice of nothing', shapes: [[4, 5]], gradient: false, compute: (x) => tf.sum(tf.slice(x, [1, 2], [0, 3]), 0) },
  { name: 'split, unevenly', shapes: [[2, 6]], compute: (x) => { const [a, b, c] = tf.split(x, [1, 2, 3], 1); return tf.concat([tf.mul(a, b), c], 1); } },
  { name: 'split and read a part', shapes: [[2, 6]], compute: (x) => tf.mul(tf.split(x, 3, 1)[1], 3) },
  { name: 'unstack and stack', shapes: [[3, 4]], compute: (x) => tf.stack(tf.unstack(x, 1).reverse(), 0) },
  { name: 'concat along the first axis', shapes: [[2, 3], [1, 3]], compute: (a, b) => tf.concat([a, b], 0) },
  { name: 'concat along the last axis', shapes: [[2, 3], [2, 2]], compute: (a, b) => tf.concat([a, b, a], -1) },
  { name: 'concat with an empty part', shapes: [[2, 3]], gradient: false, compute: (a) => tf.concat([tf.zeros([0, 3]), a], 0) },
  { name: 'slices across a concatenation', shapes: [[2, 3], [3, 3]], compute: (a, b) => tf.slice(tf.concat([a, b], 0), [1, 0], [3, 2]) },
  { name: 'pad', shapes: [[2, 3]], compute: (x) => tf.pad(x, [[1, 0], [0, 2]], 0.5) },
  { name: 'slice of padding', shapes: [[2, 3]], compute: (x) => tf.add(tf.slice(tf.pad(x, [[1, 1], [0, 0]]), [1, 0], [2, 3]), tf.sum(tf.slice(tf.pad(x, [[1, 1], [0, 0]]), [0, 0], [1, 3]))) },
  { name: 'reverse', shapes: [[3, 4]], compute: (x) => tf.reverse(x, [0, 1]) },
];

const products: KernelCase[] = [
  ...[[false, false], [true, false], [false, true], [true, true]].flatMap(([ta, tb]): KernelCase[] => [
    { name: `matMul ${ta ? 'Aᵀ' : 'A'}·${tb ? 'Bᵀ' : 'B'}`, shapes: [ta ? [4, 3] : [3, 4], tb ? [5, 4] : [4, 5]], compute: (a, b) => tf.matMul(a, b, ta, tb) },
    { name: `matMul ${ta ? 'Aᵀ' : 'A'}·${tb ? 'Bᵀ' : 'B'} by heads`, shapes: [[2, 3, ...(ta ? [4, 5] : [5, 4])], [2, 3, ...(tb ? [6, 4] : [4, 6])]], compute: (a, b) => tf.matMul(a, b, ta, tb) },
  ]),
  { name: 'matMul of ragged tiles', shapes: [[85, 70], [70, 59]], compute: (a, b) => tf.tanh(tf.mul(tf.matMul(a, b), 0.1)) },
  { name: 'matMul of transposed ragged tiles', shapes: [[70, 85], [59, 70]], compute: (a, b) => tf.matMul(a, b, true, true) },
  { name: 'matMul with a long inner dimension', shapes: [[1100, 9], [1100, 11]], compute: (a, b) => tf.mul(tf.matMul(a, b, true), 0.01) },
  { name: 'matMul of many largest tiles', shapes: [[1030, 20], [20, 1800]], gradient: false, compute: (a, b) => tf.matMul(a, b) },
  { name: 'matMul of many small tiles', shapes: [[40, 520], [40, 250]], gradient: false, compute: (a, b) => tf.matMul(a, b, true) },
  { name: 'matMul of a batch with one matrix', shapes: [[3, 2, 4], [4, 5]], gradient: false, compute: (a, b) => tf.matMul(a, b) },
  { name: 'matMul of vectors', shapes: [[1, 4], [4, 1]], compute: (a, b) => tf.matMul(a, b) },
  { name: 'matMul plus bias', shapes: [[3, 4], [4, 5], [5]], compute: (a, b, c) => tf.add(tf.matMul(a, b), c) },
  { name: 'matMul plus matMul', shapes: [[3, 4], [4, 5], [4, 5]], compute: (a, b, c) => tf.add(tf.matMul(a, b), tf.matMul(a, c)) },
  { name: 'fused matMul with bias and relu', shapes: [[3, 4], [4, 5], [5]], compute: (a, b, bias) => tf.fused.matMul({ a: a as tf.Tensor2D, b: b as tf.Tensor2D, bias, activation: 'relu' }) },
];

const rest: KernelCase[] = [
  { name: 'softmax', shapes: [[2, 3, 5]], compute: (x) => tf.softmax(x) },
  { name: 'logSoftmax', shapes: [[4, 6]], compute: (x) => tf.logSoftmax(x) },
  { name: 'softmax of one class', shapes: [[3, 1]], compute: (x) => tf.softmax(x) },
  { name: 'where, by comparison', shapes: [[3, 4], [3, 4]], gradient: false, compute: (a, b) => tf.where(tf.greater(a, b), a, tf.neg(b)) },
  { name: 'gather rows, some twice', shapes: [[4, 3]], compute: (x) => tf.gather(x, ids(3, 0, 3, 1)) },
  { name: 'gather by a matrix of ids', shapes: [[4, 3]], compute: (x) => tf.gather(x, tf.tensor2d([[1, 0], [3, 3]], [2, 2], 'int32')) },
  { name: 'gather of many rows', shapes: [[90, 3]], compute: (x) => tf.gather(x, ids(3, 80, 80, 1, 0, 5)) },
  { name: 'gather of columns', shapes: [[2, 4]], gradient: false, compute: (x) => tf.gather(x, ids(3, 0), 1) },
  { name: 'unsortedSegmentSum', shapes: [[5, 2]], compute: (x) => tf.unsortedSegmentSum(x as tf.Tensor2D, ids(0, 2, 0, 2, 3), 4) },
  { name: 'unsortedSegmentSum into many rows', shapes: [[5, 2]], gradient: false, compute: (x) => tf.unsortedSegmentSum(x as tf.Tensor2D, ids(0, 88, 0, 70, 3), 90) },
  { name: 'oneHot, ids out of range included', shapes: [[5, 4]], compute: (x) => tf.mul(x, tf.oneHot(ids(0, 3, -1, 2, 7), 4)) },
  { name: 'oneHot with other values', shapes: [[3, 4]], compute: (x) => tf.mul(x, tf.oneHot(ids(1, 3, 0), 4, 2, -1)) },
  { name: 'where', shapes: [[3, 4], [3, 4]], compute: (a, b) => tf.where(tf.tensor2d([0, 1, 1, 0, 1, 0, 0, 1, 1, 0, 0, 1], [3, 4], 'bool'), tf.mul(a, 2), b) },
  { name: 'logical operations', shapes: [[3, 4], [3, 4]], gradient: false, compute: (a, b) => tf.cast(tf.logicalOr(tf.logicalAnd(tf.greater(a, 0), tf.greater(b, 0)), tf.logicalNot(tf.less(a, b))), 'float32') },
  { name: 'argMax', shapes: [[3, 4]], gradient: false, compute: (x) => tf.cast(tf.argMax(x, 1), 'float32') },
  { name: 'cast to int32 and back', shapes: [[3, 4]], gradient: false, compute: (x) => tf.cast(tf.cast(tf.mul(x, 3), 'int32'), 'float32') },
  { name: 'addN', shapes: [[2, 3], [2, 3], [2, 3]], compute: (a, b, c) => tf.addN([a, b, c]) },
  { name: 'zeros and ones that gradients bring', shapes: [[3, 2]], compute: (x) => tf.add(tf.mul(x, tf.onesLike(x)), tf.mul(tf.zerosLike(x), x)) },
  { name: 'sum of an empty tensor', shapes: [[2]], gradient: false, compute: (x) => tf.add(x, tf.sum(tf.zeros([0, 3]))) },
];

export const KERNEL_CASES: readonly KernelCase[] = [...binary, ...comparisons, ...unary, ...positive, ...reductions, ...views, ...products, ...rest];
