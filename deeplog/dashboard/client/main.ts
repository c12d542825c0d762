import type { RunDetail, ListedRun } from '../run_data.js';
import type { StreamMessage } from '../watcher.js';
import { COLOURS } from './charts.js';
import { byId } from './dom.js';
import { drawRunList } from './run_list.js';
import { drawReports, drawSelection } from './selection.js';

/** Runs by key as far as they were looked at; what the stream tells of others is not kept. */
const details = new Map<string, RunDetail>();
let runs: readonly ListedRun[] = [];
/** In the order in which they were chosen: the first is the one that is shown in full. */
let chosen: string[] = decodeURIComponent(location.hash.slice(1)).split(',').filter((key) => key !== '');
/** Until something is chosen the page follows the latest run. */
let following = chosen.length === 0;

const DRAWN_EVERY_MS = 600;
let drawing = false;
let drawAgain = false;

/** Draws soon, and not more often than charts can be drawn. */
function redraw(): void {
  if (drawing) {
    drawAgain = true;
    return;
  }
  drawing = true;
  void draw().catch((error: unknown) => { byId('live').textContent = String(error); }).then(() => new Promise((resolve) => { setTimeout(resolve, DRAWN_EVERY_MS); })).then(() => {
    drawing = false;
    if (!drawAgain) return;
    drawAgain = false;
    redraw();
  });
}

async function draw(): Promise<void> {
  chosen = chosen.filter((key) => runs.some((r) => r.key === key));
  if (following && runs.length > 0) chosen = [(runs.find((r) => r.status === 'running') ?? runs[0]).key];
  if (chosen.length === 0 && runs.length > 0) chosen = [runs[0].key];
  byId('empty').hidden = runs.length > 0;
  byId('content').hidden = runs.length === 0;
  drawRunList(runs, chosen, byId<HTMLInputElement>('filter').value, choose);
  for (const key of chosen) if (!details.has(key)) await load(key);
  const shown = chosen.flatMap((key) => details.get(key) ?? []);
  if (shown.length > 0) await drawSelection(shown.map((d, i) => ({ ...d, run: runs.find((r) => r.key === d.run.key) ?? d.run, colour: COLOURS[i % COLOURS.length] })), Number(byId<HTMLInputElement>('smoothing').value));
  document.body.dataset.drawn = String(Number(document.body.dataset.drawn ?? 0) + 1);
}

/** @param add whether it joins those that are chosen, or leaves them, instead of being the only one */
function choose(key: string, add: boolean): void {
  following = false;
  if (!add) chosen = [key];
  else chosen = chosen.includes(key) ? chosen.filter((k) => k !== key) : [...chosen, key];
  history.replaceState(null, '', `#${chosen.join(',')}`);
  redraw();
}

async function load(key: string): Promise<void> {
  const response = await fetch(`/api/runs/${encodeURI(key)}`);
  if (response.ok) details.set(key, (await response.json()) as RunDetail);
}

function take(message: StreamMessage): void {
  if (message.kind === 'runs') {
    runs = message.runs;
    redraw();
    return;
  }
  const known = details.get(message.key);
  if (known === undefined || message.to <= known.offset) return;
  // Something was missed (the connection was away), or the file was written anew.
  if (message.from !== known.offset) details.delete(message.key);
  else details.set(message.key, { ...known, events: [...known.events, ...message.events], offset: message.to });
  if (chosen.includes(message.key)) redraw();
}

function connect(): void {
  const live = byId('live');
  const source = new EventSource('/api/stream');
  source.onopen = () => {
    live.textContent = 'live';
    live.className = 'pill on';
    details.clear();
  };
  source.onerror = () => {
    live.textContent = 'reconnecting';
    live.className = 'pill off';
  };
  source.onmessage = (event: MessageEvent<string>) => { take(JSON.parse(event.data) as StreamMessage); };
}

function setTheme(theme: string): void {
  document.documentElement.dataset.theme = theme;
}

setTheme(localStorage.getItem('theme') ?? (matchMedia('(prefers-color-scheme: dark)').matches ? 'dark' : 'light'));
byId('theme').addEventListener('click', () => {
  const next = document.documentElement.dataset.theme === 'dark' ? 'light' : 'dark';
  localStorage.setItem('theme', next);
  setTheme(next);
});
byId('filter').addEventListener('input', redraw);
byId('smoothing').addEventListener('input', () => {
  byId('smoothing-value').textContent = Number(byId<HTMLInputElement>('smoothing').value).toFixed(2);
  redraw();
});
let width = innerWidth;
addEventListener('resize', () => {
  if (innerWidth !== width) redraw();
  width = innerWidth;
});
runs = (await (await fetch('/api/runs')).json()) as ListedRun[];
redraw();
connect();
void drawReports();
setInterval(() => { void drawReports(); }, 30_000);
