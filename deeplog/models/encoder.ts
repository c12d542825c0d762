import * as tf from '@tensorflow/tfjs';
import type { Tensor, Tensor2D, Tensor3D } from '@tensorflow/tfjs';
import type { ParameterSpec, Tensors } from '../engine/index.js';
import { dense, denseParameters } from './dense.js';
import { constant, normal } from './initialisers.js';

export interface EncoderShape {
  readonly vocabularySize: number;
  readonly sequenceLength: number;
  readonly hidden: number;
  readonly layers: number;
  readonly heads: number;
  readonly feedForward: number;
  readonly batchSize: number;
  /** Rows of the table of positions, at least `sequenceLength`, so that one table serves several lengths; as many as that when absent. */
  readonly positions?: number;
}

/** Dropout after the embedding and after each part of a layer, in the order in which `encode` calls it. */
export type Drop = (x: Tensor, place: string) => Tensor;

const LAYER_NORM_EPSILON = 1e-5;
const EMBEDDING_DEVIATION = 0.02;

/** Parameters of {@link encode}: embeddings normal(0.02), kernels Glorot uniform, layer norms one and zero. */
export function encoderParameters(name: string, shape: EncoderShape): ParameterSpec[] {
  const { vocabularySize: V, hidden: H, feedForward: F } = shape;
  const P = shape.positions ?? shape.sequenceLength;
  const layer = (k: number) => [
    ...denseParameters(`${name}/${k}/qkv`, H, 3 * H),
    ...denseParameters(`${name}/${k}/attention`, H, H),
    ...layerNormParameters(`${name}/${k}/norm_1`, H),
    ...denseParameters(`${name}/${k}/up`, H, F),
    ...denseParameters(`${name}/${k}/down`, F, H),
    ...layerNormParameters(`${name}/${k}/norm_2`, H),
  ];
  return [
    { name: `${name}/tokens`, shape: [V, H], initialise: normal(V * H, EMBEDDING_DEVIATION) },
    { name: `${name}/positions`, shape: [P, H], initialise: normal(P * H, EMBEDDING_DEVIATION) },
    ...layerNormParameters(`${name}/norm`, H),
    ...Array.from({ length: shape.layers }, (_, k) => layer(k)).flat(),
  ];
}

/**
 * A transformer encoder (Vaswani et al. 2017), normalised after each sum, GELU in the feed-forward part, learned positions.
 * `ids` int32 [B, T] → [B·T, H]; `mask` [B, T], added to the attention scores of each key, 0 or very negative; `drop` gets
 * [B·T, H] at the places that {@link dropPlaces} names.
 */
export function encode(params: Tensors, name: string, shape: EncoderShape, ids: Tensor, mask?: Tensor, drop: Drop = (x) => x): Tensor2D {
  const { batchSize: B, sequenceLength: T, hidden: H } = shape;
  const tokens = tf.gather(params[`${name}/tokens`], tf.reshape(ids, [B * T])); // [B·T, H]
  const table = params[`${name}/positions`] as Tensor2D;
  const positions = table.shape[0] === T ? table : tf.slice2d(table, [0, 0], [T, H]);
  const placed = tf.add(tf.reshape(tokens, [B, T, H]), positions);
  let x = drop(layerNorm(params, `${name}/norm`, tf.reshape(placed, [B * T, H])), 'embedding');
  for (let k = 0; k < shape.layers; k++) {
    const attended = dense(params, `${name}/${k}/attention`, attention(dense(params, `${name}/${k}/qkv`, x), shape, mask));
    x = layerNorm(params, `${name}/${k}/norm_1`, tf.add(x, drop(attended, `${k}/attention`)));
    const wide = gelu(dense(params, `${name}/${k}/up`, x)); // [B·T, F]
    x = layerNorm(params, `${name}/${k}/norm_2`, tf.add(x, drop(dense(params, `${name}/${k}/down`, wide), `${k}/down`)));
  }
  return x as Tensor2D;
}

/** Where {@link encode} drops out. */
export function dropPlaces(layers: number): string[] {
  return ['embedding', ...Array.from({ length: layers }, (_, k) => [`${k}/attention`, `${k}/down`]).flat()];
}

/** Multi-head self-attention over [B·T, 3H] queries, keys, values side by side → [B·T, H]. */
function attention(qkv: Tensor2D, shape: EncoderShape, mask: Tensor | undefined): Tensor2D {
  const { batchSize: B, sequenceLength: T, hidden: H, heads: N } = shape;
  const D = H / N;
  const [q, k, v] = tf.split(qkv, 3, 1).map((part) => tf.transpose(tf.reshape(part, [B, T, N, D]), [0, 2, 1, 3])); // [B, N, T, D]
  const scores = tf.mul(tf.matMul(q, k, false, true), 1 / Math.sqrt(D)); // [B, N, T, T]
  const masked = mask === undefined ? scores : tf.add(scores, tf.reshape(mask, [B, 1, 1, T]));
  const mixed = tf.matMul(tf.softmax(masked), v) as Tensor3D;
  return tf.reshape(tf.transpose(mixed, [0, 2, 1, 3]), [B * T, H]);
}

/** x · Φ(x), exactly (Hendrycks & Gimpel 2016). */
export function gelu(x: Tensor): Tensor {
  return tf.mul(tf.mul(x, 0.5), tf.add(tf.erf(tf.mul(x, Math.SQRT1_2)), 1));
}

export function layerNormParameters(name: string, width: number): ParameterSpec[] {
  return [
    { name: `${name}/scale`, shape: [width], initialise: constant(width, 1) },
    { name: `${name}/shift`, shape: [width], initialise: constant(width, 0) },
  ];
}

/** Over the last axis: (x − mean) / sqrt(variance + 1e-5) · scale + shift (Ba et al. 2016). */
export function layerNorm(params: Tensors, name: string, x: Tensor): Tensor {
  const centred = tf.sub(x, tf.mean(x, -1, true));
  const variance = tf.mean(tf.square(centred), -1, true);
  const normal = tf.mul(centred, tf.rsqrt(tf.add(variance, LAYER_NORM_EPSILON)));
  return tf.add(tf.mul(normal, params[`${name}/scale`]), params[`${name}/shift`]);
}
