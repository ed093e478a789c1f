import { describe, expect, it } from 'vitest';
import { leastRectangles, MOST_POINTS, type Point } from '../../analyzer/advice/rectangles.ts';
import { formatCidr, parseCidr } from '../../analyzer/model/address.ts';

const points = (...texts: string[]): Point[] =>
  texts.map((text) => {
    const [unit, port] = text.split(' ') as [string, string];
    return { unit: parseCidr(unit)!, port: Number(port) };
  });
const anything = (): boolean => true;
const told = (found: ReturnType<typeof leastRectangles>) =>
  found?.map((parts) => parts?.map((r) => `${formatCidr(r.cidr)} ${r.fromPort}-${r.toPort}`).sort() ?? null) ?? null;

describe('least rectangles', () => {
  it.each<[string[], (string[] | null)[]]>([
    [['10.0.0.0/24 80'], [['10.0.0.0/24 80-80'], ['10.0.0.0/24 80-80'], ['10.0.0.0/24 80-80']]],
    [
      ['10.0.0.0/24 80', '10.0.1.0/24 80'],
      [['10.0.0.0/23 80-80'], ['10.0.0.0/23 80-80'], ['10.0.0.0/23 80-80']],
    ],
    [
      ['10.0.0.0/24 80', '10.0.1.0/24 90'],
      [['10.0.0.0/23 80-90'], ['10.0.0.0/24 80-80', '10.0.1.0/24 90-90'], ['10.0.0.0/24 80-80', '10.0.1.0/24 90-90']],
    ],
    [
      ['fd00::/64 443', 'fd00:0:0:1::/64 443', 'fd00:0:0:8::/64 22'],
      [
        ['fd00::/60 22-443'],
        ['fd00:0:0:8::/64 22-22', 'fd00::/63 443-443'],
        ['fd00:0:0:8::/64 22-22', 'fd00::/63 443-443'],
      ],
    ],
    [
      ['fd00::1/128 1', 'fd00::/64 1'],
      [['fd00::/64 1-1'], ['fd00::/64 1-1'], ['fd00::/64 1-1']],
    ],
    [
      ['2001:db8::/32 1', 'fd00::/8 1'],
      [['::/0 1-1'], ['2001:db8::/32 1-1', 'fd00::/8 1-1'], ['2001:db8::/32 1-1', 'fd00::/8 1-1']],
    ],
    [
      ['10.0.0.0/8 1', '192.168.0.0/16 1'],
      [['0.0.0.0/0 1-1'], ['10.0.0.0/8 1-1', '192.168.0.0/16 1-1'], ['10.0.0.0/8 1-1', '192.168.0.0/16 1-1']],
    ],
  ])('for %j are %j', (texts, expected) => {
    expect(told(leastRectangles(points(...texts), 3, anything))).toEqual(expected);
  });

  it('weigh networks and ports against each other', () => {
    // One port more on the large network costs more than a rule of its own for the small one.
    const asked = points('10.0.0.0/16 80', '10.0.0.0/16 81', '10.1.0.0/28 80', '10.1.0.0/28 443');
    expect(told(leastRectangles(asked, 2, anything))![1]).toEqual(['10.0.0.0/16 80-81', '10.1.0.0/28 80-443']);
  });

  it('are none where no network is acceptable, and as many as it takes where few are', () => {
    const asked = points('10.0.0.0/24 80', '10.9.0.0/24 80');
    expect(leastRectangles(asked, 2, () => false)).toEqual([null, null]);
    expect(told(leastRectangles(asked, 2, (cidr) => cidr.length >= 24))).toEqual([
      null,
      ['10.0.0.0/24 80-80', '10.9.0.0/24 80-80'],
    ]);
    const seen: number[] = [];
    leastRectangles(asked, 1, (_, units) => seen.push(units.length) > 0);
    expect(seen.sort()).toEqual([1, 1, 2]);
  });

  it('are searched for a few points only, and for one at least', () => {
    const many = (n: number): Point[] => points(...Array.from({ length: n }, (_, i) => `10.0.${i}.0/24 ${i}`));
    expect(leastRectangles([], 2, anything)).toBeNull();
    expect(leastRectangles(many(MOST_POINTS), 1, anything)).toHaveLength(1);
    expect(leastRectangles(many(MOST_POINTS + 1), 1, anything)).toBeNull();
  });
});
