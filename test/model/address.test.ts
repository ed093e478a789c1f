import { isIPv4, isIPv6 } from 'node:net';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  type AddressSet,
  ALL_V4,
  ALL_V6,
  addressesWithin,
  addressSet,
  type Cidr,
  cidrRange,
  countAddresses,
  formatAddress,
  formatCidr,
  hasAddress,
  intersectAddresses,
  MAX_V4,
  MAX_V6,
  noAddresses,
  parseAddress,
  parseCidr,
  sameAddresses,
  subtractAddresses,
  toCidrs,
  unionAddresses,
} from '../../analyzer/model/address.ts';

const v4 = fc.integer({ min: 0, max: MAX_V4 });
/** Groups of 16 bits, often zero or one, so that runs of zeros come in all places. */
const v6 = fc
  .array(fc.oneof(fc.constantFrom(0, 0, 0, 1), fc.integer({ min: 0, max: 0xffff })), { minLength: 8, maxLength: 8 })
  .map((groups) => groups.reduce((sum, group) => (sum << 16n) | BigInt(group), 0n));
/** Node's own idea of the shortest text (WHATWG URL, which follows RFC 5952 but for its embedded IPv4). */
const urlText = (value: bigint): string => {
  const groups = Array.from({ length: 8 }, (_, i) => ((value >> BigInt(112 - 16 * i)) & 0xffffn).toString(16));
  return new URL(`http://[${groups.join(':')}]/`).hostname.slice(1, -1);
};

describe('addresses as text', () => {
  test('IPv4 comes back as it went', () => {
    fc.assert(
      fc.property(v4, (value) => {
        expect(parseAddress(formatAddress({ family: 4, value }))).toEqual({ family: 4, value });
      }),
    );
  });

  test('IPv6 comes back as it went, written as RFC 5952 wants', () => {
    fc.assert(
      fc.property(v6, (value) => {
        const text = formatAddress({ family: 6, value });
        expect(parseAddress(text)).toEqual({ family: 6, value });
        expect(text).toBe(urlText(value));
      }),
      { numRuns: 1000 },
    );
  });

  test('what is an address and what is not is as Node says', () => {
    const piece = fc.oneof(
      fc.constantFrom(
        '',
        '0',
        '1',
        '01',
        '255',
        '256',
        'ffff',
        '10000',
        'g',
        '::',
        ':',
        '.',
        '1.2.3.4',
        '%eth0',
        ' ',
        '-1',
      ),
      fc.string({ maxLength: 2 }),
    );
    const text = fc
      .tuple(fc.array(piece, { maxLength: 9 }), fc.constantFrom(':', '.', ''))
      .map(([parts, glue]) => parts.join(glue));
    fc.assert(
      fc.property(text, (candidate) => {
        const expected = isIPv4(candidate) ? 4 : isIPv6(candidate) && !candidate.includes('%') ? 6 : null;
        expect(parseAddress(candidate)?.family ?? null).toBe(expected);
      }),
      { numRuns: 5000 },
    );
  });

  test.each([
    ['::', '::'],
    ['::1', '::1'],
    ['0:0:0:0:0:0:0:0', '::'],
    ['2001:0DB8:0:0:1:0:0:1', '2001:db8::1:0:0:1'], // the first of two equal runs
    ['2001:db8:0:1:1:1:1:1', '2001:db8:0:1:1:1:1:1'], // one zero group is not shortened
    ['2001:0:0:1:0:0:0:1', '2001:0:0:1::1'], // the longest run
    ['1:2:3:4:5:6:7::', '1:2:3:4:5:6:7:0'],
    ['::ffff:192.0.2.1', '::ffff:c000:201'],
    ['fe80::ABCD', 'fe80::abcd'],
    ['10.0.0.1', '10.0.0.1'],
  ])('%s is written %s', (text, written) => {
    expect(formatAddress(parseAddress(text)!)).toBe(written);
  });

  test.each([
    '',
    '1.2.3',
    '1.2.3.4.5',
    '01.2.3.4',
    '256.1.1.1',
    '1.2.3.4 ',
    ':',
    ':::',
    '1::2::3',
    '1:2:3:4:5:6:7',
    '1:2:3:4:5:6:7:8:9',
    '1:2:3:4:5:6:7:8::',
    'fe80::1%eth0',
    '1.2.3.4::',
    '::1.2.3.256',
    '12345::',
    'localhost',
    '-',
  ])('%j is no address', (text) => {
    expect(parseAddress(text)).toBeNull();
  });
});

describe('networks as text', () => {
  test('a network comes back as it went, its host bits cleared', () => {
    fc.assert(
      fc.property(v4, fc.integer({ min: 0, max: 32 }), v6, fc.integer({ min: 0, max: 128 }), (a, n, b, m) => {
        for (const [text, bits] of [
          [`${formatAddress({ family: 4, value: a })}/${n}`, 32 - n],
          [`${formatAddress({ family: 6, value: b })}/${m}`, 128 - m],
        ] as const) {
          const cidr = parseCidr(text)!;
          expect(parseCidr(formatCidr(cidr))).toEqual(cidr);
          expect(BigInt(cidr.value) & ((1n << BigInt(bits)) - 1n)).toBe(0n);
          expect(countAddresses(cidrRange(cidr))).toBe(1n << BigInt(bits));
          expect(hasAddress(cidrRange(cidr), parseAddress(text.split('/')[0]!)!)).toBe(true);
        }
      }),
    );
  });

  test.each([
    ['10.1.2.3/8', '10.0.0.0/8'],
    ['10.1.2.3', '10.1.2.3/32'],
    ['::1', '::1/128'],
    ['0.0.0.0/0', '0.0.0.0/0'],
    ['2001:DB8::ffff/32', '2001:db8::/32'],
  ])('%s is %s', (text, written) => {
    expect(formatCidr(parseCidr(text)!)).toBe(written);
  });

  test.each([
    '10.0.0.0/33',
    '::/129',
    '10.0.0.0/',
    '10.0.0.0/-1',
    '10.0.0.0/8/8',
    '/8',
    '10.0.0.0/ 8',
    '10.0.0.0/255.0.0.0',
    'sg-1',
    '',
  ])('%j is no network', (text) => {
    expect(parseCidr(text)).toBeNull();
  });
});

// A universe of eight addresses of each family, at the low end, in the middle or at the high end of all addresses.
const base = fc.constantFrom(0, 2 ** 31, MAX_V4 - 7);
const base6 = fc.constantFrom(0n, 1n << 127n, MAX_V6 - 7n);
const mask = fc.integer({ min: 0, max: 255 });
const bits = [0, 1, 2, 3, 4, 5, 6, 7];
const setOf = (at: number, m4: number, at6: bigint, m6: number): AddressSet =>
  addressSet([
    ...bits.filter((i) => m4 & (1 << i)).map((i) => ({ family: 4 as const, value: at + i })),
    ...bits.filter((i) => m6 & (1 << i)).map((i) => ({ family: 6 as const, value: at6 + BigInt(i) })),
  ]);

/** Fewest aligned blocks that make up exactly the mask: halve until a block is full. */
function fewest(m: number, width = 8): number {
  if (m === 0) return 0;
  if (m === 2 ** width - 1) return 1;
  const half = width / 2;
  return fewest(m % 2 ** half, half) + fewest(Math.floor(m / 2 ** half), half);
}

describe('sets of addresses against bit masks', () => {
  test('toCidrs gives exactly the set, in the fewest prefixes, in order', () => {
    for (const at of [0, 2 ** 31, MAX_V4 - 7]) {
      for (const at6 of [0n, 1n << 127n, MAX_V6 - 7n]) {
        for (let m = 0; m < 256; m += 1) {
          const set = setOf(at, m, at6, 255 - m);
          const cidrs = toCidrs(set);
          expect(addressSet(cidrs)).toEqual(set);
          expect(cidrs.filter((c) => c.family === 4)).toHaveLength(fewest(m));
          expect(cidrs.filter((c) => c.family === 6)).toHaveLength(fewest(255 - m));
          const starts = cidrs.filter((c): c is Extract<Cidr, { family: 4 }> => c.family === 4).map((c) => c.value);
          expect(starts).toEqual([...starts].sort((a, b) => a - b));
        }
      }
    }
  });

  test('the whole of a family is one prefix', () => {
    expect(toCidrs(unionAddresses(ALL_V4, ALL_V6)).map(formatCidr)).toEqual(['0.0.0.0/0', '::/0']);
    expect(toCidrs(addressSet([{ family: 4, value: 1 }]))).toHaveLength(1);
    const allButZero = subtractAddresses(
      unionAddresses(ALL_V4, ALL_V6),
      addressSet([
        { family: 4, value: 0 },
        { family: 6, value: 0n },
      ]),
    );
    expect(toCidrs(allButZero)).toHaveLength(32 + 128);
  });

  test('union, intersection, difference, subset, membership and count are those of the masks', () => {
    fc.assert(
      fc.property(base, base6, mask, mask, mask, mask, (at, at6, x4, x6, y4, y6) => {
        const [x, y] = [setOf(at, x4, at6, x6), setOf(at, y4, at6, y6)];
        expect(unionAddresses(x, y)).toEqual(setOf(at, x4 | y4, at6, x6 | y6));
        expect(intersectAddresses(x, y)).toEqual(setOf(at, x4 & y4, at6, x6 & y6));
        expect(subtractAddresses(x, y)).toEqual(setOf(at, x4 & ~y4, at6, x6 & ~y6));
        expect(addressesWithin(x, y)).toBe((x4 & ~y4) === 0 && (x6 & ~y6) === 0);
        expect(sameAddresses(x, y)).toBe(x4 === y4 && x6 === y6);
        expect(noAddresses(x)).toBe(x4 === 0 && x6 === 0);
        const ones = (n: number): number => bits.filter((i) => n & (1 << i)).length;
        expect(countAddresses(x)).toBe(BigInt(ones(x4) + ones(x6)));
        for (const i of bits) {
          expect(hasAddress(x, { family: 4, value: at + i })).toBe((x4 & (1 << i)) !== 0);
          expect(hasAddress(x, { family: 6, value: at6 + BigInt(i) })).toBe((x6 & (1 << i)) !== 0);
        }
      }),
      { numRuns: 500 },
    );
  });
});
