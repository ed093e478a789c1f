import type { FlowLogSummary } from '../../model/finding.ts';
import { PareError } from '../../model/problem.ts';
import { mergeHoles } from '../holes.ts';
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
import { coverageSql, TOUCHED_DUCKDB } from '../sql/coverage.ts';
import { inWindow } from '../sql/ends.ts';
import { canonicalAddressesSql } from '../sql/normalise.ts';
import { edgesSql } from '../sql/opener.ts';
import { type Collected, collect } from './collect.ts';
import { Engine } from './engine.ts';
import { RECORD_TABLE } from './load.ts';

export interface DuckDbStoreOptions {
  /** Files and folders, in any of AWS's layouts. */
  paths: readonly string[];
  /** Where what exceeds memoryLimit goes until the scan is closed; at most about the logs' inflated size. */
  tempDir: string;
  /** As DuckDB reads it, 2GB by default. The process takes a few hundred megabytes more. */
  memoryLimit?: string;
}

/** Flow logs on this machine, read by DuckDB. Nothing is opened before `scan`, which throws PareError for input it cannot read. */
export function openDuckDbStore(store: DuckDbStoreOptions): FlowStore {
  return {
    engine: 'duckdb',
    async scan(options: ScanOptions): Promise<FlowScan> {
      const engine = await Engine.open(store.tempDir, store.memoryLimit ?? '2GB', options.signal);
      try {
        return await scan(engine, store.paths, options);
      } catch (error) {
        await engine.close();
        throw error;
      }
    },
  };
}

async function scan(engine: Engine, paths: readonly string[], options: ScanOptions): Promise<FlowScan> {
  await engine.run(RECORD_TABLE);
  const collected = await collect(engine, paths, options);
  const badAddress = await fixAddresses(engine);
  await engine.view('usable', canonicalAddressesSql('record', 'address_fix'));
  const window = await resolveWindow(engine, paths, options);
  await fillInventory(engine, options);
  await attributeRecords(engine, options, window, edgesSql('usable', inWindow(window)));
  const holes = mergeHoles(collected.refused.map(({ hole }) => hole)).map(({ from, to }) => [from, to]);
  await engine.fill('hole', { from_time: 'BIGINT', to_time: 'BIGINT' }, holes);
  const summary = await summarise(engine, collected, window, badAddress);
  return {
    window,
    summary,
    ledger: () => ledgerRows(engine, window, options),
    coverage: () => coverageRows(engine, coverageSql('usable', 'hole', window, TOUCHED_DUCKDB)),
    close: () => engine.close(),
  };
}

async function resolveWindow(engine: Engine, paths: readonly string[], options: ScanOptions): Promise<Window> {
  const [row] = await engine.rows('SELECT max("end") AS newest FROM usable WHERE problem IS NULL');
  const newest = row?.newest;
  if (typeof newest !== 'number') throw noRecords(paths.join(', '));
  if ('from' in options.window) return options.window;
  const to = options.window.to ?? newest + 1;
  return { from: to - options.window.lastDays * 86400, to };
}

export function noRecords(place: string): PareError {
  return new PareError({
    code: 'no-flow-log-records',
    message: 'no flow-log record was found that can be used',
    next: 'give folders or files of VPC Flow Logs, as AWS delivers them',
    fault: 'input',
    file: place,
  });
}

/** Adds what `usable` says is damaged to the skips. */
export async function addProblems(engine: Engine, collected: Collected, badAddress: string | null): Promise<void> {
  const problems = await engine.rows(
    'SELECT problem, count(*) AS n, min(file) AS file FROM usable WHERE problem IS NOT NULL GROUP BY problem ORDER BY problem',
  );
  for (const row of problems) {
    const example = row.file === null ? `address ${badAddress}` : String(row.file);
    collected.skips.add(String(row.problem), example, Number(row.n));
  }
}

async function summarise(
  engine: Engine,
  collected: Collected,
  window: Window,
  badAddress: string | null,
): Promise<FlowLogSummary> {
  const inside = inWindow(window);
  const [count] = await engine.rows(`SELECT count(*) AS records,
    count(*) FILTER (WHERE problem IS NULL AND log_status = 'NODATA' AND ${inside}) AS no_data,
    count(*) FILTER (WHERE problem IS NULL AND log_status = 'SKIPDATA' AND ${inside}) AS skip_data,
    count(*) FILTER (WHERE problem IS NULL AND NOT (${inside})) AS outside,
    min("start") FILTER (WHERE problem IS NULL) AS oldest, max("end") FILTER (WHERE problem IS NULL) AS newest FROM usable`);
  const { skips } = collected;
  for (const { path, why } of collected.refused) skips.add('file-that-cannot-be-read', `${path}: ${why}`);
  await addProblems(engine, collected, badAddress);
  const { accepted, rejected, unclear, example } = await countEnds(engine);
  skips.add('record-whose-local-end-is-unknown', example, unclear);
  return {
    files: collected.files,
    bytes: collected.bytes,
    records: Number(count?.records) + collected.dropped,
    accepted,
    rejected,
    noData: Number(count?.no_data),
    skipData: Number(count?.skip_data),
    outsideWindow: Number(count?.outside),
    skipped: skips.list(),
    formats: collected.formats.map(({ fields, files, records }) => ({ fields: [...fields], files, records })),
    from: iso(count?.oldest),
    to: iso(count?.newest),
  };
}
