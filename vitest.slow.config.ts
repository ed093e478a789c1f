import { defineConfig } from 'vitest/config';
import { shared } from './vitest.config.ts';

// Suites that need more than Node and npm (the git and terraform binaries) or more than a few minutes; run by .ci/run.
export default defineConfig({
  test: {
    ...shared,
    // One at a time: the report's bounds are measured on a quiet machine.
    maxWorkers: 1,
    testTimeout: 600_000,
    hookTimeout: 600_000,
    include: ['test/**/*.slow.test.ts'],
    exclude: ['**/node_modules/**'],
    reporters: ['default', ['json', { outputFile: 'reports/tests-slow.json' }]],
  },
});
