import { existsSync } from 'node:fs';
import { join } from 'node:path';
import type { FlowLogSummary } from '../../model/finding.ts';
import { PareError } from '../../model/problem.ts';
import { numberedLedger } from '../duckdb/coded.ts';
import { Engine } from '../duckdb/engine.ts';
import { noRecords } from '../duckdb/store.ts';
import { mergeHoles } from '../holes.ts';
import { type FlowScan, type FlowStore, refusedSince, type ScanOptions, type Window } from '../ledger.ts';
import { attributeRecords, countEnds, type EndCounts, fillInventory, iso, ledgerRows } from '../pipeline.ts';
import { Skips } from '../skips.ts';
import { storedRecordsSql } from '../sql/flow.ts';
import { storedEdgesSql } from '../sql/opener.ts';
import { literal } from '../sql/text.ts';
import { openWatched, type Watched } from './columns/watched.ts';
import { type DataFile, type Manifest, readManifest, readSources } from './manifest.ts';
import { type NeededFiles, neededFiles } from './needed.ts';
import { byInterface } from './rows/merge.ts';
import { openRows, type Room, roomIn } from './rows/open.ts';

const MEMORY = '2GB';

export interface LedgerStoreOptions {
  /** A folder that `ingestFlowLogs` has written. */
  dir: string;
  tempDir: string;
  memoryLimit?: string;
  /** Who reads the rows: `columns-first` (the default) lets DuckDB do what we cannot. */
  reader?: 'columns-first' | 'duckdb';
  /** What may be held of the rows; absent: what a third of the memory takes. */
  room?: Room;
}

/**
 * The stored ledger as a FlowStore: who opened is decided here, with all days of the window at hand. The window begins at the start of a
 * UTC day and ends at the end of one or at the newest record, since days are what is stored: it is never shorter than asked for.
 */
export function openLedgerStore(store: LedgerStoreOptions): FlowStore {
  return {
    engine: 'ledger',
    async scan(options: ScanOptions): Promise<FlowScan> {
      const manifest = await readManifest(store.dir);
      const needed = neededFiles(manifest, options);
      if (needed === null) throw noRecords(store.dir);
      const engine = await Engine.open(store.tempDir, store.memoryLimit ?? MEMORY, options.signal);
      try {
        return await scan(engine, store, manifest, needed, options);
      } catch (error) {
        await engine.close();
        throw error;
      }
    },
  };
}

async function scan(
  engine: Engine,
  { dir, reader, memoryLimit, room = roomIn(memoryLimit ?? MEMORY) }: LedgerStoreOptions,
  manifest: Manifest,
  { window, read: days, refused: closed }: NeededFiles,
  options: ScanOptions,
): Promise<FlowScan> {
  const missing = days.map(({ path }) => join(dir, path)).find((path) => !existsSync(path));
  if (missing !== undefined) throw lost(missing);
  const filesOf = (table: DataFile['table']) =>
    days
      .filter((file) => file.table === table)
      .map(({ path, day }) => ({ path: join(dir, path), inside: day >= window.from }));
  const watched = await openWatched({
    engine,
    tally: filesOf('tally'),
    span: filesOf('span'),
    window,
    columns: reader !== 'duckdb',
    load: (table) => load(engine, dir, table, days, window),
  });
  const { firstSeen } = watched;
  const rows =
    (reader === 'duckdb' ? null : await openByColumns(engine, dir, days, firstSeen, window, options, room)) ??
    (await openBySql(engine, dir, days, firstSeen, window, options));
  const sources = await readSources(dir, manifest);
  const read = new Set(sources.map(({ name }) => name));
  const refused = new Map(
    manifest.segments.flatMap((segment) => segment.refused).map((file) => [file.name, file] as const),
  );
  const unread = [...refused.values()].filter(({ name }) => !read.has(name));
  const holes = mergeHoles(unread);
  const summary = summarise(manifest, unread, closed, rows.counts, watched);
  return {
    window,
    summary,
    ledger: rows.ledger,
    coverage: () => watched.coverage(holes),
    coverageHours: () => watched.coverageHours(holes),
    close: () => engine.close(),
  };
}

interface Rows {
  counts: EndCounts;
  ledger: FlowScan['ledger'];
}

/** Rows whose flags say who opened are summed here, and only the others go through DuckDB; null where that cannot be. */
async function openByColumns(
  engine: Engine,
  dir: string,
  days: readonly DataFile[],
  firstSeen: ReadonlyMap<string, number>,
  window: Window,
  options: ScanOptions,
  room: Room,
): Promise<Rows | null> {
  const files = days
    .filter(({ table }) => table === 'flow')
    .map(({ path, day, directed }) => ({ path: join(dir, path), day, directed: directed === true }));
  const opened = await openRows(engine, files, firstSeen, window, options, room);
  if (opened === null) return null;
  const { counts, names, said } = opened;
  return {
    counts,
    ledger: () => {
      const since = refusedSince(window, options.refusedDays);
      const { interfaces, addresses } = names;
      const others = numberedLedger(engine, since, interfaces.texts, addresses.texts);
      return byInterface(said(), others, (interfaceId) => interfaces.id(interfaceId));
    },
  };
}

/** All rows through DuckDB. */
async function openBySql(
  engine: Engine,
  dir: string,
  days: readonly DataFile[],
  firstSeen: ReadonlyMap<string, number>,
  window: Window,
  options: ScanOptions,
): Promise<Rows> {
  await load(engine, dir, 'flow', days, window);
  await engine.view('usable', storedRecordsSql('flow'));
  await fillInventory(engine, options);
  await engine.fill('heard', { interface_id: 'VARCHAR', first_start: 'BIGINT' }, [...firstSeen]);
  await attributeRecords(engine, options, window, storedEdgesSql('heard'));
  // All that is asked of them from here on stands in `ends`.
  await engine.run('DROP VIEW usable');
  await engine.drop('flow');
  return { counts: await countEnds(engine), ledger: () => ledgerRows(engine, window, options) };
}

const COLUMNS = {
  flow: 'interface_id VARCHAR, src VARCHAR, dst VARCHAR, srcport BIGINT, dstport BIGINT, protocol BIGINT, flags BIGINT, pkt_src VARCHAR, pkt_dst VARCHAR, direction VARCHAR, action VARCHAR, records BIGINT, packets BIGINT, bytes BIGINT, first_start BIGINT, last_end BIGINT',
  tally:
    'interface_id VARCHAR, hour BIGINT, watched BIGINT, no_data BIGINT, skip_data BIGINT, damaged BIGINT, longest BIGINT, first_start BIGINT',
  span: 'interface_id VARCHAR, width BIGINT, from_time BIGINT, to_time BIGINT',
};

/** The stored rows of a table. Of the day before the window only those that reach into it. */
async function load(
  engine: Engine,
  dir: string,
  table: keyof typeof COLUMNS,
  days: readonly DataFile[],
  window: Window,
): Promise<void> {
  await engine.run(`CREATE TABLE ${table} (${COLUMNS[table]})`);
  for (const inside of [true, false]) {
    const files = days
      .filter((file) => file.table === table && file.day >= window.from === inside)
      .map(({ path }) => join(dir, path));
    if (files.length === 0) continue;
    const names = COLUMNS[table].split(', ').map((column) => column.split(' ')[0]);
    await engine.run(`INSERT INTO ${table} SELECT ${names.join(', ')}
      FROM read_parquet([${files.map((file) => literal(file.replace(/[*?[]/g, '[$&]'))).join(', ')}], hive_partitioning = false)
      ${inside ? '' : 'WHERE crosses'}`);
  }
}

function summarise(
  manifest: Manifest,
  unread: readonly { path: string; why: string }[],
  closed: number,
  { accepted, rejected: met, unclear, example }: EndCounts,
  { noData, skipData }: Pick<Watched, 'noData' | 'skipData'>,
): FlowLogSummary {
  const { segments } = manifest;
  const sum = (pick: (segment: Manifest['segments'][number]) => number) =>
    segments.reduce((total, segment) => total + pick(segment), 0);
  const skips = new Skips();
  for (const { reason, count, example } of segments.flatMap(({ skipped }) => skipped))
    skips.add(reason, example, count);
  for (const { path, why } of unread) skips.add('file-that-cannot-be-read', `${path}: ${why}`);
  const rejected = met + closed;
  skips.add('record-whose-local-end-is-unknown', example, unclear);
  const formats = new Map<string, FlowLogSummary['formats'][number]>();
  for (const format of segments.flatMap((segment) => segment.formats)) {
    const known = formats.get(format.fields.join(' ')) ?? { fields: format.fields, files: 0, records: 0 };
    known.files += format.files;
    known.records += format.records;
    formats.set(format.fields.join(' '), known);
  }
  const times = segments.flatMap(({ oldest, newest }) => [oldest, newest]).filter((at) => at !== null);
  return {
    files: sum(({ files }) => files),
    bytes: sum(({ bytes }) => bytes),
    records: sum(({ records }) => records),
    accepted,
    rejected,
    noData,
    skipData,
    outsideWindow: sum(({ usable }) => usable) - accepted - rejected - unclear - noData - skipData,
    skipped: skips.list(),
    formats: [...formats].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, format]) => format),
    from: iso(times.length === 0 ? null : times.reduce((a, b) => Math.min(a, b))),
    to: iso(times.length === 0 ? null : times.reduce((a, b) => Math.max(a, b))),
  };
}

function lost(file: string): PareError {
  return new PareError({
    code: 'ledger-damaged',
    message: 'the manifest names a file that is not there: its traffic would pass for none',
    next: 'restore it from a copy, or ingest the flow logs into a new folder',
    fault: 'input',
    file,
  });
}
