import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { LogFormat, TimeFormat } from '../../deeplog/parsing/index.js';

function fieldsOf(layout: string, line: string): Record<string, string> | null {
  const format = new LogFormat(layout);
  const buffer = Buffer.from(line);
  if (!format.match(buffer, 0, buffer.length, buffer.length === line.length)) return null;
  return Object.fromEntries(format.fields.map((f, i) => [f, buffer.toString('utf8', format.starts[i], format.ends[i])]));
}

describe('LogFormat', () => {
  it('splits an HDFS line', () => {
    expect(fieldsOf('<Date> <Time> <Pid> <Level> <Component>: <Content>', '081109 203518 143 INFO dfs.DataNode$DataXceiver: Receiving block blk_-16 src: /10.1.1.1:5')).toEqual({
      Date: '081109', Time: '203518', Pid: '143', Level: 'INFO', Component: 'dfs.DataNode$DataXceiver', Content: 'Receiving block blk_-16 src: /10.1.1.1:5',
    });
  });

  it('reads literal brackets, optional groups and characters that are special in regular expressions', () => {
    expect(fieldsOf('[<Time>] [<Level>] <Content>', '[Sun Dec 04 04:47:44 2005] [notice] ok')).toEqual({ Time: 'Sun Dec 04 04:47:44 2005', Level: 'notice', Content: 'ok' });
    expect(fieldsOf('\\[<Time>\\] <Program> - <Content>', '[10.30 16:49:06] chrome.exe - close, 5 bytes')).toEqual({ Time: '10.30 16:49:06', Program: 'chrome.exe', Content: 'close, 5 bytes' });
    expect(fieldsOf('<Component>(\\[<PID>\\])?: <Content>', 'sshd[42]: hi')).toEqual({ Component: 'sshd', PID: '42', Content: 'hi' });
    expect(fieldsOf('<Component>(\\[<PID>\\])?: <Content>', 'kernel: hi')).toEqual({ Component: 'kernel', PID: '', Content: 'hi' });
    expect(fieldsOf('<Time>\\|<Pid>\\|<Content>', '1|2|3|4')).toEqual({ Time: '1', Pid: '2', Content: '3|4' });
  });

  it('keeps bytes and characters apart', () => {
    expect(fieldsOf('<Level> <Content>', 'INFO größer ☃ als')).toEqual({ Level: 'INFO', Content: 'größer ☃ als' });
  });

  it('equals the regular expression it stands for, on random lines', () => {
    const layout = '<A> <B>: <C>;<Content>';
    const regex = /^(.*?)\s+(.*?):\s+(.*?);(.*?)$/s;
    fc.assert(fc.property(fc.string({ unit: fc.constantFrom('a', ' ', ':', ';', 'b'), maxLength: 20 }), (line) => {
      const match = regex.exec(line.trim());
      expect(fieldsOf(layout, line)).toEqual(match && { A: match[1], B: match[2], C: match[3], Content: match[4] });
    }), { numRuns: 2000, seed: 3 });
  });

  it('gives up at once on a long line that does not fit (a backtracking matcher would take hours)', () => {
    expect(fieldsOf('<Date> <Time> <Pid> <Level> <Component>: <Content>', 'word '.repeat(20_000))).toBeNull();
  });

  it('names what is wrong with a layout', () => {
    expect(() => new LogFormat('<Date> <Time>')).toThrow('has no <Content> field');
    expect(() => new LogFormat('<A> <A> <Content>')).toThrow('names <A> twice');
    expect(() => new LogFormat('<A>( <Content>')).toThrow('is broken: unterminated group');
  });
});

describe('TimeFormat', () => {
  const parse = (format: string, text: string): number => new TimeFormat(format).parse(Buffer.from(text), 0, text.length);

  it.each([
    ['%y%m%d %H%M%S', '081109 203518', '2008-11-09T20:35:18Z'],
    ['%Y-%m-%d-%H.%M.%S.%f', '2005-06-03-15.42.50.675872', '2005-06-03T15:42:50.675Z'],
    ['%Y-%m-%d %H:%M:%S,%f', '2015-10-18 18:01:47,978', '2015-10-18T18:01:47.978Z'],
    ['%a %b %d %H:%M:%S %Y', 'Sun Dec 04 04:47:44 2005', '2005-12-04T04:47:44Z'],
    ['%d/%B/%Y %I:%M:%S %p', '1/february/2024 12:00:05 AM', '2024-02-01T00:00:05Z'],
    ['%d/%B/%Y %I:%M:%S %p', '29/February/2024 01:30:00 pm', '2024-02-29T13:30:00Z'],
    ['%Y-%m-%dT%H:%M:%S%z', '2024-03-01T00:30:00+02:00', '2024-02-29T22:30:00Z'],
    ['%s.%f', '1117838570.5', '2005-06-03T22:42:50.500Z'],
    ['%H:%M:%S', '00:00:01', '1970-01-01T00:00:01Z'],
    ['%Y %j', '2024 366', '2024-12-31T00:00:00Z'],
    ['%y', '69', '1969-01-01T00:00:00Z'],
    ['%y', '68', '2068-01-01T00:00:00Z'],
  ])('%s reads %s', (format, text, expected) => {
    expect(new Date(parse(format, text)).toISOString()).toBe(new Date(expected).toISOString());
  });

  it.each([['%Y-%m-%d', '2023-02-29'], ['%H:%M', '24:00'], ['%H:%M', '10:6x'], ['%Y', '2024 '], ['%b', 'Foo'], ['%y%m%d', '0811'], ['%m', '13']])('%s does not take %s', (format, text) => {
    expect(parse(format, text)).toBeNaN();
  });

  it('names a directive it does not know', () => {
    expect(() => new TimeFormat('%Y %Q')).toThrow('%Q');
  });

  it('keeps no day from a line before', () => {
    const format = new TimeFormat('%Y-%m-%d %H');
    const at = (text: string): number => format.parse(Buffer.from(text), 0, text.length);
    expect(at('2024-01-31 05')).toBe(Date.UTC(2024, 0, 31, 5));
    expect(at('2024-02-31 05')).toBeNaN();
    expect(at('2024-01-31 06')).toBe(Date.UTC(2024, 0, 31, 6));
  });
});

describe('times without a year', () => {
  const parse = (format: TimeFormat, text: string): string => new Date(format.parse(Buffer.from(text), 0, text.length)).toISOString();

  it('count on from the given year, December into January, a straggler back', () => {
    const format = new TimeFormat('%b %d %H:%M:%S', 2005);
    expect(format.yearless).toBe(true);
    expect(['Nov  9 12:00:00', 'Dec 31 23:59:59', 'Jan  1 00:00:01', 'Dec 31 23:59:58', 'Jan  1 00:00:02', 'Jul  1 00:00:00', 'Jan  2 00:00:00'].map((t) => parse(format, t))).toEqual([
      '2005-11-09T12:00:00.000Z', '2005-12-31T23:59:59.000Z', '2006-01-01T00:00:01.000Z', '2005-12-31T23:59:58.000Z', '2006-01-01T00:00:02.000Z', '2006-07-01T00:00:00.000Z', '2007-01-02T00:00:00.000Z',
    ]);
    expect(['12-31 10:00', '01-01 10:00'].map((t) => parse(new TimeFormat('%m-%d %H:%M', 2019), t))).toEqual(['2019-12-31T10:00:00.000Z', '2019-01-01T10:00:00.000Z']);
    const flat = new TimeFormat('%m-%d %H:%M', 2019);
    expect(['12-31 10:00', '01-01 10:00'].map((t) => parse(flat, t))).toEqual(['2019-12-31T10:00:00.000Z', '2020-01-01T10:00:00.000Z']);
  });
});

it('a bar between fields is refused: it would make every line fit, with empty fields', () => {
  expect(() => new LogFormat('<Level>| <Date> | <Content>')).toThrow('Write \\| for the character');
  expect(new LogFormat('<Level>\\| <Content>').fields).toEqual(['Level', 'Content']);
  expect(new LogFormat('<Level>(\\[a|b\\])? <Content>').fields).toEqual(['Level', 'Content']);
});
