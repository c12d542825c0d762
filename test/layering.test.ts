import { ESLint } from 'eslint';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';

const cwd = fileURLToPath(new URL('..', import.meta.url));

async function messagesFor(file: string, code: string): Promise<string[]> {
  const [result] = await new ESLint({ cwd }).lintText(code, { filePath: `${cwd}/${file}` });
  return result.messages.filter((m) => m.ruleId === 'no-restricted-imports').map((m) => m.message);
}

describe('the layering rule', () => {
  it.each([
    ['deeplog/parsing/x.ts', "import '../engine/index.js';", 'parsing must not depend on engine'],
    ['deeplog/engine/trace/x.ts', "import '../../models/index.js';", 'engine must not depend on models'],
    ['deeplog/sequences/x.ts', "import '@tensorflow/tfjs';", 'may know a tensor library'],
    ['deeplog/detectors/x.ts', "import '../sequences/windows.js';", 'through its index only'],
    ['deeplog/models/x.ts', "import '../detectors/index.js';", 'models must not depend on detectors'],
    ['run/x.ts', "import '../deeplog/parsing/drain.js';", 'through its index only'],
  ])('refuses in %s: %s', async (file, code, message) => {
    expect((await messagesFor(file, code)).join()).toContain(message);
  });

  it('allows what the layers allow', async () => {
    expect(await messagesFor('deeplog/detectors/x.ts', "import '../engine/index.js';\nimport './types.js';\nimport '../common/index.js';")).toEqual([]);
    expect(await messagesFor('deeplog/sessions/x.ts', "import '../parsing/index.js';")).toEqual([]);
  });
});
