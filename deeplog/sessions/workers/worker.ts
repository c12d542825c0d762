import { parentPort, workerData } from 'node:worker_threads';
import { messageOf } from '../../common/index.js';
import { ChunkMiner, transfers } from './chunk_miner.js';
import type { ChunkAnswer, ChunkRequest, WorkerSettings } from './protocol.js';

/** A thread that reads and mines chunks of lines, one after the other. */
const say = (answer: ChunkAnswer, given: ArrayBuffer[] = []): void => parentPort?.postMessage(answer, given);
try {
  const miner = new ChunkMiner(workerData as WorkerSettings);
  parentPort?.on('message', (request: ChunkRequest) => {
    try {
      const answer = miner.mine(request);
      say(answer, answer.mined === null ? [] : transfers(answer.mined));
    } catch (error) {
      say({ error: messageOf(error) });
    }
  });
  say({ ready: true });
} catch (error) {
  say({ error: messageOf(error) });
}
