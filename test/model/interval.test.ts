import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  bigints,
  canonical,
  contains,
  difference,
  type Interval,
  type IntervalSet,
  intersection,
  isSubset,
  numbers,
  sameSet,
  size,
  union,
} from '../../analyzer/model/interval.ts';

const MAX = 15;
const value = fc.integer({ min: 0, max: MAX });
/** Any pairs: overlapping, touching, backward. */
const loose = fc.array(fc.record({ from: value, to: value }), { maxLength: 8 });
const members = (intervals: readonly Interval<number>[]): number[] =>
  Array.from({ length: MAX + 1 }, (_, v) => v).filter((v) => intervals.some((i) => i.from <= v && v <= i.to));
/** The canonical set of a list of members, by walking the universe. */
const runs = (list: readonly number[]): IntervalSet<number> => {
  const out: { from: number; to: number }[] = [];
  for (const v of list) {
    const last = out.at(-1);
    if (last !== undefined && last.to === v - 1) last.to = v;
    else out.push({ from: v, to: v });
  }
  return out;
};
const big = (set: IntervalSet<number>): IntervalSet<bigint> =>
  set.map(({ from, to }) => ({ from: BigInt(from), to: BigInt(to) }));

describe('interval sets against sets of members', () => {
  test('canonical holds the same members in the fewest sorted intervals', () => {
    fc.assert(
      fc.property(loose, (a) => {
        expect(canonical(numbers, a)).toEqual(runs(members(a)));
      }),
    );
  });

  test('canonical leaves what it is given alone', () => {
    fc.assert(
      fc.property(loose, (a) => {
        const copy = structuredClone(a);
        canonical(numbers, a);
        expect(a).toEqual(copy);
      }),
    );
  });

  test('union, intersection, difference, subset, equality and size are those of the members, over numbers and bigints', () => {
    fc.assert(
      fc.property(loose, loose, fc.boolean(), (x, y, related) => {
        const b = canonical(numbers, y);
        const a = related ? intersection(canonical(numbers, x), b) : canonical(numbers, x);
        const [inA, inB] = [new Set(members(a)), new Set(members(b))];
        const all = Array.from({ length: MAX + 1 }, (_, v) => v);
        const both = runs(all.filter((v) => inA.has(v) && inB.has(v)));
        const rest = runs(all.filter((v) => inA.has(v) && !inB.has(v)));
        expect(union(numbers, a, b)).toEqual(runs(all.filter((v) => inA.has(v) || inB.has(v))));
        expect(intersection(a, b)).toEqual(both);
        expect(difference(numbers, a, b)).toEqual(rest);
        expect(isSubset(numbers, a, b)).toBe(rest.length === 0);
        expect(sameSet(a, b)).toBe(rest.length === 0 && inA.size === inB.size);
        expect(size(numbers, a)).toBe(BigInt(inA.size));
        for (const v of all) expect(contains(a, v)).toBe(inA.has(v));
        expect(intersection(big(a), big(b))).toEqual(big(both));
        expect(difference(bigints, big(a), big(b))).toEqual(big(rest));
        expect(size(bigints, big(a))).toBe(BigInt(inA.size));
      }),
      { numRuns: 2000 },
    );
  });
});
