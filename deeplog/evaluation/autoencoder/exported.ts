import path from 'node:path';
import { readJson, readManifest } from '../../artifacts/index.js';
import { DataError } from '../../common/index.js';
import type { WindowJudge} from '../../detectors/index.js';
import { enlargement, LineEncoder, lineRecipe, scaleRecipe, scaleVectors, WINDOW_ERRORS, type VectorScale } from '../../detectors/index.js';
import type { Engine } from '../../engine/index.js';
import type { ExportSubject, Samples } from '../../export/index.js';
import { LineBook } from '../../text/index.js';
import { dimensionsOf } from './line_stream.js';
import { timeOfDay } from './log_lines.js';
import { openWindowJudge, originOf, type Judged } from './opened.js';
import { sampleKinds, sampleLineWindows, type SampledWindow } from './sample_lines.js';

/**
 * What `autoencoder train` and `autoencoder detect` wrote, for `export`; null for other folders. The first is an encoder of lines. The second
 * holds the network that judges windows: together with its encoder, where that still lies where encode found it, it is a detector that reads
 * raw lines; alone it is one that reads vectors.
 * @throws DataError when the folder is damaged
 */
export async function openStagedAutoencoder(folder: string, engine: Engine): Promise<ExportSubject | null> {
  const { schema } = (await readJson(path.join(folder, 'config.json'))) as { schema?: string };
  if (schema === 'deeplog.text_autoencoder/1') return encoderSubject(await LineEncoder.load(folder, engine), (await readManifest(folder)).log);
  return schema === 'deeplog.window_autoencoder/1' ? windowSubject(folder, engine) : null;
}

function encodingData({ vocabulary, longest, buckets }: LineEncoder): Readonly<Record<string, unknown>> {
  return { tokens: vocabulary.tokens, longest, lengths: buckets };
}

function encoderSubject(encoder: LineEncoder, log: unknown): ExportSubject {
  return {
    id: 'autoencoder-encoder', kind: 'encoder', unit: 'line', needs: new Set(['text']),
    networks: () => encoder.networks(),
    scoringRecipe: () => [...lineRecipe(encoder.vocabulary.digits), "`errors` says how badly the line is written again from its vector: mean −ln p of its tokens and END. It is no measure of what is abnormal: rare lines are written badly, too."],
    scoringData: () => encodingData(encoder),
    samples: async (input, count) => {
      const book = await sampleKinds(input ?? log, input !== undefined, encoder, count);
      return book === null ? null : { count: book.length, scores: async (run) => Float64Array.from((await encoder.answeredBy(run).encode(book)).latents) };
    },
    dispose: () => encoder.dispose(),
  };
}

async function windowSubject(folder: string, engine: Engine): Promise<ExportSubject> {
  const { config, scale, judge } = await openWindowJudge(folder, engine);
  const found = await originOf(folder, engine);
  const origin = typeof found === 'string' ? `the line encoder is left out (${found}): what is exported reads vectors, not lines; export the encoder's folder, too` : found;
  const encoder = typeof origin === 'string' ? null : origin.encoder;
  return {
    id: 'autoencoder-windows', kind: 'detector', unit: 'window', needs: new Set(['text']), notes: typeof origin === 'string' ? [origin] : [],
    networks: () => [...(encoder?.networks() ?? []), judge.network()],
    scoringRecipe: () => windowRecipe(config, encoder),
    scoringData: () => ({ ...(encoder === null ? {} : encodingData(encoder)), means: Array.from(scale.means), projection: Array.from(scale.projection) }),
    amplification: () => enlargement(scale),
    samples: async (input, count) => {
      if (typeof origin === 'string') {
        if (input !== undefined) throw new DataError(`--verify_input ${input}: its lines cannot become vectors: ${origin}.`);
        return null;
      }
      const windows = await sampleLineWindows(input ?? origin.log, input !== undefined, config, origin.timeFormat, count);
      return windows === null ? null : windowSamples(windows, { config, scale, judge, encoder: origin.encoder });
    },
    dispose: async () => {
      await judge.dispose();
      await encoder?.dispose();
    },
  };
}

/** Windows of raw lines → their scores, as `autoencoder detect` makes them, but for the rounding. */
function windowSamples(windows: readonly SampledWindow[], { config, scale, judge, encoder }: { config: Judged; scale: VectorScale; judge: WindowJudge; encoder: LineEncoder }): Samples {
  const book = new LineBook(encoder.vocabulary, encoder.longest);
  const kinds = windows.map(({ lines }) => lines.map((line) => book.intern(line)));
  const { latent, timed } = config;
  const dimensions = dimensionsOf(config);
  return {
    count: windows.length,
    scores: async (run) => {
      const { latents } = await encoder.answeredBy(run).encode(book.lines);
      const vectors = new Float32Array(windows.reduce((sum, w) => sum + w.lines.length, 0) * dimensions);
      let line = 0;
      const numbers = windows.map(({ lines, times }, w) => Int32Array.from(lines, (_, i) => {
        const at = line * dimensions;
        vectors.set(latents.subarray(kinds[w][i] * latent, (kinds[w][i] + 1) * latent), at);
        const day = timed ? timeOfDay(times[i]) : null;
        if (day !== null) vectors.set([day.sine, day.cosine], at + latent);
        return line++;
      }));
      const errors = await judge.answeredBy(run).errors(numbers, scaleVectors(vectors, scale, dimensions));
      return Float64Array.from(errors, (own) => (config.score === 'line' ? Math.max(...own) : own.reduce((a, b) => a + b, 0) / own.length));
    },
  };
}

function windowRecipe({ windowSize, stride, timed, latent, score }: Judged, encoder: LineEncoder | null): readonly string[] {
  return [
    ...(encoder === null ? [`A line is ${latent} numbers: what the line encoder gave for it in \`autoencoder encode\`, each rounded as it says. That encoder is not among these files: export its folder, too.`] : lineRecipe(encoder.vocabulary.digits)),
    scaleRecipe('vector'),
    ...(timed ? ['Behind the scaled vector stand the sine and the cosine of the time of day: of the angle 2π × (milliseconds since midnight, as the line says it) / 86,400,000.'] : []),
    `Windows of ${windowSize} lines begin at line 1, ${1 + stride}, ${1 + 2 * stride} … of the log; one more ends with its last line, if no other does. A shorter log is one window.`,
    WINDOW_ERRORS,
    `A window's score is ${score === 'line' ? 'the largest' : 'the mean'} of its lines' errors; the window is abnormal when it is above \`threshold\`.`,
  ];
}
