import { setImmediate as laterOn } from 'node:timers/promises';

/** Bytes that a loop over a body may handle before it lets others run: a few milliseconds. */
export const SLICE = 1024 * 1024;

/** Resolves after other events have had their turn. */
export const otherEvents = (): Promise<void> => laterOn();

/** Milliseconds that requests may take together before other events have their turn. */
const PORTION = 10;

/** Requests that are begun without a pause, however short they are. */
const MOST = 8;

let began = 0;
let count = 0;
let isCounting = false;
const waiting: (() => void)[] = [];

/**
 * To be awaited before some short work, a millisecond or so, that many requests may have at the same time:
 * of hundreds that became readable at once, only some are begun before timers and others have their turn.
 */
export function shortTurn(): Promise<void> {
  if (!isCounting) {
    isCounting = true;
    began = performance.now();
    count = 0;
    setImmediate(nextRound);
  }
  const hasRoom = count < MOST && performance.now() - began < PORTION;
  if (waiting.length === 0 && hasRoom) {
    count++;
    return Promise.resolve();
  }
  return new Promise((resolve) => waiting.push(resolve));
}

function nextRound(): void {
  began = performance.now();
  count = 0;
  for (const begin of waiting.splice(0, MOST / 2)) {
    count++;
    begin();
  }
  if (waiting.length > 0) setImmediate(nextRound);
  else isCounting = false;
}
