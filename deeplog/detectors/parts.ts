import type { Detector, Session } from './types.js';

/** Each detector's own scores, one after the other: they may share an engine. */
export async function scoreEach(parts: readonly Detector[], sessions: readonly Session[]): Promise<Float64Array[]> {
  const out: Float64Array[] = [];
  for (const part of parts) out.push(await part.scoreBatch(sessions));
  return out;
}

/** What the parts' folders take. */
export function bytesOf(parts: readonly Detector[]): number {
  return parts.reduce((sum, part) => sum + (part.modelBytes() ?? 0), 0);
}

/** Disposes of the parts, but for those that belong to somebody else. */
export async function disposeOwn(parts: readonly Detector[], borrowed: ReadonlySet<Detector>): Promise<void> {
  for (const part of parts) if (!borrowed.has(part)) await part.dispose?.();
}

/** The parts' names of what stands out, each part above its own `least`, with the part's id before them. */
export async function patternsOfParts(parts: readonly Detector[], sessions: readonly Session[], scores: readonly Float64Array[], least: (part: number) => number): Promise<string[][]> {
  const out = sessions.map((): string[] => []);
  for (const [p, part] of parts.entries()) {
    const flagged = sessions.flatMap((_, s) => (scores[p][s] > least(p) ? [s] : []));
    const names = await part.patterns?.(flagged.map((s) => sessions[s]), least(p));
    flagged.forEach((s, i) => out[s].push(...(names?.[i] ?? []).map((name) => `${part.id}: ${name}`)));
  }
  return out;
}
