import { execFile } from 'node:child_process';
import path from 'node:path';
import { expect, it } from 'vitest';

const ROOT = path.resolve(import.meta.dirname, '../..');
const TSX = path.join(ROOT, 'node_modules', 'tsx', 'dist', 'esm', 'index.mjs');
/** As if the package were not installed: npm leaves an optional one out when its install step fails. */
const HOOK = `export async function resolve(name, context, next) {
  if (name === 'onnxruntime-node') throw Object.assign(new Error("Cannot find package 'onnxruntime-node'"), { code: 'ERR_MODULE_NOT_FOUND' });
  return next(name, context);
}`;
const REGISTER = `data:text/javascript,${encodeURIComponent(`import { register } from 'node:module'; register(${JSON.stringify(`data:text/javascript,${encodeURIComponent(HOOK)}`)});`)}`;

function run(script: string): Promise<{ stdout: string; stderr: string }> {
  return new Promise((resolve) => {
    execFile(process.execPath, ['--import', REGISTER, '--import', TSX, '--input-type=module', '--eval', script], { cwd: ROOT }, (_, stdout, stderr) => resolve({ stdout, stderr }));
  });
}

it('the engines load without onnxruntime-node; auto takes WebAssembly and says so, onnx says how to get it', async () => {
  const { stdout, stderr } = await run(`
    const { createEngine } = await import('./deeplog/engine/index.ts');
    const notes = [];
    const engine = await createEngine({ engine: 'auto', onFallback: (why) => notes.push(why) });
    const refused = await createEngine({ engine: 'onnx' }).catch((error) => error.name + ': ' + error.message);
    console.log(JSON.stringify({ info: engine.info, notes, refused }));
    await engine.dispose();
    process.exit(0);
  `);
  expect(stderr).toBe('');
  const { info, notes, refused } = JSON.parse(stdout) as { info: object; notes: string[]; refused: string };
  expect(info).toMatchObject({ engine: 'eager', backend: 'wasm' });
  expect(notes).toEqual([expect.stringMatching(/onnxruntime-node cannot be loaded .*slower WebAssembly engine .*npm install onnxruntime-node --onnxruntime-node-install=skip/)]);
  expect(refused).toMatch(/^EngineUnavailableError: The onnx engine cannot run here: .*npm install onnxruntime-node/);
}, 60_000);
