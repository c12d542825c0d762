import path from 'node:path';
import type { Format } from './formats.js';
import type { Parity } from './parity.js';
import type { ExportSubject } from './subject.js';

/** What a user of the model should know, as in Mitchell et al., "Model cards for model reporting" (FAT* 2019). */
export interface ModelCard {
  readonly schema: 'deeplog.model_card/1';
  readonly name: string;
  readonly detector: string;
  /** A detector judges its units; an encoder turns them into vectors. */
  readonly kind: ExportSubject['kind'];
  readonly unit: ExportSubject['unit'];
  readonly created: string;
  readonly licence: string;
  readonly intended_use: string;
  readonly data: { readonly name: string; readonly files: Readonly<Record<string, string>> };
  /** How the numbers came about: split, threshold, seed. */
  readonly protocol: Readonly<Record<string, unknown>>;
  readonly metrics: Readonly<Record<string, unknown>>;
  /** What the metrics were measured on, and with which threshold: a sentence. Null: there are none. */
  readonly metrics_of: string | null;
  readonly threshold: number | null;
  readonly limits: readonly string[];
  readonly trained_by: { readonly stage: string; readonly commit: string | null; readonly machine: string; readonly created: string };
  readonly networks: readonly { readonly name: string; readonly parameters: number; readonly files: Partial<Record<Format, string>> }[];
  readonly parity: Partial<Record<Format, Parity>>;
}

/** What is known of a trained model besides its networks: its folder's manifest, metrics.json and config.json. */
export interface CardFacts {
  readonly manifest: { readonly stage: string; readonly created: string; readonly commit: string | null; readonly machine: string; readonly seed: number | null; readonly inputs: Readonly<Record<string, string>>; readonly options: Readonly<Record<string, unknown>>; readonly [more: string]: unknown };
  readonly metrics: Readonly<Record<string, unknown>> | null;
  readonly detector: string;
  readonly kind: ExportSubject['kind'];
  readonly unit: ExportSubject['unit'];
  readonly needs: readonly string[];
  readonly threshold: number | null;
  /** The threshold was taken anew after the training: what the training said of its own no longer holds. */
  readonly recalibrated?: boolean;
  readonly name?: string;
  readonly dataName?: string;
  readonly licence?: string;
  readonly intendedUse?: string;
  readonly networks: ModelCard['networks'];
  readonly parity: ModelCard['parity'];
}

const LICENCE = "not stated: weights follow the terms of the data they were learned from; set it with --licence. The software itself is MIT.";
const USE = {
  detector: (unit: string): string => `Ranking and flagging unusual ${unit}s of the same system whose logs it was trained on, for a person to look at. Not for deciding about people, and not as the only safeguard of anything.`,
  encoder: (unit: string): string => `Turning ${unit}s of the same system's logs into vectors, for a detector to judge. By itself it does not say what is abnormal.`,
};
const PROTOCOL_FLAGS = ['split', 'train_ratio', 'val_ratio', 'train_on', 'target_fpr', 'window_size', 'min_length', 'preset', 'score', 'alpha', 'seed'];

export function modelCard(facts: CardFacts): ModelCard {
  const { manifest, metrics } = facts;
  const { options } = manifest;
  const trainedOn = [options.input_file, manifest.log].find((file) => typeof file === 'string');
  const given = typeof trainedOn === 'string' ? path.basename(trainedOn) : 'unknown';
  const test = (metrics?.test ?? null) as Readonly<Record<string, unknown>> | null;
  return {
    schema: 'deeplog.model_card/1',
    name: facts.name ?? facts.detector,
    detector: facts.detector,
    kind: facts.kind,
    unit: facts.unit,
    created: new Date().toISOString(),
    licence: facts.licence ?? LICENCE,
    intended_use: facts.intendedUse ?? USE[facts.kind](facts.unit),
    data: { name: facts.dataName ?? given, files: Object.fromEntries(Object.entries(manifest.inputs).map(([file, hash]) => [path.basename(file), hash])) },
    protocol: {
      ...Object.fromEntries(PROTOCOL_FLAGS.filter((f) => options[f] !== undefined).map((f) => [f, options[f]])),
      ...(manifest.split_sha256 === undefined ? {} : { split_sha256: manifest.split_sha256 }), seed: manifest.seed,
    },
    metrics: test ?? metrics ?? {},
    metrics_of: metricsOf(metrics, test, facts.threshold),
    threshold: facts.threshold,
    limits: limitsOf(facts, test),
    trained_by: { stage: manifest.stage, commit: manifest.commit, machine: manifest.machine, created: manifest.created },
    networks: facts.networks,
    parity: facts.parity,
  };
}

/** Only metrics of a test part are called so; and those of a threshold that was replaced since are not the exported one's. */
function metricsOf(metrics: CardFacts['metrics'], test: Readonly<Record<string, unknown>> | null, threshold: number | null): string | null {
  if (Object.keys(test ?? metrics ?? {}).length === 0) return null;
  if (test === null) return 'Of the training, not of a test part: they do not say how well it detects.';
  if (test.threshold === threshold) return 'On the test part of the split above, read once, with the threshold below.';
  const own = test.threshold ?? null;
  return `On the test part of the split above, ${own === null ? 'without the threshold below' : `with the threshold ${shown(own)}, not with the one below, which is newer`}: whatever depends on the threshold does not hold for this model as it is now.`;
}

function limitsOf({ needs, threshold, kind, unit, metrics, recalibrated }: CardFacts, test: Readonly<Record<string, unknown>> | null): string[] {
  const positives = test === null ? null : Number(test.tp) + Number(test.fn);
  const reads = needs.includes('text')
    ? 'It reads raw lines: lines of another layout, or with words that the training part did not have, get vectors that mean little.'
    : 'Event ids mean something only with the parser state they were trained with; another parser, or a relearned one, gives other ids.';
  if (kind === 'encoder') return [reads, 'Its vectors can be compared with each other, not with those of another encoder.'];
  return [
    reads,
    `Whatever was not in the training part counts as evidence against a ${unit}: after a release that logs new events expect alarms until the model is trained anew.`,
    `The threshold is from ${test?.labelled === false ? 'validation sessions of the training period, all taken for normal (they had no labels)' : 'normal validation sessions of the training period'}; it grows stale when normal behaviour drifts (\`deeplog detect --recalibrate\` takes it anew).`,
    ...(recalibrated !== true && Array.isArray(metrics?.limits) ? metrics.limits.map((limit) => sentence(String(limit))) : []),
    ...(needs.includes('params') ? ['It reads the numbers of each line and those of the same event before it, in line order: sessions cut out of their log cannot be scored.'] : []),
    ...(threshold === null ? ['It comes without a threshold: choose one on normal sessions of your own.'] : []),
    ...(test === null ? ['Its folder holds no test metrics: how well it detects was not measured here.']
      : test.labelled === false ? ['The data had no labels: how many anomalies it finds was not measured.']
        : positives !== null && positives < 100 ? [`Its test part held ${positives} abnormal sessions only: the figures are uncertain.`] : []),
  ];
}

function sentence(text: string): string {
  return `${text.slice(0, 1).toUpperCase()}${text.slice(1)}.`;
}

/** The card as a page, with the machine-readable one named in it. */
export function renderCard(card: ModelCard, recipe: readonly string[]): string {
  const { metrics } = card;
  const rows = (record: Readonly<Record<string, unknown>>): string[] => Object.entries(record).filter(([, v]) => v === null || typeof v !== 'object').map(([k, v]) => `| ${k} | ${shown(v)} |`);
  const lines = [
    `# ${card.name}`, '', `${card.kind === 'encoder' ? 'Encoder' : 'Detector'} \`${card.detector}\`, exported ${card.created.slice(0, 10)}. The same as data: model_card.json.`, '',
    '## Intended use', '', card.intended_use, '',
    '## Data', '', `Trained on ${card.data.name}.`, '', '| file | sha256 |', '|---|---|', ...Object.entries(card.data.files).map(([f, h]) => `| ${f} | ${h} |`), '',
    '## Protocol', '', '| setting | value |', '|---|---|', ...rows(card.protocol), '',
    '## Metrics', '', ...(card.metrics_of === null ? ['None in the model folder.'] : [card.metrics_of, '', '| metric | value |', '|---|---|', ...rows(metrics)]), '',
    ...(card.kind === 'encoder' ? [] : [`Threshold: ${card.threshold === null ? 'none' : shown(card.threshold)}${card.threshold === null ? '' : ` (a ${card.unit} is abnormal above it)`}.`, '']),
    '## Files', '', '| network | parameters | files |', '|---|---|---|', ...card.networks.map((n) => `| ${n.name} | ${n.parameters.toLocaleString('en-US')} | ${Object.values(n.files).join(', ')} |`), '',
    '## Agreement with the engine', '', ...parityTable(card), '',
    card.kind === 'encoder' ? '## How a vector is made' : '## How a score is made', '', ...recipe.map((step, i) => `${i + 1}. ${step}`), '',
    '## Limits', '', ...card.limits.map((l) => `- ${l}`), '',
    '## Licence', '', card.licence, '',
    '## Origin', '', `Stage \`${card.trained_by.stage}\`, ${card.trained_by.created}, commit ${card.trained_by.commit ?? 'unknown'}, on ${card.trained_by.machine}.`, '',
  ];
  return lines.join('\n');
}

function parityTable({ parity, kind, unit }: ModelCard): string[] {
  const entries = Object.entries(parity);
  if (entries.length === 0) return ['Not checked (--no-verify, or no networks).'];
  return [
    `| format | runtime | ${unit}s | largest difference of a ${kind === 'encoder' ? "vector's number" : 'score'} | of a network output |`, '|---|---|---|---|---|',
    ...entries.map(([format, p]) => `| ${format} | ${p.runtime} | ${p.samples ?? 'none at hand'} | ${p.largest_score_difference === null ? '–' : `${p.largest_score_difference.toExponential(1)}${p.largest_score_difference === 0 ? '' : ` (at ${kind === 'encoder' ? '' : 'a score of '}${shown(p.at_score)})`}`} | ${p.largest_output_difference.toExponential(1)} |`),
  ];
}

function shown(value: unknown): string {
  return value === null ? '–' : typeof value === 'number' && !Number.isInteger(value) ? String(+value.toPrecision(4)) : String(value);
}
