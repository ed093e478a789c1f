import { randomBytes } from 'node:crypto';
import { mkdir } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { PareError } from '../../model/problem.ts';
import { discover } from '../discover.ts';
import { collect } from '../duckdb/collect.ts';
import { Engine } from '../duckdb/engine.ts';
import { RECORD_TABLE } from '../duckdb/load.ts';
import { addProblems } from '../duckdb/store.ts';
import { holeOf } from '../holes.ts';
import type { ScanOptions } from '../ledger.ts';
import { fillInventory, fixAddresses } from '../pipeline.ts';
import { spansSql } from '../sql/coverage.ts';
import { flowSql, tallySql } from '../sql/flow.ts';
import { canonicalAddressesSql } from '../sql/normalise.ts';
import { literal } from '../sql/text.ts';
import { dataPath } from './data-path.ts';
import {
  type DataFile,
  digestOf,
  LEDGER_VERSION,
  type Manifest,
  readManifest,
  readSources,
  removeAbandoned,
  type Segment,
  type Source,
  syncFile,
  writeManifest,
  writeSources,
} from './manifest.ts';
import type { WrittenBatch } from './roll/pool.ts';
import { rolledBatches } from './rolled-batches.ts';

export interface IngestOptions extends Omit<ScanOptions, 'window'> {
  /** Files and folders, in any of AWS's layouts. */
  paths: readonly string[];
  /** The ledger's folder; made where it is not there. */
  dir: string;
  tempDir: string;
  /** As DuckDB reads it, 2GB by default; the strict reader's threads share as much among them, and leave what is more to DuckDB, which spills. */
  memoryLimit?: string;
  /** `duckdb`: every file is read by DuckDB, which is slower and decides the same (test/ledger/roll.test.ts). */
  reader?: 'strict-first' | 'duckdb';
  /** Milliseconds since 1970, to tell what a dead run has left long ago. */
  now: number;
}

export interface Ingested {
  /** Files read in this run, and files that were in the ledger already. */
  files: number;
  known: number;
  records: number;
  /** Files that could not be read, with skipUnreadable: holes in the coverage until they can be. */
  refused: number;
  /** UTC days that got rows. */
  days: number[];
}

/** Times beyond the year 2200 are no times of flow logs; such records are counted and not kept. */
const LAST_DAY = 7_258_118_400;

interface File extends Source {
  path: string;
  bytes: number;
}

/**
 * Reads flow-log files that are not yet in the ledger, each exactly once, in batches of what was delivered on one day. A batch is in the
 * ledger whole or not at all, so a run that dies is run again. Throws PareError for input it cannot read; earlier batches then stay.
 */
export async function ingestFlowLogs(options: IngestOptions): Promise<Ingested> {
  const { dir, signal } = options;
  let manifest = await readManifest(dir);
  await removeAbandoned(dir, manifest, options.now);
  const known = await readSources(dir, manifest);
  const digests = new Set(known.map((source) => source.sha256));
  const names = new Map(known.map((source) => [source.name, source.sha256]));
  const out: Ingested = { files: 0, known: 0, records: 0, refused: 0, days: [] };
  const batches = new Map<number, File[]>();
  const found = await discover(options.paths, signal);
  let bytes = 0;
  for (const { path, bytes: size } of found.files) {
    const file = { path, bytes: size, name: basename(path), sha256: await digestOf(path, size, signal) };
    if (digests.has(file.sha256)) {
      out.known++;
      continue;
    }
    // AWS never writes a file again; two contents under one of its names would count some records twice.
    if (isAwsName(file.name) && names.has(file.name)) throw changed(path);
    digests.add(file.sha256);
    names.set(file.name, file.sha256);
    const { from } = holeOf(path);
    const day = from - (from % 86400);
    const batch = batches.get(day) ?? [];
    batch.push(file);
    batches.set(day, batch);
    bytes += size;
  }
  const days = new Set<number>();
  let done = 0;
  const progress = () => options.progress({ phase: 'ingesting flow logs', done, total: bytes, unit: 'bytes' });
  // One batch's own progress would jump back with the next.
  const quiet = batches.size > 1 ? { ...options, progress: () => {} } : options;
  const sorted = [...batches].sort(([a], [b]) => a - b).map(([, files]) => files);
  for await (const [files, rolled] of rolledBatches(options, sorted)) {
    if (sorted.length > 1) progress();
    const segment = rolled === null ? await ingestBatch(quiet, manifest, files) : await keepRolled(dir, files, rolled);
    done += files.reduce((sum, file) => sum + file.bytes, 0);
    if (segment === null) continue;
    manifest = {
      schemaVersion: LEDGER_VERSION,
      sequence: manifest.sequence + 1,
      segments: [...manifest.segments, segment],
    };
    await writeManifest(dir, manifest);
    out.files += files.length - segment.refused.length;
    out.refused += segment.refused.length;
    out.records += segment.records;
    for (const { day } of segment.data) days.add(day);
  }
  out.days = [...days].sort((a, b) => a - b);
  return out;
}

/** The segment of a batch whose data files a thread has written. */
async function keepRolled(dir: string, files: readonly File[], rolled: WrittenBatch): Promise<Segment> {
  const { run, data } = rolled;
  await writeSources(
    dir,
    run,
    files.map(({ name, sha256 }) => ({ name, sha256 })),
  );
  const { records, bytes, oldest, newest } = rolled;
  return {
    run,
    files: files.length,
    bytes,
    records,
    usable: records,
    oldest,
    newest,
    skipped: [],
    formats: rolled.formats.map(({ fields, files: n, records: r }) => ({ fields: [...fields], files: n, records: r })),
    refused: [],
    data,
  };
}

async function ingestBatch(
  options: IngestOptions,
  manifest: Manifest,
  files: readonly File[],
): Promise<Segment | null> {
  const engine = await Engine.open(options.tempDir, options.memoryLimit ?? '2GB', options.signal);
  try {
    await engine.run(RECORD_TABLE);
    const paths = files.map(({ path }) => path);
    const collected = await collect(engine, paths, { ...options, window: { lastDays: 0, to: null } });
    const badAddress = await fixAddresses(engine);
    await engine.table('usable', canonicalAddressesSql('record', 'address_fix'));
    await fillInventory(engine, options);
    const [count] = await engine.rows(`SELECT count(*) AS records, count(*) FILTER (WHERE problem IS NULL) AS usable,
      min("start") FILTER (WHERE problem IS NULL) AS oldest, max("end") FILTER (WHERE problem IS NULL) AS newest FROM usable`);
    await addProblems(engine, collected, badAddress);
    const refused = collected.refused.map(({ path, why, hole }) => ({ name: basename(path), path, why, ...hole }));
    const before = new Set(manifest.segments.flatMap((segment) => segment.refused.map(({ name }) => name)));
    if (refused.length === files.length && refused.every(({ name }) => before.has(name))) return null;
    const run = randomBytes(8).toString('hex');
    const data = await writeDays(engine, options.dir, run);
    const unread = new Set(refused.map(({ path }) => path));
    const read = files.filter(({ path }) => !unread.has(path));
    await writeSources(
      options.dir,
      run,
      read.map(({ name, sha256 }) => ({ name, sha256 })),
    );
    return {
      run,
      files: collected.files,
      bytes: collected.bytes,
      records: Number(count?.records) + collected.dropped,
      usable: Number(count?.usable),
      oldest: typeof count?.oldest === 'number' ? count.oldest : null,
      newest: typeof count?.newest === 'number' ? count.newest : null,
      skipped: collected.skips.list(),
      formats: collected.formats.map(({ fields, files: n, records }) => ({ fields: [...fields], files: n, records })),
      refused,
      data,
    };
  } finally {
    await engine.close();
  }
}

async function writeDays(engine: Engine, dir: string, run: string): Promise<Segment['data']> {
  const days = await engine.rows(
    `SELECT DISTINCT "start" - mod("start", 86400) AS day FROM usable WHERE "start" >= 0 AND "start" < ${LAST_DAY} AND interface_id IS NOT NULL ORDER BY day`,
  );
  const data: Segment['data'] = [];
  const write = async (
    table: DataFile['table'],
    day: number,
    sql: string,
    action: string | null,
    said: Omit<DataFile, 'table' | 'day' | 'path'> = {},
  ) => {
    const path = dataPath(table, day, run, action);
    const file = join(dir, path);
    await mkdir(dirname(file), { recursive: true });
    await engine.run(`COPY (${sql}) TO ${literal(file)} (FORMAT parquet, COMPRESSION zstd)`);
    await syncFile(file);
    data.push({ table, day, path, ...said });
  };
  for (const row of days) {
    const day = Number(row.day);
    await engine.table('flow', flowSql('usable', 'known', 'change', day));
    for (const action of ['ACCEPT', 'REJECT'] as const) {
      const [some] = await engine.rows(
        `SELECT count(*) AS n, sum(records) AS records, count(*) FILTER (WHERE direction IN ('ingress', 'egress')) AS directed FROM flow WHERE action = '${action}'`,
      );
      if (some === undefined || some.n === 0) continue;
      const said = { action, records: Number(some.records), directed: some.n === some.directed };
      // The order makes equal values neighbours, which is most of the compression.
      await write('flow', day, `SELECT * FROM flow WHERE action = '${action}' ORDER BY ALL`, action, said);
    }
    await engine.drop('flow');
    await write('tally', day, tallySql('usable', day), null);
    await write('span', day, spansSql('usable', day), null);
  }
  return data;
}

function isAwsName(name: string): boolean {
  return /^\d{12}_vpcflowlogs_.*_\d{8}T\d{4}Z_[0-9a-z]+\.log(\.gz|\.parquet)?$/.test(name);
}

function changed(path: string): PareError {
  return new PareError({
    code: 'flow-log-changed',
    message: 'a file of this name with other content is in the ledger already',
    next: 'find out which of the two is whole; to start anew, ingest into a new folder',
    fault: 'input',
    file: path,
  });
}
