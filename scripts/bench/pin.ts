import { spawnSync } from 'node:child_process';

/** What to put before a command so that it keeps to one core, where the system has `taskset`. */
export const PIN =
  spawnSync('taskset', ['-c', '0', 'true']).status === 0 ? ['taskset', '-c', '0'] : [];
