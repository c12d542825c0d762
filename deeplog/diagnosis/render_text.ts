import type { Diagnosis, SessionLine } from './diagnosis.js';

/** Sessions up to this length are shown whole; of longer ones the marked lines with their neighbours. */
const WHOLE = 25;
const NEIGHBOURS = 2;
const WIDTH = 150;

/** A diagnosis for a terminal: the sentences, then the lines with what speaks against them in the margin. */
export function renderText(diagnosis: Diagnosis): string {
  const { key, label, summary, lines } = diagnosis;
  const head = `${key} · ${lines.length} events${label === null ? '' : ` · labelled ${label ? 'abnormal' : 'normal'}`}`;
  const shown = visible(lines);
  const body: string[] = [];
  let last = -1;
  for (const i of shown) {
    if (i > last + 1) body.push(`        … ${i - last - 1} more`);
    body.push(lineText(lines[i]));
    last = i;
  }
  if (last < lines.length - 1) body.push(`        … ${lines.length - 1 - last} more`);
  const end = diagnosis.workflow?.endedEarly ? ['  end >  the session ends here, too early'] : [];
  return `${head}\n${'─'.repeat(Math.min(head.length, WIDTH))}\n${summary.map((s) => `• ${s}`).join('\n')}\n\n${[...body, ...end].join('\n')}\n`;
}

/** Indices of the lines to show. */
export function visible(lines: readonly SessionLine[]): number[] {
  if (lines.length <= WHOLE) return Array.from(lines.keys());
  const marked = lines.flatMap((l, i) => (l.marks.length > 0 ? [i] : []));
  const near = new Set([...marked, lines.length - 1].flatMap((i) => Array.from({ length: 2 * NEIGHBOURS + 1 }, (_, k) => i - NEIGHBOURS + k)));
  return Array.from(lines.keys()).filter((i) => near.has(i));
}

function lineText({ line, index, raw, template, event, marks }: SessionLine): string {
  const number = String(line ?? index + 1).padStart(9);
  const text = raw ?? template ?? `event ${event ?? ''}`;
  const flags = marks.length === 0 ? '  ' : ' >';
  const cut = text.length > WIDTH ? `${text.slice(0, WIDTH - 1)}…` : text;
  return `${number}${flags} ${cut}${marks.length === 0 ? '' : `   [${marks.join(', ')}]`}`;
}
