import type { Window } from '../ledger.ts';
import { inWindow } from './ends.ts';
import { total } from './text.ts';

/** A record longer than this comes from a flow log that aggregates over ten minutes, not one. AWS's own are a second or two off. */
const LONGER_THAN_A_MINUTE = 90;
/** The two aggregation intervals of AWS. */
const WIDTHS = [60, 600] as const;

/** The interval, in seconds, that an interface's records are taken to have been aggregated over: by its longest (NaN: it has none). */
export function intervalOf(longest: number): 60 | 600 {
  return longest > LONGER_THAN_A_MINUTE ? 600 : 60;
}

const USABLE = `problem IS NULL AND log_status IN ('OK', 'NODATA')`;

/** Spans of the relation `span` (keys, s, e) joined where they touch: (keys, s, e). The last two of three CTEs. */
function islands(keys: string): string {
  const before = (rows: string) =>
    `OVER (PARTITION BY ${keys} ORDER BY s, e ROWS BETWEEN UNBOUNDED PRECEDING AND ${rows})`;
  return `marked AS (
  SELECT ${keys}, s, e, CASE WHEN s <= max(e) ${before('1 PRECEDING')} THEN 0 ELSE 1 END AS opens
  FROM span WHERE s < e
), numbered AS (
  SELECT ${keys}, s, e, sum(opens) ${before('CURRENT ROW')} AS island
  FROM marked
), island AS (
  SELECT ${keys}, min(s) AS s, max(e) AS e FROM numbered GROUP BY ${keys}, island
)`;
}

const HOURS = 'sequence(i.s - mod(i.s, 3600), i.e - 1 - mod(i.e - 1, 3600), 3600)';
/** Each island's hours. Trino's way, which DuckDB takes too, but as a join with itself that costs more than all the rest. */
const TOUCHED = `SELECT i.interface_id, i.s, i.e, t.hour FROM island i CROSS JOIN UNNEST(${HOURS}) AS t(hour)`;
/** The same as DuckDB alone takes it. */
export const TOUCHED_DUCKDB = `SELECT i.interface_id, i.s, i.e, unnest(${HOURS}) AS hour FROM island i`;

/** From the relations `island` and `counted` (interface_id, hour, records, skip_data) to coverage rows. */
function byHour(holes: string, touched: string): string {
  return `touched AS (
  ${touched}
), piece AS (
  SELECT interface_id, hour, greatest(s, hour) AS s, least(e, hour + 3600) AS e FROM touched
), tally AS (
  SELECT interface_id, hour, e - s AS seconds, 0 AS records, 0 AS skip_data FROM piece
  UNION ALL
  SELECT p.interface_id, p.hour, greatest(p.s, h.from_time) - least(p.e, h.to_time), 0, 0
  FROM piece p JOIN ${holes} h ON h.from_time < p.e AND h.to_time > p.s
  UNION ALL
  SELECT interface_id, hour, 0, records, skip_data FROM counted
)
SELECT interface_id, hour, ${total('seconds')} AS seconds, ${total('records')} AS records, ${total('skip_data')} AS skip_data
FROM tally GROUP BY interface_id, hour ORDER BY interface_id, hour`;
}

/**
 * Coverage rows: per interface and hour the seconds that its records (OK, NODATA) prove to have been watched.
 *
 * start and end of a record are its first and last packet, not the edges of its aggregation interval A. Between the records of two
 * neighbouring intervals up to 2 A may thus lie without anything lost, and AWS writes NODATA for an interval without traffic. So a
 * record speaks for [end - A, start + A] and itself: a hole is counted exactly from where silence cannot be explained. A is 600 s
 * where the interface has a record longer than 90 s, else 60 s. SKIPDATA lines and records that could not be used cover
 * nothing and are counted in `skip_data` of the hour they begin in. `holes` (from_time, to_time; disjoint) is what unreadable files
 * may have held and is taken off.
 */
export function coverageSql(record: string, holes: string, window: Window, touched: string = TOUCHED): string {
  return `WITH watched AS (
  SELECT interface_id, "start", "end" FROM ${record} WHERE ${USABLE} AND ${inWindow(window)}
), width AS (
  SELECT interface_id, CASE WHEN max("end" - "start") > ${LONGER_THAN_A_MINUTE} THEN 600 ELSE 60 END AS seconds
  FROM watched GROUP BY interface_id
), minute AS (
  SELECT interface_id, min("start") AS first_start, max("start") AS last_start, min("end") AS first_end, max("end") AS last_end
  FROM watched GROUP BY interface_id, "start" - mod("start", 60)
), span AS (
  SELECT m.interface_id, greatest(${window.from}, least(m.first_start, m.first_end - w.seconds)) AS s,
    least(${window.to}, greatest(m.last_end, m.last_start + w.seconds)) AS e
  FROM minute m JOIN width w ON w.interface_id = m.interface_id
), ${islands('interface_id')}, counted AS (
  SELECT interface_id, "start" - mod("start", 3600) AS hour, 1 AS records, 0 AS skip_data FROM watched
  UNION ALL
  SELECT interface_id, "start" - mod("start", 3600), 0, 1 FROM ${record}
  WHERE (problem IS NOT NULL OR log_status = 'SKIPDATA') AND interface_id IS NOT NULL AND "start" >= 0 AND "end" >= "start"
    AND ${inWindow(window)}
), ${byHour(holes, touched)}`;
}

/**
 * The stored ledger's `span` rows of one UTC day: what the records prove to have been watched, once for each width that the interface may
 * turn out to have, joined where they touch and not yet clipped.
 */
export function spansSql(record: string, day: number): string {
  const keys = 'interface_id, crosses, width';
  return `WITH minute AS (
  SELECT interface_id, "end" >= ${day + 86400} AS crosses, min("start") AS first_start, max("start") AS last_start,
    min("end") AS first_end, max("end") AS last_end
  FROM ${record} WHERE ${USABLE} AND "start" >= ${day} AND "start" < ${day + 86400}
  GROUP BY interface_id, "end" >= ${day + 86400}, "start" - mod("start", 60)
), span AS (
  ${WIDTHS.map(
    (width) => `SELECT interface_id, crosses, ${width} AS width, least(first_start, first_end - ${width}) AS s,
    greatest(last_end, last_start + ${width}) AS e FROM minute`,
  ).join('\n  UNION ALL\n  ')}
), ${islands(keys)}
SELECT ${keys}, s AS from_time, e AS to_time FROM island ORDER BY ${keys}, s`;
}

/** The same coverage rows from stored `span` and `tally` rows of the window's days. */
export function storedCoverageSql(
  spans: string,
  tally: string,
  holes: string,
  window: Window,
  touched: string = TOUCHED,
): string {
  return `WITH width AS (
  SELECT interface_id, CASE WHEN max(longest) > ${LONGER_THAN_A_MINUTE} THEN 600 ELSE 60 END AS seconds
  FROM ${tally} GROUP BY interface_id
), span AS (
  SELECT s.interface_id, greatest(${window.from}, s.from_time) AS s, least(${window.to}, s.to_time) AS e
  FROM ${spans} s JOIN width w ON w.interface_id = s.interface_id AND w.seconds = s.width
), ${islands('interface_id')}, counted AS (
  SELECT interface_id, hour, watched AS records, skip_data + damaged AS skip_data FROM ${tally}
), ${byHour(holes, touched)}`;
}
