import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { leastRanges, planPorts } from '../../analyzer/advice/ports.ts';
import { canonical, contains, numbers } from '../../analyzer/model/interval.ts';

function ports(...list: number[]) {
  return canonical(
    numbers,
    list.map((p) => ({ from: p, to: p })),
  );
}

const KNOWN = ports(80, 81, 82, 85, 86, 1001, 1002, 1020);

describe('planPorts', () => {
  it.each([
    [3, 3, ['80-86', '1001-1002', '1020-1020'], 2],
    [10, 3, ['80-82', '85-86', '1001-1002', '1020-1020'], 0],
    [1, 1000, ['80-1020'], 933],
  ])('with %i rules and %i extra ports gives the known ranges', (maxRules, maxOpenPorts, ranges, extraPorts) => {
    const plan = planPorts(KNOWN, { maxRules, maxOpenPorts });
    expect(plan).toMatchObject({ fits: true, extraPorts });
    if (plan.fits) expect(plan.ranges.map((r) => `${r.from}-${r.to}`)).toEqual(ranges);
  });

  it('names the extra ports', () => {
    expect(planPorts(KNOWN, { maxRules: 3, maxOpenPorts: 3 })).toMatchObject({ extra: [{ from: 83, to: 84 }] });
  });

  it('says that nothing fits, and what would', () => {
    expect(planPorts(KNOWN, { maxRules: 1, maxOpenPorts: 3 })).toEqual({
      fits: false,
      rulesNeeded: 3,
      extraPortsNeeded: 933,
    });
  });

  it.each([
    [[1, 3, 5, 7], 3, 1],
    [[10, 12, 20, 22, 30, 32], 5, 1],
  ])('covers %j in %i rules with %i extra port', (list, maxRules, extraPorts) => {
    expect(leastRanges(ports(...list), maxRules).extraPorts).toBe(extraPorts);
  });

  it('is optimal: no choice of ranges opens fewer ports', () => {
    const sets = fc.uniqueArray(fc.integer({ min: 0, max: 15 }), { minLength: 1, maxLength: 8 });
    fc.assert(
      fc.property(sets, fc.integer({ min: 1, max: 5 }), (list, maxRules) => {
        const needed = ports(...list);
        const best = leastRanges(needed, maxRules);
        expect(best.ranges.length).toBeLessThanOrEqual(maxRules);
        expect(list.every((p) => contains(best.ranges, p))).toBe(true);
        expect(best.extraPorts).toBe(
          leastOpen(
            list.toSorted((a, b) => a - b),
            maxRules,
          ) - list.length,
        );
      }),
    );
  });
});

/** Every way to cut a sorted list into at most k runs. */
function leastOpen(list: readonly number[], k: number): number {
  if (list.length === 0) return 0;
  if (k === 0) return Infinity;
  let least = Infinity;
  for (let i = 1; i <= list.length; i += 1) {
    least = Math.min(least, list[i - 1]! - list[0]! + 1 + leastOpen(list.slice(i), k - 1));
  }
  return least;
}
