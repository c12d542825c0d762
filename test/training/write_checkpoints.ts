// Writes checkpoints into the folder given, one after the other, until it is killed; each says which one it is in every number.
// Not through the index: ten of these start in a test.
import type { Checkpoint } from '../../deeplog/training/index.js';
import { FolderCheckpoints } from '../../deeplog/training/runs/folder_checkpoints.js';
import { IDENTITY, SIZE } from './checkpoint_identity.js';

const slot = await new FolderCheckpoints(process.argv[2], true, 0).begin(IDENTITY);
for (let n = (slot.restored?.globalStep ?? 0) + 1; ; n++) {
  const group = { w: new Float32Array(SIZE).fill(n) };
  const checkpoint: Checkpoint = { epoch: n, stepInEpoch: 0, globalStep: n, lossSum: 0, weightSum: 0, seconds: 0, bestEpochs: [n], bestLosses: [n], history: [], state: { parameters: group, firstMoments: group, secondMoments: group }, best: group, epochStart: null };
  await slot.save(checkpoint, true);
  process.stdout.write(`${n}\n`);
}
