/** Something that lines may have in their header: what it looks like, and what to call it. */
export interface Piece {
  /** Text of the layout; the fields in it are renamed when taken. */
  readonly layout: string;
  /** Sticky. */
  readonly looks: RegExp;
  /** strptime format of the piece's <Date> and <Time>. */
  readonly time?: string;
}

const MONTH = '(?:Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec)';
const CLOCK = '\\d\\d:\\d\\d:\\d\\d';
const LEVELS = '(?:TRACE|DEBUG|INFO|NOTICE|WARN|WARNING|ERROR|SEVERE|CRITICAL|CRIT|FATAL|FAILURE|ALERT|EMERG|PANIC|AUDIT|Trace|Debug|Info|Information|Notice|Warn|Warning|Error|Critical|Fatal|trace|debug|info|notice|warn|warning|error|crit|fatal|alert|emerg|[VDIWEFA])';

const piece = (layout: string, looks: string, time?: string): Piece => ({ layout, looks: new RegExp(looks, 'y'), ...(time === undefined ? {} : { time }) });

/** What says when; the more exact first. */
export const TIMES: readonly Piece[] = [
  piece('\\[<Time>\\]', `\\[(?:Mon|Tue|Wed|Thu|Fri|Sat|Sun) ${MONTH} [ \\d]\\d ${CLOCK} \\d{4}\\]`, '%a %b %d %H:%M:%S %Y'),
  piece('\\[<Time>\\]', `\\[\\d\\d\\.\\d\\d ${CLOCK}\\]`, '%m.%d %H:%M:%S'),
  piece('\\[<Date> <Time>\\]', `\\[\\d{4}-\\d\\d-\\d\\d ${CLOCK}[.,]\\d+\\]`, '%Y-%m-%d %H:%M:%S,%f'),
  piece('\\[<Date> <Time>\\]', `\\[\\d{4}-\\d\\d-\\d\\d ${CLOCK}\\]`, '%Y-%m-%d %H:%M:%S'),
  piece('\\[<Time>\\]', `\\[\\d{4}-\\d\\d-\\d\\dT${CLOCK}\\.\\d+Z\\]`, '%Y-%m-%dT%H:%M:%S.%fZ'),
  piece('<Time>', `\\d{4}-\\d\\d-\\d\\dT${CLOCK}\\.\\d+Z`, '%Y-%m-%dT%H:%M:%S.%fZ'),
  piece('<Time>', `\\d{4}-\\d\\d-\\d\\dT${CLOCK}Z`, '%Y-%m-%dT%H:%M:%SZ'),
  piece('<Date> <Time>', `\\d{4}-\\d\\d-\\d\\d ${CLOCK},\\d+`, '%Y-%m-%d %H:%M:%S,%f'),
  piece('<Date> <Time>', `\\d{4}-\\d\\d-\\d\\d ${CLOCK}\\.\\d+`, '%Y-%m-%d %H:%M:%S.%f'),
  piece('<Date> <Time>', `\\d{4}-\\d\\d-\\d\\d ${CLOCK}`, '%Y-%m-%d %H:%M:%S'),
  piece('<Date> <Time>', `\\d{4}/\\d\\d/\\d\\d ${CLOCK}`, '%Y/%m/%d %H:%M:%S'),
  piece('<Date> <Time>', `\\d\\d/\\d\\d/\\d\\d ${CLOCK}`, '%y/%m/%d %H:%M:%S'),
  piece('<Date> <Time>', `\\d\\d-\\d\\d ${CLOCK}\\.\\d+`, '%m-%d %H:%M:%S.%f'),
  piece('<Date> <Time>', '\\d{6} \\d{6}(?= )', '%y%m%d %H%M%S'),
  piece('<Time>', '\\d{8}-\\d{1,2}:\\d{1,2}:\\d{1,2}:\\d{1,3}', '%Y%m%d-%H:%M:%S:%f'),
  piece('<Time>', '\\d{4}-\\d\\d-\\d\\d-\\d\\d\\.\\d\\d\\.\\d\\d\\.\\d+', '%Y-%m-%d-%H.%M.%S.%f'),
  piece('<Month> <Day> <Time>', `${MONTH} +\\d{1,2} +${CLOCK}(?= )`),
  piece('<Date>', '\\d{4}\\.\\d\\d\\.\\d\\d(?= )', '%Y.%m.%d'),
  piece('<Date>', '\\d{4}-\\d\\d-\\d\\d(?= )', '%Y-%m-%d'),
  piece('<Time>', `${CLOCK}(?:[.,]\\d+)?`, '%H:%M:%S'),
  piece('<Timestamp>', '1\\d{9}(?= )', '%s'),
];

/** What says how grave, who, where. */
export const MARKS: readonly Piece[] = [
  piece('\\[<Level>\\]', `\\[${LEVELS}\\]`),
  piece('<Level>', `${LEVELS}(?=[\\s,|:\\]]|$)`),
  piece('<Label>', '(?:-|[A-Z]{3,}[A-Z0-9_]*)(?= 1\\d{9} )'),
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
