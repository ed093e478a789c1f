import { spawnSync } from 'node:child_process';
import fs, { cpSync, mkdtempSync, readdirSync, readFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import git from 'isomorphic-git';

/**
 * The main job on the bundled example, as a user would run it: judge 90 days of flow logs, show the verdicts, write the plan, commit
 * it to branches of a scratch copy of the example company's repository, and write the report.
 */
const top = path.dirname(import.meta.dirname);
const shop = path.join(top, 'examples', 'shop');
const scratch = mkdtempSync(path.join(tmpdir(), 'pare-shop-'));
const repository = path.join(scratch, 'repository');
const author = { name: 'Shop', email: 'platform@shop.example', timestamp: 1_790_812_800, timezoneOffset: 0 };

console.log(`The example company's repository is copied to ${repository}\n`);
await commitSources();

const findings = path.join(scratch, 'findings.json');
const plan = path.join(scratch, 'plan');
const report = path.join(scratch, 'report');
const inventory = path.join(shop, 'inventory');
const sources = [
  ...['--findings', findings, '--inventory', inventory, '--source', repository],
  ...['--state', ...statesOf(path.join(shop, 'state'))],
  ...['--stack', path.join(shop, 'stacks', 'payments')],
];

pare(
  'analyze',
  '--inventory',
  inventory,
  '--flow-logs',
  path.join(shop, 'flow-logs'),
  '--config-history',
  path.join(shop, 'config-history'),
  '--out',
  findings,
);
pare('apply', ...sources, '--out', plan);
showFirst('bodies', 'The body of the first pull request');
await showDiffs();
pare(
  'report',
  '--findings',
  findings,
  '--proposals',
  path.join(plan, 'proposals.json'),
  '--format',
  'html',
  '--out',
  report,
);
console.log(`\nReport:     ${path.join(report, 'report.html')}`);
console.log(`Plan:       ${plan}`);
console.log(`Branches:   git -C ${repository} branch --list 'pare/*'`);

async function commitSources(): Promise<void> {
  for (const folder of ['terraform', 'cloudformation'])
    cpSync(path.join(shop, folder), path.join(repository, folder), { recursive: true });
  await git.init({ fs, dir: repository, defaultBranch: 'main' });
  await git.add({ fs, dir: repository, filepath: '.' });
  await git.commit({ fs, dir: repository, message: 'Shop infrastructure', author });
}

/** `terraform/network` has its state in `state/network.tfstate`. */
function statesOf(folder: string): string[] {
  return readdirSync(folder)
    .filter((name) => name.endsWith('.tfstate'))
    .map((name) => `terraform/${path.basename(name, '.tfstate')}=${path.join(folder, name)}`);
}

function pare(...args: string[]): void {
  const shown = args.map((arg) => arg.replace(`${scratch}${path.sep}`, '').replace(`${top}${path.sep}`, ''));
  console.log(`\n$ npx pare ${shown.join(' ')}\n`);
  const result = spawnSync(process.execPath, [path.join(top, 'bot', 'cli', 'main.ts'), ...args], {
    cwd: top,
    stdio: 'inherit',
  });
  if (result.status !== 0) process.exit(result.status ?? 1);
}

function showFirst(folder: string, title: string): void {
  const [name] = readdirSync(path.join(plan, folder)).sort();
  if (name === undefined) return;
  console.log(
    `\n--- ${title} (${path.join('plan', folder, name)})\n\n${readFileSync(path.join(plan, folder, name), 'utf8')}`,
  );
}

async function showDiffs(): Promise<void> {
  const branches = (await git.listBranches({ fs, dir: repository })).filter((branch) => branch.startsWith('pare/'));
  console.log(`--- Branches: ${branches.join(', ')}`);
  for (const name of readdirSync(path.join(plan, 'patches')).sort()) {
    console.log(
      `\n--- Diff (${path.join('plan', 'patches', name)})\n\n${readFileSync(path.join(plan, 'patches', name), 'utf8')}`,
    );
  }
}
