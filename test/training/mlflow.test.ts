import { existsSync, readFileSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import path from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import { mlflowReporter, type EpochReport } from '../../deeplog/training/index.js';
import { removeScratchAfterwards, scratchFolder } from '../helpers.js';

removeScratchAfterwards();

type Body = Record<string, unknown> & { metrics?: { key: string; value: number; step: number; timestamp: number }[]; params?: { key: string; value: string }[] };
interface Call { method: string; path: string; query: string; body: Body }

/** A tracking server that keeps to the rules of the REST interface: unknown runs, unknown fields and oversized batches are refused. */
class TrackingServer {
  readonly calls: Call[] = [];
  readonly runs = new Map<string, { status: string; metrics: Map<string, number[]>; params: Map<string, string> }>();
  readonly complaints: string[] = [];
  private readonly experiments = new Map<string, string>();
  private server: Server | null = null;
  /** Answers so instead, while set. */
  broken: (() => { status: number; text: string } | 'never') | null = null;

  async start(): Promise<string> {
    this.server = createServer((request, response) => {
      let text = '';
      request.on('data', (chunk: Buffer) => { text += chunk.toString(); });
      request.on('end', () => {
        const url = new URL(request.url ?? '', 'http://x');
        const call = { method: request.method ?? '', path: url.pathname, query: url.search, body: (text === '' ? {} : JSON.parse(text)) as Body };
        this.calls.push(call);
        const broken = this.broken?.();
        if (broken === 'never') return;
        const [status, answer] = broken === undefined ? this.answer(call, request.headers['content-type'] ?? '') : [broken.status, broken.text];
        response.writeHead(status, { 'content-type': 'application/json' }).end(typeof answer === 'string' ? answer : JSON.stringify(answer));
      });
    });
    await new Promise<void>((resolve) => { this.server?.listen(0, '127.0.0.1', resolve); });
    return `http://127.0.0.1:${(this.server.address() as AddressInfo).port}`;
  }

  async stop(): Promise<void> {
    this.server?.closeAllConnections();
    await new Promise((resolve) => { this.server?.close(resolve); });
  }

  private answer({ method, path: where, query, body }: Call, type: string): [number, object] {
    const refuse = (status: number, error_code: string, message: string): [number, object] => {
      if (error_code !== 'RESOURCE_DOES_NOT_EXIST') this.complaints.push(`${where}: ${message}`);
      return [status, { error_code, message }];
    };
    const only = (...fields: string[]): string | undefined => Object.keys(body).find((f) => !fields.includes(f));
    if (method === 'POST' && !type.startsWith('application/json')) return refuse(400, 'BAD_REQUEST', 'not JSON');
    const name = `${method} ${where.replace('/api/2.0/mlflow/', '')}`;
    if (name === 'GET experiments/get-by-name') {
      const id = this.experiments.get(new URLSearchParams(query).get('experiment_name') ?? '');
      return id === undefined ? refuse(404, 'RESOURCE_DOES_NOT_EXIST', 'none') : [200, { experiment: { experiment_id: id } }];
    }
    if (name === 'POST experiments/create') {
      if (only('name', 'artifact_location', 'tags') !== undefined) return refuse(400, 'INVALID_PARAMETER_VALUE', 'unknown field');
      this.experiments.set(String(body.name), '7');
      return [200, { experiment_id: '7' }];
    }
    if (name === 'POST runs/create') {
      if (body.experiment_id !== '7' || typeof body.start_time !== 'number' || only('experiment_id', 'start_time', 'run_name', 'tags', 'user_id') !== undefined) return refuse(400, 'INVALID_PARAMETER_VALUE', 'run');
      const id = `run${this.runs.size}`;
      this.runs.set(id, { status: 'RUNNING', metrics: new Map(), params: new Map() });
      return [200, { run: { info: { run_id: id, status: 'RUNNING' } } }];
    }
    const run = this.runs.get(String(body.run_id));
    if (run === undefined) return refuse(404, 'INVALID', `no run ${String(body.run_id)}`);
    if (name === 'POST runs/log-batch') {
      if (only('run_id', 'metrics', 'params', 'tags') !== undefined) return refuse(400, 'INVALID_PARAMETER_VALUE', 'unknown field');
      if ((body.metrics?.length ?? 0) > 1000 || (body.params?.length ?? 0) > 100) return refuse(400, 'INVALID_PARAMETER_VALUE', 'too many');
      for (const { key, value, step, timestamp } of body.metrics ?? []) {
        if (!/^[\w .\-/]{1,250}$/.test(key) || typeof value !== 'number' || !Number.isInteger(step) || !Number.isInteger(timestamp)) return refuse(400, 'INVALID_PARAMETER_VALUE', `metric ${key}`);
        run.metrics.set(key, [...(run.metrics.get(key) ?? []), value]);
      }
      for (const { key, value } of body.params ?? []) {
        if (typeof value !== 'string' || value.length > 500) return refuse(400, 'INVALID_PARAMETER_VALUE', `param ${key}`);
        if (run.params.has(key) && run.params.get(key) !== value) return refuse(400, 'INVALID_PARAMETER_VALUE', `param ${key} changed`);
        run.params.set(key, value);
      }
      return [200, {}];
    }
    if (name === 'POST runs/update') {
      if (!['RUNNING', 'FINISHED', 'FAILED', 'KILLED'].includes(String(body.status))) return refuse(400, 'INVALID_PARAMETER_VALUE', 'status');
      run.status = String(body.status);
      return [200, { run_info: {} }];
    }
    return refuse(404, 'ENDPOINT_NOT_FOUND', name);
  }
}

let server = new TrackingServer();
afterEach(async () => {
  await server.stop();
  server = new TrackingServer();
});

const epoch = (n: number): EpochReport => ({ epoch: n, maxEpochs: 3, steps: 600, globalStep: n * 600, loss: 1 / n, validationLoss: 2 / n, bestEpoch: n, bestLoss: 2 / n, learningRate: 0.001, seconds: 1, examplesPerSecond: 1, metrics: { accuracy: 0.5 } });
const TRAINING = { model: 'm', examples: 1, validationExamples: 1, steps: 600, maxEpochs: 3, parameters: 1, resumedAt: null };

function begin(uri: string, folder: string, resumed: boolean, said: string[]) {
  const config = Object.fromEntries(Array.from({ length: 130 }, (_, i) => [`p${i}`, i === 0 ? 'x'.repeat(900) : i]));
  return mlflowReporter({ uri, experiment: 'logs', stage: 'log-key', warn: (m) => said.push(m) }, { id: '2026-a', folder, tensorboard: folder, config, resumed });
}

describe('MLflow tracking', () => {
  it('makes experiment and run, sends params, metrics and the end, within the limits of a request', async () => {
    const said: string[] = [];
    const folder = scratchFolder();
    const reporter = begin(`${await server.start()}/`, folder, false, said);
    reporter.training?.(TRAINING);
    for (let n = 1; n <= 3; n++) {
      for (let s = 1; s <= 600; s++) reporter.step({ epoch: n, maxEpochs: 3, step: s, steps: 600, globalStep: (n - 1) * 600 + s, loss: s === 7 ? NaN : 1 });
      reporter.epoch(epoch(n));
    }
    await reporter.close?.('finished');
    expect([said, server.complaints]).toEqual([[], []]);
    const run = server.runs.get('run0');
    expect(run?.status).toBe('FINISHED');
    expect(run?.metrics.get('val/loss')).toEqual([2, 1, 2 / 3]);
    expect(run?.metrics.get('val/accuracy')).toEqual([0.5, 0.5, 0.5]);
    expect(run?.metrics.get('train/step_loss')).toHaveLength(1800 - 3);
    expect([run?.params.size, run?.params.get('p5'), run?.params.get('p0')?.length]).toEqual([130, '5', 500]);
    expect(JSON.parse(readFileSync(path.join(folder, 'mlflow.json'), 'utf8'))).toMatchObject({ run_id: 'run0' });
  });

  it("goes on with the server's run when the run is resumed", async () => {
    const uri = await server.start();
    const folder = scratchFolder();
    const said: string[] = [];
    const first = begin(uri, folder, false, said);
    first.training?.(TRAINING);
    first.epoch(epoch(1));
    await first.close?.('interrupted');
    expect(server.runs.get('run0')?.status).toBe('KILLED');
    const second = begin(uri, folder, true, said);
    second.training?.(TRAINING);
    second.epoch(epoch(2));
    await second.close?.('finished');
    expect([server.runs.size, server.runs.get('run0')?.status, server.runs.get('run0')?.metrics.get('val/loss'), said, server.complaints]).toEqual([1, 'FINISHED', [2, 1], [], []]);
  });

  it('never stops a training: a server that fails is said, and given up after three requests in a row', async () => {
    const uri = await server.start();
    server.broken = () => ({ status: 500, text: '{"error_code": "INTERNAL_ERROR", "message": "out of order"}' });
    const said: string[] = [];
    const folder = scratchFolder();
    const reporter = begin(uri, folder, false, said);
    reporter.training?.(TRAINING);
    for (let n = 1; n <= 3; n++) reporter.epoch(epoch(n));
    await reporter.close?.('finished');
    expect(said).toEqual([
      `MLflow: GET ${uri}/api/2.0/mlflow/experiments/get-by-name: status 500 (INTERNAL_ERROR out of order); the training goes on`,
      `MLflow: 3 requests failed in a row; nothing more is sent of this run. Its folder has everything: ${folder}`,
    ]);
    expect(server.calls).toHaveLength(3);
    expect(existsSync(path.join(folder, 'mlflow.json'))).toBe(false);
  });

  it('says when there is no server, or another one', async () => {
    for (const [uri, why] of [['http://127.0.0.1:9', /no answer/], [await server.start(), /is not JSON: is this an MLflow server\?/]] as const) {
      server.broken = () => ({ status: 200, text: '<html>' });
      const said: string[] = [];
      const reporter = begin(uri, scratchFolder(), false, said);
      await reporter.close?.('finished');
      expect(said[0]).toMatch(why);
    }
  });
});
