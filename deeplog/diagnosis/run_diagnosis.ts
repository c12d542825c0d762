import path from 'node:path';
import { checkOutput, hashInputs, openOutput, writeAtomic, writeJson, writeManifest } from '../artifacts/index.js';
import type { Engine } from '../engine/index.js';
import { diagnose } from './diagnose.js';
import type { Diagnosis } from './diagnosis.js';
import { readInput, select, type Wanted } from './input.js';
import { loadModels, requireSameTemplates, type ModelFolders } from './models.js';
import { renderHtml } from './render_html.js';

export interface DiagnosisOptions {
  readonly inputFile: string;
  readonly labelFile?: string;
  readonly models: ModelFolders;
  readonly wanted: Wanted;
  readonly outputPath: string;
  readonly overwrite: boolean;
  readonly flags: Readonly<Record<string, unknown>>;
}

export interface DiagnosisResult {
  readonly schema: 'deeplog.diagnosis/1';
  readonly input: string;
  readonly models: Readonly<Record<string, string>>;
  readonly sessions: readonly Diagnosis[];
}

/** The diagnose stage: models and sessions → diagnosis.json and diagnosis.html. @throws DataError, UsageError */
export async function runDiagnosis(options: DiagnosisOptions, engine: () => Promise<Engine>): Promise<DiagnosisResult> {
  const startedAt = performance.now();
  await checkOutput(options.outputPath, options.overwrite);
  const models = await loadModels(options.models, engine);
  try {
    const input = await readInput(options.inputFile, options.labelFile);
    await requireSameTemplates(models, input.templates);
    const sessions = await diagnose(await select(input, options.wanted, models), input, models);
    const result: DiagnosisResult = { schema: 'deeplog.diagnosis/1', input: options.inputFile, models: models.folders, sessions };
    await openOutput(options.outputPath);
    await writeJson(path.join(options.outputPath, 'diagnosis.json'), result);
    await writeAtomic(path.join(options.outputPath, 'diagnosis.html'), renderHtml(sessions, [`input ${options.inputFile}`, ...Object.entries(models.folders).map(([part, folder]) => `${part}: ${folder}`), ...(models.keys === null ? [] : [`g = ${models.keys.g}`])]));
    await writeManifest(options.outputPath, { stage: 'diagnose', startedAt, options: options.flags, inputs: await hashInputs(Object.values(models.folders).map((f) => path.join(f, 'config.json'))) });
    return result;
  } finally {
    await models.keys?.detector.dispose?.();
    await models.params?.detector.dispose?.();
  }
}
