import { afterAll, beforeAll, describe, it } from 'vitest';
import { createEngine, type Engine } from '../../deeplog/engine/index.js';
import { KERNEL_CASES } from './kernel_cases.js';
import { expectParity } from './kernel_parity.js';
import { gpuForTests } from './gpu.js';

const gpu = await gpuForTests();
let cpu: Engine;

beforeAll(async () => {
  cpu = await createEngine({ engine: 'eager', backend: 'cpu' });
});
afterAll(() => gpu?.dispose());

describe.skipIf(gpu === undefined)('on webgpu, as on tfjs cpu,', () => {
  for (const kernel of KERNEL_CASES) {
    it(kernel.name, async () => {
      if (gpu !== undefined) await expectParity(gpu, cpu, kernel);
    });
  }
});
