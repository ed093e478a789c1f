import { total } from './text.ts';

const KEY = [
  'interface_id',
  'bucket',
  'protocol',
  'opened',
  'evidence',
  'local_port',
  'peer_port',
  'local_address',
  'local_packet',
  'peer_address',
  'peer_packet',
  'action',
] as const;

/**
 * Ledger rows from attributed records: the caller's port folded away, days (hours for `changes`, a relation of interface_id and
 * day) as buckets, in a fixed order. Refused records that begin before `refusedFrom` (the start of a UTC day) are left out.
 * `as` may spell a key otherwise in the answer.
 */
export function ledgerSql(
  opened: string,
  changes: string,
  refusedFrom: number | null,
  as = (key: string) => key,
): string {
  const ports = 'o.protocol IN (6, 17)';
  return `WITH row_of_record AS (
  SELECT o.interface_id,
    CASE WHEN c.day IS NULL THEN o."start" - mod(o."start", 86400) ELSE o."start" - mod(o."start", 3600) END AS bucket,
    o.opened, o.evidence, o.protocol,
    CASE WHEN ${ports} AND o.opened <> 'outbound' THEN o.local_port END AS local_port,
    CASE WHEN ${ports} AND o.opened <> 'inbound' THEN o.peer_port END AS peer_port,
    o.local_address, o.local_packet, o.peer_address, o.peer_packet, o.action, o."start", o."end", o.packets, o.bytes, o.records
  FROM ${opened} o
  LEFT JOIN ${changes} c ON c.interface_id = o.interface_id AND c.day = o."start" - mod(o."start", 86400)
${
  refusedFrom === null
    ? ''
    : `  WHERE o.action = 'ACCEPT' OR o."start" >= ${refusedFrom}
`
})
SELECT ${KEY.map(as).join(', ')}, ${total('records')} AS records, ${total('packets')} AS packets, ${total('bytes')} AS bytes,
  min("start") AS first_start, max("end") AS last_end
FROM row_of_record GROUP BY ${KEY.join(', ')}
ORDER BY ${KEY.map((column) => `${column} NULLS FIRST`).join(', ')}`;
}
