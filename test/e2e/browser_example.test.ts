import { existsSync } from 'node:fs';
import type { Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import path from 'node:path';
import { pathToFileURL } from 'node:url';
import { chromium, type Browser } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { DEEPLOG_KEYS_DEFAULTS, loadDetector, type Detector } from '../../deeplog/detectors/index.js';
import { createEngine, type Engine } from '../../deeplog/engine/index.js';
import { trainLogKey } from '../../deeplog/evaluation/index.js';
import { exportModel } from '../../deeplog/export/index.js';
import { readSessionSet } from '../../deeplog/sequences/index.js';
import { simulateBlockStore } from '../../deeplog/simulator/index.js';
import { SILENT } from '../../deeplog/training/index.js';
import { parseSimulated } from '../block_store_log.js';
import { removeScratchAfterwards, scratchFolder } from '../helpers.js';

const CHROMIUM = [process.env.CHROMIUM_PATH, '/usr/bin/chromium', '/usr/bin/chromium-browser', '/usr/bin/google-chrome'].find((f) => f !== undefined && existsSync(f));
if (CHROMIUM === undefined) console.warn('examples/browser is not tested: there is no Chromium (name one in CHROMIUM_PATH).');

const folder = scratchFolder();
removeScratchAfterwards();
const SERVER = pathToFileURL(path.resolve(import.meta.dirname, '../../examples/browser/serve.mjs')).href;

describe.skipIf(CHROMIUM === undefined)('the browser example', () => {
  let engine: Engine;
  let detector: Detector;
  let server: Server;
  let browser: Browser;
  let sessions: number[][];

  beforeAll(async () => {
    const drain = await parseSimulated(simulateBlockStore({ sessions: 250, anomalyShare: 0.1, seed: 8 }), folder);
    engine = await createEngine({ engine: 'onnx' });
    const [model, exported] = ['model', 'export'].map((name) => path.join(folder, name));
    await trainLogKey({
      inputFile: drain, outputPath: model, overwrite: true, trainRatio: 0.5, valRatio: 0.75, order: 'chronological', trainOn: 'normal', targetFpr: 0.01, seed: 1, flags: {},
      model: { ...DEEPLOG_KEYS_DEFAULTS, units: 8, learningRate: 0.01, batchSize: 64, maxEpochs: 6, score: 'nll' },
    }, engine, SILENT, new AbortController().signal);
    await exportModel({ model, outputPath: exported, overwrite: false, formats: ['tfjs-layers', 'tfjs-graph'], verify: false, verifySessions: 1, flags: {} }, () => Promise.resolve(engine));
    detector = await loadDetector(model, () => Promise.resolve(engine));
    const { table } = await readSessionSet(drain);
    sessions = Array.from({ length: Math.min(8, table.distinct) }, (_, d) => Array.from(table.sequence(d)));
    sessions.push([...sessions[0].slice(0, 3), 99_999]);
    const { startServer } = (await import(SERVER)) as { startServer(folder: string): Promise<Server> };
    server = await startServer(exported);
    browser = await chromium.launch({ ...(CHROMIUM === undefined ? {} : { executablePath: CHROMIUM }), args: ['--no-sandbox', '--disable-gpu', '--disable-quic', '--disable-background-networking', '--disable-component-update', '--disable-sync', '--no-first-run'] });
  }, 60_000);
  afterAll(async () => {
    await browser?.close();
    server?.close();
    await detector?.dispose?.();
    await engine?.dispose();
  });

  it.each([['tfjs-layers', 'cpu'], ['tfjs-graph', 'webgl']])('scores sessions as the engine does, with the model as %s on %s', async (format, backend) => {
    const page = await browser.newPage();
    const asked: string[] = [];
    const errors: string[] = [];
    page.on('request', (request) => asked.push(new URL(request.url()).host));
    page.on('pageerror', (error) => errors.push(error.message));
    const { port } = server.address() as AddressInfo;
    await page.goto(`http://127.0.0.1:${port}/?format=${format}&backend=${backend}`);
    await page.waitForSelector('#score:not([disabled])');
    await page.fill('#sessions', sessions.map((events) => events.join(' ')).join('\n'));
    await page.click('#score');
    await page.waitForSelector(`#verdicts[data-done="${sessions.length}"]`, { state: 'attached' });
    const shown = await page.$$eval('#verdicts tr', (rows) => rows.map((row) => ({ score: Number((row as HTMLElement).dataset.score), verdict: row.className })));
    const wanted = await detector.scoreBatch(sessions.map((events, i) => ({ key: String(i), events: Uint32Array.from(events) })));
    shown.forEach(({ score }, i) => expect(Math.abs(score - wanted[i])).toBeLessThan(1.5e-4)); // both round to 0.0001
    expect(shown.at(-1)).toEqual({ score: 1000, verdict: 'abnormal' });
    expect(errors).toEqual([]);
    expect(new Set(asked)).toEqual(new Set([`127.0.0.1:${port}`])); // nothing from elsewhere
    if (process.env.DEEPLOG_SCREENSHOT !== undefined) await page.screenshot({ path: process.env.DEEPLOG_SCREENSHOT, fullPage: true });

    await page.fill('#sessions', '5 x');
    await page.click('#score');
    expect(await page.textContent('#error')).toBe('Line 1: "x" is no event id.');
    await page.close();
  }, 30_000);
});
