// The trained models behind HTTP: raw logs in, verdicts out.
//   npx deeplog serve --model artifacts/log_key_model_result
//   curl -s -H 'Content-Type: text/plain' --data-binary @new.log localhost:8080/detect
import { COMMON_OPTIONS, ENGINE_OPTIONS, engineOptions, resolveOptions, runIfMain, StageConsole, type OptionSpecs, type Stage } from '../deeplog/cli/index.js';

export const SERVE_OPTIONS = {
  model: { type: 'strings', group: 'Models', default: ['artifacts/log_key_model_result'], describe: 'folders of trained models, each as folder or name=folder; the first answers when a request names none' },
  watch_sec: { type: 'number', group: 'Models', default: 5, min: 0, max: 86400, describe: "look this often whether a model's folder holds a new result, and load it; 0: only on SIGHUP or POST /models/<name>/reload" },
  host: { type: 'string', group: 'Network', default: '127.0.0.1', describe: 'address to listen on; 0.0.0.0: all' },
  port: { type: 'integer', group: 'Network', default: 8080, min: 0, max: 65535, describe: 'port to listen on; 0: any that is free' },
  api_key_file: { type: 'string', group: 'Network', describe: 'file with one API key a line; requests must then bring one' },
  max_body_mb: { type: 'number', group: 'Limits', default: 16, min: 0, max: 1024, exclusive: true, describe: 'largest request that is answered in one piece, in MiB' },
  max_stream_mb: { type: 'number', group: 'Limits', default: 1024, min: 0, max: 1048576, exclusive: true, describe: 'largest request that is answered line by line, in MiB' },
  max_line_kb: { type: 'number', group: 'Limits', default: 1024, min: 0, max: 65536, exclusive: true, describe: 'longest line, in KiB' },
  max_concurrency: { type: 'integer', group: 'Limits', default: 64, min: 1, max: 10000, describe: 'requests that are worked on at the same time' },
  max_queue: { type: 'integer', group: 'Limits', default: 1024, min: 0, max: 1000000, describe: 'requests that may wait for their turn' },
  timeout_sec: { type: 'number', group: 'Limits', default: 60, min: 0, max: 86400, exclusive: true, describe: 'longest time for an answer, or between two pieces of a streamed one' },
  drain_sec: { type: 'number', group: 'Limits', default: 30, min: 0, max: 3600, describe: 'longest time that requests get to finish when the service is stopped' },
  log_level: { type: 'string', group: 'Output', default: 'info', choices: ['debug', 'info', 'warn', 'error', 'silent'], describe: 'what the log on standard output tells, in JSON lines' },
  ...ENGINE_OPTIONS,
} as const satisfies OptionSpecs;

export const serveStage: Stage = {
  command: 'serve', group: 'Deploy',
  describe: 'answer over HTTP with trained models',
  options: SERVE_OPTIONS,
  examples: [['$0 serve --model keys=artifacts/log_key_model_result flow=artifacts/workflows', 'two models, by name']],
  async run(given) {
    const o = resolveOptions({ ...SERVE_OPTIONS, ...COMMON_OPTIONS }, given);
    const { DEFAULT_LIMITS, serve } = await import('../deeplog/serving/index.js');
    const { createEngine } = await import('../deeplog/engine/index.js');
    const console = new StageConsole(o.quiet);
    const MIB = 2 ** 20;
    await serve({
      models: o.model, watchMs: o.watch_sec * 1000, host: o.host, port: o.port, drainMs: o.drain_sec * 1000, logLevel: o.log_level,
      ...(o.api_key_file === undefined ? {} : { apiKeyFile: o.api_key_file }),
      limits: { ...DEFAULT_LIMITS, maxBodyBytes: o.max_body_mb * MIB, maxStreamBytes: o.max_stream_mb * MIB, maxLineBytes: o.max_line_kb * 1024, maxConcurrency: o.max_concurrency, maxQueue: o.max_queue, timeoutMs: o.timeout_sec * 1000 },
      onEvent: (what) => console.say(what),
      onWarning: (what) => console.warn(what),
    }, () => createEngine(engineOptions(o)));
  },
};

runIfMain(import.meta.url, serveStage);
