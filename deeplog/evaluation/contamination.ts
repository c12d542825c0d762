import { DataError, permutation, seededRandom } from '../common/index.js';
import { ABNORMAL, NORMAL, PART, relabelSplit, type SessionTable, type Split } from '../sequences/index.js';

/**
 * A labeller overlooks a share of the abnormal sessions before the test part: drawn by the seed from training and validation alike, they
 * pass for normal there. Test labels stay.
 * @throws DataError where there are none
 */
export function contaminate(table: SessionTable, split: Split, share: number, seed: number): { table: SessionTable; split: Split; note: string } {
  const abnormal = Array.from(split.shares.keys()).filter((s) => table.labels[s] === ABNORMAL && (split.shares[s] === PART.train || split.shares[s] === PART.validation));
  if (abnormal.length === 0) throw new DataError('--sweep contamination: no session before the test part is labelled abnormal, so there is none to overlook. Choose another --protocol, boundaries or labels.');
  const overlooked = Array.from(permutation(abnormal.length, seededRandom(seed)).subarray(0, Math.round(share * abnormal.length)), (i) => abnormal[i]);
  const labels = table.labels.slice();
  const parts = split.parts.slice();
  for (const s of overlooked) {
    labels[s] = NORMAL;
    parts[s] = split.shares[s];
  }
  const inTraining = overlooked.filter((s) => split.shares[s] === PART.train).length;
  const training = parts.reduce((n, part) => n + (part === PART.train ? 1 : 0), 0);
  const relabelled = table.withLabels(labels);
  return {
    table: relabelled, split: relabelSplit(relabelled, split, parts),
    note: `${overlooked.length.toLocaleString('en-US')} of ${abnormal.length.toLocaleString('en-US')} abnormal sessions before the test part pass for normal: ${((100 * inTraining) / training).toPrecision(3)} % of the training part`,
  };
}
