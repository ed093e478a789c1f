import { defineConfig } from 'vitest/config';

const NOT_FAST = ['**/node_modules/**', 'test/**/*.slow.test.ts', 'test/**/*.moto.test.ts', 'test/**/*.trino.test.ts'];
// These tests leave nothing behind in their process, so one worker may run all of them: starting one for each file took longer than many of the files.
const SHARING = [
  'advice',
  'calibration',
  'change',
  'flowlogs',
  'generator',
  'inventory',
  'ledger',
  'mapping',
  'model',
  'policy',
  'report',
  'source',
  'usage',
].map((folder) => `test/${folder}/**/*.test.ts`);
/** What all suites share. */
export const shared = {
  pool: 'forks' as const,
  // All cores: the default leaves one idle, which on a machine with two is half.
  maxWorkers: '100%',
  setupFiles: ['test/setup.ts'],
  testTimeout: 60_000,
  hookTimeout: 120_000,
  coverage: {
    provider: 'v8' as const,
    include: ['analyzer/**/*.ts', 'bot/**/*.ts'],
    reporter: ['text-summary' as const, 'json-summary' as const],
  },
};

// `npm test` runs the fast suites: they need Node and npm and nothing else. The slower ones are in vitest.slow.config.ts.
export default defineConfig({
  test: {
    ...shared,
    projects: [
      { test: { ...shared, name: 'sharing', include: SHARING, exclude: NOT_FAST, isolate: false } },
      { test: { ...shared, name: 'rest', include: ['test/**/*.test.ts'], exclude: [...NOT_FAST, ...SHARING] } },
    ],
    reporters: ['default', ['json', { outputFile: 'reports/tests-fast.json' }]],
  },
});
