import { expect, it } from 'vitest';
import { representation } from './answer.js';

it.each([
  [null, 'json'],
  ['*/*', 'json'],
  ['application/json', 'json'],
  ['text/plain', 'text'],
  ['text/plain; charset=utf-8', 'text'],
  ['TEXT/PLAIN', 'text'],
  ['text/event-stream', 'events'],
  ['application/json, text/plain, */*', 'json'],
  ['text/plain, */*', 'text'],
  ['*/*, text/plain', 'text'],
  ['text/plain;q=0.5, application/json', 'json'],
  ['application/json;q=0.1, text/plain;q=0.9', 'text'],
  ['application/json;q=0, text/event-stream', 'events'],
  ['image/png', 'json'],
  ['text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8', 'json'],
])('Accept: %s is answered with %s', (accept, expected) => {
  expect(representation(accept)).toBe(expected);
});
