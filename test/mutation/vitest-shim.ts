import assert from 'node:assert/strict';
import { isDeepStrictEqual } from 'node:util';

/**
 * As much of vitest as the suites of the pure core use, small enough to run the same tests hundreds of times in one process. A matcher
 * that is missing here fails the dry run, so it cannot pass unnoticed.
 */
export interface Collected {
  name: string;
  run(): unknown;
}

export const collected: Collected[] = [];
let path: string[] = [];

type Body = (...args: never[]) => unknown;

export function describe(name: string, body: () => void): void {
  path.push(name);
  body();
  path = path.slice(0, -1);
}

export function it(name: string, body: Body, _timeout?: unknown): void {
  const full = [...path, name].join(' > ');
  const same = collected.filter((t) => t.name === full || t.name.startsWith(`${full} #`)).length;
  collected.push({ name: same === 0 ? full : `${full} #${same}`, run: body as () => unknown });
}

const table =
  (define: (name: string, body: () => never) => void) =>
  (rows: readonly unknown[]) =>
  (name: string, body: Body): void => {
    for (const [i, row] of rows.entries()) {
      const args = Array.isArray(row) ? row : [row];
      define(`${name} [${i}]`, () => (body as (...a: unknown[]) => never)(...args));
    }
  };
it.each = table(it);
describe.each = table(describe);
export const test = it;

class Asymmetric {
  readonly matches: (actual: unknown) => boolean;
  constructor(matches: (actual: unknown) => boolean) {
    this.matches = matches;
  }
}

/** `strict` false: undefined fields do not count, as for toEqual; `part`: further fields of the actual value do not count. */
function same(actual: unknown, expected: unknown, part = false): boolean {
  if (expected instanceof Asymmetric) return expected.matches(actual);
  if (typeof expected !== 'object' || expected === null || typeof actual !== 'object' || actual === null) {
    return Object.is(actual, expected);
  }
  if (expected instanceof RegExp || expected instanceof Date) return isDeepStrictEqual(actual, expected);
  if (expected instanceof Map || expected instanceof Set) {
    if (!(actual instanceof expected.constructor)) return false;
    return same([...(actual as Set<unknown>)], [...(expected as Set<unknown>)]);
  }
  if (Array.isArray(expected)) {
    if (!Array.isArray(actual) || actual.length !== expected.length) return false;
    return expected.every((item, i) => same(actual[i], item, part));
  }
  if (Array.isArray(actual)) return false;
  const [a, e] = [actual as Record<string, unknown>, expected as Record<string, unknown>];
  const keys = new Set([...Object.keys(e), ...(part ? [] : Object.keys(a))]);
  for (const key of keys) if (!same(a[key], e[key], part)) return false;
  return true;
}

function holds(list: unknown, item: unknown): boolean {
  if (typeof list === 'string') return list.includes(String(item));
  return [...(list as Iterable<unknown>)].includes(item);
}

function near(actual: unknown, expected: number, digits = 2): boolean {
  return Math.abs((actual as number) - expected) < 10 ** -digits / 2;
}

function throws(run: () => unknown, expected?: string | RegExp): boolean {
  try {
    run();
    return false;
  } catch (error) {
    const message = error instanceof Error ? error.message : String(error);
    if (expected === undefined) return true;
    return typeof expected === 'string' ? message.includes(expected) : expected.test(message);
  }
}

const MATCHERS = {
  toBe: (a: unknown, e: unknown) => Object.is(a, e),
  toEqual: (a: unknown, e: unknown) => same(a, e),
  toStrictEqual: (a: unknown, e: unknown) => isDeepStrictEqual(a, e),
  toMatchObject: (a: unknown, e: unknown) => same(a, e, true),
  toHaveLength: (a: unknown, e: unknown) => (a as { length: number }).length === e,
  toContain: holds,
  toContainEqual: (a: unknown, e: unknown) => [...(a as Iterable<unknown>)].some((item) => same(item, e)),
  toMatch: (a: unknown, e: unknown) =>
    e instanceof RegExp ? e.test(a as string) : (a as string).includes(e as string),
  toBeNull: (a: unknown) => a === null,
  toBeUndefined: (a: unknown) => a === undefined,
  toBeDefined: (a: unknown) => a !== undefined,
  toBeTruthy: (a: unknown) => Boolean(a),
  toBeFalsy: (a: unknown) => !a,
  toBeGreaterThan: (a: unknown, e: unknown) => (a as number) > (e as number),
  toBeGreaterThanOrEqual: (a: unknown, e: unknown) => (a as number) >= (e as number),
  toBeLessThan: (a: unknown, e: unknown) => (a as number) < (e as number),
  toBeLessThanOrEqual: (a: unknown, e: unknown) => (a as number) <= (e as number),
  toBeCloseTo: (a: unknown, e: unknown, digits?: unknown) => near(a, e as number, digits as number | undefined),
  toThrow: (a: unknown, e?: unknown) => throws(a as () => unknown, e as string | RegExp | undefined),
  toThrowError: (a: unknown, e?: unknown) => throws(a as () => unknown, e as string | RegExp | undefined),
} as const;

type Check = (...args: unknown[]) => void;

export function expect(actual: unknown, _message?: unknown): Record<string, Check> & { not: Record<string, Check> } {
  const checks = (wanted: boolean): Record<string, Check> =>
    Object.fromEntries(
      Object.entries(MATCHERS).map(([name, matches]): [string, Check] => [
        name,
        (...args) => assert.equal((matches as (...a: unknown[]) => boolean)(actual, ...args), wanted, name),
      ]),
    );
  return Object.assign(checks(true), { not: checks(false) });
}
expect.objectContaining = (part: object): Asymmetric => new Asymmetric((actual) => same(actual, part, true));
expect.stringContaining = (part: string): Asymmetric =>
  new Asymmetric((actual) => typeof actual === 'string' && actual.includes(part));
expect.stringMatching = (part: RegExp): Asymmetric =>
  new Asymmetric((actual) => typeof actual === 'string' && part.test(actual));
expect.arrayContaining = (items: unknown[]): Asymmetric =>
  new Asymmetric((actual) => items.every((item) => [...(actual as Iterable<unknown>)].some((one) => same(one, item))));
expect.any = (kind: unknown): Asymmetric =>
  new Asymmetric((actual) => actual !== undefined && Object(actual) instanceof (kind as new () => object));
