import { defineConfig } from 'vitest/config';

// `npm test` runs the fast suites. The slower ones (corpus, git binary, engines) are projects of their own, named in .ci/run.
export default defineConfig({
  test: {
    pool: 'forks',
    testTimeout: 60_000,
    hookTimeout: 120_000,
    include: ['test/**/*.test.ts'],
    exclude: ['**/node_modules/**', 'test/**/*.slow.test.ts'],
    coverage: {
      provider: 'v8',
      include: ['analyzer/**/*.ts', 'bot/**/*.ts'],
      reporter: ['text-summary', 'json-summary'],
    },
  },
});
