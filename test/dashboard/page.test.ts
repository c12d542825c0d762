import { appendFileSync, existsSync, mkdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { chromium, type Browser, type Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startDashboard, type Dashboard } from '../../deeplog/dashboard/index.js';
import { removeScratchAfterwards, scratchFolder } from '../helpers.js';
import { EVALUATION, eventsOf, eventsOfEpoch, lines, writeRun } from './runs.js';

removeScratchAfterwards();

const CHROMIUM = ['/usr/bin/chromium', '/usr/bin/chromium-browser', '/usr/bin/google-chrome'].find((file) => existsSync(file));
if (CHROMIUM === undefined) console.warn('SKIPPED: the page was not tested in a browser: no Chromium here (apt-get install chromium).');
const FLAGS = ['--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run', '--disable-background-networking', '--disable-component-update', '--disable-sync'];

describe.skipIf(CHROMIUM === undefined)('the page in a browser', () => {
  const root = scratchFolder();
  const logdir = path.join(root, 'logdir');
  let browser: Browser;
  let page: Page;
  let dashboard: Dashboard;
  const complaints: string[] = [];
  const outside: string[] = [];

  /** Waits until the page has drawn at least once more. */
  const drawn = async (act: () => Promise<void>): Promise<void> => {
    const before = Number(await page.evaluate(() => document.body.dataset.drawn ?? '0'));
    await act();
    await page.waitForFunction((n) => Number(document.body.dataset.drawn ?? '0') > n, before);
  };
  const canvases = (id: string): Promise<number> => page.locator(`#${id} canvas`).count();
  /** Whether anything of this colour is drawn in a chart. */
  const shows = (id: string, [r, g, b]: readonly [number, number, number]): Promise<boolean> => page.evaluate(({ id, r, g, b }) => {
    const canvas = document.querySelector<HTMLCanvasElement>(`#${id} canvas`);
    const pixels = canvas?.getContext('2d')?.getImageData(0, 0, canvas.width, canvas.height).data ?? [];
    for (let i = 0; i < pixels.length; i += 4) if (Math.abs(pixels[i] - r) < 8 && Math.abs(pixels[i + 1] - g) < 8 && Math.abs(pixels[i + 2] - b) < 8 && pixels[i + 3] > 200) return true;
    return false;
  }, { id, r, g, b });

  beforeAll(async () => {
    dashboard = await startDashboard({ logdir, artifacts: path.join(root, 'artifacts'), host: '127.0.0.1', port: 0 });
    browser = await chromium.launch({ executablePath: CHROMIUM ?? '', args: FLAGS });
    page = await browser.newPage({ viewport: { width: 1280, height: 900 }, colorScheme: 'light' });
    page.on('pageerror', (error) => complaints.push(error.message));
    page.on('console', (message) => { if (message.type() === 'error') complaints.push(message.text()); });
    page.on('request', (request) => { if (!request.url().startsWith(dashboard.url) && !request.url().startsWith('data:')) outside.push(request.url()); });
    await page.goto(dashboard.url);
  });
  afterAll(async () => {
    await browser.close();
    await dashboard.close();
  });

  it('says what to do while there are no runs', async () => {
    await page.waitForSelector('#empty:not([hidden])');
    expect(await page.textContent('#empty')).toContain('npx deeplog quickstart');
    await page.waitForFunction(() => document.getElementById('live')?.textContent === 'live');
  });

  it('shows a run that starts by itself, and follows its epochs', async () => {
    const folder = writeRun(logdir, 'log-key', '20251009-080000-aaaaaa', 'running', eventsOf(1, 6));
    await page.waitForSelector('li[data-run="log-key/20251009-080000-aaaaaa"].chosen');
    expect(await page.textContent('.tile b')).toBe('1 / 10');
    appendFileSync(path.join(folder, 'metrics.jsonl'), lines([...eventsOfEpoch(2, 6), ...eventsOfEpoch(3, 6)]));
    await page.waitForFunction(() => document.querySelector('.tile b')?.textContent === '3 / 10');
    for (const id of ['loss', 'accuracy', 'steps']) await page.waitForSelector(`#${id} canvas`);
    for (const id of ['loss', 'accuracy', 'steps']) expect([id, await canvases(id)]).toEqual([id, 1]);
    expect(await shows('loss', [0x2f, 0x6f, 0xeb])).toBe(true);
    expect(await page.isHidden('#confusion')).toBe(true);
  });

  it('draws scores, confusion matrix and precision when the test part was judged', async () => {
    appendFileSync(path.join(logdir, 'log-key/20251009-080000-aaaaaa/metrics.jsonl'), lines([EVALUATION]));
    await page.waitForSelector('#confusion td');
    // Of runs.ts: 7 of 8 abnormal sessions flagged, 2 of 92 normal ones.
    expect(await page.locator('#confusion td').allTextContents()).toEqual(['787.5 % of abnormal', '112.5 % of abnormal', '22.2 % of normal', '9097.8 % of normal']);
    for (const id of ['normal', 'abnormal', 'pr']) await page.waitForSelector(`#${id} canvas`);
    // The list of runs, which has the F1, comes by itself.
    await page.waitForFunction(() => document.getElementById('tiles')?.textContent.includes('0.824'));
  });

  it('compares runs that are ticked, each in the colour of its mark', async () => {
    writeRun(logdir, 'log-key', '20251009-090000-bbbbbb', 'finished', eventsOf(4, 9), 'window_size: 20\n');
    writeRun(logdir, 'logbert', '20251009-070000-cccccc', 'failed', eventsOf(2, 3));
    await page.waitForSelector('li[data-run$="bbbbbb"]');
    await drawn(() => page.click('li[data-run$="bbbbbb"]'));
    expect(await page.locator('li.chosen').count()).toBe(1);
    expect(await page.textContent('#loss-title')).toContain('Loss');
    await drawn(() => page.click('li[data-run$="aaaaaa"] input'));
    await page.waitForFunction(() => document.getElementById('heading')?.textContent?.startsWith('2 runs side by side'));
    expect(await page.textContent('#loss-title')).toContain('Validation loss');
    expect([await shows('loss', [0x2f, 0x6f, 0xeb]), await shows('loss', [0xe8, 0x59, 0x0c])]).toEqual([true, true]);
    expect(await page.locator('#comparison tr.setting td').allTextContents()).toEqual(['window_size', '20', '10']);
    expect(page.url()).toContain('#log-key/20251009-090000-bbbbbb,log-key/20251009-080000-aaaaaa');
    await drawn(() => page.click('li[data-run$="aaaaaa"] input'));
    await page.waitForFunction(() => document.querySelectorAll('li.chosen').length === 1);
  });

  it('draws scores without labels once, as what they are', async () => {
    if (EVALUATION.event !== 'evaluation') throw new Error('no evaluation');
    const { histogram } = EVALUATION;
    writeRun(logdir, 'logbert', '20251009-100000-dddddd', 'finished', [...eventsOf(1, 6), { ...EVALUATION, confusion: null, metrics: {}, pr: [], histogram: { ...histogram, normal: [80, 11, 9], abnormal: [0, 0, 0] } }]);
    await page.waitForSelector('li[data-run$="dddddd"]');
    await drawn(() => page.click('li[data-run$="dddddd"]'));
    expect([await page.isVisible('#histogram-key'), await page.isVisible('#abnormal'), await page.textContent('#histogram-note')]).toEqual([false, false, 'test sessions; verdicts above 3, no labels']);
    expect([await shows('normal', [0x87, 0x93, 0xa5]), await shows('normal', [0x2f, 0x6f, 0xeb])]).toEqual([true, false]);
    await drawn(() => page.click('li[data-run$="aaaaaa"]'));
    expect([await page.isVisible('#histogram-key'), await page.isVisible('#abnormal')]).toEqual([true, true]);
  });

  it('filters, smooths, and turns dark', async () => {
    await page.fill('#filter', 'logbert failed');
    await page.waitForFunction(() => document.querySelectorAll('#runs li').length === 1);
    await page.fill('#filter', '');
    await page.waitForFunction(() => document.querySelectorAll('#runs li').length === 4);
    const raw = (): Promise<boolean> => shows('steps', [0xc3, 0xcb, 0xd6]);
    // The list's changes have the page drawn, too, at a time of their own: what was drawn last is what counts.
    await expect.poll(raw, { timeout: 10_000 }).toBe(true);
    await page.locator('#smoothing').fill('0');
    await expect.poll(raw, { timeout: 10_000 }).toBe(false);
    expect(await page.textContent('#smoothing-value')).toBe('0.00');
    await page.click('#theme');
    expect(await page.evaluate(() => document.documentElement.dataset.theme)).toBe('dark');
  });

  it('links reports', async () => {
    mkdirSync(path.join(root, 'artifacts', 'benchmark'), { recursive: true });
    writeFileSync(path.join(root, 'artifacts', 'benchmark', 'report.html'), '<h1>Benchmark</h1>');
    await page.reload();
    const [report] = await Promise.all([page.waitForEvent('popup'), page.click('#reports a')]);
    expect(await report.textContent('h1')).toBe('Benchmark');
    await report.close();
  });

  it('asks nobody else for anything, and nothing goes wrong in it', () => {
    expect(outside).toEqual([]);
    expect(complaints).toEqual([]);
  });
});
