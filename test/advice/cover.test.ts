import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { leastCover } from '../../analyzer/advice/cover.ts';

describe('the joint optimum', () => {
  it('takes the cover that costs least where greedy choice does not', () => {
    // Greedy takes 2 for its rate (three for 1.1 + …); the optimum is 0 and 1.
    const elements = [[0, 2], [0, 2], [0], [1, 2], [1]];
    expect(leastCover([1, 1, 1.1], elements)).toEqual({ kept: [0, 1], cost: 2, bound: 2 });
    const choice = [
      [0, 1],
      [0, 2],
      [1, 2],
    ];
    expect(leastCover([3, 2, 2], choice)).toEqual({ kept: [1, 2], cost: 4, bound: 4 });
  });

  it('keeps nothing where nothing is asked', () => {
    expect(leastCover([1, 2], [])).toEqual({ kept: [], cost: 0, bound: 0 });
  });

  it('is the least of all, covers everything, and proves it, on small universes', () => {
    const problem = fc.integer({ min: 1, max: 9 }).chain((n) =>
      fc.record({
        costs: fc.array(fc.integer({ min: 0, max: 6 }), { minLength: n, maxLength: n }),
        elements: fc.array(fc.uniqueArray(fc.nat(n - 1), { minLength: 1, maxLength: 4 }), { maxLength: 12 }),
      }),
    );
    fc.assert(
      fc.property(problem, ({ costs, elements }) => {
        const { kept, cost, bound } = leastCover(costs, elements);
        expect(elements.every((element) => element.some((i) => kept.includes(i)))).toBe(true);
        let least = Infinity;
        for (let set = 0; set < 2 ** costs.length; set += 1) {
          if (!elements.every((element) => element.some((i) => (set >> i) & 1))) continue;
          least = Math.min(
            least,
            costs.reduce((sum, c, i) => sum + ((set >> i) & 1 ? c : 0), 0),
          );
        }
        expect(cost).toBe(least);
        expect(bound).toBe(least);
        expect(leastCover(costs, elements.toReversed())).toEqual({ kept, cost, bound });
      }),
      { numRuns: 1000 },
    );
  });

  it('gives an honest bound where a component is too large for the exact search', () => {
    const n = 40;
    const costs = Array.from({ length: n }, (_, i) => 1 + ((i * 7) % 5));
    const elements = Array.from({ length: n }, (_, i) => [i, (i + 1) % n]);
    const { kept, cost, bound } = leastCover(costs, elements);
    expect(elements.every((element) => element.some((i) => kept.includes(i)))).toBe(true);
    expect(bound).toBeLessThanOrEqual(cost);
    expect(bound).toBeGreaterThan(cost / 2);
  });
});
