import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { constants, gzipSync } from 'node:zlib';
import * as fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { compileKernel, Kernel } from '../../analyzer/flowlogs/stored/roll/kernel.ts';
import { holdText } from '../../analyzer/flowlogs/stored/roll/text.ts';

const kernel = new Kernel(compileKernel(), () => []);
let folder = '';
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'pare-inflate-'));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

/** As the kernel alone has it; null where it leaves the file to zlib. */
function inflated(gzip: Uint8Array, size: number): Buffer | null {
  const at = kernel.room(0, size);
  const from = kernel.hold(gzip, 1);
  return kernel.exports.inflate(from, gzip.length, at, size) === 0 ? null : Buffer.from(kernel.bytes(at, size));
}

async function held(gzip: Uint8Array): Promise<Buffer | null> {
  const path = join(folder, 'x.gz');
  await writeFile(path, gzip);
  const text = holdText(kernel, path);
  return text === null ? null : Buffer.from(kernel.bytes(text.at, text.length));
}

/** Repetitions near and far, and noise. */
const CONTENT = fc
  .array(
    fc.oneof(
      fc.uint8Array({ maxLength: 300 }).map((bytes) => ({ bytes, times: 1 })),
      fc.record({ bytes: fc.uint8Array({ minLength: 1, maxLength: 20 }), times: fc.nat(400) }),
      fc.record({ bytes: fc.uint8Array({ minLength: 1, maxLength: 3000 }), times: fc.integer({ min: 1, max: 14 }) }),
    ),
    { maxLength: 12 },
  )
  .map((parts) => Buffer.concat(parts.flatMap(({ bytes, times }) => Array.from({ length: times }, () => bytes))));

const OPTIONS = fc.record({
  level: fc.integer({ min: 0, max: 9 }),
  memLevel: fc.integer({ min: 1, max: 9 }),
  strategy: fc.constantFrom(
    constants.Z_DEFAULT_STRATEGY,
    constants.Z_FILTERED,
    constants.Z_HUFFMAN_ONLY,
    constants.Z_RLE,
    constants.Z_FIXED,
  ),
});

describe('the kernel inflates what gzip has deflated', () => {
  it('with any settings, to the same bytes', () => {
    fc.assert(
      fc.property(CONTENT, OPTIONS, (content, options) => {
        expect(inflated(gzipSync(content, options), content.length)?.equals(content)).toBe(true);
      }),
      { numRuns: 200 },
    );
  });

  it('and never to more or less than it is', () => {
    fc.assert(
      fc.property(CONTENT, OPTIONS, fc.integer({ min: -50, max: 50 }), (content, options, more) => {
        fc.pre(more !== 0 && content.length + more >= 0);
        expect(inflated(gzipSync(content, options), content.length + more)).toBeNull();
      }),
    );
  });

  it('with a name, a comment and extra fields in its header', () => {
    const plain = gzipSync('eni-0a');
    const head = Buffer.from([0x1f, 0x8b, 8, 4 + 8 + 16 + 2, 0, 0, 0, 0, 0, 3]);
    const extra = Buffer.from([3, 0, 1, 2, 3]);
    const named = Buffer.concat([
      head,
      extra,
      Buffer.from('a.log\0a comment\0'),
      Buffer.from([9, 9]),
      plain.subarray(10),
    ]);
    expect(inflated(named, 6)?.toString()).toBe('eni-0a');
  });
});

describe('what is no single whole member is left to zlib', () => {
  it('several members, and padding behind', async () => {
    const members = Buffer.concat([gzipSync('one '), gzipSync('two')]);
    expect((await held(members))?.toString()).toBe('one two');
    expect((await held(Buffer.concat([gzipSync('one'), Buffer.alloc(512)])))?.toString()).toBe('one');
    expect(inflated(members, 3)).toBeNull();
  });

  it('damaged in any byte or cut anywhere: the same text, or none', async () => {
    const content = Buffer.from('2 123456789012 eni-0a 10.0.0.1 10.0.0.2 40000 443 6 3 180 1 2 ACCEPT OK\n'.repeat(40));
    await fc.assert(
      fc.asyncProperty(OPTIONS, fc.nat(), fc.nat(255), fc.boolean(), async (options, where, byte, cut) => {
        const gzip = gzipSync(content, options);
        const at = where % gzip.length;
        const text = await held(cut ? gzip.subarray(0, at) : Buffer.from(gzip).fill(byte, at, at + 1));
        // Where not even the first two bytes are gzip's, it is no gzip; the name then refuses it.
        expect(text === null || text.equals(content)).toBe(true);
      }),
      { numRuns: 300 },
    );
  });
});
