import type { Batch, Model } from '../deeplog/engine/index.js';
import { seededRandom } from '../deeplog/common/index.js';
import { logAnomalyModel, logBertModel, logKeyModel, textAutoencoderModel, tokenEncoderModel, windowAutoencoderModel } from '../deeplog/models/index.js';

/** One model at the shapes that bench/peers/torch_step.py knows by the same name. */
export interface Case {
  readonly name: string;
  readonly says: string;
  readonly model: Model;
  readonly samples: number;
  readonly batch: Batch;
}

export function caseOf(name: string): Case {
  switch (name) {
    case 'm1': return logKeyCase(name, 'paper', 'M1: 2×LSTM 64, 30 keys, window 10, batch 512');
    case 'trainer': return logKeyCase(name, 'trainer', 'trainer preset: M1 and dense 256, 128');
    case 'm2t20': return encoderCase(name, 20);
    case 'm2t128': return encoderCase(name, 128);
    case 'logbert': return logBertCase(name, 256, 4);
    case 'logbert_small': return logBertCase(name, 64, 2);
    case 'loganomaly': return logAnomalyCase(name);
    case 'text': return textCase(name);
    case 'windows': return windowsCase(name);
    default: throw new RangeError(`No case ${name}; there are m1, trainer, m2t20, m2t128, logbert, logbert_small, loganomaly, text, windows.`);
  }
}

function logKeyCase(name: string, preset: 'paper' | 'trainer', says: string): Case {
  const [B, W, V] = [512, 10, 30];
  return {
    name, says, samples: B,
    model: logKeyModel({ preset, vocabularySize: V, windowSize: W, units: 64, batchSize: B }),
    batch: { windows: ids(B * W, V, 1), targets: ids(B, V, 2), weights: new Float32Array(B).fill(1) },
  };
}

function encoderCase(name: string, T: number): Case {
  const [B, V] = [32, 400];
  return {
    name, samples: B, says: `M2: encoder, hidden 256, 4 layers, T=${T}, batch ${B}`,
    model: tokenEncoderModel({ vocabularySize: V, sequenceLength: T, hidden: 256, layers: 4, heads: 4, feedForward: 1024, batchSize: B }),
    batch: { ids: ids(B * T, V, 1), targets: ids(B * T, V, 2), weights: new Float32Array(B * T).fill(1) },
  };
}

/** HDFS's most common shape: 23 keys and DIST, two thirds of them masked; dropout .1. */
function logBertCase(name: string, hidden: number, layers: number): Case {
  const [B, T, V] = [32, 24, 40];
  return {
    name, samples: B, says: `LogBERT: hidden ${hidden}, ${layers} layers, T=${T}, batch ${B}`,
    model: logBertModel({ tokens: V + 2, classes: V, sequenceLength: T, longest: 512, hidden, layers, heads: 4, batchSize: B, dropout: 0.1, alpha: 0.1 }),
    batch: {
      ids: ids(B * T, V - 3, 1).map((id) => id + 3), targets: ids(B * T, V - 3, 2).map((id) => id + 3), weights: Float32Array.from(ids(B * T, 3, 3), (x) => Number(x > 0)),
      rows: new Float32Array(B).fill(1), centre: new Float32Array(hidden).fill(0.1),
    },
  };
}

function logAnomalyCase(name: string): Case {
  const [B, W, V, D] = [128, 10, 30, 100];
  return {
    name, samples: B, says: `LogAnomaly: two LSTMs of 128, ${V} keys, vectors of ${D}, window ${W}, batch ${B}`,
    model: logAnomalyModel({ vocabularySize: V, dimensions: D, windowSize: W, units: 128, batchSize: B }),
    batch: { windows: ids(B * W, V, 1), targets: ids(B, V, 2), weights: new Float32Array(B).fill(1), vectors: new Float32Array(V * D).fill(0.1) },
  };
}

/** Lines of HDFS: the longest have 47 tokens, of 66; a run of digits is one. */
function textCase(name: string): Case {
  const [B, T, V] = [64, 48, 66];
  return {
    name, samples: B, says: `text autoencoder: embedding 100, two LSTMs of 50, ${V} tokens, T=${T}, batch ${B}`,
    model: textAutoencoderModel({ vocabularySize: V, length: T, end: 2, embedding: 100, latent: 50, pooling: 'max', dropout: 0.2, batchSize: B }),
    batch: { ids: ids(B * T, V - 3, 1).map((id) => id + 3), weights: new Float32Array(B).fill(1) },
  };
}

function windowsCase(name: string): Case {
  const [B, W, D] = [128, 20, 52];
  const lines = (): Float32Array => Float32Array.from(ids(B * W * D, 1000, 1), (x) => x / 500 - 1);
  return {
    name, samples: B, says: `window autoencoder: four LSTMs of 32, ${W} lines of ${D} numbers, batch ${B}`,
    model: windowAutoencoderModel({ windowSize: W, dimensions: D, units: 32, code: 16, batchSize: B }),
    batch: { forward: lines(), backward: lines(), mask: new Float32Array(B * W).fill(1), weights: new Float32Array(B).fill(1) },
  };
}

function ids(count: number, below: number, seed: number): Int32Array {
  const random = seededRandom(seed);
  return Int32Array.from({ length: count }, () => Math.floor(random() * below));
}
