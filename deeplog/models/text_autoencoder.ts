import * as tf from '@tensorflow/tfjs';
import type { Scalar, Tensor, Tensor1D, Tensor2D } from '@tensorflow/tfjs';
import type { Model, ParameterSpec, Tensors } from '../engine/index.js';
import { dense, denseParameters } from './dense.js';
import { dropout } from './dropout.js';
import { normal } from './initialisers.js';
import { lastStep, lstmParameters, lstmSequence } from './lstm.js';

export type Pooling = 'last' | 'max';

export interface TextAutoencoderOptions {
  /** Number of token ids: 0 padding, `end`, the others. */
  readonly vocabularySize: number;
  /** Tokens of a line with its END, at most; padding follows. */
  readonly length: number;
  /** Id of END, which also starts the decoder. */
  readonly end: number;
  readonly embedding: number;
  /** Width of a line's vector. */
  readonly latent: number;
  /** What of the encoder's states is the vector: the last one (the paper), or each number's largest value over the line. */
  readonly pooling: Pooling;
  /** Share of the words that the decoder is not shown (Bowman et al. 2016, §3.1), so that the vector must say them. */
  readonly dropout: number;
  readonly batchSize: number;
}

const EMBEDDING_DEVIATION = 0.1;

/**
 * The line autoencoder of Bursic, Cuculo & D'Amelio 2019: an LSTM reads a line's tokens, its state at END is the line's vector; another LSTM,
 * given that vector and the tokens so far, writes the line again, token by token. With `pooling: 'max'` the vector is the largest value that
 * each number of the state takes on the line (Long, Cao & Cheung 2019, against decoders that go by the tokens alone).
 *
 * Inputs `ids` int32 [B, T] (tokens, END, zeros), `weights` float32 [B]; the loss is each line's mean −log p over its tokens and END,
 * weighted. Forward reads `ids` and gives `latent` [B, L] and `errors` [B], each line's mean −log p. Padding has no effect on either.
 */
export function textAutoencoderModel(options: TextAutoencoderOptions): Model {
  const { vocabularySize: V, length: T, end, embedding: E, latent: L, batchSize: B } = options;
  const parameters: ParameterSpec[] = [
    { name: 'embedding', shape: [V, E], initialise: normal(V * E, EMBEDDING_DEVIATION) },
    ...lstmParameters('encoder', E, L), ...lstmParameters('decoder', E + L, L), ...denseParameters('output', L, V),
  ];
  const ids = { name: 'ids', shape: [B, T], dtype: 'int32' } as const;
  /** One row a token, step after step; `keep` [T·B, 1] scales the rows where words are dropped. */
  const projected = (params: Tensors, layer: string, kernel: Tensor, tokens: Tensor, keep: Tensor | null): Tensor2D => {
    const rows = tf.gather(tf.matMul(params['embedding'] as Tensor2D, kernel as Tensor2D), tokens as Tensor1D); // [T·B, 4L]
    return tf.add(keep === null ? rows : tf.mul(rows, keep), params[`${layer}/bias`]);
  };
  const run = (params: Tensors, batch: Tensors, noise: Tensors | null): { latent: Tensor2D; errors: Tensor } => {
    const tokens = tf.reshape(tf.transpose(batch['ids'] as Tensor2D), [T * B]);
    const mask = tf.cast(tf.notEqual(batch['ids'], 0), 'float32') as Tensor2D; // [B, T]
    const states = lstmSequence(projected(params, 'encoder', params['encoder/kernel'], tokens, null), params['encoder/recurrent_kernel'] as Tensor2D, T);
    const latent = pooled(options.pooling, tf.reshape(states, [T, B, L]), mask);

    const shifted = tf.pad(tf.slice2d(batch['ids'] as Tensor2D, [0, 0], [B, T - 1]), [[0, 0], [1, 0]], end); // [B, T]
    const before = tf.reshape(tf.transpose(shifted), [T * B]);
    const keep = noise === null || options.dropout === 0 ? null : dropout(tf.ones([T * B, 1]), noise['words'], options.dropout);
    const kernel = params['decoder/kernel'] as Tensor2D;
    const words = projected(params, 'decoder', tf.slice2d(kernel, [0, 0], [E, 4 * L]), before, keep);
    const fromLatent = tf.matMul(latent, tf.slice2d(kernel, [E, 0], [L, 4 * L])); // [B, 4L], the same at every step
    const inputs = tf.add(words, tf.reshape(tf.add(tf.zeros([T, B, 4 * L]), fromLatent), [T * B, 4 * L])) as Tensor2D;
    const written = lstmSequence(inputs, params['decoder/recurrent_kernel'] as Tensor2D, T);
    const logP = tf.logSoftmax(dense(params, 'output', written)); // [T·B, V]
    const picked = tf.sum(tf.mul(tf.oneHot(tokens as Tensor1D, V), logP), 1);
    const surprise = tf.mul(tf.reshape(picked, [T, B]), tf.transpose(mask));
    return { latent, errors: tf.neg(tf.div(tf.sum(surprise, 0), tf.maximum(tf.sum(mask, 1), 1))) };
  };
  return {
    name: `text autoencoder (T=${T})`,
    parameters,
    inputs: [ids, { name: 'weights', shape: [B], dtype: 'float32' }],
    noise: options.dropout === 0 ? [] : [{ name: 'words', shape: [T * B, 1], dtype: 'float32' }],
    forwardInputs: [ids],
    loss: (params, batch, noise) => tf.div(tf.sum(tf.mul(run(params, batch, noise).errors, batch['weights'])), tf.sum(batch['weights'])) as Scalar,
    forward: (params, batch) => run(params, batch, null),
  };
}

/** Below every state of an LSTM, whose states are above −1. */
const BELOW_ALL = -2;

/** states [T, B, L], mask [B, T] → [B, L]. */
function pooled(pooling: Pooling, states: Tensor, mask: Tensor2D): Tensor2D {
  if (pooling === 'last') return tf.sum(tf.mul(states, lastStep(mask)), 0) as Tensor2D;
  const [batch, steps] = mask.shape;
  const there = tf.reshape(tf.transpose(mask), [steps, batch, 1]);
  return tf.max(tf.add(tf.mul(states, there), tf.mul(tf.sub(1, there), BELOW_ALL)), 0) as Tensor2D;
}
