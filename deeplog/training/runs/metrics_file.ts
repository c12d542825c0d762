import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import path from 'node:path';
import type { Progress } from '../checkpoint.js';
import type { RunEvent } from './events.js';
import { readCheckpoint } from './folder_checkpoints.js';

/** The events of a run, in order; a last line that is cut off (the process was killed) is left out. */
export async function readEvents(folder: string): Promise<RunEvent[]> {
  const text = await readFile(path.join(folder, 'metrics.jsonl'), 'utf8').catch(() => '');
  return parseEvents(text);
}

/** Events of whole lines. */
export function parseEvents(text: string): RunEvent[] {
  return text.split('\n').flatMap((line) => {
    try {
      return line === '' ? [] : [JSON.parse(line) as RunEvent];
    } catch {
      return [];
    }
  });
}

/** From each start to the last event before the next one: what a run worked, without the pauses between. */
export function secondsWorked(events: readonly RunEvent[]): number {
  let ms = 0;
  for (let i = 1; i < events.length; i++) if (events[i].event !== 'start') ms += events[i].time - events[i - 1].time;
  return ms / 1000;
}

/**
 * What metrics.jsonl holds up to the run's checkpoints, as text: what was reported after them is computed and reported again when the run
 * goes on.
 */
export async function linesUpTo(folder: string): Promise<string> {
  const reached: Progress[] = [];
  for (let training = 0; ; training++) {
    const file = path.join(folder, 'checkpoints', ...(training === 0 ? [] : [`training_${training + 1}`]), 'last.safetensors');
    if (!existsSync(file)) break;
    reached.push(await readCheckpoint(file, null));
  }
  const kept = (await readEvents(folder)).filter((event) => {
    switch (event.event) {
      case 'start':
      case 'end': return true;
      case 'training': return event.training < reached.length;
      case 'step': return event.training < reached.length && event.global_step <= reached[event.training].globalStep;
      case 'epoch': return event.training < reached.length && event.epoch <= reached[event.training].epoch;
      case 'evaluation': return false;
      default: return event satisfies never;
    }
  });
  return kept.map((event) => `${JSON.stringify(event)}\n`).join('');
}
