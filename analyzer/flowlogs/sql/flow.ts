import { EPHEMERAL } from './opener.ts';
import { total } from './text.ts';

/**
 * The stored ledger's `flow` rows of one UTC day: records as AWS wrote them, seen from no end, so that a later inventory can still say
 * which end is the interface. Records of one key are summed, and the caller's port is folded away (NULL) only where nothing that is learned later
 * could make it matter:
 *
 * - the record itself says who opened (SYN, SYN-ACK) or was refused and counts as opened by its sender;
 * - the ports agree (called < 32768 <= caller) and it is certain which end is the interface (the inventory's address or flow-direction);
 * - no accepted record of the same conversation on that day needs this one to tell it who opened, and the conversation is closed or an
 *   hour old at midnight, so that hardly any on the next day will (where one does, listeners decide it or it stays unknown).
 *
 * Everything else keeps both ports, and the cascade of docs/attribution.md decides it when the ledger is read, with all days at hand.
 * pkt- addresses stay only where they differ: the same address twice would be a quarter of the bytes.
 * `crosses`: the record ends on the next day, and so belongs to a window that begins there.
 */
export function flowSql(record: string, known: string, changes: string, day: number): string {
  const end = day + 86400;
  const key = ['interface_id', 'protocol', 'low', 'low_packet', 'low_port', 'high', 'high_packet', 'high_port'];
  const columns = [
    'src',
    'dst',
    'srcport',
    'dstport',
    'protocol',
    'flags',
    'pkt_src',
    'pkt_dst',
    'direction',
    'action',
  ];
  const pick = (name: string, called: 'dst' | 'src') => {
    const caller = called === 'dst' ? 'src' : 'dst';
    const [own, other] = name === 'low' ? [called, caller] : [caller, called];
    return {
      address: own,
      packet: `CASE WHEN pkt_${own} = ${own} THEN '' ELSE coalesce(pkt_${own}, '') END`,
      port: `${own}port`,
      other,
    };
  };
  const side = (name: 'low' | 'high') => {
    const dst = pick(name, 'dst');
    const src = pick(name, 'src');
    const by = (a: string, b: string) => `CASE WHEN called = 'dst' THEN ${a} ELSE ${b} END`;
    return `${by(dst.address, src.address)} AS ${name}, ${by(dst.packet, src.packet)} AS ${name}_packet, ${by(dst.port, src.port)} AS ${name}_port`;
  };
  return `WITH seen AS (
  SELECT r.interface_id, r.src, r.dst, r.srcport, r.dstport, r.protocol, nullif(r.pkt_src, r.src) AS pkt_src,
    nullif(r.pkt_dst, r.dst) AS pkt_dst, r.direction, r.action, r."start", r."end",
    r.packets, r.bytes, CASE WHEN c.day IS NULL THEN BIGINT '${day}' ELSE r."start" - mod(r."start", 3600) END AS bucket,
    CASE WHEN r.protocol = 6 AND bitwise_and(r.flags, 18) IN (2, 18) THEN bitwise_and(r.flags, 18) END AS flags,
    CASE WHEN bitwise_and(coalesce(r.flags, 0), 5) > 0 THEN 1 ELSE 0 END AS closes,
    r.direction IS NOT NULL OR (s.interface_id IS NULL) <> (d.interface_id IS NULL) AS certain,
    CASE WHEN r.protocol NOT IN (6, 17) THEN 'none' WHEN r.dstport < ${EPHEMERAL} AND r.srcport >= ${EPHEMERAL} THEN 'dst'
      WHEN r.srcport < ${EPHEMERAL} AND r.dstport >= ${EPHEMERAL} THEN 'src' ELSE 'none' END AS called
  FROM ${record} r
  LEFT JOIN ${known} s ON s.interface_id = r.interface_id AND s.address = r.src
  LEFT JOIN ${known} d ON d.interface_id = r.interface_id AND d.address = r.dst
  LEFT JOIN ${changes} c ON c.interface_id = r.interface_id AND c.day = ${day}
  WHERE r.problem IS NULL AND r.log_status = 'OK' AND r."start" >= ${day} AND r."start" < ${end}
), placed AS (
  SELECT seen.*, ${side('low')}, ${side('high')} FROM seen
), conversation AS (
  SELECT ${key.join(', ')}, count(*) FILTER (WHERE action = 'ACCEPT') AS accepted,
    count(*) FILTER (WHERE action = 'ACCEPT' AND flags IS NULL) AS silent, max(closes) AS closes, max("end") AS last_end
  FROM placed WHERE called <> 'none' GROUP BY ${key.join(', ')}
), folded AS (
  SELECT p.*, CASE WHEN p.called = 'none' OR NOT p.certain THEN 'neither'
    WHEN p.action = 'REJECT' AND p.flags IS NULL AND p.called = 'dst' AND v.accepted = 0 THEN 'src'
    WHEN v.silent > 0 OR (v.closes = 0 AND v.last_end >= ${end - 3600}) THEN 'neither'
    WHEN p.flags = 2 AND p.called = 'dst' THEN 'src'
    WHEN p.flags = 18 AND p.called = 'src' THEN 'dst' ELSE 'neither' END AS fold
  FROM placed p LEFT JOIN conversation v ON ${key.map((column) => `v.${column} = p.${column}`).join(' AND ')}
), short AS (
  SELECT interface_id, bucket, src, dst, CASE WHEN fold <> 'src' THEN srcport END AS srcport,
    CASE WHEN fold <> 'dst' THEN dstport END AS dstport, protocol, flags, pkt_src, pkt_dst, direction, action,
    "end" >= ${end} AS crosses, "start", "end", packets, bytes
  FROM folded
)
SELECT interface_id, bucket, ${columns.join(', ')}, crosses, count(*) AS records, ${total('packets')} AS packets, ${total('bytes')} AS bytes,
  min("start") AS first_start, max("end") AS last_end
FROM short GROUP BY interface_id, bucket, ${columns.join(', ')}, crosses
ORDER BY interface_id, bucket, ${columns.join(', ')}, crosses`;
}

/** Stored `flow` rows as the records that the shared SQL reads: each speaks for `records` of them. */
export function storedRecordsSql(flow: string): string {
  return `SELECT interface_id, src, dst, pkt_src, pkt_dst, srcport, dstport, protocol, packets, bytes, first_start AS "start",
  last_end AS "end", action, 'OK' AS log_status, flags, direction, CAST(NULL AS VARCHAR) AS problem, CAST(NULL AS VARCHAR) AS file, records
FROM ${flow}`;
}

/**
 * The stored ledger's `tally` rows of one UTC day: what was counted by interface and hour. `skips`: SKIPDATA lines and damaged records;
 * `longest`: seconds of the longest usable record, which tells the aggregation interval.
 */
export function tallySql(record: string, day: number): string {
  const usable = `problem IS NULL AND log_status IN ('OK', 'NODATA')`;
  const hour = `"start" - mod("start", 3600)`;
  return `SELECT interface_id, ${hour} AS hour, "end" >= ${day + 86400} AS crosses,
  count(*) FILTER (WHERE ${usable}) AS watched, count(*) FILTER (WHERE problem IS NULL AND log_status = 'NODATA') AS no_data,
  count(*) FILTER (WHERE problem IS NULL AND log_status = 'SKIPDATA') AS skip_data,
  count(*) FILTER (WHERE problem IS NOT NULL) AS damaged,
  max("end" - "start") FILTER (WHERE ${usable}) AS longest, min("start") FILTER (WHERE ${usable}) AS first_start
FROM ${record}
WHERE interface_id IS NOT NULL AND "start" >= ${day} AND "start" < ${day + 86400} AND "end" >= "start"
GROUP BY interface_id, ${hour}, "end" >= ${day + 86400} ORDER BY interface_id, hour, crosses`;
}
