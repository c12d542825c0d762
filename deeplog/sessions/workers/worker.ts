import { parentPort, workerData } from 'node:worker_threads';
import { messageOf } from '../../common/index.js';
import { ChunkMiner } from './chunk_miner.js';
import type { ChunkAnswer, ChunkRequest, WorkerSettings } from './protocol.js';

/** A thread that reads and mines chunks of lines, one after the other. */
const say = (answer: ChunkAnswer): void => parentPort?.postMessage(answer);
try {
  const miner = new ChunkMiner(workerData as WorkerSettings);
  parentPort?.on('message', (request: ChunkRequest) => {
    try {
      say(miner.mine(request));
    } catch (error) {
      say({ error: messageOf(error) });
    }
  });
  say({ ready: true });
} catch (error) {
  say({ error: messageOf(error) });
}
