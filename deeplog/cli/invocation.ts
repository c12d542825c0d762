import type { OptionSpecs } from './options.js';

/** How this very run was started, with another stage in its place: what "next: …" lines should say. */
export function invocation(stage: string): string {
  if (process.env.npm_lifecycle_event !== undefined && process.env.npm_lifecycle_event !== 'npx') return `npm run ${stage} --`;
  return /\bdist\b|node_modules|\/bin\//.test(process.argv[1] ?? '') ? `npx deeplog ${stage}` : `npx tsx run/deeplog.ts ${stage}`;
}

/** The command line that gives the same flags. */
export function commandOf(stage: string, specs: OptionSpecs, given: Readonly<Record<string, unknown>>): string {
  const quoted = (value: unknown): string => (/^[\w./,:=+-]+$/.test(String(value)) ? String(value) : `'${String(value)}'`);
  const flags = Object.keys({ ...specs, config: null }).filter((name) => given[name] !== undefined).map((name) => `--${name} ${[given[name]].flat().map(quoted).join(' ')}`);
  return ['deeplog', stage, ...flags].join(' ');
}
