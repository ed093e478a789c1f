import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { leastCover } from '../../analyzer/advice/cover.ts';

const ones = (n: number): number[] => new Array<number>(n).fill(1);
/** Each choice with the next, round and round: of an odd number n the least is (n + 1) / 2, and the dual proves only (n - 1) / 2. */
const cycle = (n: number, at = 0): number[][] => Array.from({ length: n }, (_, i) => [at + i, at + ((i + 1) % n)]);

function holds(kept: readonly number[], elements: readonly (readonly number[])[]): boolean {
  return elements.every((element) => element.some((i) => kept.includes(i)));
}

describe('the joint optimum', () => {
  it.each([5, 9, 27])('is proved by search on %d rules where the dual does not prove it', (n) => {
    const { kept, cost, bound } = leastCover(ones(n), cycle(n));
    expect([cost, bound, kept.length]).toEqual([(n + 1) / 2, (n + 1) / 2, (n + 1) / 2]);
    expect(holds(kept, cycle(n))).toBe(true);
  });

  it('is searched for up to 28 rules that hang together, and only bounded beyond', () => {
    const tail = (n: number): number[][] => [...cycle(n), [0, n]];
    expect(leastCover(ones(28), tail(27))).toMatchObject({ cost: 14, bound: 14 });
    expect(leastCover(ones(29), cycle(29))).toMatchObject({ cost: 15, bound: 14 });
  });

  it('is searched in each part by itself, however many parts there are', () => {
    const elements = Array.from({ length: 12 }, (_, i) => cycle(5, i * 5)).flat();
    expect(leastCover(ones(60), elements)).toMatchObject({ cost: 36, bound: 36 });
    // One rule of a large part beside: only that part stays unproved.
    expect(leastCover(ones(60 + 29), [...elements, ...cycle(29, 60)])).toMatchObject({ cost: 51, bound: 50 });
  });

  it('is found among triples where each rule is as good as the other', () => {
    // The Steiner triple systems of 9 and 27 points (Fulkerson, Nemhauser and Trotter 1974): 5 and 18.
    const nine = ['012', '345', '678', '036', '147', '258', '048', '156', '237', '057', '138', '246'].map((t) =>
      [...t].map(Number),
    );
    expect(leastCover(ones(9), nine)).toMatchObject({ cost: 5, bound: 5 });
    const lines = Array.from({ length: 9 }, (_, p) => [p * 3, p * 3 + 1, p * 3 + 2]);
    const rest = nine.flatMap(([a, b, c]) =>
      [0, 1, 2].flatMap((i) => [0, 1, 2].map((j) => [a! * 3 + i, b! * 3 + j, c! * 3 + ((6 - i - j) % 3)])),
    );
    expect(leastCover(ones(27), [...lines, ...rest])).toMatchObject({ cost: 18, bound: 18 });
  });
});

describe('a cover too large to search', () => {
  const costs = Array.from({ length: 40 }, (_, i) => [0, 3, 5, 2, 7][i % 5]!);
  const elements = Array.from({ length: 60 }, (_, e) => [e % 40, (e * 7 + 3) % 40, (e * 13 + 5) % 40]);
  const found = {
    kept: [1, 3, 6, 8, 11, 13, 16, 18, 21, 23, 26, 28, 31, 33, 36, 38],
    cost: 40,
    bound: 37,
  };

  it('is chosen by rate', () => {
    expect(leastCover(costs, elements)).toEqual(found);
  });

  it('law 7: is the same whatever the order and the repetition of what is asked', () => {
    expect(leastCover(costs, elements.toReversed())).toEqual(found);
    expect(
      leastCover(
        costs,
        elements.map((e) => e.toReversed()),
      ),
    ).toEqual(found);
    expect(leastCover(costs, [...elements, ...elements.map((e) => [...e, ...e])])).toEqual(found);
    fc.assert(
      fc.property(fc.shuffledSubarray(elements, { minLength: 60, maxLength: 60 }), (mixed) => {
        expect(leastCover(costs, mixed)).toEqual(found);
      }),
      { numRuns: 50 },
    );
  });

  it('holds everything, nothing of it can be left out, and its bound is honest', () => {
    const problem = fc.record({
      costs: fc.array(fc.integer({ min: 0, max: 6 }), { minLength: 35, maxLength: 35, size: 'max' }),
      more: fc.array(fc.uniqueArray(fc.nat(34), { minLength: 1, maxLength: 4 }), { maxLength: 40, size: 'max' }),
    });
    fc.assert(
      fc.property(problem, ({ costs: prices, more }) => {
        const asked = [...cycle(35), ...more];
        const { kept, cost, bound } = leastCover(prices, asked);
        expect(holds(kept, asked)).toBe(true);
        for (const one of kept)
          expect(
            holds(
              kept.filter((i) => i !== one),
              asked,
            ),
          ).toBe(false);
        expect(kept.reduce((sum, i) => sum + prices[i]!, 0)).toBe(cost);
        expect(bound).toBeLessThanOrEqual(cost);
        expect(bound).toBeGreaterThanOrEqual(0);
        expect([...kept].sort((a, b) => a - b)).toEqual(kept);
      }),
      { numRuns: 100 },
    );
  });

  it('drops what a later choice made needless, the dearest first', () => {
    // A star: its middle is taken first for its rate, and then each of its rays is needed all the same.
    const rays = Array.from({ length: 30 }, (_, i) => i + 1);
    const star = [...rays.map((i) => [0, i]), ...rays.map((i) => [i])];
    expect(leastCover([1, ...ones(30)], star)).toEqual({ kept: rays, cost: 30, bound: 30 });
  });
});
