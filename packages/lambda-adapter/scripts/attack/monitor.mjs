// Runs inside of the server under attack (`node --import`): how long did the thread that answers go
// without looking at its events, and how much memory did the process take? Tells when it is asked.
import { readFileSync } from 'node:fs';
import { platform } from 'node:process';

const EVERY = 2;
const fresh = () => ({ cpuBlock: 0, wallBlock: 0, peakMemory: 0 });
let found = fresh();

/** Milliseconds of processor time of this thread: other programs on the machine do not count. */
function cpuTime() {
  if (platform !== 'linux') return performance.now();
  return Number(readFileSync('/proc/thread-self/schedstat', 'utf8').split(' ', 1)[0]) / 1e6;
}

let lastCpu = cpuTime();
let lastWall = performance.now();
setInterval(() => {
  const [cpu, wall] = [cpuTime(), performance.now()];
  found.cpuBlock = Math.max(found.cpuBlock, cpu - lastCpu);
  found.wallBlock = Math.max(found.wallBlock, wall - lastWall - EVERY);
  [lastCpu, lastWall] = [cpu, wall];
}, EVERY).unref();
setInterval(() => {
  found.peakMemory = Math.max(found.peakMemory, process.memoryUsage.rss());
}, 20).unref();

process.on('message', () => {
  process.send?.({ ...found, memory: process.memoryUsage() });
  found = fresh();
});
process.channel?.unref();
