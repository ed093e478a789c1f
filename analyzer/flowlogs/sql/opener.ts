import { equal, TUPLE } from './text.ts';

/** First port of what Linux gives to clients (net.ipv4.ip_local_port_range); Windows and IANA begin at 49152. */
export const EPHEMERAL = 32768;
/** Remote ports that a port must have met to count as called by many. */
export const FAN = 4;
/** The same for 512 to 1023, which NFS, rsh and others use as the caller's port too. */
export const FAN_RESERVED = 16;
/** … unless one address alone called from so many ports: more than the four programs that an NFS server has beside port 2049. */
export const FAN_ONE = 5;
/** Seconds after an interface's first record in which a tuple may have been there before. */
export const EDGE = 600;
/** First port that a system gives to clients without being told to (RFC 6335, 8.1.2: ports below belong to the system's services). */
const UNPRIVILEGED = 1024;
/** One tuple in this many may look opened the other way round before a port is no longer trusted to be a called one. */
export const REVERSED_SHARE = 50;

/** What a record's own flags say, null where nothing. SYN: the sender opened; SYN-ACK: the receiver did. */
function openedByFlags(record: string): string {
  const flags = `bitwise_and(${record}.flags, 18)`;
  return `CASE
  WHEN ${record}.protocol = 6 AND ${flags} = 2 THEN CASE WHEN ${record}.inbound THEN 'inbound' ELSE 'outbound' END
  WHEN ${record}.protocol = 6 AND ${flags} = 18 THEN CASE WHEN ${record}.inbound THEN 'outbound' ELSE 'inbound' END
  END`;
}

/**
 * What rows of the stored ledger that have lost the caller's port (sql/flow.ts) say of an end: where they are, a port's fan can no longer
 * be counted, and a conversation that was opened against the port classes may have been opened the other way too. Empty in a scan.
 */
export function foldedSql(ends: string): string {
  return `SELECT DISTINCT interface_id, peer_address, local_port, peer_port FROM ${ends}
WHERE certain AND action = 'ACCEPT' AND protocol = 6 AND (local_port IS NULL OR peer_port IS NULL)`;
}

/** One row for each conversation of TCP or UDP with an accepted record: what flags said of it, and when each direction began. */
export function tuplesSql(ends: string): string {
  return `SELECT ${TUPLE.join(', ')},
  count(*) FILTER (WHERE opened_by_flags = 'inbound') AS says_inbound,
  count(*) FILTER (WHERE opened_by_flags = 'outbound') AS says_outbound,
  min("start") FILTER (WHERE inbound) AS first_in,
  min("start") FILTER (WHERE NOT inbound) AS first_out,
  max("end") AS last_seen
FROM (SELECT e.*, ${openedByFlags('e')} AS opened_by_flags FROM ${ends} e
  WHERE certain AND action = 'ACCEPT' AND protocol IN (6, 17) AND local_port IS NOT NULL AND peer_port IS NOT NULL) flagged
GROUP BY ${TUPLE.join(', ')}`;
}

/** Who sent an accepted SYN-ACK: `local` 1 for the interface's own ports, 0 for a peer's, as seen at that interface. */
export function listenersSql(ends: string): string {
  return `SELECT DISTINCT interface_id, CASE WHEN inbound THEN 0 ELSE 1 END AS local,
  CASE WHEN inbound THEN peer_address ELSE local_address END AS address,
  CASE WHEN inbound THEN peer_port ELSE local_port END AS port
FROM ${ends} WHERE certain AND action = 'ACCEPT' AND protocol = 6 AND bitwise_and(flags, 18) = 18`;
}

/** When each interface was first heard of in the window, and the seconds in which a tuple may have been there before. */
export function edgesSql(record: string, inWindow: string): string {
  return `SELECT interface_id, min("start") + ${EDGE} AS edge FROM ${record}
WHERE problem IS NULL AND log_status IN ('OK', 'NODATA') AND ${inWindow} GROUP BY interface_id`;
}

/** The same from the stored ledger's tally of the window's days. */
export function storedEdgesSql(tally: string): string {
  return `SELECT interface_id, first_seen + ${EDGE} AS edge FROM (${storedFirstSeenSql(tally)}) seen`;
}

/** When each interface was first heard of, by the stored ledger's tally. */
export function storedFirstSeenSql(tally: string): string {
  return `SELECT interface_id, min(first_start) AS first_seen FROM ${tally} WHERE first_start IS NOT NULL GROUP BY interface_id`;
}

/**
 * Active FTP (RFC 959, 3.2): the server opens the data connection, from its port 20, while the client's control connection to its port 21
 * stands; Linux's conntrack calls that RELATED. `related` has the data conversations that begin, from port 20, within a control
 * conversation of the same two ends. Where a server's port 20 was ever met without one it is something else, and none of its is here.
 */
function relatedSql(tuples: string): string {
  const columns = TUPLE.join(', ');
  const ends = TUPLE.filter((column) => column !== 'local_port' && column !== 'peer_port');
  return `ftp AS (
  SELECT ${columns}, interface_id AS server, 'outbound' AS opened, local_port AS served, first_in AS asked, first_out AS said, last_seen
  FROM ${tuples} WHERE protocol = 6 AND local_port IN (20, 21) AND peer_port >= ${UNPRIVILEGED}
  UNION ALL
  SELECT ${columns}, peer_address AS server, 'inbound' AS opened, peer_port AS served, first_out AS asked, first_in AS said, last_seen
  FROM ${tuples} WHERE protocol = 6 AND peer_port IN (20, 21) AND local_port >= ${UNPRIVILEGED}
), within_control AS (
  SELECT DISTINCT ${TUPLE.map((column) => `d.${column}`).join(', ')}, d.server, d.opened
  FROM ftp d JOIN ftp c ON c.opened = d.opened AND ${equal('c', 'd', ends)}
  WHERE d.served = 20 AND d.said IS NOT NULL AND (d.asked IS NULL OR d.said <= d.asked)
    AND c.served = 21 AND c.asked IS NOT NULL AND (c.said IS NULL OR c.asked <= c.said)
    AND d.said BETWEEN c.asked AND c.last_seen
), alone AS (
  SELECT DISTINCT f.server, f.opened FROM ftp f LEFT JOIN within_control w ON ${equal('w', 'f', TUPLE)}
  WHERE f.served = 20 AND w.server IS NULL
), related AS (
  SELECT w.* FROM within_control w LEFT JOIN alone a ON a.server = w.server AND a.opened = w.opened WHERE a.server IS NULL
)`;
}

/**
 * The cascade, a row for each tuple: opened and evidence. docs/attribution.md says for each class why it is sound and what fools
 * it; test/flowlogs/reference.ts says the same slowly.
 */
export function decidedSql(tuples: string, listeners: string, edges: string, folded: string): string {
  const caller = (called: string, port: string) =>
    `${port} >= ${EPHEMERAL} AND ${called} < ${EPHEMERAL} AND ${called} <> 20`;
  // A bound port does not call: between two calls from ephemeral ports, a port that was met once, from below them, calls it too.
  const lowCaller = (called: string, fan: string, port: string, other: string, first: string) =>
    `t.protocol = 6 AND ${port} < ${EPHEMERAL} AND ${port} <> 20 AND ${other} BETWEEN ${UNPRIVILEGED} AND ${EPHEMERAL - 1}
      AND ${fan}.met = 1 AND ${called}.tuples >= ${FAN} AND ${called}.reversed = 0 AND t.${first} BETWEEN ${called}.since AND ${called}.until`;
  const fanned = (called: string, fan: string, port: string, other: string, first: string) => `(
      ${called}.met >= CASE WHEN ${port} BETWEEN 512 AND 1023 AND coalesce(${called}_one.met, 0) < ${FAN_ONE} THEN ${FAN_RESERVED} ELSE ${FAN} END
      AND ${called}.met >= 4 * coalesce(${fan}.met, 0) AND ${called}.reversed * ${REVERSED_SHARE} <= ${called}.tuples
      AND (${caller(port, other)} OR ${lowCaller(called, fan, port, other, first)}))`;
  const older = (first: string, second: string) =>
    `(t.${first} IS NOT NULL AND (t.${second} IS NULL OR t.${first} <= t.${second}))`;
  return `WITH fan_local AS (
  SELECT interface_id, protocol, local_port AS port, count(DISTINCT peer_port) AS met,
    count(*) FILTER (WHERE peer_port >= ${EPHEMERAL}) AS tuples,
    count(*) FILTER (WHERE peer_port >= ${EPHEMERAL} AND first_out IS NOT NULL AND (first_in IS NULL OR first_out < first_in)) AS reversed,
    min(first_in) FILTER (WHERE peer_port >= ${EPHEMERAL}) AS since, max(first_in) FILTER (WHERE peer_port >= ${EPHEMERAL}) AS until
  FROM ${tuples} GROUP BY interface_id, protocol, local_port
), fan_peer AS (
  SELECT protocol, peer_address AS address, peer_port AS port, count(DISTINCT local_port) AS met,
    count(*) FILTER (WHERE local_port >= ${EPHEMERAL}) AS tuples,
    count(*) FILTER (WHERE local_port >= ${EPHEMERAL} AND first_in IS NOT NULL AND (first_out IS NULL OR first_in < first_out)) AS reversed,
    min(first_out) FILTER (WHERE local_port >= ${EPHEMERAL}) AS since, max(first_out) FILTER (WHERE local_port >= ${EPHEMERAL}) AS until
  FROM ${tuples} GROUP BY protocol, peer_address, peer_port
), fan_one_local AS (
  SELECT interface_id, protocol, port, max(met) AS met FROM (
    SELECT interface_id, protocol, local_port AS port, peer_address, count(DISTINCT peer_port) AS met FROM ${tuples}
    WHERE local_port BETWEEN 512 AND 1023 AND peer_port >= ${EPHEMERAL} GROUP BY interface_id, protocol, local_port, peer_address
  ) of_one GROUP BY interface_id, protocol, port
), fan_one_peer AS (
  SELECT protocol, address, port, max(met) AS met FROM (
    SELECT protocol, peer_address AS address, peer_port AS port, interface_id, count(DISTINCT local_port) AS met FROM ${tuples}
    WHERE peer_port BETWEEN 512 AND 1023 AND local_port >= ${EPHEMERAL} GROUP BY protocol, peer_address, peer_port, interface_id
  ) of_one GROUP BY protocol, address, port
), here AS (
  SELECT DISTINCT interface_id, port FROM ${listeners} WHERE local = 1
), there AS (
  SELECT interface_id, address, port FROM ${listeners} WHERE local = 0
), anywhere AS (
  SELECT DISTINCT address, port FROM ${listeners}
), ${relatedSql(tuples)}, folded_here AS (
  SELECT DISTINCT interface_id FROM ${folded}
), folded_there AS (
  SELECT DISTINCT peer_address FROM ${folded}
), folded_in AS (
  SELECT DISTINCT interface_id, peer_address, local_port FROM ${folded} WHERE peer_port IS NULL
), folded_out AS (
  SELECT DISTINCT interface_id, peer_address, peer_port FROM ${folded} WHERE local_port IS NULL
), joined AS (
  SELECT t.*, here.port IS NOT NULL AS local_listens, there.port IS NOT NULL AS peer_listens,
    anywhere.port IS NOT NULL AS peer_listens_somewhere,
    ${fanned('fl', 'fp', 't.local_port', 't.peer_port', 'first_in')} AND ${older('first_in', 'first_out')} AS fan_inbound,
    ${fanned('fp', 'fl', 't.peer_port', 't.local_port', 'first_out')} AND ${older('first_out', 'first_in')} AS fan_outbound,
    r.opened AS related, t.first_in >= x.edge AND t.first_out >= x.edge AS new_here,
    t.protocol <> 6 OR (fh.interface_id IS NULL AND ft.peer_address IS NULL) AS fan_known,
    (says_outbound > 0 AND fi.local_port IS NOT NULL AND t.peer_port >= ${EPHEMERAL})
      OR (says_inbound > 0 AND fo.peer_port IS NOT NULL AND t.local_port >= ${EPHEMERAL}) AS gainsaid
  FROM ${tuples} t
  LEFT JOIN here ON here.interface_id = t.interface_id AND here.port = t.local_port
  LEFT JOIN there ON there.interface_id = t.interface_id AND there.address = t.peer_address AND there.port = t.peer_port
  LEFT JOIN anywhere ON anywhere.address = t.peer_address AND anywhere.port = t.peer_port
  LEFT JOIN fan_local fl ON fl.interface_id = t.interface_id AND fl.protocol = t.protocol AND fl.port = t.local_port
  LEFT JOIN fan_peer fp ON fp.protocol = t.protocol AND fp.address = t.peer_address AND fp.port = t.peer_port
  LEFT JOIN fan_one_local fl_one ON fl_one.interface_id = t.interface_id AND fl_one.protocol = t.protocol AND fl_one.port = t.local_port
  LEFT JOIN fan_one_peer fp_one ON fp_one.protocol = t.protocol AND fp_one.address = t.peer_address AND fp_one.port = t.peer_port
  LEFT JOIN related r ON ${equal('r', 't', TUPLE)}
  LEFT JOIN ${edges} x ON x.interface_id = t.interface_id
  LEFT JOIN folded_here fh ON fh.interface_id = t.interface_id
  LEFT JOIN folded_there ft ON ft.peer_address = t.peer_address
  LEFT JOIN folded_in fi ON fi.interface_id = t.interface_id AND fi.peer_address = t.peer_address AND fi.local_port = t.local_port
  LEFT JOIN folded_out fo ON fo.interface_id = t.interface_id AND fo.peer_address = t.peer_address AND fo.peer_port = t.peer_port
), ranked AS (
  SELECT joined.*, CASE
    WHEN gainsaid OR (says_inbound > 0 AND says_outbound > 0) THEN 'none'
    WHEN says_inbound > 0 THEN 'conversation-inbound'
    WHEN says_outbound > 0 THEN 'conversation-outbound'
    WHEN protocol = 6 AND local_listens AND NOT peer_listens_somewhere
      AND NOT (local_port >= ${EPHEMERAL} AND peer_port < ${EPHEMERAL}) THEN 'listener-inbound'
    WHEN protocol = 6 AND peer_listens AND NOT local_listens
      AND NOT (peer_port >= ${EPHEMERAL} AND local_port < ${EPHEMERAL}) THEN 'listener-outbound'
    WHEN protocol = 6 AND (local_listens OR peer_listens_somewhere) AND NOT (local_listens AND peer_listens_somewhere) THEN 'none'
    WHEN related = 'inbound' THEN 'related-inbound'
    WHEN related = 'outbound' THEN 'related-outbound'
    WHEN fan_known AND fan_inbound THEN 'fan-inbound'
    WHEN fan_known AND fan_outbound THEN 'fan-outbound'
    WHEN new_here AND first_in < first_out AND ${caller('local_port', 'peer_port')} THEN 'start-inbound'
    WHEN new_here AND first_out < first_in AND ${caller('peer_port', 'local_port')} THEN 'start-outbound'
    ELSE 'none' END AS verdict
  FROM joined
)
SELECT ${TUPLE.join(', ')},
  CASE WHEN verdict LIKE '%-inbound' THEN 'inbound' WHEN verdict LIKE '%-outbound' THEN 'outbound' ELSE 'unknown' END AS opened,
  CASE WHEN verdict = 'none' THEN 'none' ELSE replace(replace(verdict, '-inbound', ''), '-outbound', '') END AS evidence
FROM ranked`;
}

/** Every record of `ends` with opened and evidence. Refused packets that nothing decides count as opened by who sent them. */
export function openedSql(ends: string, decided: string): string {
  return `SELECT e.*, CASE
    WHEN NOT certain THEN 'unknown'
    WHEN by_flags IS NOT NULL THEN by_flags
    WHEN decided_opened IS NOT NULL AND decided_opened <> 'unknown' THEN decided_opened
    WHEN action = 'REJECT' THEN CASE WHEN inbound THEN 'inbound' ELSE 'outbound' END
    ELSE 'unknown' END AS opened,
  CASE WHEN NOT certain THEN 'none' WHEN by_flags IS NOT NULL THEN 'syn' ELSE coalesce(decided_evidence, 'none') END AS evidence
FROM (
  SELECT r.*, ${openedByFlags('r')} AS by_flags,
    d.opened AS decided_opened, d.evidence AS decided_evidence
  FROM ${ends} r LEFT JOIN ${decided} d ON ${equal('d', 'r', TUPLE)}
) e`;
}
