import { fileURLToPath } from 'node:url';
import { defineConfig } from 'vitest/config';

const source = (path: string) => fileURLToPath(new URL(path, import.meta.url));

export default defineConfig({
  plugins: [
    {
      name: 'compiled-workers',
      enforce: 'pre',
      // A worker thread is started by Node, not by vitest: it runs the compiled code.
      transform(code, id) {
        if (!id.endsWith('packages/core/src/node/thread.ts')) return undefined;
        return code.replaceAll(`'./worker.js'`, `'../../dist/node/worker.js'`);
      },
    },
  ],
  resolve: {
    // Tests run on the sources, so that a failing line is a line of TypeScript; the built packages
    // have tests of their own (packages/core/test/package).
    alias: [
      { find: /^zipcaption$/, replacement: source('./packages/core/src/index.ts') },
      { find: /^zipcaption\/alt$/, replacement: source('./packages/core/src/alt/index.ts') },
      { find: /^#platform$/, replacement: source('./packages/core/src/node/platform.ts') },
    ],
  },
  test: {
    // One for each core: many tests wait for processes of their own.
    maxWorkers: '100%',
    globalSetup: ['scripts/vitest-build.ts'],
    include: ['packages/**/*.test.ts', 'scripts/**/*.test.ts'],
    // Building, packing and browsers take longer than a unit test on a busy machine.
    testTimeout: 120_000,
    expect: { poll: { timeout: 60_000 } },
    hookTimeout: 120_000,
    // Leak tests collect garbage before they measure.
    execArgv: ['--expose-gc'],
    reporters: ['default', ['json', { outputFile: 'node_modules/.cache/vitest/results.json' }]],
  },
});
