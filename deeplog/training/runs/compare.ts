import type { RunSummary } from './summary.js';

/** One line of a comparison: the same thing of each run. */
export interface ComparedRow {
  readonly name: string;
  readonly values: readonly string[];
  /** Whether this is a setting, and not a result. */
  readonly setting: boolean;
}

/** Results of runs side by side, and the settings in which they differ. */
export function compareRuns(runs: readonly { readonly summary: RunSummary; readonly config: Readonly<Record<string, unknown>> }[]): ComparedRow[] {
  const result = (name: string, of: (s: RunSummary) => string): ComparedRow => ({ name, values: runs.map(({ summary }) => of(summary)), setting: false });
  const names = (of: (s: RunSummary) => object): string[] => [...new Set(runs.flatMap(({ summary }) => Object.keys(of(summary))))];
  const rows = [
    result('stage', (s) => s.stage), result('status', (s) => s.status), result('seconds', (s) => s.seconds.toFixed(1)), result('epochs', (s) => `${s.epoch}/${s.max_epochs ?? '–'}`),
    result('loss', (s) => number(s.loss)), result('val_loss', (s) => number(s.val_loss)), result('best val_loss', (s) => number(s.best_loss)), result('best epoch', (s) => String(s.best_epoch ?? '–')),
    ...names((s) => s.metrics).map((name) => result(`val ${name}`, (s) => number(s.metrics[name]))),
    ...names((s) => s.test ?? {}).map((name) => result(`test ${name}`, (s) => number(s.test?.[name]))),
  ];
  const keys = [...new Set(runs.flatMap(({ config }) => Object.keys(config)))];
  const shown = (value: unknown): string => (value === undefined ? '–' : typeof value === 'object' ? JSON.stringify(value) : String(value));
  const settings = keys.map((name): ComparedRow => ({ name, values: runs.map(({ config }) => shown(config[name])), setting: true }));
  return [...rows, ...settings.filter(({ values }) => new Set(values).size > 1)];
}

function number(value: number | null | undefined): string {
  return value === null || value === undefined ? '–' : String(+value.toPrecision(5));
}
