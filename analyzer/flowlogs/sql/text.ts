/**
 * The SQL of this folder is text that DuckDB and Trino (Athena) both take: CTE, CASE, CAST and TRY_CAST, FILTER, window functions,
 * LEFT JOIN on equalities alone. Functions that only Trino has by name (bitwise_and, sequence) are macros in DuckDB. Reading files,
 * DDL and COPY are each engine's own.
 */

/** A string literal. */
export function literal(text: string): string {
  return `'${text.replaceAll("'", "''")}'`;
}

/** The columns that make one conversation of TCP or UDP at one interface: both ends' addresses, pkt- addresses and ports. */
export const TUPLE = [
  'interface_id',
  'protocol',
  'local_address',
  'local_packet',
  'peer_address',
  'peer_packet',
  'local_port',
  'peer_port',
] as const;

/** `a.x = b.x AND …` */
export function equal(a: string, b: string, columns: readonly string[]): string {
  return columns.map((column) => `${a}.${column} = ${b}.${column}`).join(' AND ');
}

/** A count that stays a BIGINT in both engines (a bare sum widens to HUGEINT or DECIMAL). */
export function total(expression: string): string {
  return `CAST(sum(${expression}) AS BIGINT)`;
}
