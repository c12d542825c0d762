import { rm } from 'node:fs/promises';
import path from 'node:path';
import { ArrowFileWriter, openOutput } from '../artifacts/index.js';
import { saveState } from '../parsing/index.js';
import { writeCompatJson } from './compat_json.js';
import { takeChunks, workerSettings } from './workers/take_chunks.js';
import { WorkerPool } from './workers/worker_pool.js';
import { ParsePass, type ParseOptions, type ParseSummary } from './parse_pass.js';

const EVENTS_PER_BATCH = 65_536;
const TEXT_BYTES_PER_BATCH = 16 << 20;
const SESSION_WEIGHT_PER_BATCH = 500_000;
const PARTIAL_STATE = 'drain_state.partial.json';
const COMPAT_JSON_SESSIONS = 100_000;

export { type ParseOptions, type ParseSummary } from './parse_pass.js';

export interface ParseOutcome {
  readonly summary: ParseSummary;
  /** Of the files read to their end, by name. */
  readonly sha256: ReadonlyMap<string, string> | undefined;
}

/**
 * Raw log → events.arrow, sessions.arrow, templates.json, templates_info.json, drain_state.json (and data.json), in one pass
 * and bounded memory. The caller writes the manifest last.
 * @throws DataError when nothing could be parsed or more lines than `maxUnparsed` do not fit the format.
 */
export async function parseLog(options: ParseOptions): Promise<ParseOutcome> {
  const { outputPath } = options;
  const source = await options.input.open({ hashed: true });
  const events = await ArrowFileWriter.create(path.join(outputPath, 'events.arrow'));
  const sessions = await ArrowFileWriter.create(path.join(outputPath, 'sessions.arrow'));
  const ranges = options.workers > 1 ? (await source.ranges?.()) ?? null : null;
  const pool = options.workers > 1 ? new WorkerPool(options.workers, workerSettings(options, ranges)) : null;
  try {
    const pass = new ParsePass(options, source);
    const started = performance.now();
    let stateSaved = started;
    let reported = started;
    if (options.awaitWorkers === true) await pool?.up();
    for await (const lines of takeChunks(source, pass, pool, ranges)) {
      if (pass.events.rows >= EVENTS_PER_BATCH || pass.events.textBytes >= TEXT_BYTES_PER_BATCH) {
        await events.writeBehind(pass.events.flush());
      }
      if (pass.sessions.weight >= SESSION_WEIGHT_PER_BATCH) await sessions.writeBehind(pass.sessions.flush());
      const now = performance.now();
      if (pass.lines.stateChanged && now - stateSaved >= options.snapshotIntervalMs) {
        // Under a name of its own while the pass runs: a finished result of before is only replaced at the end.
        await saveState(options.miner, path.join(outputPath, PARTIAL_STATE), options.compressState);
        stateSaved = now;
        pass.lines.stateChanged = false;
      }
      if (options.profile && now - reported >= options.reportMs) {
        reported = now;
        options.onProfile?.(pass.clock.seconds, pass.summary.lines);
      }
      options.onProgress?.({ lines, bytes: source.bytesRead, totalBytes: source.totalBytes });
    }
    await pass.refuseBadInput();
    await events.write(pass.events.flush());
    pass.summary.parseSeconds = (performance.now() - started) / 1000;
    const { clock } = pass;
    clock.set('reading, writing, waiting', pass.summary.parseSeconds - clock.total);
    clock.start();
    const bare = pass.lines.restBare();
    if (bare !== null) {
      for (const session of bare) {
        pass.takeBareSession(session);
        if (pass.sessions.weight >= SESSION_WEIGHT_PER_BATCH) await sessions.writeBehind(pass.sessions.flush());
      }
    } else for (const record of pass.lines.rest()) {
      pass.takeSession(record);
      if (pass.sessions.weight >= SESSION_WEIGHT_PER_BATCH) await sessions.writeBehind(pass.sessions.flush());
    }
    await sessions.write(pass.sessions.flush());
    clock.lap('sessions.arrow');
    pass.refuseUselessResult();
    await openOutput(outputPath, ['data.json', ...(pass.summary.unparsedLines === 0 ? ['unparsed.log'] : [])]);
    await events.commit();
    await sessions.commit();
    await saveState(options.miner, path.join(outputPath, 'drain_state.json'), options.compressState);
    await rm(path.join(outputPath, PARTIAL_STATE), { force: true });
    await pass.writeTemplates();
    clock.lap('last sync, state, templates');
    const json = options.format === 'json' || options.format === 'both' || (options.format === 'auto' && pass.summary.sessions <= COMPAT_JSON_SESSIONS);
    if (json && options.adapter !== null) await writeCompatJson(path.join(outputPath, 'events.arrow'), path.join(outputPath, 'sessions.arrow'), path.join(outputPath, 'data.json'));
    clock.lap('data.json');
    if (options.profile) pass.summary.profile = clock.seconds;
    return { summary: pass.summary, sha256: source.sha256 };
  } catch (error) {
    await events.abandon();
    await sessions.abandon();
    throw error;
  } finally {
    await pool?.close();
  }
}
