import { escapeMarkup } from '../common/index.js';
import type { Diagnosis, SessionLine } from './diagnosis.js';
import { expectedText, number, valueText } from './summary.js';
import { visible } from './render_text.js';

const STYLE = `
:root { color-scheme: light dark; --line: #8884; --soft: #8882; --red: #c62828; --blue: #1565c0; --amber: #b26a00 }
body { font: 15px/1.5 system-ui, sans-serif; max-width: 1100px; margin: 2rem auto; padding: 0 1rem }
h1 { font-size: 1.3rem } h2 { font-size: 1.05rem; margin: 0; font-family: ui-monospace, monospace; overflow-wrap: anywhere }
section { border: 1px solid var(--line); border-radius: 8px; padding: 1rem 1.2rem; margin: 1.2rem 0 }
.facts { color: #888; margin: .1rem 0 .6rem } ul { margin: .3rem 0 1rem; padding-left: 1.2rem }
.scroll { overflow-x: auto } table { border-collapse: collapse; font: 12px/1.45 ui-monospace, monospace; width: 100% }
td { padding: .15rem .5rem; vertical-align: top; border-top: 1px solid var(--soft); white-space: pre-wrap; overflow-wrap: anywhere }
td:first-child, td:nth-child(2) { white-space: nowrap; color: #888; text-align: right } tr.marked { background: #c628281a }
.tag { display: inline-block; white-space: nowrap; border-radius: 4px; padding: 0 .4rem; margin-right: .3rem; color: #fff; font: 11px/1.6 system-ui }
.workflow { background: var(--red) } .key { background: var(--blue) } .value { background: var(--amber) } .why { color: #888; font-family: system-ui }
tr.gap td { color: #888; text-align: left } .legend span.what { display: inline-block; margin-right: .8rem }
@media (max-width: 640px) {
  body { margin: 1rem auto; padding: 0 .6rem } section { padding: .7rem .8rem }
  table, tbody { display: block } tr { display: flex; flex-wrap: wrap; gap: 0 .6rem; border-top: 1px solid var(--soft); padding: .25rem .3rem } td { border: 0; padding: 0 }
  td:nth-child(4), td[colspan] { flex: 1 0 100% }
}`;

/** One page with every diagnosis: no script, no network. */
export function renderHtml(diagnoses: readonly Diagnosis[], facts: readonly string[]): string {
  return `<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1"><title>Diagnosis</title><style>${STYLE}</style></head>
<body><h1>Diagnosis of ${diagnoses.length} session${diagnoses.length === 1 ? '' : 's'}</h1>
<p class="facts">${facts.map(escapeMarkup).join(' · ')}</p>
<p class="legend"><span class="what"><span class="tag workflow">workflow</span>not where the workflow has it</span> <span class="what"><span class="tag key">key</span>not among the likely next events</span> <span class="what"><span class="tag value">value</span>outside its interval</span></p>
${diagnoses.map(card).join('\n')}
</body></html>
`;
}

function card(diagnosis: Diagnosis): string {
  const { key, label, summary, lines } = diagnosis;
  const rows: string[] = [];
  let last = -1;
  const gap = (n: number): string => `<tr class="gap"><td colspan="4">… ${n} more line${n === 1 ? '' : 's'}</td></tr>`;
  for (const i of visible(lines)) {
    if (i > last + 1) rows.push(gap(i - last - 1));
    rows.push(row(lines[i], diagnosis));
    last = i;
  }
  if (last < lines.length - 1) rows.push(gap(lines.length - 1 - last));
  const early = diagnosis.workflow?.endedEarly;
  if (early) rows.push(`<tr class="marked"><td>end</td><td></td><td><span class="tag workflow">workflow</span></td><td>the session ends here, too early<div class="why">expected ${escapeMarkup(expectedText(early.expected))}</div></td></tr>`);
  return `<section><h2>${escapeMarkup(key)}</h2><p class="facts">${lines.length} events${label === null ? '' : ` · labelled ${label ? 'abnormal' : 'normal'}`}</p>
<ul>${summary.map((s) => `<li>${escapeMarkup(s)}</li>`).join('')}</ul>
<div class="scroll"><table>${rows.join('\n')}</table></div></section>`;
}

function row(line: SessionLine, { workflow, keys, values }: Diagnosis): string {
  const why = [
    ...(workflow?.departures ?? []).filter((f) => f.index === line.index).map((f) => f.reason.split('; expected')[0]).concat((workflow?.departures ?? []).filter((f) => f.index === line.index && f.expected.length > 0).map((f) => `expected ${expectedText(f.expected)}`)),
    ...(keys?.outside ?? []).filter((k) => k.index === line.index).map((k) => `rank ${k.rank}, p ${k.probability.toPrecision(2)}`),
    ...(values ?? []).filter((v) => v.index === line.index).map(valueText),
  ];
  const elapsed = line.elapsedMs === null ? '' : `+${number(line.elapsedMs)} ms`;
  return `<tr${line.marks.length > 0 ? ' class="marked"' : ''}><td>${line.line ?? line.index + 1}</td><td>${elapsed}</td><td>${line.marks.map((m) => `<span class="tag ${m}">${m}</span>`).join('')}</td><td>${escapeMarkup(line.raw ?? line.template ?? `event ${line.event ?? ''}`)}${why.map((w) => `<div class="why">${escapeMarkup(w)}</div>`).join('')}</td></tr>`;
}
