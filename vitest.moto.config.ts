import { defineConfig } from 'vitest/config';
import { shared } from './vitest.config.ts';

// Suites against moto, a stand-in for AWS that is installed into a virtual environment of Python when it is missing.
export default defineConfig({
  test: {
    ...shared,
    // The files share one server and put it back to empty: one at a time.
    maxWorkers: 1,
    testTimeout: 300_000,
    hookTimeout: 600_000,
    include: ['test/**/*.moto.test.ts'],
    exclude: ['**/node_modules/**'],
    globalSetup: ['test/moto/global-setup.ts'],
    reporters: ['default', ['json', { outputFile: 'reports/tests-moto.json' }]],
  },
});
