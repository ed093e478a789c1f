import { mkdir, open } from 'node:fs/promises';
import { join } from 'node:path';
import type { FailedScope } from '../../model/inventory.ts';
import { ERRORS_FILE, failuresDocument } from '../failures.ts';
import { CONFIG_HISTORY, ENTRIES } from '../listings.ts';
import type { Item } from '../live/pages.ts';
import type { PulledScope } from '../live/pull-scope.ts';

/** Items in one file; the next go into `name-2.json`, so that no file is too long for one string. */
const PER_FILE = 20_000;
/** An item of AWS Config is several kilobytes. */
const HISTORY_PER_FILE = 10_000;

/** Writes a scope's files under `dir`/ACCOUNT/REGION, as `readInventory` reads them; one item on a line. `dir` must not be in use by a reader. */
export async function writeScope(dir: string, scope: PulledScope): Promise<void> {
  const folder = join(dir, scope.accountId, scope.region);
  await mkdir(join(folder, ENTRIES), { recursive: true });
  for (const { name, key, items } of scope.listings) await writePaged(folder, name, key, items, PER_FILE, {});
  for (const { prefixListId, items } of scope.entries)
    await writePaged(join(folder, ENTRIES), prefixListId, 'Entries', items, Number.POSITIVE_INFINITY, {});
  if (scope.configHistory === null) return;
  const { items, cutBefore } = scope.configHistory;
  const history = join(folder, CONFIG_HISTORY);
  await mkdir(history, { recursive: true });
  await writePaged(history, 'network-interfaces', 'configurationItems', items, HISTORY_PER_FILE, { cutBefore });
}

export async function writeFailures(dir: string, failures: readonly FailedScope[]): Promise<void> {
  if (failures.length > 0)
    await writeText(join(dir, ERRORS_FILE), `${JSON.stringify(failuresDocument(failures), null, 2)}\n`);
}

async function writePaged(
  folder: string,
  name: string,
  key: string,
  items: readonly Item[],
  perFile: number,
  head: Readonly<Record<string, string>>,
): Promise<void> {
  for (let page = 1, from = 0; page === 1 || from < items.length; page++, from += perFile) {
    const file = join(folder, page === 1 ? `${name}.json` : `${name}-${page}.json`);
    const lines = items.slice(from, Math.min(items.length, from + perFile)).map((item) => JSON.stringify(item));
    const fields = Object.entries(head).map(([field, value]) => `${JSON.stringify(field)}: ${JSON.stringify(value)}, `);
    await writeText(
      file,
      `{${fields.join('')}${JSON.stringify(key)}: [${lines.length === 0 ? '' : `\n${lines.join(',\n')}\n`}]}\n`,
    );
  }
}

async function writeText(file: string, text: string): Promise<void> {
  const handle = await open(file, 'wx');
  try {
    await handle.writeFile(text);
    await handle.sync();
  } finally {
    await handle.close();
  }
}
