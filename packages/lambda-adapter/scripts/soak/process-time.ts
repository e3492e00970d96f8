import { readdirSync, readFileSync } from 'node:fs';

/** Seconds since its start that all threads of a process ran, and that they stood ready but had no processor. */
export interface ProcessTime {
  readonly ran: number;
  readonly waited: number;
}

/** From Linux's scheduler (`/proc/PID/task/TID/schedstat`); the time of threads that have ended is missing. */
export function processTime(pid: number): ProcessTime {
  let [ran, waited] = [0, 0];
  for (const thread of readdirSync(`/proc/${pid}/task`)) {
    let text: string;
    try {
      text = readFileSync(`/proc/${pid}/task/${thread}/schedstat`, 'utf8');
    } catch {
      continue; // It ended in between.
    }
    const [on = 0, ready = 0] = text.split(' ').map((nanoseconds) => Number(nanoseconds) / 1e9);
    ran += on;
    waited += ready;
  }
  return { ran, waited };
}
