import { readFileSync, writeFileSync } from 'node:fs';

/**
 * Starts watching the process's resident memory; the function it gives returns the highest value since, in MB. Linux lets a process
 * start that count anew (proc(5), clear_refs); elsewhere it is the peak since the process began.
 */
export function peakMemory(): () => number {
  let watched = true;
  try {
    writeFileSync('/proc/self/clear_refs', '5');
  } catch {
    watched = false;
  }
  return () => {
    const highest = watched ? /VmHWM:\s+(\d+) kB/.exec(readFileSync('/proc/self/status', 'utf8')) : null;
    return Math.round((highest === null ? process.resourceUsage().maxRSS : Number(highest[1])) / 1024);
  };
}
