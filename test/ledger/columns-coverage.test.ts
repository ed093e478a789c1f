import { readFileSync } from 'node:fs';
import { mkdtemp, rename, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import * as fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Engine } from '../../analyzer/flowlogs/duckdb/engine.ts';
import { type Hole, mergeHoles } from '../../analyzer/flowlogs/holes.ts';
import { ingestFlowLogs, openLedgerStore } from '../../analyzer/flowlogs/index.ts';
import { type CoverageRow, coverageOf, type LedgerRow, type Window } from '../../analyzer/flowlogs/ledger.ts';
import { storedCoverageSql, TOUCHED_DUCKDB } from '../../analyzer/flowlogs/sql/coverage.ts';
import { storedFirstSeenSql } from '../../analyzer/flowlogs/sql/opener.ts';
import { coverageRowsOf, readCoverage } from '../../analyzer/flowlogs/stored/columns/coverage.ts';
import { readTally } from '../../analyzer/flowlogs/stored/columns/tally.ts';
import { readManifest } from '../../analyzer/flowlogs/stored/manifest.ts';
import { options, V2, withFiles } from '../flowlogs/harness.ts';

let dir = '';
let db: Engine;

beforeAll(async () => {
  dir = await mkdtemp(join(tmpdir(), 'pare-columns-coverage-'));
  db = await Engine.open(dir, '500MB', new AbortController().signal);
  await db.run(`CREATE TABLE tally (file BIGINT, interface_id VARCHAR, hour BIGINT, crosses BOOLEAN, watched BIGINT, no_data BIGINT,
    skip_data BIGINT, damaged BIGINT, longest BIGINT, first_start BIGINT)`);
  await db.run(
    'CREATE TABLE span (file BIGINT, interface_id VARCHAR, crosses BOOLEAN, width INTEGER, from_time BIGINT, to_time BIGINT)',
  );
  await db.run('CREATE TABLE hole (from_time BIGINT, to_time BIGINT)');
});

afterAll(async () => {
  await db.close();
  await rm(dir, { recursive: true, force: true });
});

type Cell = string | number | boolean | null;
/** A day's file of each table; rows as their columns above have them, without the file. */
interface Day {
  inside: boolean;
  tally: Cell[][];
  span: Cell[][];
}

const HOUR = 3600;
const DAY = 86_400;
/** AWS's name for a file of the first day. */
const NAME = '123456789012_vpcflowlogs_eu-west-1_fl-0a_20241004T1200Z_0a.log';
const T = Date.UTC(2024, 9, 4) / 1000;

const TALLY = 'interface_id, hour, crosses, watched, no_data, skip_data, damaged, longest, first_start';
const SPAN = 'interface_id, crosses, width, from_time, to_time';

async function store(days: readonly Day[], holes: readonly Hole[]): Promise<void> {
  const cell = (value: Cell) => (typeof value === 'string' ? `'${value}'` : String(value));
  const insert = async (table: string, rows: readonly (readonly Cell[])[]) => {
    await db.run(`DELETE FROM ${table}`);
    if (rows.length > 0)
      await db.run(`INSERT INTO ${table} VALUES ${rows.map((row) => `(${row.map(cell).join(', ')})`).join(', ')}`);
  };
  await insert(
    'hole',
    holes.map(({ from, to }) => [from, to]),
  );
  await insert(
    'tally',
    days.flatMap((day, n) => day.tally.map((row) => [n, ...row])),
  );
  await insert(
    'span',
    days.flatMap((day, n) => day.span.map((row) => [n, ...row])),
  );
  for (const n of days.keys()) {
    await db.run(
      `COPY (SELECT ${TALLY} FROM tally WHERE file = ${n}) TO '${path('tally', n)}' (FORMAT parquet, COMPRESSION zstd)`,
    );
    await db.run(
      `COPY (SELECT ${SPAN} FROM span WHERE file = ${n}) TO '${path('span', n)}' (FORMAT parquet, COMPRESSION zstd)`,
    );
  }
}

const path = (table: string, n: number) => join(dir, `${table}-${n}.parquet`);
const filesOf = (table: string, days: readonly Day[]) =>
  days.map(({ inside }, n) => ({ path: path(table, n), inside }));

/** What the store asked DuckDB before, and asks it still where columns cannot be read. */
async function bySql(days: readonly Day[], window: Window) {
  const whole = days.flatMap(({ inside }, n) => (inside ? [n] : []));
  const counts = whole.length === 0 ? 'crosses' : `(crosses OR file IN (${whole.join(', ')}))`;
  await db.run(`CREATE OR REPLACE TABLE tallied AS SELECT * FROM tally WHERE ${counts}`);
  await db.run(`CREATE OR REPLACE TABLE spanned AS SELECT * FROM span WHERE ${counts}`);
  const coverage: CoverageRow[] = [];
  const sql = storedCoverageSql('spanned', 'tallied', 'hole', window, TOUCHED_DUCKDB);
  for await (const rows of db.coverage(sql)) coverage.push(...rows);
  const first = await db.rows(storedFirstSeenSql('tallied'));
  const [sums] = await db.rows('SELECT sum(no_data) AS none, sum(skip_data) AS skipped FROM tallied');
  return {
    coverage,
    first: new Map(first.map((row) => [row.interface_id, row.first_seen])),
    sums: [Number(sums?.none ?? 0), Number(sums?.skipped ?? 0)],
  };
}

function byColumns(days: readonly Day[], holes: readonly Hole[], window: Window, mostRows?: number) {
  const read = (file: string) => readFileSync(file);
  const tally = readTally(filesOf('tally', days), window, read, mostRows);
  const hours = tally === null ? null : readCoverage(tally, filesOf('span', days), holes, window, read, mostRows);
  if (tally === null || hours === null) return null;
  const coverage: CoverageRow[] = [];
  for (const one of hours) coverage.push(...coverageRowsOf(one));
  const first = tally.interfaces.ids.map((id, n): [string, number] => [id, tally.firstStart[n]!]);
  return {
    coverage,
    first: new Map(first.filter(([, at]) => !Number.isNaN(at))),
    sums: [tally.noData, tally.skipData],
  };
}

/** Whose order by bytes is another than by UTF-16. */
const ID = fc.constantFrom('eni-0a', 'eni-0b', 'eni-0a1', '\u{FF5E}', '\u{1F980}');
const NULLABLE = (number: fc.Arbitrary<number>) => fc.option(number, { freq: 4 });

const day = (start: number, inside: boolean): fc.Arbitrary<Day> =>
  fc.record({
    inside: fc.constant(inside),
    tally: fc.array(
      fc.tuple(
        ID,
        fc.nat(23).map((hour) => start + hour * HOUR),
        fc.boolean(),
        fc.nat(5),
        fc.nat(2),
        fc.oneof(fc.constant(0), fc.nat(2)),
        fc.oneof(fc.constant(0), fc.nat(2)),
        NULLABLE(fc.constantFrom(0, 59, 90, 91, 600)),
        NULLABLE(fc.nat(DAY).map((at) => start + at)),
      ),
      { maxLength: 12 },
    ),
    span: fc.array(
      fc
        .tuple(
          fc.oneof(ID, fc.constant('eni-unheard')),
          fc.boolean(),
          fc.constantFrom(60, 600),
          fc.oneof(
            fc.integer({ min: -600, max: DAY }),
            fc.nat(60).map((n) => n * 60),
          ),
          fc.oneof(fc.nat(5 * HOUR), fc.constantFrom(0, 60, 600, -1, 2 * DAY)),
        )
        .map(([id, crosses, width, at, length]) => [id, crosses, width, start + at, start + at + length]),
      { maxLength: 25 },
    ),
  });

const WINDOW: fc.Arbitrary<Window> = fc
  .tuple(
    fc.constantFrom(0, 0, 0, 1, 1800),
    fc.oneof(fc.constantFrom(DAY, 3 * DAY), fc.integer({ min: 1, max: 3 * DAY })),
  )
  .map(([from, length]) => ({ from: T + from, to: T + from + length }));

const HOLES = fc
  .array(
    fc.oneof(
      fc
        .tuple(fc.nat(3 * DAY), fc.oneof(fc.nat(4 * HOUR), fc.constantFrom(1, 60)))
        .map(([at, length]) => ({ from: T + at, to: T + at + length })),
      fc.constant({ from: 0, to: 1e11 }),
    ),
    { maxLength: 5 },
  )
  .map(mergeHoles);

/** The files that neededFiles names: of days of the window, and of the one before. */
const DRAWN = fc
  .record({
    window: WINDOW,
    before: fc.option(day(T - DAY, false)),
    first: day(T, true),
    second: day(T + DAY, true),
    late: fc.option(day(T, true)),
  })
  .map(({ window, before, first, second, late }) => ({
    window,
    days: [before, first, window.to > T + DAY ? second : null, late].filter((one) => one !== null),
  }));

describe('coverage by columns is what the SQL says of the same rows', () => {
  it('for any spans, hours, holes and windows', async () => {
    await fc.assert(
      fc.asyncProperty(DRAWN, HOLES, async ({ days, window }, holes) => {
        await store(days, holes);
        expect(byColumns(days, holes, window)).toEqual(await bySql(days, window));
      }),
      { numRuns: 60 },
    );
  });

  it('for thousands of spans that come in no order', async () => {
    const span = Array.from({ length: 6000 }, (_, n): Cell[] => {
      const at = T + ((n * 7919) % 5987) * 14;
      return ['eni-0a', false, 60, at, at + (n % 40)];
    });
    const days = [{ inside: true, tally: [['eni-0a', T, false, 6000, 0, 0, 0, 40, T]] as Cell[][], span }];
    const window = { from: T, to: T + DAY };
    await store(days, []);
    const read = byColumns(days, [], window);
    expect(read).toEqual(await bySql(days, window));
    expect(read?.coverage).toHaveLength(24);
  });

  it('for many interfaces, of which each day has others', async () => {
    const days = [0, 1, 2].map((d): Day => {
      const ids = Array.from({ length: 1100 }, (_, n) => `eni-${(n * (d + 3)) % 1499}`);
      return {
        inside: true,
        tally: ids.map((id, n) => [id, T + d * DAY + (n % 24) * HOUR, false, n % 3, 0, 0, 0, n % 200, T + n]),
        span: ids.map((id, n) => [id, false, n % 2 === 0 ? 60 : 600, T + d * DAY + n * 7, T + d * DAY + n * 7 + 5000]),
      };
    });
    const window = { from: T, to: T + 3 * DAY };
    await store(days, []);
    expect(byColumns(days, [], window)).toEqual(await bySql(days, window));
  });
});

describe('coverage is left to DuckDB', () => {
  const good: Day = {
    inside: true,
    tally: [['eni-0a', T, false, 1, 0, 0, 0, 60, T]],
    span: [['eni-0a', false, 60, T, T + 60]],
  };
  const WHOLE = { from: T, to: T + DAY };
  it.each<[string, Day, Window, number | undefined, boolean]>([
    ['not where all is well', good, WHOLE, undefined, true],
    ['where the rows are more than may be held', good, WHOLE, 1, false],
    ['but not where they are as many', good, WHOLE, 2, true],
    ['where the window begins before 1970', good, { from: -DAY, to: T }, undefined, false],
    ['where it is longer than anybody keeps logs', good, { from: 0, to: T }, undefined, false],
    [
      'where an hour is none',
      { ...good, tally: [['eni-0a', T + 1, false, 1, 0, 0, 0, 60, T]] },
      WHOLE,
      undefined,
      false,
    ],
    [
      'where an hour is of another day',
      { ...good, tally: [['eni-0a', T + 9 * DAY, false, 1, 0, 0, 0, 60, T]] },
      WHOLE,
      undefined,
      false,
    ],
    [
      'where an hour has no interface',
      { ...good, tally: [[null, T, false, 1, 0, 0, 0, 60, T]] },
      WHOLE,
      undefined,
      false,
    ],
    [
      'where a number is missing',
      { ...good, tally: [['eni-0a', T, false, null, 0, 0, 0, 60, T]] },
      WHOLE,
      undefined,
      false,
    ],
    [
      'where a sum is missing',
      { ...good, tally: [['eni-0a', T, false, 1, null, 0, 0, 60, T]] },
      WHOLE,
      undefined,
      false,
    ],
    [
      'where a count is beyond 32 bits',
      { ...good, tally: [['eni-0a', T, false, 2 ** 31, 0, 0, 0, 60, T]] },
      WHOLE,
      undefined,
      false,
    ],
    ['where a span has no end', { ...good, span: [['eni-0a', false, 60, T, null]] }, WHOLE, undefined, false],
  ])('%s', async (_, one, window, mostRows, taken) => {
    await store([one], []);
    const read = byColumns([one], [], window, mostRows);
    if (taken) expect(read).toEqual(await bySql([one], window));
    else expect(read).toBeNull();
  });
});

describe('a ledger with files that nobody reads by columns', () => {
  it('says what it said: of its hours, of its summary, and of each row', async () => {
    const at = (n: number) => T + n * 5000;
    const line = (eni: string, n: number, status: string) =>
      status === 'OK'
        ? `2 1 ${eni} 192.0.2.7 10.0.0.1 ${40_000 + n} 443 6 3 120 ${at(n)} ${at(n) + (n % 3 === 0 ? 400 : 50)} ACCEPT OK`
        : `2 1 ${eni} - - - - - - - ${at(n)} ${at(n) + 60} - ${status}`;
    const lines = Array.from({ length: 40 }, (_, n) =>
      line(n % 5 === 0 ? 'eni-0b' : 'eni-0a', n, n % 11 === 0 ? 'SKIPDATA' : n % 7 === 0 ? 'NODATA' : 'OK'),
    );
    await withFiles({ [NAME]: `${V2}\n${lines.join('\n')}\n` }, async (logs, temp) => {
      const ledger = join(temp, 'ledger');
      const given = { interfaces: [{ interfaceId: 'eni-0a', addresses: ['10.0.0.1'] }] };
      const { window: _, ...rest } = options(given);
      await ingestFlowLogs({ ...rest, paths: [logs], dir: ledger, tempDir: temp, now: 0 });
      const scanned = async (reader?: 'duckdb') => {
        const store = openLedgerStore({ dir: ledger, tempDir: temp, ...(reader === undefined ? {} : { reader }) });
        const scan = await store.scan(options({ ...given, window: { from: T, to: T + 3 * DAY } }));
        try {
          const [rows, twice]: [LedgerRow[], CoverageRow[][]] = [[], [[], []]];
          for await (const some of scan.ledger()) rows.push(...some);
          // It may be asked for again.
          for (const coverage of twice) for await (const some of scan.coverage()) coverage.push(...some);
          expect(twice[1]).toEqual(twice[0]);
          const cheap: CoverageRow[] = [];
          for await (const some of coverageOf(scan)) cheap.push(...('rows' in some ? coverageRowsOf(some) : some));
          expect(cheap).toEqual(twice[0]);
          const columns = scan.coverageHours?.() !== null;
          return { columns, said: { rows, coverage: cheap, summary: scan.summary, window: scan.window } };
        } finally {
          await scan.close();
        }
      };
      const before = await scanned();
      expect(before.columns).toBe(true);
      expect(before.said.coverage.length).toBeGreaterThan(30);
      expect([before.said.summary.noData, before.said.summary.skipData]).toEqual([5, 4]);
      expect(await scanned('duckdb')).toEqual({ ...before, columns: false });
      const { segments } = await readManifest(ledger);
      for (const table of ['span', 'tally']) {
        const file = segments.flatMap(({ data }) => data).find((one) => one.table === table)!;
        const part = join(ledger, file.path);
        await db.run(
          `COPY (SELECT * FROM read_parquet('${part}', hive_partitioning = false)) TO '${part}.new' (FORMAT parquet, COMPRESSION snappy)`,
        );
        await rename(`${part}.new`, part);
        expect(await scanned()).toEqual({ ...before, columns: false });
      }
    });
  });
});
