import { readdirSync, readFileSync } from 'node:fs';
import type { BrowserKind } from '../test/drivers.js';

/** Called before a browser is started: gives a function that lists the numbers of its processes at that moment. */
export function watchProcesses({ name }: BrowserKind): () => string[] {
  const before = new Set(allProcesses());
  const isBrowser = (pid: string) =>
    readProc(pid, 'cmdline').includes(name.toLowerCase()) && isOurs(pid);
  return () => allProcesses().filter((pid) => !before.has(pid) && isBrowser(pid));
}

function allProcesses(): string[] {
  return readdirSync('/proc').filter((name) => /^\d+$/.test(name));
}

/** Does this process descend from this one? */
function isOurs(pid: string): boolean {
  for (let each = pid; each && each !== '0'; ) {
    if (each === String(process.pid)) return true;
    each = readProc(each, 'stat').split(') ').at(-1)?.split(' ')[1] ?? '';
  }
  return false;
}

/**
 * Milliseconds in user and kernel mode (proc(5): utime, stime, in hundredths of a second).
 *
 * @param task a process, or `PROCESS/task/THREAD` for one thread of it
 */
export function processorTime(task: string): number {
  const fields = readProc(task, 'stat').split(') ').at(-1)?.split(' ') ?? [];
  return 10 * (Number(fields[11] ?? 0) + Number(fields[12] ?? 0));
}

/** Bytes of memory of these processes together, shared ones in proportion. */
export function memoryOf(pids: readonly string[]): number {
  return pids.reduce((sum, pid) => sum + proportionalSize(pid), 0);
}

function proportionalSize(pid: string): number {
  return 1024 * Number(/^Pss:\s+(\d+)/m.exec(readProc(pid, 'smaps_rollup'))?.[1] ?? 0);
}

function readProc(pid: string, file: string): string {
  try {
    return readFileSync(`/proc/${pid}/${file}`, 'utf8');
  } catch {
    return ''; // It has just ended.
  }
}
