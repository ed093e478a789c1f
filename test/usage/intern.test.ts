import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Addresses, Names, PairTable } from '../../analyzer/usage/intern.ts';

describe('PairTable', () => {
  it('answers as a Map of pairs does, through every growth, for numbers far beyond 32 bits', () => {
    const value = fc.oneof(
      fc.nat(20),
      fc.integer({ min: 0, max: 2 ** 40 }),
      fc.integer({ min: 2 ** 45, max: 2 ** 53 - 1 }),
    );
    fc.assert(
      fc.property(fc.array(fc.tuple(value, value), { maxLength: 3000, size: 'max' }), (pairs) => {
        const table = new PairTable();
        const known = new Map<string, number>();
        for (const [a, b] of pairs) {
          const key = `${a}|${b}`;
          expect(table.get(a, b)).toBe(known.get(key) ?? -1);
          if (known.has(key)) continue;
          known.set(key, known.size);
          table.add(a, b, known.get(key)!);
        }
        for (const [a, b] of pairs) expect(table.get(a, b)).toBe(known.get(`${a}|${b}`));
      }),
      { numRuns: 8 },
    );
  });

  it('grows beyond its first thousand entries', () => {
    const table = new PairTable();
    for (let i = 0; i < 5000; i += 1) table.add(i * 2 ** 30, 7, i);
    for (let i = 0; i < 5000; i += 1) expect(table.get(i * 2 ** 30, 7)).toBe(i);
    expect(table.get(1, 7)).toBe(-1);
  });
});

describe('interning', () => {
  it('gives equal texts one number, and keeps the first value', () => {
    const names = new Names<string[]>();
    expect([names.id('a', ['a']), names.id('b', ['b']), names.id('a', ['other'])]).toEqual([0, 1, 0]);
    expect(names.values).toEqual([['a'], ['b']]);
  });

  it('parses an address once, and says where there is none', () => {
    const addresses = new Addresses();
    const met = addresses.of('10.0.0.1');
    expect(met).toEqual({ id: 0, text: '10.0.0.1', address: { family: 4, value: 167_772_161 } });
    expect(addresses.of('10.0.0.1')).toBe(met);
    expect(addresses.of('-')).toEqual({ id: 1, text: '-', address: null });
  });
});
