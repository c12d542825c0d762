import { createHash } from 'node:crypto';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import { seededRandom } from '../../deeplog/common/index.js';
import { drainSettings, runDrain, type DrainFlags } from '../../deeplog/sessions/index.js';
import { removeScratchAfterwards, scratchFolder } from '../helpers.js';

removeScratchAfterwards();

/** Several chunks of lines whose templates are made and changed all along, with odd lines in between. */
function writeLog(file: string): void {
  const random = seededRandom(5);
  const pick = (n: number): number => Math.floor(random() * n);
  const word = (n: number): string => (n < 26 ? '' : word(Math.floor(n / 26))) + String.fromCharCode(97 + (n % 26));
  const lines: Buffer[] = [];
  for (let i = 0; i < 24_000; i++) {
    const key = `job-${pick(900)}`;
    const odd = random();
    const padding = 'x'.repeat(pick(120));
    const message = odd < 0.7 ? `worker ${pick(9)} took ${key} from queue ${pick(4)} ${padding}`
      : odd < 0.998 ? `${word(pick(1 + (i >> 9)))} phase of ${key} in ${['alpha', 'beta', 'gamma'][pick(3)]} ended after ${pick(99)} s`
        : `${key} saw ${Array.from({ length: pick(6) }, () => word(pick(1 + i))).join(' ')}`;
    const text = odd > 0.9995 ? 'no header here' : `2024-01-15 08:00:${String(i % 60).padStart(2, '0')} INFO ${message}${odd > 0.96 && odd < 0.97 ? ' é' : ''}`;
    lines.push(i === 20_000 ? Buffer.from(`2024-01-15 08:00:00 INFO ${key} caf\xe9`, 'latin1') : Buffer.from(text));
  }
  writeFileSync(file, Buffer.concat(lines.flatMap((l) => [l, Buffer.from('\n')])));
}

describe('workers', () => {
  const folder = scratchFolder();
  const log = path.join(folder, 'x.log');
  writeLog(log);
  const flags = (name: string, more: Partial<DrainFlags>): DrainFlags => ({
    input_file: log, output_path: path.join(folder, name), logformat: '<Date> <Time> <Level> <Content>', time_format: '%Y-%m-%d %H:%M:%S', adapter_type: 'only_identifier', regex: 'job-\\d+',
    masking: [{ regex_pattern: 'job-\\d+', mask_with: 'JOB' }], max_unparsed: 0.1, format: 'arrow', overwrite: true, sim_th: 0.5, depth: 4, max_children: 100, parametrize_numeric_tokens: true, mask_prefix: '<', mask_suffix: '>',
    full_search: 'fallback', snapshot_interval_minutes: 1, compress_state: false, size: 20, profiling: false, report_sec: 60, ...more,
  });
  const hashes = (name: string): string[] => ['events.arrow', 'sessions.arrow', 'templates.json', 'templates_info.json', 'drain_state.json', 'unparsed.log'].map((f) => path.join(folder, name, f)).map((f) => (existsSync(f) ? sha256(f) : 'none'));

  /** What the manifest says of the log. */
  const vouched = (name: string): unknown => (JSON.parse(readFileSync(path.join(folder, name, 'manifest.json'), 'utf8')) as { inputs: Record<string, string> }).inputs;
  const sha256 = (file: string): string => createHash('sha256').update(readFileSync(file)).digest('hex');

  it.each([['learning', {}], ['learning from the first half', { fit_share: 0.5 }], ['searching keys by themselves', { regex: '(?<=)job-\\d+' }]])('give the same files however many they are (%s)', async (name, more) => {
    const one = await runDrain(drainSettings(flags(`${name}-1`, more)));
    expect(one.summary.templates).toBeGreaterThan(30);
    expect(one.summary.repairedLines).toBe(1);
    const counts = (s: typeof one.summary): unknown => ({ ...s, parseSeconds: 0 });
    for (const workers of name === 'learning' ? [3] : [2]) {
      const settings = drainSettings(flags(`${name}-${workers}`, { ...more, workers }));
      const many = await runDrain({ ...settings, parse: { ...settings.parse, awaitWorkers: true } });
      expect(counts(many.summary)).toEqual(counts(one.summary));
      expect(hashes(`${name}-${workers}`)).toEqual(hashes(`${name}-1`));
      expect([vouched(`${name}-1`), vouched(`${name}-${workers}`)]).toEqual([{ [log]: sha256(log) }, { [log]: sha256(log) }]);
    }
  }, 240_000); // threads compile the sources anew: long on a busy machine

  /** A log of several chunks made of odd bytes: no two seeds alike. */
  function writeHostile(file: string, seed: number): void {
    const random = seededRandom(seed);
    const pick = <T>(of: readonly T[]): T => of[Math.floor(random() * of.length)];
    const number = (below: number): number => Math.floor(random() * below);
    const ends = seed % 2 === 0 ? ['\n'] : ['\n', '\r\n', '\n\n', '\r\r\n'];
    const pieces: Buffer[] = seed === 3 ? [Buffer.from('\ufeff')] : [];
    let bytes = 0;
    for (let i = 0; bytes < 2_400_000; i++) {
      const time = `2024-01-15 08:${String(Math.floor(i / 60) % 60).padStart(2, '0')}:${String(i % 60).padStart(2, '0')}`;
      const key = random() < 0.9 ? `job-${number(400)}` : '';
      const odd = random();
      const text = odd < 0.9 ? `${time} INFO ${pick(['started', 'ended', 'moved'])} ${key} on node ${number(8)} ${'y'.repeat(number(90))}`
        : odd < 0.95 ? `${time} WARN ${key} ${pick(['\0', 'é', '日本', '\u00a0', '\u0085'])} ${number(9)}`
          : odd < 0.99 ? `  at frame ${number(50)} of ${key}`
            : odd < 0.9995 ? pick(['', ' ', 'no header', `bad time INFO ${key} x`]) : `${time} INFO ${key} ${'z'.repeat(number(seed === 1 ? 2_500_000 : 20_000))}`;
      const line = Buffer.from(text + pick(ends));
      // Bytes that are no UTF-8: in few chunks, since those are done by one thread.
      if (seed > 1 && random() < 0.00002) line[Math.floor(line.length / 2)] = 0xff;
      pieces.push(line);
      bytes += line.length;
    }
    const whole = Buffer.concat(pieces);
    writeFileSync(file, seed === 2 ? whole.subarray(0, -30) : whole);
  }

  it.each([[1, {}], [2, { match_only: true, full_search: 'always' }], [3, { time_format: undefined }], [4, { record_start: '^\\d{4}-', adapter_type: 'fixed_window', regex: undefined, size: 7 }]] as [number, Partial<DrainFlags>][])('give the same files from hostile bytes (seed %i)', async (seed, more) => {
    const file = path.join(folder, `hostile-${seed}.log`);
    writeHostile(file, seed);
    const common = { ...more, input_file: file, max_unparsed: 1 };
    if (more.match_only === true) {
      const learning = { ...common, match_only: false };
      await runDrain(drainSettings(flags(`state-${seed}`, { ...learning, fit_share: 0.3 })));
      Object.assign(common, { state: path.join(folder, `state-${seed}`, 'drain_state.json') });
    }
    const one = await runDrain(drainSettings(flags(`hostile-${seed}-1`, common)));
    const settings = drainSettings(flags(`hostile-${seed}-2`, { ...common, workers: 2 }));
    const two = await runDrain({ ...settings, parse: { ...settings.parse, awaitWorkers: true } });
    expect({ ...two.summary, parseSeconds: 0 }).toEqual({ ...one.summary, parseSeconds: 0 });
    expect(hashes(`hostile-${seed}-2`)).toEqual(hashes(`hostile-${seed}-1`));
    expect(vouched(`hostile-${seed}-2`)).toMatchObject({ [file]: sha256(file) });
  }, 240_000); // threads compile the sources anew: long on a busy machine

  it('stay out of jobs that one thread must do, and say so', async () => {
    const { warnings } = await runDrain(drainSettings(flags('alone', { workers: 2, max_clusters: 10 })));
    expect(warnings.join()).toContain('--workers 2 was not used: with --max_clusters');
  });
});
