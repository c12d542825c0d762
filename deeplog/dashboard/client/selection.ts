import type { RunEvent } from '../../training/index.js';
import type { ReportLink } from '../reports.js';
import type { RunDetail } from '../run_data.js';
import { drawBars, drawConfusion, drawLines, short, type Line } from './charts.js';
import { byId, element } from './dom.js';
import { epochSeries, lastTraining, precisionAtRecall, smooth, stepSeries } from './series.js';

/** A run that is shown, with its colour. */
export type Shown = RunDetail & { readonly colour: string };

const STEP_BUCKETS = 400;
const NORMAL = '#2f6feb';
const ABNORMAL = '#c2255c';
const UNLABELLED = '#8793a5';

/** Draws everything on the right: the first run in full, and all of them in the charts. */
export async function drawSelection(shown: readonly Shown[], smoothing: number): Promise<void> {
  const [first] = shown;
  drawHeading(shown);
  drawTiles(first);
  drawTable(shown);
  await drawTraining(shown, smoothing);
  await drawEvaluation(shown);
}

function drawHeading(shown: readonly Shown[]): void {
  const [{ run }] = shown;
  if (shown.length > 1) {
    byId('heading').replaceChildren(element('h2', {}, `${shown.length} runs side by side`), element('span', { class: 'muted' }, `in full: ${run.stage} ${run.id}`));
    return;
  }
  byId('heading').replaceChildren(element('h2', {}, run.stage), element('span', { class: `status ${run.status}` }, run.status), element('span', { class: 'muted' }, `${run.id} · ${duration(run.seconds)}${run.resumed > 0 ? ` · resumed ${run.resumed} time${run.resumed > 1 ? 's' : ''}` : ''}`));
  if (run.message !== null) byId('heading').append(element('div', { class: `message ${run.status}` }, run.message));
}

function drawTiles({ run, events }: Shown): void {
  const last = events.findLast((e): e is Extract<RunEvent, { event: 'epoch' }> => e.event === 'epoch');
  const tiles: [string, string][] = [['loss', short(run.loss)], ['validation loss', short(run.val_loss)], [`best, epoch ${run.best_epoch ?? '–'}`, short(run.best_loss)]];
  for (const [name, value] of Object.entries(run.metrics)) tiles.push([name, short(value)]);
  if (typeof run.test?.f1 === 'number') tiles.push(['test F1', run.test.f1.toFixed(3)]);
  if (last !== undefined) tiles.push(['examples/s', Math.round(last.examples_per_second).toLocaleString('en-US')]);
  const epochs = element('div', { class: 'tile' }, element('b', {}, `${run.epoch} / ${run.max_epochs ?? '–'}`), element('span', {}, 'epochs'), element('progress', { value: String(run.epoch), max: String(run.max_epochs ?? 1) }));
  byId('tiles').replaceChildren(epochs, ...tiles.map(([name, value]) => element('div', { class: 'tile' }, element('b', {}, value), element('span', {}, name))));
}

async function drawTraining(shown: readonly Shown[], smoothing: number): Promise<void> {
  const several = shown.length > 1;
  const of = (d: Shown, pick: Parameters<typeof epochSeries>[2]): Line['values'] => epochSeries(d.events, lastTraining(d.events), pick);
  const name = (d: Shown): string => `${d.run.stage} ${d.run.id.slice(-6)}`;
  byId('loss-title').replaceChildren(several ? 'Validation loss' : 'Loss', element('small', {}, 'by epoch'));
  const lines: Line[] = several
    ? shown.map((d) => ({ name: name(d), values: of(d, (e) => e.val_loss), colour: d.colour }))
    : [{ name: 'training', values: of(shown[0], (e) => e.loss), colour: '#8793a5' }, { name: 'validation', values: of(shown[0], (e) => e.val_loss), colour: shown[0].colour }];
  await drawLines('loss', lines, 'The first epoch is not over yet.');
  await drawLines('accuracy', shown.map((d) => ({ name: several ? name(d) : 'validation', values: of(d, (e) => e.metrics?.accuracy), colour: d.colour })), 'This training measures no accuracy.');
  const widest = Math.max(...shown.map((d) => stepSeries(d.events, lastTraining(d.events), STEP_BUCKETS).width));
  byId('steps-note').textContent = widest === 1 ? '' : `one place on the axis is ${widest} steps`;
  const steps = shown.map((d) => ({ name: several ? name(d) : 'smoothed', values: stepSeries(d.events, lastTraining(d.events), STEP_BUCKETS, widest).values, colour: d.colour }));
  const smoothed = steps.map((line) => ({ ...line, values: smooth(line.values, smoothing) }));
  const raw = several || smoothing === 0 ? [] : [{ name: 'raw', values: steps[0].values, colour: '#c3cbd6' }];
  await drawLines('steps', [...raw, ...smoothed], 'No step yet.');
}

async function drawEvaluation(shown: readonly Shown[]): Promise<void> {
  const of = (d: Shown): Extract<RunEvent, { event: 'evaluation' }> | undefined => d.events.findLast((e) => e.event === 'evaluation');
  const evaluation = of(shown[0]);
  const any = shown.some((d) => of(d) !== undefined);
  for (const part of document.querySelectorAll<HTMLElement>('[data-part=evaluation]')) part.hidden = !any;
  if (!any) return;
  byId('histogram-note').textContent = evaluation === undefined ? '' : `${evaluation.name} ${evaluation.unit}s; verdicts above ${short(evaluation.threshold)}`;
  byId('confusion-note').textContent = evaluation === undefined || evaluation.confusion === null ? '' : `threshold ${short(evaluation.threshold)}, from validation`;
  await drawScores(evaluation);
  drawConfusion('confusion', evaluation?.confusion ?? null);
  await drawLines('pr', shown.map((d) => ({ name: shown.length > 1 ? `${d.run.stage} ${d.run.id.slice(-6)}` : 'precision', values: precisionAtRecall(of(d)?.pr ?? []), colour: d.colour })), 'Without labels there is no such curve.');
}

/** A histogram of each class; without labels one of all. */
async function drawScores(evaluation: Extract<RunEvent, { event: 'evaluation' }> | undefined): Promise<void> {
  const h = evaluation?.histogram ?? { edges: [], normal: [], abnormal: [], scale: 'linear' };
  const labelled = evaluation?.confusion !== null;
  byId('histogram-key').hidden = byId('abnormal').hidden = !labelled;
  byId('normal').classList.toggle('half', labelled);
  if (!labelled) {
    byId('histogram-note').append(', no labels');
    await drawBars('normal', h, h.normal.map((n, i) => n + h.abnormal[i]), 'sessions', UNLABELLED);
    return;
  }
  await drawBars('normal', h, h.normal, 'normal sessions', NORMAL);
  await drawBars('abnormal', h, h.abnormal, 'abnormal sessions', ABNORMAL);
}

/** Of one run all settings; of several the results, and the settings in which they differ. */
function drawTable(shown: readonly Shown[]): void {
  const text = (value: unknown): string => (value === undefined || value === null ? '–' : typeof value === 'object' ? JSON.stringify(value) : String(value));
  const settings = [...new Set(shown.flatMap(({ config }) => Object.keys(config)))].map((name) => [name, ...shown.map(({ config }) => text(config[name]))]);
  const differing = shown.length === 1 ? settings : settings.filter(([, ...values]) => new Set(values).size > 1);
  const tested = [...new Set(shown.flatMap(({ run }) => Object.keys(run.test ?? {})))];
  const results = shown.length === 1 ? tested.map((name) => [`test ${name}`, short(shown[0].run.test?.[name])]) : [
    ['best val loss', ...shown.map(({ run }) => short(run.best_loss))], ['best epoch', ...shown.map(({ run }) => text(run.best_epoch))], ['epochs', ...shown.map(({ run }) => String(run.epoch))], ['took', ...shown.map(({ run }) => duration(run.seconds))],
    ...tested.map((name) => [`test ${name}`, ...shown.map(({ run }) => short(run.test?.[name]))]),
  ];
  byId('comparison-title').textContent = shown.length === 1 ? 'Results and settings' : 'Comparison';
  const row = (cells: string[], kind: string): HTMLElement => element('tr', { class: kind }, ...cells.map((c) => element('td', {}, c)));
  const heading = element('tr', {}, element('th', {}, ''), ...shown.map((d) => {
    const mark = element('span', { class: 'key' });
    mark.style.background = d.colour;
    return element('th', {}, mark, d.run.id);
  }));
  byId('comparison').replaceChildren(heading, ...results.map((r) => row(r, 'result')), ...differing.map((r) => row(r, 'setting')));
}

/** Links to the reports of the stages that write some. */
export async function drawReports(): Promise<void> {
  const reports = (await (await fetch('/api/reports')).json()) as ReportLink[];
  byId('reports').replaceChildren(...(reports.length === 0 ? [element('li', { class: 'muted' }, 'No report yet: benchmark, diagnose and workflow write some.')] : reports.map(({ file, modified }) =>
    element('li', {}, element('a', { href: `/reports/${file.split('/').map(encodeURIComponent).join('/')}`, target: '_blank', rel: 'noopener' }, file), element('time', {}, new Date(modified).toLocaleString())))));
}

function duration(seconds: number): string {
  if (seconds < 100) return `${seconds.toFixed(seconds < 10 ? 1 : 0)} s`;
  return seconds < 6000 ? `${Math.round(seconds / 60)} min` : `${(seconds / 3600).toFixed(1)} h`;
}
