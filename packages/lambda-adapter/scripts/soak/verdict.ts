import { type Minute, quantile } from './curve.js';
import type { Judged } from './honest-clients.js';

/** Milliseconds of the server's time limit, and what an answer may take beyond it. */
const LIMIT = 30_000;
const BEYOND = 5_000;
/** MB of resident memory that may never be passed. */
const MOST_MEMORY = 600;
/** With more strain than this, the machine is the reason why a photo is late. */
const BUSY_MACHINE = 2;

/** Faults of answers, of the same kind together, in the order in which they were first seen. */
export class Faults {
  readonly #seen = new Map<string, { count: number; readonly first: number }>();
  readonly #started = performance.now();

  add({ name, fault }: Pick<Judged, 'name' | 'fault'>): void {
    if (!fault) return;
    const what = `${name}: ${fault}`;
    const known = this.#seen.get(what) ?? { count: 0, first: performance.now() - this.#started };
    known.count++;
    this.#seen.set(what, known);
  }

  get lines(): string[] {
    return [...this.#seen].map(([what, { count, first }]) => {
      const minutes = (first / 60_000).toFixed(1);
      return `${count} × ${what}; first after ${minutes} min`;
    });
  }
}

/**
 * What is wrong with the minutes of a soak, apart from single answers: late photos although the machine had
 * time, answers long after the time limit, memory that grows or is too large.
 *
 * @param resident MB of all samples, in their order
 */
export function faultsOf(minutes: readonly Minute[], resident: readonly number[]): string[] {
  const faults: string[] = [];
  for (const { number, late, strain, slowest } of minutes) {
    if (late > 0 && strain < BUSY_MACHINE) {
      faults.push(`minute ${number}: ${late} × 504 although the machine was not busy`);
    }
    const most = (LIMIT + BEYOND) * Math.max(1, strain);
    if (slowest > most) {
      const seconds = (slowest / 1000).toFixed(0);
      faults.push(`minute ${number}: an answer after ${seconds} s, limit ${LIMIT / 1000} s`);
    }
  }
  const peak = Math.max(...resident);
  if (peak > MOST_MEMORY) faults.push(`${peak.toFixed(0)} MB of memory at the peak`);
  const third = Math.floor(resident.length / 3);
  const early = quantile(resident.slice(third, 2 * third), 0.5);
  const late = quantile(resident.slice(-third), 0.5);
  if (third > 0 && late > early * 1.15 + 20) {
    const [from, to] = [early, late].map((mb) => mb.toFixed(0));
    faults.push(`memory grew from ${from} MB in the middle third to ${to} MB in the last`);
  }
  return faults;
}
