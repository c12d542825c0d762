/**
 * Builds @tensorflow/tfjs-node's binding against the TensorFlow of a Python wheel, instead of the 2.9-era library that its
 * install step downloads. See docs/tensorflow.md.
 *
 *   npm install --ignore-scripts @tensorflow/tfjs-node@4.22.0
 *   pip install tensorflow
 *   node scripts/build_tensorflow_binding.mjs [--python python3] [--package @tensorflow/tfjs-node] [--headers /usr/include/node]
 */
import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { parseArgs } from 'node:util';

const { values } = parseArgs({
  options: {
    python: { type: 'string', default: process.env.DEEPLOG_PYTHON ?? 'python3' },
    package: { type: 'string', default: '@tensorflow/tfjs-node' },
    headers: { type: 'string' },
    compiler: { type: 'string', default: process.env.CXX ?? 'c++' },
  },
});

function fail(message) {
  console.error(message);
  process.exit(1);
}

const folder = join(process.cwd(), 'node_modules', values.package);
const sources = ['binding/tfjs_backend.cc', 'binding/tfjs_binding.cc'].map((file) => join(folder, file));
if (!sources.every(existsSync)) {
  fail(`${folder} has no binding sources: npm install --ignore-scripts ${values.package}@4.22.0 first. (Without a top-level install this name is plain tfjs here, by an npm override.)`);
}

let wheel = '';
try {
  // find_spec: finding the package must not load it
  wheel = dirname(execFileSync(values.python, ['-c', "import importlib.util as u; print(u.find_spec('tensorflow').origin)"], { encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] }).trim());
} catch {
  fail(`${values.python} has no tensorflow: pip install tensorflow (or name another Python with --python).`);
}
const libraries = ['libtensorflow_cc.so.2', 'libtensorflow_framework.so.2'];
for (const library of libraries) if (!existsSync(join(wheel, library))) fail(`${wheel} has no ${library}: this script knows TensorFlow's Linux wheels, 2.16 to 2.21.`);

const headers = [values.headers, join(process.env.npm_config_nodedir ?? '/nowhere', 'include/node'), join(dirname(process.execPath), '../include/node'), '/usr/include/node']
  .find((candidate) => candidate !== undefined && existsSync(join(candidate, 'node_api.h')));
if (headers === undefined) fail('Node.js headers (node_api.h) were not found: name their folder with --headers.');

// node-pre-gyp looks the binding up here at run time.
const { napi_versions: versions } = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8')).binary;
const napi = Math.max(...versions.filter((version) => version <= Number(process.versions.napi)));
const output = join(folder, `lib/napi-v${napi}/tfjs_binding.node`);
mkdirSync(dirname(output), { recursive: true });
execFileSync(values.compiler, [
  '-std=c++17', '-O2', '-shared', '-fPIC', `-DNAPI_VERSION=${napi}`, '-DNODE_GYP_MODULE_NAME=tfjs_binding', '-DBUILDING_NODE_EXTENSION',
  `-I${headers}`, `-I${join(wheel, 'include')}`, `-I${folder}`, ...sources, '-o', output,
  `-L${wheel}`, ...libraries.map((library) => `-l:${library}`), `-Wl,-rpath,${wheel}`,
], { stdio: 'inherit' });
console.log(`Built ${output} on ${wheel}.`);
