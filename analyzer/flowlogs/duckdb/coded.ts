import type { DuckDBDataChunk } from '@duckdb/node-api';
import { type CoverageRow, EVIDENCE_CLASSES, type EvidenceClass, type LedgerRow } from '../ledger.ts';
import { ledgerSql } from '../sql/ledger.ts';

/**
 * Rows read as numbers. DuckDB hands text to Node one value at a time, by a native call and a decoder: of an analysis that took more time than
 * all its joins. So text columns become codes of a DuckDB ENUM for the last grouping, and each text is handed over once.
 */
export interface CodedEngine {
  run(sql: string): Promise<void>;
  rows(sql: string): Promise<Record<string, string | number | boolean | null>[]>;
  stream(sql: string): AsyncGenerator<(string | number | boolean | null)[][]>;
  chunks(sql: string): AsyncGenerator<DuckDBDataChunk>;
}

/** An ENUM's texts live beside DuckDB's memory limit, some 150 bytes each with Node's copy. Beyond this many, text is handed over as it is. */
const MOST_NAMES = 1_000_000;

/** Sorted as DuckDB sorts text, so that the rows keep the order that ledgerSql gives them. */
const OPENED: readonly LedgerRow['opened'][] = ['inbound', 'outbound', 'unknown'];
const ACTIONS: readonly LedgerRow['action'][] = ['ACCEPT', 'REJECT'];
const EVIDENCE: readonly EvidenceClass[] = [...EVIDENCE_CLASSES].sort();

const ENUMS: Readonly<Record<string, readonly string[]>> = {
  coded_opened: OPENED,
  coded_evidence: EVIDENCE,
  coded_action: ACTIONS,
};
const TYPES: Readonly<Record<string, string>> = {
  interface_id: 'coded_interface',
  local_address: 'coded_address',
  local_packet: 'coded_address',
  peer_address: 'coded_address',
  peer_packet: 'coded_address',
  opened: 'coded_opened',
  evidence: 'coded_evidence',
  action: 'coded_action',
};

/** A key of ledgerSql as a number that is never NULL. */
function asNumber(column: string): string {
  if (TYPES[column] !== undefined) return `coalesce(CAST(enum_code(${column}) AS DOUBLE), -1)`;
  return column.endsWith('_port') ? `coalesce(CAST(${column} AS DOUBLE), -1)` : column;
}

/**
 * What ledgerSql says of the relations `opened`, `ends` (which has its names) and `change`: the same rows in the same order. Null where there are
 * more than `most` names.
 */
export async function codedLedger(
  engine: CodedEngine,
  refusedFrom: number | null,
  most: number = MOST_NAMES,
): Promise<AsyncGenerator<LedgerRow[]> | null> {
  const ends = ['local_address', 'local_packet', 'peer_address', 'peer_packet'];
  const distinct = (columns: readonly string[]) =>
    // An ENUM has at least one text.
    `SELECT DISTINCT name FROM (SELECT '' AS name UNION ALL ${columns.map((column) => `SELECT DISTINCT ${column} FROM ends`).join(' UNION ALL ')})
      WHERE name IS NOT NULL`;
  const names = { coded_interface: distinct(['interface_id']), coded_address: distinct(ends) };
  for (const [type, sql] of Object.entries(names)) {
    await engine.run(`CREATE OR REPLACE TABLE ${type}_name AS ${sql}`);
    const [count] = await engine.rows(`SELECT count(*) AS n FROM ${type}_name`);
    if (Number(count?.n) > most) return null;
  }
  for (const type of Object.keys(names)) {
    await engine.run(`DROP TYPE IF EXISTS ${type}`);
    await engine.run(`CREATE TYPE ${type} AS ENUM (SELECT name FROM ${type}_name ORDER BY name)`);
  }
  for (const [type, values] of Object.entries(ENUMS)) {
    await engine.run(`DROP TYPE IF EXISTS ${type}`);
    await engine.run(`CREATE TYPE ${type} AS ENUM (${values.map((value) => `'${value}'`).join(', ')})`);
  }
  const casts = Object.entries(TYPES).map(([column, type]) => `CAST(${column} AS ${type}) AS ${column}`);
  await engine.run(`CREATE OR REPLACE VIEW coded AS SELECT * REPLACE (${casts.join(', ')}) FROM opened`);
  await engine.run(
    `CREATE OR REPLACE TABLE coded_change AS SELECT CAST(interface_id AS coded_interface) AS interface_id, day
      FROM change WHERE interface_id IN (SELECT name FROM coded_interface_name)`,
  );
  return namedRows(engine, ledgerSql('coded', 'coded_change', refusedFrom, asNumber));
}

async function* namedRows(engine: CodedEngine, sql: string): AsyncGenerator<LedgerRow[]> {
  const interfaces = await namesOf(engine, 'coded_interface_name');
  const addresses = await namesOf(engine, 'coded_address_name');
  yield* rowsOf(engine, sql, interfaces, addresses);
}

/**
 * The same where `opened` and `change` have interfaces and addresses as numbers already: places in these lists, -1 for an absent pkt- address. The
 * order of rows is that of the numbers.
 */
export function numberedLedger(
  engine: CodedEngine,
  refusedFrom: number | null,
  interfaces: readonly string[],
  addresses: readonly string[],
): AsyncGenerator<LedgerRow[]> {
  const place = (column: string, values: readonly string[]) =>
    `CASE ${column} ${values.map((value, i) => `WHEN '${value}' THEN ${i}`).join(' ')} END`;
  const as = (column: string) => {
    if (column === 'opened') return place(column, OPENED);
    if (column === 'evidence') return place(column, EVIDENCE);
    if (column === 'action') return place(column, ACTIONS);
    return column.endsWith('_port') ? `coalesce(CAST(${column} AS DOUBLE), -1)` : column;
  };
  return rowsOf(engine, ledgerSql('opened', 'change', refusedFrom, as), interfaces, addresses);
}

async function* rowsOf(
  engine: CodedEngine,
  sql: string,
  interfaces: readonly string[],
  addresses: readonly string[],
): AsyncGenerator<LedgerRow[]> {
  const packet = (code: number): string | null => {
    const text = addresses[code];
    return text === undefined || text === '' ? null : text;
  };
  for await (const chunk of engine.chunks(sql)) {
    const c = Array.from({ length: 17 }, (_, column) => numbersOf(chunk, column));
    const rows: LedgerRow[] = [];
    for (let i = 0; i < chunk.rowCount; i += 1) {
      const localPort = c[5]![i]!;
      const peerPort = c[6]![i]!;
      rows.push({
        interfaceId: interfaces[c[0]![i]!] ?? 'null',
        bucket: c[1]![i]!,
        protocol: c[2]![i]!,
        opened: OPENED[c[3]![i]!] ?? 'unknown',
        evidence: EVIDENCE[c[4]![i]!] ?? 'none',
        localPort: localPort < 0 ? null : localPort,
        peerPort: peerPort < 0 ? null : peerPort,
        localAddress: addresses[c[7]![i]!] ?? 'null',
        localPacketAddress: packet(c[8]![i]!),
        peerAddress: addresses[c[9]![i]!] ?? 'null',
        peerPacketAddress: packet(c[10]![i]!),
        action: ACTIONS[c[11]![i]!] ?? 'ACCEPT',
        records: c[12]![i]!,
        packets: c[13]![i]!,
        bytes: c[14]![i]!,
        first: c[15]![i]!,
        last: c[16]![i]!,
      });
    }
    yield rows;
  }
}

async function namesOf(engine: CodedEngine, table: string): Promise<string[]> {
  const out: string[] = [];
  for await (const rows of engine.stream(`SELECT name FROM ${table} ORDER BY name`))
    for (const [name] of rows) out.push(String(name));
  return out;
}

/**
 * Coverage rows from a query that has them in the order of interfaces: an interface's id is looked at as often as it takes to find where its
 * rows end, not once a row.
 */
export async function* codedCoverage(engine: CodedEngine, sql: string): AsyncGenerator<CoverageRow[]> {
  for await (const chunk of engine.chunks(sql)) {
    const ids = chunk.getColumnVector(0);
    const [hour, seconds, records, skipped] = [1, 2, 3, 4].map((column) => numbersOf(chunk, column));
    const rows: CoverageRow[] = [];
    const { rowCount } = chunk;
    while (rows.length < rowCount) {
      const interfaceId = String(ids.getItem(rows.length));
      const end = endOfRun(rows.length, rowCount, (i) => String(ids.getItem(i)) === interfaceId);
      for (let i = rows.length; i < end; i += 1) {
        rows.push({
          interfaceId,
          hour: hour![i]!,
          observedSeconds: seconds![i]!,
          records: records![i]!,
          skipData: skipped![i]!,
        });
      }
    }
    yield rows;
  }
}

/** Where the run that begins at `from` ends, by steps that double and then halve. */
export function endOfRun(from: number, end: number, same: (i: number) => boolean): number {
  let low = from;
  let step = 1;
  while (low + step < end && same(low + step)) {
    low += step;
    step *= 2;
  }
  let high = Math.min(end, low + step);
  while (low + 1 < high) {
    const middle = (low + high) >> 1;
    if (same(middle)) low = middle;
    else high = middle;
  }
  return high;
}

const WORD = 2 ** 32;

/** A column without NULL. Read from the vector's own array where the client has it so; value by value otherwise. */
function numbersOf(chunk: DuckDBDataChunk, column: number): Float64Array {
  const vector = chunk.getColumnVector(column);
  const { items } = vector as unknown as { items?: unknown };
  if (items instanceof Float64Array) return items;
  const { rowCount } = chunk;
  const out = new Float64Array(rowCount);
  if (items instanceof BigInt64Array) {
    // Half by half: a bigint for each number would be garbage at once.
    const halves = new Uint32Array(items.buffer, items.byteOffset, items.length * 2);
    for (let i = 0; i < rowCount; i += 1) out[i] = (halves[2 * i + 1]! | 0) * WORD + halves[2 * i]!;
  } else if (items instanceof Int32Array) {
    out.set(items);
  } else {
    for (let i = 0; i < rowCount; i += 1) out[i] = Number(vector.getItem(i));
  }
  return out;
}
