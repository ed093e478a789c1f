import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  append,
  type IntervalMap,
  overlay,
  type Step,
  sameMap,
  stretchesOf,
} from '../../analyzer/model/interval-map.ts';

const same = (x: string, y: string): boolean => x === y;
const END = 12;

/** What stands at each whole number. */
type Line = (string | null)[];
const line: fc.Arbitrary<Line> = fc.array(fc.constantFrom('a', 'b', null), { minLength: END, maxLength: END });

function mapOf(values: Line): IntervalMap<string> {
  const out: Step<string>[] = [];
  for (const [at, value] of values.entries()) if (value !== null) append(out, { from: at, to: at }, value, same);
  return out;
}

function lineOf(map: IntervalMap<string>): Line {
  return Array.from({ length: END }, (_, at) => map.find((s) => s.from <= at && at <= s.to)?.value ?? null);
}

describe('values over a line', () => {
  it('laid over each other stand where asking each number puts them, in the fewest steps', () => {
    const joined = (x: string | null, y: string | null): string | null =>
      x === null ? y : y === null ? x : x === y ? null : `${x}${y}`;
    fc.assert(
      fc.property(line, line, (a, b) => {
        const got = overlay(mapOf(a), mapOf(b), joined, same);
        const wanted = a.map((x, at) => joined(x, b[at]!));
        expect(lineOf(got)).toEqual(wanted);
        expect(got).toEqual(mapOf(wanted));
      }),
      { numRuns: 300 },
    );
  });

  it('ask once for each stretch, also where the values of one map only touch', () => {
    const asked: [string | null, string | null][] = [];
    const a = [
      { from: 0, to: 4, value: 'a' },
      { from: 5, to: 9, value: 'a' },
    ];
    const b = [{ from: 3, to: 5, value: 'b' }];
    overlay(
      a,
      b,
      (x, y) => asked.push([x, y]),
      () => false,
    );
    expect(asked).toEqual([
      ['a', null],
      ['a', 'b'],
      ['a', 'b'],
      ['a', null],
    ]);
  });

  it('grow a step that they touch and equal, and no other', () => {
    const steps: Step<string>[] = [];
    append(steps, { from: 0, to: 1 }, 'a', same);
    append(steps, { from: 2, to: 3 }, 'a', same);
    append(steps, { from: 4, to: 5 }, 'b', same);
    append(steps, { from: 7, to: 8 }, 'b', same);
    append(steps, { from: 10, to: 10 }, 'b', same);
    expect(steps).toEqual([
      { from: 0, to: 3, value: 'a' },
      { from: 4, to: 5, value: 'b' },
      { from: 7, to: 8, value: 'b' },
      { from: 10, to: 10, value: 'b' },
    ]);
  });

  it('are the same when all steps are, and only then', () => {
    fc.assert(
      fc.property(line, line, fc.boolean(), (a, b, twin) => {
        const [x, y] = [mapOf(a), mapOf(twin ? [...a] : b)];
        expect(sameMap(x, y, same)).toBe(JSON.stringify(x) === JSON.stringify(y));
      }),
    );
    const one = [{ from: 1, to: 5, value: 'a' }];
    expect(sameMap(one, one, () => false)).toBe(true);
    expect(sameMap(one, [{ from: 1, to: 5, value: 'a' }], same)).toBe(true);
    expect(sameMap(one, [{ from: 0, to: 5, value: 'a' }], same)).toBe(false);
    expect(sameMap(one, [{ from: 1, to: 6, value: 'a' }], same)).toBe(false);
    expect(sameMap(one, [{ from: 1, to: 5, value: 'b' }], same)).toBe(false);
    expect(sameMap(one, [], same)).toBe(false);
    expect(sameMap([], one, same)).toBe(false);
    const two = [...one, { from: 7, to: 8, value: 'a' }];
    expect(sameMap(two, [...one, { from: 7, to: 9, value: 'a' }], same)).toBe(false);
  });
});

describe('a line cut wherever an interval begins or ends', () => {
  it.each<[[number, number][], [number, number][]]>([
    [[], []],
    [[[1, 5]], [[1, 5]]],
    [
      [
        [1, 5],
        [3, 9],
      ],
      [
        [1, 2],
        [3, 5],
        [6, 9],
      ],
    ],
    [
      [
        [10, 20],
        [1, 2],
      ],
      [
        [1, 2],
        [3, 9],
        [10, 20],
      ],
    ],
  ])('%j gives %j', (intervals, expected) => {
    const got = stretchesOf(intervals.map(([from, to]) => ({ from, to })));
    expect(got.map(({ from, to }) => [from, to])).toEqual(expected);
  });
});
