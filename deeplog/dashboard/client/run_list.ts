import type { ListedRun } from '../run_data.js';
import { COLOURS, short } from './charts.js';
import { byId, element } from './dom.js';

/** The list of runs, those chosen marked by the colour that they have in the charts. */
export function drawRunList(runs: readonly ListedRun[], chosen: readonly string[], filter: string, choose: (key: string, add: boolean) => void): void {
  const words = filter.toLowerCase().split(/\s+/).filter((w) => w !== '');
  const list = byId('runs');
  const focused = (document.activeElement as HTMLElement | null)?.dataset?.run;
  list.replaceChildren(...runs.filter((r) => words.every((w) => `${r.key} ${r.status}`.toLowerCase().includes(w))).map((run) => {
    const at = chosen.indexOf(run.key);
    const box = element('input', { type: 'checkbox', 'aria-label': `compare ${run.key}`, title: 'compare' }) as HTMLInputElement;
    box.checked = at >= 0;
    box.addEventListener('click', (event) => {
      event.stopPropagation();
      choose(run.key, true);
    });
    const figures = [`epoch ${run.epoch}/${run.max_epochs ?? '–'}`, run.best_loss === null ? '' : `val loss ${short(run.best_loss)}`, typeof run.test?.f1 === 'number' ? `F1 ${run.test.f1.toFixed(3)}` : ''].filter((s) => s !== '').join(' · ');
    const item = element('li', { 'data-run': run.key, tabindex: '0', class: at >= 0 ? 'chosen' : '' },
      box, element('span', { class: 'name' }, run.stage), element('span', { class: `status ${run.status}` }, run.status),
      element('span', { class: 'when', title: run.id }, `${new Date(run.created).toLocaleString()} · ${run.id.slice(-6)}`), element('span', { class: 'figures' }, figures));
    if (at >= 0) item.style.setProperty('--series', COLOURS[at % COLOURS.length]);
    item.addEventListener('click', (event) => { choose(run.key, event.ctrlKey || event.metaKey); });
    item.addEventListener('keydown', (event) => { if (event.key === 'Enter') choose(run.key, event.shiftKey); });
    return item;
  }));
  if (focused !== undefined) list.querySelector<HTMLElement>(`[data-run="${CSS.escape(focused)}"]`)?.focus();
}
