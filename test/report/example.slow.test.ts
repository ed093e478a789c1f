import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import type { Browser } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { FindingsDocument } from '../../analyzer/model/finding.ts';
import { pare } from '../cli/pare.ts';
import { launch, type Opened, open } from './browser.ts';

/** What `pare analyze --json` prints for the example, and the page that `pare report` makes of it. */
const SHOP = path.join(import.meta.dirname, '../../examples/shop');
let document: FindingsDocument;
let folder: string;
let browser: Browser;
let opened: Opened;

beforeAll(async () => {
  folder = mkdtempSync(path.join(tmpdir(), 'test-example-'));
  const findings = path.join(folder, 'findings.json');
  const page = path.join(folder, 'report.html');
  const logs = ['--flow-logs', path.join(SHOP, 'flow-logs'), '--config-history', path.join(SHOP, 'config-history')];
  const analyzed = await pare([
    'analyze',
    '--inventory',
    path.join(SHOP, 'inventory'),
    ...logs,
    '--json',
    '--out',
    findings,
  ]);
  expect(analyzed.code).toBe(0);
  document = JSON.parse(analyzed.stdout);
  expect((await pare(['report', '--findings', findings, '--format', 'html', '--out', page])).code).toBe(0);
  browser = await launch();
  opened = await open(browser, readFileSync(page, 'utf8'), { viewport: { width: 1280, height: 3_000 } });
});

afterAll(async () => {
  await opened?.close();
  await browser?.close();
  rmSync(folder, { recursive: true, force: true });
});

const digits = (text: string) => Number(text.replace(/[^\d]/g, ''));

describe('the heat map of the example', () => {
  it('shows for each group and direction the records that the findings have, in all and day by day', async () => {
    await opened.go('#/heat');
    const shown = await opened.page.locator('table.heat tbody tr[data-at]').evaluateAll((rows) =>
      rows.map((row) => ({
        group: row.querySelector('a')!.textContent!,
        direction: row.querySelector('.sub')!.textContent!,
        total: row.querySelector('.c-total')!.textContent!,
        label: row.querySelector('svg')!.getAttribute('aria-label')!,
      })),
    );
    const wanted = new Map<string, Map<string, number>>();
    for (const rule of document.rules) {
      const key = `${rule.groupName} ${rule.direction}`;
      const days = wanted.get(key) ?? new Map<string, number>();
      wanted.set(key, days);
      for (const { day, flows } of rule.usage.perDay) days.set(day, (days.get(day) ?? 0) + flows);
    }
    expect(shown.map(({ group, direction }) => `${group} ${direction}`).sort()).toEqual([...wanted.keys()].sort());
    for (const { group, direction, total, label } of shown) {
      const days = wanted.get(`${group} ${direction}`)!;
      const sum = [...days.values()].reduce((a, b) => a + b, 0);
      expect(digits(total)).toBe(sum);
      if (sum > 0) expect(label).toContain(`on ${days.size} of`);
    }

    const busiest = [...wanted].sort(([, a], [, b]) => b.size - a.size)[0]!;
    const row = opened.page.locator(`svg[aria-label^="${busiest[0]}:"]`);
    await row.focus();
    const first = Date.parse(document.window.from.slice(0, 10));
    for (let day = 0; day < 90; day += 1) {
      await opened.page.keyboard.press('ArrowRight');
      const name = new Date(first + day * 86_400_000).toISOString().slice(0, 10);
      const told = await opened.page.locator('#heat-cell').innerText();
      const records = busiest[1].get(name) ?? 0;
      expect(told).toContain(`, ${name}: `);
      expect(records === 0 ? told.endsWith('no record') : digits(told.split(': ')[1]!) === records).toBe(true);
    }
    expect(opened.troubles).toEqual([]);
  });
});

describe('the flow explorer of the example', () => {
  const explorer = () => document.explorer!;
  const sum = (flows: readonly { records: number }[]) => flows.reduce((total, flow) => total + flow.records, 0);

  it('holds every accepted record that was read, and the refused ones of the last 15 days', () => {
    expect(explorer().accepted.records).toBe(document.flowLogs.accepted);
    const refused = explorer().flows.filter((flow) => flow.action === 'REJECT');
    expect(explorer().rejected.records).toBe(sum(refused));
    expect(explorer().rejected.records).toBeGreaterThan(0);
    expect(explorer().rejected.records).toBeLessThan(document.flowLogs.rejected);
    const { periods, periodDays } = explorer();
    for (const [period] of refused.flatMap((flow) => flow.periods))
      expect((periods - period) * periodDays).toBeLessThanOrEqual(16 + periodDays);
    for (const flow of explorer().flows) {
      expect(flow.periods.reduce((total, [, records]) => total + records, 0)).toBe(flow.records);
      expect(flow.periods.reduce((total, [, , bytes]) => total + bytes, 0)).toBe(flow.bytes);
    }
  });

  it('shows accepted and refused, and leaves out what may be replies until asked', async () => {
    await opened.go('#/flows');
    const read = async (id: string) => digits(await opened.page.locator(id).innerText());
    const clear = explorer().flows.filter((flow) => flow.opened !== 'unknown');
    expect(await read('#accepted')).toBe(sum(clear.filter((flow) => flow.action === 'ACCEPT')));
    await opened.page.getByLabel('with records whose opener is unclear').check();
    expect(await read('#accepted')).toBe(document.flowLogs.accepted);
    expect(await read('#refused')).toBe(explorer().rejected.records);
    expect(await opened.page.locator('.verdicts').innerText()).toContain('refused in the last 15 days');
    expect(opened.troubles).toEqual([]);
  });

  it('ranks ports and interfaces as the flows do, for all and for one group', async () => {
    await opened.go('#/flows');
    const rows = async (title: string) =>
      (await opened.page.locator(`section[aria-label="${title}"] li .num`).allInnerTexts()).map(digits);
    const top = (flows: readonly { records: number }[], keys: readonly string[]) => {
      const sums = new Map<string, number>();
      flows.forEach((flow, i) => {
        sums.set(keys[i]!, (sums.get(keys[i]!) ?? 0) + flow.records);
      });
      return [...sums.values()].sort((a, b) => b - a).slice(0, 15);
    };
    const clear = explorer().flows.filter((flow) => flow.opened !== 'unknown');
    expect(await rows('Ports')).toEqual(
      top(
        clear,
        clear.map((flow) => `${flow.protocol} ${flow.port}`),
      ),
    );
    expect(await rows('Interfaces')).toEqual(
      top(
        clear,
        clear.map((flow) => String(flow.interfaceId)),
      ),
    );

    const db = document.rules.find((rule) => rule.groupName === 'shop-db')!;
    await opened.page.getByRole('combobox', { name: 'Group' }).selectOption({ label: 'shop-db' });
    const own = clear.filter((flow) => db.coverage.interfaces.includes(flow.interfaceId ?? ''));
    expect(own.length).toBeGreaterThan(0);
    expect(await rows('Ports')).toEqual(
      top(
        own,
        own.map((flow) => `${flow.protocol} ${flow.port}`),
      ),
    );
  });
});
