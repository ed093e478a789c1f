import { randomBytes } from 'node:crypto';
import type { AthenaClient } from '@aws-sdk/client-athena';
import type { S3Client } from '@aws-sdk/client-s3';
import type { FlowLogSummary } from '../../model/finding.ts';
import { PareError } from '../../model/problem.ts';
import { noRecords } from '../duckdb/store.ts';
import { type FieldName, fieldOfColumn, NEEDED, USED } from '../fields.ts';
import { type Hole, holeOf, mergeHoles } from '../holes.ts';
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
import { AthenaEngine, removeAbandonedRuns } from './engine.ts';
import { listPages, placeOf, type StoredObject } from './objects.ts';

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
  /** Seconds since 1970: the newest files there can be, where the window has no end, and what makes a dead run's remains old. */
  now?: number;
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
        signal: options.signal,
        poll: store.poll ?? { first: 500, most: 5000 },
        attempts: store.attempts ?? 8,
      };
      const scratch = { queries, s3: store.s3, scratch: `${store.output.replace(/\/$/, '')}/scratch` };
      if (store.now !== undefined) await removeAbandonedRuns(scratch, store.now);
      const run = randomBytes(6).toString('hex');
      const engine = await AthenaEngine.open({ ...scratch, run, tempDir: store.tempDir });
      try {
        return await scan(engine, store, options, reach, found);
      } catch (error) {
        await engine.close();
        throw error;
      }
    },
  };
}

/** What normaliseSql gives, but for the file. */
const RECORD = [
  ...['interface_id', 'src', 'dst', 'srcport', 'dstport', 'protocol', 'packets', 'bytes', '"start"', '"end"'],
  ...['action', 'log_status', 'flags', 'pkt_src', 'pkt_dst', 'direction', 'problem'],
];

/** What lies in S3 for one table, by the folder of the files. */
interface Found {
  table: FlowLogTable;
  folders: Map<string, { files: number; bytes: number }>;
}

/** Days whose files may hold records of the window: files are cut by delivery, so the neighbours too. */
function reachOf(store: AthenaStoreOptions, options: ScanOptions): Window {
  const asked = options.window;
  if ('from' in asked) return { from: floor(asked.from) - DAY, to: floor(asked.to) + 2 * DAY };
  const to = asked.to ?? store.now;
  if (to === undefined) throw noEnd(null);
  return { from: floor(to - asked.lastDays * DAY) - 2 * DAY, to: floor(to) + 2 * DAY };
}

/** Lists the window's files: what a run will read, and which folders have any. */
async function findFiles(store: AthenaStoreOptions, reach: Window, options: ScanOptions): Promise<Found[]> {
  const found: Found[] = [];
  let bytes = 0;
  let newest = -1;
  for (const table of store.tables) {
    const folders: Found['folders'] = new Map();
    for (let day = reach.from; day < reach.to; day += DAY) {
      for (const location of table.locations) {
        const place = fillDate(location, day);
        const { bucket } = placeOf(place);
        for await (const page of listPages(store.s3, place, options.signal)) {
          for (const object of page.filter(isRead)) {
            const folder = `s3://${bucket}/${object.key.slice(0, object.key.lastIndexOf('/') + 1)}`;
            const own = folders.get(folder) ?? { files: 0, bytes: 0 };
            folders.set(folder, { files: own.files + 1, bytes: own.bytes + object.bytes });
            bytes += object.bytes;
            newest = Math.max(newest, day);
          }
        }
      }
    }
    found.push({ table, folders });
  }
  if (found.every(({ folders }) => folders.size === 0)) throw noRecords(placesOf(store));
  // The window ends at the newest record: where that is old, it begins before the days that were listed.
  const openEnd = 'lastDays' in options.window && options.window.to === null;
  if (openEnd && newest < reach.to - 3 * DAY) throw noEnd(newest);
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

/** Athena reads over files whose names begin with `_` or `.`, and nothing can come from an empty one. */
function isRead({ key, bytes }: StoredObject): boolean {
  return bytes > 0 && !/(^|\/)[_.][^/]*$/.test(key);
}

async function scan(
  engine: AthenaEngine,
  store: AthenaStoreOptions,
  options: ScanOptions,
  reach: Window,
  found: readonly Found[],
): Promise<FlowScan> {
  // A table each: together their statements could be longer than Athena takes.
  for (const [i, table] of store.tables.entries()) await engine.table(`record_${i}`, rawRecordsSql(table, reach));
  const all = (columns: (source: number) => string) =>
    store.tables.map((_, i) => `SELECT ${columns(i)} FROM record_${i}`).join('\nUNION ALL\n');
  await engine.view(
    'record',
    all(() => `${RECORD.join(', ')}, CASE WHEN problem IS NULL THEN NULL ELSE file END AS file`),
  );
  const read = await engine.rows(`SELECT source, folder, count(DISTINCT file) AS files, count(*) AS records
FROM (${all((source) => `${source} AS source, regexp_replace(file, '[^/]*$', '') AS folder, file`)}) f GROUP BY source, folder`);
  const skips = new Skips();
  const holes = filesWithoutRecords(found, read, options, skips);
  const badAddress = await fixAddresses(engine);
  await engine.table('usable', canonicalAddressesSql('record', 'address_fix'));
  const [row] = await engine.rows('SELECT max("end") AS newest FROM usable WHERE problem IS NULL');
  const newest = row?.newest;
  if (typeof newest !== 'number') throw noRecords(placesOf(store));
  const window = windowOf(options, newest);
  await fillInventory(engine, options);
  await attributeRecords(engine, options, window, edgesSql('usable', inWindow(window)));
  const spans = mergeHoles(holes).map(({ from, to }) => [from, to]);
  await engine.fill('hole', { from_time: 'BIGINT', to_time: 'BIGINT' }, spans);
  const summary = await summarise(engine, found, read, window, badAddress, skips);
  options.progress({ phase: 'read by Athena', done: engine.scanned, total: engine.scanned, unit: 'bytes' });
  return {
    window,
    summary,
    ledger: () => ledgerRows(engine, window, options),
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
    keepFile: true,
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

/**
 * Every file that lies in S3 must have given a record. Partition projection answers a day outside its range with no rows and no error, and
 * files in an archive class are read over: neither may pass for a day without traffic. Returns the time that is not known, with skipUnreadable.
 */
function filesWithoutRecords(
  found: readonly Found[],
  read: readonly Record<string, unknown>[],
  options: ScanOptions,
  skips: Skips,
): Hole[] {
  const seen = new Map(read.map((row) => [`${row.source} ${row.folder}`, Number(row.files)]));
  const holes: Hole[] = [];
  for (const [source, { table, folders }] of found.entries()) {
    for (const [folder, { files }] of [...folders].sort(([a], [b]) => (a < b ? -1 : 1))) {
      const missing = files - (seen.get(`${source} ${folder}`) ?? 0);
      if (missing <= 0) continue;
      const message = `the table ${table.database}.${table.name} shows no record of ${missing} of ${files} file(s) in ${folder}`;
      if (!options.skipUnreadable) {
        throw new PareError({
          code: 'athena-files-without-records',
          message,
          next: "check the table's partition projection (range, format, location template) and the files' storage class, or pass --skip-unreadable",
          fault: 'configuration',
        });
      }
      skips.add('file-that-cannot-be-read', message, missing);
      holes.push(holeOf(folder));
    }
  }
  return holes;
}

function windowOf(options: ScanOptions, newest: number): Window {
  if ('from' in options.window) return options.window;
  const to = options.window.to ?? newest + 1;
  return { from: to - options.window.lastDays * DAY, to };
}

async function summarise(
  engine: AthenaEngine,
  found: readonly Found[],
  read: readonly Record<string, unknown>[],
  window: Window,
  badAddress: string | null,
  skips: Skips,
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
  for (const row of problems)
    skips.add(String(row.problem), row.file === null ? `address ${badAddress}` : String(row.file), Number(row.n));
  const { accepted, rejected, unclear, example } = await countEnds(engine);
  skips.add('record-whose-local-end-is-unknown', example, unclear);
  const folders = found.flatMap((each) => [...each.folders.values()]);
  return {
    files: folders.reduce((sum, { files }) => sum + files, 0),
    bytes: folders.reduce((sum, { bytes }) => sum + bytes, 0),
    records: Number(count?.records),
    accepted,
    rejected,
    noData: Number(count?.no_data),
    skipData: Number(count?.skip_data),
    outsideWindow: Number(count?.outside),
    skipped: skips.list(),
    formats: formatsOf(found, read),
    from: iso(count?.oldest),
    to: iso(count?.newest),
  };
}

/** As the DuckDB store tells them: Parquet first, tables of one format as one. */
function formatsOf(found: readonly Found[], read: readonly Record<string, unknown>[]): FlowLogSummary['formats'] {
  const byFormat = new Map<string, FlowLogSummary['formats'][number]>();
  for (const [source, { table, folders }] of found.entries()) {
    if (folders.size === 0) continue;
    const fields = table.columns.map((column) => (table.format === 'text' ? fieldOfColumn(column) : column));
    const key = JSON.stringify([table.format, fields]);
    const own = byFormat.get(key) ?? { fields, files: 0, records: 0 };
    for (const { files } of folders.values()) own.files += files;
    for (const row of read) if (Number(row.source) === source) own.records += Number(row.records);
    byFormat.set(key, own);
  }
  return [...byFormat].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, format]) => format);
}

function placesOf(store: AthenaStoreOptions): string {
  return store.tables.flatMap(({ locations }) => locations).join(', ');
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

function noEnd(newest: number | null): PareError {
  const told = newest === null ? '' : ` (the newest files are of ${iso(newest)?.slice(0, 10)})`;
  return new PareError({
    code: 'athena-window-without-end',
    message: `the window has no end, and Athena cannot be asked for the newest record without reading everything${told}`,
    next: 'give --to',
    fault: 'configuration',
  });
}
