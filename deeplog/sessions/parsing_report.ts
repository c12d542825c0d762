import path from 'node:path';
import { readBatches, writeAtomic, writeJson } from '../artifacts/index.js';
import { codeCell, DataError } from '../common/index.js';
import { confusion, parsingAccuracy, readTruth, type Confusion, type ParsingAccuracy } from '../parsing/index.js';

const ROWS_SHOWN = 20;
const TEXT_SHOWN = 160;

/**
 * Compares parsed events with the truth and writes parsing_report.json and parsing_report.md into `folder`.
 * @throws DataError when the truth's lines are not the log's.
 */
export async function writeParsingReport(folder: string, truthFile: string, template: (event: number) => string): Promise<ParsingAccuracy> {
  const truth = await readTruth(truthFile);
  const events: number[] = [];
  const expected: { event: string; template: string }[] = [];
  for await (const batch of readBatches(path.join(folder, 'events.arrow'))) {
    const lines = batch.getChild('line')?.toArray() as BigUint64Array;
    const ids = batch.getChild('event')?.toArray() as Uint32Array;
    lines.forEach((line, i) => {
      const known = truth.get(Number(line));
      if (known === undefined) return;
      events.push(ids[i]);
      expected.push(known);
    });
  }
  // Lines that the parser dropped count as wrong: they have no template.
  const dropped = truth.size - events.length;
  if (events.length === 0) throw new DataError(`${truthFile}: none of its lines is a line of the log. LineId counts the log's lines from 1.`);
  const parsed = { events, truth: expected, template };
  const accuracy = parsingAccuracy(parsed);
  const confused = confusion(parsed);
  await writeJson(path.join(folder, 'parsing_report.json'), { schema: 'deeplog.parsing_report/1', truth_file: truthFile, lines: events.length, lines_without_event: dropped, ...accuracy, ...confused });
  await writeAtomic(path.join(folder, 'parsing_report.md'), asMarkdown(truthFile, events.length, dropped, accuracy, confused));
  return accuracy;
}

function asMarkdown(truthFile: string, lines: number, dropped: number, a: ParsingAccuracy, c: Confusion): string {
  const cell = (text: string): string => codeCell(text, TEXT_SHOWN);
  const section = (title: string, rows: readonly string[]): string => `## ${title}: ${rows.length}\n\n${rows.length === 0 ? 'None.\n' : rows.slice(0, ROWS_SHOWN).join('\n') + (rows.length > ROWS_SHOWN ? `\n- … and ${rows.length - ROWS_SHOWN} more, in parsing_report.json` : '')}\n`;
  return [
    `# Parsing against ${path.basename(truthFile)}\n`,
    `${lines} lines${dropped > 0 ? ` (${dropped} of the truth are no events)` : ''}; ${a.found} templates found, ${a.expected} expected.\n`,
    '| GA | FGA | PA | FTA |\n|---:|---:|---:|---:|',
    `| ${[a.ga, a.fga, a.pa, a.fta].map((x) => x.toFixed(4)).join(' | ')} |\n`,
    section('Split', c.split.map((s) => `- ${cell(s.template)} (${s.lines} lines) into ${s.into.length}:\n${s.into.slice(0, 5).map((p) => `  - ${p.lines} × event ${p.event > 0 ? p.event : 'none'} ${cell(p.template)}`).join('\n')}`)),
    section('Merged', c.merged.map((m) => `- event ${m.event} ${cell(m.template)} (${m.lines} lines) of ${m.of.length}:\n${m.of.slice(0, 5).map((p) => `  - ${p.lines} × ${cell(p.template)}`).join('\n')}`)),
    section('Grouped right, worded otherwise', c.reworded.map((r) => `- event ${r.event} ${cell(r.template)} for ${cell(r.truth)} (${r.lines} lines)`)),
  ].join('\n');
}
