import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { DuckDBInstance } from '@duckdb/node-api';
import * as fc from 'fast-check';
import { expect } from 'vitest';
import { type IngestOptions, ingestFlowLogs } from '../../analyzer/flowlogs/index.ts';
import { readManifest } from '../../analyzer/flowlogs/stored/manifest.ts';
import { Roller } from '../../analyzer/flowlogs/stored/roll/batch.ts';
import type { RolledFile } from '../../analyzer/flowlogs/stored/roll/files.ts';
import { filesOf } from '../bench/files.ts';
import { options, V5 } from '../flowlogs/harness.ts';

export type Known = Pick<IngestOptions, 'interfaces' | 'changes'>;
export const NOTHING_KNOWN: Known = { interfaces: [], changes: [] };
export const DAY = Date.UTC(2024, 9, 4) / 1000;
/** AWS's name for a file of that day. */
export const NAME = '123456789012_vpcflowlogs_eu-west-1_fl-0a_20241004T1200Z_0a.log.gz';

/** What a reader makes of the files: its problem, or the manifest and every stored row, in an order of its own. */
async function ingested(reader: 'strict-first' | 'duckdb', logs: string, known: Known) {
  const dir = await mkdtemp(join(tmpdir(), 'pare-roll-'));
  const ledger = join(dir, 'ledger');
  const duckdb = await DuckDBInstance.create(':memory:', { threads: '1' });
  const { window: _, ...rest } = options({ ...known, skipUnreadable: true });
  try {
    const done = await ingestFlowLogs({ ...rest, reader, paths: [logs], dir: ledger, tempDir: dir, now: 0 });
    const { segments } = await readManifest(ledger);
    const connection = await duckdb.connect();
    const data: unknown[] = [];
    for (const { path, ...said } of segments.flatMap((segment) => segment.data)) {
      const result = await connection.runAndReadAll(
        `SELECT * FROM read_parquet('${join(ledger, path)}', hive_partitioning = false) ORDER BY ALL`,
      );
      data.push({ ...said, columns: result.columnNamesAndTypesJson(), rows: result.getRowsJson() });
    }
    connection.closeSync();
    return { done, data, segments: segments.map(({ run: _run, data: _data, ...segment }) => segment) };
  } catch (error) {
    return { error: String(error) };
  } finally {
    duckdb.closeSync();
    await rm(dir, { recursive: true, force: true });
  }
}

export async function expectTheSame(logs: string, known: Known = NOTHING_KNOWN): Promise<void> {
  const strict = await ingested('strict-first', logs, known);
  expect(strict).toEqual(await ingested('duckdb', logs, known));
}

export async function withLogs<T>(
  files: Readonly<Record<string, string | Uint8Array>>,
  use: (logs: string) => Promise<T>,
): Promise<T> {
  const logs = await mkdtemp(join(tmpdir(), 'pare-roll-logs-'));
  try {
    for (const [name, content] of Object.entries(files)) await writeFile(join(logs, name), content);
    return await use(logs);
  } finally {
    await rm(logs, { recursive: true, force: true });
  }
}

/** Whether the strict reader takes the files at all. */
export async function takes(logs: string): Promise<boolean> {
  const { paths } = await filesOf(logs);
  return rollWith(new Roller({ ...NOTHING_KNOWN, mostRecords: 1e6 }), ...paths) !== null;
}

/** What a roller makes of the files, with a copy of each data file; null where it leaves them to DuckDB. */
export function rollWith(roller: Roller, ...paths: readonly string[]) {
  const files: RolledFile[] = [];
  const keep = (file: RolledFile) => files.push({ ...file, content: Buffer.from(file.content) });
  const rolled = roller.roll(
    paths.map((path) => ({ path })),
    keep,
  );
  return rolled === null ? null : { ...rolled, files };
}

/** Any good records in two files: the strict reader takes them, and both readers store the same. */
export async function goodRecordsAgree(runs: number): Promise<void> {
  await fc.assert(
    fc.asyncProperty(drawnFile(GOOD), drawnFile(GOOD), KNOWN, async (one, two, known) => {
      const files = { [NAME]: gzipSync(one), [NAME.replace('T1200', 'T1205')]: gzipSync(two) };
      await withLogs(files, async (logs) => {
        expect(await takes(logs)).toBe(true);
        await expectTheSame(logs, known);
      });
    }),
    { numRuns: runs },
  );
}

/** Spoiled records: where the strict reader takes a file all the same, both readers store the same. Returns how many it took. */
export async function whatIsTakenAgrees(runs: number): Promise<number> {
  let taken = 0;
  await fc.assert(
    fc.asyncProperty(drawnFile(ANY), KNOWN, async (text, known) => {
      await withLogs({ [NAME]: gzipSync(text) }, async (logs) => {
        if (!(await takes(logs))) return;
        taken += 1;
        await expectTheSame(logs, known);
      });
    }),
    { numRuns: runs },
  );
  return taken;
}

const ADDRESSES = ['10.0.0.1', '10.0.0.2', '10.0.1.9', '203.0.113.7', '2001:db8::1', '2001:DB8:0:0::2', '0.0.0.0'];

const KNOWN: fc.Arbitrary<Known> = fc
  .record({
    own: fc.array(fc.tuple(fc.constantFrom('eni-0a', 'eni-0b'), fc.constantFrom(...ADDRESSES)), { maxLength: 3 }),
    changed: fc.array(fc.tuple(fc.constantFrom('eni-0a', 'eni-0b'), fc.constantFrom(0, 1)), { maxLength: 2 }),
  })
  .map(({ own, changed }) => ({
    interfaces: own.map(([interfaceId, address]) => ({ interfaceId, addresses: [address] })),
    changes: changed.map(([interfaceId, day]) => ({ interfaceId, day: DAY + day * 86400 })),
  }));

interface Values {
  [field: string]: string | number;
}

/** Of few values, so that records meet. */
const GOOD: fc.Arbitrary<Values> = fc
  .record({
    'interface-id': fc.constantFrom('eni-0a', 'eni-0b', 'eni-0123456789abcdef0'),
    srcaddr: fc.constantFrom(...ADDRESSES),
    dstaddr: fc.constantFrom(...ADDRESSES),
    srcport: fc.constantFrom(40000, 40001, 443, 22, 0, 65535, 32768, 32767),
    dstport: fc.constantFrom(40000, 40001, 443, 22, 0, 65535, 32768, 32767),
    protocol: fc.constantFrom(6, 6, 6, 17, 1, 58, 0),
    packets: fc.constantFrom<string | number>(1, 20, '-'),
    bytes: fc.constantFrom<string | number>(40, 1e14, '-'),
    at: fc.oneof(fc.integer({ min: 0, max: 2000 }), fc.integer({ min: 79_000, max: 87_000 })),
    length: fc.constantFrom(0, 1, 58, 91, 600, 3600),
    action: fc.constantFrom('ACCEPT', 'ACCEPT', 'REJECT'),
    'log-status': fc.constantFrom('OK', 'OK', 'OK', 'OK', 'NODATA', 'SKIPDATA'),
    'tcp-flags': fc.constantFrom<string | number>(2, 18, 3, 19, 0, 1, 4, 16, '-'),
    'pkt-srcaddr': fc.constantFrom('-', 'same', ...ADDRESSES),
    'pkt-dstaddr': fc.constantFrom('-', 'same', ...ADDRESSES),
    'flow-direction': fc.constantFrom('ingress', 'egress', '-'),
    'vpc-id': fc.constantFrom('vpc-0a', '-'),
  })
  .map(({ at, length, ...values }): Values => {
    const same = (end: 'src' | 'dst') => {
      const packet = values[`pkt-${end}addr`];
      return packet === 'same' ? values[`${end}addr`] : packet;
    };
    const times = { start: DAY + at, end: DAY + at + length };
    const whole = { ...values, ...times, 'pkt-srcaddr': same('src'), 'pkt-dstaddr': same('dst') };
    if (values['log-status'] === 'OK') return whole;
    const { 'interface-id': interfaceId, 'log-status': status } = values;
    return Object.fromEntries(
      Object.keys(whole).map((field) => [
        field,
        ({ 'interface-id': interfaceId, 'log-status': status, ...times } as Values)[field] ?? '-',
      ]),
    );
  });

const DAMAGE = [
  '-',
  '',
  '007',
  '-1',
  '1e3',
  'x',
  '256.1.1.1',
  '::g',
  '70000',
  '99999999999999999999',
  'eni-',
  'ä',
  'log-status',
];
/** Now and then with one field spoiled. */
const ANY: fc.Arbitrary<Values> = fc
  .tuple(GOOD, fc.option(fc.tuple(fc.nat(17), fc.constantFrom(...DAMAGE)), { freq: 6 }))
  .map(([values, damage]) => {
    if (damage === null) return values;
    const field = Object.keys(values)[damage[0] % Object.keys(values).length]!;
    return { ...values, [field]: damage[1] };
  });

/** A file of such records with its fields in any order; those that a format need not have may be missing. */
function drawnFile(record: fc.Arbitrary<Values>): fc.Arbitrary<string> {
  const all = [...new Set([...V5.split(' '), 'vpc-id'])].filter((field) => !/^(version|account-id)$/.test(field));
  const spare = ['packets', 'bytes', 'tcp-flags', 'pkt-srcaddr', 'pkt-dstaddr', 'flow-direction', 'vpc-id'];
  return fc
    .tuple(
      fc.shuffledSubarray(all, { minLength: all.length, maxLength: all.length }),
      fc.subarray(spare),
      fc.array(record, { minLength: 1, maxLength: 40 }),
    )
    .map(([order, left, records]) => {
      const fields = order.filter((field) => !left.includes(field));
      return `${[fields.join(' '), ...records.map((values) => fields.map((f) => values[f]).join(' '))].join('\n')}\n`;
    });
}
