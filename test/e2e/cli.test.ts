import { execFile, spawn } from 'node:child_process';
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { gzipSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import { removeScratchAfterwards, scratchFolder } from '../helpers.js';

removeScratchAfterwards();

const ROOT = fileURLToPath(new URL('../..', import.meta.url));
const TSX = path.join(ROOT, 'node_modules', 'tsx', 'dist', 'esm', 'index.mjs');

interface Run { code: number; stdout: string; stderr: string }

/** Runs the command line as a user does, in a folder of its own. */
function deeplog(cwd: string, args: readonly string[], script = 'deeplog.ts', input?: string): Promise<Run> {
  return new Promise((resolve) => {
    const child = execFile(process.execPath, ['--import', TSX, path.join(ROOT, 'run', script), ...args], { cwd, env: { ...process.env, DEEPLOG_DATA: '' } }, (error, stdout, stderr) => {
      resolve({ code: typeof error?.code === 'number' ? error.code : error ? -1 : 0, stdout, stderr });
    });
    child.stdin?.end(input ?? '');
  });
}

function workspace(): string {
  const folder = scratchFolder();
  writeFileSync(path.join(folder, 'drain3.ini'), readFileSync(path.join(ROOT, 'drain3.ini')));
  return folder;
}

describe('the main job, as a user runs it', () => {
  it('goes from a raw log to a table of honest verdicts, and again', async () => {
    const cwd = workspace();
    for (let round = 0; round < 2; round++) {
      const { code, stdout, stderr } = await deeplog(cwd, ['quickstart', '--sessions', '400', '--max-epochs', '12']);
      expect({ code, stderr: code === 0 ? '' : stderr }).toEqual({ code: 0, stderr: '' });
      for (const id of ['unseen-key', 'length', 'event-set', 'count-vector', '2-gram', 'deeplog-keys']) expect(stdout).toMatch(new RegExp(`^${id} +[\\d.–]+`, 'm'));
      const report = `${/report: (\S+)report\.html, report\.md/.exec(stderr)?.[1] ?? ''}report.md`;
      expect(readFileSync(path.join(cwd, report), 'utf8')).toContain('| detector | tp | fp | fn | F1 | 95 % | precision | recall | F1 @1% | own F1 | oracle F1 | gap |');
    }
    const model = path.join(cwd, 'artifacts', 'quickstart', 'log_key_model_result');
    for (const file of ['model.safetensors', 'config.json', 'metrics.json', 'manifest.json', 'split.arrow', 'parser_state.json']) expect(existsSync(path.join(model, file))).toBe(true);
    const verdicts = readFileSync(path.join(cwd, 'artifacts', 'quickstart', 'detect_result', 'verdicts.jsonl'), 'utf8').trim().split('\n').map((l) => JSON.parse(l) as { abnormal: boolean; evidence?: { line: number; raw: string; reason: string; expected: unknown[] }[] });
    expect(verdicts).toHaveLength(134);
    const log = readFileSync(path.join(cwd, 'artifacts', 'quickstart', 'tomorrow', 'sample.log'), 'utf8').split('\n');
    const flagged = verdicts.filter((v) => v.abnormal);
    expect(flagged.length).toBeGreaterThan(0);
    for (const { evidence } of flagged) for (const e of evidence ?? []) if (e.line !== undefined) expect(e.raw).toBe(log[e.line - 1]);
  }, 120_000);

  it('prints exactly the results object with --print json', async () => {
    const cwd = workspace();
    writeFileSync(path.join(cwd, 's.txt'), Array.from({ length: 60 }, (_, i) => (i % 20 === 19 ? '1 9' : '1 2 3')).join('\n'));
    writeFileSync(path.join(cwd, 'l.txt'), Array.from({ length: 60 }, (_, i) => (i % 20 === 19 ? 1 : 0)).join('\n'));
    const { code, stdout } = await deeplog(cwd, ['--input_file', 's.txt', '--label_file', 'l.txt', '--detectors', 'unseen-key', '--print', 'json', '--train_ratio', '0.3', '--val_ratio', '0.5', '--output_path', 'run'], 'run_benchmark.ts');
    expect(code).toBe(0);
    const results = JSON.parse(stdout) as { schema: string; rows: Record<string, unknown>[] };
    expect(Object.keys(results)).toEqual(['schema', 'rows', 'agreement']);
    expect(results.rows[0]).toMatchObject({ dataset: 's.txt', protocol: 'custom', detector: 'unseen-key', unit: 'session', tp: 2, fp: 0, fn: 0, tn: 28, precision: 1, recall: 1, f1: 1, n_train: 18, n_test: 30, threshold: 0.5 });
    for (const key of ['split_sha256', 'seed', 'engine', 'mcc', 'specificity', 'pr_auc', 'roc_auc', 'oracle_f1', 'alerts_per_day', 'unseen_only', 'fit_seconds', 'score_per_second', 'peak_rss_mb', 'model_bytes']) expect(results.rows[0]).toHaveProperty(key);
    expect(JSON.parse(readFileSync(path.join(cwd, 'run', 'results.json'), 'utf8'))).toEqual(results);
    expect(existsSync(path.join(cwd, 'artifacts', 'splits', 'custom-1.arrow'))).toBe(true);
  });

  it('reads standard input, a byte-order mark in it piece by piece', async () => {
    const cwd = workspace();
    const { code, stderr } = await deeplog(cwd, ['drain', '--input_file', '-', '--parser_config', 'none'], 'deeplog.ts', 'a b 1\na b 2\n');
    expect({ code, said: stderr.includes('parsed 2 lines') }).toEqual({ code: 0, said: true });
    const child = execFile(process.execPath, ['--import', TSX, path.join(ROOT, 'run', 'deeplog.ts'), 'drain', '--input_file', '-', '--parser_config', 'none', '--output_path', 'bom'], { cwd });
    for (const byte of [0xef, 0xbb, 0xbf]) {
      child.stdin?.write(Buffer.of(byte));
      await new Promise((resolve) => { setTimeout(resolve, 50); });
    }
    child.stdin?.end('x y');
    await new Promise((resolve) => { child.on('exit', resolve); });
    expect(JSON.parse(readFileSync(path.join(cwd, 'bom', 'templates.json'), 'utf8'))).toEqual({ 1: 'x y' });
  });
});

describe('mistakes get one line that says the fix', () => {
  const oneLine = (r: Run): string => {
    const lines = r.stderr.trim().split('\n').filter((l) => l.startsWith('deeplog: '));
    expect(lines).toHaveLength(1);
    expect(r.stderr).not.toMatch(/^\s+at .*\(/m);
    return lines[0];
  };

  it.each([
    ['an unknown flag', ['drain', '--input_fil', 'x'], 2, 'deeplog: There is no flag --input_fil. Did you mean input_file? See --help.'],
    ['an unknown stage', ['drian'], 2, 'deeplog: There is no stage "drian". Did you mean drain? See deeplog --help.'],
    ['no stage', [], 2, 'Name a stage'],
    ['a missing flag', ['drain'], 2, 'deeplog: --input_file is missing'],
    ['a value out of range', ['drain', '--input_file', 'x', '--sim_th', '1.5'], 2, 'deeplog: --sim_th is "1.5"; it must be a number (0 to 1).'],
    ['a word for a number', ['log-key', '--window-size', 'abc'], 2, 'deeplog: --window_size is "abc"; it must be a whole number (1 to 1000).'],
    ['a missing file', ['drain', '--input_file', 'nowhere.log'], 1, 'deeplog: nowhere.log: there is no such file. Check --input_file.'],
    ['a missing data set', ['benchmark', '--protocol', 'hdfs-chrono'], 1, 'deeplog: data/hdfs/sessions.txt.gz: this data set is not here. HDFS_v1'],
    ['an unknown protocol', ['benchmark', '--protocol', 'hdfs-chron'], 2, 'deeplog: --protocol names "hdfs-chron"; known are'],
    ['a missing model', ['detect', '--input_file', 'x'], 1, 'deeplog: artifacts/log_key_model_result: there is no such folder.'],
    ['an engine that is not there', ['log-key', '--engine', 'eager', '--backend', 'tensorflow'], 1, 'tensorflow'],
  ])('%s', async (_, args, code, message) => {
    const result = await deeplog(workspace(), args);
    expect(oneLine(result)).toContain(message);
    expect(result.code).toBe(code);
  });

  it('a truncated .gz, an unfinished folder, a format that does not fit', async () => {
    const cwd = workspace();
    writeFileSync(path.join(cwd, 'cut.log.gz'), gzipSync('081109 203518 1 INFO a: b blk_1\n'.repeat(500)).subarray(0, 60));
    const cut = await deeplog(cwd, ['drain', '--input_file', 'cut.log.gz']);
    expect([cut.code, oneLine(cut)]).toEqual([1, 'deeplog: cut.log.gz: the gzip data ends early: the file is truncated. Fetch or copy it again.']);
    mkdirSync(path.join(cwd, 'half'));
    const half = await deeplog(cwd, ['log-key', '--input_file', 'half']);
    expect([half.code, oneLine(half)]).toEqual([1, 'deeplog: half: has no manifest.json: it is not the result of a stage, or the run that wrote it did not finish.']);
    writeFileSync(path.join(cwd, 'other.log'), 'nothing like it\n'.repeat(10));
    const other = await deeplog(cwd, ['drain', '--input_file', 'other.log']);
    expect([other.code, oneLine(other)]).toEqual([1, expect.stringContaining('other.log: 10 of 10 lines (100.0 %) do not fit the log format')]);
  });
});

describe('a stage that is told to end while it writes', () => {
  it.each([['SIGINT', 130, 'deeplog: interrupted\n'], ['SIGTERM', 143, 'deeplog: terminated\n']] as const)('by %s leaves nothing behind', async (signal, code, said) => {
    const cwd = workspace();
    const child = spawn(process.execPath, ['--import', TSX, path.join(ROOT, 'run', 'deeplog.ts'), 'drain', '--stdin', '--quiet', '--output_path', 'out'], { cwd });
    let stderr = '';
    child.stderr.on('data', (text: Buffer) => { stderr += text.toString(); });
    child.stdin.write('081109 203518 1 INFO a: b blk_1\n');
    const held = (): string[] => (existsSync(path.join(cwd, 'out')) ? readdirSync(path.join(cwd, 'out')) : []);
    while (held().filter((name) => name.endsWith('.tmp')).length < 2) await new Promise((resolve) => setTimeout(resolve, 20));
    child.kill(signal);
    expect(await new Promise((resolve) => child.on('exit', resolve))).toBe(code);
    expect([stderr, held()]).toEqual([said, []]);
  });
});
