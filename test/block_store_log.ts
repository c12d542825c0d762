import { writeFile } from 'node:fs/promises';
import path from 'node:path';
import { drainSettings, runDrain, type DrainFlags } from '../deeplog/sessions/index.js';
import type { SimulatedLog } from '../deeplog/simulator/index.js';

/** The shipped drain3.ini's settings for a log in the simulator's layout. */
export const BLOCK_STORE_FLAGS: Omit<DrainFlags, 'input_file' | 'output_path'> = {
  overwrite: true, max_unparsed: 0, format: 'arrow', logformat: '<Date> <Time> <Pid> <Level> <Component>: <Content>', time_format: '%y%m%d %H%M%S',
  sim_th: 0.5, depth: 4, max_children: 100, parametrize_numeric_tokens: true, mask_prefix: '<', mask_suffix: '>', full_search: 'fallback',
  masking: [{ regex_pattern: 'blk_-?\\d+', mask_with: '*' }, { regex_pattern: '(\\d+\\.){3}\\d+(:\\d+)?', mask_with: '*' }],
  snapshot_interval_minutes: 60, compress_state: true, adapter_type: 'only_identifier', regex: 'blk_-?\\d+', size: 20, profiling: false, report_sec: 60,
};

/** Writes a simulated log with its labels and parses it, templates learned from the first half; gives the drain_result folder. */
export async function parseSimulated(log: SimulatedLog, folder: string): Promise<string> {
  const [input_file, label_file, output_path] = ['sample.log', 'labels.csv', 'drain'].map((name) => path.join(folder, name));
  await writeFile(input_file, `${log.lines.join('\n')}\n`);
  await writeFile(label_file, `BlockId,Label\n${log.labels.map((l) => `${l.key},${l.fault === null ? 'Normal' : 'Anomaly'}\n`).join('')}`);
  await runDrain(drainSettings({ ...BLOCK_STORE_FLAGS, input_file, label_file, output_path, fit_share: 0.5 }));
  return output_path;
}
