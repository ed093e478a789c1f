import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, openSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { judgedList, score, summaryOf, survivorsOf } from './summary.mjs';

// `npm run mutate`: mutation tests of model, usage and advice, file by file, each by the suites that speak of it; `npm run mutate -- FILE…`: of
// these files. One report per file in reports/mutation; a file whose report is of the same code, suites and runner is not run again, so
// that a run can be stopped and taken up (`--again` runs it all the same). `--table` only prints what the reports say. Ends with 1 where a
// folder, or all together, stays below 85 %.
const FLOOR = 85;
const OUT = 'reports/mutation';

/** Suites of a folder, and of the files that are told apart: the narrower, the cheaper is each mutant. */
const FOLDERS = {
  model: ['test/model'],
  usage: ['test/usage'],
  advice: ['test/advice', 'test/policy'],
};
const FILES = JSON.parse(readFileSync('test/mutation/suites.json', 'utf8'));

const args = process.argv.slice(2);
const asked = args.filter((arg) => !arg.startsWith('--'));
const again = args.includes('--again');
mkdirSync(OUT, { recursive: true });

const files = Object.keys(FOLDERS)
  .flatMap((folder) =>
    readdirSync(`analyzer/${folder}`)
      .filter((name) => name.endsWith('.ts') && name !== 'index.ts')
      .sort()
      .map((name) => `analyzer/${folder}/${name}`),
  )
  .filter((file) => asked.length === 0 || asked.includes(file));

/** The suites, and which of their tests are left out, by name: those that take seconds and whose kind the others have. */
function suitesOf(file) {
  const [, folder, name] = file.split('/');
  const without = process.env.PARE_WITHOUT ?? '';
  if (process.env.PARE_SUITES !== undefined) return { suites: process.env.PARE_SUITES.split(','), without };
  const told = FILES[`${folder}/${name}`] ?? FOLDERS[folder];
  return Array.isArray(told) ? { suites: told, without } : told;
}

function testFiles(suite) {
  if (suite.endsWith('.test.ts')) return [suite];
  const names = readdirSync(suite).filter((name) => name.endsWith('.test.ts'));
  return names.sort().map((name) => `${suite}/${name}`);
}

/** What a report depends on: the code and its suites. After a change of the runner itself, `--again`. */
function stampOf(file, suites, without) {
  const hash = createHash('sha256').update(without);
  for (const path of [file, ...suites.flatMap(testFiles)]) hash.update(`${path}\n${readFileSync(path)}\n`);
  return hash.digest('hex');
}

if (!args.includes('--table')) {
  for (const file of files) {
    const name = file.replace('analyzer/', '').replace('/', '-').replace(/\.ts$/, '');
    const { suites, without } = suitesOf(file);
    const stamp = stampOf(file, suites, without);
    const stampFile = `${OUT}/${name}.stamp`;
    const fresh =
      existsSync(`${OUT}/${name}.json`) && existsSync(stampFile) && readFileSync(stampFile, 'utf8') === stamp;
    if (fresh && !again) continue;
    const begun = Date.now();
    const log = openSync(`${OUT}/${name}.log`, 'w');
    const result = spawnSync(
      process.execPath,
      ['node_modules/@stryker-mutator/core/bin/stryker.js', 'run', '--mutate', file],
      {
        stdio: ['ignore', log, log],
        env: { ...process.env, PARE_SUITES: suites.join(','), PARE_WITHOUT: without, PARE_REPORT: name },
      },
    );
    if (result.status !== 0) {
      process.stdout.write(`${file}: the run failed; see ${OUT}/${name}.log\n`);
      process.exitCode = 1;
      continue;
    }
    writeFileSync(stampFile, stamp);
    const report = JSON.parse(readFileSync(`${OUT}/${name}.json`, 'utf8'));
    const s = score(report);
    process.stdout.write(
      `${file}: ${s.noticed} of ${s.all} (${s.percent} %), ${Math.round((Date.now() - begun) / 1000)} s\n`,
    );
  }
}

const reports = readdirSync(OUT)
  .filter((name) => name.endsWith('.json'))
  .sort()
  .map((name) => JSON.parse(readFileSync(`${OUT}/${name}`, 'utf8')));
const { text, worst } = summaryOf(reports);
writeFileSync(`${OUT}/summary.md`, text);
const judged = JSON.parse(readFileSync('test/mutation/judged.json', 'utf8'));
writeFileSync(`${OUT}/survivors.txt`, survivorsOf(reports, judged));
writeFileSync(`${OUT}/judged.md`, judgedList(reports, judged));
process.stdout.write(`\n${text}`);
if (worst < FLOOR) process.exitCode = 1;
