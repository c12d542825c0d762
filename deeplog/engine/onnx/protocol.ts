import type { AdamScalars } from '../adam.js';
import type { AdamOptions, Batch, NumericArray, State, TensorSpec } from '../types.js';
import type { Layout } from '../layout.js';

/** How onnxruntime runs one session. */
export interface SessionOptions {
  readonly threads: number;
  readonly spinning: boolean;
  /** Prefix of onnxruntime's profile, for finding out where time goes. */
  readonly profile?: string;
}

/** This worker's part of a batch that several workers share. */
export interface Share {
  readonly index: number;
  readonly count: number;
  /** [arrived, generation, failed] */
  readonly control: SharedArrayBuffer;
  /** Two sets of `count` gradient regions, used in turn. */
  readonly exchange: SharedArrayBuffer;
}

export interface StepDescription {
  readonly bytes: Uint8Array;
  readonly layout: Layout;
  readonly adam: AdamOptions;
  /** What the graph reads: batch inputs, and noise by its stream number. */
  readonly inputs: readonly TensorSpec[];
  readonly noise: ReadonlyArray<TensorSpec & { readonly stream: number }>;
  readonly parameters: readonly string[];
  readonly session: SessionOptions;
  readonly share?: Share;
}

export interface ForwardDescription {
  readonly bytes: Uint8Array;
  readonly inputs: readonly TensorSpec[];
  readonly parameters: ReadonlyArray<{ readonly name: string; readonly shape: readonly number[] }>;
  readonly session: SessionOptions;
}

export interface StepRun {
  readonly batch: Batch;
  readonly adam: AdamScalars;
  readonly seed: number;
  readonly step: number;
}

/** Requests to a worker and what each is answered with; `target` is the number of the compiled object. */
export interface Requests {
  /** Whether onnxruntime could be loaded at all. */
  ready: { readonly value: null; readonly answer: null };
  createStep: { readonly value: StepDescription; readonly answer: null };
  createForward: { readonly value: ForwardDescription; readonly answer: null };
  runStep: { readonly value: StepRun; readonly answer: number };
  runForward: { readonly value: Batch; readonly answer: Record<string, NumericArray> };
  state: { readonly value: null; readonly answer: State };
  loadState: { readonly value: State; readonly answer: null };
  loadParameters: { readonly value: State['parameters']; readonly answer: null };
  dispose: { readonly value: null; readonly answer: null };
}
export type RequestKind = keyof Requests;

export type RequestMessage = { [K in RequestKind]: { readonly id: number; readonly target: number; readonly kind: K; readonly value: Requests[K]['value'] } }[RequestKind];
export type ResponseMessage = { readonly id: number; readonly answer: unknown } | { readonly id: number; readonly error: string };
