/**
 * Goes through the Dockerfile's own steps in a scratch folder, for want of a container engine: each stage's files in a folder, its COPY
 * lines (under .dockerignore), its RUN lines, and at last its ENTRYPOINT and CMD as its USER, judged by its HEALTHCHECK. What this cannot
 * check: the base image (this machine's node stands in for it), the layers, and the isolation.
 *
 *   node scripts/check_dockerfile.mjs
 */
import { execFileSync, spawn } from 'node:child_process';
import { chmodSync, cpSync, existsSync, mkdirSync, mkdtempSync, readFileSync, readdirSync, realpathSync, rmSync, statSync } from 'node:fs';
import { createServer } from 'node:net';
import os from 'node:os';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';

const root = path.resolve(path.dirname(fileURLToPath(import.meta.url)), '..');
const scratch = mkdtempSync(path.join(realpathSync(os.tmpdir()), 'deeplog-image-'));
chmodSync(scratch, 0o755);

/** Instructions, continued lines joined, comments left out. */
function instructions(text) {
  return text.split('\n').filter((line) => !/^\s*#/.test(line)).join('\n').replace(/\\\n/g, ' ').split('\n').map((line) => line.trim()).filter((line) => line !== '')
    .map((line) => ({ name: line.split(/\s/, 1)[0].toUpperCase(), rest: line.slice(line.indexOf(' ') + 1).trim() }));
}

/** .dockerignore as this project writes it: a * and exceptions. */
function inContext(file) {
  const rules = readFileSync(path.join(root, '.dockerignore'), 'utf8').split('\n').map((l) => l.trim()).filter((l) => l !== '' && !l.startsWith('#'));
  if (rules[0] !== '*' || !rules.slice(1).every((r) => r.startsWith('!'))) throw new Error('.dockerignore is not "*" and exceptions: teach this script to read it.');
  return rules.slice(1).some((r) => file === r.slice(1) || file.startsWith(`${r.slice(1)}/`));
}

function megabytes(folder) {
  return readdirSync(folder, { recursive: true, withFileTypes: true }).reduce((sum, e) => sum + (e.isFile() ? statSync(path.join(e.parentPath, e.name)).size : 0), 0) / 2 ** 20;
}

const stages = new Map();
let stage;
for (const { name, rest } of instructions(readFileSync(path.join(root, 'Dockerfile'), 'utf8'))) {
  const inside = (file) => path.join(stage.folder, path.posix.resolve(stage.workdir, file));
  switch (name) {
    case 'FROM': {
      const [image, , alias] = rest.split(/\s+/);
      stage = { name: alias ?? 'final', image, folder: path.join(scratch, alias ?? 'final'), workdir: '/', env: {}, user: 'root' };
      mkdirSync(stage.folder);
      stages.set(stage.name, stage);
      console.log(`\nstage ${stage.name} (${image}; here node ${process.version})`);
      break;
    }
    case 'WORKDIR':
      stage.workdir = path.posix.resolve(stage.workdir, rest);
      mkdirSync(inside('.'), { recursive: true });
      break;
    case 'ENV': {
      const [key, value] = rest.split('=');
      stage.env[key] = value;
      break;
    }
    case 'COPY': {
      const words = rest.split(/\s+/);
      const from = words[0].startsWith('--from=') ? stages.get(words.shift().slice(7)) : null;
      const target = words.pop();
      for (const source of words) {
        if (from === null && !inContext(source)) throw new Error(`COPY ${source}: .dockerignore keeps it out of the build.`);
        const file = from === null ? path.join(root, source) : path.join(from.folder, source);
        if (!existsSync(file)) throw new Error(`COPY ${source}: there is no such file.`);
        cpSync(file, target.endsWith('/') || words.length > 1 ? path.join(inside(target), path.basename(source)) : inside(target), { recursive: true, verbatimSymlinks: true });
      }
      console.log(`COPY ${rest}`);
      break;
    }
    case 'RUN':
      console.log(`RUN ${rest}`);
      execFileSync('/bin/sh', ['-c', rest], { cwd: inside('.'), env: { ...process.env, ...stage.env }, stdio: ['ignore', 'ignore', 'inherit'] });
      break;
    case 'USER': stage.user = rest; break;
    case 'ENTRYPOINT': stage.entrypoint = JSON.parse(rest); break;
    case 'CMD': stage.command = JSON.parse(rest); break;
    case 'HEALTHCHECK': stage.health = JSON.parse(rest.slice(rest.indexOf('['))); break;
    case 'EXPOSE': case 'VOLUME': break;
    default: throw new Error(`${name}: this script does not know the instruction.`);
  }
}

try {
  const { folder, workdir, env, user, entrypoint, command, health } = stage;
  const cwd = path.join(folder, workdir);
  const [uid, gid] = user.split(':').map(Number);
  if (!(uid > 0)) throw new Error(`USER is ${user}: the service must not run as root.`);
  console.log(`\nfinal stage: ${megabytes(folder).toFixed(0)} MiB beside the base image`);
  const strangers = readdirSync(path.join(cwd, 'node_modules')).filter((n) => ['typescript', 'vitest', 'esbuild', 'eslint', 'danfojs-node'].includes(n));
  if (strangers.length > 0) throw new Error(`tools are left in the image: ${strangers.join(', ')}`);
  const models = path.join(scratch, 'models');
  mkdirSync(models);
  execFileSync(process.execPath, [path.join(cwd, 'dist/run/deeplog.js'), 'quickstart', '--sessions', '400', '--max_epochs', '3', '--quiet'], { cwd: models, stdio: 'inherit' });
  const port = await freePort();
  const here = (word) => word.replace(/=\/model$/, `=${models}/artifacts/quickstart/log_key_model_result`).replace(/^8080$/, String(port)).replace(/^node$/, process.execPath);
  const as = process.getuid?.() === 0 ? { uid, gid } : {};
  const service = spawn(here(entrypoint[0]), [...entrypoint.slice(1), ...command].map(here), { cwd, env: { PATH: process.env.PATH, ...env }, stdio: ['ignore', 'ignore', 'inherit'], ...as });
  const ended = new Promise((resolve) => service.once('exit', resolve));
  let healthy = false;
  for (let tries = 0; tries < 60 && !healthy && service.exitCode === null; tries++) {
    await sleep(500);
    try {
      execFileSync(here(health[0]), health.slice(1).map(here), { cwd, ...as });
      healthy = true;
    } catch {
      // Not yet.
    }
  }
  if (!healthy) throw new Error('the service never became healthy');
  const answer = await fetch(`http://127.0.0.1:${port}/detect?include=abnormal`, { method: 'POST', headers: { 'content-type': 'text/plain' }, body: readFileSync(path.join(models, 'artifacts/quickstart/tomorrow/sample.log')) }).then((r) => r.json());
  service.kill('SIGTERM');
  const code = await ended;
  console.log(`as user ${user}: healthy, ${answer.summary.total_sequences} sessions judged, ${answer.summary.total_anomalous_sequences} abnormal; SIGTERM: exit code ${code}`);
  if (code !== 0) process.exitCode = 1;
} finally {
  rmSync(scratch, { recursive: true, force: true });
}

function freePort() {
  return new Promise((resolve) => {
    const server = createServer().listen(0, '127.0.0.1', () => {
      const { port } = server.address();
      server.close(() => resolve(port));
    });
  });
}
