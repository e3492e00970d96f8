import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { repositoryRoot } from '../repository-root.js';

/** Starts an idle server beside the one under attack. */
export async function startControl(): Promise<{ process: ChildProcess; port: number }> {
  const file = join(repositoryRoot, 'packages/lambda-adapter/scripts/attack/control.mjs');
  const child = fork(file, { stdio: 'ignore' });
  const [port] = (await once(child, 'message')) as [number];
  return { process: child, port };
}

/** Milliseconds of processor time that are used up to find out how much of a processor one gets. */
const BURNT = 50;

/** How many times longer than alone a computation takes on this machine now: 1 if nobody else uses it. */
export function strain(): number {
  const started = performance.now();
  const before = process.cpuUsage();
  let used = 0;
  while (used < BURNT) {
    const { user, system } = process.cpuUsage(before);
    used = (user + system) / 1000;
  }
  return Math.max(1, (performance.now() - started) / used);
}
