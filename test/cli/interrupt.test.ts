import { setTimeout as sleep } from 'node:timers/promises';
import { expect, it, vi } from 'vitest';
import { interruptSignal, StageConsole } from '../../deeplog/cli/index.js';

it('a Ctrl-C that arrives twice, as through npm, is one; a later one ends at once', async () => {
  const before = { SIGINT: process.listeners('SIGINT'), SIGTERM: process.listeners('SIGTERM') };
  // What ends the process is not to end the tests.
  const kill = vi.spyOn(process, 'kill').mockReturnValue(true);
  try {
    const signal = interruptSignal(new StageConsole(true));
    const [interrupt] = process.listeners('SIGINT').filter((l) => !before.SIGINT.includes(l));
    interrupt('SIGINT');
    expect(signal.aborted).toBe(true);
    interrupt('SIGINT');
    expect(kill).not.toHaveBeenCalled();
    await sleep(600);
    // Only while nothing else can be emitted: the test runner's messages come through here, too.
    const emit = vi.spyOn(process, 'emit').mockReturnValue(true as never);
    interrupt('SIGINT');
    emit.mockRestore();
    expect(kill).toHaveBeenCalledWith(process.pid, 'SIGINT');
  } finally {
    vi.restoreAllMocks();
    for (const name of ['SIGINT', 'SIGTERM'] as const) {
      process.removeAllListeners(name);
      for (const listener of before[name]) process.on(name, listener);
    }
  }
});
