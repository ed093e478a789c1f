import { spawnSync } from 'node:child_process';
import { cpSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { BREAKS, type Break } from './breaks.ts';

/**
 * `npm run laws [N…]`: breaks each law in a copy of the sources, one line at a time, and runs the tests that guard it. They must pass
 * before and fail after; a break that no test notices is an error. Exit 0 when every break is noticed.
 */
const top = path.resolve(import.meta.dirname, '../..');
const copy = mkdtempSync(path.join(tmpdir(), 'pare-laws-'));
const laws = process.argv.slice(2).map(Number);
const chosen = BREAKS.filter((one) => laws.length === 0 || laws.includes(one.law));
let failed = 0;

try {
  lay();
  const files = [...new Set(chosen.flatMap((one) => one.tests))];
  const whole = vitest(files);
  if (!whole.passed) {
    console.error(`The tests fail before anything is broken:\n${whole.output.slice(-4000)}`);
    process.exitCode = 1;
  } else {
    for (const one of chosen) judge(one);
    console.log(`\n${chosen.length - failed} passed, ${failed} failed`);
    process.exitCode = failed === 0 ? 0 : 1;
  }
} finally {
  rmSync(copy, { recursive: true, force: true });
}

/** Sources are copied, so that breaking them harms nobody; packages are linked, but ours point into the copy. */
function lay(): void {
  for (const name of [
    'analyzer',
    'bot',
    'test',
    'examples',
    'docs',
    'package.json',
    'tsconfig.json',
    'vitest.config.ts',
  ])
    cpSync(path.join(top, name), path.join(copy, name), { recursive: true });
  mkdirSync(path.join(copy, 'node_modules', '@pare'), { recursive: true });
  for (const name of readdirSync(path.join(top, 'node_modules'))) {
    if (name === '@pare' || name === '.cache' || name.startsWith('.vite')) continue;
    symlinkSync(path.join(top, 'node_modules', name), path.join(copy, 'node_modules', name));
  }
  for (const name of ['analyzer', 'bot'])
    symlinkSync(path.join(copy, name), path.join(copy, 'node_modules', '@pare', name));
}

function judge(one: Break): void {
  const file = path.join(copy, one.file);
  const text = readFileSync(file, 'utf8');
  if (text.split(one.find).length !== 2) {
    failed += 1;
    console.log(`stale     law ${one.law}: ${one.what} (${one.file} no longer has the line once)`);
    return;
  }
  writeFileSync(
    file,
    text.replace(one.find, () => one.replace),
  );
  const noticed = !vitest(one.tests).passed;
  writeFileSync(file, text);
  if (!noticed) failed += 1;
  console.log(`${noticed ? 'noticed  ' : 'UNNOTICED'} law ${one.law}: ${one.what}`);
}

function vitest(files: readonly string[]): { passed: boolean; output: string } {
  const result = spawnSync(
    process.execPath,
    [path.join(copy, 'node_modules', 'vitest', 'vitest.mjs'), 'run', '--bail', '1', ...files],
    { cwd: copy, encoding: 'utf8' },
  );
  return { passed: result.status === 0, output: `${result.stdout}${result.stderr}` };
}
