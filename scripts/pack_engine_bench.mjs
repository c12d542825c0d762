/**
 * Packs the engine's benchmark for a machine that has a GPU but no network and no Node.js: this Node.js, the bench in one file, Dawn's
 * binding, PyTorch's peer script.
 *
 *   node scripts/pack_engine_bench.mjs FOLDER
 *   tar -cJf bench.tar.xz -C FOLDER .            # some 30 MB
 *
 * There: unpack it, `sh run.sh --engines webgpu --models m1,m2t20,m2t128,trainer`. A Python with PyTorch is DEEPLOG_PYTHON, else python3. The machine must be of
 * this one's system and processor, and its GPU driver must have its Vulkan part.
 */
import { chmod, cp, mkdir, readdir, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { build } from 'esbuild';

const root = path.resolve(import.meta.dirname, '..');
const [folder] = process.argv.slice(2);
if (folder === undefined) {
  console.error('Usage: node scripts/pack_engine_bench.mjs FOLDER');
  process.exit(2);
}
await mkdir(folder, { recursive: true });
if ((await readdir(folder)).length > 0) {
  console.error(`${folder} is not empty: name a new folder.`);
  process.exit(1);
}

const platform = `${process.platform}-${process.platform === 'darwin' ? 'universal' : process.arch}`;
const webgpu = path.join(root, 'node_modules', 'webgpu');
const there = path.join(folder, 'node_modules', 'webgpu');
for (const part of ['package.json', 'index.js', 'LICENSE.md', path.join('dist', platform)]) await cp(path.join(webgpu, part), path.join(there, part), { recursive: true });
await cp(path.join(root, 'bench', 'peers', 'torch_step.py'), path.join(folder, 'peers', 'torch_step.py'));
await cp(process.execPath, path.join(folder, 'node'));
await chmod(path.join(folder, 'node'), 0o755);
await build({
  stdin: { contents: "import { main } from './bench/engine.ts'; await main(process.argv.slice(2)); process.exit(0);", resolveDir: root, loader: 'ts' },
  outfile: path.join(folder, 'bench.mjs'), bundle: true, platform: 'node', format: 'esm', target: 'node20', logLevel: 'error',
  // Only what --engines asks for is loaded; of these, webgpu is in the pack.
  external: ['webgpu', 'onnxruntime-node', '@tensorflow/tfjs-node', '@tensorflow/tfjs-node-gpu'],
  // TensorFlow.js' CommonJS parts ask for Node's modules by require.
  banner: { js: "import { createRequire as packRequire } from 'node:module'; const require = packRequire(import.meta.url);" },
});
await writeFile(path.join(folder, 'run.sh'), `#!/bin/sh
# sh run.sh --engines webgpu --models m1,m2t20,m2t128,trainer --seconds 2
cd "$(dirname "$0")" && exec ./node bench.mjs "$@"
`);
console.log(`${folder}: run.sh, bench.mjs, node ${process.version}, webgpu for ${platform}`);
