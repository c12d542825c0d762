import { spawn, type ChildProcessWithoutNullStreams } from 'node:child_process';
import { DataError } from '../../common/index.js';
import type { SavedNetwork } from '../../engine/index.js';

/**
 * Opens the file in Keras and answers batches: a line of JSON {"keras": version} first, then for each request (uint32 length in
 * bytes, float32 values) the same with the named layer's output. What Keras prints goes to standard error.
 */
const PROGRAM = `
import json, os, struct, sys
os.environ.setdefault('TF_CPP_MIN_LOG_LEVEL', '3')
read, write = sys.stdin.buffer, os.fdopen(os.dup(1), 'wb')
os.dup2(2, 1)
import numpy as np
if os.environ.get('TF_USE_LEGACY_KERAS'):
    import tf_keras as keras
else:
    try:
        import keras
    except ImportError:
        from tensorflow import keras
whole = keras.models.load_model(sys.argv[1], compile=False)
model = keras.models.Model(whole.inputs, whole.get_layer(sys.argv[2]).output)
shape = tuple(int(n) for n in sys.argv[3].split(','))
write.write((json.dumps({'keras': keras.__version__}) + '\\n').encode())
write.flush()
while True:
    head = read.read(4)
    if len(head) < 4:
        break
    x = np.frombuffer(read.read(struct.unpack('<I', head)[0]), '<f4').reshape((-1,) + shape)
    y = np.asarray(model.predict(x, batch_size=1024, verbose=0), '<f4').tobytes()
    write.write(struct.pack('<I', len(y)) + y)
    write.flush()
`;

/** Opens a Keras h5 file in the Keras of a Python. @throws DataError when that Python has no Keras, or Keras refuses the file */
export async function openKeras(file: string, layer: string, rowShape: readonly number[], python: string): Promise<SavedNetwork> {
  const child = spawn(python, ['-c', PROGRAM, file, layer, rowShape.join()], { stdio: 'pipe' });
  let said = '';
  child.stderr.on('data', (chunk: Buffer) => { said = (said + chunk.toString()).slice(-4000); });
  const failed = new Promise<never>((_, reject) => {
    const fail = (why: string): void => reject(new DataError(`${python}: cannot run ${file} in Keras (${why}). Give --keras_python a Python with Keras, or leave it out.`));
    child.on('error', (error) => fail(error.message));
    child.stdin.on('error', () => undefined);
    child.on('close', () => fail(said.trim().split('\n').at(-1) ?? 'it ended'));
  });
  failed.catch(() => undefined);
  const reader = new Reader(child);
  const line = await Promise.race([reader.line(), failed]);
  return {
    runtime: `Keras ${(JSON.parse(line) as { keras: string }).keras}`,
    async run(inputs) {
      const [{ data }] = Object.values(inputs);
      const head = Buffer.alloc(4);
      head.writeUInt32LE(data.byteLength);
      child.stdin.write(head);
      child.stdin.write(Buffer.from(data.buffer, data.byteOffset, data.byteLength));
      const length = (await Promise.race([reader.bytes(4), failed])).readUInt32LE();
      const bytes = await Promise.race([reader.bytes(length), failed]);
      return { [layer]: new Float32Array(bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + length)) };
    },
    dispose: () => new Promise((resolve) => {
      child.on('close', () => resolve());
      if (child.exitCode !== null) resolve();
      child.stdin.end();
    }),
  };
}

/** Takes what a process writes, piece by piece. */
class Reader {
  private held = Buffer.alloc(0);
  private wake: (() => void) | null = null;

  constructor(child: ChildProcessWithoutNullStreams) {
    child.stdout.on('data', (chunk: Buffer) => {
      this.held = Buffer.concat([this.held, chunk]);
      this.wake?.();
    });
  }

  async line(): Promise<string> {
    while (!this.held.includes(10)) await this.more();
    return (await this.bytes(this.held.indexOf(10) + 1)).toString();
  }

  async bytes(count: number): Promise<Buffer> {
    while (this.held.length < count) await this.more();
    const taken = this.held.subarray(0, count);
    this.held = this.held.subarray(count);
    return taken;
  }

  private more(): Promise<void> {
    return new Promise((resolve) => { this.wake = resolve; });
  }
}
