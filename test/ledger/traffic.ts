import { mkdir } from 'node:fs/promises';
import { dirname } from 'node:path';
import { DuckDBInstance } from '@duckdb/node-api';
import { fieldsOf } from '../generator/index.ts';

/** What a day of one VPC is made of; docs/cost.md says why. All shares are of connections. */
export interface Traffic {
  /** Start of the UTC day. */
  day: number;
  connections: number;
  /** Interfaces that serve, each on one port. */
  servers: number;
  /** Who calls whom: pairs of a caller and a server, some far busier than others. */
  pairs: number;
  /** Connections that live through several intervals (pools, long polls). */
  long: number;
  /** Without flags: DNS, NTP, syslog. */
  udp: number;
  /** Refused packets from the Internet, of all records. */
  refused: number;
}

export const USUAL: Omit<Traffic, 'day' | 'connections'> = {
  servers: 10,
  pairs: 600,
  long: 0.02,
  udp: 0.05,
  refused: 0.15,
};

const TYPES: Readonly<Record<string, 'INTEGER' | 'BIGINT'>> = {
  ...Object.fromEntries(
    ['version', 'srcport', 'dstport', 'protocol', 'tcp-flags', 'traffic-path'].map((f) => [f, 'INTEGER']),
  ),
  ...Object.fromEntries(['packets', 'bytes', 'start', 'end'].map((f) => [f, 'BIGINT'])),
};

/**
 * Writes the day twice: as AWS's gzipped text (27 fields, versions 2 to 5) and as AWS's Parquet. The same arguments give the same
 * records: chance is a hash of the connection's number. Returns how many records there are.
 */
export async function writeTraffic(traffic: Traffic, text: string, parquet: string): Promise<number> {
  const { day, connections, servers, pairs, long, udp, refused } = traffic;
  const instance = await DuckDBInstance.create(':memory:', { memory_limit: '1GB' });
  const db = await instance.connect();
  try {
    await db.run(`CREATE MACRO u(i, k) AS (hash(i * 100 + k) / 18446744073709551616.0)`);
    await db.run(`CREATE MACRO pick(i, k, n) AS CAST(floor(u(i, k) * n) AS BIGINT)`);
    await db.run(
      `CREATE MACRO inside(n) AS ('10.' || (n // 65536 % 256) || '.' || (n // 256 % 256) || '.' || (n % 256))`,
    );
    await db.run(
      `CREATE MACRO outside(n) AS ((11 + n % 150) || '.' || (n // 150 % 256) || '.' || (n // 38400 % 256) || '.' || (1 + n % 250))`,
    );
    // Callers are other interfaces of the VPC for seven pairs of ten, else addresses of the Internet.
    await db.run(`CREATE TABLE pair AS SELECT p, pick(p, 1, ${servers}) AS server, u(p, 2) < 0.7 AS local,
      CASE WHEN u(p, 2) < 0.7 THEN inside(100000 + pick(p, 3, ${servers * 3})) ELSE outside(pick(p, 3, 4000000)) END AS caller,
      ([443, 5432, 6379, 8080, 9092, 3306, 8443, 22])[1 + pick(pick(p, 1, ${servers}), 4, 8)] AS port FROM range(${pairs}) t(p)`);
    await db.run(`CREATE TABLE call AS SELECT i, pair.*, 32768 + pick(i, 5, 28232) AS caller_port, ${day} + pick(i, 6, 85000) AS moment,
      u(i, 7) < ${udp} AS is_udp, CASE WHEN u(i, 8) < ${long} THEN 2 + pick(i, 9, 118) ELSE 1 END AS intervals
      FROM range(${connections}) t(i) JOIN pair ON pair.p = CAST(floor(${pairs} * pow(u(i, 10), 3)) AS BIGINT)`);
    await db.run(`CREATE TABLE side AS SELECT *, 'eni-' || lpad(to_hex(server), 17, '0') AS eni, true AS served FROM call
      UNION ALL SELECT *, 'eni-' || lpad(to_hex(hash(caller) % 1000000), 17, '1'), false FROM call WHERE local`);
    await db.run(`CREATE TABLE seen AS SELECT eni, served = asked AS inbound, ${day} + ((moment - ${day}) // 60 + n) * 60 + pick(i, 11, 20) AS start_at,
        CASE WHEN asked THEN caller ELSE inside(server) END AS src, CASE WHEN asked THEN inside(server) ELSE caller END AS dst,
        CASE WHEN asked THEN caller_port ELSE port END AS sport, CASE WHEN asked THEN port ELSE caller_port END AS dport,
        CASE WHEN is_udp THEN 17 ELSE 6 END AS proto,
        CASE WHEN is_udp THEN 0 WHEN intervals = 1 THEN CASE WHEN asked THEN 3 ELSE 19 END
          WHEN n = 0 THEN CASE WHEN asked THEN 2 ELSE 18 END WHEN n = intervals - 1 THEN 1 ELSE 0 END AS flags,
        2 + pick(i + n * 7919, 12, 40) AS packets, 200 + pick(i + n * 7919, 30, 90000) AS bytes, 'ACCEPT' AS action
      FROM side, UNNEST([true, false]) a(asked), UNNEST(range(intervals)) b(n)`);
    await db.run(`INSERT INTO seen SELECT 'eni-' || lpad(to_hex(pick(i, 60, ${servers})), 17, '0'), true, ${day} + pick(i, 61, 86000),
        outside(pick(i, 62, 30000) * 977), inside(pick(i, 60, ${servers})), 32768 + pick(i, 63, 28232),
        CAST(1 + floor(9000 * pow(u(i, 64), 6)) AS BIGINT), 6, 2, 1, 40, 'REJECT'
      FROM (SELECT range + 1000000000 AS i FROM range((SELECT CAST(count(*) * ${refused / (1 - refused)} AS BIGINT) FROM seen)))`);
    const value: Readonly<Record<string, string>> = {
      'interface-id': 'eni',
      start: 'start_at',
      end: 'start_at + 30 + CAST(bytes % 25 AS BIGINT)',
      action: 'action',
      'log-status': "'OK'",
      srcaddr: 'src',
      srcport: 'sport',
      dstaddr: 'dst',
      dstport: 'dport',
      protocol: 'proto',
      'tcp-flags': 'flags',
      'flow-direction': "CASE WHEN inbound THEN 'ingress' ELSE 'egress' END",
      packets: 'packets',
      bytes: 'bytes',
      'pkt-srcaddr': 'src',
      'pkt-dstaddr': 'dst',
      type: "'IPv4'",
      'vpc-id': "'vpc-0a1b2c3d4e5f60718'",
      'subnet-id': "'subnet-' || lpad(to_hex(hash(eni) % 12), 17, '0')",
      'instance-id': "'i-' || lpad(to_hex(hash(eni)), 17, '0')",
      'account-id': "'123456789012'",
      region: "'eu-west-1'",
      'az-id': "'euw1-az' || (1 + hash(eni) % 3)",
      'traffic-path': 'CASE WHEN inbound THEN NULL ELSE 1 END',
      'pkt-src-aws-service': 'NULL',
      'pkt-dst-aws-service': 'NULL',
      version: '5',
    };
    const fields = fieldsOf('v5');
    const columns = (as: (field: string, sql: string) => string) =>
      fields.map((field) => as(field, value[field]!)).join(', ');
    // AWS cuts files by time: neighbours in a file are neighbours in time, which is much of gzip's success.
    const ordered = `FROM seen ORDER BY start_at // 300, hash(eni, sport, dport)`;
    await mkdir(dirname(text), { recursive: true });
    await mkdir(dirname(parquet), { recursive: true });
    await db.run(`COPY (SELECT ${columns((field, sql) => `coalesce(CAST(${sql} AS VARCHAR), '-') AS "${field}"`)} ${ordered})
      TO '${text}' (FORMAT csv, DELIMITER ' ', HEADER true, QUOTE '', ESCAPE '', COMPRESSION gzip)`);
    await db.run(`COPY (SELECT ${columns((field, sql) => `CAST(${sql} AS ${TYPES[field] ?? 'VARCHAR'}) AS ${field.replaceAll('-', '_')}`)} ${ordered})
      TO '${parquet}' (FORMAT parquet, COMPRESSION gzip)`);
    const reader = await db.runAndReadAll('SELECT count(*) FROM seen');
    return Number(reader.getRows()[0]![0]);
  } finally {
    db.closeSync();
    instance.closeSync();
  }
}
