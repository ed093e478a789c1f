import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { DuckDBInstance } from '@duckdb/node-api';
import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Roller } from '../../analyzer/flowlogs/stored/roll/batch.ts';
import { DAY, expectTheSame, type Known, NAME, NOTHING_KNOWN, rollWith, takes, withLogs } from './roll.ts';

const FILE = NAME.replace('.gz', '.parquet');

async function copy(sql: string, path: string, options = ''): Promise<void> {
  const duckdb = await DuckDBInstance.create(':memory:', { threads: '1' });
  const connection = await duckdb.connect();
  try {
    await connection.run(`COPY (${sql}) TO '${path}' (FORMAT parquet${options})`);
  } finally {
    connection.closeSync();
    duckdb.closeSync();
  }
}

/** Records of every kind: refused, without data, skipped, IPv6, missing values, sums of 64 bits. */
const RECORDS = `SELECT 'eni-0' || (n * 7 % 90) AS interface_id,
  CASE WHEN status <> 'OK' THEN NULL WHEN n % 31 = 0 THEN '2001:db8::' || (n % 9) ELSE '10.0.' || (n % 7) || '.' || (n * 13 % 251) END AS srcaddr,
  CASE WHEN status <> 'OK' THEN NULL WHEN n % 37 = 0 THEN '2001:DB8:0:0::' || (n % 9) ELSE '10.1.' || (n % 5) || '.' || (n % 250) END AS dstaddr,
  CASE WHEN status = 'OK' THEN CAST(CASE WHEN n % 2 = 0 THEN 443 ELSE 32768 + n * 17 % 30000 END AS INTEGER) END AS srcport,
  CASE WHEN status = 'OK' THEN CAST(CASE WHEN n % 2 = 0 THEN 32768 + n * 17 % 30000 ELSE 443 END AS INTEGER) END AS dstport,
  CASE WHEN status = 'OK' THEN CAST(CASE n % 5 WHEN 0 THEN 17 ELSE 6 END AS INTEGER) END AS protocol,
  CASE WHEN status = 'OK' THEN CAST(n % 3 * 100000000000000 AS BIGINT) END AS packets, CASE WHEN n % 4 > 0 AND status = 'OK' THEN CAST(n AS BIGINT) END AS bytes,
  CAST(${DAY} + n * 13 % 86000 AS BIGINT) AS start, CAST(${DAY} + n * 13 % 86000 + n % 601 AS BIGINT) AS "end",
  CASE WHEN status = 'OK' THEN CASE WHEN n % 6 = 0 THEN 'REJECT' ELSE 'ACCEPT' END END AS action, status AS log_status,
  CASE WHEN n % 3 = 0 AND status = 'OK' THEN 2 WHEN n % 3 = 1 AND status = 'OK' THEN 19 END AS tcp_flags,
  CASE WHEN n % 11 = 0 AND status = 'OK' THEN '198.51.100.' || (n % 4) END AS pkt_srcaddr,
  CASE WHEN status = 'OK' THEN CASE WHEN n % 2 = 0 THEN 'ingress' ELSE 'egress' END END AS flow_direction,
  'vpc-' || n AS vpc_id
FROM (SELECT n, CASE WHEN n % 41 = 0 THEN 'NODATA' WHEN n % 43 = 0 THEN 'SKIPDATA' ELSE 'OK' END AS status FROM range(ROWS) r(n))`;

describe('Parquet is read column by column, and what is stored is what DuckDB stores', () => {
  it.each<[string, number, boolean]>([
    [', COMPRESSION snappy', 9000, true],
    [', COMPRESSION gzip, ROW_GROUP_SIZE 2048', 9000, true],
    [', COMPRESSION zstd', 9000, true],
    [', COMPRESSION uncompressed, ROW_GROUP_SIZE 4096', 9000, true],
    [', COMPRESSION snappy, STRING_DICTIONARY_PAGE_SIZE_LIMIT 1, DICTIONARY_SIZE_LIMIT 1', 3000, true],
    [', COMPRESSION zstd', 1, true],
    [', COMPRESSION zstd', 0, true],
    [', PARQUET_VERSION v2, DICTIONARY_SIZE_LIMIT 1', 3000, false],
    [', COMPRESSION lz4_raw', 3000, false],
  ])('%s, %i records', async (options, rows, taken) => {
    await withLogs({}, async (logs) => {
      await copy(RECORDS.replace('ROWS', String(rows)), join(logs, FILE), options);
      expect(await takes(logs)).toBe(taken);
      await expectTheSame(logs, KNOWN);
    });
  });

  it('beside text of the same day', async () => {
    const text = `version account-id interface-id srcaddr dstaddr srcport dstport protocol packets bytes start end action log-status
2 1 eni-07 10.0.0.1 10.0.0.2 40000 443 6 3 180 ${DAY} ${DAY + 9} ACCEPT OK\n`;
    await withLogs({ [NAME.replace('.log.gz', 'b.log')]: text }, async (logs) => {
      await copy(RECORDS.replace('ROWS', '500'), join(logs, FILE));
      expect(await takes(logs)).toBe(true);
      await expectTheSame(logs, KNOWN);
    });
  });
});

const KNOWN: Known = {
  interfaces: [
    { interfaceId: 'eni-07', addresses: ['10.0.1.9', '2001:db8:0::3'] },
    { interfaceId: 'eni-014', addresses: ['10.1.2.2', '10.0.0.26'] },
  ],
  changes: [{ interfaceId: 'eni-021', day: DAY }],
};

describe('the strict reader takes only Parquet that it is sure of', () => {
  const row = `'eni-0a' AS interface_id, '10.0.0.1' AS srcaddr, '10.0.0.2' AS dstaddr, 40000 AS srcport, 443 AS dstport, 6 AS protocol,
    CAST(${DAY} AS BIGINT) AS start, CAST(${DAY + 9} AS BIGINT) AS "end", 'ACCEPT' AS action, 'OK' AS log_status, 2 AS tcp_flags, CAST(NULL AS VARCHAR) AS pkt_srcaddr`;
  it.each<[string, string, boolean]>([
    ['as AWS writes it', '', true],
    ['missing as a dash, as nothing, as null', "REPLACE ('-' AS pkt_srcaddr, NULL AS tcp_flags)", true],
    ['an empty address', "REPLACE ('' AS pkt_srcaddr)", true],
    ['short numbers', 'REPLACE (CAST(6 AS UTINYINT) AS protocol, CAST(443 AS USMALLINT) AS dstport)', true],
    ['nothing said of a record without data', "REPLACE ('NODATA' AS log_status, 'x' AS srcaddr, -5 AS dstport)", true],
    ['numbers as text', "REPLACE ('443' AS dstport, '6' AS protocol)", false],
    ['a number as nobody writes it', "REPLACE ('0443' AS dstport)", false],
    ['a number that is as one missing', ", CAST('-9223372036854775808' AS BIGINT) AS packets", false],
    ['unsigned numbers of 64 bits', 'REPLACE (CAST(443 AS UBIGINT) AS dstport)', false],
    ['decimals', 'REPLACE (CAST(443 AS DECIMAL(9, 0)) AS dstport)', false],
    ['times', 'REPLACE (to_timestamp(1) AS start)', false],
    ['another column that is none of text and numbers', ', [1, 2] AS tags', false],
    ['a space within', "REPLACE ('eni-0a x' AS interface_id)", false],
    ['a quote within', "REPLACE ('eni-0\"a' AS interface_id)", false],
    ['a line within', "REPLACE ('eni-0a' || chr(10) || 'eni-0b' AS interface_id)", false],
    ['an address that is none', "REPLACE ('10.0.0.1.' AS srcaddr)", false],
    ['an address beyond ASCII', "REPLACE ('10.0.0.é' AS srcaddr)", false],
    ['a port below nothing', 'REPLACE (-5 AS dstport)', false],
    ['a port too high', 'REPLACE (70000 AS dstport)', false],
    ['no action', 'REPLACE (CAST(NULL AS VARCHAR) AS action)', false],
    ['an end before its start', `REPLACE (${DAY - 1} AS "end")`, false],
  ])('%s', async (_, change, expected) => {
    await withLogs({}, async (logs) => {
      const columns = change.startsWith(',') ? `*${change}` : `* ${change}`;
      await copy(`SELECT ${columns} FROM (SELECT ${row})`, join(logs, FILE));
      expect(await takes(logs)).toBe(expected);
      if (expected) await expectTheSame(logs);
    });
  });

  it('and no more records than it may hold', async () => {
    await withLogs({}, async (logs) => {
      await copy(RECORDS.replace('ROWS', '10'), join(logs, FILE));
      expect(rollWith(new Roller({ ...NOTHING_KNOWN, mostRecords: 9 }), join(logs, FILE))).toBeNull();
      expect(rollWith(new Roller({ ...NOTHING_KNOWN, mostRecords: 10 }), join(logs, FILE))).not.toBeNull();
    });
  });
});

describe('damaged Parquet', () => {
  it('is left to DuckDB, which says which file it is', async () => {
    await withLogs({}, async (logs) => {
      const path = join(logs, FILE);
      await copy(RECORDS.replace('ROWS', '2000'), path, ', COMPRESSION zstd');
      const bytes = await readFile(path);
      await writeFile(path, bytes.fill(0x55, 40, 400));
      await expectTheSame(logs);
    });
  });

  it('never harms the reader: any byte, any cut', async () => {
    await withLogs({}, async (logs) => {
      const path = join(logs, FILE);
      for (const codec of ['snappy', 'uncompressed']) {
        await copy(RECORDS.replace('ROWS', '300'), path, `, COMPRESSION ${codec}`);
        const bytes = await readFile(path);
        const roller = new Roller({ ...NOTHING_KNOWN, mostRecords: 1e6 });
        const good = rollWith(roller, path);
        await fc.assert(
          fc.asyncProperty(fc.nat(bytes.length - 1), fc.nat(255), fc.boolean(), async (at, byte, cut) => {
            await writeFile(path, cut ? bytes.subarray(0, at) : Buffer.from(bytes).fill(byte, at, at + 1));
            rollWith(roller, path);
          }),
          { numRuns: 200 },
        );
        await writeFile(path, bytes);
        expect(rollWith(roller, path)).toEqual(good);
      }
    });
  });
});
