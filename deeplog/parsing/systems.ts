/** Settings of one known kind of log, by flag name. */
export interface SystemPreset {
  readonly logformat: string;
  readonly sim_th: number;
  readonly depth: number;
  /** For --parser spell. */
  readonly tau: number;
  /** What becomes `<*>`: named masks would change the grouping. */
  readonly masks: readonly string[];
  /** Only where a line's date and time say when it was written: some systems leave the year or the month out. */
  readonly time_format?: string;
  readonly others?: Readonly<Record<string, string | number>>;
}

const IP = '(\\d+\\.){3}\\d+';

/**
 * The 16 systems of Loghub (He et al. 2023) with the layouts, masks and thresholds under which the accuracies of Drain and Spell are
 * published (Zhu et al. 2019, "Tools and Benchmarks for Automated Log Parsing"; logpai/logparser). Depth counts as in Drain3.
 */
export const SYSTEMS = {
  android: { logformat: '<Date> <Time>  <Pid>  <Tid> <Level> <Component>: <Content>', time_format: '%m-%d %H:%M:%S.%f', sim_th: 0.6, depth: 7, tau: 0.95, masks: ['(/[\\w-]+)+', '([\\w-]+\\.){2,}[\\w-]+', '\\b(\\-?\\+?\\d+)\\b|\\b0[Xx][a-fA-F\\d]+\\b|\\b[a-fA-F\\d]{4,}\\b'] },
  apache: { logformat: '\\[<Time>\\] \\[<Level>\\] <Content>', time_format: '%a %b %d %H:%M:%S %Y', sim_th: 0.5, depth: 4, tau: 0.6, masks: [IP] },
  bgl: { logformat: '<Label> <Timestamp> <Date> <Node> <Time> <NodeRepeat> <Type> <Component> <Level> <Content>', time_format: '%Y.%m.%d %Y-%m-%d-%H.%M.%S.%f', sim_th: 0.5, depth: 4, tau: 0.75, masks: ['core\\.\\d+'], others: { label_column: 'Label', adapter_type: 'fixed_window', size: 20, stride: 10 } },
  hadoop: { logformat: '<Date> <Time> <Level> \\[<Process>\\] <Component>: <Content>', time_format: '%Y-%m-%d %H:%M:%S,%f', sim_th: 0.5, depth: 4, tau: 0.7, masks: [IP] },
  hdfs: { logformat: '<Date> <Time> <Pid> <Level> <Component>: <Content>', time_format: '%y%m%d %H%M%S', sim_th: 0.5, depth: 4, tau: 0.7, masks: ['blk_-?\\d+', `${IP}(:\\d+)?`], others: { adapter_type: 'only_identifier', regex: 'blk_-?\\d+' } },
  healthapp: { logformat: '<Time>\\|<Component>\\|<Pid>\\|<Content>', time_format: '%Y%m%d-%H:%M:%S:%f', sim_th: 0.2, depth: 4, tau: 0.5, masks: [] },
  hpc: { logformat: '<LogId> <Node> <Component> <State> <Time> <Flag> <Content>', time_format: '%s', sim_th: 0.5, depth: 4, tau: 0.65, masks: ['=\\d+'] },
  linux: { logformat: '<Month> <Date> <Time> <Level> <Component>(\\[<PID>\\])?: <Content>', sim_th: 0.39, depth: 6, tau: 0.55, masks: [IP, '\\d{2}:\\d{2}:\\d{2}'] },
  mac: { logformat: '<Month>  <Date> <Time> <User> <Component>\\[<PID>\\]( \\(<Address>\\))?: <Content>', sim_th: 0.7, depth: 6, tau: 0.6, masks: ['([\\w-]+\\.){2,}[\\w-]+'] },
  openssh: { logformat: '<Date> <Day> <Time> <Component> sshd\\[<Pid>\\]: <Content>', sim_th: 0.6, depth: 5, tau: 0.8, masks: [IP, '([\\w-]+\\.){2,}[\\w-]+'] },
  openstack: { logformat: '<Logrecord> <Date> <Time> <Pid> <Level> <Component> \\[<ADDR>\\] <Content>', time_format: '%Y-%m-%d %H:%M:%S.%f', sim_th: 0.5, depth: 5, tau: 0.9, masks: ['((\\d+\\.){3}\\d+,?)+', '/.+?\\s', '\\d+'] },
  proxifier: { logformat: '\\[<Time>\\] <Program> - <Content>', time_format: '%m.%d %H:%M:%S', sim_th: 0.6, depth: 3, tau: 0.85, masks: ['<\\d+\\ssec', '([\\w-]+\\.)+[\\w-]+(:\\d+)?', '\\d{2}:\\d{2}(:\\d{2})*', '[KGTM]B'] },
  spark: { logformat: '<Date> <Time> <Level> <Component>: <Content>', time_format: '%y/%m/%d %H:%M:%S', sim_th: 0.5, depth: 4, tau: 0.55, masks: [IP, '\\b[KGTM]?B\\b', '([\\w-]+\\.){2,}[\\w-]+'] },
  thunderbird: { logformat: '<Label> <Timestamp> <Date> <User> <Month> <Day> <Time> <Location> <Component>(\\[<PID>\\])?: <Content>', time_format: '%Y.%m.%d %H:%M:%S', sim_th: 0.5, depth: 4, tau: 0.5, masks: [IP], others: { label_column: 'Label', adapter_type: 'fixed_window', size: 20, stride: 10 } },
  windows: { logformat: '<Date> <Time>, <Level>                  <Component>    <Content>', time_format: '%Y-%m-%d %H:%M:%S', sim_th: 0.7, depth: 5, tau: 0.7, masks: ['0x.*?\\s'] },
  zookeeper: { logformat: '<Date> <Time> - <Level>  \\[<Node>:<Component>@<Id>\\] - <Content>', time_format: '%Y-%m-%d %H:%M:%S,%f', sim_th: 0.5, depth: 4, tau: 0.7, masks: ['(/|)(\\d+\\.){3}\\d+(:\\d+)?'] },
} as const satisfies Readonly<Record<string, SystemPreset>>;

export type SystemName = keyof typeof SYSTEMS;

/** A preset as values of flags. */
export function systemFlags(name: SystemName): Readonly<Record<string, unknown>> {
  const { masks, others, ...flags }: SystemPreset = SYSTEMS[name];
  return { ...flags, masking: masks.map((regex_pattern) => ({ regex_pattern, mask_with: '*' })), ...others };
}
