import { join } from 'node:path';
import type { FailedScope } from '../model/inventory.ts';
import type { Problem } from '../model/problem.ts';
import { listFolder, readJsonFile } from './adapters/files.ts';
import { rawFailure } from './raw.ts';
import { byText, validItem, wrongShape } from './valid.ts';

/** The file in which `pare inventory` tells what it could not pull; beside the account folders. */
export const ERRORS_FILE = 'errors.json';
const KEY = 'Errors';
const NEXT = 'pull the inventory again with: pare inventory';

/** Sorted by account, region and listing; none where the file is missing. Throws PareError when it cannot be understood. */
export async function readFailures(dir: string): Promise<FailedScope[]> {
  const folder = await listFolder(dir);
  if (folder === null || !folder.files.includes(ERRORS_FILE)) return [];
  const file = join(dir, ERRORS_FILE);
  const out: FailedScope[] = [];
  for (const document of await readJsonFile(file, NEXT)) {
    const list = typeof document === 'object' && document !== null ? (document as Record<string, unknown>)[KEY] : null;
    if (!Array.isArray(list)) throw wrongShape(file, KEY, `expected a list under ${KEY}`, NEXT);
    for (const [i, raw] of list.entries()) {
      const { value } = validItem(rawFailure, raw, file, `${KEY}[${i}]`, NEXT);
      out.push({
        accountId: value.AccountId ?? null,
        region: value.Region ?? null,
        listing: value.Listing ?? null,
        code: value.Code,
        message: value.Message,
        next: value.Next,
      });
    }
  }
  return sortFailures(out);
}

/** The document that `readFailures` reads back. */
export function failuresDocument(failures: readonly FailedScope[]): object {
  return {
    [KEY]: sortFailures(failures).map((failure) => ({
      AccountId: failure.accountId,
      Region: failure.region,
      Listing: failure.listing,
      Code: failure.code,
      Message: failure.message,
      Next: failure.next,
    })),
  };
}

export function failureWarnings(dir: string, failures: readonly FailedScope[]): Problem[] {
  return failures.map((failure) => ({
    code: failure.listing === null ? 'inventory-scope-failed' : 'inventory-listing-failed',
    message: `${failurePlace(failure)} could not be pulled (${failure.message}); ${consequence(failure)}`,
    next: failure.next,
    fault: 'environment' as const,
    file: join(dir, ERRORS_FILE),
  }));
}

/** `111122223333 eu-west-1 flow-logs`. */
export function failurePlace(failure: Pick<FailedScope, 'accountId' | 'region' | 'listing'>): string {
  const scope = [
    failure.accountId ?? 'the list of accounts',
    failure.region ?? (failure.accountId ? 'all regions' : ''),
  ];
  return [...scope, failure.listing ?? ''].filter((part) => part !== '').join(' ');
}

function consequence({ listing }: FailedScope): string {
  return listing === null
    ? 'its rules are not judged, and traffic of its interfaces stays unexplained'
    : `the inventory has no ${listing} of it`;
}

export function sortFailures(failures: readonly FailedScope[]): FailedScope[] {
  const key = (failure: FailedScope): string =>
    [failure.accountId, failure.region, failure.listing, failure.code, failure.message].map((x) => x ?? '').join('\n');
  return [...failures].sort((a, b) => byText(key(a), key(b)));
}
