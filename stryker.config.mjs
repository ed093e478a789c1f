// Mutation tests of the pure core: `npm run mutate -- FILE…`, or all of it. docs/mutation.md judges what survives.
export default {
  testRunner: 'warm',
  warm: { folders: (process.env.PARE_SUITES ?? 'test/model,test/usage,test/advice,test/policy').split(',') },
  plugins: ['./test/mutation/warm-runner.mjs'],
  mutate: ['analyzer/model/**/*.ts', 'analyzer/usage/**/*.ts', 'analyzer/advice/**/*.ts', '!**/index.ts'],
  reporters: ['clear-text', 'json', 'progress-append-only'],
  clearTextReporter: { allowColor: false, logTests: false, reportTests: false, reportMutants: false },
  jsonReporter: { fileName: `reports/mutation-${process.env.PARE_REPORT ?? 'all'}.json` },
  thresholds: { high: 95, low: 85, break: 85 },
  coverageAnalysis: 'perTest',
  // Tables and patterns that are built on import: each would load and run everything anew. They are few, and counted in docs/mutation.md.
  ignoreStatic: true,
  concurrency: 1,
  timeoutMS: 5_000,
  timeoutFactor: 1.2,
  // TypeScript 7 has no JavaScript API to rewrite a tsconfig with, and nothing here needs rewriting: name none.
  tsconfigFile: 'tsconfig.none.json',
  tempDirName: '.stryker-tmp',
  ignorePatterns: ['examples', 'reports', 'infra', 'coverage', 'bot/source', 'bot/github'],
};
