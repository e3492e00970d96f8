import { availableParallelism } from 'node:os';
import { expect, it } from 'vitest';
import { parseServeArguments } from './arguments.js';

it('leaves a core to the thread that answers', () => {
  const { workers, port, host } = parseServeArguments([], {});
  expect(workers).toBe(Math.max(1, availableParallelism() - 1));
  expect([port, host]).toEqual([8080, '127.0.0.1']);
  expect(parseServeArguments([], { PORT: '81' }).port).toBe(81);
});

it('hands limits on as the settings that they stand for', () => {
  const given = parseServeArguments(['--rate', '10/s', '--max-body-memory', '128M'], {});
  expect(given.variables).toEqual({
    ZIPCAPTION_RATE: '10/s',
    ZIPCAPTION_MAX_BODY_MEMORY: String(128 * 2 ** 20),
  });
  expect(parseServeArguments(['--max-body-memory', '1g'], {}).variables).toEqual({
    ZIPCAPTION_MAX_BODY_MEMORY: String(2 ** 30),
  });
});

it.each([
  ['--workers', '0'],
  ['--workers', '1.5'],
  ['--grace', '-1'],
  ['--write-timeout', ''],
  ['--max-body-memory', '64MB'],
  ['--host', ''],
  ['--unknown', '1'],
])('refuses %s %j', (...args) => {
  expect(() => parseServeArguments(args, {})).toThrow(args[0]);
});
