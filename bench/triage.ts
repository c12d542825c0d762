// Which pattern should an operator's answer stand for? Every detector's alerts, named four ways, asked about two ways.
//   DEEPLOG_DATA=… npm run bench -- triage
import { createDetector, tableSource, type Session } from '../deeplog/detectors/index.js';
import { evaluate, Protocols, runOnce, scoreDistinct, type FlaggedSession } from '../deeplog/evaluation/index.js';
import { ABNORMAL, PART } from '../deeplog/sequences/index.js';
import { ASK_ONCE, FRUGAL } from '../deeplog/triage/index.js';

const DETECTORS = ['unseen-key', 'event-set', 'count-vector', 'deeplog-workflow', 'count-neighbours'];
const TARGET_FPR = 0.001;

const NAMES: Readonly<Record<string, (events: Uint32Array) => string>> = {
  'event set': (events) => [...new Set(events)].sort((a, b) => a - b).join(' '),
  'count vector': (events) => Array.from(events).sort((a, b) => a - b).join(' '),
  sequence: (events) => events.join(' '),
};

export async function main(): Promise<void> {
  const protocols = new Protocols({ dataDir: process.env.DEEPLOG_DATA || 'data', artifacts: 'artifacts', trainRatio: 0.7, valRatio: 0.85, order: 'chronological', trainOn: 'normal' });
  for (const protocol of ['hdfs-chrono', 'bgl-chrono'] as const) {
    const task = await protocols.task({ protocol, seed: 1 });
    const { table, split } = task;
    for (const id of DETECTORS) {
      const detector = createDetector(id, { completeSessions: task.complete });
      await detector.fit(tableSource(table, split, PART.train), tableSource(table, split, PART.validation), { seed: 1, engine: () => Promise.reject(new Error('no engine')), report: { step: () => undefined, epoch: () => undefined }, signal: new AbortController().signal });
      const scores = await scoreDistinct(detector, task, [PART.validation, PART.test]);
      const { threshold, f1 } = evaluate(task, scores, detector, TARGET_FPR);
      const flaggedSequences = Array.from(scores.keys()).filter((d) => scores[d] > threshold);
      const own = await detector.patterns?.(flaggedSequences.map((d): Session => ({ key: String(d), events: table.sequence(d) })), threshold);
      const ownOf = new Map(flaggedSequences.map((d, i) => [d, own?.[i] ?? []]));
      for (const kind of ['its own', ...Object.keys(NAMES)]) {
        const flagged: FlaggedSession[] = [];
        let missed = 0;
        for (let s = 0; s < table.size; s++) {
          if (split.parts[s] !== PART.test) continue;
          const d = table.sequenceOf[s];
          const abnormal = table.labels[s] === ABNORMAL;
          const group = NAMES['event set'](table.sequence(d));
          const names = kind === 'its own' ? ownOf.get(d) ?? [] : [NAMES[kind](table.sequence(d))];
          if (scores[d] > threshold) flagged.push({ patterns: names.length === 0 ? [group] : names, group, abnormal, at: s });
          else if (abnormal) missed++;
        }
        const [once, frugal] = [runOnce('', flagged, missed, ASK_ONCE), runOnce('', flagged, missed, { ...FRUGAL, credit: task.complete ? 'joint' : 'careful' })];
        console.log(`${protocol} | ${id} | F1 before ${f1?.toFixed(3) ?? '–'} | ${kind === 'its own' ? detector.patternKind ?? kind : kind} | once ${once.f1?.toFixed(3) ?? '–'}, ${once.questions} | frugal ${frugal.f1?.toFixed(3) ?? '–'}, ${frugal.questions}`);
      }
    }
  }
}
