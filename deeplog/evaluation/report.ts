import path from 'node:path';
import { describeMachine, newRunId, writeAtomic, writeJson } from '../artifacts/index.js';
import type { Results } from './result_row.js';
import { renderTables } from './table.js';

/** Writes results.json and report.md into a run folder. */
export async function writeReport(folder: string, results: Results, command: string): Promise<void> {
  await writeJson(path.join(folder, 'results.json'), results);
  const costs = results.rows.map((r) => `| ${r.protocol} | ${r.detector} | ${r.seed} | ${r.fit_seconds} | ${r.score_per_second.toLocaleString('en-US')} | ${r.peak_rss_mb} | ${r.model_bytes?.toLocaleString('en-US') ?? '–'} | ${r.engine ?? '–'} |`);
  const points = results.rows.flatMap((r) => (r.at_target_fpr ?? [{ ...r, target_fpr: null, validation_fpr: null }]).map((a) => `| ${r.protocol} | ${r.detector} | ${r.seed} | ${a.target_fpr === null ? 'none needed' : `${100 * a.target_fpr} %`} | ${a.threshold.toPrecision(4)} | ${a.validation_fpr === null ? '–' : `${(100 * a.validation_fpr).toFixed(3)} %`} | ${a.tp} | ${a.fp} | ${a.fn} | ${a.precision?.toFixed(4) ?? '–'} | ${a.recall?.toFixed(4) ?? '–'} | ${a.f1?.toFixed(4) ?? '–'} | ${r.oracle_f1?.toFixed(4) ?? '–'} |`));
  await writeAtomic(path.join(folder, 'report.md'), `# Benchmark report

Command: \`${command}\` · ${new Date().toISOString()} · ${describeMachine()} · Node ${process.version}

Every session gets a verdict. Thresholds come from the validation part's normal sessions; the test part is only scored. F1 is at
the target false-alarm rate; "F1 @1%" at 1 %; "own F1" at the threshold that the method itself proposes (a Q-statistic, p = .5); "oracle F1" is what picking the threshold on the test set would have reported;
"unseen F1" counts only sessions whose event sequence never occurs in training.

${renderTables(results, 'markdown').replace(/^### /gm, '## ')}
## Operating points

| protocol | detector | seed | target | threshold | on validation | tp | fp | fn | precision | recall | F1 | oracle F1 |
|---|---|---:|---:|---:|---:|---:|---:|---:|---:|---:|---:|---:|
${points.join('\n')}

## Cost

| protocol | detector | seed | fit s | sessions scored/s | peak MB (process) | model bytes | engine |
|---|---|---:|---:|---:|---:|---:|---|
${costs.join('\n')}
`);
}

/** A run folder that no other run has. */
export function newRunFolder(parent: string): string {
  return path.join(parent, newRunId());
}
