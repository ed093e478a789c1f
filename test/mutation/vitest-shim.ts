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

export function it(name: string, first: unknown, second?: unknown): void {
  // (name, body, timeout) or (name, options, body).
  const body = (typeof first === 'function' ? first : second) as Body;
  const full = [...path, name].join(' > ');
  const same = collected.filter((t) => t.name === full || t.name.startsWith(`${full} #`)).length;
  collected.push({ name: same === 0 ? full : `${full} #${same}`, run: body as () => unknown });
}

const table =
  (define: (name: string, body: () => never) => void) =>
  (rows: readonly unknown[]) =>
  (name: string, first: unknown, second?: unknown): void => {
    const body = (typeof first === 'function' ? first : second) as Body;
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

type Thrown = string | RegExp | Error | (new (...args: never[]) => unknown) | undefined;

function isThrown(error: unknown, expected: Thrown): boolean {
  if (expected === undefined) return true;
  const message = error instanceof Error ? error.message : String((error as { message?: unknown })?.message ?? error);
  if (typeof expected === 'string') return message.includes(expected);
  if (expected instanceof RegExp) return expected.test(message);
  if (expected instanceof Error) return message === expected.message;
  return error instanceof expected;
}

function throws(run: () => unknown, expected: Thrown): boolean {
  try {
    run();
    return false;
  } catch (error) {
    return isThrown(error, expected);
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
  toThrow: (a: unknown, e?: unknown) => throws(a as () => unknown, e as Thrown),
  toThrowError: (a: unknown, e?: unknown) => throws(a as () => unknown, e as Thrown),
  toBeInstanceOf: (a: unknown, e: unknown) => a instanceof (e as new () => object),
  toSatisfy: (a: unknown, e: unknown) => Boolean((e as (a: unknown) => unknown)(a)),
  toBeOneOf: (a: unknown, e: unknown) => [...(e as Iterable<unknown>)].some((item) => same(a, item)),
  toBeTypeOf: (a: unknown, e: unknown) => typeof a === e,
  toBeNaN: (a: unknown) => Number.isNaN(a),
  toHaveProperty: (a: unknown, e: unknown) => a !== null && a !== undefined && (e as string) in Object(a),
} as const;

type Check = (...args: unknown[]) => void;
type Checks = Record<string, Check>;

/** The matchers are on prototypes: properties call expect a hundred thousand times, and to build each anew was most of their time. */
class Is {
  readonly actual: unknown;
  constructor(actual: unknown) {
    this.actual = actual;
  }
}
class IsNot extends Is {}
for (const [name, matches] of Object.entries(MATCHERS) as [string, (...args: unknown[]) => boolean][]) {
  Object.defineProperty(Is.prototype, name, {
    value(this: Is, ...args: unknown[]) {
      if (!matches(this.actual, ...args)) assert.fail(name);
    },
  });
  Object.defineProperty(IsNot.prototype, name, {
    value(this: IsNot, ...args: unknown[]) {
      if (matches(this.actual, ...args)) assert.fail(`not ${name}`);
    },
  });
}
Object.defineProperty(Is.prototype, 'not', {
  get(this: Is) {
    return new IsNot(this.actual);
  },
});

export function expect(actual: unknown, _message?: unknown): Checks & { not: Checks } {
  return new Is(actual) as unknown as Checks & { not: Checks };
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
