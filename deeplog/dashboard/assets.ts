import { existsSync, readdirSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import path from 'node:path';
import { PAGE } from './page.js';
import { STYLE } from './style.js';

const CLIENT = path.join(import.meta.dirname, 'client');

/**
 * The page's files by their path; one that is `lasting` need not be fetched again. The scripts of `client/` are served as the build made them; where this runs from its sources they are
 * TypeScript and are translated by esbuild, which is there because tsx needs it.
 */
export async function readAsset(url: string): Promise<{ type: string; body: string | Buffer; lasting?: boolean } | null> {
  if (url === '/') return { type: 'text/html; charset=utf-8', body: PAGE };
  if (url === '/assets/style.css') return { type: 'text/css; charset=utf-8', body: STYLE };
  if (url === '/assets/tfjs-vis.js') return { type: 'text/javascript; charset=utf-8', body: await readFile(tfjsVis()), lasting: true };
  const name = /^\/assets\/client\/([a-z_]+)\.js$/.exec(url)?.[1];
  const file = readdirSync(CLIENT).find((f) => name !== undefined && (f === `${name}.js` || f === `${name}.ts`));
  if (file === undefined) return null;
  const text = await readFile(path.join(CLIENT, file), 'utf8');
  return { type: 'text/javascript; charset=utf-8', body: file.endsWith('.ts') ? await translate(text) : text };
}

/** The charts, from what was packed along or, in a clone, the installed package: the page needs no network. */
function tfjsVis(): string {
  const packed = path.resolve(import.meta.dirname, '..', '..', 'vendor', 'tfjs-vis.js');
  return existsSync(packed) ? packed : path.join(path.dirname(createRequire(import.meta.url).resolve('@tensorflow/tfjs-vis/package.json')), 'dist', 'tfjs-vis.umd.min.js');
}

async function translate(source: string): Promise<string> {
  const { transform } = await import('esbuild');
  return (await transform(source, { loader: 'ts', format: 'esm', target: 'es2022' })).code;
}
