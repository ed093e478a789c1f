// Mutation tests of the pure core: `npm run mutate -- FILE…`, or all of it. docs/mutation.md judges what survives.
export default {
  testRunner: 'warm',
  warm: {
    folders: (process.env.PARE_SUITES ?? 'test/model,test/usage,test/advice,test/policy').split(','),
    without: process.env.PARE_WITHOUT ?? '',
  },
  plugins: ['./test/mutation/warm-runner.mjs'],
  mutate: ['analyzer/model/**/*.ts', 'analyzer/usage/**/*.ts', 'analyzer/advice/**/*.ts', '!**/index.ts'],
  reporters: ['json', 'progress-append-only'],
  jsonReporter: { fileName: `reports/mutation/${process.env.PARE_REPORT ?? 'all'}.json` },
  thresholds: { high: 95, low: 85, break: null },
  coverageAnalysis: 'perTest',
  ignoreStatic: process.env.PARE_STATIC === '0',
  concurrency: 1,
  // Generous, so that a busy machine makes no kill: endless loops are found by their hits (warm-runner.mjs), not by the clock.
  timeoutMS: 15_000,
  timeoutFactor: 5,
  // TypeScript 7 has no JavaScript API to rewrite a tsconfig with, and nothing here needs rewriting: name none.
  tsconfigFile: 'tsconfig.none.json',
  tempDirName: '.stryker-tmp',
  ignorePatterns: ['examples', 'reports', 'infra', 'coverage', 'test/**/golden', 'test/moto', 'test/trino'],
};
