import { csvCell } from '../common/index.js';
import { shortId, type TriagePattern, type TriageStore } from './store.js';

/** Patterns for a terminal: id, answer, alerts (a session that is judged twice is two), what it is, an example. */
export function renderPatterns(store: TriageStore, patterns: readonly TriagePattern[]): string {
  return patterns.map((p) => {
    const answer = p.answer === null ? 'open' : `${p.answer} by ${p.by ?? 'unknown'} on ${(p.at ?? '').slice(0, 10)}${store.lapsed(p) ? ', lapsed' : ''}${p.note === null ? '' : ` (${p.note})`}`;
    const at = p.example.first_line === null ? '' : ` from line ${p.example.first_line}`;
    return `${shortId(p.id)}  ${answer} · ${p.sessions.toLocaleString('en-US')} alert${p.sessions === 1 ? '' : 's'}, last seen ${p.last_seen.slice(0, 10)}\n    ${cut(p.names.join('; '))}\n    e.g. ${p.example.key}${at}${p.example.reason === null ? '' : `: ${cut(p.example.reason)}`}\n`;
  }).join('');
}

/** A row per pattern, RFC 4180. */
export function patternsAsCsv(patterns: readonly TriagePattern[]): string {
  const rows = [
    ['id', 'answer', 'by', 'at', 'note', 'detector', 'patterns', 'alerts', 'first_seen', 'last_seen', 'example_key', 'example_line'],
    ...patterns.map((p) => [p.id, p.answer ?? 'open', p.by ?? '', p.at ?? '', p.note ?? '', p.detector, p.names.join('; '), String(p.sessions), p.first_seen, p.last_seen, p.example.key, String(p.example.first_line ?? '')]),
  ];
  return rows.map((row) => `${row.map(csvCell).join(',')}\r\n`).join('');
}

const MOST_CHARACTERS = 160;

function cut(text: string): string {
  return text.length > MOST_CHARACTERS ? `${text.slice(0, MOST_CHARACTERS - 1)}…` : text;
}
