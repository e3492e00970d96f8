/** So many of the latest captions tell how long the next ones will take. */
const WINDOW = 10;

/** Estimates how long the photos that wait will take, by the pace of the latest ones. */
export class TimeLeft {
  #finished: number[] = [];

  /** A row of photos begins at this time, in milliseconds. */
  start(now: number): void {
    this.#finished = [now];
  }

  /** A photo is done with, whatever became of it. */
  finish(now: number): void {
    this.#finished = [...this.#finished, now].slice(-1 - WINDOW);
  }

  /** @returns milliseconds; `undefined` until two photos are done with */
  estimate(pending: number): number | undefined {
    const [first, last] = [this.#finished[0], this.#finished.at(-1)];
    const count = this.#finished.length - 1;
    if (first === undefined || last === undefined || count < 2) return undefined;
    return ((last - first) / count) * pending;
  }
}

/** "about 40 s left"; rounded so that it does not flicker. */
export function timeLeftText(milliseconds: number): string {
  const seconds = milliseconds / 1000;
  if (seconds < 5) return 'a few seconds left';
  if (seconds < 90) return `about ${Math.ceil(seconds / 5) * 5} s left`;
  return `about ${Math.round(seconds / 60)} min left`;
}
