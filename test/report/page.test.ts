import { JSDOM } from 'jsdom';
import { describe, expect, it } from 'vitest';
import { packVerdicts } from '../../deeplog/evaluation/index.js';
import { reportPage } from '../../deeplog/report/index.js';
import { cell, DRIFT, HOSTILE } from './report_cells.js';

const FACTS = { command: `deeplog ${HOSTILE}`, created: '2026-01-02T03:04:05Z', machine: HOSTILE, node: 'v20', commit: 'c'.repeat(40), code: 'd'.repeat(64), wallSeconds: 12, failures: [HOSTILE], leftOut: [] };

describe('the report page', () => {
  const cells = [cell('pca'), cell('event-set', { f1: 0.9 }, false), cell(HOSTILE, { f1: 0.1, notes: [HOSTILE] })];
  const html = reportPage(cells, [DRIFT], FACTS);
  const { document } = new JSDOM(html).window;

  it('needs nothing from elsewhere: no script, no resource, no link out', () => {
    expect(document.querySelectorAll('script, link, iframe, object, embed, img, base, form, meta[http-equiv]')).toHaveLength(0);
    for (const element of document.querySelectorAll('*')) {
      for (const { name, value } of element.attributes) {
        expect(name).not.toMatch(/^on/);
        if (/^(src|href|xlink:href|srcset|action|poster|data)$/.test(name)) expect(value).toMatch(/^#/);
        if (name === 'style') expect(value).not.toMatch(/url\(/);
      }
    }
    for (const style of document.querySelectorAll('style')) expect(style.textContent).not.toMatch(/@import|url\(/);
  });

  it('escapes names wherever they stand', () => {
    // It stands as text in the facts, the failures, the notes, a heading, the table's cells and the charts' labels, and has made no element.
    for (const selector of ['header code', 'header strong', 'ul.notes li', 'h4', 'tbody th', 'caption']) expect([...document.querySelectorAll(selector)].some((e) => (e.parentElement?.textContent ?? '').includes(HOSTILE)), selector).toBe(true);
    expect([...document.querySelectorAll('svg')].some((svg) => (svg.getAttribute('aria-label') ?? '').includes(HOSTILE))).toBe(true);
    expect(document.querySelectorAll('script, img')).toHaveLength(0);
    expect(document.title).toBe('Benchmark: custom');
  });

  it('has the charts it should, each with a label, its unit and n', () => {
    // A protocol: overview, PR, ROC, agreement; a sweep and a histogram of each of the two that have a threshold; 4 of triage; 4 of cost. Drift: 3.
    expect(document.querySelectorAll('svg')).toHaveLength(4 + 2 * 2 + 4 + 4 + 3);
    expect(document.querySelectorAll('table.confusion')).toHaveLength(3);
    for (const svg of document.querySelectorAll('svg')) {
      expect(svg.getAttribute('viewBox')).toMatch(/^0 0 \d+ \d+$/);
      expect(svg.getAttribute('aria-label')).toBeTruthy();
      expect(svg.outerHTML).not.toMatch(/NaN|Infinity|undefined/);
    }
    for (const caption of document.querySelectorAll('figcaption')) expect(caption.textContent).toMatch(/n = [\d,]+/);
  });

  it('says what it rests on', () => {
    const text = document.body.textContent ?? '';
    for (const part of ['ab'.repeat(32), 'cccccccccccc', 'dddddddddddd', 'v20', '2026-01-02 03:04', 'unit: session', 'thresholds from validation normals at 0.1 % false alarms', 'train 1,000, test 500, 50 abnormal']) expect(text).toContain(part);
  });

  it('keeps protocols apart, and has no quality charts without labels', () => {
    const unlabelled = cell('pca', { protocol: 'hdfs-raw' });
    const page = new JSDOM(reportPage([...cells, { ...unlabelled, curves: { ...unlabelled.curves, roc: [], pr: [], sweep: [], triage: null } }], [], FACTS)).window.document;
    const [, second] = page.querySelectorAll('main > section');
    expect(second.querySelectorAll('svg')).toHaveLength(1 + 4); // its histogram, and its cost
    expect(second.querySelector('h2')?.textContent).toBe('hdfs-raw');
  });

  it('without labels draws how many each detector flags and how much they agree', () => {
    const bare = ['pca', 'length'].map((id) => { const c = cell(id, { f1: null, tp: null, fp: null, fn: null, tn: null, alerts: 25 } as never); return { ...c, curves: { ...c.curves, roc: [], pr: [], sweep: [], triage: null, flagged_keys: [HOSTILE, 'b'], verdicts: { ...c.curves.verdicts, abnormal: null, labelled: null } } }; });
    const page = new JSDOM(reportPage(bare, [], FACTS)).window.document;
    expect([...page.querySelectorAll('h4')].map((h) => h.textContent)).toEqual(expect.arrayContaining(['What each detector flags', 'Which detectors flag the same sessions']));
    expect(page.body.textContent).not.toContain('beyond chance');
    expect([...page.querySelectorAll('td.text')].map((td) => [...td.querySelectorAll('code')].map((key) => key.textContent))).toEqual([[HOSTILE, 'b'], [HOSTILE, 'b']]);
    expect([...page.querySelectorAll('figcaption')].some((c) => c.textContent?.endsWith('dashed: the threshold 2, 25 above it'))).toBe(true);
    expect(page.querySelector('header')?.textContent).toContain('Nothing here has labels');
    expect(page.querySelector('header')?.textContent).not.toContain('oracle');
    expect(document.querySelector('header')?.textContent).toContain('oracle');
    expect(page.body.innerHTML).not.toMatch(/NaN|undefined/);
  });

  it('says how many detectors flag none', () => {
    const silent = (id: string): ReturnType<typeof cell> => { const c = cell(id); return { ...c, curves: { ...c.curves, verdicts: { ...c.curves.verdicts, flagged: packVerdicts({ flagged: new Uint8Array(500), abnormal: null, labelled: null }).flagged } } }; };
    expect(reportPage([...cells, silent('a')], [], FACTS)).toContain('; one detector that flags none is left out');
    expect(reportPage([...cells, silent('a'), silent('b')], [], FACTS)).toContain('; 2 detectors that flag none are left out');
  });

  it('cuts the axis where scores stand far beyond the others, and says so', () => {
    const far = cell('nll');
    const page = new JSDOM(reportPage([{ ...far, curves: { ...far.curves, histogram: { edges: [0, 10, 20], normal: [400, 20], abnormal: [5, 15], scale: 'linear', beyond: { from: 1000, to: 1000, normal: 30, abnormal: 30 } } } }], [], FACTS)).window.document;
    const captions = [...page.querySelectorAll('figcaption')].map((c) => c.textContent);
    expect(captions.filter((c) => c?.includes('the axis is cut, at its end stand scores of 1,000'))).toHaveLength(2);
    expect(captions.some((c) => c?.includes('n = 450 normal, 50 abnormal'))).toBe(true);
  });

  it('is a page even when nothing was run', () => {
    expect(reportPage([], [], FACTS)).toContain('nothing was run');
  });
});
