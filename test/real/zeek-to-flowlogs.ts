/**
 * How often is the opener found, how often wrong? Zeek's conn.log knows who opened each connection (it saw every packet). This
 * re-shapes such logs into VPC flow-log records, scans them, and compares.
 *
 *     node test/real/zeek-to-flowlogs.ts CONN_LOG…      (JSON lines, as in OTRF/Security-Datasets)
 *
 * What the re-shaping assumes: packets spread evenly over a connection's duration; SYN in the first record of the opener and SYN-ACK
 * in the first of the answerer, FIN and RST in the last, as the history says (S, h, F, R); private addresses are interfaces, one
 * each, and so a connection between two of them stands in the logs of both. A connection whose beginning Zeek did not see (no S
 * in the history) has no SYN here either.
 */
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type LedgerRow, openDuckDbStore } from '../../analyzer/flowlogs/index.ts';

interface Conn {
  ts: number;
  id_orig_h: string;
  id_orig_p: number;
  id_resp_h: string;
  id_resp_p: number;
  proto: string;
  duration?: number;
  history?: string;
  orig_pkts: number;
  orig_ip_bytes: number;
  resp_pkts: number;
  resp_ip_bytes: number;
}

const HEADER =
  'version account-id interface-id srcaddr dstaddr srcport dstport protocol packets bytes start end action log-status';

async function main(paths: readonly string[]): Promise<void> {
  const conns: Conn[] = [];
  for (const path of paths) {
    for (const line of (await readFile(path, 'utf8')).split('\n')) {
      if (line.trim() === '') continue;
      const conn = JSON.parse(line) as Conn;
      // Zeek's guess of the opener where it saw no first packet (history with ^ or without S, D first) is no truth to judge by.
      if (conn.proto === 'tcp' && !/^\^?[Sh]/.test(conn.history ?? '')) continue;
      if (conn.proto === 'tcp' && (conn.history ?? '').startsWith('^')) continue;
      if (conn.proto === 'tcp' || conn.proto === 'udp') conns.push(conn);
    }
  }
  console.log(`${conns.length} connections of TCP and UDP with a known opener`);
  console.log(
    '| format | records | aggregation | protocol | evidence | records | share | wrong |\n|---|---|---|---|---|---|---|---|',
  );
  for (const flags of [true, false]) {
    for (const seconds of [60, 600]) {
      await measure(conns, flags, seconds, 0);
      // As if the logs had been switched on when half of the records were over: what runs then has lost its beginning.
      await measure(conns, flags, seconds, 0.5);
    }
  }
}

async function measure(conns: readonly Conn[], flags: boolean, seconds: number, without: number): Promise<void> {
  const truth = new Map<string, Set<'inbound' | 'outbound'>>();
  const made = conns.flatMap((conn) => records(conn, flags, seconds, truth));
  const start = (line: string) => Number(line.split(' ')[10]);
  const starts = made.map(start).sort((a, b) => a - b);
  const since = starts[Math.floor(starts.length * without)] ?? 0;
  const lines = [flags ? `${HEADER} tcp-flags` : HEADER, ...made.filter((line) => start(line) >= since)];
  const dir = await mkdtemp(join(tmpdir(), 'pare-zeek-'));
  try {
    await writeFile(join(dir, 'flows.log'), `${lines.join('\n')}\n`);
    const scan = await openDuckDbStore({ paths: [dir], tempDir: dir }).scan({
      window: { from: 0, to: 4e9 },
      interfaces: interfaces(conns),
      changes: [],
      skipUnreadable: false,
      progress: () => {},
      signal: new AbortController().signal,
    });
    const counts = new Map<string, { records: number; wrong: number }>();
    const all = new Map<number, number>();
    for await (const rows of scan.ledger()) {
      for (const row of rows) {
        const key = `${row.protocol} ${row.evidence}`;
        const count = counts.get(key) ?? { records: 0, wrong: 0 };
        count.records += row.records;
        if (row.opened !== 'unknown' && !right(row, truth)) count.wrong += row.records;
        counts.set(key, count);
        all.set(row.protocol, (all.get(row.protocol) ?? 0) + row.records);
      }
    }
    for (const [key, { records, wrong }] of [...counts].sort()) {
      const [protocol, evidence] = key.split(' ');
      const share = ((100 * records) / (all.get(Number(protocol)) ?? 1)).toFixed(1);
      const name = protocol === '6' ? 'TCP' : 'UDP';
      console.log(
        `| ${flags ? 'with flags' : 'v2'} | ${without === 0 ? 'all' : 'second half'} | ${seconds} s | ${name} | ${evidence} | ${records} | ${share} % | ${wrong} |`,
      );
    }
    await scan.close();
  } finally {
    await rm(dir, { recursive: true, force: true });
  }
}

/** The folded row names one port: it is right if a connection with that port was opened that way. */
function right(row: LedgerRow, truth: ReadonlyMap<string, ReadonlySet<string>>): boolean {
  const port = row.opened === 'inbound' ? row.localPort : row.peerPort;
  return truth.get(truthKey(row.interfaceId, row.protocol, row.peerAddress, row.opened, port ?? 0))?.size === 1;
}

function truthKey(eni: string, protocol: number, peer: string, opened: string, called: number): string {
  return `${eni} ${protocol} ${peer} ${opened} ${called}`;
}

function isPrivate(address: string): boolean {
  return /^(10\.|192\.168\.|172\.(1[6-9]|2\d|3[01])\.|fd|fe80)/.test(address);
}

function eni(address: string): string {
  return `eni-${address.replaceAll(/[.:]/g, 'x')}`;
}

function interfaces(conns: readonly Conn[]) {
  const addresses = new Set(conns.flatMap((conn) => [conn.id_orig_h, conn.id_resp_h]).filter(isPrivate));
  return [...addresses].sort().map((address) => ({ interfaceId: eni(address), addresses: [address] }));
}

function records(
  conn: Conn,
  flags: boolean,
  seconds: number,
  truth: Map<string, Set<'inbound' | 'outbound'>>,
): string[] {
  const lines: string[] = [];
  const protocol = conn.proto === 'tcp' ? 6 : 17;
  for (const local of [conn.id_orig_h, conn.id_resp_h].filter(isPrivate)) {
    const opened = local === conn.id_orig_h ? 'outbound' : 'inbound';
    const peer = local === conn.id_orig_h ? conn.id_resp_h : conn.id_orig_h;
    const key = truthKey(eni(local), protocol, peer, opened, conn.id_resp_p);
    truth.set(key, new Set([...(truth.get(key) ?? []), opened]));
    for (const way of ['orig', 'resp'] as const) lines.push(...oneWay(conn, way, eni(local), protocol, flags, seconds));
  }
  return lines;
}

function oneWay(
  conn: Conn,
  way: 'orig' | 'resp',
  eniId: string,
  protocol: number,
  flags: boolean,
  seconds: number,
): string[] {
  const packets = way === 'orig' ? conn.orig_pkts : conn.resp_pkts;
  const bytes = way === 'orig' ? conn.orig_ip_bytes : conn.resp_ip_bytes;
  if (packets === 0) return [];
  const history = conn.history ?? '';
  const [src, srcPort, dst, dstPort] =
    way === 'orig'
      ? [conn.id_orig_h, conn.id_orig_p, conn.id_resp_h, conn.id_resp_p]
      : [conn.id_resp_h, conn.id_resp_p, conn.id_orig_h, conn.id_orig_p];
  const duration = conn.duration ?? 0;
  // The answer comes a thousandth later.
  const begin = conn.ts + (way === 'resp' ? Math.min(0.001, duration) : 0);
  const times = Array.from(
    { length: packets },
    (_, i) => begin + (packets === 1 ? 0 : (i * (conn.ts + duration - begin)) / (packets - 1)),
  );
  const lines: string[] = [];
  for (let i = 0; i < times.length; ) {
    const interval = Math.floor(times[i]! / seconds);
    let j = i;
    while (j < times.length && Math.floor(times[j]! / seconds) === interval) j++;
    const letters =
      way === 'orig' ? { syn: 'S', ack: '', fin: 'F', rst: 'R' } : { syn: '', ack: 'h', fin: 'f', rst: 'r' };
    let flag = 0;
    if (i === 0 && letters.syn !== '' && history.includes(letters.syn)) flag |= 2;
    if (i === 0 && letters.ack !== '' && history.includes(letters.ack)) flag |= 18;
    if (j === times.length && history.includes(letters.fin)) flag |= 1;
    if (j === times.length && history.includes(letters.rst)) flag |= 4;
    const share = Math.round((bytes * (j - i)) / packets);
    const fields = [
      '2',
      '1',
      eniId,
      src,
      dst,
      srcPort,
      dstPort,
      protocol,
      j - i,
      share,
      Math.floor(times[i]!),
      Math.floor(times[j - 1]!),
    ];
    lines.push(`${fields.join(' ')} ACCEPT OK${flags ? ` ${protocol === 6 ? flag : 0}` : ''}`);
    i = j;
  }
  return lines;
}

await main(process.argv.slice(2));
