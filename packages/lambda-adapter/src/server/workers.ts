import cluster, { type Worker } from 'node:cluster';

/** A worker that lives shorter than this did not fail by chance; starting it at once again would spin. */
const TOO_SHORT = 5_000;
const PAUSE = 2_000;

/**
 * Starts workers that share one port, replaces those that die, and ends them all on SIGTERM or
 * SIGINT, giving each time to finish. The process ends with the last worker.
 *
 * @param grace milliseconds that a worker may take to end
 */
export function superviseWorkers(count: number, grace: number): void {
  let ending = false;
  let failures = 0;
  const born = new WeakMap<Worker, number>();
  const start = () => {
    if (!ending) born.set(cluster.fork(), Date.now());
  };
  const stop = () => {
    if (ending) process.exit(1); // Asked twice: at once.
    ending = true;
    const workers = Object.values(cluster.workers ?? {});
    for (const worker of workers) worker?.process.kill('SIGTERM');
    const late = setTimeout(() => {
      for (const worker of workers) worker?.process.kill('SIGKILL');
    }, grace + 1_000);
    late.unref();
  };
  process.on('SIGTERM', stop).on('SIGINT', stop);
  cluster.on('exit', (worker, code, signal) => {
    if (ending) {
      if (Object.keys(cluster.workers ?? {}).length === 0) process.exit(0);
      return;
    }
    const short = Date.now() - (born.get(worker) ?? 0) < TOO_SHORT;
    failures = short ? failures + 1 : 0;
    if (failures >= count * 3) {
      console.error('The workers cannot start; giving up.');
      process.exitCode = 1;
      stop();
      return;
    }
    console.error(`Worker ${worker.process.pid} ended (${signal || code}); starting another.`);
    setTimeout(start, short ? PAUSE : 0);
  });
  for (let i = 0; i < count; i++) start();
}
