import { readdir, readFile, realpath, stat } from 'node:fs/promises';
import path from 'node:path';

/** A page or picture that a stage wrote. */
export interface ReportLink {
  /** Below the folder of artifacts, with slashes. */
  readonly file: string;
  readonly modified: string;
}

const TYPES: Readonly<Record<string, string>> = { '.html': 'text/html; charset=utf-8', '.svg': 'image/svg+xml', '.md': 'text/plain; charset=utf-8' };
const DEEPEST = 4;
const MOST = 60;

/** The reports below a folder, the latest first. */
export async function listReports(artifacts: string): Promise<ReportLink[]> {
  const found: ReportLink[] = [];
  const visit = async (folder: string, depth: number): Promise<void> => {
    for (const entry of await readdir(folder, { withFileTypes: true }).catch(() => [])) {
      const file = path.join(folder, entry.name);
      if (entry.isDirectory() && depth < DEEPEST) await visit(file, depth + 1);
      else if (entry.isFile() && path.extname(entry.name) in TYPES) found.push({ file: path.relative(artifacts, file).split(path.sep).join('/'), modified: (await stat(file)).mtime.toISOString() });
    }
  };
  await visit(artifacts, 0);
  return found.sort((a, b) => (a.modified < b.modified ? 1 : -1)).slice(0, MOST);
}

/** A report's content, or null: for what is no report, and for whatever lies outside the folder, links followed. */
export async function readReport(artifacts: string, file: string): Promise<{ type: string; body: Buffer } | null> {
  const type = TYPES[path.extname(file)];
  if (type === undefined || file.includes('\0')) return null;
  try {
    const root = await realpath(artifacts);
    const wanted = await realpath(path.resolve(root, file));
    if (!wanted.startsWith(root + path.sep) || path.extname(wanted) !== path.extname(file)) return null;
    return { type, body: await readFile(wanted) };
  } catch {
    return null;
  }
}
