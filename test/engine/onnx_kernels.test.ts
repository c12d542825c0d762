import { afterAll, beforeAll, describe, it } from 'vitest';
import { createEngine, type Engine } from '../../deeplog/engine/index.js';
import { KERNEL_CASES } from './kernel_cases.js';
import { expectParity } from './kernel_parity.js';

let onnx: Engine;
let cpu: Engine;

beforeAll(async () => {
  onnx = await createEngine({ engine: 'onnx' });
  cpu = await createEngine({ engine: 'eager', backend: 'cpu' });
});
afterAll(() => onnx.dispose());

describe('on onnx, as on tfjs cpu,', () => {
  for (const kernel of KERNEL_CASES) it(kernel.name, () => expectParity(onnx, cpu, kernel));
});
