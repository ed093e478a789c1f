import { formatAddress, parseAddress } from '../model/address.ts';
import type { FlowLogSummary } from '../model/finding.ts';
import {
  type CoverageRow,
  EVIDENCE_CLASSES,
  type EvidenceClass,
  type LedgerRow,
  refusedSince,
  type ScanOptions,
  type Window,
} from './ledger.ts';
import { endsSql, learnedAddressesSql } from './sql/ends.ts';
import { ledgerSql } from './sql/ledger.ts';
import { decidedSql, foldedSql, listenersSql, openedSql, tuplesSql } from './sql/opener.ts';

export type Cell = string | number | boolean | null;

/** What the steps below ask of an engine. DuckDB has it in memory, Athena in a scratch database whose tables lie in S3. */
export interface SqlEngine {
  /** Keeps the rows of a query: it is read several times. */
  table(name: string, sql: string): Promise<void>;
  /** Names a query that is read once. */
  view(name: string, sql: string): Promise<void>;
  /** A table of rows from here. `types` are BIGINT or VARCHAR, by column. */
  fill(
    name: string,
    types: Readonly<Record<string, 'BIGINT' | 'VARCHAR'>>,
    rows: readonly (readonly (string | number | null)[])[],
  ): Promise<void>;
  /** All rows at once: for small answers. Whole numbers come as number. */
  rows(sql: string): Promise<Record<string, Cell>[]>;
  /** Rows in chunks, in the query's order. */
  stream(sql: string): AsyncGenerator<Cell[][]>;
  /** What ledgerSql says of `opened` and `change`, by a faster way; null where it does not take it. */
  ledger?(refusedFrom: number | null): Promise<AsyncGenerator<LedgerRow[]> | null>;
  /** The rows of such a query as coverageRow reads them, by a faster way. */
  coverage?(sql: string): AsyncGenerator<CoverageRow[]>;
  drop(name: string): Promise<void>;
}

const QUAD = '(25[0-5]|2[0-4][0-9]|1[0-9][0-9]|[1-9]?[0-9])';

/** Fills `address_fix` with the spellings of addresses in `record` that are not canonical already; null for what is no address. */
export async function fixAddresses(engine: SqlEngine): Promise<string | null> {
  const ends = ['src', 'dst', 'pkt_src', 'pkt_dst'].map(
    (end) => `SELECT ${end} AS a FROM record WHERE problem IS NULL`,
  );
  const rows = await engine.rows(
    `SELECT DISTINCT a FROM (${ends.join(' UNION ALL ')}) spelled WHERE a IS NOT NULL AND NOT regexp_like(a, '^(${QUAD}[.]){3}${QUAD}$')`,
  );
  const fixes = rows.flatMap((row): [string, string | null][] => {
    const raw = String(row.a);
    const address = parseAddress(raw);
    const canonical = address === null ? null : formatAddress(address);
    return canonical === raw ? [] : [[raw, canonical]];
  });
  await engine.fill('address_fix', { raw: 'VARCHAR', canonical: 'VARCHAR' }, fixes);
  const bad = fixes.filter(([, canonical]) => canonical === null).map(([raw]) => raw);
  return bad.sort()[0] ?? null;
}

/** Fills `known` and `change`: what the inventory says of interfaces. */
export async function fillInventory(
  engine: SqlEngine,
  options: Pick<ScanOptions, 'interfaces' | 'changes'>,
): Promise<void> {
  const known = new Map<string, [string, string]>();
  for (const { interfaceId, addresses } of options.interfaces) {
    for (const text of addresses) {
      const address = parseAddress(text);
      const canonical = address === null ? text : formatAddress(address);
      known.set(`${interfaceId} ${canonical}`, [interfaceId, canonical]);
    }
  }
  await engine.fill('known', { interface_id: 'VARCHAR', address: 'VARCHAR' }, [...known.values()]);
  const changes = new Map(
    options.changes.map(({ interfaceId, day }) => [`${interfaceId} ${day}`, [interfaceId, day] as const]),
  );
  await engine.fill('change', { interface_id: 'VARCHAR', day: 'BIGINT' }, [...changes.values()]);
}

/** From `usable` records to `opened`: records with an opener. `edges` is the SQL for when each interface was first heard of. */
export async function attributeRecords(
  engine: SqlEngine,
  options: Pick<ScanOptions, 'progress' | 'signal'>,
  window: Window,
  edges: string,
): Promise<void> {
  const steps: [string, string][] = [
    ['learned', learnedAddressesSql('usable', 'known', window)],
    ['ends', endsSql('usable', 'known', 'learned', window)],
    ['tuple', tuplesSql('ends')],
    ['listener', listenersSql('ends')],
    ['folded', foldedSql('ends')],
    ['edge', edges],
    ['decided', decidedSql('tuple', 'listener', 'edge', 'folded')],
  ];
  for (const [i, [table, sql]] of steps.entries()) {
    options.signal.throwIfAborted();
    await engine.table(table, sql);
    options.progress({ phase: 'finding who opened', done: i + 1, total: steps.length, unit: 'steps' });
  }
  await engine.drop('tuple');
  await engine.view('opened', openedSql('ends', 'decided'));
}

/** Records by their local end, which is certain or not. */
export interface EndCounts {
  accepted: number;
  rejected: number;
  unclear: number;
  /** Of the unclear ones. */
  example: string | null;
}

/** What `ends` holds: records with a certain local end by action, and those without. */
export async function countEnds(engine: SqlEngine): Promise<EndCounts> {
  const [row] = await engine.rows(`SELECT sum(records) FILTER (WHERE certain AND action = 'ACCEPT') AS accepted,
    sum(records) FILTER (WHERE certain AND action = 'REJECT') AS rejected,
    sum(records) FILTER (WHERE NOT certain AND inbound) AS unclear,
    count(DISTINCT interface_id) FILTER (WHERE NOT certain) AS interfaces,
    min(interface_id) FILTER (WHERE NOT certain) AS example FROM ends`);
  const unclear = Number(row?.unclear ?? 0);
  return {
    accepted: Number(row?.accepted ?? 0),
    rejected: Number(row?.rejected ?? 0),
    // Each stands twice in `ends`, once for each reading.
    unclear,
    example: unclear === 0 ? null : aboutUnclear(String(row?.example), Number(row?.interfaces)),
  };
}

/** What the summary says of records whose local end is unknown: the first interface by name, and how many there are. */
export function aboutUnclear(example: string, interfaces: number): string {
  return `${example} and all in all ${interfaces} interface(s); kept in the ledger for both readings`;
}

export async function* ledgerRows(
  engine: SqlEngine,
  window: Window,
  { refusedDays }: Pick<ScanOptions, 'refusedDays'>,
): AsyncGenerator<LedgerRow[]> {
  const since = refusedSince(window, refusedDays);
  const coded = (await engine.ledger?.(since)) ?? null;
  if (coded !== null) yield* coded;
  else for await (const rows of engine.stream(ledgerSql('opened', 'change', since))) yield rows.map(ledgerRow);
}

export async function* coverageRows(engine: SqlEngine, sql: string): AsyncGenerator<CoverageRow[]> {
  if (engine.coverage !== undefined) yield* engine.coverage(sql);
  else for await (const rows of engine.stream(sql)) yield rows.map(coverageRow);
}

export function iso(seconds: unknown): FlowLogSummary['from'] {
  return typeof seconds === 'number' ? `${new Date(seconds * 1000).toISOString().slice(0, 19)}Z` : null;
}

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
    localPacketAddress: textOrNull(row[8]),
    peerAddress: String(row[9]),
    peerPacketAddress: textOrNull(row[10]),
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

function textOrNull(cell: Cell | undefined): string | null {
  return cell === null || cell === undefined || cell === '' ? null : String(cell);
}
