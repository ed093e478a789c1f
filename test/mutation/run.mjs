import { spawnSync } from 'node:child_process';

// `npm run mutate -- FILE…`: mutation tests of these files, or of model, usage and advice. Exit 1 below 85 %.
const files = process.argv.slice(2);
const args = ['run', ...(files.length === 0 ? [] : ['--mutate', files.join(',')])];
const result = spawnSync(process.execPath, ['node_modules/@stryker-mutator/core/bin/stryker.js', ...args], {
  stdio: 'inherit',
});
process.exit(result.status ?? 1);
