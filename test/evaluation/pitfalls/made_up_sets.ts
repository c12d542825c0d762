import { mkdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { gzipSync } from 'node:zlib';
import { seededRandom } from '../../../deeplog/common/index.js';
import { createDetector, DETECTOR_IDS, type Detector } from '../../../deeplog/detectors/index.js';
import { evaluate, Protocols, scoreTask, sourcesFor, type Evaluation, type Task, type TaskSpec } from '../../../deeplog/evaluation/index.js';
import { simulateBlockStore } from '../../../deeplog/simulator/index.js';

/** Ids of the detectors that are fitted in a moment, on any set of event ids. */
export const QUICK = DETECTOR_IDS.filter((id) => {
  const { usesEngine, components, needs } = createDetector(id);
  return usesEngine !== true && components === undefined && [...needs].every((n) => n === 'events' || n === 'labels');
});

export interface MadeUpSession {
  readonly events: readonly number[];
  readonly abnormal: boolean;
}

/** Sessions of a small made-up system; every twelfth is abnormal. */
export function madeUpSessions(n: number, seed = 1): MadeUpSession[] {
  const random = seededRandom(seed);
  return Array.from({ length: n }, (_, i) => {
    const life = [1, 2, 3, ...(random() < 0.3 ? [4] : []), 2, 3, ...(random() < 0.5 ? [5, 6] : [6, 5])];
    const abnormal = i % 12 === 11;
    return { events: !abnormal ? life : random() < 0.5 ? [...life.slice(0, 3), 7] : life.slice(0, 3), abnormal };
  });
}

/** Writes the files that the protocols hdfs-* read. */
export function writeHdfs(dataDir: string, sessions: readonly MadeUpSession[]): void {
  mkdirSync(path.join(dataDir, 'hdfs'), { recursive: true });
  writeFileSync(path.join(dataDir, 'hdfs', 'sessions.txt.gz'), gzipSync(sessions.map((s) => `${s.events.join(' ')}\n`).join('')));
  writeFileSync(path.join(dataDir, 'hdfs', 'labels.txt.gz'), gzipSync(sessions.map((s) => `${s.abnormal ? 1 : 0}\n`).join('')));
}

/** Writes the files that the protocols bgl-* read: a stream of lines, a label per window of 20 every 10. */
export function writeBgl(dataDir: string, stream: readonly number[], labels: readonly number[]): void {
  mkdirSync(path.join(dataDir, 'bgl'), { recursive: true });
  writeFileSync(path.join(dataDir, 'bgl', 'content_keys_stream.txt.gz'), gzipSync(stream.map((e) => `${e}\n`).join('')));
  writeFileSync(path.join(dataDir, 'bgl', 'window20_stride10_labels.txt.gz'), gzipSync(labels.map((l) => `${l}\n`).join('')));
}

/** Writes the files that hdfs-raw reads, from the simulator, whose lines have the same layout. `change` may rewrite lines (1-based). */
export function writeRawLog(dataDir: string, change: (line: string, number: number) => string = (line) => line): number {
  const { lines, labels } = simulateBlockStore({ sessions: 300, anomalyShare: 0.1, seed: 5 });
  mkdirSync(path.join(dataDir, 'hdfs'), { recursive: true });
  writeFileSync(path.join(dataDir, 'hdfs', 'HDFS_2percent.log.gz'), gzipSync(lines.map((l, i) => `${change(l, i + 1)}\n`).join('')));
  writeFileSync(path.join(dataDir, 'hdfs', 'anomaly_label.csv.gz'), gzipSync(`BlockId,Label\n${labels.map((l) => `${l.key},${l.fault === null ? 'Normal' : 'Anomaly'}\n`).join('')}`));
  return lines.length;
}

export function taskFrom(dataDir: string, artifacts: string, spec: TaskSpec, trainOn: 'normal' | 'all' = 'normal'): Promise<Task> {
  return new Protocols({ dataDir, artifacts, trainRatio: 0.5, valRatio: 0.7, order: 'chronological', trainOn }).task(spec);
}

/** A detector fitted on a task as the benchmark does it. */
export async function fitted(task: Task, id: string): Promise<Detector> {
  const detector = createDetector(id, { completeSessions: task.complete });
  const [train, validation] = await sourcesFor(task, detector);
  await detector.fit(train, validation, { seed: task.seed } as never);
  return detector;
}

/** … and judged. */
export async function judged(task: Task, detector: Detector, targetFpr = 0.01): Promise<Evaluation> {
  return evaluate(task, await scoreTask(detector, task), detector, targetFpr);
}
