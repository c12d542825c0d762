import type { Evidence, Session } from '../detectors/index.js';
import { quoteLines } from '../parsing/index.js';
import type { Diagnosis, Expected, KeyFinding, Place, SessionLine, ValueFinding, WorkflowFinding } from './diagnosis.js';
import type { DiagnosisInput } from './input.js';
import type { DiagnosisModels } from './models.js';
import { summarise } from './summary.js';

/** Asks every model about the sessions and puts the answers beside the raw lines. */
export async function diagnose(sessions: readonly Session[], input: DiagnosisInput, models: DiagnosisModels): Promise<Diagnosis[]> {
  const wanted = new Set(sessions.flatMap((s) => (s.lines === undefined ? [] : Array.from(s.lines))));
  const raw = input.rawLog === null ? new Map<number, string>() : await quoteLines(input.rawLog, wanted);
  const out: Diagnosis[] = [];
  for (const session of sessions) out.push(await diagnoseOne(session, raw, input.templates, models));
  return out;
}

async function diagnoseOne(session: Session, raw: ReadonlyMap<number, string>, templates: Readonly<Record<string, string>>, models: DiagnosisModels): Promise<Diagnosis> {
  const place = (index: number): Place => {
    const event = session.events[index] ?? null;
    return { index, line: session.lines?.[index] ?? null, event, template: event === null ? null : templates[event] ?? null };
  };
  const expected = (e: Evidence): Expected[] => e.expected.map(({ event, probability }) => (event === 'end of session' ? { event: null, template: 'the end of the session', probability } : { event, template: templates[event] ?? `event ${event}`, probability }));

  const left = models.workflow === null ? null : (await models.workflow.explain(session)).filter((e) => e.score >= 1).map((e): WorkflowFinding => ({ ...place(e.index), reason: named(e.reason, e.event, templates), expected: expected(e) }));
  const workflow = left && { departures: left.filter((f) => f.index < session.events.length), endedEarly: left.find((f) => f.index === session.events.length) ?? null };
  const outside = models.keys === null ? null : (await models.keys.detector.explain(session, models.keys.g))
    .map((e): KeyFinding => ({ ...place(e.index), rank: e.score, probability: e.probability ?? NaN, expected: expected(e) })).sort((a, b) => a.index - b.index);
  const values = models.params === null ? null : (await models.params.detector.explain(session, models.params.threshold))
    .flatMap((e) => (e.values ?? []).map(({ column, value, low, high }): ValueFinding => ({ ...place(e.index), column, value, low, high, score: e.score })));

  const marks = Array.from(session.events, () => [] as SessionLine['marks'][number][]);
  const mark = (what: SessionLine['marks'][number], findings: readonly Place[] | null | undefined): void => findings?.forEach(({ index }) => { if (index < marks.length && !marks[index].includes(what)) marks[index].push(what); });
  mark('workflow', workflow?.departures);
  mark('key', outside);
  mark('value', values);
  const lines = Array.from(session.events, (_, i): SessionLine => {
    const at = place(i);
    const elapsed = session.elapsedMs?.[i] ?? NaN;
    return { ...at, raw: at.line === null ? null : raw.get(at.line) ?? null, elapsedMs: Number.isNaN(elapsed) ? null : elapsed, marks: marks[i] };
  });
  const findings = { workflow, keys: outside && models.keys && { g: models.keys.g, outside }, values };
  return { key: session.key, label: session.label ?? null, summary: summarise(findings, session.events.length), ...findings, lines };
}

/** Puts the template after each event id of a sentence but the event's own, which stands beside its line anyway. */
function named(reason: string, own: number | null, templates: Readonly<Record<string, string>>): string {
  return reason.replace(/event (\d+)/g, (words, id: string) => (Number(id) === own || templates[id] === undefined ? words : `${words} (“${templates[id]}”)`));
}
