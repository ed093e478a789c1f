import type { Window } from '../ledger.ts';

/** A record belongs to the window when its span [start, end] touches it: more evidence keeps more rules. */
export function inWindow(window: Window): string {
  return `"end" >= ${window.from} AND "start" < ${window.to}`;
}

/**
 * The address of interfaces that the inventory does not know and whose records do not tell directions: the one IPv4 address that
 * every IPv4 record of the interface has at one end or the other, where there is just one such. (interface_id, address).
 * IPv6 is left out: an interface may have several, and a single peer would then be taken for it.
 */
export function learnedAddressesSql(record: string, known: string, window: Window): string {
  return `WITH seen AS (
  SELECT r.interface_id, r.src, r.dst FROM ${record} r
  LEFT JOIN (SELECT DISTINCT interface_id FROM ${known}) k ON k.interface_id = r.interface_id
  WHERE k.interface_id IS NULL AND r.problem IS NULL AND r.log_status = 'OK' AND r.src LIKE '%.%' AND ${inWindow(window)}
), whole AS (
  SELECT interface_id, count(*) AS records FROM seen GROUP BY interface_id
), ends AS (
  SELECT interface_id, address, count(*) AS records FROM (
    SELECT interface_id, src AS address FROM seen UNION ALL SELECT interface_id, dst AS address FROM seen WHERE dst <> src
  ) each_end GROUP BY interface_id, address
), everywhere AS (
  SELECT e.interface_id, e.address, count(*) OVER (PARTITION BY e.interface_id) AS rivals
  FROM ends e JOIN whole w ON w.interface_id = e.interface_id AND w.records = e.records
)
SELECT interface_id, address FROM everywhere WHERE rivals = 1`;
}

/**
 * Records seen from the interface: local and peer end, and whether the packets came in. Which end is the interface's: (1) the one
 * whose srcaddr/dstaddr or pkt- address is an address of the interface; (2) flow-direction; (3) the learned address. Where
 * none tells, or both ends are the interface's own, the record stands twice, once for each reading, with certain = false.
 * pkt- addresses are '' where they are absent or the same.
 */
export function endsSql(record: string, known: string, learned: string, window: Window): string {
  const own = (end: string) => `(${end}.interface_id IS NOT NULL OR p${end}.interface_id IS NOT NULL)`;
  const match = (alias: string, relation: string, column: string) =>
    `LEFT JOIN ${relation} ${alias} ON ${alias}.interface_id = r.interface_id AND ${alias}.address = r.${column}`;
  const packet = (end: string) => `CASE WHEN pkt_${end} IS NULL OR pkt_${end} = ${end} THEN '' ELSE pkt_${end} END`;
  const side = (local: string, peer: string) => `SELECT interface_id, protocol, ${local} AS local_address,
  ${packet(local)} AS local_packet, ${peer} AS peer_address, ${packet(peer)} AS peer_packet,
  CASE WHEN protocol IN (6, 17) THEN ${local}port ELSE BIGINT '0' END AS local_port,
  CASE WHEN protocol IN (6, 17) THEN ${peer}port ELSE BIGINT '0' END AS peer_port,
  ${local === 'dst'} AS inbound, local_end <> 'both' AS certain, flags, "start", "end", packets, bytes, action, records
FROM placed WHERE local_end IN ('${local}', 'both')`;
  return `WITH placed AS (
  SELECT r.*, CASE
    WHEN ${own('s')} AND NOT ${own('d')} THEN 'src'
    WHEN ${own('d')} AND NOT ${own('s')} THEN 'dst'
    WHEN r.direction = 'ingress' THEN 'dst'
    WHEN r.direction = 'egress' THEN 'src'
    WHEN ls.interface_id IS NOT NULL AND ld.interface_id IS NULL THEN 'src'
    WHEN ld.interface_id IS NOT NULL AND ls.interface_id IS NULL THEN 'dst'
    ELSE 'both' END AS local_end
  FROM ${record} r
  ${match('s', known, 'src')}
  ${match('d', known, 'dst')}
  ${match('ps', known, 'pkt_src')}
  ${match('pd', known, 'pkt_dst')}
  ${match('ls', learned, 'src')}
  ${match('ld', learned, 'dst')}
  WHERE r.problem IS NULL AND r.log_status = 'OK' AND ${inWindow(window)}
)
${side('src', 'dst')}
UNION ALL
${side('dst', 'src')}`;
}
