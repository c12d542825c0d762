/** The first screen: every command under its heading, and the few that a log of one's own takes, in order. */
export function overview(commands: readonly { readonly command: string; readonly describe: string; readonly group?: string }[]): string {
  const groups = new Map<string, (typeof commands)[number][]>();
  for (const c of commands) groups.set(c.group ?? 'More', [...(groups.get(c.group ?? 'More') ?? []), c]);
  const width = Math.max(...commands.map((c) => nameOf(c.command).length));
  const room = Math.min(120, process.stdout.columns ?? 100) - width - 4;
  const lines = ['deeplog <command> [flags]', '', 'Train and evaluate log anomaly detectors: raw logs in, honest verdicts out.'];
  for (const [group, members] of groups) {
    lines.push('', `${group}:`);
    for (const { command, describe } of members) {
      const [first, ...rest] = wrapped(describe, Math.max(20, room));
      lines.push(`  ${nameOf(command).padEnd(width)}  ${first}`, ...rest.map((line) => `${' '.repeat(width + 4)}${line}`));
    }
  }
  return [...lines, '', 'New here:', '  deeplog quickstart', 'A log of your own:', ...OWN_LOG.map((line) => `  ${line}`), '', 'deeplog <command> --help shows its flags.', ''].join('\n');
}

const OWN_LOG = [
  'deeplog drain --suggest --input_file app.log > app.ini',
  'deeplog drain --parser_config app.ini --input_file app.log --adapter_type fixed_window',
  'deeplog log-key',
  'deeplog detect --input_file tomorrow.log',
];

function nameOf(command: string): string {
  return command.split(' ')[0];
}

function wrapped(text: string, width: number): string[] {
  const lines = [''];
  for (const word of text.split(' ')) {
    const last = lines[lines.length - 1];
    if (last !== '' && last.length + 1 + word.length > width) lines.push(word);
    else lines[lines.length - 1] = last === '' ? word : `${last} ${word}`;
  }
  return lines;
}
