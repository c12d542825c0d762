import type { Outline, OutlineNode } from './outline.js';

/** Text of a box: its keys with their templates. `templates` by key; `width` in characters, longer ones are cut. */
export function boxLines(node: OutlineNode, templates: Readonly<Record<string, string>>, width: number): string[] {
  const lines = node.keys.map(({ key, count }) => {
    const text = templates[key];
    return cut(`${count > 1 ? `${count} × ` : ''}${node.loops.includes(key) ? '↻ ' : ''}#${key}${text === undefined ? '' : `  ${text}`}`, width);
  });
  return node.anyOrder ? ['in any order:', ...lines] : lines;
}

export function cut(text: string, width: number): string {
  return text.length <= width ? text : `${text.slice(0, width - 1)}…`;
}

export function percent(part: number, whole: number): string {
  const value = (100 * part) / whole;
  // What is there is never written as nothing.
  if (value > 0 && value < 0.05) return '< 0.1 %';
  return `${value >= 9.95 ? value.toFixed(0) : value.toFixed(1)} %`;
}

/** The outline in Graphviz' language: `dot -Tpdf workflow.dot` draws it. */
export function drawDot(outline: Outline, templates: Readonly<Record<string, string>> = {}): string {
  const quote = (text: string): string => `"${text.replace(/\\/g, '\\\\').replace(/"/g, '\\"').replace(/\n/g, '\\l')}"`;
  const lines = ['digraph workflow {', '  rankdir=TB; node [shape=box, fontname="Helvetica", fontsize=10]; edge [fontname="Helvetica", fontsize=9];', '  start [shape=circle, label="", width=0.2, style=filled, fillcolor=black];'];
  for (const node of outline.nodes) {
    const ends = node.ends > 0 ? `\n${percent(node.ends, outline.sessions)} of sessions end here` : '';
    lines.push(`  n${node.id} [label=${quote(`${boxLines(node, templates, 70).join('\n')}${ends}\n`)}${node.anyOrder ? ', style=rounded' : ''}${node.ends > 0 ? ', peripheries=2' : ''}];`);
    if (node.start) lines.push(`  start -> n${node.id} [label=${quote(percent(node.visits, outline.sessions))}];`);
    for (const key of node.loops) lines.push(`  n${node.id} -> n${node.id} [label=${quote(`#${key} again`)}];`);
  }
  for (const { from, to, visits } of outline.edges) lines.push(`  n${from} -> n${to} [label=${quote(percent(visits, outline.sessions))}];`);
  return `${lines.join('\n')}\n}\n`;
}
