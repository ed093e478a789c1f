import { spawnSync } from 'node:child_process';

// `npm run mutate -- FILE…`: mutation tests of these files, or of model, usage and advice, each folder by the suites that speak of it.
// PARE_SUITES=FILE,… names others. Exit 1 where a folder stays below 85 %.
const SUITES = {
  model: ['test/model'],
  usage: ['test/usage', 'test/advice'],
  advice: ['test/advice', 'test/policy'],
};
const asked = process.argv.slice(2);
let worst = 0;
for (const [folder, suites] of Object.entries(SUITES)) {
  const all = [`analyzer/${folder}/*.ts`, `!analyzer/${folder}/index.ts`];
  const files = asked.length === 0 ? all : asked.filter((file) => file.startsWith(`analyzer/${folder}/`));
  if (files.length === 0) continue;
  const result = spawnSync(
    process.execPath,
    ['node_modules/@stryker-mutator/core/bin/stryker.js', 'run', '--mutate', files.join(',')],
    {
      stdio: 'inherit',
      env: { ...process.env, PARE_SUITES: process.env.PARE_SUITES ?? suites.join(','), PARE_REPORT: folder },
    },
  );
  worst = Math.max(worst, result.status ?? 1);
}
process.exit(worst);
