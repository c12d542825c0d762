import { existsSync } from 'node:fs';
import { cp, readdir } from 'node:fs/promises';
import path from 'node:path';
import { checkOutput, hashInputs, openOutput, readJson, readManifest, writeAtomic, writeJson, writeManifest, type Manifest } from '../artifacts/index.js';
import { DataError } from '../common/index.js';
import { isExportable, loadDetector, type Detector } from '../detectors/index.js';
import type { Engine } from '../engine/index.js';
import { FORMATS, formatsOf, type Format } from './formats.js';
import { modelCard, renderCard } from './model_card.js';
import { checkParity, TOLERANCE, type Parity } from './parity.js';
import { detectorSubject, type ExportSubject } from './subject.js';
import { writeFormats, type ExportedFiles, type NetworksDescription } from './write_formats.js';

export interface ExportOptions {
  readonly model: string;
  readonly outputPath: string;
  readonly overwrite: boolean;
  readonly formats: readonly Format[];
  readonly verify: boolean;
  /** Sessions to compare scores on; default: what the model was trained from, where that is still there. */
  readonly verifyInput?: string;
  readonly verifySessions: number;
  /** A Python with Keras that runs the h5 files. */
  readonly kerasPython?: string;
  readonly name?: string;
  readonly dataName?: string;
  readonly licence?: string;
  readonly intendedUse?: string;
  readonly flags: Readonly<Record<string, unknown>>;
  /** Opens a model folder whose config.json names no detector; null when it is none of its kinds either. */
  openOther?(folder: string, engine: Engine): Promise<ExportSubject | null>;
  onProgress?(what: string): void;
}

export interface Exported {
  readonly detector: string;
  readonly files: ExportedFiles;
  readonly parity: Partial<Record<Format, Parity>>;
  readonly notes: readonly string[];
}

async function copyJson(from: string, to: string, names: readonly string[]): Promise<void> {
  for (const name of names) if (existsSync(path.join(from, name))) await cp(path.join(from, name), path.join(to, name));
}

const DETECTORS_WITH_EXPORT = 'deeplog-keys (all scores), deeplog-params, deeplog, loganomaly, logbert, autoencoder and ensemble';

interface Made {
  readonly files: ExportedFiles;
  readonly description: NetworksDescription;
  readonly parity: Exported['parity'];
}

/** What a model folder may hold that its users need: the parser that gave the event ids, and models that are JSON. */
const COPIED = ['parser.json', 'parser_state.json', 'templates.json', 'workflow_model.json', 'workflows.json'];

/**
 * A trained model's folder → files for other runtimes, config.json with all that is needed to score, and a model card. Every file
 * is run in its runtime before the folder is finished.
 * @throws DataError when there is no such model, a format does not exist for it, or a file does not do what the engine does
 */
export async function exportModel(options: ExportOptions, engine: () => Promise<Engine>): Promise<Exported> {
  const startedAt = performance.now();
  const { model, outputPath } = options;
  const manifest = await readManifest(model);
  if (!existsSync(path.join(model, 'config.json'))) throw new DataError(`${model}: holds the result of ${manifest.stage}, not a trained model. Give --model a folder that a training stage wrote.`);
  await checkOutput(outputPath, options.overwrite);
  const config = (await readJson(path.join(model, 'config.json'))) as Record<string, unknown>;
  const { subject, detector } = await opened(options, config, manifest, engine);
  const notes: string[] = [...(subject?.notes ?? [])];
  try {
    if (subject === null && detector?.usesEngine === true) throw new DataError(`${detector.id}: its networks cannot be exported yet. Exportable are ${DETECTORS_WITH_EXPORT}; detectors without a network are copied as JSON.`);
    await openOutput(outputPath);
    for (const part of ['', ...(detector?.components ?? []).map((c) => c.id)]) await copyJson(path.join(model, part), path.join(outputPath, part), part === '' ? COPIED : [...COPIED, 'config.json', 'model.safetensors']);
    const { files, description, parity } = subject === null ? await exportJson(model, outputPath, String(config.detector), notes) : await exportNetworks(subject, options, await engine(), notes);
    const networks = (subject?.networks() ?? []).map((n) => ({ name: n.name, parameters: n.model.parameters.reduce((sum, p) => sum + p.shape.reduce((a, b) => a * b, 1), 0), files: files.get(n.name) ?? {} }));
    const [kind, unit] = [subject?.kind ?? 'detector', subject?.unit ?? 'session'];
    const threshold = typeof config.threshold === 'number' ? config.threshold : detector?.binary === true ? 0.5 : null;
    await writeJson(path.join(outputPath, 'config.json'), { ...config, ...(kind === 'detector' ? { threshold } : {}), export: { kind, unit, ...description } });
    const metricsFile = path.join(model, 'metrics.json');
    const id = subject?.id ?? String(config.detector);
    const card = modelCard({
      manifest, metrics: existsSync(metricsFile) ? (await readJson(metricsFile)) as Record<string, unknown> : null, detector: id, kind, unit, needs: [...(subject ?? detector)?.needs ?? []], threshold, recalibrated: config.recalibrated !== undefined, networks, parity,
      ...(options.name === undefined ? {} : { name: options.name }), ...(options.dataName === undefined ? {} : { dataName: options.dataName }),
      ...(options.licence === undefined ? {} : { licence: options.licence }), ...(options.intendedUse === undefined ? {} : { intendedUse: options.intendedUse }),
    });
    await writeJson(path.join(outputPath, 'model_card.json'), card);
    await writeAtomic(path.join(outputPath, 'model_card.md'), renderCard(card, description.scoring));
    await writeManifest(outputPath, { stage: 'export', startedAt, options: options.flags, inputs: await hashInputs([path.join(model, 'config.json'), path.join(model, 'model.safetensors'), path.join(model, 'manifest.json')]), extra: { detector: id, parity, files: Object.fromEntries(files) } });
    return { detector: id, files, parity, notes };
  } finally {
    await (subject ?? detector)?.dispose?.();
  }
}

/** What the folder holds: a detector, with networks (then as a subject) or without, or something that `openOther` knows. @throws DataError */
async function opened({ model, openOther }: ExportOptions, config: Readonly<Record<string, unknown>>, manifest: Manifest, engine: () => Promise<Engine>): Promise<{ subject: ExportSubject | null; detector: Detector | null }> {
  if (typeof config.detector === 'string') {
    const detector = await loadDetector(model, engine);
    return { subject: isExportable(detector) ? detectorSubject(detector, manifest.options.input_file) : null, detector };
  }
  const subject = (await openOther?.(model, await engine())) ?? null;
  if (subject === null) throw new DataError(`${model}: holds the result of ${manifest.stage}, whose config.json names no detector. Give --model a detector's folder, as log-key, logbert train or benchmark (artifacts/benchmark/fitted) write it.`);
  return { subject, detector: null };
}

async function exportNetworks(subject: ExportSubject, options: ExportOptions, engine: Engine, notes: string[]): Promise<Made> {
  const networks = subject.networks();
  const possible = FORMATS.filter((f) => networks.some((n) => formatsOf(n).includes(f)));
  const wanted = options.formats.filter((f) => possible.includes(f));
  if (wanted.length === 0) throw new DataError(`${subject.id} cannot be exported as ${options.formats.join(' or ')}: its networks are no plain sequence of layers. It has ${possible.join(', ')}: choose with --formats.`);
  const left = options.formats.filter((f) => !possible.includes(f));
  if (left.length > 0) notes.unshift(`${subject.id} has no ${left.join(' or ')} file (its networks are no plain sequence of layers), only ${possible.join(', ')}`);
  const { files, description } = await writeFormats(subject, options.outputPath, wanted, options.onProgress);
  if (!options.verify) return { files, description, parity: {} };
  const samples = await subject.samples(options.verifyInput, options.verifySessions);
  if (samples === null) notes.push(`the ${subject.unit}s it was trained on are not at hand: the files were compared on generated inputs only (--verify_input compares scores on ${subject.unit}s of your own)`);
  options.onProgress?.(`running the files on generated inputs${samples === null ? '' : ` and ${samples.count} ${subject.unit}s`}`);
  const parity = await checkParity(subject, options.outputPath, files, { samples, engine, ...(options.kerasPython === undefined ? {} : { kerasPython: options.kerasPython }) });
  for (const [format, p] of Object.entries(parity)) {
    if (!(p.deviation <= TOLERANCE)) throw new DataError(`${subject.id}: the ${format} files, run in ${p.runtime}, are ${p.deviation.toExponential(1)} away from the engine (allowed: ${TOLERANCE}). They are in ${options.outputPath}, unfinished. This is a fault of the exporter: please report it, and leave ${format} out with --formats.`);
  }
  if (wanted.includes('h5') && options.kerasPython === undefined) notes.push('the Keras files were not run: --keras_python checks them in the Keras of a Python that has it');
  return { files, description, parity };
}

/** A detector without a network is its JSON files. */
async function exportJson(model: string, outputPath: string, id: string, notes: string[]): Promise<Made> {
  for (const name of await readdir(model)) if (name.endsWith('.json') && !['manifest.json', 'metrics.json', 'config.json'].includes(name)) await cp(path.join(model, name), path.join(outputPath, name));
  notes.push(`${id} has no network: its JSON was copied, there is nothing for ONNX, TensorFlow.js or Keras`);
  const scoring = ['This detector has no network: its scores are those of the workbench (`deeplog detect`), from the JSON files here.'];
  return { files: new Map(), description: { schema: 'deeplog.export/1', scoring, networks: [] }, parity: {} };
}
