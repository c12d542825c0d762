import { existsSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { chromium, type Browser } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { reportPage } from '../../deeplog/report/index.js';
import { removeScratchAfterwards, scratchFolder } from '../helpers.js';
import { cell, DRIFT } from './report_cells.js';

removeScratchAfterwards();

const BROWSER = [process.env.CHROMIUM ?? '', '/usr/bin/chromium', '/usr/bin/chromium-browser', '/usr/bin/google-chrome'].find((file) => file !== '' && existsSync(file));
if (BROWSER === undefined) console.warn('test/report/chromium.test.ts: skipped, there is no Chromium here; set CHROMIUM to one to run it');

describe.skipIf(BROWSER === undefined)('the report in a browser', () => {
  let browser: Browser;
  let file: string;
  beforeAll(async () => {
    browser = await chromium.launch({ executablePath: BROWSER, args: ['--no-sandbox', '--disable-gpu', '--disable-quic', '--disable-background-networking', '--disable-component-update', '--disable-sync'] });
    file = path.join(scratchFolder(), 'report.html');
    writeFileSync(file, reportPage([cell('a-detector-with-a-long-name', { protocol: 'hdfs-chrono' }), cell('pca'), cell('event-set', {}, false)], [DRIFT], { command: 'deeplog benchmark', created: '2026-01-02T03:04:05Z', machine: 'm', node: 'v20', commit: null, code: 'd'.repeat(64), wallSeconds: 1, failures: [], leftOut: [] }));
  });
  afterAll(() => browser.close());

  it.each([[1280, 'light'], [1280, 'dark'], [390, 'light'], [390, 'dark']] as const)('fits a screen of %i px, %s, asks the network for nothing, and its text stands out', async (width, colorScheme) => {
    const page = await browser.newPage({ viewport: { width, height: 844 }, colorScheme });
    const requests: string[] = [];
    const errors: string[] = [];
    page.on('request', (r) => requests.push(r.url()));
    page.on('pageerror', (e) => errors.push(String(e)));
    await page.goto(`file://${file}`);
    const seen = await page.evaluate(() => {
      const style = getComputedStyle(document.body);
      const widths = [...document.querySelectorAll('svg')].map((svg) => svg.getBoundingClientRect()).map((box) => ({ width: box.width, right: box.right }));
      return { overflow: document.documentElement.scrollWidth - innerWidth, ink: style.color, paper: style.backgroundColor, widths };
    });
    expect(requests).toEqual([`file://${file}`]);
    expect(errors).toEqual([]);
    expect(seen.overflow).toBeLessThanOrEqual(0);
    for (const box of seen.widths) expect(box.width > 200 && box.right <= width).toBe(true);
    const light = (colour: string): number => (/\d+(?:, \d+){2}/.exec(colour)?.[0] ?? '').split(', ').reduce((sum, c) => sum + Number(c) / 765, 0);
    expect(Math.abs(light(seen.ink) - light(seen.paper))).toBeGreaterThan(0.7);
    expect(light(seen.paper) > 0.5).toBe(colorScheme === 'light');
    await page.close();
  });

  it('prints on white', async () => {
    const page = await browser.newPage({ colorScheme: 'dark' });
    await page.emulateMedia({ media: 'print' });
    await page.goto(`file://${file}`);
    expect(await page.evaluate(() => getComputedStyle(document.body).backgroundColor)).toBe('rgb(255, 255, 255)');
    expect((await page.pdf({ format: 'A4' })).byteLength).toBeGreaterThan(10_000);
    await page.close();
  });
});
