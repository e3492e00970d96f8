import { readdirSync, readFileSync } from 'node:fs';

/** Seconds that all threads of a process ran, and that they stood ready but had no processor. */
export interface ProcessTime {
  readonly ran: number;
  readonly waited: number;
}

/** Reads the time of a process's threads from Linux's scheduler (`/proc/PID/task/TID/schedstat`). */
export class ProcessClock {
  readonly #pid: number;
  #threads: ReadonlyMap<string, ProcessTime> = new Map();

  constructor(pid: number) {
    this.#pid = pid;
    this.lap();
  }

  /** Time since the last call; of a thread that has ended meanwhile, what came after that call is missing. */
  lap(): ProcessTime {
    const threads = new Map<string, ProcessTime>();
    let [ran, waited] = [0, 0];
    for (const thread of readdirSync(`/proc/${this.#pid}/task`)) {
      const now = threadTime(`/proc/${this.#pid}/task/${thread}/schedstat`);
      if (!now) continue;
      const before = this.#threads.get(thread) ?? { ran: 0, waited: 0 };
      ran += now.ran - before.ran;
      waited += now.waited - before.waited;
      threads.set(thread, now);
    }
    this.#threads = threads;
    return { ran, waited };
  }
}

/** Undefined for a thread that has ended. */
function threadTime(file: string): ProcessTime | undefined {
  try {
    const [ran = 0, waited = 0] = readFileSync(file, 'utf8')
      .split(' ')
      .map((nanoseconds) => Number(nanoseconds) / 1e9);
    return { ran, waited };
  } catch {
    return undefined;
  }
}
