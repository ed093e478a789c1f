import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import { Roller } from '../../analyzer/flowlogs/stored/roll/batch.ts';
import { readInventory } from '../../analyzer/inventory/index.ts';
import { changeDays, interfaceAddresses } from '../../bot/cli/work/scan-input.ts';
import { V2, V5 } from '../flowlogs/harness.ts';
import { generateWorld, type LogFormat, writeWorld } from '../generator/index.ts';
import {
  DAY,
  expectTheSame,
  goodRecordsAgree,
  NAME,
  NOTHING_KNOWN,
  rollWith,
  takes,
  whatIsTakenAgrees,
  withLogs,
} from './roll.ts';

describe('the strict reader stores what DuckDB stores, row by row', () => {
  it.each([
    ['v5', 21],
    ['v2', 22],
    ['parquet', 23],
  ] as [LogFormat, number][])('of a generated VPC in %s', async (format, seed) => {
    const at = await mkdtemp(join(tmpdir(), 'pare-roll-world-'));
    try {
      const written = await writeWorld(generateWorld(seed, { days: 2 }), at, { formats: [format], layout: 'hourly' });
      const inventory = await readInventory(written.inventory, { configHistory: [written.configHistory] });
      expect(await takes(written.flowLogs)).toBe(true);
      await expectTheSame(written.flowLogs, {
        interfaces: interfaceAddresses(inventory.interfaces),
        changes: changeDays(inventory.interfaces),
      });
    } finally {
      await rm(at, { recursive: true, force: true });
    }
  });

  it('of any records, fields in any order, whatever the inventory knows', () => goodRecordsAgree(4));

  it('of files with damaged records that it takes all the same', async () => {
    expect(await whatIsTakenAgrees(12)).toBeLessThan(12);
  });
});

describe('the strict reader takes only what it is sure of', () => {
  const line = `2 123456789012 eni-0a 10.0.0.1 10.0.0.2 40000 443 6 3 180 ${DAY} ${DAY + 9} ACCEPT OK`;
  const good = `${V2}\n${line}\n`;
  const change = (from: string, to: string) => `${V2}\n${line.replace(from, to)}\n`;
  it.each<[string, string, string | Uint8Array, boolean]>([
    ['gzip', NAME, gzipSync(good), true],
    ['several members', NAME, Buffer.concat([gzipSync(`${V2}\n`), gzipSync(`${line}\n`)]), true],
    ['no last newline', NAME, gzipSync(good.trimEnd()), true],
    ['no gzip', 'flow.log', good, true],
    ['the default format without header', NAME, gzipSync(`${line}\n`), true],
    ['a header alone', NAME, gzipSync(`${V2}\n`), true],
    ['an odd IPv6 spelling', NAME, gzipSync(change('10.0.0.1', '2001:DB8:0::1')), true],
    ['half a gzip', NAME, gzipSync(good).subarray(0, 40), false],
    ['a wrong checksum', NAME, spoiled(gzipSync(good)), false],
    ['an empty file', NAME, '', false],
    ['CRLF', NAME, gzipSync(good.replaceAll('\n', '\r\n')), false],
    ['a blank line', NAME, gzipSync(`${good}\n`), false],
    ['a second header', NAME, gzipSync(`${good}${V2}\n`), false],
    ['another header', NAME, gzipSync(`${good}${V5}\n`), false],
    ['a byte-order mark', NAME, gzipSync(`\uFEFF${good}`), false],
    ['bytes that are no UTF-8', NAME, gzipSync(Buffer.concat([Buffer.from(good), Buffer.from([0xff, 0x0a])])), false],
    ['a field too many', NAME, gzipSync(change(' OK', ' OK more')), false],
    ['a trailing space', NAME, gzipSync(change(' OK', ' OK ')), false],
    ['a double space', NAME, gzipSync(change(' 443', '  443')), false],
    ['a tab', NAME, gzipSync(change(' 443', '\t443')), false],
    ['a leading zero', NAME, gzipSync(change(' 443', ' 0443')), false],
    ['a port too high', NAME, gzipSync(change(' 443', ' 70000')), false],
    ['a sign', NAME, gzipSync(change(' 180', ' +180')), false],
    ['a number of twenty digits', NAME, gzipSync(change(' 180', ' 18000000000000000000')), false],
    ['an octet of 256', NAME, gzipSync(change('10.0.0.1', '10.0.0.256')), false],
    ['an octet with a zero before', NAME, gzipSync(change('10.0.0.1', '10.0.0.01')), false],
    ['three octets', NAME, gzipSync(change('10.0.0.1', '10.0.0')), false],
    ['a name for an address', NAME, gzipSync(change('10.0.0.1', 'localhost')), false],
    ['another action', NAME, gzipSync(change('ACCEPT', 'ACCEPS')), false],
    ['another status', NAME, gzipSync(change(' OK', ' KO')), false],
    ['another interface', NAME, gzipSync(change('eni-0a', 'ENI-0a')), false],
    ['an interval of a day', NAME, gzipSync(change(String(DAY + 9), String(DAY + 86400))), false],
    ['an end before its start', NAME, gzipSync(change(String(DAY + 9), String(DAY - 9))), false],
    ['a record of CloudWatch', NAME, gzipSync(`2024-10-04T12:00:00.000Z ${line}\n`), false],
    ['JSON', 'flow.log', '{}', false],
  ])('%s', async (_, name, content, expected) => {
    await withLogs({ [name]: content }, async (logs) => {
      expect(await takes(logs)).toBe(expected);
      if (expected) await expectTheSame(logs);
    });
  });

  it('and no more records than it may hold', async () => {
    await withLogs({ [NAME]: gzipSync(`${good}${line}\n`) }, async (logs) => {
      expect(rollWith(new Roller({ ...NOTHING_KNOWN, mostRecords: 1 }), join(logs, NAME))).toBeNull();
      expect(rollWith(new Roller({ ...NOTHING_KNOWN, mostRecords: 2 }), join(logs, NAME))).not.toBeNull();
    });
  });

  it('and the next batch knows nothing of the one before', async () => {
    await withLogs({ [NAME]: gzipSync(good), other: change('eni-0a', 'eni-0b') }, async (logs) => {
      const roller = new Roller({ ...NOTHING_KNOWN, mostRecords: 10 });
      const other = rollWith(roller, join(logs, 'other'));
      rollWith(roller, join(logs, NAME));
      expect(rollWith(roller, join(logs, 'other'))).toEqual(other);
    });
  });
});

describe('many of everything: tables grow, blocks end within lines, files are long', () => {
  const header =
    'interface-id srcaddr dstaddr srcport dstport protocol packets bytes start end action log-status vpc-id';
  const line = (n: number, name: string, id = 'vpc-0a') => {
    const start = DAY + ((n * 7919) % 86_000);
    const src = n % 50 === 0 ? `2001:db8::${(n % 4000).toString(16)}` : `10.${n % 3}.${n % 250}.${(n * 7) % 251}`;
    return `${name} ${src} 10.9.${n % 200}.${n % 100} ${(n * 31) % 65536} ${n % 7 === 0 ? 443 : (n * 17) % 65536} 6 ${n} ${n * 1000} ${start} ${start + (n % 600)} ${n % 9 === 0 ? 'REJECT' : 'ACCEPT'} OK ${id}`;
  };

  it('thousands of interfaces, some of them met again in a second file', async () => {
    const of = (from: number) =>
      Array.from({ length: 12_000 }, (_, n) => line(n, `eni-0${((n * 11 + from) % 7000).toString(16)}`));
    const file = (from: number) => gzipSync(`${header}\n${of(from).join('\n')}\n`);
    await withLogs({ [NAME]: file(0), [NAME.replace('T1200', 'T1205')]: file(3000) }, async (logs) => {
      expect(await takes(logs)).toBe(true);
      await expectTheSame(logs);
    });
  });

  it('one interface with all records, none in the order of time', async () => {
    const lines = Array.from({ length: 5000 }, (_, n) => line(n * 13, 'eni-0a'));
    await withLogs({ [NAME]: gzipSync(`${header}\n${lines.join('\n')}\n`) }, async (logs) => {
      expect(await takes(logs)).toBe(true);
      await expectTheSame(logs);
    });
  });

  it('names of any length, and lines longer than a block', async () => {
    const lines = [4, 8, 11, 12, 15, 16, 17, 20, 21, 24, 25, 31, 32, 33, 63, 64, 65, 70_000].flatMap((length, n) => [
      line(n * 2, `eni-${'a'.repeat(length - 4)}`),
      line(n * 2 + 1, `eni-${'a'.repeat(length - 4)}`, `vpc-${'b'.repeat(length)}`),
    ]);
    await withLogs({ [NAME]: gzipSync(`${header}\n${lines.join('\n')}`) }, async (logs) => {
      expect(await takes(logs)).toBe(true);
      await expectTheSame(logs);
    });
  });

  it('and sums beyond what a number holds are left to DuckDB', async () => {
    const big = line(1, 'eni-0a').replace(' 1000 ', ' 999999999999999 ');
    const file = (count: number) => gzipSync(`${header}\n${Array.from({ length: count }, () => big).join('\n')}\n`);
    for (const [count, taken] of [
      [9, true],
      [10, false],
    ] as const) {
      await withLogs({ [NAME]: file(count) }, async (logs) => {
        expect(await takes(logs)).toBe(taken);
        await expectTheSame(logs);
      });
    }
  });

  it('a header that stands anywhere within is not taken for a record', async () => {
    for (const where of [1, 295, 296, 297, 298, 299, 2999]) {
      const lines = Array.from({ length: 3000 }, (_, n) => line(n, 'eni-0a', n === where ? 'x-log-status' : 'vpc-0a'));
      await withLogs({ [NAME]: gzipSync(`${header}\n${lines.join('\n')}\n`) }, async (logs) => {
        expect(await takes(logs)).toBe(false);
      });
    }
  });
});

it('files of one batch and of many days are the same ledger in threads as one after the other', async () => {
  await withLogs({}, async (logs) => {
    for (let day = 0; day < 4; day += 1) {
      const lines = Array.from({ length: 60 }, (_, n) => {
        const start = DAY + day * 86400 + n * 1439;
        return `2 1 eni-0${n % 3} 10.0.0.1 10.0.0.${n % 5} ${40000 + n} 443 6 3 180 ${start} ${start + 9} ACCEPT OK`;
      });
      const name = NAME.replace('20241004', `2024100${4 + day}`);
      await writeFile(join(logs, name), gzipSync(`${V2}\n${lines.join('\n')}\n`));
    }
    await expectTheSame(logs);
  });
});

function spoiled(gzip: Buffer): Uint8Array {
  const out = Uint8Array.from(gzip);
  out[out.length - 6] = (out[out.length - 6] ?? 0) ^ 1;
  return out;
}
