/**
 * Builds the Dockerfile as an image and runs it, where there is no container engine and no image registry: buildah needs no daemon, and in a
 * chroot no privileges but root's. The base image is made from Debian's packages and npm's packages of node and npm, with the user that
 * node:20-bookworm-slim has: what the real base brings beside that is not checked, nor is any isolation.
 *
 *   apt-get install --no-install-recommends buildah mmdebstrap
 *   node scripts/check_image.mjs [--rootfs rootfs.tar]     a minimal Debian made before; without it mmdebstrap makes one
 */
import { execFileSync, spawn } from 'node:child_process';
import { chmodSync, mkdirSync, mkdtempSync, readFileSync, realpathSync, rmSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';

const root = path.resolve(path.dirname(fileURLToPath(import.meta.url)), '..');
const { values } = parseArgs({ options: { rootfs: { type: 'string' } } });
const BASE = 'docker.io/library/node:20-bookworm-slim';
const PORT = '18080';
const scratch = mkdtempSync(path.join(realpathSync(os.tmpdir()), 'deeplog-image-'));
const store = ['--root', path.join(scratch, 'storage'), '--runroot', path.join(scratch, 'runroot')];
const env = { ...process.env, STORAGE_DRIVER: 'vfs', BUILDAH_ISOLATION: 'chroot' };

function buildah(args, options = {}) {
  const out = execFileSync('buildah', [...store, ...args], { env, encoding: 'utf8', stdio: ['ignore', 'pipe', 'inherit'], maxBuffer: 64 << 20, ...options });
  return String(out ?? '').trim(); // null where it goes elsewhere
}

/** What node:20-bookworm-slim is to the Dockerfile: Debian, node 20 with npm, a user 1000. */
function makeBase() {
  const rootfs = values.rootfs ?? path.join(scratch, 'rootfs.tar');
  if (values.rootfs === undefined) execFileSync('mmdebstrap', ['--variant=minbase', '--include=ca-certificates', 'bookworm', rootfs], { stdio: ['ignore', 'inherit', 'pipe'] });
  const own = path.join(scratch, 'node');
  mkdirSync(own);
  const architecture = `node-linux-${process.arch}`;
  execFileSync('npm', ['install', '--prefix', own, '--no-audit', '--no-fund', '--ignore-scripts', `${architecture}@20`, 'npm@10'], { stdio: ['ignore', 'ignore', 'pipe'] });
  const container = buildah(['from', 'scratch']);
  buildah(['add', container, rootfs, '/']);
  buildah(['add', container, path.join(own, 'node_modules', architecture, 'bin', 'node'), '/usr/local/bin/node']);
  buildah(['add', container, path.join(own, 'node_modules', 'npm'), '/usr/local/lib/node_modules/npm']);
  buildah(['run', container, '--', 'sh', '-c', 'ln -s ../lib/node_modules/npm/bin/npm-cli.js /usr/local/bin/npm && ln -s ../lib/node_modules/npm/bin/npx-cli.js /usr/local/bin/npx && groupadd --gid 1000 node && useradd --uid 1000 --gid node --shell /bin/bash --create-home node']);
  // A network whose certificates are its own is none of the Dockerfile's business.
  const certificates = process.env.NODE_EXTRA_CA_CERTS;
  if (certificates !== undefined) {
    buildah(['add', container, certificates, '/etc/ssl/certs/extra.crt']);
    buildah(['config', '--env', 'NODE_EXTRA_CA_CERTS=/etc/ssl/certs/extra.crt', container]);
  }
  console.log(`base: Debian bookworm with node ${buildah(['run', container, '--', 'node', '--version'])}`);
  buildah(['commit', '--quiet', '--rm', container, BASE]);
}

try {
  makeBase();
  buildah(['bud', '--pull-never', '--format', 'docker', '--tag', 'deeplog', '--file', path.join(root, 'Dockerfile'), root], { stdio: ['ignore', 'inherit', 'inherit'] });
  const { config } = JSON.parse(buildah(['inspect', '--type', 'image', 'localhost/deeplog'])).Docker;
  if (config.User !== '1000:1000') throw new Error(`the image runs as ${config.User}`);
  const models = path.join(scratch, 'models');
  mkdirSync(models);
  chmodSync(scratch, 0o755);
  chmodSync(models, 0o777);
  const container = buildah(['from', '--pull-never', 'localhost/deeplog']);
  buildah(['run', '--volume', `${models}:/data`, container, '--', 'sh', '-c', 'cd /data && node /app/dist/run/deeplog.js quickstart --sessions 400 --max_epochs 3 --quiet']);
  const here = (word) => (word === '8080' ? PORT : word === '0.0.0.0' ? '127.0.0.1' : word.replace(/=\/model$/, '=/data'));
  const service = spawn('buildah', [...store, 'run', '--volume', `${models}/artifacts/quickstart/log_key_model_result:/data:ro`, container, '--', ...config.Entrypoint, ...config.Cmd.map(here)], { env, stdio: ['ignore', 'pipe', 'inherit'] });
  let log = '';
  service.stdout.on('data', (piece) => { log += piece; });
  const ended = new Promise((resolve) => service.once('exit', resolve));
  let healthy = false;
  for (let tries = 0; tries < 90 && !healthy && service.exitCode === null; tries++) {
    await sleep(1000);
    try {
      buildah(['run', container, '--', ...config.Healthcheck.Test.slice(1).map(here)], { stdio: 'ignore' });
      healthy = true;
    } catch {
      // Not yet.
    }
  }
  if (!healthy) throw new Error('the service never became healthy');
  const answer = await fetch(`http://127.0.0.1:${PORT}/detect?include=abnormal`, { method: 'POST', headers: { 'content-type': 'text/plain' }, body: readFileSync(path.join(models, 'artifacts/quickstart/tomorrow/sample.log')) }).then((r) => r.json());
  // A chroot has no process ids of its own, and the service's log tells its.
  const pid = Number(/"pid":(\d+)/.exec(log)?.[1]);
  const status = readFileSync(`/proc/${pid}/status`, 'utf8');
  const user = /^Uid:\s+(\d+)/m.exec(status)?.[1];
  process.kill(pid, 'SIGTERM');
  const code = await ended;
  console.log(`${buildah(['images', '--noheading', '--format', '{{.Name}} {{.Size}}']).split('\n').join(', ')}`);
  console.log(`as user ${user}: healthy, ${answer.summary.total_sequences} sessions judged, ${answer.summary.total_anomalous_sequences} abnormal; SIGTERM: exit code ${code}`);
  if (code !== 0 || user !== '1000') process.exitCode = 1;
} finally {
  rmSync(scratch, { recursive: true, force: true });
}
