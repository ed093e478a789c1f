import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { toHtml } from '../../analyzer/report/index.ts';
import { Stage } from '../github/web/stage.ts';
import { launch, violations } from './browser.ts';
import { HOSTILE, hostileDocument, sampleDocument } from './fixture.ts';

/** The report as `pare serve` serves it, in a real browser: sign-in, cookies, policy and buttons are the browser's to judge. */
let browser: Browser;
let stage: Stage;
const sample = sampleDocument();
/** Ids of the length that commands take. */
const document = {
  ...sample,
  rules: sample.rules.map((one, n) => ({ ...one, findingId: `f-${String(n).padStart(12, '0')}` })),
};
const proposed = document.rules.find((one) => one.action === 'remove')!;
const source = {
  findingId: proposed.findingId,
  file: 'network/main.tf',
  line: 12,
  edits: [{ file: 'network/main.tf', removed: 'x\n', inserted: '' }],
};

beforeAll(async () => {
  browser = await launch();
  stage = await new Stage().start();
  stage.html = (viewer) => toHtml(document, [source], { url: '/report/acme/infra/command', ...viewer });
});
afterAll(async () => {
  await browser.close();
  await stage.stop();
});

/** GitHub's page is the one foreign place: it sends the person straight back, as it does who is signed in there. */
async function visit(login: string, use: (page: Page) => Promise<void>, colorScheme: 'light' | 'dark' = 'light') {
  const context = await browser.newContext({ colorScheme });
  const page = await context.newPage();
  const troubles: string[] = [];
  page.on('console', (message) => {
    if (!['error', 'warning'].includes(message.type())) return;
    // The door itself answers 401, which Chromium writes to the console.
    if (!/status of 401/.test(message.text())) troubles.push(message.text());
  });
  page.on('dialog', (dialog) => {
    troubles.push(`dialog: ${dialog.message()}`);
    void dialog.dismiss();
  });
  page.on('pageerror', (error) => troubles.push(error.message));
  page.on('request', (request) => {
    const { origin } = new URL(request.url());
    if (![stage.origin, 'https://github.test', 'null'].includes(origin)) troubles.push(request.url());
  });
  await context.route('https://github.test/**', (route) => {
    const asked = new URL(route.request().url()).searchParams;
    return route.fulfill({
      status: 302,
      headers: { location: `${asked.get('back')}?code=code-${login}&state=${asked.get('state')}` },
    });
  });
  try {
    await page.goto(`${stage.origin}/report/acme/infra`);
    await page.getByRole('link', { name: 'Sign in with GitHub' }).click();
    await page.waitForURL('**/report/acme/infra');
    await use(page);
    expect(troubles).toEqual([]);
  } finally {
    await context.close();
  }
}

async function openRule(page: Page): Promise<void> {
  await page.goto(`${stage.origin}/report/acme/infra#/rule/${proposed.findingId}`);
  await page.waitForSelector('#panel[open]');
}

describe('the served report', () => {
  it('opens a pull request, explains and keeps, by its buttons', async () => {
    stage.put.length = 0;
    await visit('alice', async (page) => {
      await openRule(page);
      const answered = (hasText: string) => page.locator('.commands .answer', { hasText }).waitFor();
      await page.getByRole('button', { name: 'Explain' }).click();
      await answered('told: explain');
      await page.getByRole('button', { name: 'Open pull request' }).click();
      await answered('Taken.');
      await page.getByLabel('Keep until').fill('2030-01-31');
      await page.getByLabel('Reason to keep it').fill('it is for the drill');
      await page.getByRole('button', { name: 'Keep', exact: true }).click();
      await expect.poll(() => stage.put.length).toBe(2);
    });
    expect(stage.put.map((work) => work.kind === 'asked' && work.text)).toEqual([
      `/pare open ${proposed.findingId}`,
      `/pare keep ${proposed.findingId} until 2030-01-31 because it is for the drill`,
    ]);
  });

  it.each(['light', 'dark'] as const)('has no violation that axe knows of (%s)', async (scheme) => {
    await visit(
      'alice',
      async (page) => {
        await openRule(page);
        expect(await violations(page)).toEqual([]);
      },
      scheme,
    );
  });

  it('shows no buttons to who may only read', async () => {
    await visit('bob', async (page) => {
      await openRule(page);
      expect(await page.locator('.commands').count()).toBe(0);
      await page.getByText('Commands need write access').waitFor();
    });
  });

  it('the list leads to it, and signing out leads nowhere any more', async () => {
    await visit('alice', async (page) => {
      await page.getByRole('link', { name: 'All reports' }).click();
      expect(await violations(page)).toEqual([]);
      await page.getByRole('link', { name: 'acme/infra' }).waitFor();
      await page.getByRole('button', { name: 'Sign out' }).click();
      await page.getByRole('link', { name: 'Sign in with GitHub' }).waitFor();
    });
  });

  it.each(HOSTILE.filter((text) => text.includes('<')))('%j stays text', async (text) => {
    const before = stage.html;
    stage.html = (viewer) => toHtml(hostileDocument(text), [], { url: '/report/acme/infra/command', ...viewer });
    try {
      await visit('alice', async (page) => {
        await page.goto(`${stage.origin}/report/acme/infra#/rules`);
        await page.waitForSelector('#view[data-ready]');
        expect(await page.locator('#view img, #view iframe, #view a[href^=javascript]').count()).toBe(0);
      });
    } finally {
      stage.html = before;
    }
  });
});
