import path from 'node:path';
import { checkOutput, hashInputs, openOutput, readJson, readManifest, writeAtomic, writeJson, writeManifest } from '../../artifacts/index.js';
import { codeCell, DataError } from '../../common/index.js';
import { quoteLines } from '../../parsing/index.js';
import { curvesOfCounts } from '../curves.js';
import { averagePrecision, confusionAt, countScores, oracleF1, pointMetrics, rocAuc, thresholdFor, type PointMetrics } from '../metrics.js';
import { abnormalLines } from './detect.js';
import { drawEvaluation } from './draw.js';
import { openLog, requireSameLog } from './log_lines.js';
import { readWindows, type ScoredWindow } from './scored_windows.js';

export interface EvaluateWindowsOptions {
  /** What detect or apply wrote. */
  readonly input: string;
  /** 0 or 1 per line of the log, or pattern:<regular expression>; without it only the distribution is shown. */
  readonly labelFile?: string;
  readonly outputPath: string;
  readonly overwrite: boolean;
  /** How many of the highest windows to show with their worst line. */
  readonly top: number;
  readonly flags: Readonly<Record<string, unknown>>;
}

export interface EvaluatedWindows {
  readonly windows: number;
  readonly threshold: number;
  readonly alerts: number;
  readonly quantiles: Readonly<Record<string, number>>;
  readonly top: readonly (ScoredWindow & { readonly text: string })[];
  readonly labelled: (PointMetrics & {
    readonly abnormal: number; readonly roc_auc: number | null; readonly pr_auc: number | null; readonly oracle_f1: number | null;
    readonly table: readonly (PointMetrics & { readonly target_fpr: number; readonly threshold: number })[];
  }) | null;
}

const RATES = [0.0001, 0.001, 0.005, 0.01, 0.02, 0.05];

/**
 * autoencoder evaluate: what the scores of the test windows look like, which are highest, and with labels how good they are: a window is abnormal
 * when one of its lines is. Thresholds come from the validation windows, never from the test part; the curves are of the test part.
 * @throws DataError when the input is not detect's, or labels are missing
 */
export async function evaluateWindows(options: EvaluateWindowsOptions): Promise<EvaluatedWindows> {
  const startedAt = performance.now();
  const { input, outputPath, labelFile } = options;
  const manifest = await readManifest(input);
  const applied = manifest.stage === 'autoencoder apply';
  if (!applied && manifest.stage !== 'autoencoder detect') throw new DataError(`${input}: was written by ${manifest.stage}, not by "autoencoder detect" or "autoencoder apply". Name the folder that one of them wrote.`);
  await checkOutput(outputPath, options.overwrite);
  const { threshold } = (await readJson(path.join(input, 'config.json'))) as { threshold: number };
  const windows = await readWindows(path.join(input, 'windows.jsonl'));
  const test = windows.filter((w) => w.part === 'test');
  if (test.length === 0) throw new DataError(`${input}: has no test window; validation reaches to the end of the log. Prepare with a smaller --val_ratio.`);
  const log = String(manifest.log);
  await requireSameLog(await openLog(log), { folder: input, sha256: manifest.log_sha256 });
  const abnormal = labelFile === undefined ? null : await abnormalLines(labelFile, log, Math.max(...test.map((w) => w.last_line)));
  const isBad = (w: ScoredWindow): boolean => abnormal !== null && abnormal.subarray(w.first_line, w.last_line + 1).includes(1);
  const bad = test.map(isBad);
  const counts = countScores(test.map((w) => w.score), bad);
  const calibration = applied ? ((await readJson(path.join(input, 'calibration.json'))) as number[]) : windows.filter((w) => w.part === 'validation' && !isBad(w)).map((w) => w.score);
  const at = (t: number): PointMetrics => pointMetrics(confusionAt(counts, t));
  const highest = [...test].sort((a, b) => b.score - a.score || a.first_line - b.first_line).slice(0, options.top);
  const quoted = await quoteLines(log, new Set(highest.map((w) => w.worst_line)));
  const sorted = Float64Array.from(test, (w) => w.score).sort();
  const result: EvaluatedWindows = {
    windows: test.length, threshold, alerts: test.filter((w) => w.score > threshold).length,
    quantiles: Object.fromEntries([0, 0.5, 0.9, 0.99, 0.999, 1].map((q) => [String(q), sorted[Math.min(sorted.length - 1, Math.floor(q * sorted.length))]])),
    top: highest.map((w) => ({ ...w, text: quoted.get(w.worst_line) ?? '' })),
    labelled: abnormal === null ? null : {
      ...at(threshold), abnormal: bad.filter(Boolean).length, roc_auc: rocAuc(counts), pr_auc: averagePrecision(counts), oracle_f1: oracleF1(counts),
      table: RATES.map((rate) => { const t = thresholdFor(calibration, rate); return { target_fpr: rate, threshold: t, ...at(t) }; }),
    },
  };
  const { labelled } = result;
  const curves = curvesOfCounts(counts, abnormal !== null);
  const point = labelled === null ? null : { recall: labelled.recall ?? 0, precision: labelled.precision ?? 0, falseAlarms: labelled.fp / Math.max(1, labelled.fp + labelled.tn) };
  await openOutput(outputPath, ['evaluation.json', 'evaluation.svg', 'evaluation.md']);
  await writeJson(path.join(outputPath, 'evaluation.json'), { schema: 'deeplog.autoencoder_evaluation/1', ...result, curves });
  await writeAtomic(path.join(outputPath, 'evaluation.svg'), drawEvaluation({ title: `${log}: windows of lines`, curves, threshold, windows: test.length, abnormal: labelled?.abnormal ?? null, rocAuc: labelled?.roc_auc ?? null, prAuc: labelled?.pr_auc ?? null, point }));
  await writeAtomic(path.join(outputPath, 'evaluation.md'), markdown(result, log));
  await writeManifest(outputPath, { stage: 'autoencoder evaluate', startedAt, options: options.flags, inputs: await hashInputs([path.join(input, 'windows.jsonl')]) });
  return result;
}

/** The same for reading in a terminal. */
export function markdown({ windows, threshold, alerts, quantiles, top, labelled }: EvaluatedWindows, log: string): string {
  const number = (x: number | null): string => (x === null ? '–' : x.toFixed(3));
  const out = [
    `# ${log}: ${windows.toLocaleString('en-US')} test windows`, '',
    `threshold ${threshold.toPrecision(4)} from validation windows; ${alerts.toLocaleString('en-US')} windows above it`, '',
    `scores: ${Object.entries(quantiles).sort(([a], [b]) => Number(a) - Number(b)).map(([q, v]) => `${Number(q) * 100} % ${v.toPrecision(3)}`).join(' · ')}`, '',
  ];
  if (labelled !== null) {
    out.push(`${labelled.abnormal.toLocaleString('en-US')} windows hold an abnormal line: F1 ${number(labelled.f1)}, precision ${number(labelled.precision)}, recall ${number(labelled.recall)}; ROC area ${number(labelled.roc_auc)}, PR area ${number(labelled.pr_auc)}, oracle F1 ${number(labelled.oracle_f1)}`, '');
    out.push('| false alarms aimed at | threshold | tp | fp | fn | precision | recall | F1 |', '|---:|---:|---:|---:|---:|---:|---:|---:|');
    for (const t of labelled.table) out.push(`| ${+(100 * t.target_fpr).toPrecision(3)} % | ${t.threshold.toPrecision(4)} | ${t.tp} | ${t.fp} | ${t.fn} | ${number(t.precision)} | ${number(t.recall)} | ${number(t.f1)} |`);
    out.push('');
  }
  out.push('| lines | score | worst line | error | text |', '|---|---:|---:|---:|---|', ...top.map((w) => `| ${w.first_line}–${w.last_line} | ${w.score.toPrecision(4)} | ${w.worst_line} | ${w.worst_error.toPrecision(4)} | ${codeCell(w.text, 120)} |`));
  return `${out.join('\n')}\n`;
}
