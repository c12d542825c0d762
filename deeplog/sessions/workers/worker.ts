import { parentPort, workerData } from 'node:worker_threads';
import { messageOf } from '../../common/index.js';
import { ChunkMiner, transfers } from './chunk_miner.js';
import type { ChunkAnswer, ChunkRequest, WorkerSettings } from './protocol.js';

/** A thread that reads and mines chunks of lines, one after the other. */
const miner = new ChunkMiner(workerData as WorkerSettings);
parentPort?.on('message', (request: ChunkRequest) => {
  try {
    const mined = miner.mine(request);
    parentPort?.postMessage({ mined } satisfies ChunkAnswer, mined === null ? [] : transfers(mined));
  } catch (error) {
    parentPort?.postMessage({ error: messageOf(error) } satisfies ChunkAnswer);
  }
});
