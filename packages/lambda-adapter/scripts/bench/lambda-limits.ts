import { existsSync, mkdirSync, readFileSync, rmdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

/** Lambda gives one core at 1,769 MB and shares of it below. */
export const CORE_MEMORY = 1769;

export interface Limits {
  /** How the limits are kept, in words. */
  readonly means: string;
  /** Stands before the command. */
  readonly wrapper: readonly string[];
  /** Puts a process under the limits; full CPU until `throttle` is called. */
  adopt(pid: number): void;
  /** From init's full CPU to the function's share. */
  throttle(): void;
  /** CPU seconds used so far. */
  cpuSeconds(pid: number): number;
  end(): void;
}

const V1 = '/sys/fs/cgroup';
const PERIOD = 20_000;

/**
 * Limits memory and CPU as Lambda does. During init Lambda lets a function have a whole core
 * whatever its memory; afterwards the share that goes with the memory.
 */
export function limitsFor(memory: number): Limits {
  const name = `zipcaption-bench-${process.pid}-${memory}`;
  const share = Math.min(1, memory / CORE_MEMORY);
  return (
    controlGroupsV1(name, memory, share) ?? controlGroupV2(name, memory, share) ?? pinnedCore()
  );
}

function controlGroupsV1(name: string, memory: number, share: number): Limits | undefined {
  const cpu = join(V1, 'cpu', name);
  const mem = join(V1, 'memory', name);
  try {
    mkdirSync(cpu);
    mkdirSync(mem);
    writeFileSync(join(cpu, 'cpu.cfs_period_us'), String(PERIOD));
    writeFileSync(join(cpu, 'cpu.cfs_quota_us'), String(PERIOD));
    writeFileSync(join(mem, 'memory.limit_in_bytes'), String(memory * 2 ** 20));
  } catch {
    for (const folder of [cpu, mem]) removeGroup(folder);
    return undefined;
  }
  return {
    means: `control groups: ${memory} MB, one core in init, then ${percent(share)} of one`,
    wrapper: [],
    adopt(pid) {
      for (const folder of [cpu, mem]) writeFileSync(join(folder, 'cgroup.procs'), String(pid));
    },
    throttle: () =>
      writeFileSync(join(cpu, 'cpu.cfs_quota_us'), String(Math.round(PERIOD * share))),
    cpuSeconds: processCpuSeconds,
    end() {
      for (const folder of [cpu, mem]) removeGroup(folder);
    },
  };
}

function controlGroupV2(name: string, memory: number, share: number): Limits | undefined {
  const group = join(V1, name);
  if (!existsSync(join(V1, 'cgroup.controllers'))) return undefined;
  try {
    mkdirSync(group);
    writeFileSync(join(group, 'cpu.max'), `${PERIOD} ${PERIOD}`);
    writeFileSync(join(group, 'memory.max'), String(memory * 2 ** 20));
  } catch {
    removeGroup(group);
    return undefined;
  }
  return {
    means: `a control group: ${memory} MB, one core in init, then ${percent(share)} of one`,
    wrapper: [],
    adopt: (pid) => writeFileSync(join(group, 'cgroup.procs'), String(pid)),
    throttle: () =>
      writeFileSync(join(group, 'cpu.max'), `${Math.round(PERIOD * share)} ${PERIOD}`),
    cpuSeconds: processCpuSeconds,
    end: () => removeGroup(group),
  };
}

function pinnedCore(): Limits {
  return {
    means: 'no control group could be made: pinned to one whole core, memory not limited',
    wrapper: ['taskset', '-c', '0'],
    adopt: () => undefined,
    throttle: () => undefined,
    cpuSeconds: processCpuSeconds,
    end: () => undefined,
  };
}

function removeGroup(folder: string): void {
  try {
    rmdirSync(folder);
  } catch {
    // Not there, or its last process is not quite gone: an empty group harms nobody.
  }
}

function percent(share: number): string {
  return `${Math.round(100 * share)} %`;
}

/** Linux counts in hundredths of a second (proc(5), fields 14 and 15). */
function processCpuSeconds(pid: number): number {
  const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  return (Number(fields[11]) + Number(fields[12])) / 100;
}

/** Most memory that a process has had resident, in MB. */
export function peakMemory(pid: number): number {
  const status = readFileSync(`/proc/${pid}/status`, 'utf8');
  return Number(/^VmHWM:\s+(\d+) kB$/m.exec(status)?.[1]) / 1024;
}
