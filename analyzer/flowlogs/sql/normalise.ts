import type { FieldName } from '../fields.ts';
import { literal } from './text.ts';

/** How one field arrives: absent, as text where `-` means missing, or as a whole number (Parquet). */
export type RawField = { as: 'absent' } | { as: 'text'; column: string } | { as: 'number'; column: string };

export interface RawSource {
  /** A relation, or a table function, that yields the raw columns. */
  from: string;
  fields: Readonly<Record<FieldName, RawField>>;
  /** SQL for the file's path, kept only for records that are not used, or for all. */
  file: string;
  keepFile?: boolean;
  /** True where the line had more or fewer fields than the header. Null where the format cannot. */
  misshapen: string | null;
}

/** Longer than any aggregation interval of AWS (600 s) by far: such times are damaged. */
const LONGEST_INTERVAL = 3600;

/**
 * One row a record: typed columns, and in `problem` the first reason why it cannot be used, else null. Nothing is repaired: a
 * number must be written as AWS writes it (`007` and `1e3`, which casts would take, are refused).
 */
export function normaliseSql(source: RawSource): string {
  const f = source.fields;
  const ok = `log_status = 'OK'`;
  const ports = 'protocol IN (6, 17)';
  const reasons = [
    ['misshapen_line', 'record-with-wrong-number-of-fields'],
    ['interface_id IS NULL', 'record-without-interface'],
    [`interface_id NOT LIKE 'eni-%'`, 'record-with-bad-interface'],
    [
      `"start" IS NULL OR "end" IS NULL OR "start" < 0 OR "end" < "start" OR "end" - "start" > ${LONGEST_INTERVAL}`,
      'record-with-bad-time',
    ],
    [`log_status IS NULL OR log_status NOT IN ('OK', 'NODATA', 'SKIPDATA')`, 'record-with-bad-log-status'],
    [`${ok} AND (action IS NULL OR action NOT IN ('ACCEPT', 'REJECT'))`, 'record-with-bad-action'],
    [`${ok} AND (protocol IS NULL OR protocol NOT BETWEEN 0 AND 255)`, 'record-with-bad-protocol'],
    [`${ok} AND (src IS NULL OR dst IS NULL)`, 'record-with-bad-address'],
    [
      `${ok} AND ${ports} AND (srcport IS NULL OR dstport IS NULL OR srcport NOT BETWEEN 0 AND 65535 OR dstport NOT BETWEEN 0 AND 65535)`,
      'record-with-bad-port',
    ],
    [`${ok} AND (bad_number OR packets < 0 OR bytes < 0 OR flags < 0)`, 'record-with-bad-number'],
  ];
  const problem = `CASE ${reasons.map(([when, reason]) => `WHEN ${when} THEN ${literal(reason ?? '')}`).join('\n    ')} END`;
  return `WITH typed AS (
  SELECT ${text(f['interface-id'])} AS interface_id, ${text(f.srcaddr)} AS src, ${text(f.dstaddr)} AS dst,
    ${number(f.srcport)} AS srcport, ${number(f.dstport)} AS dstport, ${number(f.protocol)} AS protocol,
    ${number(f.packets)} AS packets, ${number(f.bytes)} AS bytes, ${number(f.start)} AS "start", ${number(f.end)} AS "end",
    ${text(f.action)} AS action, ${text(f['log-status'])} AS log_status, ${number(f['tcp-flags'])} AS flags,
    ${text(f['pkt-srcaddr'])} AS pkt_src, ${text(f['pkt-dstaddr'])} AS pkt_dst, ${text(f['flow-direction'])} AS direction,
    ${badNumber([f.packets, f.bytes, f['tcp-flags'], f.srcport, f.dstport])} AS bad_number,
    ${source.file} AS file, ${source.misshapen ?? 'false'} AS misshapen_line
  FROM ${source.from}
), judged AS (
  SELECT typed.*, ${problem} AS problem FROM typed
)
SELECT interface_id, src, dst, srcport, dstport, protocol, coalesce(packets, BIGINT '0') AS packets,
  coalesce(bytes, BIGINT '0') AS bytes, "start", "end", action, log_status, flags, pkt_src, pkt_dst, direction, problem,
  ${source.keepFile === true ? 'file' : 'CASE WHEN problem IS NULL THEN NULL ELSE file END AS file'}
FROM judged`;
}

function text(field: RawField): string {
  if (field.as === 'absent') return 'CAST(NULL AS VARCHAR)';
  if (field.as === 'number') return `CAST(${field.column} AS VARCHAR)`;
  return `nullif(nullif(${field.column}, '-'), '')`;
}

/** Null where missing and where it is not a number as AWS writes it; `badNumber` tells the two apart. */
function number(field: RawField): string {
  if (field.as === 'absent') return 'CAST(NULL AS BIGINT)';
  if (field.as === 'number') return `CAST(${field.column} AS BIGINT)`;
  const cast = `TRY_CAST(${field.column} AS BIGINT)`;
  return `CASE WHEN CAST(${cast} AS VARCHAR) = ${field.column} THEN ${cast} END`;
}

function badNumber(fields: readonly RawField[]): string {
  const tests = fields.flatMap((field) =>
    field.as === 'text'
      ? [
          `(${text(field)} IS NOT NULL AND coalesce(CAST(TRY_CAST(${field.column} AS BIGINT) AS VARCHAR), '') <> ${field.column})`,
        ]
      : [],
  );
  return tests.length === 0 ? 'false' : tests.join(' OR ');
}

/**
 * Records with canonical addresses. `fix` (raw, canonical) holds only the spellings that are not already canonical; canonical is
 * null for what is no address.
 */
export function canonicalAddressesSql(record: string, fix: string): string {
  const ends = ['src', 'dst', 'pkt_src', 'pkt_dst'];
  const fixed = (end: string) => `CASE WHEN f_${end}.raw IS NULL THEN r.${end} ELSE f_${end}.canonical END`;
  const bad = ends.map((end) => `(f_${end}.raw IS NOT NULL AND f_${end}.canonical IS NULL)`).join(' OR ');
  return `SELECT r.interface_id, ${ends.map((end) => `${fixed(end)} AS ${end}`).join(', ')},
  r.srcport, r.dstport, r.protocol, r.packets, r.bytes, r."start", r."end", r.action, r.log_status, r.flags, r.direction,
  CASE WHEN r.problem IS NULL AND r.log_status = 'OK' AND (${bad}) THEN 'record-with-bad-address' ELSE r.problem END AS problem,
  r.file, BIGINT '1' AS records
FROM ${record} r
${ends.map((end) => `LEFT JOIN ${fix} f_${end} ON f_${end}.raw = r.${end}`).join('\n')}`;
}
