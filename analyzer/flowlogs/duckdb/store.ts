import { formatAddress, parseAddress } from '../../model/address.ts';
import type { FlowLogSummary } from '../../model/finding.ts';
import { PareError } from '../../model/problem.ts';
import { mergeHoles } from '../holes.ts';
import {
  type CoverageRow,
  EVIDENCE_CLASSES,
  type EvidenceClass,
  type FlowScan,
  type FlowStore,
  type LedgerRow,
  type ScanOptions,
  type Window,
} from '../ledger.ts';
import { coverageSql } from '../sql/coverage.ts';
import { endsSql, inWindow, learnedAddressesSql } from '../sql/ends.ts';
import { ledgerSql } from '../sql/ledger.ts';
import { canonicalAddressesSql } from '../sql/normalise.ts';
import { decidedSql, edgesSql, listenersSql, openedSql, tuplesSql } from '../sql/opener.ts';
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
  await engine.run('CREATE TABLE address_fix (raw VARCHAR, canonical VARCHAR)');
  await engine.fill('address_fix', await oddAddresses(engine));
  await engine.run(`CREATE VIEW usable AS ${canonicalAddressesSql('record', 'address_fix')}`);
  const window = await resolveWindow(engine, paths, options);
  await attribute(engine, options, window);
  await engine.run('CREATE TABLE hole (from_time BIGINT, to_time BIGINT)');
  await engine.fill(
    'hole',
    mergeHoles(collected.holes).map(({ from, to }) => [from, to]),
  );
  const summary = await summarise(engine, collected, window);
  return {
    window,
    summary,
    async *ledger() {
      for await (const rows of engine.stream(ledgerSql('opened', 'change'))) yield rows.map(ledgerRow);
    },
    async *coverage() {
      for await (const rows of engine.stream(coverageSql('usable', 'hole', window))) yield rows.map(coverageRow);
    },
    close: () => engine.close(),
  };
}

const QUAD = '(25[0-5]|2[0-4][0-9]|1[0-9][0-9]|[1-9]?[0-9])';

/** Spellings of addresses that are not canonical already; null for what is no address. */
async function oddAddresses(engine: Engine): Promise<[string, string | null][]> {
  const ends = ['src', 'dst', 'pkt_src', 'pkt_dst'].map(
    (end) => `SELECT ${end} AS a FROM record WHERE problem IS NULL`,
  );
  const rows = await engine.rows(
    `SELECT DISTINCT a FROM (${ends.join(' UNION ALL ')}) WHERE a IS NOT NULL AND NOT regexp_full_match(a, '(${QUAD}[.]){3}${QUAD}')`,
  );
  return rows.flatMap((row): [string, string | null][] => {
    const raw = String(row.a);
    const address = parseAddress(raw);
    const canonical = address === null ? null : formatAddress(address);
    return canonical === raw ? [] : [[raw, canonical]];
  });
}

async function resolveWindow(engine: Engine, paths: readonly string[], options: ScanOptions): Promise<Window> {
  const [row] = await engine.rows('SELECT max("end") AS newest FROM usable WHERE problem IS NULL');
  const newest = row?.newest;
  if (typeof newest !== 'number') {
    throw new PareError({
      code: 'no-flow-log-records',
      message: 'no flow-log record was found that can be used',
      next: 'give folders or files of VPC Flow Logs, as AWS delivers them',
      fault: 'input',
      file: paths.join(', '),
    });
  }
  if ('from' in options.window) return options.window;
  const to = options.window.to ?? newest + 1;
  return { from: to - options.window.lastDays * 86400, to };
}

/** From records to records with an opener, each step a table, so that memory holds one step at a time. */
async function attribute(engine: Engine, options: ScanOptions, window: Window): Promise<void> {
  const known = options.interfaces.flatMap(({ interfaceId, addresses }) =>
    addresses.map((text): [string, string] => {
      const address = parseAddress(text);
      return [interfaceId, address === null ? text : formatAddress(address)];
    }),
  );
  await engine.run('CREATE TABLE known_row (interface_id VARCHAR, address VARCHAR)');
  await engine.fill('known_row', known);
  await engine.run('CREATE TABLE known AS SELECT DISTINCT interface_id, address FROM known_row');
  await engine.run('CREATE TABLE change_row (interface_id VARCHAR, day BIGINT)');
  await engine.fill(
    'change_row',
    options.changes.map(({ interfaceId, day }) => [interfaceId, day]),
  );
  await engine.run('CREATE TABLE change AS SELECT DISTINCT interface_id, day FROM change_row');
  const steps: [string, string][] = [
    ['learned', learnedAddressesSql('usable', 'known', window)],
    ['ends', endsSql('usable', 'known', 'learned', window)],
    ['tuple', tuplesSql('ends')],
    ['listener', listenersSql('ends')],
    ['edge', edgesSql('usable', inWindow(window))],
    ['decided', decidedSql('tuple', 'listener', 'edge')],
  ];
  for (const [i, [table, sql]] of steps.entries()) {
    await engine.run(`CREATE TABLE ${table} AS ${sql}`);
    options.progress({ phase: 'finding who opened', done: i + 1, total: steps.length, unit: 'steps' });
  }
  await engine.run('DROP TABLE tuple');
  await engine.run(`CREATE VIEW opened AS ${openedSql('ends', 'decided')}`);
}

async function summarise(engine: Engine, collected: Collected, window: Window): Promise<FlowLogSummary> {
  const inside = inWindow(window);
  const [count] = await engine.rows(`SELECT count(*) AS records,
    count(*) FILTER (WHERE problem IS NULL AND log_status = 'NODATA' AND ${inside}) AS no_data,
    count(*) FILTER (WHERE problem IS NULL AND log_status = 'SKIPDATA' AND ${inside}) AS skip_data,
    count(*) FILTER (WHERE problem IS NULL AND NOT (${inside})) AS outside,
    min("start") FILTER (WHERE problem IS NULL) AS oldest, max("end") FILTER (WHERE problem IS NULL) AS newest FROM usable`);
  const [action] = await engine.rows(`SELECT count(*) FILTER (WHERE certain AND action = 'ACCEPT') AS accepted,
    count(*) FILTER (WHERE certain AND action = 'REJECT') AS rejected FROM ends`);
  const problems = await engine.rows(
    'SELECT problem, count(*) AS n, min(file) AS file FROM usable WHERE problem IS NOT NULL GROUP BY problem ORDER BY problem',
  );
  // Each stands twice in `ends`, once for each reading.
  const [unclear] =
    await engine.rows(`SELECT count(*) FILTER (WHERE inbound) AS n, count(DISTINCT interface_id) AS interfaces,
    min(interface_id) AS example FROM ends WHERE NOT certain`);
  const { skips } = collected;
  const [address] = await engine.rows('SELECT min(raw) AS raw FROM address_fix WHERE canonical IS NULL');
  for (const row of problems)
    skips.add(String(row.problem), row.file === null ? `address ${address?.raw}` : String(row.file), Number(row.n));
  const example = `${unclear?.example} and all in all ${unclear?.interfaces} interface(s); kept in the ledger for both readings`;
  skips.add('record-whose-local-end-is-unknown', example, Number(unclear?.n ?? 0));
  return {
    files: collected.files,
    bytes: collected.bytes,
    records: Number(count?.records) + collected.dropped,
    accepted: Number(action?.accepted),
    rejected: Number(action?.rejected),
    noData: Number(count?.no_data),
    skipData: Number(count?.skip_data),
    outsideWindow: Number(count?.outside),
    skipped: skips.list(),
    formats: collected.formats.map(({ fields, files, records }) => ({ fields: [...fields], files, records })),
    from: iso(count?.oldest),
    to: iso(count?.newest),
  };
}

function iso(seconds: unknown): string | null {
  return typeof seconds === 'number' ? `${new Date(seconds * 1000).toISOString().slice(0, 19)}Z` : null;
}

type Cell = string | number | boolean | null;

/** The columns of ledgerSql, in their order. */
function ledgerRow(row: Cell[]): LedgerRow {
  return {
    interfaceId: String(row[0]),
    bucket: Number(row[1]),
    protocol: Number(row[2]),
    opened: openedOf(row[3]),
    evidence: evidenceOf(row[4]),
    localPort: numberOrNull(row[5]),
    peerPort: numberOrNull(row[6]),
    localAddress: String(row[7]),
    localPacketAddress: row[8] === '' ? null : String(row[8]),
    peerAddress: String(row[9]),
    peerPacketAddress: row[10] === '' ? null : String(row[10]),
    action: row[11] === 'REJECT' ? 'REJECT' : 'ACCEPT',
    records: Number(row[12]),
    packets: Number(row[13]),
    bytes: Number(row[14]),
    first: Number(row[15]),
    last: Number(row[16]),
  };
}

function coverageRow(row: Cell[]): CoverageRow {
  return {
    interfaceId: String(row[0]),
    hour: Number(row[1]),
    observedSeconds: Number(row[2]),
    records: Number(row[3]),
    skipData: Number(row[4]),
  };
}

function openedOf(cell: Cell | undefined): LedgerRow['opened'] {
  return cell === 'inbound' || cell === 'outbound' ? cell : 'unknown';
}

function evidenceOf(cell: Cell | undefined): EvidenceClass {
  return EVIDENCE_CLASSES.find((name) => name === cell) ?? 'none';
}

function numberOrNull(cell: Cell | undefined): number | null {
  return cell === null || cell === undefined ? null : Number(cell);
}
