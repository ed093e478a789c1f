import { readFileSync } from 'node:fs';
import type { Hole } from '../../holes.ts';
import type { CoverageHours, CoverageRow, Window } from '../../ledger.ts';
import { coverageRows, type SqlEngine } from '../../pipeline.ts';
import { storedCoverageSql, TOUCHED_DUCKDB } from '../../sql/coverage.ts';
import { storedFirstSeenSql } from '../../sql/opener.ts';
import { coverageRowsOf, readCoverage } from './coverage.ts';
import { readTally, type WatchedFile } from './tally.ts';

/** What the window's `tally` and `span` rows say. */
export interface Watched {
  /** The least start of a usable record, by interface. */
  firstSeen: ReadonlyMap<string, number>;
  noData: number;
  skipData: number;
  /** As a FlowScan has it; `holes` are disjoint and in order, and the same each time. */
  coverage(holes: readonly Hole[]): AsyncIterable<readonly CoverageRow[]>;
  coverageHours(holes: readonly Hole[]): Iterable<CoverageHours> | null;
}

export interface WatchedSource {
  engine: SqlEngine;
  tally: readonly WatchedFile[];
  span: readonly WatchedFile[];
  window: Window;
  /** False: all of it is DuckDB's. */
  columns: boolean;
  /** Has the engine read all rows of the window into the table of this name. */
  load(table: 'tally' | 'span'): Promise<void>;
}

/** Reads them from the files' columns; where these are not as we know them, or too many, the engine reads them. */
export async function openWatched(source: WatchedSource): Promise<Watched> {
  const { window, columns } = source;
  const read = (path: string) => readFileSync(path);
  const tally = columns ? readTally(source.tally, window, read) : null;
  const tables = new Tables(source);
  if (tally === null)
    return { ...(await tables.sums()), coverageHours: () => null, coverage: (holes) => tables.coverage(holes) };
  const first = tally.interfaces.ids.map((id, n): [string, number] => [id, tally.firstStart[n]!]);
  const coverageHours = (holes: readonly Hole[]) => readCoverage(tally, source.span, holes, window, read);
  return {
    firstSeen: new Map(first.filter(([, at]) => !Number.isNaN(at))),
    noData: tally.noData,
    skipData: tally.skipData,
    coverageHours,
    async *coverage(holes) {
      const hours = coverageHours(holes);
      if (hours === null) yield* tables.coverage(holes);
      else for (const one of hours) yield coverageRowsOf(one);
    },
  };
}

/** The same by the engine, which reads the files when it is first asked. */
class Tables {
  readonly #source: WatchedSource;
  #loaded = false;
  #filled = false;

  constructor(source: WatchedSource) {
    this.#source = source;
  }

  async sums(): Promise<Pick<Watched, 'firstSeen' | 'noData' | 'skipData'>> {
    await this.#load();
    const { engine } = this.#source;
    const seen = await engine.rows(storedFirstSeenSql('tally'));
    const [sums] = await engine.rows('SELECT sum(no_data) AS no_data, sum(skip_data) AS skip_data FROM tally');
    return {
      firstSeen: new Map(seen.map((row) => [String(row.interface_id), Number(row.first_seen)])),
      noData: Number(sums?.no_data ?? 0),
      skipData: Number(sums?.skip_data ?? 0),
    };
  }

  async *coverage(holes: readonly Hole[]): AsyncGenerator<CoverageRow[]> {
    await this.#load();
    const { engine, window } = this.#source;
    if (!this.#filled) {
      const rows = holes.map(({ from, to }) => [from, to]);
      await engine.fill('hole', { from_time: 'BIGINT', to_time: 'BIGINT' }, rows);
    }
    this.#filled = true;
    yield* coverageRows(engine, storedCoverageSql('span', 'tally', 'hole', window, TOUCHED_DUCKDB));
  }

  async #load(): Promise<void> {
    if (this.#loaded) return;
    this.#loaded = true;
    await this.#source.load('tally');
    await this.#source.load('span');
  }
}
