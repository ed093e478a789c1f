import { randomBytes } from 'node:crypto';
import type { AthenaClient } from '@aws-sdk/client-athena';
import type { S3Client } from '@aws-sdk/client-s3';
import type { FlowLogSummary } from '../../model/finding.ts';
import { PareError } from '../../model/problem.ts';
import { noRecords } from '../duckdb/store.ts';
import { type FieldName, fieldOfColumn, NEEDED, USED } from '../fields.ts';
import type { FlowScan, FlowStore, ScanOptions, Window } from '../ledger.ts';
import {
  attributeRecords,
  countEnds,
  coverageRows,
  fillInventory,
  fixAddresses,
  iso,
  ledgerRows,
} from '../pipeline.ts';
import { Skips } from '../skips.ts';
import { coverageSql } from '../sql/coverage.ts';
import { inWindow } from '../sql/ends.ts';
import { canonicalAddressesSql, normaliseSql, type RawField } from '../sql/normalise.ts';
import { edgesSql } from '../sql/opener.ts';
import { literal } from '../sql/text.ts';
import { AthenaEngine } from './engine.ts';
import { listObjects, type StoredObject } from './objects.ts';

/** A table over flow logs in S3, as the Pulumi program makes them: a column for each field, with underscores. */
export interface FlowLogTable {
  database: string;
  name: string;
  format: 'text' | 'parquet';
  /** In the order of the files. In a text table all columns are strings, so that damage is seen and not cast away. */
  columns: readonly string[];
  /** A last column of a text table that only lines with too many fields fill. */
  extraColumn: string | null;
  /** The partition of a day: `date` compares one column with the day in its format, `parts` three. */
  partition:
    | { by: 'date'; column: string; format: 'yyyy/MM/dd' | 'yyyy-MM-dd' }
    | { by: 'parts'; year: string; month: string; day: string };
  /** Where a day's files lie, with {yyyy}, {MM} and {dd}. Several accounts or regions: several prefixes. */
  locations: readonly string[];
}

export interface AthenaStoreOptions {
  client: AthenaClient;
  s3: S3Client;
  workgroup: string;
  tables: readonly FlowLogTable[];
  /** s3:// prefix for results and scratch tables; what a run puts there it takes away. */
  output: string;
  tempDir: string;
  /** Ends the run before it costs anything when the window's files hold more than this. */
  maxScanBytes?: number;
  /** The newest day that can have files, where the window has no end. */
  today?: number;
  poll?: { first: number; most: number };
  attempts?: number;
}

const DAY = 86400;

/**
 * Flow logs in S3, read by Athena with the same SQL as DuckDB's. The raw tables are read once; all later steps read scratch tables in
 * Parquet. Throws PareError where Athena fails, is throttled, is cancelled, or would read more than is allowed.
 */
export function openAthenaStore(store: AthenaStoreOptions): FlowStore {
  return {
    engine: 'athena',
    async scan(options: ScanOptions): Promise<FlowScan> {
      const reach = reachOf(store, options);
      const found = await findFiles(store, reach, options);
      const queries = {
        client: store.client,
        workgroup: store.workgroup,
        output: `${store.output.replace(/\/$/, '')}/results/`,
        signal: options.signal,
        poll: store.poll ?? { first: 500, most: 5000 },
        attempts: store.attempts ?? 8,
      };
      const run = randomBytes(6).toString('hex');
      const place = `${store.output.replace(/\/$/, '')}/scratch`;
      const engine = await AthenaEngine.open(queries, store.s3, store.tempDir, run, place);
      try {
        return await scan(engine, store, options, reach, found);
      } catch (error) {
        await engine.close();
        throw error;
      }
    },
  };
}

interface Found {
  table: FlowLogTable;
  days: Map<number, StoredObject[]>;
}

/** Days whose files may hold records of the window: files are cut by delivery, so the neighbours too. */
function reachOf(store: AthenaStoreOptions, options: ScanOptions): Window {
  const asked = options.window;
  if ('from' in asked) return { from: floor(asked.from) - DAY, to: floor(asked.to) + 2 * DAY };
  const to = asked.to ?? store.today;
  if (to === undefined) throw noEnd();
  return { from: floor(to - asked.lastDays * DAY) - 2 * DAY, to: floor(to) + 2 * DAY };
}

/** Lists the window's files: what a run will read, and which days have any. */
async function findFiles(store: AthenaStoreOptions, reach: Window, options: ScanOptions): Promise<Found[]> {
  const found: Found[] = [];
  let bytes = 0;
  for (const table of store.tables) {
    const days = new Map<number, StoredObject[]>();
    for (let day = reach.from; day < reach.to; day += DAY) {
      const objects: StoredObject[] = [];
      for (const location of table.locations)
        objects.push(...(await listObjects(store.s3, fillDate(location, day), options.signal)));
      if (objects.length === 0) continue;
      days.set(day, objects);
      bytes += objects.reduce((sum, object) => sum + object.bytes, 0);
    }
    found.push({ table, days });
  }
  if (found.every(({ days }) => days.size === 0)) throw noRecords(store.tables.flatMap((t) => t.locations).join(', '));
  options.progress({ phase: 'estimating what Athena will read', done: bytes, total: bytes, unit: 'bytes' });
  if (store.maxScanBytes !== undefined && bytes > store.maxScanBytes) {
    throw new PareError({
      code: 'athena-estimate-above-limit',
      message: `the window's files hold ${bytes} bytes, more than the limit of ${store.maxScanBytes}`,
      next: 'raise the limit, judge a shorter window, or ingest the logs into a ledger day by day',
      fault: 'configuration',
    });
  }
  return found;
}

async function scan(
  engine: AthenaEngine,
  store: AthenaStoreOptions,
  options: ScanOptions,
  reach: Window,
  found: readonly Found[],
): Promise<FlowScan> {
  const parts = store.tables.map((table, i) => `SELECT ${i} AS source, n.* FROM (${rawRecordsSql(table, reach)}) n`);
  await engine.table('record', parts.join('\nUNION ALL\n'));
  const bySource = await engine.rows(
    `SELECT source, "start" - mod("start", 86400) AS day, count(*) AS records FROM record GROUP BY source, "start" - mod("start", 86400)`,
  );
  refuseEmptyPartitions(found, bySource, reach);
  const badAddress = await fixAddresses(engine);
  await engine.table('usable', canonicalAddressesSql('record', 'address_fix'));
  const [row] = await engine.rows('SELECT max("end") AS newest FROM usable WHERE problem IS NULL');
  const newest = row?.newest;
  if (typeof newest !== 'number') throw noRecords(store.tables.flatMap((table) => table.locations).join(', '));
  const window = windowOf(options, newest);
  await fillInventory(engine, options);
  await attributeRecords(engine, options, window, edgesSql('usable', inWindow(window)));
  await engine.fill('hole', { from_time: 'BIGINT', to_time: 'BIGINT' }, []);
  const summary = await summarise(engine, found, bySource, window, badAddress);
  options.progress({ phase: 'read by Athena', done: engine.scanned, total: engine.scanned, unit: 'bytes' });
  return {
    window,
    summary,
    ledger: () => ledgerRows(engine),
    coverage: () => coverageRows(engine, coverageSql('usable', 'hole', window)),
    close: () => engine.close(),
  };
}

/** One table's records of the days in `reach`. Exported for the tests of what Athena is asked. */
export function rawRecordsSql(table: FlowLogTable, reach: Window): string {
  const field = (name: FieldName): RawField => {
    const column = table.columns.find((each) => fieldOfColumn(each) === name);
    if (column === undefined) return { as: 'absent' };
    const numeric = table.format === 'parquet' && NUMERIC.has(name);
    return { as: numeric ? 'number' : 'text', column: quote(column) };
  };
  const fields = Object.fromEntries([...NEEDED, ...USED].map((name) => [name, field(name)])) as Record<
    FieldName,
    RawField
  >;
  const lost = NEEDED.filter((name) => fields[name].as === 'absent');
  if (lost.length > 0) {
    throw new PareError({
      code: `flow-log-table-without-${lost[0]}`,
      message: `the table ${table.database}.${table.name} lacks ${lost.join(', ')}`,
      next: 'leave this table out, or create a flow log whose format has these fields',
      fault: 'configuration',
    });
  }
  const last = table.columns.at(-1)!;
  const extra = table.extraColumn === null ? '' : ` OR ${quote(table.extraColumn)} IS NOT NULL`;
  return normaliseSql({
    from: `(SELECT t.*, "$path" AS pare_file FROM ${quote(table.database)}.${quote(table.name)} t WHERE ${inReach(table, reach)}) raw`,
    fields,
    file: 'pare_file',
    misshapen: table.format === 'text' ? `(${quote(last)} IS NULL${extra})` : null,
  });
}

const NUMERIC: ReadonlySet<string> = new Set([
  'srcport',
  'dstport',
  'protocol',
  'packets',
  'bytes',
  'start',
  'end',
  'tcp-flags',
]);

function inReach({ partition }: FlowLogTable, reach: Window): string {
  const [first, last] = [reach.from, reach.to - DAY];
  if (partition.by === 'date') {
    const text = (day: number) =>
      literal(fillDate(partition.format.replace('yyyy', '{yyyy}').replace('MM', '{MM}').replace('dd', '{dd}'), day));
    return `${quote(partition.column)} BETWEEN ${text(first)} AND ${text(last)}`;
  }
  // Year by year and month by month would prune less: the days are few, and each is one partition.
  const days: string[] = [];
  for (let day = first; day <= last; day += DAY) days.push(literal(fillDate('{yyyy}{MM}{dd}', day)));
  const key = [partition.year, partition.month, partition.day].map((column) => quote(column)).join(' || ');
  return `${key} IN (${days.join(', ')})`;
}

/** Partition projection answers a day outside its range with no rows and no error: that must never pass for a day without traffic. */
function refuseEmptyPartitions(
  found: readonly Found[],
  bySource: readonly Record<string, unknown>[],
  reach: Window,
): void {
  for (const [source, { table, days }] of found.entries()) {
    const seen = new Set(bySource.filter((row) => Number(row.source) === source).map((row) => Number(row.day)));
    for (const [day, objects] of days) {
      // A first file may hold only the tail of the day before, and one in a folder at the edge too.
      const near = [day - DAY, day, day + DAY].some((each) => seen.has(each));
      if (near || objects.every(({ bytes }) => bytes === 0) || day < reach.from) continue;
      throw new PareError({
        code: 'athena-partition-empty',
        message: `the table ${table.database}.${table.name} shows no record near ${iso(day)?.slice(0, 10)}, although ${objects.length} file(s) of that day lie in S3`,
        next: "check the table's partition projection (range, format and location template)",
        fault: 'configuration',
      });
    }
  }
}

function windowOf(options: ScanOptions, newest: number): Window {
  if ('from' in options.window) return options.window;
  const to = options.window.to ?? newest + 1;
  return { from: to - options.window.lastDays * DAY, to };
}

async function summarise(
  engine: AthenaEngine,
  found: readonly Found[],
  bySource: readonly Record<string, unknown>[],
  window: Window,
  badAddress: string | null,
): Promise<FlowLogSummary> {
  const inside = inWindow(window);
  const [count] = await engine.rows(`SELECT count(*) AS records,
    count(*) FILTER (WHERE problem IS NULL AND log_status = 'NODATA' AND ${inside}) AS no_data,
    count(*) FILTER (WHERE problem IS NULL AND log_status = 'SKIPDATA' AND ${inside}) AS skip_data,
    count(*) FILTER (WHERE problem IS NULL AND NOT (${inside})) AS outside,
    min("start") FILTER (WHERE problem IS NULL) AS oldest, max("end") FILTER (WHERE problem IS NULL) AS newest FROM usable`);
  const problems = await engine.rows(
    'SELECT problem, count(*) AS n, min(file) AS file FROM usable WHERE problem IS NOT NULL GROUP BY problem',
  );
  const skips = new Skips();
  for (const row of problems)
    skips.add(String(row.problem), row.file === null ? `address ${badAddress}` : String(row.file), Number(row.n));
  const { accepted, rejected, unclear, example } = await countEnds(engine);
  skips.add('record-whose-local-end-is-unknown', example, unclear);
  const objects = found.map(({ days }) => [...days.values()].flat());
  return {
    files: objects.flat().length,
    bytes: objects.flat().reduce((sum, { bytes }) => sum + bytes, 0),
    records: Number(count?.records),
    accepted,
    rejected,
    noData: Number(count?.no_data),
    skipData: Number(count?.skip_data),
    outsideWindow: Number(count?.outside),
    skipped: skips.list(),
    formats: found.flatMap(({ table }, source) => {
      const own = bySource.filter((row) => Number(row.source) === source);
      const records = own.reduce((sum, row) => sum + Number(row.records), 0);
      const fields = table.columns.map((column) => (table.format === 'text' ? fieldOfColumn(column) : column));
      return objects[source]!.length === 0 ? [] : [{ fields, files: objects[source]!.length, records }];
    }),
    from: iso(count?.oldest),
    to: iso(count?.newest),
  };
}

function floor(at: number): number {
  return Math.floor(at / DAY) * DAY;
}

function fillDate(template: string, day: number): string {
  const date = new Date(day * 1000).toISOString();
  return template
    .replaceAll('{yyyy}', date.slice(0, 4))
    .replaceAll('{MM}', date.slice(5, 7))
    .replaceAll('{dd}', date.slice(8, 10));
}

function quote(name: string): string {
  return `"${name.replaceAll('"', '""')}"`;
}

function noEnd(): PareError {
  return new PareError({
    code: 'athena-window-without-end',
    message: 'the window has no end, and Athena cannot be asked for the newest record without reading everything',
    next: 'give --to',
    fault: 'configuration',
  });
}
