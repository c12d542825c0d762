import type { LinesSummary, SessionsSummary } from './detection.js';
import type { Gate } from './limits.js';
import { Metrics } from './metrics.js';
import type { ModelRegistry } from './models.js';

/** What the service counts. */
export class ServiceMetrics {
  readonly registry = new Metrics();
  private readonly requests = this.registry.counter('deeplog_requests_total', 'Requests answered, by route and status.');
  private readonly lines = this.registry.counter('deeplog_lines_total', 'Log lines read, by model and what became of them.');
  private readonly sessions = this.registry.counter('deeplog_sessions_total', 'Sessions judged, by model and verdict.');
  readonly reloads = this.registry.counter('deeplog_model_reloads_total', 'Reloads of a model, by result.');

  /** A request to `route` was answered. */
  answered(route: string, method: string, status: number, seconds: number): void {
    this.requests({ route, method, status: String(status) });
    this.registry.observe({ route }, seconds);
  }

  linesRead(model: string, s: LinesSummary): void {
    this.lines({ model, kind: 'empty' }, s.empty_lines);
    this.lines({ model, kind: 'unparsed' }, s.unparsed_lines);
    this.lines({ model, kind: 'unknown_template' }, s.unknown_template_lines);
    this.lines({ model, kind: 'known' }, s.lines - s.empty_lines - s.unparsed_lines - s.unknown_template_lines);
  }

  sessionsJudged(model: string, s: SessionsSummary): void {
    this.sessions({ model, verdict: 'abnormal' }, s.total_anomalous_sequences);
    this.sessions({ model, verdict: 'normal' }, s.total_sequences - s.total_anomalous_sequences);
  }

  /** What is read off when it is asked for. */
  watch(gate: Gate, models: ModelRegistry): void {
    const { registry } = this;
    registry.gauge('deeplog_requests_in_flight', 'Requests that are being worked on.', () => gate.inside);
    registry.gauge('deeplog_requests_waiting', 'Requests that wait for their turn.', () => gate.queued);
    registry.gauge('deeplog_model_loaded_timestamp_seconds', 'When the version of a model that is in use was loaded.', () => models.names.map((name) => ({ labels: { model: name }, value: models.get(name).loadedAt.getTime() / 1000 })));
    registry.gauge('process_resident_memory_bytes', 'Resident memory.', () => process.memoryUsage.rss());
    registry.gauge('nodejs_heap_used_bytes', 'JavaScript heap in use.', () => process.memoryUsage().heapUsed);
    registry.gauge('process_start_time_seconds', 'When the process began.', () => Math.round(Date.now() / 1000 - process.uptime()));
  }
}
