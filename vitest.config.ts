import { defineConfig } from 'vitest/config';

// `npm test` runs the fast suites: they need Node and npm and nothing else. The slower ones are in vitest.slow.config.ts.
export default defineConfig({
  test: {
    pool: 'forks',
    // All cores: the default leaves one idle, which on a machine with two is half.
    maxWorkers: '100%',
    setupFiles: ['test/setup.ts'],
    testTimeout: 60_000,
    hookTimeout: 120_000,
    include: ['test/**/*.test.ts'],
    exclude: ['**/node_modules/**', 'test/**/*.slow.test.ts', 'test/**/*.moto.test.ts', 'test/**/*.trino.test.ts'],
    reporters: ['default', ['json', { outputFile: 'reports/tests-fast.json' }]],
    coverage: {
      provider: 'v8',
      include: ['analyzer/**/*.ts', 'bot/**/*.ts'],
      reporter: ['text-summary', 'json-summary'],
    },
  },
});
