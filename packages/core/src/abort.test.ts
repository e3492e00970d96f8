import { getEventListeners } from 'node:events';
import { expect, test } from 'vitest';
import { linkedController, onAbort } from './abort.js';

const count = (signal: AbortSignal) => getEventListeners(signal, 'abort').length;

test('all that wait for a signal share one event listener, which goes with the last', () => {
  const { signal } = new AbortController();
  const removals = Array.from({ length: 20 }, () => onAbort(signal, () => {}));
  expect(count(signal)).toBe(1);
  for (const remove of removals.splice(1)) remove();
  expect(count(signal)).toBe(1);
  removals[0]?.();
  expect(count(signal)).toBe(0);
});

test('each is called once, in order, but not those that were removed, before or meanwhile', () => {
  const controller = new AbortController();
  const { signal } = controller;
  const called: string[] = [];
  onAbort(signal, () => {
    called.push('a');
    removeLate();
  });
  const removeEarly = onAbort(signal, () => called.push('early'));
  const removeLate = onAbort(signal, () => called.push('late'));
  onAbort(signal, () => called.push('b'));
  removeEarly();
  removeEarly();
  controller.abort();
  expect(called).toEqual(['a', 'b']);
});

test('a signal that lost all its listeners can get new ones', () => {
  const controller = new AbortController();
  onAbort(controller.signal, () => {})();
  let calls = 0;
  onAbort(controller.signal, () => calls++);
  controller.abort();
  expect(calls).toBe(1);
});

test('a signal that has fired calls nobody', () => {
  let calls = 0;
  onAbort(AbortSignal.abort(), () => calls++)();
  onAbort(undefined, () => calls++)();
  expect(calls).toBe(0);
});

test('a linked controller fires with the reason of the signal, until it is unlinked', () => {
  const outer = new AbortController();
  const [linked, unlinked] = [linkedController(outer.signal), linkedController(outer.signal)];
  unlinked.unlink();
  outer.abort('enough');
  expect(linked.controller.signal.reason).toBe('enough');
  expect(unlinked.controller.signal.aborted).toBe(false);
  expect(linkedController(outer.signal).controller.signal.reason).toBe('enough');
});
