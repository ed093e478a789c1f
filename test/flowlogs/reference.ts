import type { EvidenceClass, LedgerRow } from '../../analyzer/flowlogs/ledger.ts';

/** A usable record (status OK), as the format gave it. */
export interface FlowRecord {
  interfaceId: string;
  src: string;
  dst: string;
  srcPort: number;
  dstPort: number;
  protocol: number;
  packets: number;
  bytes: number;
  start: number;
  end: number;
  action: 'ACCEPT' | 'REJECT';
  flags: number | null;
  pktSrc: string | null;
  pktDst: string | null;
  direction: 'ingress' | 'egress' | null;
}

interface Seen {
  record: FlowRecord;
  certain: boolean;
  inbound: boolean;
  local: string;
  localPkt: string | null;
  peer: string;
  peerPkt: string | null;
  localPort: number;
  peerPort: number;
}

/**
 * docs/attribution.md once more, slowly and without indexes: every question is asked of all records. The addresses of each
 * interface are as the inventory has them; hours are kept for `changes`.
 */
export function referenceLedger(
  records: readonly FlowRecord[],
  addresses: Readonly<Record<string, readonly string[]>>,
  changes: readonly { interfaceId: string; day: number }[] = [],
): LedgerRow[] {
  const seen = records.flatMap((record) => readings(record, records, addresses));
  const accepted = seen.filter((s) => s.certain && s.record.action === 'ACCEPT');
  const rows = new Map<string, LedgerRow>();
  for (const s of seen) {
    const { opened, evidence } = decide(s, accepted, records);
    const withPorts = hasPorts(s.record);
    const day = s.record.start - (s.record.start % 86400);
    const hourly = changes.some((c) => c.interfaceId === s.record.interfaceId && c.day === day);
    const row: LedgerRow = {
      interfaceId: s.record.interfaceId,
      bucket: hourly ? s.record.start - (s.record.start % 3600) : day,
      opened,
      evidence,
      protocol: s.record.protocol,
      localPort: withPorts && opened !== 'outbound' ? s.localPort : null,
      peerPort: withPorts && opened !== 'inbound' ? s.peerPort : null,
      localAddress: s.local,
      localPacketAddress: s.localPkt,
      peerAddress: s.peer,
      peerPacketAddress: s.peerPkt,
      action: s.record.action,
      records: 0,
      packets: 0,
      bytes: 0,
      first: Number.POSITIVE_INFINITY,
      last: 0,
    };
    const key = JSON.stringify(row);
    const known = rows.get(key) ?? row;
    known.records += 1;
    known.packets += s.record.packets;
    known.bytes += s.record.bytes;
    known.first = Math.min(known.first, s.record.start);
    known.last = Math.max(known.last, s.record.end);
    rows.set(key, known);
  }
  return [...rows.values()];
}

function hasPorts(record: FlowRecord): boolean {
  return record.protocol === 6 || record.protocol === 17;
}

function readings(
  record: FlowRecord,
  all: readonly FlowRecord[],
  addresses: Readonly<Record<string, readonly string[]>>,
): Seen[] {
  const own = addresses[record.interfaceId] ?? [];
  const src = own.includes(record.src) || (record.pktSrc !== null && own.includes(record.pktSrc));
  const dst = own.includes(record.dst) || (record.pktDst !== null && own.includes(record.pktDst));
  const asDst = reading(record, true, true);
  const asSrc = reading(record, false, true);
  if (src && !dst) return [asSrc];
  if (dst && !src) return [asDst];
  if (record.direction === 'ingress') return [asDst];
  if (record.direction === 'egress') return [asSrc];
  const learned = own.length === 0 ? learnedAddress(record.interfaceId, all) : null;
  if (learned !== null && record.src === learned && record.dst !== learned) return [asSrc];
  if (learned !== null && record.dst === learned && record.src !== learned) return [asDst];
  return [reading(record, true, false), reading(record, false, false)];
}

function learnedAddress(interfaceId: string, all: readonly FlowRecord[]): string | null {
  const mine = all.filter((r) => r.interfaceId === interfaceId && r.src.includes('.'));
  const everywhere = [...new Set(mine.flatMap((r) => [r.src, r.dst]))].filter((a) =>
    mine.every((r) => r.src === a || r.dst === a),
  );
  return everywhere.length === 1 ? everywhere[0]! : null;
}

function reading(record: FlowRecord, inbound: boolean, certain: boolean): Seen {
  const differs = (pkt: string | null, address: string) => (pkt === null || pkt === address ? null : pkt);
  const src = {
    address: record.src,
    pkt: differs(record.pktSrc, record.src),
    port: hasPorts(record) ? record.srcPort : 0,
  };
  const dst = {
    address: record.dst,
    pkt: differs(record.pktDst, record.dst),
    port: hasPorts(record) ? record.dstPort : 0,
  };
  const [local, peer] = inbound ? [dst, src] : [src, dst];
  return {
    record,
    certain,
    inbound,
    local: local.address,
    localPkt: local.pkt,
    peer: peer.address,
    peerPkt: peer.pkt,
    localPort: local.port,
    peerPort: peer.port,
  };
}

function byFlags(s: Seen): 'inbound' | 'outbound' | null {
  const { protocol, flags } = s.record;
  if (protocol !== 6 || flags === null) return null;
  if ((flags & 18) === 2) return s.inbound ? 'inbound' : 'outbound';
  if ((flags & 18) === 18) return s.inbound ? 'outbound' : 'inbound';
  return null;
}

function tupleKey(s: Seen): string {
  return JSON.stringify([
    s.record.interfaceId,
    s.record.protocol,
    s.local,
    s.localPkt,
    s.peer,
    s.peerPkt,
    s.localPort,
    s.peerPort,
  ]);
}

type Opened = LedgerRow['opened'];

function decide(
  s: Seen,
  accepted: readonly Seen[],
  all: readonly FlowRecord[],
): { opened: Opened; evidence: EvidenceClass } {
  if (!s.certain) return { opened: 'unknown', evidence: 'none' };
  const own = byFlags(s);
  if (own !== null) return { opened: own, evidence: 'syn' };
  const verdict = hasPorts(s.record) ? conversation(s, accepted, all) : null;
  if (verdict !== null) return verdict;
  if (s.record.action === 'REJECT') return { opened: s.inbound ? 'inbound' : 'outbound', evidence: 'none' };
  return { opened: 'unknown', evidence: 'none' };
}

function conversation(
  s: Seen,
  accepted: readonly Seen[],
  all: readonly FlowRecord[],
): { opened: Opened; evidence: EvidenceClass } | null {
  const same = accepted.filter((o) => tupleKey(o) === tupleKey(s));
  if (same.length === 0) return null;
  const said = new Set(same.map(byFlags).filter((flag) => flag !== null));
  if (said.size === 2) return null;
  if (said.size === 1) return { opened: [...said][0]!, evidence: 'conversation' };
  const { localPort, peerPort } = s;
  if (s.record.protocol === 6) {
    const answered = accepted.filter(
      (o) => o.record.protocol === 6 && o.record.flags !== null && (o.record.flags & 18) === 18,
    );
    const local = answered.some(
      (o) => !o.inbound && o.record.interfaceId === s.record.interfaceId && o.localPort === localPort,
    );
    const peer = answered.some(
      (o) => o.inbound && o.record.interfaceId === s.record.interfaceId && o.peer === s.peer && o.peerPort === peerPort,
    );
    const somewhere = answered.some((o) =>
      o.inbound ? o.peer === s.peer && o.peerPort === peerPort : o.local === s.peer && o.localPort === peerPort,
    );
    if (local && !somewhere && !(localPort >= 32768 && peerPort < 32768))
      return { opened: 'inbound', evidence: 'listener' };
    if (peer && !local && !(peerPort >= 32768 && localPort < 32768))
      return { opened: 'outbound', evidence: 'listener' };
    if (local !== somewhere) return null;
  }
  const first = (of: readonly Seen[]) => (of.length === 0 ? null : Math.min(...of.map((o) => o.record.start)));
  const firstIn = first(same.filter((o) => o.inbound));
  const firstOut = first(same.filter((o) => !o.inbound));

  const atLocal = accepted.filter(
    (o) =>
      o.record.protocol === s.record.protocol &&
      o.record.interfaceId === s.record.interfaceId &&
      o.localPort === localPort,
  );
  const atPeer = accepted.filter(
    (o) => o.record.protocol === s.record.protocol && o.peer === s.peer && o.peerPort === peerPort,
  );
  const metLocal = new Set(atLocal.map((o) => o.peerPort)).size;
  const metPeer = new Set(atPeer.map((o) => o.localPort)).size;
  /** Of the tuples whose caller has an ephemeral port, how many began with a packet of the called end? */
  const trusted = (tuples: readonly Seen[], calledIsLocal: boolean) => {
    const keys = new Set(tuples.filter((o) => (calledIsLocal ? o.peerPort : o.localPort) >= 32768).map(tupleKey));
    let reversed = 0;
    for (const key of keys) {
      const tuple = tuples.filter((o) => tupleKey(o) === key);
      const fromCalled = first(tuple.filter((o) => o.inbound !== calledIsLocal));
      const toCalled = first(tuple.filter((o) => o.inbound === calledIsLocal));
      if (fromCalled !== null && (toCalled === null || fromCalled < toCalled)) reversed++;
    }
    return reversed * 50 <= keys.size;
  };
  if (s.record.protocol === 6) {
    const opened = activeFtp(s, accepted);
    if (opened !== null) return { opened, evidence: 'related' };
  }
  /** A caller below the ephemeral ports is believed of TCP between two calls from ephemeral ones, if its port met one port only. */
  const lowCaller = (
    tuples: readonly Seen[],
    called: number,
    caller: number,
    metByCaller: number,
    localIsCalled: boolean,
  ) => {
    if (s.record.protocol !== 6 || called >= 32768 || called === 20 || caller < 1024 || caller >= 32768) return false;
    if (metByCaller !== 1) return false;
    const high = tuples.filter((o) => (localIsCalled ? o.peerPort : o.localPort) >= 32768);
    const keys = [...new Set(high.map(tupleKey))];
    const begins = keys.map((key) => {
      const tuple = high.filter((o) => tupleKey(o) === key);
      return {
        asked: first(tuple.filter((o) => o.inbound === localIsCalled)),
        said: first(tuple.filter((o) => o.inbound !== localIsCalled)),
      };
    });
    if (keys.length < 4 || begins.some(({ asked, said }) => said !== null && (asked === null || said < asked)))
      return false;
    const asked = begins.flatMap((b) => b.asked ?? []);
    const mine = localIsCalled ? firstIn : firstOut;
    return mine !== null && mine >= Math.min(...asked) && mine <= Math.max(...asked);
  };
  const classes = (called: number, caller: number) => called < 32768 && called !== 20 && caller >= 32768;
  /** Ephemeral ports from which one end alone called it. */
  const fromOne = (tuples: readonly Seen[], localIsCalled: boolean) => {
    const high = tuples.filter((o) => (localIsCalled ? o.peerPort : o.localPort) >= 32768);
    const caller = (o: Seen) => (localIsCalled ? o.peer : o.record.interfaceId);
    const ports = (one: string) =>
      new Set(high.filter((o) => caller(o) === one).map((o) => (localIsCalled ? o.peerPort : o.localPort))).size;
    return Math.max(0, ...high.map((o) => ports(caller(o))));
  };
  const enough = (port: number, tuples: readonly Seen[], localIsCalled: boolean) =>
    port >= 512 && port <= 1023 && fromOne(tuples, localIsCalled) < 5 ? 16 : 4;

  if (
    metLocal >= enough(localPort, atLocal, true) &&
    metLocal >= 4 * metPeer &&
    trusted(atLocal, true) &&
    (classes(localPort, peerPort) || lowCaller(atLocal, localPort, peerPort, metPeer, true)) &&
    firstIn !== null &&
    (firstOut === null || firstIn <= firstOut)
  )
    return { opened: 'inbound', evidence: 'fan' };
  if (
    metPeer >= enough(peerPort, atPeer, false) &&
    metPeer >= 4 * metLocal &&
    trusted(atPeer, false) &&
    (classes(peerPort, localPort) || lowCaller(atPeer, peerPort, localPort, metLocal, false)) &&
    firstOut !== null &&
    (firstIn === null || firstOut <= firstIn)
  )
    return { opened: 'outbound', evidence: 'fan' };

  if (firstIn === null || firstOut === null) return null;
  const edge = Math.min(...all.filter((r) => r.interfaceId === s.record.interfaceId).map((r) => r.start)) + 600;
  if (firstIn < edge || firstOut < edge) return null;
  if (firstIn < firstOut && classes(localPort, peerPort)) return { opened: 'inbound', evidence: 'start' };
  if (firstOut < firstIn && classes(peerPort, localPort)) return { opened: 'outbound', evidence: 'start' };
  return null;
}

/** Active FTP: every conversation of this server's port 20 begins out of it, within a conversation that the same client began to port 21. */
function activeFtp(s: Seen, accepted: readonly Seen[]): 'inbound' | 'outbound' | null {
  const tcp = accepted.filter((o) => o.record.protocol === 6);
  for (const localServes of [true, false]) {
    const port = (o: Seen) => (localServes ? o.localPort : o.peerPort);
    const client = (o: Seen) => (localServes ? o.peerPort : o.localPort);
    if (port(s) !== 20 || client(s) < 1024) continue;
    const sameServer = (o: Seen) => (localServes ? o.record.interfaceId === s.record.interfaceId : o.peer === s.peer);
    const data = tcp.filter((o) => sameServer(o) && port(o) === 20 && client(o) >= 1024);
    const spans = (tuple: readonly Seen[]) => {
      const starts = (toServer: boolean) =>
        tuple.filter((o) => o.inbound === (localServes ? toServer : !toServer)).map((o) => o.record.start);
      return {
        asked: Math.min(...starts(true)),
        said: Math.min(...starts(false)),
        last: Math.max(...tuple.map((o) => o.record.end)),
      };
    };
    const related = (d: Seen) => {
      const { asked, said } = spans(tcp.filter((o) => tupleKey(o) === tupleKey(d)));
      if (said === Infinity || said > asked) return false;
      const controls = tcp.filter(
        (o) =>
          port(o) === 21 &&
          client(o) >= 1024 &&
          JSON.stringify([o.record.interfaceId, o.local, o.localPkt, o.peer, o.peerPkt]) ===
            JSON.stringify([d.record.interfaceId, d.local, d.localPkt, d.peer, d.peerPkt]),
      );
      return controls.some((o) => {
        const c = spans(tcp.filter((other) => tupleKey(other) === tupleKey(o)));
        return c.asked !== Infinity && c.asked <= c.said && c.asked <= said && said <= c.last;
      });
    };
    if (data.every(related)) return localServes ? 'outbound' : 'inbound';
  }
  return null;
}
