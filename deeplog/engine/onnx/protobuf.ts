import { Message } from '../../common/index.js';

// The few protobuf messages of an ONNX ModelProto; field numbers are onnx.proto3's (https://github.com/onnx/onnx/blob/main/onnx/onnx.proto3).

/** TensorProto.DataType */
export const ELEMENT_TYPES = { float32: 1, int32: 6, int64: 7, bool: 9 } as const;
export type ElementType = keyof typeof ELEMENT_TYPES;

export type Attribute = number | string | readonly number[] | { readonly float: number } | { readonly graph: OnnxGraph };

export interface OnnxNode {
  readonly op: string;
  readonly domain?: string;
  readonly inputs: readonly string[];
  readonly outputs: readonly string[];
  readonly attributes: Readonly<Record<string, Attribute>>;
}

export interface OnnxTensor {
  readonly name: string;
  readonly type: ElementType;
  readonly shape: readonly number[];
  readonly data: Float32Array | Int32Array | BigInt64Array | Uint8Array;
}

export interface OnnxValue {
  readonly name: string;
  readonly type: ElementType;
  /** A name instead of a number is a dimension known only at run time. */
  readonly shape: ReadonlyArray<number | string>;
}

export interface OnnxGraph {
  readonly nodes: readonly OnnxNode[];
  readonly initialisers: readonly OnnxTensor[];
  readonly inputs: readonly OnnxValue[];
  readonly outputs: readonly OnnxValue[];
}

export const MICROSOFT_DOMAIN = 'com.microsoft';
const OPSET = 18;
const IR_VERSION = 8;

export function encodeModel(model: OnnxGraph): Uint8Array {
  const proto = new Message().int(1, IR_VERSION).text(2, 'deeplog').message(7, encodeGraph(model)).message(8, new Message().text(1, '').int(2, OPSET));
  if (model.nodes.some((node) => node.domain === MICROSOFT_DOMAIN)) proto.message(8, new Message().text(1, MICROSOFT_DOMAIN).int(2, 1));
  return proto.finish();
}

function encodeGraph(model: OnnxGraph): Message {
  const graph = new Message();
  model.nodes.forEach((node, i) => graph.message(1, encodeNode(node, i)));
  graph.text(2, 'deeplog');
  for (const tensor of model.initialisers) graph.message(5, encodeTensor(tensor));
  for (const value of model.inputs) graph.message(11, encodeValue(value));
  for (const value of model.outputs) graph.message(12, encodeValue(value));
  return graph;
}

function encodeNode(node: OnnxNode, serial: number): Message {
  const out = new Message();
  for (const input of node.inputs) out.text(1, input);
  for (const output of node.outputs) out.text(2, output);
  out.text(3, `${node.op}_${serial}`).text(4, node.op);
  for (const [name, value] of Object.entries(node.attributes)) out.message(5, encodeAttribute(name, value));
  return node.domain === undefined ? out : out.text(7, node.domain);
}

function encodeAttribute(name: string, value: Attribute): Message {
  const out = new Message().text(1, name);
  if (typeof value === 'number') return out.int(3, value).int(20, 2);
  if (typeof value === 'string') return out.text(4, value).int(20, 3);
  if ('graph' in value) return out.message(6, encodeGraph(value.graph)).int(20, 5);
  if ('float' in value) return out.float(2, value.float).int(20, 1);
  for (const item of value) out.int(8, item);
  return out.int(20, 7);
}

function encodeTensor({ name, type, shape, data }: OnnxTensor): Message {
  const out = new Message();
  for (const dimension of shape) out.int(1, dimension);
  return out.int(2, ELEMENT_TYPES[type]).text(8, name).bytes(9, new Uint8Array(data.buffer, data.byteOffset, data.byteLength));
}

function encodeValue({ name, type, shape }: OnnxValue): Message {
  const dims = new Message();
  for (const dimension of shape) dims.message(1, typeof dimension === 'string' ? new Message().text(2, dimension) : new Message().int(1, dimension));
  const tensorType = new Message().int(1, ELEMENT_TYPES[type]).message(2, dims);
  return new Message().text(1, name).message(2, new Message().message(1, tensorType));
}
