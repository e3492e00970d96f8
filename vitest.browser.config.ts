import { defineConfig } from 'vitest/config';

/** What needs a browser: Debian's Chromium at /usr/bin/chromium, or the one that CHROMIUM names. */
export default defineConfig({
  test: {
    globalSetup: ['scripts/vitest-build.ts'],
    include: ['packages/**/*.browser-test.ts'],
    testTimeout: 180_000,
    hookTimeout: 180_000,
    // One browser at a time: they share two cores.
    fileParallelism: false,
    reporters: ['default', ['json', { outputFile: 'node_modules/.cache/vitest/browser.json' }]],
  },
});
