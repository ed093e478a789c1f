import { describe, expect, it } from 'vitest';
import { leastRanges, planPorts } from '../../analyzer/advice/ports.ts';
import { canonical, numbers } from '../../analyzer/model/interval.ts';

const ports = (...list: number[]) =>
  canonical(
    numbers,
    list.map((p) => ({ from: p, to: p })),
  );

describe('planPorts at its limits', () => {
  it.each<[number[], number, number, boolean]>([
    [[80, 82], 1, 1, true],
    [[80, 82], 1, 0, false],
    [[80, 82], 2, 0, true],
    [[80], 1, 0, true],
    [[80], 0, 0, false],
    [[80, 82], 0, 9, false],
  ])('of %j with %d rules and %d extra ports fits: %s', (list, maxRules, maxOpenPorts, fits) => {
    expect(planPorts(ports(...list), { maxRules, maxOpenPorts }).fits).toBe(fits);
  });

  it.each<[number[], number, number, number, number]>([
    [[80, 82], 0, 9, 1, 1],
    [[80, 82], 0, 0, 2, 1],
    [[80, 82], -3, 0, 2, 1],
    [[1, 5, 9, 20], 1, 3, 3, 16],
    [[1, 5, 9, 20], 2, 5, 3, 6],
    [[1, 5, 9, 20], 2, 2, 4, 6],
  ])(
    'of %j with %d rules and %d extra ports says that %d rules or %d extra ports would do',
    (list, maxRules, maxOpenPorts, rulesNeeded, extraPortsNeeded) => {
      const plan = planPorts(ports(...list), { maxRules, maxOpenPorts });
      expect(plan).toEqual({ fits: false, rulesNeeded, extraPortsNeeded });
    },
  );

  it('closes of equal gaps the lowest, and names what is opened between', () => {
    expect(leastRanges(ports(1, 3, 5), 2)).toEqual({
      ranges: [
        { from: 1, to: 1 },
        { from: 3, to: 5 },
      ],
      extra: [{ from: 4, to: 4 }],
      extraPorts: 1,
    });
    expect(leastRanges(ports(1, 9, 12), 2).ranges).toEqual([
      { from: 1, to: 1 },
      { from: 9, to: 12 },
    ]);
  });
});
