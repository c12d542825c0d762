/** Something that lines may have in their header: what it looks like, and what to call it. */
export interface Piece {
  /** Text of the layout; the fields in it are renamed when taken. */
  readonly layout: string;
  /** Sticky. */
  readonly looks: RegExp;
  /** strptime format of the fields of the piece that say when, in their order. */
  readonly time?: string;
  /** What follows may follow at once. */
  readonly glued?: true;
}

const MONTH = '(?:Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec)';
const CLOCK = '\\d\\d:\\d\\d:\\d\\d';
const LEVELS = '(?:TRACE|DEBUG\\d?|INFO|NOTICE|WARN|WARNING|ERROR|SEVERE|CRITICAL|CRIT|FATAL|FAILURE|LOG|STATEMENT|DETAIL|HINT|CONTEXT|ALERT|EMERG|PANIC|AUDIT|Trace|Debug|Info|Information|Notice|Warn|Warning|Error|Critical|Fatal|trace|debug|info|notice|warn|warning|error|crit|fatal|alert|emerg|[VDIWEFA])';

const piece = (layout: string, looks: string, time?: string): Piece => ({ layout, looks: new RegExp(looks, 'y'), ...(time === undefined ? {} : { time }) });

const DAY = '\\d{4}-\\d\\d-\\d\\d';
const ZONE = '(?:Z|[+-]\\d\\d:?\\d\\d)';
const WEB_DAY = `\\d\\d/${MONTH}/\\d{4}`;

/** RFC 3339 times by what they look like; Z as a letter is read faster than a zone. */
const INTERNET: readonly (readonly [looks: string, time: string])[] = [
  [`${DAY}T${CLOCK}\\.\\d+Z`, '%Y-%m-%dT%H:%M:%S.%fZ'],
  [`${DAY}T${CLOCK}Z`, '%Y-%m-%dT%H:%M:%SZ'],
  [`${DAY}T${CLOCK}\\.\\d+${ZONE}`, '%Y-%m-%dT%H:%M:%S.%f%z'],
  [`${DAY}T${CLOCK}${ZONE}`, '%Y-%m-%dT%H:%M:%S%z'],
  [`${DAY}T${CLOCK}\\.\\d+`, '%Y-%m-%dT%H:%M:%S.%f'],
  [`${DAY}T${CLOCK},\\d+`, '%Y-%m-%dT%H:%M:%S,%f'],
  [`${DAY}T${CLOCK}`, '%Y-%m-%dT%H:%M:%S'],
];
const DAY_OF_MONTH = '(?:0[1-9]|[12]\\d|3[01])';
const MONTH_OF_YEAR = '(?:0[1-9]|1[0-2])';
/** Dates that end with the year. With dots the day comes first; with slashes either may, and which one, the values say. */
const YEAR_LAST: readonly (readonly [looks: string, time: string])[] = [
  [`${DAY_OF_MONTH}\\.${MONTH_OF_YEAR}\\.\\d{4}`, '%d.%m.%Y'],
  [`${DAY_OF_MONTH}/${DAY_OF_MONTH}/\\d{4}`, '%d/%m/%Y'],
];
/** What programs that write key=value call the time. */
const TIME_KEYS = ['time', 'ts', 'timestamp', 't'];

/** What says when; the more exact first. */
export const TIMES: readonly Piece[] = [
  // RFC 5424, all of its header.
  ...([['\\.\\d+', '.%f'], ['', '']] as const).map(([looks, time]) => piece('<Pri> <Time> <Host> <Component> <PID> <MsgId> <Data>', `<\\d{1,3}>1 ${DAY}T${CLOCK}${looks}${ZONE} \\S+ \\S+ \\S+ \\S+ (?:-|\\[\\S*\\])(?= )`, `%Y-%m-%dT%H:%M:%S${time}%z`)),
  ...TIME_KEYS.flatMap((key) => INTERNET.flatMap(([looks, time]) => [piece(`${key}="<Time>"`, `${key}="${looks}"`, time), piece(`${key}=<Time>`, `${key}=${looks}(?= )`, time)])),
  piece('\\[<Time>\\]', `\\[${WEB_DAY}:${CLOCK} [+-]\\d{4}\\]`, '%d/%b/%Y:%H:%M:%S %z'),
  piece('\\[<Time>\\]', `\\[${WEB_DAY}:${CLOCK}\\.\\d+\\]`, '%d/%b/%Y:%H:%M:%S.%f'),
  piece('\\[<Time>\\]', `\\[${WEB_DAY}:${CLOCK}\\]`, '%d/%b/%Y:%H:%M:%S'),
  piece('\\[\\s*<Time>\\]', '\\[ *\\d+\\.\\d{6}\\]', '%s.%f'),
  // klog: the level's letter stands at the date.
  piece('[A-Z]<Date> <Time>', `[IWEFD]\\d{4} ${CLOCK}\\.\\d+(?= )`, '%m%d %H:%M:%S.%f'),
  piece('<Day> <Month> <Year> <Time>', `\\d\\d ${MONTH} \\d{4} ${CLOCK}\\.\\d+(?= )`, '%d %b %Y %H:%M:%S.%f'),
  piece('<Day> <Month> <Year> <Time>', `\\d\\d ${MONTH} \\d{4} ${CLOCK}(?= )`, '%d %b %Y %H:%M:%S'),
  piece('\\[<Time>\\]', `\\[(?:Mon|Tue|Wed|Thu|Fri|Sat|Sun) ${MONTH} [ \\d]\\d ${CLOCK} \\d{4}\\]`, '%a %b %d %H:%M:%S %Y'),
  piece('\\[<Time>\\]', `\\[\\d\\d\\.\\d\\d ${CLOCK}\\]`, '%m.%d %H:%M:%S'),
  piece('\\[<Date> <Time>\\]', `\\[\\d{4}-\\d\\d-\\d\\d ${CLOCK}[.,]\\d+\\]`, '%Y-%m-%d %H:%M:%S,%f'),
  piece('\\[<Date> <Time>\\]', `\\[\\d{4}-\\d\\d-\\d\\d ${CLOCK}\\]`, '%Y-%m-%d %H:%M:%S'),
  piece('\\[<Time>\\]', `\\[\\d{4}-\\d\\d-\\d\\dT${CLOCK}\\.\\d+Z\\]`, '%Y-%m-%dT%H:%M:%S.%fZ'),
  ...INTERNET.map(([looks, time]) => piece('<Time>', looks, time)),
  piece('<Date> <Time>', `${DAY} +${CLOCK},\\d+`, '%Y-%m-%d %H:%M:%S,%f'),
  piece('<Date> <Time>', `${DAY} +${CLOCK}\\.\\d+`, '%Y-%m-%d %H:%M:%S.%f'),
  piece('<Date> <Time>', `${DAY} +${CLOCK}`, '%Y-%m-%d %H:%M:%S'),
  piece('<Date> <Time>', `\\d{4}/\\d\\d/\\d\\d ${CLOCK}`, '%Y/%m/%d %H:%M:%S'),
  piece('<Date> <Time>', `\\d\\d/\\d\\d/\\d\\d ${CLOCK}`, '%y/%m/%d %H:%M:%S'),
  ...YEAR_LAST.flatMap(([looks, time]) => ([[',\\d+', ',%f'], ['\\.\\d+', '.%f'], ['', '']] as const).flatMap(([fraction, f]) => {
    const parts = `${looks} +${CLOCK}${fraction}`;
    return [piece('\\[<Date> <Time>\\]', `\\[${parts}\\]`, `${time} %H:%M:%S${f}`), piece('<Date> <Time>', parts, `${time} %H:%M:%S${f}`)];
  })),
  piece('<Date> <Time>', `\\d\\d-\\d\\d ${CLOCK}\\.\\d+`, '%m-%d %H:%M:%S.%f'),
  piece('<Date> <Time>', '\\d{6} \\d{6}(?= )', '%y%m%d %H%M%S'),
  piece('<Time>', '\\d{8}-\\d{1,2}:\\d{1,2}:\\d{1,2}:\\d{1,3}', '%Y%m%d-%H:%M:%S:%f'),
  piece('<Time>', '\\d{4}-\\d\\d-\\d\\d-\\d\\d\\.\\d\\d\\.\\d\\d\\.\\d+', '%Y-%m-%d-%H.%M.%S.%f'),
  piece('<Month> <Day> <Time>', `${MONTH} +\\d{1,2} +${CLOCK}(?= )`, '%b %d %H:%M:%S'),
  piece('<Date>', '\\d{4}\\.\\d\\d\\.\\d\\d(?= )', '%Y.%m.%d'),
  piece('<Date>', '\\d{4}-\\d\\d-\\d\\d(?= )', '%Y-%m-%d'),
  piece('<Time>', `${CLOCK}(?:[.,]\\d+)?`, '%H:%M:%S'),
  piece('<Timestamp>', '1\\d{9}(?= )', '%s'),
];

/** What says how grave, who, where. */
export const MARKS: readonly Piece[] = [
  // Requests are no time zones.
  piece('<Zone>', '(?!GET|PUT|POST)(?:UTC|GMT|[A-Z]{2,3}T)(?= )'),
  piece('level=<Level>', 'level=\\w+(?= )'),
  { ...piece('msg=', 'msg='), glued: true },
  { ...piece('<Level>:<Component>:', `${LEVELS}:[\\w.-]+:(?=\\S)`), glued: true },
  piece('<Level>:', `${LEVELS}:(?= )`),
  piece('<Pid>:<Role>', '\\d+:[A-Z](?= )'),
  piece('\\[<Pid>\\]', '\\[\\d+\\](?= )'),
  piece('<Component>\\]', '[\\w./-]+\\.\\w+:\\d+\\](?= )'),
  piece('\\[<Level>\\]', `\\[${LEVELS}\\]`),
  piece('<Level>', `${LEVELS}(?=[\\s,|:\\]]|$)`),
  piece('<Label>', '(?:-|[A-Z]{3,}[A-Z0-9_]*)(?= 1\\d{9} )'),
  piece('<Level>', '[-.*#](?= )'),
  piece('\\[<Process>\\]', '\\[[^\\[\\]]*\\](?= )'),
  piece('\\[<Process>\\]', '\\[.{1,120}?\\](?= - )'),
  piece('<Pid>', '\\d+(?=[\\s|,:])'),
  piece('<Component>\\[<PID>\\]( \\(<Address>\\))?:', '[^\\s:\\[\\]]+\\[\\d+\\](?: \\([^)]*\\))?:(?= |$)'),
  piece('<Component>(\\[<PID>\\])?:', '[^\\s:\\[\\]=]+(?:\\[\\d+\\])?:(?= |$)'),
  piece('<Component>', '[A-Za-z][\\w.$-]*(?=\\|)'),
  piece('<Component>', '[A-Za-z][\\w$-]*(?:\\.[\\w$-]+)+(?= )'),
  piece('<Component>', '[\\w.*-]+(?: [\\w.*-]+)?(?= - )'),
  piece('<Component>', '\\S+(?= {2,})'),
];

/** Names with a blank in them: only where nothing simpler is found. */
export const LOOSE: readonly Piece[] = [piece('<Component>\\[<PID>\\]( \\(<Address>\\))?:', '[^\\s:\\[\\]]+(?: [^\\s:\\[\\]]+){0,3}\\[\\d+\\](?: \\([^)]*\\))?:(?= |$)')];

/** A column of which only the place is known. */
export const COLUMN: Piece = piece('<Field>', '[^\\s|,]+(?=[\\s|,])');
