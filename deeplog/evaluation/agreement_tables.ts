import { overlap, type Agreement, type F1Difference } from './agreement.js';
import { section, type Style } from './render_table.js';

/** Columns of an overlap table at most: more do not fit a page, and are in results.json and report.html. */
const MOST_COLUMNS = 12;

/** Which detectors flag the same sessions, and which are worse than the best beyond chance; a terminal gets the second in a sentence. */
export function renderAgreement(agreement: Agreement, style: Style): string {
  const { against_best: against } = agreement;
  return against === null ? overlapTable(agreement, style) : style === 'plain' ? tiesInWords(agreement, against) : `${differenceTable(agreement, against, style)}${overlapTable(agreement, style)}`;
}

/** The others whose F1 could be the best's by the draw of the test part alone. */
export function ties(others: readonly F1Difference[]): F1Difference[] {
  return others.filter(({ interval }) => interval !== null && interval[1] >= 0);
}

function tiesInWords(agreement: Agreement, { best, others }: NonNullable<Agreement['against_best']>): string {
  const tied = ties(others).map((o) => o.detector);
  const unknown = others.filter(({ interval }) => interval === null);
  if (unknown.length === others.length && others.length > 0) return `${nameOf(agreement)}: ${best} has the highest F1, and there are too few abnormal sessions to say whether the others are worse\n\n`;
  return `${nameOf(agreement)}: ${best} has the highest F1; ${tied.length === 0 ? 'all others are lower' : `${tied.join(', ')} could be as good, the others are lower`} (95 %, resampled sessions)\n\n`;
}

function differenceTable(agreement: Agreement, { best, others }: NonNullable<Agreement['against_best']>, style: Style): string {
  return section(`${nameOf(agreement)} · F1 less that of the best, ${best}, with 95 % intervals over the same resampled sessions`, [['detector', 'difference', '95 %', 'lower beyond chance'], ...others.map(({ detector, difference, interval }) => [
    detector, signed(difference), interval === null ? '–' : `${signed(interval[0])} to ${signed(interval[1])}`, interval === null ? '–' : interval[1] < 0 ? 'yes' : 'no',
  ])], style);
}

function overlapTable(agreement: Agreement, style: Style): string {
  const { detectors, both } = agreement;
  const shown = detectors.slice(0, MOST_COLUMNS);
  const heading = `${nameOf(agreement)} · sessions that two detectors both flag, as a share of those that either flags${detectors.length > shown.length ? ` (the first ${shown.length} of ${detectors.length} detectors; all in report.html)` : ''}`;
  return section(heading, [['detector', 'flagged', ...shown], ...shown.map((id, a) => [id, String(both[a][a]), ...shown.map((_, b) => { const share = a === b ? null : overlap(agreement, a, b); return share === null ? '–' : `${(100 * share).toFixed(0)} %`; })])], style);
}

/** The table that an agreement is of. */
export function nameOf({ protocol, variant, folds, target_fpr }: Agreement): string {
  return [protocol, ...(variant === null ? [] : [variant]), ...(folds === 1 ? [] : ['first origin']), `at ${100 * target_fpr} %`].join(', ');
}

function signed(value: number): string {
  return `${value < 0 ? '−' : '+'}${Math.abs(value).toFixed(3)}`;
}
