import { parentPort } from 'node:worker_threads';
import { messageOf } from '../../common/index.js';
import type { RequestMessage, ResponseMessage } from './protocol.js';
import { WorkerForward } from './worker_forward.js';
import { WorkerStep } from './worker_step.js';

/**
 * The thread on which onnxruntime runs: `session.run` blocks its event loop in spite of the promise, and progress,
 * Ctrl-C and the dashboard must stay alive. Requests are served one after the other.
 */
const steps = new Map<number, WorkerStep>();
const forwards = new Map<number, WorkerForward>();

function held<T>(objects: ReadonlyMap<number, T>, target: number): T {
  const found = objects.get(target);
  if (found === undefined) throw new RangeError(`This worker holds no compiled object ${target}: it was disposed.`);
  return found;
}

async function serve(request: RequestMessage): Promise<unknown> {
  const { target } = request;
  switch (request.kind) {
    case 'ready': return null;
    case 'createStep':
      steps.set(target, await WorkerStep.create(request.value));
      return null;
    case 'createForward':
      forwards.set(target, await WorkerForward.create(request.value));
      return null;
    case 'runStep': return held(steps, target).run(request.value);
    case 'runForward': return held(forwards, target).run(request.value);
    case 'state': return held(steps, target).state();
    case 'loadState':
      held(steps, target).load(request.value);
      return null;
    case 'loadParameters':
      held(forwards, target).load(request.value);
      return null;
    case 'dispose':
      await steps.get(target)?.dispose();
      await forwards.get(target)?.dispose();
      steps.delete(target);
      forwards.delete(target);
      return null;
    default:
      return request satisfies never;
  }
}

let queue: Promise<void> = Promise.resolve();
parentPort?.on('message', (request: RequestMessage) => {
  queue = queue.then(async () => {
    let response: ResponseMessage;
    try {
      response = { id: request.id, answer: await serve(request) };
    } catch (error) {
      response = { id: request.id, error: messageOf(error) };
    }
    parentPort?.postMessage(response);
  });
});
