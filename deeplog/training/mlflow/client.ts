import { messageOf } from '../../common/index.js';

/** mlflow.entities.Metric as its REST interface takes it; `timestamp` in milliseconds. */
export interface MlflowMetric {
  readonly key: string;
  readonly value: number;
  readonly timestamp: number;
  readonly step: number;
}

export interface KeyValue {
  readonly key: string;
  readonly value: string;
}

export type MlflowStatus = 'RUNNING' | 'FINISHED' | 'FAILED' | 'KILLED';

const TIMEOUT_MS = 5000;
/** What one log-batch request may hold, and how long a value may be (https://mlflow.org/docs/latest/rest-api.html#log-batch). */
export const MOST_METRICS = 1000;
export const MOST_PARAMS = 100;
const LONGEST_VALUE = 500;

/** The server refused, or did not answer; says which request. */
export class MlflowError extends Error {
  override name = 'MlflowError';
  constructor(message: string, readonly code: string | null) {
    super(message);
  }
}

/** The few calls of MLflow's REST interface 2.0 that a training needs. Each throws MlflowError. */
export class MlflowClient {
  private readonly base: string;

  constructor(uri: string) {
    this.base = `${uri.replace(/\/+$/, '')}/api/2.0/mlflow/`;
  }

  /** The experiment of this name, made where there is none. */
  async experiment(name: string): Promise<string> {
    try {
      const found = await this.call('GET', `experiments/get-by-name?experiment_name=${encodeURIComponent(name)}`);
      return text((found.experiment as Record<string, unknown> | undefined)?.experiment_id, 'experiments/get-by-name');
    } catch (error) {
      if (!(error instanceof MlflowError) || error.code !== 'RESOURCE_DOES_NOT_EXIST') throw error;
      return text((await this.call('POST', 'experiments/create', { name })).experiment_id, 'experiments/create');
    }
  }

  async createRun(experimentId: string, name: string, tags: readonly KeyValue[]): Promise<string> {
    const made = await this.call('POST', 'runs/create', { experiment_id: experimentId, run_name: name, start_time: Date.now(), tags });
    return text((made.run as { info?: Record<string, unknown> } | undefined)?.info?.run_id, 'runs/create');
  }

  /** At most {@link MOST_METRICS} and {@link MOST_PARAMS}. */
  async logBatch(runId: string, metrics: readonly MlflowMetric[], params: readonly KeyValue[]): Promise<void> {
    await this.call('POST', 'runs/log-batch', { run_id: runId, metrics, params: params.map(({ key, value }) => ({ key, value: value.slice(0, LONGEST_VALUE) })), tags: [] });
  }

  /** What the Python client calls set_terminated, for one of the three that end a run. */
  async updateRun(runId: string, status: MlflowStatus): Promise<void> {
    await this.call('POST', 'runs/update', { run_id: runId, status, ...(status === 'RUNNING' ? {} : { end_time: Date.now() }) });
  }

  private async call(method: 'GET' | 'POST', path: string, body?: object): Promise<Record<string, unknown>> {
    const what = `${method} ${this.base}${path.split('?')[0]}`;
    let response: Response;
    let answer: string;
    try {
      response = await fetch(this.base + path, { method, signal: AbortSignal.timeout(TIMEOUT_MS), ...(body === undefined ? {} : { headers: { 'content-type': 'application/json' }, body: JSON.stringify(body) }) });
      answer = await response.text();
    } catch (error) {
      const cause = error instanceof Error && error.cause instanceof Error ? error.cause : error;
      throw new MlflowError(`${what}: no answer (${messageOf(cause) || 'connection refused'})`, null);
    }
    let parsed: Record<string, unknown>;
    try {
      parsed = (answer === '' ? {} : JSON.parse(answer)) as Record<string, unknown>;
    } catch {
      throw new MlflowError(`${what}: status ${response.status}, and the answer is not JSON: is this an MLflow server?`, null);
    }
    if (!response.ok) throw new MlflowError(`${what}: status ${response.status} (${String(parsed.error_code ?? '')} ${String(parsed.message ?? '')})`, typeof parsed.error_code === 'string' ? parsed.error_code : null);
    return parsed;
  }
}

function text(value: unknown, call: string): string {
  if (typeof value !== 'string' || value === '') throw new MlflowError(`${call}: the answer names nothing: is this an MLflow server?`, null);
  return value;
}
