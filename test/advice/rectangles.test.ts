import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { leastRectangles, type Point, type Rectangle } from '../../analyzer/advice/rectangles.ts';
import { type Cidr, formatCidr, parseCidr } from '../../analyzer/model/address.ts';
import { daily, inventory, judge, rule } from './build.ts';

const ANY = (): boolean => true;

function point(text: string): Point {
  const [cidr, port] = text.split(' ') as [string, string];
  return { unit: parseCidr(cidr)!, port: Number(port) };
}

function text(rectangles: readonly Rectangle[] | null | undefined): string[] | null {
  return rectangles?.map((r) => `${formatCidr(r.cidr)} ${r.fromPort}-${r.toPort}`).sort() ?? null;
}

function area({ cidr, fromPort, toPort }: Rectangle): number {
  return (toPort - fromPort + 1) * 2 ** (32 - cidr.length);
}

describe('must show 1: rectangles', () => {
  it('lets two rectangles beat one', () => {
    const least = leastRectangles(['10.0.0.0/24 80', '10.0.0.0/24 81', '10.9.0.0/24 9000'].map(point), 2, ANY)!;
    expect(text(least[0])).toEqual(['10.0.0.0/12 80-9000']);
    expect(text(least[1])).toEqual(['10.0.0.0/24 80-81', '10.9.0.0/24 9000-9000']);
  });

  it('finds a partition that is neither by port nor by network', async () => {
    // a 1-2, b 2-3, where a and b are far apart, and both with a neighbour.
    const ends: [number, string][] = [
      [8001, '10.0.0.5'],
      [8002, '10.0.0.5'],
      [8002, '10.0.1.5'],
      [8500, '10.9.0.5'],
      [8501, '10.9.0.5'],
    ];
    const rows = ends.flatMap(([port, peer]) => daily(30, 6, port, peer));
    const { says } = await judge(inventory({ rules: [rule('ingress tcp 8000-9000 10.0.0.0/8')] }), rows);
    expect(says['ingress tcp 8000-9000 10.0.0.0/8']).toBe(
      'narrow | ports-and-sources-unused | 6 8001-8002 10.0.0.0/24 | 6 8002-8002 10.0.1.0/24 | 6 8500-8501 10.9.0.0/24',
    );
  });

  it('asks for acceptable networks only', () => {
    const points = ['1.0.0.0/32 80', '200.0.0.0/32 80'].map(point);
    const narrow = (cidr: Cidr): boolean => cidr.length >= 24;
    expect(leastRectangles(points, 2, narrow)!.map(text)).toEqual([null, ['1.0.0.0/32 80-80', '200.0.0.0/32 80-80']]);
  });

  it('says when there is too much to weigh', () => {
    expect(
      leastRectangles(
        Array.from({ length: 9 }, (_, i) => point(`10.0.${i}.0/24 80`)),
        2,
        ANY,
      ),
    ).toBeNull();
  });

  it('is optimal, by brute force over all sets of rectangles of a small universe', () => {
    const rectangles: Rectangle[] = [];
    for (const cidr of [
      '0.0.0.0/30',
      '0.0.0.0/31',
      '0.0.0.2/31',
      '0.0.0.0/32',
      '0.0.0.1/32',
      '0.0.0.2/32',
      '0.0.0.3/32',
    ])
      for (let from = 1; from <= 3; from += 1)
        for (let to = from; to <= 3; to += 1) rectangles.push({ cidr: parseCidr(cidr)!, fromPort: from, toPort: to });
    const bits = rectangles.map((r) => {
      let out = 0;
      const base = Number(r.cidr.value);
      for (let a = base; a < base + 2 ** (32 - r.cidr.length); a += 1)
        for (let port = r.fromPort; port <= r.toPort; port += 1) out |= 1 << (a * 3 + port - 1);
      return out;
    });
    const pick = fc.record({ a: fc.nat(3), port: fc.integer({ min: 1, max: 3 }) });
    fc.assert(
      fc.property(
        fc.uniqueArray(pick, { minLength: 1, maxLength: 6, selector: ({ a, port }) => a * 3 + port }),
        (picks) => {
          const wanted = picks.reduce((set, { a, port }) => set | (1 << (a * 3 + port - 1)), 0);
          const least = leastRectangles(
            picks.map(({ a, port }) => point(`0.0.0.${a}/32 ${port}`)),
            3,
            ANY,
          )!;
          let best = [Infinity, Infinity, Infinity];
          const visit = (from: number, count: number, covered: number, sum: number): void => {
            if ((covered & wanted) === wanted) best = best.map((b, i) => (i + 1 >= count ? Math.min(b, sum) : b));
            else if (count < 3)
              for (let i = from; i < rectangles.length; i += 1)
                visit(i + 1, count + 1, covered | bits[i]!, sum + area(rectangles[i]!));
          };
          visit(0, 0, 0, 0);
          expect(least.map((found) => found!.reduce((sum, r) => sum + area(r), 0))).toEqual(best);
        },
      ),
      { numRuns: 60 },
    );
  });
});
