import { spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { pathToFileURL } from 'node:url';
import { chromium } from 'playwright-core';

/**
 * The pictures of the documentation, from the example: `node docs/screenshots.ts`. Needs Chromium (CHROMIUM names one elsewhere). Small
 * on purpose: one window, few colours.
 */
const TOP = path.dirname(import.meta.dirname);
const SHOP = path.join(TOP, 'examples/shop');
const folder = mkdtempSync(path.join(tmpdir(), 'pare-screenshots-'));

function pare(...args: string[]): void {
  const result = spawnSync(process.execPath, [path.join(TOP, 'bot/cli/main.ts'), '--quiet', ...args], {
    cwd: folder,
    stdio: ['ignore', 'ignore', 'inherit'],
  });
  if (result.status !== 0) throw new Error(`pare ${args.join(' ')} failed`);
}

const inventory = path.join(SHOP, 'inventory');
const logs = ['--flow-logs', path.join(SHOP, 'flow-logs'), '--config-history', path.join(SHOP, 'config-history')];
pare('analyze', '--inventory', inventory, ...logs, '--out', 'findings.json');
const state = ['--state', `terraform/network=${path.join(SHOP, 'state/network.tfstate')}`];
const source = ['--source', SHOP, ...state, '--stack', path.join(SHOP, 'stacks/payments')];
pare('plan', '--findings', 'findings.json', '--inventory', inventory, ...source, '--out', 'plan');
const proposals = ['--proposals', 'plan/proposals.json'];
pare('report', '--findings', 'findings.json', ...proposals, '--format', 'html', '--out', 'report.html');

const { rules } = JSON.parse(readFileSync(path.join(folder, 'findings.json'), 'utf8'));
const group = rules.find((rule: { groupName: string }) => rule.groupName === 'shop-db').groupId;
const views = { overview: '#/', rules: '#/rules', heat: '#/heat', flows: '#/flows', group: `#/group/${group}` };
const executablePath =
  process.env.CHROMIUM ?? ['/usr/bin/chromium', '/usr/bin/google-chrome'].find((one) => existsSync(one));
const browser = await chromium.launch({
  ...(executablePath === undefined ? {} : { executablePath }),
  args: ['--headless', '--no-sandbox', '--disable-gpu'],
});
const page = await browser.newPage({ viewport: { width: 1200, height: 860 }, colorScheme: 'light' });
for (const [name, hash] of Object.entries(views)) {
  await page.goto('about:blank');
  await page.goto(`${pathToFileURL(path.join(folder, 'report.html')).href}${hash}`);
  await page.waitForSelector('#view[data-ready]');
  await page.screenshot({ path: path.join(TOP, 'docs/img', `${name}.png`), scale: 'css' });
}
await browser.close();
rmSync(folder, { recursive: true, force: true });
