import type { EpochSeconds } from '../../analyzer/model/interface.ts';
import type { Direction } from '../../analyzer/model/rule.ts';
import { cidrHolds } from './oracle.ts';
import { hash } from './random.ts';
import type { ConnectionEnd, FlowRecord, SimInterface, TrueConnection, WorldState } from './types.ts';

// TCP flags as flow logs report them; ACK only together with SYN. Source: VPC user guide, field tcp-flags.
const FIN = 1;
const SYN = 2;
const RST = 4;
const SYN_ACK = 18;

/** Where an interface's aggregation intervals begin, relative to the epoch: not on the minute, and another for each interface, as in real logs. */
export function phaseOf(interfaceId: string, aggregation: number): number {
  return hash(interfaceId) % aggregation;
}

/** Closed-open spans of the window in which the interface is logged. */
export function loggedSpans(world: WorldState, i: SimInterface): { from: EpochSeconds; to: EpochSeconds }[] {
  if (i.loggedFrom === null) return [];
  const from = Math.max(world.window.from, i.loggedFrom, i.created);
  const to = Math.min(world.window.to, i.gone ?? world.window.to);
  let spans = from < to ? [{ from, to }] : [];
  for (const gap of i.gaps) {
    spans = spans.flatMap((span) =>
      [
        { from: span.from, to: Math.min(span.to, gap.from) },
        { from: Math.max(span.from, gap.to), to: span.to },
      ].filter((s) => s.from < s.to),
    );
  }
  return spans;
}

/** One direction of packets of one connection, seen at one interface. */
interface Stream {
  src: string;
  dst: string;
  pktSrc: string;
  pktDst: string;
  srcport: number;
  dstport: number;
  direction: Direction;
  action: 'ACCEPT' | 'REJECT';
  /** Sent by the caller? */
  up: boolean;
}

/** All records of the window, sorted by end, interface, and content. */
export function flowRecords(world: WorldState): FlowRecord[] {
  const interfaces = new Map(world.interfaces.map((i) => [i.interfaceId, i]));
  const loggers = new Map(world.interfaces.map((i) => [i.interfaceId, new InterfaceLog(world, i)]));
  for (const connection of world.connections) {
    for (const end of connection.ends) {
      const own = interfaces.get(end.interfaceId)!;
      for (const stream of streamsAt(connection, end, own)) loggers.get(end.interfaceId)!.add(connection, stream);
    }
    if (connection.nat !== null && connection.established) {
      const gateway = interfaces.get(connection.nat.interfaceId)!;
      for (const stream of natStreams(connection, connection.nat.port, gateway)) {
        loggers.get(gateway.interfaceId)!.add(connection, stream);
      }
    }
  }
  const out: FlowRecord[] = [];
  for (const logger of loggers.values()) logger.finish(out);
  return out.sort(
    (a, b) =>
      a.end - b.end ||
      compare(a.interfaceId, b.interfaceId) ||
      a.start - b.start ||
      compare(a.srcaddr ?? '', b.srcaddr ?? '') ||
      compare(a.dstaddr ?? '', b.dstaddr ?? '') ||
      (a.srcport ?? -1) - (b.srcport ?? -1) ||
      (a.dstport ?? -1) - (b.dstport ?? -1) ||
      (a.protocol ?? -1) - (b.protocol ?? -1) ||
      compare(a.pktSrcaddr ?? '', b.pktSrcaddr ?? '') ||
      compare(a.pktDstaddr ?? '', b.pktDstaddr ?? '') ||
      compare(a.action ?? '', b.action ?? ''),
  );
}

function compare(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}

function streamsAt(connection: TrueConnection, end: ConnectionEnd, own: SimInterface): Stream[] {
  const calls = end.direction === 'egress';
  const sport = connection.sourcePort ?? 0;
  const dport = connection.port ?? 0;
  const shown = shownAs(own, end.own);
  const there = { src: shown, dst: end.peer, pktSrc: end.own, pktDst: end.peer };
  const here = { src: end.peer, dst: shown, pktSrc: end.peer, pktDst: end.own };
  const up: Stream = {
    ...(calls ? there : here),
    srcport: sport,
    dstport: dport,
    direction: end.direction,
    action: end.accepted ? 'ACCEPT' : 'REJECT',
    up: true,
  };
  if (!connection.established) return [up];
  const down: Stream = {
    ...(calls ? here : there),
    srcport: dport,
    dstport: sport,
    direction: calls ? 'ingress' : 'egress',
    action: 'ACCEPT',
    up: false,
  };
  return [up, down];
}

/** At its interface a secondary IPv4 address shows as the primary; pkt-srcaddr and pkt-dstaddr have the real one. */
function shownAs(i: SimInterface, address: string): string {
  return i.secondary.includes(address) ? i.primary : address;
}

/** Both legs at the NAT gateway: towards the private caller pkt-* name the far end; towards the far end they repeat the addresses. */
function natStreams(connection: TrueConnection, natPort: number, gateway: SimInterface): Stream[] {
  const { opener, target } = connection;
  const nat = gateway.primary;
  const sport = connection.sourcePort ?? 0;
  const dport = connection.port ?? 0;
  const near = { srcport: sport, dstport: dport, action: 'ACCEPT' as const };
  const far = { srcport: connection.port === null ? 0 : natPort, dstport: dport, action: 'ACCEPT' as const };
  return [
    { ...near, src: opener, dst: nat, pktSrc: opener, pktDst: target, direction: 'ingress', up: true },
    { ...reversed(near), src: nat, dst: opener, pktSrc: target, pktDst: opener, direction: 'egress', up: false },
    { ...far, src: nat, dst: target, pktSrc: nat, pktDst: target, direction: 'egress', up: true },
    { ...reversed(far), src: target, dst: nat, pktSrc: target, pktDst: nat, direction: 'ingress', up: false },
  ];
}

function reversed<T extends { srcport: number; dstport: number }>(ports: T): T {
  return { ...ports, srcport: ports.dstport, dstport: ports.srcport };
}

/** The aggregation intervals of one interface. */
class InterfaceLog {
  private readonly world: WorldState;
  private readonly own: SimInterface;
  private readonly phase: number;
  private readonly spans: { from: EpochSeconds; to: EpochSeconds }[];
  private readonly rows = new Map<string, FlowRecord>();
  /** Intervals with at least one record, by number. */
  private readonly busy = new Set<number>();

  constructor(world: WorldState, own: SimInterface) {
    this.world = world;
    this.own = own;
    this.phase = phaseOf(own.interfaceId, world.aggregation);
    this.spans = loggedSpans(world, own);
  }

  add(connection: TrueConnection, stream: Stream): void {
    const { aggregation } = this.world;
    const first = this.number(connection.start);
    const last = this.number(connection.end);
    const total = connection.end - connection.start + 1;
    const bytes = stream.up ? connection.bytesUp : connection.bytesDown;
    for (let n = first; n <= last; n += 1) {
      if (connection.quiet && n !== first && n !== last) continue;
      const from = this.phase + n * aggregation;
      const cut = this.cut(from, from + aggregation);
      if (cut === null) continue;
      const begins = Math.max(connection.start, from);
      const ends = Math.min(connection.end, from + aggregation - 1);
      // Packets outside the logged part of an interval at the window's edge or a gap leave no record.
      if (ends < cut.from || begins >= cut.to) continue;
      const share = (ends - begins + 1) / total;
      const flags = connection.protocol === 6 ? flagsOf(connection, stream, n === first, n === last) : 0;
      const partBytes = connection.established
        ? Math.max(40, Math.round(bytes * share))
        : 40 * (1 + (connection.id % 3));
      const packets = connection.established
        ? Math.max(1, Math.ceil(partBytes / 900)) + (n === first ? 1 : 0)
        : 1 + (connection.id % 3);
      this.count(n, cut, stream, connection.protocol, flags, packets, Math.max(partBytes, packets * 40), begins, ends);
    }
  }

  private count(
    n: number,
    cut: { from: EpochSeconds; to: EpochSeconds },
    stream: Stream,
    protocol: number,
    flags: number,
    packets: number,
    bytes: number,
    begins: EpochSeconds,
    ends: EpochSeconds,
  ): void {
    this.busy.add(n);
    const { src, dst, pktSrc, pktDst, srcport, dstport, direction, action } = stream;
    const key = `${n}|${src}|${dst}|${pktSrc}|${pktDst}|${srcport}|${dstport}|${protocol}|${direction}|${action}`;
    const times =
      this.world.recordTimes === 'interval'
        ? { start: cut.from, end: cut.to }
        : { start: Math.max(begins, cut.from), end: Math.min(ends + 1, cut.to) };
    const known = this.rows.get(key);
    if (known !== undefined) {
      known.packets = known.packets! + packets;
      known.bytes = known.bytes! + bytes;
      known.tcpFlags = known.tcpFlags! | flags;
      known.start = Math.min(known.start, times.start);
      known.end = Math.max(known.end, times.end);
      return;
    }
    const outward = direction === 'egress';
    this.rows.set(key, {
      ...this.empty(times.start, times.end),
      srcaddr: src,
      dstaddr: dst,
      srcport,
      dstport,
      protocol,
      packets,
      bytes,
      action,
      logStatus: 'OK',
      tcpFlags: flags,
      type: src.includes(':') ? 'IPv6' : 'IPv4',
      pktSrcaddr: pktSrc,
      pktDstaddr: pktDst,
      pktSrcAwsService: this.service(pktSrc),
      pktDstAwsService: this.service(pktDst),
      flowDirection: direction,
      trafficPath: outward ? this.path(pktDst) : null,
    });
  }

  finish(out: FlowRecord[]): void {
    const { aggregation } = this.world;
    const skipped = new Set<number>();
    for (const skip of this.world.skips)
      if (skip.interfaceId === this.own.interfaceId) skipped.add(this.number(skip.at));
    for (const row of this.rows.values()) out.push(row);
    for (const n of skipped) {
      const cut = this.cut(this.phase + n * aggregation, this.phase + (n + 1) * aggregation);
      if (cut === null) continue;
      this.busy.add(n);
      out.push({ ...this.empty(cut.from, cut.to), logStatus: 'SKIPDATA' });
    }
    for (const span of this.spans) this.idle(span, out);
  }

  /** NODATA for the intervals of the span without traffic, joined up to noDataInterval and never across its multiples. */
  private idle(span: { from: EpochSeconds; to: EpochSeconds }, out: FlowRecord[]): void {
    const { aggregation, noDataInterval } = this.world;
    const perLine = Math.max(1, Math.floor(noDataInterval / aggregation));
    let open: { from: EpochSeconds; to: EpochSeconds } | null = null;
    for (let n = this.number(span.from); this.phase + n * aggregation < span.to; n += 1) {
      const from = Math.max(span.from, this.phase + n * aggregation);
      const to = Math.min(span.to, this.phase + (n + 1) * aggregation);
      if (open !== null && (this.busy.has(n) || n % perLine === 0)) {
        out.push(this.empty(open.from, open.to));
        open = null;
      }
      if (this.busy.has(n)) continue;
      const begun: EpochSeconds = open === null ? from : open.from;
      open = { from: begun, to };
    }
    if (open !== null) out.push(this.empty(open.from, open.to));
  }

  private number(at: EpochSeconds): number {
    return Math.floor((at - this.phase) / this.world.aggregation);
  }

  /** The logged part of an interval, null where there is none. */
  private cut(from: EpochSeconds, to: EpochSeconds): { from: EpochSeconds; to: EpochSeconds } | null {
    for (const span of this.spans) {
      if (span.from < to && from < span.to) return { from: Math.max(from, span.from), to: Math.min(to, span.to) };
    }
    return null;
  }

  private empty(start: EpochSeconds, end: EpochSeconds): FlowRecord {
    const subnet = this.world.subnets.find((s) => s.subnetId === this.own.subnetId);
    return {
      accountId: this.world.accountId,
      interfaceId: this.own.interfaceId,
      vpcId: this.world.vpcId,
      subnetId: this.own.subnetId,
      instanceId: this.own.instanceId,
      srcaddr: null,
      dstaddr: null,
      srcport: null,
      dstport: null,
      protocol: null,
      packets: null,
      bytes: null,
      start,
      end,
      action: null,
      logStatus: 'NODATA',
      tcpFlags: null,
      type: null,
      pktSrcaddr: null,
      pktDstaddr: null,
      region: this.world.region,
      azId: subnet?.azId ?? '-',
      pktSrcAwsService: null,
      pktDstAwsService: null,
      flowDirection: null,
      trafficPath: null,
    };
  }

  private service(address: string): string | null {
    const list = this.world.prefixLists.find((l) => l.ownerId === 'AWS' && l.cidrs.some((c) => cidrHolds(c, address)));
    return list === undefined ? null : 'S3';
  }

  /** 1 another resource of the VPC, 7 a gateway endpoint, 8 an internet gateway. Source: VPC user guide, field traffic-path. */
  private path(address: string): number {
    if (cidrHolds(this.world.vpcCidr, address) || cidrHolds(this.world.vpcCidrIpv6, address)) return 1;
    return this.service(address) === null ? 8 : 7;
  }
}

function flagsOf(connection: TrueConnection, stream: Stream, first: boolean, last: boolean): number {
  if (!connection.established) return SYN;
  if (connection.closing === 'refused') return stream.up ? SYN : RST;
  let flags = 0;
  if (first) flags |= stream.up ? SYN : SYN_ACK;
  if (last && connection.closing === 'fin') flags |= FIN;
  if (last && connection.closing === 'rst' && stream.up) flags |= RST;
  return flags;
}
