import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { VERSION } from './version.js';

test.each(['../package.json', '../../lambda-adapter/package.json'])(
  '%s has the version',
  (file) => {
    expect(JSON.parse(readFileSync(new URL(file, import.meta.url), 'utf8')).version).toBe(VERSION);
  },
);
