import { join } from 'node:path';
import * as fc from 'fast-check';
import { expect } from 'vitest';
import { ingestFlowLogs, type LedgerRow, openLedgerStore, type ScanOptions } from '../../analyzer/flowlogs/index.ts';
import type { Room } from '../../analyzer/flowlogs/stored/rows/open.ts';
import { options, V2, V5, withFiles } from '../flowlogs/harness.ts';
import { DAY, INTERFACES, line, recordSet, sorted } from '../flowlogs/openers.ts';

/** What the stored ledger says by one of its readers. */
export async function readBy(
  reader: 'columns-first' | 'duckdb',
  dir: string,
  temp: string,
  some: Partial<ScanOptions>,
  room?: Room,
) {
  const phases = new Set<string>();
  const progress: ScanOptions['progress'] = ({ phase }) => phases.add(phase);
  const scan = await openLedgerStore({
    dir,
    tempDir: temp,
    memoryLimit: '500MB',
    reader,
    ...(room === undefined ? {} : { room }),
  }).scan(options({ ...some, progress }));
  try {
    const ledger: LedgerRow[] = [];
    const coverage: unknown[] = [];
    for await (const rows of scan.ledger()) ledger.push(...rows);
    for await (const rows of scan.coverage()) coverage.push(...rows);
    // Told so that a test can see who has read.
    const byColumns = phases.has('reading the ledger');
    return { byColumns, said: { window: scan.window, summary: scan.summary, ledger: sorted(ledger), coverage } };
  } finally {
    await scan.close();
  }
}

const WINDOWS: readonly ScanOptions['window'][] = [
  { from: DAY, to: DAY + 2 * 86_400 },
  { from: DAY + 86_400, to: DAY + 2 * 86_400 },
  { from: DAY, to: DAY + 86_400 },
  { lastDays: 1, to: null },
];

/**
 * Random records around a midnight, ingested in one or two runs (so that a day has several files) by our reader or by DuckDB: the ledger read by columns
 * says what DuckDB says of it. Ends with how many ledger rows of which evidence were compared.
 */
export async function readersAgree(numRuns: number, seed?: number): Promise<Map<string, number>> {
  const met = new Map<string, number>();
  const drawn = fc.record({
    records: recordSet,
    directed: fc.constantFrom('some', 'all', 'none'),
    parts: fc.constantFrom(1, 2),
    ingestedBy: fc.constantFrom('strict-first' as const, 'duckdb' as const),
    hourly: fc.constantFrom([], [DAY], [DAY, DAY + 86_400]),
    /** What ingest did not know may be known now, and the other way round. */
    atIngest: fc.subarray(INTERFACES),
    now: fc.subarray(INTERFACES),
    window: fc.constantFrom(...WINDOWS),
    /** Rows that are held; beyond them the files are read twice. */
    most: fc.constantFrom(0, 1, 3),
    refusedDays: fc.option(fc.constantFrom(0, 1), { nil: undefined }),
  });
  await fc.assert(
    fc.asyncProperty(drawn, async (d) => {
      const lines = d.records.map((record) => {
        if (d.directed === 'none') return { text: line({ ...record, direction: null }), v2: record.flags === null };
        const towards = ['10.0.0.1', '10.0.0.2', '10.0.0.3', '10.0.0.9', '2001:db8::2'].includes(record.dst);
        const direction = d.directed === 'all' ? (towards ? 'ingress' : 'egress') : record.direction;
        return { text: line({ ...record, direction }), v2: false };
      });
      const files: Record<string, string> = {};
      for (const [i, { text, v2 }] of lines.entries()) {
        const name = `${i % d.parts}/${v2 ? 'two' : 'five'}.log`;
        files[name] ??= `${v2 ? V2 : V5}\n`;
        files[name] += `${v2 ? text.split(' ').slice(0, 14).join(' ').replace(/^5/, '2') : text}\n`;
      }
      const changes = d.hourly.map((day) => ({ interfaceId: 'eni-0a', day }));
      await withFiles(files, async (logs, temp) => {
        const dir = join(temp, 'ledger');
        for (let part = 0; part < d.parts && lines.length > part; part += 1) {
          const { window: _, ...rest } = options({ interfaces: d.atIngest, changes });
          const paths = [join(logs, String(part))];
          await ingestFlowLogs({ ...rest, paths, dir, tempDir: temp, now: 0, reader: d.ingestedBy });
        }
        const { window, refusedDays } = d;
        const some = { interfaces: d.now, changes, window, ...(refusedDays === undefined ? {} : { refusedDays }) };
        const columns = await readBy('columns-first', dir, temp, some);
        const duckdb = await readBy('duckdb', dir, temp, some);
        // Of a window without a file nobody reads.
        expect([columns.byColumns, duckdb.byColumns]).toEqual([columns.said.ledger.length > 0, false]);
        expect(columns.said).toEqual(duckdb.said);
        const again = await readBy('columns-first', dir, temp, some, { addresses: 1000, rows: d.most });
        expect(again).toEqual(columns);
        for (const row of columns.said.ledger) {
          const evidence = /"evidence","(\w+)"/.exec(row)?.[1] ?? '';
          met.set(evidence, (met.get(evidence) ?? 0) + 1);
        }
      });
    }),
    { numRuns, ...(seed === undefined ? {} : { seed }) },
  );
  return met;
}
