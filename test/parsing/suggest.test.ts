import { writeFileSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import { seededRandom } from '../../deeplog/common/index.js';
import { asIni, LogFormat, readDrainIni, suggestFor, suggestSettings, TimeFormat, wholeRecords } from '../../deeplog/parsing/index.js';
import { simulateBlockStore } from '../../deeplog/simulator/index.js';
import { removeScratchAfterwards, scratchFolder } from '../helpers.js';

removeScratchAfterwards();

const random = seededRandom(3);
const pick = <T>(...of: readonly T[]): T => of[Math.floor(random() * of.length)];
const two = (n: number): string => String(n).padStart(2, '0');
const clock = (i: number): string => `${two(8 + (i % 9))}:${two(i % 60)}:${two((i * 7) % 60)}`;
const message = (i: number): string => pick(`user u${i} logged in from 10.0.${i % 250}.7:22`, `read /var/data/part${i}/x.bin in ${i} ms`, 'nothing to do', `checksum 0x${(i * 77).toString(16)} of pool main`);

describe('suggested settings', () => {
  const shapes: [string, (i: number) => string, string, string | null][] = [
    ['iso date, level, component', (i) => `2024-01-${two(1 + (i % 28))} ${clock(i)},${100 + (i % 800)} ${pick('INFO', 'WARN', 'ERROR')} [pool-${i % 9}] ${pick('a.b.Store', 'a.Net')}: `, '<Date> <Time> <Level> \\[<Process>\\] <Component>(\\[<PID>\\])?: <Content>', '%Y-%m-%d %H:%M:%S,%f'],
    ['syslog', (i) => `Jan ${String(1 + (i % 28)).padStart(2, ' ')} ${clock(i)} host${i % 3} ${pick('sshd', 'cron')}[${200 + i}]: `, '<Month> <Day> <Time> <Field> <Component>\\[<PID>\\]( \\(<Address>\\))?: <Content>', '%b %d %H:%M:%S'],
    ['brackets', (i) => `[Sun Dec 04 ${clock(i)} 2005] [${pick('notice', 'error')}] `, '\\[<Time>\\] \\[<Level>\\] <Content>', '%a %b %d %H:%M:%S %Y'],
    ['bars', (i) => `20171223-${clock(i)}:${100 + (i % 900)}|${pick('Step_A', 'Step_B')}|${3000 + (i % 9)}|`, '<Time>\\|<Component>\\|<Pid>\\|<Content>', '%Y%m%d-%H:%M:%S:%f'],
    ['an access log', (i) => `10.0.0.${i % 250} - ${pick('-', 'bob')} [${two(1 + (i % 28))}/Mar/2024:${clock(i)} +0100] `, '<Field> - <Field2> \\[<Time>\\] <Content>', '%d/%b/%Y:%H:%M:%S %z'],
    ['key=value', (i) => `time="2024-01-${two(1 + (i % 28))}T${clock(i)}Z" level=${pick('info', 'warning')} msg=`, 'time="<Time>" level=<Level> msg=<Content>', '%Y-%m-%dT%H:%M:%SZ'],
    ['level and name before colons', () => `${pick('INFO', 'ERROR')}:${pick('root', 'a.b')}:`, '<Level>:<Component>:<Content>', null],
    ['day-first dates with dots', (i) => `${two(1 + (i % 28))}.11.2026 ${clock(i)},${100 + (i % 800)} ${pick('INFO', 'WARN')} `, '<Date> <Time> <Level> <Content>', '%d.%m.%Y %H:%M:%S,%f'],
    ['no header', () => '', '<Content>', null],
  ];

  it.each(shapes)('find the message after a header of %s', (_name, header, layout, time) => {
    const lines = Array.from({ length: 400 }, (_, i) => [header(i), message(i)] as const);
    const s = suggestFor(lines.map((l) => l.join('')));
    expect(s).toMatchObject({ logformat: layout, timeFormat: time, sampled: 400, fitting: 400, dated: time === null ? 0 : 400 });
    const format = new LogFormat(s.logformat ?? '');
    for (const [head, text] of lines) {
      const bytes = Buffer.from(head + text);
      expect(format.match(bytes, 0, bytes.length, true)).toBe(true);
      expect(bytes.toString('utf8', format.starts[format.contentField], format.ends[format.contentField])).toBe(text);
    }
    expect(s.masks.map((m) => m.what)).toEqual(['IP addresses', 'hexadecimal numbers', 'paths']);
  });

  it('name the columns of JSON lines, whose names are usual or not', () => {
    const lines = Array.from({ length: 50 }, (_, i) => message(i));
    expect(suggestFor(lines.map((msg, i) => JSON.stringify({ level: 'info', ts: 1_709_287_532.5 + i, msg })))).toMatchObject({ logformat: null, fields: ['Content=msg', 'Time=ts', 'Level=level'], fitting: 50, dated: 50 });
    const odd = suggestFor(lines.map((said, i) => JSON.stringify({ n: i, when: { $date: `2024-01-15T08:00:${two(i)}.000Z` }, said, host: 'h' })));
    expect(odd.fields).toEqual(['Content=said', 'Time=when.$date']);
    expect(asIni(odd, 'x')).toContain('--input_format jsonl --fields Content=said,Time=when.$date');
  });

  it('name the session and the level of records, by name or by what they look like', async () => {
    const folder = scratchFolder();
    const rows = Array.from({ length: 90 }, (_, i) => ({ at: `2026-11-18T08:00:${two(i % 60)}.513Z`, lvl: pick('I', 'W'), svc: pick('gw', 'cart'), rid: `91b7584${i % 9}`, text: message(i) }));
    const wanted = ['Content=text', 'Time=at', 'Session=rid', 'Level=lvl'];
    const lines = rows.map((r) => JSON.stringify(r));
    expect(suggestFor(lines)).toMatchObject({ fields: wanted, inputFormat: 'jsonl', example: [['Content', rows[0].text], ['Time', rows[0].at], ['Session', '91b75840'], ['Level', rows[0].lvl]] });
    expect(suggestFor(rows.map(({ rid, lvl, ...rest }) => JSON.stringify({ ...rest, unit: rid, how: lvl }))).fields).toEqual(['Content=text', 'Time=at', 'Session=unit', 'Level=how']);
    expect(suggestFor(rows.map((r, i) => JSON.stringify({ ...r, rid: `91b7584${i}` }))).fields).toEqual(['Content=text', 'Time=at', 'Level=lvl']); // no two of a session
    // What is given stands.
    expect(suggestFor(lines, ['Content=svc+text', 'Session=svc']).fields).toEqual(['Content=svc+text', 'Session=svc', 'Time=at', 'Level=lvl']);
    expect(() => suggestFor(lines, ['Session=reqid'])).toThrow('--fields names the column "reqid", which no record has. There are: at, lvl, svc, rid, text.');

    const csv = path.join(folder, 'x.txt');
    writeFileSync(csv, ['at,lvl,svc,rid,text', ...rows.map((r) => `${r.at},${r.lvl},${r.svc},${r.rid},"${r.text}"`), ''].join('\n'));
    const table = await suggestSettings(await wholeRecords({ file: csv, format: 'csv' }));
    expect(table).toMatchObject({ fields: wanted, inputFormat: 'csv', fitting: 90, dated: 90 });
    const ini = asIni(table, 'x.txt');
    expect(ini).toContain('--input_format csv --fields Content=text,Time=at,Session=rid,Level=lvl');
    expect(ini).not.toMatch(/ADAPTER_PARAMS|logformat|time_format|\x01/);
    writeFileSync(csv, 'a,b\n1,2\n');
    await expect(wholeRecords({ file: csv, format: 'csv' }).then((w) => suggestSettings(w))).rejects.toThrow('has no column of text that could be the message among a, b. Name it with --fields Content=<column>.');
  });

  it('tell dates between slashes that begin with the day from those that begin with the month, and say where both are possible', () => {
    const of = (date: (day: string) => string, days: number): ReturnType<typeof suggestFor> => suggestFor(Array.from({ length: 400 }, (_, i) => `${date(two(1 + (i % days)))} ${clock(i)} ${message(i)}`));
    expect(of((day) => `${day}/11/2026`, 28)).toMatchObject({ logformat: '<Date> <Time> <Content>', timeFormat: '%d/%m/%Y %H:%M:%S', otherTimeFormat: null, dated: 400 });
    expect(of((day) => `11/${day}/2026`, 28)).toMatchObject({ logformat: '<Date> <Time> <Content>', timeFormat: '%m/%d/%Y %H:%M:%S', otherTimeFormat: null, dated: 400 });
    const either = of((day) => `${day}/11/2026`, 12);
    expect(either).toMatchObject({ timeFormat: '%d/%m/%Y %H:%M:%S', otherTimeFormat: '%m/%d/%Y %H:%M:%S', dated: 400 });
    expect(asIni(either, 'x')).toContain('; these dates read either way; where it is the other: time_format = %m/%d/%Y %H:%M:%S');
    // One day beyond the twelfth decides, few as its lines are.
    const lines = Array.from({ length: 400 }, (_, i) => `11/${i < 398 ? two(1 + (i % 12)) : '13'}/2026 ${clock(i)} ${message(i)}`);
    expect(suggestFor(lines)).toMatchObject({ timeFormat: '%m/%d/%Y %H:%M:%S', otherTimeFormat: null });
  });

  it('take no request for a time zone', () => {
    const lines = (word: () => string): string[] => Array.from({ length: 100 }, (_, i) => `2026-11-18 ${clock(i)} ${word()} /cart/${i} is asked for`);
    expect(suggestFor(lines(() => pick('GET', 'PUT', 'POST'))).logformat).toBe('<Date> <Time> <Content>');
    expect(suggestFor(lines(() => pick('UTC', 'CEST'))).logformat).toBe('<Date> <Time> <Zone> <Content>');
  });

  it('see that a record has several lines', () => {
    const lines = Array.from({ length: 60 }, (_, i) => [`2024-01-15 ${clock(i)} ERROR a.Store: ${message(i)}`, `java.io.IOException: no ${i}`, '  at a.b.C(C.java:4)']).flat();
    const s = suggestFor(lines);
    expect(s).toMatchObject({ logformat: '<Date> <Time> <Level> <Component>(\\[<PID>\\])?: <Content>', timeFormat: '%Y-%m-%d %H:%M:%S', sampled: 60, dated: 60 });
    expect(lines.filter((l) => new RegExp(s.recordStart ?? '^').test(l))).toHaveLength(60);
  });

  it('are an ini that drain reads, and name the block store\'s layout as the shipped one does', () => {
    const s = suggestFor(simulateBlockStore({ sessions: 60, anomalyShare: 0.1, seed: 1 }).lines);
    const file = path.join(scratchFolder(), 'x.ini');
    writeFileSync(file, asIni(s, 'x.log'));
    const { values, unknown } = readDrainIni(file);
    expect(unknown).toEqual([]);
    expect(values.time_format).toBe('%y%m%d %H%M%S');
    expect(() => new TimeFormat(String(values.time_format))).not.toThrow();
    expect(values.logformat).toBe('<Date> <Time> <Pid> <Level> <Component>(\\[<PID>\\])?: <Content>');
    expect(values.masking).toContainEqual({ regex_pattern: 'blk_-?\\d+', mask_with: '*' });
  });
});
