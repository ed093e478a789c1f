import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { leastPrefixes } from '../../analyzer/advice/prefixes.ts';
import { type Cidr, formatCidr, parseCidr } from '../../analyzer/model/address.ts';

function cidrs(...texts: string[]): Cidr[] {
  return texts.map((text) => parseCidr(text)!);
}

describe('leastPrefixes', () => {
  it('gives for each number of prefixes the least space', () => {
    const covers = leastPrefixes(cidrs('10.0.0.0/24', '10.0.1.0/24', '10.0.7.0/24', '10.9.0.0/24'), 4);
    expect(covers.map((c) => c.cidrs.map(formatCidr))).toEqual([
      ['10.0.0.0/12'],
      ['10.0.0.0/21', '10.9.0.0/24'],
      ['10.0.0.0/23', '10.0.7.0/24', '10.9.0.0/24'],
      ['10.0.0.0/23', '10.0.7.0/24', '10.9.0.0/24'],
    ]);
    expect(covers.map((c) => c.addresses)).toEqual([1n << 20n, 2304n, 1024n, 1024n]);
  });

  it('works on IPv6 and lets units lie within one another', () => {
    const covers = leastPrefixes(cidrs('2001:db8::/64', '2001:db8::1/128', '2001:db8:0:1::/64', 'fd00::/64'), 2);
    expect(covers[1]!.cidrs.map(formatCidr)).toEqual(['2001:db8::/63', 'fd00::/64']);
  });

  it('is optimal on a small universe, for every number of prefixes', () => {
    const units = fc.array(
      fc.record({ value: fc.integer({ min: 0, max: 31 }), length: fc.integer({ min: 29, max: 32 }) }),
      { minLength: 1, maxLength: 8 },
    );
    fc.assert(
      fc.property(units, fc.integer({ min: 1, max: 5 }), (list, most) => {
        const parsed = list.map(({ value, length }) => parseCidr(`10.0.0.${value}/${length}`)!);
        const needed = new Set<number>();
        for (const { value, length } of parsed) {
          for (let i = 0; i < 2 ** (32 - length); i += 1) needed.add(Number(value) - 0x0a000000 + i);
        }
        for (const [i, cover] of leastPrefixes(parsed, most).entries()) {
          expect(cover.cidrs.length).toBeLessThanOrEqual(i + 1);
          expect(cover.cidrs.reduce((sum, c) => sum + (1n << BigInt(32 - c.length)), 0n)).toBe(cover.addresses);
          for (const n of needed) {
            const inside = cover.cidrs.some((c) => {
              const start = Number(c.value) - 0x0a000000;
              return n >= start && n < start + 2 ** (32 - c.length);
            });
            expect(inside).toBe(true);
          }
          expect(Number(cover.addresses)).toBe(leastSpace(needed, 0, 32, i + 1));
        }
      }),
      { numRuns: 300 },
    );
  });
});

/** Tries, for the block of `size` numbers at `start`, the block itself and every way to share the prefixes among its halves. */
function leastSpace(needed: ReadonlySet<number>, start: number, size: number, prefixes: number): number {
  const any = Array.from({ length: size }, (_, i) => start + i).some((n) => needed.has(n));
  if (!any) return 0;
  if (prefixes === 0) return Infinity;
  let least = size;
  if (size > 1) {
    for (let i = 0; i <= prefixes; i += 1) {
      const left = leastSpace(needed, start, size / 2, i);
      const right = leastSpace(needed, start + size / 2, size / 2, prefixes - i);
      least = Math.min(least, left + right);
    }
  }
  return least;
}
