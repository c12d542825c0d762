import type { KnownFormat } from './values.js';

const IP = '\\d+\\.\\d+\\.\\d+\\.\\d+(:\\d+)?';
const NUMBER = '(?<![\\w.])\\d+(?![\\w.])';
const WEB = ['{method} {url} HTTP/1.1', '{method} {file} HTTP/1.1', '{method} / HTTP/1.0'];
const of = <T>(r: () => number, list: readonly T[]): T => list[Math.floor(r() * list.length)];
const number = (r: () => number, below: number): number => Math.floor(r() * below);
const address = (r: () => number): string => `10.0.${number(r, 9)}.${1 + number(r, 250)}`;

/**
 * Formats of logs that are not among Loghub's, each written from its documentation, not taken from a machine: to score `drain --suggest` on
 * what it was not made for. The layouts, times and masks are what somebody who knows the format would give; they were written down
 * before `--suggest` was run on any of them. A third is held out ({@link heldOut}): not looked at while `--suggest` was improved.
 */
export const FORMATS: readonly KnownFormat[] = [
  {
    name: 'apache-combined', documented: 'httpd.apache.org, Log Files, Combined Log Format', unit: 1000, oneEvent: true,
    layout: '<Client> <Ident> <User> \\[<Time>\\] <Content>', timeFormat: '%d/%b/%Y:%H:%M:%S %z', masks: ['"(GET|POST|PUT|HEAD) \\S+', '(?<=" )\\d+ \\d+', '"[^"]*"$'],
    messages: WEB.map((m) => `"${m}" {status} {n} "-" "{agent}"`),
    line: (p, m, r) => `${address(r)} - ${of(r, ['-', 'frank'])} [${p.d}/${p.b}/${p.Y}:${p.T} +0000] ${m}`,
  },
  {
    name: 'apt-history', documented: 'apt(8), /var/log/apt/history.log', unit: 1000, recordStart: '^Start-Date: ',
    layout: 'Start-Date: <Date> <Time> <Content>', timeFormat: '%Y-%m-%d %H:%M:%S', masks: ['[a-z0-9.+-]+:(amd64|all) \\([^)]*\\)', '\\d+-\\d+-\\d+ +\\d+:\\d+:\\d+'],
    messages: ['Commandline: apt-get install {name} Install: {pkg} ({ver})', 'Commandline: apt-get upgrade Upgrade: {pkg} ({ver})', 'Commandline: apt-get remove {name} Remove: {pkg} ({ver})', 'Commandline: /usr/bin/unattended-upgrade Upgrade: {pkg} ({ver})'],
    line: (p, m) => `Start-Date: ${p.Y}-${p.m}-${p.d}  ${p.T}\n${m.replace(/ (Install|Upgrade|Remove): /, '\n$1: ')}\nEnd-Date: ${p.Y}-${p.m}-${p.d}  ${p.T}\n`,
  },
  {
    name: 'aws-elb', documented: 'Elastic Load Balancing, Access logs for your Classic Load Balancer', unit: 1, oneEvent: true,
    layout: '<Time> <Name> <Client> <Backend> <Content>', timeFormat: '%Y-%m-%dT%H:%M:%S.%f%z', masks: ['\\d+\\.\\d+', NUMBER, '"[^"]*"'],
    messages: ['0.000073 {float} 0.000057 {status} {status} 0 {n} "{method} https://shop.example.com:443{url} HTTP/1.1" "{agent}" - -', '-1 -1 -1 503 0 0 0 "{method} https://shop.example.com:443{url} HTTP/1.1" "{agent}" - -', '{float} {float} {float} - - {n} {n} "- - - " "-" - -'],
    line: (p, m, r) => `${p.Y}-${p.m}-${p.d}T${p.T}.${p.micro}Z my-balancer ${address(r)}:${2000 + number(r, 9000)} ${address(r)}:80 ${m}`,
  },
  {
    name: 'cri-containerd', documented: 'kubernetes/design-proposals, Kubernetes CRI logging', unit: 1,
    layout: '<Time> <Stream> <Tag> <Content>', timeFormat: '%Y-%m-%dT%H:%M:%S.%f%z', masks: [IP, NUMBER, '[0-9a-f]{12}'],
    messages: ['starting worker {small} of {small}', 'request {id} from {ip} done in {n} us', 'cannot reach {ip}:{port}: connection refused', 'cache is warm', 'flushed {n} records to {file}'],
    line: (p, m, r) => `${p.Y}-${p.m}-${p.d}T${p.T}.${p.micro}905Z ${of(r, ['stdout', 'stderr'])} F ${m}`,
  },
  {
    name: 'dmesg', documented: 'dmesg(1); netfilter LOG target', unit: 1, clockStarts: 1_709_288_000_000,
    layout: '\\[\\s*<Time>\\] <Content>', timeFormat: '%s.%f', masks: [IP, '([0-9a-f]{2}:){5,}[0-9a-f]{2}', '0x[0-9a-f]+', '(?<==)\\d+', NUMBER],
    messages: ['usb 1-{small}: new high-speed USB device number {small} using xhci_hcd', 'EXT4-fs (sda{small}): mounted filesystem {uuid} with ordered data mode', 'iptables drop: IN=eth0 OUT= MAC={mac} SRC={ip} DST={ip} LEN={n} PROTO=TCP SPT={port} DPT=22', 'BIOS-e820: [mem {hex}-{hex}] usable', 'Out of memory: Killed process {n} (java) total-vm:{n}kB', 'eth0: link up'],
    line: (p, m) => `[${`${String(Number(p.s) - 1_709_288_000)}.${p.micro}`.padStart(12, ' ')}] ${m}`,
  },
  {
    name: 'dpkg', documented: 'dpkg(1), /var/log/dpkg.log', unit: 1000,
    layout: '<Date> <Time> <Content>', timeFormat: '%Y-%m-%d %H:%M:%S', masks: ['\\S+:(amd64|all)', '(?<= )\\d\\S*'],
    messages: ['status installed {pkg} {ver}', 'status unpacked {pkg} {ver}', 'status half-configured {pkg} {ver}', 'install {pkg} <none> {ver}', 'upgrade {pkg} {ver} {ver}', 'configure {pkg} {ver} <none>', 'startup archives unpack', 'trigproc {pkg} {ver} <none>'],
    line: (p, m) => `${p.Y}-${p.m}-${p.d} ${p.T} ${m}`,
  },
  {
    name: 'haproxy', documented: 'HAProxy configuration manual, 8.2.3 HTTP log format, by syslog', unit: 1, oneEvent: true,
    layout: '<Month> <Day> <Clock> <Host> <Component>\\[<PID>\\]: <Client> \\[<Time>\\] <Content>', timeFormat: '%d/%b/%Y:%H:%M:%S.%f', masks: ['(-?\\d+/){2,}-?\\+?\\d+', '/srv\\d+', '(?<= )\\d+ \\d+', '"[^"]*"'],
    messages: ['http-in app/srv{small} {small}/0/{small}/{n}/{n} {status} {n} - - ---- 1/1/0/0/0 0/0 "{method} {url} HTTP/1.1"', 'http-in static/srv{small} 0/0/{small}/{n}/{n} {status} {n} - - ---- 3/3/0/1/0 0/0 "{method} {file} HTTP/1.1"', 'http-in http-in/<NOSRV> -1/-1/-1/-1/{n} 400 {n} - - PR-- 1/1/0/0/0 0/0 "<BADREQ>"'],
    line: (p, m, r) => `${p.b} ${p.e} ${p.T} lb1 haproxy[2417]: ${address(r)}:${30_000 + number(r, 20_000)} [${p.d}/${p.b}/${p.Y}:${p.T}.${p.milli}] ${m}`,
  },
  {
    name: 'iis-w3c', documented: 'Microsoft Learn, W3C Logging (IIS)', unit: 1000, oneEvent: true,
    layout: '<Date> <Time> <Server> <Content>', timeFormat: '%Y-%m-%d %H:%M:%S', masks: [IP, '(?<=GET |POST |PUT |HEAD )\\S+', '\\d+ \\d+ \\d+ \\d+$', '\\S+/\\d\\S*'],
    messages: ['{method} {url} - 443 - {ip} curl/8.5.0 - {status} 0 0 {n}', '{method} /login.aspx returnUrl=%2f 443 - {ip} Mozilla/5.0+(Windows+NT+10.0) - {status} 0 0 {n}', '{method} {file} - 443 CORP\\{user} {ip} Mozilla/5.0+(X11) https://intra/ {status} 0 64 {n}'],
    line: (p, m) => `${p.Y}-${p.m}-${p.d} ${p.T} 10.0.0.5 ${m}`,
  },
  {
    name: 'journald-json', documented: 'systemd.journal-fields(7), journalctl -o json', unit: 1,
    layout: null, fields: 'Content=MESSAGE,Time=__REALTIME_TIMESTAMP', timeFormat: null, masks: [IP, NUMBER],
    messages: ['Started Session {n} of User {user}.', 'Accepted publickey for {user} from {ip} port {port} ssh2', 'Reached target Basic System.', 'New session {small} of user {user}.'],
    line: (p, m, r) => JSON.stringify({ __CURSOR: `s=${number(r, 1e9).toString(16)}`, __REALTIME_TIMESTAMP: `${p.s}${p.micro}`, _HOSTNAME: 'web-1', PRIORITY: '6', SYSLOG_IDENTIFIER: of(r, ['systemd', 'sshd']), _PID: String(number(r, 9000)), MESSAGE: m }),
  },
  {
    name: 'kafka-server', documented: 'Apache Kafka, config/log4j.properties: [%d] %p %m (%c)%n', unit: 1,
    layout: '\\[<Date> <Time>\\] <Level> <Content>', timeFormat: '%Y-%m-%d %H:%M:%S,%f', masks: ['(?<==)-?\\d+', NUMBER, 'topic-\\d+-\\d+'],
    messages: ['[GroupCoordinator {small}]: Preparing to rebalance group g{small} (kafka.coordinator.group.GroupCoordinator)', '[Log partition=orders-{small}, dir=/kafka] Rolled new log segment at offset {n} in {small} ms. (kafka.log.Log)', '[Controller id={small}] Processing automatic preferred replica leader election (kafka.controller.KafkaController)', 'Creating new log file: log.{n} (org.apache.zookeeper.server.persistence.FileTxnLog)', '[SocketServer brokerId={small}] Started processors for 1 acceptors (kafka.network.SocketServer)'],
    line: (p, m, r) => `[${p.Y}-${p.m}-${p.d} ${p.T},${p.milli}] ${of(r, ['INFO', 'INFO', 'WARN'])} ${m}`,
  },
  {
    name: 'klog', documented: 'kubernetes/klog: Lmmdd hh:mm:ss.uuuuuu threadid file:line] msg', unit: 1,
    layout: '[IWEF]<Date> <Time> <Thread> <Component>\\] <Content>', timeFormat: '%m%d %H:%M:%S.%f', masks: ['"[^"]*"', NUMBER, '\\d+(\\.\\d+)?m?s'],
    messages: ['Syncing pod "default/{host}"', 'Attempting to acquire leader lease kube-system/controller...', 'Trace[{n}]: "List" (total time: {ms})', 'Failed to update node status, will retry: timeout after {small}s', 'Removed endpoint {ip}:{port}', 'Node {host} is now unreachable'],
    line: (p, m, r, t) => `${t === 3 ? 'E' : of(r, ['I', 'I', 'W'])}${p.m}${p.d} ${p.T}.${p.micro} ${String(1 + number(r, 40)).padStart(7, ' ')} ${of(r, ['controller.go:116', 'trace.go:205', 'kubelet.go:1892', 'leaderelection.go:243'])}] ${m}`,
  },
  {
    name: 'log4j-iso', documented: 'Log4j 2 PatternLayout: %d{ISO8601} [%t] %-5level %logger{36} - %msg%n', unit: 1,
    layout: '<Time> \\[<Thread>\\] <Level> <Component> - <Content>', timeFormat: '%Y-%m-%dT%H:%M:%S,%f', masks: [IP, NUMBER, '\\d+ms', '[0-9a-f]{12}'],
    messages: ['Opening connection to {ip}:{port}', 'Query took {ms}: select * from orders where id={n}', 'User {user} logged in', 'Cache miss for key {id}', 'Shutting down', 'Retrying in {small} s after {small} attempts'],
    line: (p, m, r) => `${p.Y}-${p.m}-${p.d}T${p.T},${p.milli} [${of(r, ['main', 'http-nio-8080-exec-3', 'pool-2-thread-1'])}] ${of(r, ['INFO ', 'WARN ', 'DEBUG', 'ERROR'])} ${of(r, ['com.acme.shop.OrderService', 'com.acme.db.Pool', 'org.acme.web.Filter'])} - ${m}`,
  },
  {
    name: 'logfmt', documented: 'logrus TextFormatter without colours; brandur.org/logfmt', unit: 1000,
    layout: 'time="<Time>" level=<Level> msg=<Content>', timeFormat: '%Y-%m-%dT%H:%M:%S%z', masks: [IP, '(?<==)\\d\\S*', '[0-9a-f]{12}', NUMBER],
    messages: ['"listening" addr="{ip}:{port}"', '"request done" id={id} status={status} took={ms}', '"slow query" rows={n} took={ms}', 'ready', '"cannot open file" error="no such file" path={file}'],
    line: (p, m, r) => `time="${p.Y}-${p.m}-${p.d}T${p.T}Z" level=${of(r, ['info', 'warning', 'error', 'debug'])} msg=${m}`,
  },
  {
    name: 'mongodb', documented: 'MongoDB manual, Log Messages (structured logging)', unit: 1,
    layout: null, fields: 'Content=msg,Time=t.$date', timeFormat: null, masks: [],
    messages: ['Connection accepted', 'Connection ended', 'Slow query', 'Index build: starting', 'Successfully authenticated'],
    line: (p, m, r) => JSON.stringify({ t: { $date: `${p.Y}-${p.m}-${p.d}T${p.T}.${p.milli}+00:00` }, s: of(r, ['I', 'W']), c: of(r, ['NETWORK', 'COMMAND', 'INDEX']), id: 20_000 + number(r, 5000), ctx: `conn${number(r, 500)}`, msg: m, attr: { remote: `${address(r)}:${number(r, 60_000)}`, connectionCount: number(r, 50) } }),
  },
  {
    name: 'mysql-error', documented: 'MySQL 8.0 Reference Manual, 5.4.2.7 Error Log Output Format', unit: 1,
    layout: '<Time> <Thread> \\[<Level>\\] \\[<Code>\\] \\[<Component>\\] <Content>', timeFormat: '%Y-%m-%dT%H:%M:%S.%f%z', masks: [NUMBER, IP, "'[^']*'"],
    messages: ["/usr/sbin/mysqld (mysqld 8.0.36) starting as process {n}", 'InnoDB initialization has started.', "Aborted connection {n} to db: 'shop' user: '{user}' host: '{ip}' (Got timeout reading communication packets).", 'InnoDB: page_cleaner: 1000ms intended loop took {n}ms. The settings might not be optimal.', "Access denied for user '{user}'@'{ip}' (using password: YES)"],
    line: (p, m, r) => `${p.Y}-${p.m}-${p.d}T${p.T}.${p.micro}Z ${number(r, 300)} [${of(r, ['System', 'Warning', 'Note', 'ERROR'])}] [MY-01${1000 + number(r, 900)}] [${of(r, ['Server', 'InnoDB'])}] ${m}`,
  },
  {
    name: 'nginx-error', documented: 'nginx.org, ngx_core_module, error_log; src/core/ngx_log.c', unit: 1000,
    layout: '<Date> <Time> \\[<Level>\\] <Pid>#<Tid>: <Content>', timeFormat: '%Y/%m/%d %H:%M:%S', masks: ['\\*\\d+', '"[^"]*"', IP, 'client: \\S+,'],
    messages: ['*{n} open() "{file}" failed (2: No such file or directory), client: {ip}, server: example.com, request: "{method} {url} HTTP/1.1", host: "example.com"', '*{n} upstream timed out (110: Connection timed out) while reading response header from upstream, client: {ip}, server: example.com', 'signal process started', '*{n} client {ip} closed keepalive connection', 'worker process {n} exited with code 0'],
    line: (p, m, r) => `${p.Y}/${p.m}/${p.d} ${p.T} [${of(r, ['error', 'warn', 'notice', 'info'])}] 2417#2417: ${m}`,
  },
  {
    name: 'postgresql', documented: "PostgreSQL documentation, 20.8: log_line_prefix '%m [%p] '", unit: 1,
    layout: '<Date> <Time> <Zone> \\[<Pid>\\] <Level>: <Content>', timeFormat: '%Y-%m-%d %H:%M:%S.%f', masks: [IP, '\\d+\\.\\d+', NUMBER, '"[^"]*"', '=\\S+'],
    messages: ['duration: {float} ms  statement: SELECT * FROM orders WHERE id = {n}', 'connection received: host={ip} port={port}', 'connection authorized: user={user} database=shop', 'checkpoint starting: time', 'checkpoint complete: wrote {n} buffers (0.1%); 0 WAL file(s) added', 'could not receive data from client: Connection reset by peer', 'relation "t{small}" does not exist at character {small}'],
    line: (p, m, r) => `${p.Y}-${p.m}-${p.d} ${p.T}.${p.milli} UTC [${1000 + number(r, 400)}] ${of(r, ['LOG', 'LOG', 'ERROR', 'FATAL', 'STATEMENT'])}:  ${m}`,
  },
  {
    name: 'python-asctime', documented: 'docs.python.org, Logging HOWTO: %(asctime)s - %(name)s - %(levelname)s - %(message)s', unit: 1,
    layout: '<Date> <Time> - <Component> - <Level> - <Content>', timeFormat: '%Y-%m-%d %H:%M:%S,%f', masks: [IP, NUMBER, '\\d+\\.\\d+', '/\\S+'],
    messages: ['epoch {small} done, loss {float}', 'loading {file}', 'worker {small} got {n} rows from {ip}', 'retrying - attempt {small}', 'finished', 'user {user} not found'],
    line: (p, m, r) => `${p.Y}-${p.m}-${p.d} ${p.T},${p.milli} - ${of(r, ['app', 'app.db', 'app.train'])} - ${of(r, ['INFO', 'WARNING', 'ERROR'])} - ${m}`,
  },
  {
    name: 'python-basic', documented: 'docs.python.org, logging.basicConfig: %(levelname)s:%(name)s:%(message)s', unit: 1000,
    layout: '<Level>:<Component>:<Content>', timeFormat: null, masks: [IP, NUMBER, '/\\S+'],
    messages: ['loading {file}', 'connected to {ip}:{port}', 'job {n} failed: timeout', 'done', 'user {user} logged in'],
    line: (_, m, r) => `${of(r, ['INFO', 'WARNING', 'ERROR', 'DEBUG'])}:${of(r, ['root', 'app.db', 'urllib3.connectionpool'])}:${m}`,
  },
  {
    name: 'redis', documented: 'redis src/server.c, serverLogRaw: pid:role date level message', unit: 1,
    layout: '<Pid>:<Role> <Time> [-.*#] <Content>', timeFormat: '%d %b %Y %H:%M:%S.%f', masks: [IP, NUMBER],
    messages: ['DB saved on disk', '{n} changes in {n} seconds. Saving...', 'Background saving started by pid {n}', 'Replica {ip}:{port} asks for synchronization', 'Accepted {ip}:{port}', 'Client id={n} addr={ip}:{port} scheduled to be closed ASAP'],
    line: (p, m, r) => `2417:${of(r, ['M', 'M', 'C', 'S'])} ${p.d} ${p.b} ${p.Y} ${p.T}.${p.milli} ${of(r, ['*', '#', '-'])} ${m}`,
  },
  {
    name: 'spring-boot', documented: 'Spring Boot reference, Features: Logging, Log Format', unit: 1,
    layout: '<Time> <Level> <Pid> --- \\[<Thread>\\] <Component> : <Content>', timeFormat: '%Y-%m-%dT%H:%M:%S.%f%z', masks: [NUMBER, '\\d+\\.\\d+', "'[^']*'", '/\\S*'],
    messages: ['Starting DemoApplication using Java 17.0.9 with PID {n}', 'Tomcat initialized with port {port} (http)', 'Started DemoApplication in {float} seconds (process running for {float})', "Completed initialization in {small} ms", 'Resolved [java.lang.IllegalStateException: order {n}]', 'HikariPool-1 - Start completed.'],
    line: (p, m, r) => `${p.Y}-${p.m}-${p.d}T${p.T}.${p.milli}Z ${of(r, [' INFO', ' WARN', 'ERROR'])} 2417 --- [${of(r, ['           main', 'nio-8080-exec-1'])}] ${of(r, ['com.acme.demo.DemoApplication           ', 'o.s.b.w.embedded.tomcat.TomcatWebServer ', 'com.zaxxer.hikari.HikariDataSource      '])} : ${m}`,
  },
  {
    name: 'syslog-rfc5424', documented: 'RFC 5424, section 6', unit: 1,
    layout: '<Pri> <Time> <Host> <Component> <PID> <MsgId> <Data> <Content>', timeFormat: '%Y-%m-%dT%H:%M:%S.%f%z', masks: [IP, NUMBER, '(?<=for )(invalid user )?\\S+'],
    messages: ['Failed password for invalid user {user} from {ip} port {port} ssh2', 'Accepted publickey for {user} from {ip} port {port} ssh2', 'Connection closed by {ip} port {port} [preauth]', 'pam_unix(sshd:session): session opened for user {user}', 'Server listening on 0.0.0.0 port 22.'],
    line: (p, m, r) => `<${of(r, ['38', '86', '34'])}>1 ${p.Y}-${p.m}-${p.d}T${p.T}.${p.milli}Z web-1 sshd ${1000 + number(r, 8000)} - - ${m}`,
  },
  {
    name: 'systemd-short', documented: 'journalctl(1), -o short', unit: 1000,
    layout: '<Month> <Date> <Time> <Host> <Component>(\\[<PID>\\])?: <Content>', timeFormat: null, masks: [IP, NUMBER],
    messages: ['Started Session {n} of User {user}.', 'Stopping User Manager for UID {n}...', 'Reached target Basic System.', 'wlan0: associated with {mac}', 'DHCPACK of {ip} from {ip}', 'Consumed {float}s CPU time.'],
    line: (p, m, r, t) => `${p.b} ${p.d} ${p.T} web-1 ${t === 3 ? 'kernel' : `${of(r, ['systemd', 'dhclient', 'systemd-logind'])}[${1 + number(r, 4000)}]`}: ${m}`,
  },
  {
    name: 'zap-json', documented: 'go.uber.org/zap, NewProductionConfig', unit: 1,
    layout: null, fields: 'Content=msg,Time=ts', timeFormat: null, masks: [IP, NUMBER],
    messages: ['request handled', 'connected to {ip}:{port}', 'retrying after {ms}', 'shutting down', 'flushed {n} records'],
    line: (p, m, r) => JSON.stringify({ level: of(r, ['info', 'warn', 'error']), ts: Number(`${p.s}.${p.milli}`), caller: of(r, ['server/http.go:45', 'db/pool.go:112']), msg: m, status: number(r, 500) }),
  },
];

/** Every third by name. */
export const heldOut = (format: KnownFormat): boolean => FORMATS.indexOf(format) % 3 === 2;
