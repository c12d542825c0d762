import { spawn, type ChildProcessWithoutNullStreams } from 'node:child_process';
import { DataError } from '../../common/index.js';
import type { SavedNetwork } from '../../engine/index.js';

/**
 * Answers requests for the layers of Keras files: a line of JSON {file, layer, shape, bytes} and so many bytes of float32 rows; the answer is
 * a line {keras: version, bytes} and the layer's output, or {error}. What Keras prints goes to standard error.
 */
const PROGRAM = `
import json, os, sys
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
models = {}
for line in read:
    ask = json.loads(line.decode())
    x = np.frombuffer(read.read(ask['bytes']), '<f4').reshape([-1] + ask['shape'])
    try:
        if ask['file'] not in models:
            whole = keras.models.load_model(ask['file'], compile=False)
            models[ask['file']] = keras.models.Model(whole.inputs, whole.get_layer(ask['layer']).output)
        y = np.asarray(models[ask['file']].predict(x, batch_size=1024, verbose=0) if len(x) else x, '<f4').tobytes()
        write.write((json.dumps({'keras': keras.__version__, 'bytes': len(y)}) + '\\n').encode() + y)
    except Exception as error:
        write.write((json.dumps({'error': str(error).splitlines()[0], 'bytes': 0}) + '\\n').encode())
    write.flush()
`;

/** The Keras of one Python, which opens any number of files. */
export class KerasProcess {
  private readonly child: ChildProcessWithoutNullStreams;
  private readonly reader: Reader;
  private readonly failed: Promise<never>;
  private said = '';
  /** Requests one after the other. */
  private turn: Promise<unknown> = Promise.resolve();

  constructor(private readonly python: string) {
    this.child = spawn(python, ['-c', PROGRAM], { stdio: 'pipe' });
    this.child.stderr.on('data', (chunk: Buffer) => { this.said = (this.said + chunk.toString()).slice(-4000); });
    this.failed = new Promise<never>((_, reject) => {
      const fail = (why: string): void => reject(new DataError(`${python}: cannot run Keras files (${why}). Give --keras_python a Python with Keras, or leave it out.`));
      this.child.on('error', (error) => fail(error.message));
      this.child.stdin.on('error', () => undefined);
      this.child.on('close', () => fail(this.said.trim().split('\n').at(-1) ?? 'it ended'));
    });
    this.failed.catch(() => undefined);
    this.reader = new Reader(this.child);
  }

  /** @throws DataError when that Python has no Keras, or Keras refuses the file */
  async open(file: string, layer: string, rowShape: readonly number[]): Promise<SavedNetwork> {
    const { keras } = await this.ask(file, layer, rowShape, new Float32Array(0));
    return {
      runtime: `Keras ${keras}`,
      run: async (inputs) => {
        const [{ data }] = Object.values(inputs);
        return { [layer]: (await this.ask(file, layer, rowShape, data)).values };
      },
      dispose: () => Promise.resolve(),
    };
  }

  close(): Promise<void> {
    if (this.child.exitCode !== null || this.child.pid === undefined) return Promise.resolve();
    return new Promise((resolve) => {
      this.child.on('close', () => resolve());
      this.child.stdin.end();
    });
  }

  private ask(file: string, layer: string, shape: readonly number[], data: ArrayBufferView): Promise<{ keras: string; values: Float32Array }> {
    const answer = this.turn.then(async () => {
      this.child.stdin.write(`${JSON.stringify({ file, layer, shape, bytes: data.byteLength })}\n`);
      this.child.stdin.write(Buffer.from(data.buffer, data.byteOffset, data.byteLength));
      const head = JSON.parse(await Promise.race([this.reader.line(), this.failed])) as { keras: string; bytes: number; error?: string };
      if (head.error !== undefined) throw new DataError(`${file}: Keras of ${this.python} does not run it (${head.error}).`);
      const bytes = await Promise.race([this.reader.bytes(head.bytes), this.failed]);
      return { keras: head.keras, values: new Float32Array(bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + head.bytes)) };
    });
    this.turn = answer.catch(() => undefined);
    return answer;
  }
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
