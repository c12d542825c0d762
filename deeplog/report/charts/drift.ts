import * as Plot from '@observablehq/plot';
import { NOVELTY_KINDS, type DriftResult, type TemplateTimeline } from '../../evaluation/index.js';
import { percent } from './curves.js';
import { chart, CHART_WIDTH, colourOf, count, figure, legend, unitOf } from './plot.js';

/** Templates drawn at most. */
const MOST_TEMPLATES = 45;
const MOST_LATE = 33;
const NAME_CHARACTERS = 30;
const ROW_PX = 12;

/** What time does to a set: F1 by training boundary, novelty, when each template occurs. */
export function driftFigures(d: DriftResult): string {
  const detectors = [...new Set(d.points.flatMap((p) => p.detectors.map((x) => x.detector)))];
  const colour = colourOf(detectors);
  const lines = d.points.flatMap((p) => p.detectors.map((x) => ({ at: p.train_until, detector: x.detector, f1: x.f1 ?? 0 })));
  const kinds = colourOf(NOVELTY_KINDS);
  const novelty = d.novelty.flatMap((b) => NOVELTY_KINDS.map((kind) => ({ at: (b.from + b.to) / 2, kind, share: b.unseen[kind] })));
  return `<div class="grid">${[
    lines.length === 0 ? '' : figure('F1 by training boundary', `learned from everything before it; threshold from the tenth after it at ${100 * d.target_fpr} % false alarms; tested on the last ${(100 * (1 - d.test_from)).toFixed(0)} %: n = ${count(d.n_test)} ${unitOf(d.unit)}, ${count(d.n_abnormal)} abnormal`, legend(detectors, colour) + chart('F1 by training boundary', {
      x: { domain: [0, d.test_from], label: 'share of the set learned from →', tickFormat: percent }, y: { domain: [0, 1], label: '↑ F1' },
      marks: [Plot.gridX({ strokeOpacity: 0.12 }), Plot.gridY({ strokeOpacity: 0.12 }), Plot.line(lines, { x: 'at', y: 'f1', z: 'detector', stroke: (p: { detector: string }) => colour(p.detector), strokeWidth: 1.7 }), Plot.dot(lines, { x: 'at', y: 'f1', fill: (p: { detector: string }) => colour(p.detector), r: 2.6 })],
    })),
    figure('Novelty over time', `share of the normal ${unitOf(d.unit)} with something that the first ${(100 * d.trained_until).toFixed(0)} % (dashed) never held; ${d.novelty.length} stretches of ${count(d.novelty[0]?.sessions ?? 0)}; n = ${count(d.n)}`, legend([...NOVELTY_KINDS], kinds) + chart('Novelty over time', {
      x: { domain: [0, 1], label: 'place in the set →', tickFormat: percent }, y: { domain: [0, 1], label: '↑ share new', tickFormat: percent },
      marks: [Plot.gridX({ strokeOpacity: 0.12 }), Plot.gridY({ strokeOpacity: 0.12 }), Plot.ruleX([d.trained_until], { strokeDasharray: '4 3' }), Plot.line(novelty, { x: 'at', y: 'share', z: 'kind', stroke: (p: { kind: string }) => kinds(p.kind), strokeWidth: 1.7, curve: 'step' })],
    })),
    timeline(d),
  ].join('')}</div>`;
}

function timeline(d: DriftResult): string {
  const late = d.templates.filter((t) => t.first >= d.trained_until);
  const commonest = (list: readonly TemplateTimeline[], most: number): TemplateTimeline[] => [...list].sort((a, b) => b.sessions - a.sessions).slice(0, most);
  // Those that came after training say most; of the others the commonest give the background.
  const shownLate = commonest(late, MOST_LATE);
  const shown = [...commonest(d.templates.filter((t) => t.first < d.trained_until), MOST_TEMPLATES - shownLate.length), ...shownLate].sort((a, b) => a.first - b.first);
  const cells = shown.flatMap((t) => t.blocks.flatMap((share, b) => (share === 0 ? [] : [{ event: name(t), from: d.novelty[b].from, to: d.novelty[b].to, share, late: t.first >= d.trained_until }])));
  return figure('When each template occurs', `share of each stretch's ${unitOf(d.unit)} that hold it (darker: more); in red the ${count(late.length)} of ${count(d.templates.length)} that first occur after the training part (dashed). ${shown.length < d.templates.length ? `${shown.length} shown: the commonest. ` : ''}n = ${count(d.n)} ${unitOf(d.unit)}`, chart('When each template occurs', {
    width: CHART_WIDTH + 60, height: 46 + ROW_PX * shown.length, marginLeft: 178, x: { domain: [0, 1], label: 'place in the set →', tickFormat: percent }, y: { domain: shown.map(name), label: null, tickSize: 0 },
    marks: [
      Plot.barX(cells, { x1: 'from', x2: 'to', y: 'event', fill: (c: { late: boolean }) => (c.late ? 'var(--red)' : 'var(--blue)'), fillOpacity: (c: { share: number }) => 0.15 + 0.85 * Math.sqrt(c.share), insetTop: 1, insetBottom: 1 }),
      Plot.ruleX([d.trained_until], { strokeDasharray: '4 3' }),
    ],
    style: { fontSize: '9px', background: 'none', overflow: 'visible' },
  }), ' class="wide"');
}

function name({ event, text }: TemplateTimeline): string {
  // A header that is mostly wildcards and numbers says nothing.
  const words = text === null ? '' : ` ${text.replace(/^(\S*[<\d]\S*\s+)+/, '')}`;
  return `${event}${words.length > NAME_CHARACTERS ? `${words.slice(0, NAME_CHARACTERS - 1)}…` : words}`;
}
