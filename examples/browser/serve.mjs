// Serves this page, TensorFlow.js from node_modules, and an export folder as model/. Nothing comes from elsewhere.
//   node examples/browser/serve.mjs artifacts/export [port]
import { createReadStream, statSync } from 'node:fs';
import { createServer } from 'node:http';
import { createRequire } from 'node:module';
import path from 'node:path';
import { fileURLToPath } from 'node:url';

const HERE = path.dirname(fileURLToPath(import.meta.url));
const TFJS = path.join(path.dirname(createRequire(import.meta.url).resolve('@tensorflow/tfjs/package.json')), 'dist', 'tf.min.js');
const TYPES = { '.html': 'text/html', '.js': 'text/javascript', '.json': 'application/json', '.bin': 'application/octet-stream' };

/** Answers on 127.0.0.1; port 0 takes a free one. */
export function startServer(exportFolder, port = 0) {
  const model = path.resolve(exportFolder);
  const server = createServer((request, response) => {
    const name = decodeURIComponent(new URL(request.url ?? '/', 'http://localhost').pathname).slice(1) || 'index.html';
    const file = name === 'tf.js' ? TFJS : name.startsWith('model/') ? path.join(model, name.slice('model/'.length)) : path.join(HERE, name);
    const inside = file === TFJS || file.startsWith(model + path.sep) || file.startsWith(HERE + path.sep);
    if (!inside || statSync(file, { throwIfNoEntry: false })?.isFile() !== true) {
      response.writeHead(404, { 'content-type': 'text/plain' }).end('There is no such file.');
      return;
    }
    response.writeHead(200, { 'content-type': TYPES[path.extname(file)] ?? 'application/octet-stream', 'content-security-policy': "default-src 'self'; style-src 'self' 'unsafe-inline'; script-src 'self' 'unsafe-eval'" });
    createReadStream(file).pipe(response);
  });
  return new Promise((resolve) => server.listen(port, '127.0.0.1', () => resolve(server)));
}

if (process.argv[1] !== undefined && path.resolve(process.argv[1]) === fileURLToPath(import.meta.url)) {
  const server = await startServer(process.argv[2] ?? 'artifacts/export', Number(process.argv[3] ?? 8123));
  console.log(`http://127.0.0.1:${server.address().port}/`);
}
