import { FORMATS, heldOut } from './formats.js';
import { score, suggested, type Score } from './score.js';
import type { KnownFormat } from './values.js';

const COLUMNS: readonly (readonly [keyof Score, string])[] = [['fit', 'fit'], ['message', 'message'], ['time', 'time'], ['masked', 'masked'], ['meant', 'meant'], ['ga', 'GA']];

/** Scores `drain --suggest` on formats that it was not made for, beside the settings that somebody who knows them would give. `which`: the open ones, the held-out ones, or all. */
export async function suggestUnseen(which: 'open' | 'held' | 'all', expert = false): Promise<void> {
  const formats = FORMATS.filter((f) => which === 'all' || heldOut(f) === (which === 'held'));
  console.log(`${expert ? 'settings by somebody who knows the format' : 'suggested settings'}, ${formats.length} formats (${which}), 40 lines each\n\n${'format'.padEnd(16)}${COLUMNS.map(([, h]) => h.padStart(9)).join('')}  layout`);
  const rows: Score[] = [];
  for (const format of formats) {
    const settings = expert ? expertOf(format) : await suggested(format);
    const s = await score(format, settings);
    rows.push(s);
    console.log(`${format.name.padEnd(16)}${COLUMNS.map(([k]) => (s[k] === null ? '–' : s[k].toFixed(2)).padStart(9)).join('')}  ${settings.fields ?? settings.layout ?? ''}${settings.timeFormat === null ? '' : `  ${settings.timeFormat}`}${settings.recordStart === undefined ? '' : `  ${settings.recordStart}`}`);
  }
  const mean = (of: (s: Score) => number | null): string => {
    const values = rows.map(of).filter((v) => v !== null);
    return (values.reduce((a, b) => a + b, 0) / values.length).toFixed(2);
  };
  console.log(`${'mean'.padEnd(16)}${COLUMNS.map(([k]) => mean((s) => s[k]).padStart(9)).join('')}`);
  console.log(`the message is read exactly in all lines of ${rows.filter((s) => s.message === 1).length} of ${rows.length}, the time (where there is one) of ${rows.filter((s) => s.time === 1).length} of ${rows.filter((s) => s.time !== null).length}\n`);
}

function expertOf(f: KnownFormat): { layout: string | null; timeFormat: string | null; masks: readonly string[]; fields?: string; recordStart?: string } {
  return { layout: f.layout, timeFormat: f.timeFormat, masks: f.masks, ...(f.fields === undefined ? {} : { fields: f.fields }), ...(f.recordStart === undefined ? {} : { recordStart: f.recordStart }) };
}
