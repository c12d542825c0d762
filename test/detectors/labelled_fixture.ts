import { createDetector, labelledSource, tableSource, type Detector } from '../../deeplog/detectors/index.js';
import { PART, readSessionSet, splitByShare, type SessionTable, type Split } from '../../deeplog/sequences/index.js';
import { simulateBlockStore } from '../../deeplog/simulator/index.js';
import { parseSimulated } from '../block_store_log.js';

export interface Labelled {
  readonly table: SessionTable;
  readonly split: Split;
}

/** 800 simulated sessions, a tenth of them faulty in ways that the order or number of events shows; half train, a quarter each validation and test. */
export async function labelledFixture(folder: string): Promise<Labelled> {
  const parsed = await parseSimulated(simulateBlockStore({ sessions: 800, anomalyShare: 0.1, seed: 11 }), folder);
  const { table } = await readSessionSet(parsed);
  return { table, split: splitByShare(table, { trainUntil: 0.5, validationUntil: 0.75, order: 'chronological', seed: 1, trainOn: 'normal' }) };
}

/** A detector fitted as the benchmark fits it. */
export async function fitOn({ table, split }: Labelled, id: string, seed = 1): Promise<Detector> {
  const detector = createDetector(id);
  const source = detector.needs.has('labels') ? labelledSource : tableSource;
  await detector.fit(source(table, split, PART.train), source(table, split, PART.validation), { seed } as never);
  return detector;
}
