import { defineConfig } from 'vitest/config';

/** The page in a real Chromium: `vitest run --config packages/demo/vitest.config.ts`. */
export default defineConfig({
  root: import.meta.dirname,
  test: {
    include: ['test/**/*.browser-test.ts', '../core/test/browser/**/*.browser-test.ts'],
    globalSetup: ['test/build-once.ts'],
    // A browser, a download and a model's start, on a busy machine.
    testTimeout: 600_000,
    hookTimeout: 600_000,
    expect: { poll: { timeout: 240_000 } },
    // One browser at a time: the model takes what cores there are.
    fileParallelism: false,
  },
});
