import { describe, expect, it } from 'vitest';
import { DRAIN_OPTIONS } from '../../run/run_drain.js';
import { drainSettings } from '../../deeplog/sessions/index.js';
import { LineBlock } from '../../deeplog/sessions/line_block.js';
import { SYSTEMS, systemFlags, type SystemName } from '../../deeplog/parsing/index.js';

/** A made-up line of each system, its message, and its time where the layout tells it. */
const LINES: Record<SystemName, [line: string, content: string, time: string | null]> = {
  android: ['03-17 16:13:38.811  1702  2395 D WindowManager: printFreezing 14', 'printFreezing 14', '1970-03-17T16:13:38.811Z'],
  apache: ['[Sun Dec 04 04:47:44 2005] [notice] workerEnv.init() ok', 'workerEnv.init() ok', '2005-12-04T04:47:44.000Z'],
  bgl: ['- 1117838570 2005.06.03 R02-M1-N0 2005-06-03-15.42.50.675872 R02-M1-N0 RAS KERNEL INFO cache error corrected', 'cache error corrected', '2005-06-03T15:42:50.675Z'],
  hadoop: ['2015-10-18 18:01:47,978 INFO [main] org.apache.Master: Created it', 'Created it', '2015-10-18T18:01:47.978Z'],
  hdfs: ['081109 203615 148 INFO dfs.DataNode: Served block blk_3', 'Served block blk_3', '2008-11-09T20:36:15.000Z'],
  healthapp: ['20171223-22:15:29:606|Step_LSC|30002312|onStandStepChanged 3579', 'onStandStepChanged 3579', '2017-12-23T22:15:29.606Z'],
  hpc: ['460903 node-70 unix.hw state_change.unavailable 1077804742 1 Component State Change', 'Component State Change', '2004-02-26T14:12:22.000Z'],
  linux: ['Jun 14 15:16:01 combo sshd(pam_unix)[19939]: check pass; user unknown', 'check pass; user unknown', null],
  mac: ['Jul  1 09:00:55 host kernel[0]: ARPT: 620701.011328: wake', 'ARPT: 620701.011328: wake', null],
  openssh: ['Dec 10 06:55:46 LabSZ sshd[24200]: Invalid user webmaster', 'Invalid user webmaster', null],
  openstack: ['nova-api.log 2017-05-16 00:00:00.008 25746 INFO nova.osapi [req-38101a0b - - -] GET /v2 status 200', 'GET /v2 status 200', '2017-05-16T00:00:00.008Z'],
  proxifier: ['[10.30 16:49:06] chrome.exe - proxy open through HTTPS', 'proxy open through HTTPS', '1970-10-30T16:49:06.000Z'],
  spark: ['17/06/09 20:10:40 INFO executor.Backend: Registered signal handlers', 'Registered signal handlers', '2017-06-09T20:10:40.000Z'],
  thunderbird: ['- 1131566461 2005.11.09 dn228 Nov 9 12:01:01 dn228/dn228 crond[2915]: session closed', 'session closed', '2005-11-09T12:01:01.000Z'],
  windows: ['2016-09-28 04:30:30, Info                  CBS    Loaded Servicing Stack', 'Loaded Servicing Stack', '2016-09-28T04:30:30.000Z'],
  zookeeper: ['2015-07-29 17:41:44,747 - INFO  [QuorumPeer:FastLeader@774] - Notification time out', 'Notification time out', '2015-07-29T17:41:44.747Z'],
};

describe('the preset of a known system', () => {
  it.each(Object.entries(LINES))('reads a line of %s', (name, [line, content, time]) => {
    const defaults = Object.fromEntries(Object.entries(DRAIN_OPTIONS).flatMap(([k, o]) => ('default' in o ? [[k, o.default]] : [])));
    const { parse, miner } = drainSettings({ ...defaults, ...systemFlags(name as SystemName), input_file: 'x.log' } as unknown as Parameters<typeof drainSettings>[0]);
    const buffer = Buffer.from(line);
    const format = parse.logFormat;
    expect(format?.match(buffer, 0, buffer.length, true)).toBe(true);
    const text = (field: string): string => {
      const i = format?.fields.indexOf(field) ?? -1;
      return i < 0 ? '' : buffer.toString('utf8', format?.starts[i], format?.ends[i]);
    };
    expect(text('Content')).toBe(content);
    // As the stage reads it.
    const block = new LineBlock(parse, { lines: 0, emptyLines: 0, unparsedLines: 0, undatedLines: 0, repairedLines: 0 }, () => undefined);
    block.read({ buffer, end: buffer.length, ascii: true });
    expect(parse.timeFormat === null ? null : new Date(block.time[0]).toISOString()).toBe(time);
    expect(miner.masking).toHaveLength(SYSTEMS[name as SystemName].masks.length);
  });

  it('can be named on the command line', () => {
    expect(DRAIN_OPTIONS.system.choices).toEqual(Object.keys(SYSTEMS));
  });
});
