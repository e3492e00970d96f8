import { setImmediate } from 'node:timers/promises';

/** Bytes that a loop over a body may handle before it lets others run: a few milliseconds. */
export const SLICE = 1024 * 1024;

/** Resolves after other events have had their turn. */
export const otherEvents = (): Promise<void> => setImmediate();
