import { describeEngine, engineOptions, type StageConsole } from '../deeplog/cli/index.js';
import type { Engine } from '../deeplog/engine/index.js';

/** Does a stage's work with the engine that its flags ask for, which is let go whatever happens. `quietly`: without a word about which it is. */
export async function withEngine<T>(flags: Parameters<typeof engineOptions>[0], console: StageConsole, work: (engine: Engine) => Promise<T>, { quietly = false } = {}): Promise<T> {
  const { createEngine } = await import('../deeplog/engine/index.js');
  const engine = await createEngine(engineOptions(flags));
  if (!quietly) console.say(describeEngine(engine.info));
  try {
    return await work(engine);
  } finally {
    console.clear();
    await engine.dispose();
  }
}
