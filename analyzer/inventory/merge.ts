import { isDeepStrictEqual } from 'node:util';
import type { Problem } from '../model/problem.ts';

/**
 * One item for each id, sorted by id. The same thing is often seen from several accounts (shared VPCs, AWS's prefix lists): equal copies
 * are one, and where copies differ `prefer` chooses or, when it cannot, the first stands and a warning says so.
 */
export function mergeById<T>(
  items: readonly T[],
  idOf: (item: T) => string,
  what: string,
  warnings: Problem[],
  prefer: (a: T, b: T) => T | null = () => null,
): T[] {
  const byId = new Map<string, T>();
  for (const item of items) {
    const id = idOf(item);
    const known = byId.get(id);
    if (known === undefined) {
      byId.set(id, item);
      continue;
    }
    if (isDeepStrictEqual(known, item)) continue;
    const chosen = prefer(known, item);
    if (chosen === null) {
      warnings.push({
        code: 'inventory-copies-differ',
        message: `the ${what} ${id} is in the inventory more than once, and not alike; the first one read was taken`,
        next: 'print the files of all accounts and regions again, at one time',
        fault: 'input',
      });
    }
    byId.set(id, chosen ?? known);
  }
  // Without a comparison of our own: by code units, and several times faster.
  return [...byId.keys()].sort().map((id) => byId.get(id)!);
}
