import { defineConfig } from 'vitest/config';
import { shared } from './vitest.config.ts';

// Athena's SQL executed by a real Trino server; needs Java 17 and Maven, which puts the server together on the first run.
export default defineConfig({
  test: {
    ...shared,
    // Minutes on two idle cores; a busy machine may take its time.
    testTimeout: 3_600_000,
    hookTimeout: 1_800_000,
    // Three scans keep two cores busy while each waits for the other's server.
    maxConcurrency: 3,
    include: ['test/trino/**/*.trino.test.ts'],
    exclude: ['**/node_modules/**'],
    reporters: ['verbose', ['json', { outputFile: 'reports/tests-trino.json' }]],
  },
});
