// One measurement of bench/parsing.ts in a process of its own: `split FILE`, or `drain[:workers] FILE` by the built package.
import { createReadStream, existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';

const [what, file] = process.argv.slice(2);
const result = what === 'split' ? await plainPass() : await drainPass(Number(what.split(':')[1] ?? 1));
process.send({ ...result, peakMb: peakMb() });

/** Of this process alone: what the system calls its maximum begins with the parent's. */
function peakMb() {
  const [, kb] = (existsSync('/proc/self/status') && /VmHWM:\s*(\d+)/.exec(readFileSync('/proc/self/status', 'utf8'))) || [null, process.resourceUsage().maxRSS];
  return Number(kb) / 1024;
}

async function plainPass() {
  const regex = /^(.*?)\s+(.*?)\s+(.*?)\s+(.*?)\s+(.*?):\s+(.*?)$/;
  const started = performance.now();
  let lines = 0;
  let bytes = 0;
  let rest = '';
  for await (const chunk of createReadStream(file, { highWaterMark: 1 << 20, encoding: 'utf8' })) {
    const pieces = (rest + chunk).split('\n');
    rest = pieces.pop() ?? '';
    for (const line of pieces) {
      const match = regex.exec(line);
      if (match) bytes += match[6].length;
      lines++;
    }
  }
  if (bytes === 0) throw new Error('nothing matched');
  return { linesPerSecond: (1000 * lines) / (performance.now() - started) };
}

async function drainPass(workers) {
  const { SYSTEMS } = await import('../dist/deeplog/parsing/index.js');
  const { drainSettings, runDrain } = await import('../dist/deeplog/sessions/index.js');
  const out = mkdtempSync(path.join(tmpdir(), 'bench-drain-'));
  try {
    const settings = drainSettings({
      input_file: file, output_path: out, workers, overwrite: true, logformat: SYSTEMS.hdfs.logformat, time_format: '%y%m%d %H%M%S', max_unparsed: 0, format: 'arrow', sim_th: 0.5, depth: 4, max_children: 100,
      parametrize_numeric_tokens: true, mask_prefix: '<', mask_suffix: '>', masking: SYSTEMS.hdfs.masks.map((regex_pattern) => ({ regex_pattern, mask_with: '*' })), full_search: 'never',
      snapshot_interval_minutes: 60, compress_state: true, adapter_type: 'only_identifier', regex: 'blk_-?\\d+', size: 20, profiling: false, report_sec: 60,
    });
    // Processor time beside the clock's: on a busy machine the clock tells of the others.
    const cpu = () => (process.cpuUsage().user + process.cpuUsage().system) / 1000;
    const marks = [{ lines: 0, at: performance.now(), cpu: cpu() }];
    const started = performance.now();
    const { summary } = await runDrain(settings, (p) => {
      if (p.lines >= marks.length * 1e6) marks.push({ lines: p.lines, at: performance.now(), cpu: cpu() });
    });
    const stageSeconds = (performance.now() - started) / 1000;
    if (summary.events !== summary.lines) throw new Error('lines were lost');
    const rates = (of) => marks.slice(1).map((m, i) => (1000 * (m.lines - marks[i].lines)) / (m[of] - marks[i][of]));
    return { linesPerSecond: summary.lines / summary.parseSeconds, stageLinesPerSecond: summary.lines / stageSeconds, segments: rates('at'), cpuSegments: rates('cpu') };
  } finally {
    rmSync(out, { recursive: true, force: true });
  }
}
