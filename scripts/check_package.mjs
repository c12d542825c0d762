/**
 * Packs the project and uses the package as a stranger would: in an empty folder, with the package registry and nothing else.
 *
 *   node scripts/check_package.mjs                  every way of installing (some five minutes)
 *   node scripts/check_package.mjs --only no-scripts   one of: plain, no-scripts, broken-scripts, no-optional
 *
 * `broken-scripts` makes onnxruntime-node's install step fail, `no-optional` leaves it and webgpu out: the tool must work, say
 * that it is slower, and how to get the fast engine. The folders are outside the project, so that nothing of it is found by chance.
 */
import { execFile, spawn } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, realpathSync, rmSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs, promisify } from 'node:util';

const run = promisify(execFile);
const root = path.resolve(path.dirname(fileURLToPath(import.meta.url)), '..');
const { values } = parseArgs({ options: { only: { type: 'string' }, tarball: { type: 'string' } } });
const UNREACHABLE = 'http://127.0.0.1:9';
const WAYS = {
  plain: { args: [], env: {} },
  'no-scripts': { args: ['--ignore-scripts'], env: {}, engine: 'onnx' },
  'broken-scripts': { args: [], env: { ONNXRUNTIME_NODE_INSTALL: 'cuda12', GLOBAL_AGENT_HTTPS_PROXY: UNREACHABLE, GLOBAL_AGENT_HTTP_PROXY: UNREACHABLE }, engine: 'eager' },
  'no-optional': { args: ['--omit=optional'], env: {}, engine: 'eager' },
};
// Node looks for packages in every folder above: one that holds some would hide what is missing.
const scratch = mkdtempSync(path.join(realpathSync(os.tmpdir()), 'deeplog-package-'));
for (let folder = path.dirname(scratch); folder !== path.dirname(folder); folder = path.dirname(folder)) {
  if (existsSync(path.join(folder, 'node_modules'))) throw new Error(`${folder} has a node_modules: set TMPDIR to a folder without one above it.`);
}
let failures = 0;

function check(what, ok, detail = '') {
  if (!ok) failures++;
  console.log(`${ok ? 'ok  ' : 'FAIL'} ${what}${detail === '' ? '' : `: ${detail}`}`);
}

async function tried(command, args, options) {
  const started = performance.now();
  try {
    const { stdout, stderr } = await run(command, args, { maxBuffer: 64 << 20, ...options });
    return { code: 0, stdout, stderr, seconds: (performance.now() - started) / 1000 };
  } catch (error) {
    return { code: error.code ?? 1, stdout: error.stdout ?? '', stderr: error.stderr ?? String(error), seconds: (performance.now() - started) / 1000 };
  }
}

try {
  const tarball = values.tarball === undefined ? await packed() : path.resolve(values.tarball);
  for (const [name, way] of Object.entries(WAYS)) if (values.only === undefined || values.only === name) await install(name, way, tarball);
} finally {
  rmSync(scratch, { recursive: true, force: true });
}
console.log(failures === 0 ? 'the package works' : `${failures} failures`);
process.exitCode = failures === 0 ? 0 : 1;

async function packed() {
  const { code, stdout, stderr } = await tried('npm', ['pack', '--json', '--silent', '--pack-destination', scratch], { cwd: root });
  if (code !== 0) throw new Error(`npm pack failed: ${stderr}`);
  const parsed = JSON.parse(stdout.slice(stdout.indexOf('[') < 0 ? stdout.indexOf('{') : stdout.indexOf('[')));
  const [{ filename, size, unpackedSize, files }] = Array.isArray(parsed) ? parsed : Object.values(parsed);
  console.log(`${filename}: ${files.length} files, ${(size / 1024).toFixed(0)} KiB packed, ${(unpackedSize / 1024 / 1024).toFixed(1)} MiB unpacked`);
  const names = files.map((f) => f.path);
  check('the package holds the command, the configuration, the licence, danfojs and the charts', ['dist/run/deeplog.js', 'drain3.ini', 'LICENSE', 'dist/vendor/danfojs.mjs', 'dist/vendor/tfjs-vis.js', 'dist/vendor/tfjs-vis.LICENSE'].every((f) => names.includes(f)));
  check('the package holds no sources, tests or data', !names.some((f) => /^(deeplog|run|test|bench|data|artifacts)\//.test(f)));
  const manifest = JSON.parse(readFileSync(path.join(root, 'package.json'), 'utf8'));
  const installed = { ...manifest.dependencies, ...manifest.optionalDependencies };
  check('nothing that it installs comes from outside the registry', Object.values(installed).every((v) => /^[\^~]?\d/.test(v)), Object.entries(installed).filter(([, v]) => !/^[\^~]?\d/.test(v)).join());
  check('danfojs-node and tfjs-vis are not installed: they are in dist', installed['danfojs-node'] === undefined && installed['@tensorflow/tfjs-vis'] === undefined);
  check('onnxruntime-node and webgpu are optional', ['onnxruntime-node', 'webgpu'].every((n) => manifest.optionalDependencies?.[n] !== undefined && manifest.dependencies[n] === undefined));
  return path.join(scratch, filename);
}

async function install(name, { args, env, engine }, tarball) {
  console.log(`\n${name}: npm install ${args.join(' ')}`);
  const folder = path.join(scratch, name);
  mkdirSync(folder);
  const options = { cwd: folder, env: { ...process.env, npm_config_fund: 'false', npm_config_audit: 'false', ...env } };
  await tried('npm', ['init', '-y'], options);
  const installed = await tried('npm', ['install', tarball, ...args], options);
  check('installs', installed.code === 0, installed.code === 0 ? `${installed.seconds.toFixed(0)} s` : installed.stderr.slice(-600));
  if (installed.code !== 0) return;
  const deeplog = (...words) => tried('npx', ['--no-install', 'deeplog', ...words], options);
  const help = await deeplog('--help');
  check('--help', help.code === 0 && help.stdout.includes('quickstart'), help.stderr.slice(-300));
  const quick = await deeplog('quickstart', '--sessions', '400', '--max_epochs', '3');
  const used = /engine: (\w+)/.exec(quick.stderr)?.[1] ?? 'none';
  check('quickstart', quick.code === 0 && quick.stderr.includes('quickstart done'), `${quick.seconds.toFixed(0)} s, engine ${used}${quick.code === 0 ? '' : quick.stderr.slice(-600)}`);
  if (engine !== undefined) check(`computes with ${engine}`, used === engine);
  if (used === 'eager') check('says how to get the fast engine', /warning: .*npm install onnxruntime-node/.test(quick.stderr));
  // danfojs reads the matrix and writes the table of columns.
  writeFileSync(path.join(folder, 'matrix.json'), JSON.stringify({ data: Array.from({ length: 120 }, (_, i) => [Math.sin(i / 3), i % 7, 3 * i]) }));
  const parameters = await deeplog('parameters', '--input_file', 'matrix.json', '--max_epochs', '1', '--output_path', 'par');
  check('parameters, with the bundled danfojs', parameters.code === 0 && existsSync(path.join(folder, 'par', 'columns.csv')), parameters.code === 0 ? '' : parameters.stderr.slice(-600));
  await serves(folder, options);
}

async function serves(folder, options) {
  const entry = path.join(folder, 'node_modules', 'deeplog-workbench', 'dist', 'run', 'deeplog.js');
  const { child, address, said } = await started([entry, 'serve', '--model', 'artifacts/quickstart/log_key_model_result', '--port', '0', '--log_level', 'error'], options);
  if (address === null) return check('serve', false, said());
  const log = readFileSync(path.join(folder, 'artifacts/quickstart/tomorrow/sample.log'));
  const answer = await fetch(`${address}/detect`, { method: 'POST', headers: { 'content-type': 'text/plain' }, body: log }).then((r) => r.json());
  const docs = await fetch(`${address}/docs/`).then((r) => r.status);
  child.kill('SIGTERM');
  const code = await new Promise((resolve) => child.once('exit', resolve));
  check('serve answers, shows its documentation, and stops', answer.summary?.total_sequences > 0 && docs === 200 && code === 0, `${answer.summary?.total_sequences} sessions, exit code ${code}`);
  await showsCharts(entry, options);
}

async function showsCharts(entry, options) {
  const { child, address, said } = await started([entry, 'dashboard', '--port', '0'], options);
  if (address === null) return check('dashboard', false, said());
  const charts = await fetch(new URL('/assets/tfjs-vis.js', address)).then((r) => r.text());
  const ended = new Promise((resolve) => child.once('exit', resolve));
  child.kill('SIGTERM');
  await ended;
  check('dashboard brings its charts along', charts.includes('tfvis'), `${(charts.length / 1024).toFixed(0)} KiB`);
}

/** A server, once it has said its address. */
async function started(args, options) {
  const child = spawn(process.execPath, args, { ...options, stdio: ['ignore', 'pipe', 'pipe'] });
  let said = '';
  const address = await new Promise((resolve) => {
    for (const stream of [child.stdout, child.stderr]) {
      stream.on('data', (piece) => {
        said += piece;
        const found = /(http:\/\/[\w.:]+)/.exec(said);
        if (found) resolve(found[1]);
      });
    }
    child.once('exit', () => resolve(null));
  });
  return { child, address, said: () => said.slice(-600) };
}
