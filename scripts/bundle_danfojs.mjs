/**
 * Puts danfojs into the built package (dist/vendor/danfojs.mjs), so that whoever installs it need not install danfojs-node: its
 * dependencies include an old tfjs-node, whose install step downloads a library, and xlsx by an address outside the registry,
 * and the overrides that replace them here do not reach an installer. Run after the build, before packing.
 */
import { build } from 'esbuild';
import { mkdirSync, readFileSync, readdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';

const root = path.resolve(path.dirname(fileURLToPath(import.meta.url)), '..');
const dist = path.join(root, 'dist');
const vendor = path.join(dist, 'vendor', 'danfojs.mjs');
/** What danfojs-node asks for and never uses here: it reads no spreadsheet, fetches no address and draws no plot. */
const ABSENT = /^(xlsx|request|node-fetch|plotly\.js-dist-min)$/;
const IMPORT = /import\('danfojs-node'\)/g;

const users = readdirSync(path.join(dist, 'deeplog'), { recursive: true })
  .map((name) => path.join(dist, 'deeplog', String(name)))
  .filter((file) => file.endsWith('.js') && /danfojs-node/.test(readFileSync(file, 'utf8')));
const names = new Set();
for (const file of users) {
  const text = readFileSync(file, 'utf8');
  for (const [, list] of text.matchAll(/const \{([^}]+)\} = await import\('danfojs-node'\)/g)) for (const name of list.split(',')) names.add(name.trim());
  if (/from 'danfojs-node'/.test(text)) throw new Error(`${file}: imports danfojs-node at its top; only "const { … } = await import('danfojs-node')" can be bundled.`);
}
if (names.size === 0) throw new Error('dist uses no danfojs: run npm run build first, or take this step out.');

mkdirSync(path.dirname(vendor), { recursive: true });
await build({
  stdin: { contents: `export { ${[...names].join(', ')} } from 'danfojs-node';`, resolveDir: root },
  bundle: true, platform: 'node', format: 'esm', target: 'node20', outfile: vendor, minify: true, legalComments: 'linked', logLevel: 'warning',
  external: ['@tensorflow/tfjs'],
  alias: { '@tensorflow/tfjs-node': '@tensorflow/tfjs' },
  plugins: [{
    name: 'absent',
    setup(b) {
      b.onResolve({ filter: ABSENT }, ({ path: name }) => ({ path: name, namespace: 'absent' }));
      b.onLoad({ filter: /.*/, namespace: 'absent' }, ({ path: name }) => ({ contents: `module.exports = new Proxy(function () {}, { get: (_, key) => { if (typeof key === 'symbol' || key === '__esModule' || key === 'default') return undefined; throw new Error('${name} is not part of this package'); } });` }));
    },
  }],
  banner: { js: "import { createRequire as __createRequire } from 'node:module';\nimport { fileURLToPath as __toPath } from 'node:url';\nimport { dirname as __dir } from 'node:path';\nconst require = __createRequire(import.meta.url);\nconst __filename = __toPath(import.meta.url);\nconst __dirname = __dir(__filename);" },
});
for (const file of users) {
  const relative = path.relative(path.dirname(file), vendor).split(path.sep).join('/');
  writeFileSync(file, readFileSync(file, 'utf8').replace(IMPORT, `import('${relative}')`));
}
const size = readFileSync(vendor).length;
console.log(`danfojs (${[...names].join(', ')}) is in ${path.relative(root, vendor)}: ${(size / 1024).toFixed(0)} KiB`);
