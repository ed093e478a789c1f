import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { crc32 } from 'node:zlib';
import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Roller } from '../../analyzer/flowlogs/stored/roll/batch.ts';
import { compileKernel, Kernel } from '../../analyzer/flowlogs/stored/roll/kernel.ts';
import { checksumOf } from '../../analyzer/flowlogs/stored/roll/text.ts';
import { DAY, expectTheSame, NAME, NOTHING_KNOWN, rollWith, takes, withLogs } from './roll.ts';

const PLAIN = NAME.replace('.gz', '');
/** The fields of a good record of version 3, by their place. */
const GOOD = `2 123456789012 eni-0a 10.0.0.1 10.0.0.2 40000 443 6 3 180 ${DAY} ${DAY + 9} ACCEPT OK`.split(' ');
const PLACE = { id: 2, src: 3, dst: 4, srcport: 5, dstport: 6, protocol: 7, packets: 8, bytes: 9, start: 10, end: 11 };

const put = (changes: Partial<Record<keyof typeof PLACE, string | number>>): string =>
  GOOD.map((good, place) => {
    const field = (Object.keys(PLACE) as (keyof typeof PLACE)[]).find((name) => PLACE[name] === place);
    return String((field === undefined ? undefined : changes[field]) ?? good);
  }).join(' ');

/** What AWS writes, said as plainly as can be. */
const WHOLE = /^(?:0|[1-9]\d{0,14})$/;
const isPort = (text: string) => WHOLE.test(text) && Number(text) <= 65_535;
const isQuad = (text: string) => text.split('.').length === 4 && text.split('.').every(isOctet);
const isOctet = (text: string) => WHOLE.test(text) && Number(text) <= 255;

/** Digits, and what may be mistaken for them: neighbours in ASCII, and letters. */
const DIGIT = fc.constantFrom(...'0123456789', ...'0123456789', '/', ':', 'a', '-', '.');
const DIGITS = fc.string({ unit: DIGIT, minLength: 1, maxLength: 17 });
const TIDY = fc.bigInt({ min: 0n, max: 10n ** 17n }).chain((most) => fc.bigInt({ min: 0n, max: most }).map(String));
const NUMBER = fc.oneof(
  TIDY,
  DIGITS,
  TIDY.map((text) => `0${text}`),
);
const OCTET = fc.oneof(fc.nat(255).map(String), fc.nat(999).map(String), fc.string({ unit: DIGIT, maxLength: 4 }));
const QUAD = fc
  .array(OCTET, { minLength: 3, maxLength: 5 })
  .map((parts) => parts.join('.'))
  .filter((text) => text !== '' && text !== '-');

describe('a field is taken only as AWS writes it', () => {
  const agrees = async (texts: fc.Arbitrary<string>, line: (text: string) => string, good: (text: string) => boolean) =>
    withLogs({}, async (logs) => {
      const path = join(logs, PLAIN);
      const roller = new Roller({ ...NOTHING_KNOWN, mostRecords: 10 });
      await fc.assert(
        fc.asyncProperty(texts, async (text) => {
          await writeFile(path, `${line(text)}\n${put({})}\n`);
          expect(rollWith(roller, path) !== null).toBe(good(text));
        }),
        { numRuns: 200, examples: [['0'], ['00'], ['9'], ['65535'], ['65536'], ['099'], ['100']] },
      );
    });

  it('ports', () => agrees(NUMBER, (srcport) => put({ srcport }), isPort));

  it('packets and bytes', () =>
    agrees(
      NUMBER,
      (bytes) => put({ bytes, packets: bytes }),
      (text) => text === '-' || WHOLE.test(text),
    ));

  it('protocols', () =>
    agrees(
      NUMBER,
      (protocol) => put({ protocol }),
      (text) => WHOLE.test(text) && Number(text) <= 255,
    ));

  it('dotted quads', () => agrees(QUAD, (src) => put({ src }), isQuad));

  it('times, also where the one before was of another length or century', () =>
    agrees(
      fc.oneof(NUMBER, fc.integer({ min: 900_000_000, max: 4_294_000_000 }).map(String)),
      (start) => put({ start, end: start }),
      (text) => WHOLE.test(text) && Number(text) <= 4_294_967_296 - 2 * 86_400,
    ));
});

describe('values are stored as they were read', () => {
  it('ids of every shape, more than the tables begin with', async () => {
    const shapes = (n: number) => {
      const hex = (n * 2_654_435_761).toString(16);
      return [
        `eni-0${hex.padStart(16, '0')}`,
        `eni-0${hex.padEnd(16, 'f')}`,
        `eni-1${hex.padStart(16, '0')}`,
        `eni-0${hex.padStart(16, '0').toUpperCase()}`,
        `eni-0${hex.padStart(15, '0')}g`,
        `eni-0${hex.padStart(15, '0')}`,
        `eni-0${hex.padStart(17, '0')}`,
        `eni-${n.toString(16)}`,
      ];
    };
    const ids = [...new Set(Array.from({ length: 800 }, (_, n) => shapes(n)).flat())];
    const lines = ids.flatMap((id, n) => [put({ id, bytes: n }), put({ id: ids[(n * 7) % ids.length]!, bytes: n })]);
    await withLogs({ [PLAIN]: `${lines.join('\n')}\n` }, async (logs) => {
      expect(await takes(logs)).toBe(true);
      await expectTheSame(logs);
    });
  });

  it('numbers of every length, every octet, times around each change of their first digits', async () => {
    const lengths = Array.from({ length: 15 }, (_, n) => 10 ** n).flatMap((n) => [n, n * 9 + 1]);
    const lines = [
      ...lengths.map((n) => put({ packets: n, bytes: n + 1 })),
      ...Array.from({ length: 256 }, (_, n) => put({ src: `${n}.${255 - n}.${(n * 7) % 256}.${(n * 31) % 256}` })),
      ...[0, 9, 10, 99, 100, 999, 1000, 9999, 10_000, 65_535].map((n) => put({ srcport: n, dstport: 65_535 - n })),
      ...[1_699_999_990, 1_700_000_000, 1_799_999_995, 999_999_995, 5].map((n) => put({ start: n, end: n + 9 })),
    ];
    await withLogs({ [PLAIN]: `${lines.join('\n')}\n` }, async (logs) => {
      expect(await takes(logs)).toBe(true);
      await expectTheSame(logs);
    });
  });
});

describe('the checksum of what was folded', () => {
  it("is zlib's, of any bytes and any length", () => {
    const kernel = new Kernel(compileKernel(), () => []);
    const of = (bytes: Uint8Array) => checksumOf(kernel, kernel.hold(bytes, 0), bytes.length);
    const bytes = (length: number, seed: number) => {
      let state = seed | 1;
      return Uint8Array.from({ length }, () => {
        state = Math.imul(state ^ (state >>> 15), 0x2c1b3c6d) ^ (state << 7);
        return state >>> 24;
      });
    };
    fc.assert(
      fc.property(fc.oneof(fc.nat(300), fc.nat(40_000)), fc.integer(), (length, seed) => {
        const text = bytes(length, seed);
        expect(of(text)).toBe(crc32(text));
      }),
      { numRuns: 150, examples: [16_071, 16_072, 16_073, 16_087, 16_088, 24_280].map((n) => [n, 1]) },
    );
  });

  it('is another where any one byte is', () => {
    const kernel = new Kernel(compileKernel(), () => []);
    const text = new Uint8Array(20_000).fill(0x30);
    const good = checksumOf(kernel, kernel.hold(text, 0), text.length);
    for (let at = 0; at < text.length; at += 97) {
      text[at] = 0x31;
      expect(checksumOf(kernel, kernel.hold(text, 0), text.length)).not.toBe(good);
      text[at] = 0x30;
    }
  });
});
