import { formatAddress } from '../model/address.ts';
import type { Usage } from '../model/finding.ts';
import { formatProtocol } from '../model/protocol.ts';
import type { ConnectionClass, Evidence } from '../usage/index.ts';

const TOP = 10;
const DAY = 86_400;

/** What one rule was used for, in running sums. */
class Sums {
  flows = 0;
  bytes = 0;
  packets = 0;
  first = Infinity;
  last = -Infinity;
  only = 0;
  uncertain = 0;
  readonly days = new Map<number, number>();
  readonly evidence = new Map<string, number>();
  /** By value: numbers are IPv4, bigints IPv6. */
  readonly peers = new Map<number | bigint, { flows: number; bytes: number }>();
  /** By protocol and port (portKey). */
  readonly ports = new Map<number, { protocol: string; port: number | null; flows: number; bytes: number }>();
}

type Counted = Pick<ConnectionClass, 'records' | 'packets' | 'bytes' | 'first' | 'last' | 'days' | 'evidence'>;

/**
 * Usage of every rule, by index into evidence.rules. Each record counts once for a rule, however many readings of it the rule allows;
 * its possible peers and ports are all named.
 */
export function ruleUsages(evidence: Evidence): Usage[] {
  const sums = evidence.rules.map(() => new Sums());
  for (const c of evidence.classes) if (c.certain) count(sums, c, [c]);
  for (const bundle of evidence.ambiguous) {
    count(
      sums,
      bundle,
      bundle.classes.map((i) => evidence.classes[i]!),
    );
  }
  return sums.map(finish);
}

function count(sums: readonly Sums[], counted: Counted, readings: readonly ConnectionClass[]): void {
  const only = readings.length === 1 ? readings[0]! : null;
  // Of one reading each rule is named once.
  const rules =
    only === null ? [...new Set(readings.flatMap((c) => [...c.yes, ...c.maybe]))] : [...only.yes, ...only.maybe];
  const evidence = Object.entries(counted.evidence);
  for (const rule of rules) {
    const sum = sums[rule]!;
    sum.flows += counted.records;
    sum.bytes += counted.bytes;
    sum.packets += counted.packets;
    sum.first = Math.min(sum.first, counted.first);
    sum.last = Math.max(sum.last, counted.last);
    if (rules.length === 1) sum.only += counted.records;
    if (only === null || !only.certain || (only.maybe.length > 0 && only.maybe.includes(rule)))
      sum.uncertain += counted.records;
    for (const { day, records } of counted.days) sum.days.set(day, (sum.days.get(day) ?? 0) + records);
    for (const [name, records] of evidence) {
      sum.evidence.set(name, (sum.evidence.get(name) ?? 0) + records);
    }
    if (only !== null) {
      countEnds(sum, counted, [only]);
    } else {
      countEnds(
        sum,
        counted,
        readings.filter((c) => c.yes.includes(rule) || c.maybe.includes(rule)),
      );
    }
  }
}

/** Every possible peer and port once. */
function countEnds(sum: Sums, counted: Counted, readings: readonly ConnectionClass[]): void {
  if (readings.length === 1) {
    countPeer(sum, counted, readings[0]!.peer.value);
    countPort(sum, counted, readings[0]!);
    return;
  }
  for (const value of new Set(readings.map((c) => c.peer.value))) countPeer(sum, counted, value);
  for (const c of new Map(readings.map((c) => [portKey(c), c])).values()) countPort(sum, counted, c);
}

function countPeer(sum: Sums, counted: Counted, value: number | bigint): void {
  const entry = sum.peers.get(value);
  if (entry === undefined) {
    sum.peers.set(value, { flows: counted.records, bytes: counted.bytes });
    return;
  }
  entry.flows += counted.records;
  entry.bytes += counted.bytes;
}

function countPort(sum: Sums, counted: Counted, c: ConnectionClass): void {
  const key = portKey(c);
  const entry = sum.ports.get(key) ?? { protocol: formatProtocol(c.protocol), port: c.port, flows: 0, bytes: 0 };
  entry.flows += counted.records;
  entry.bytes += counted.bytes;
  sum.ports.set(key, entry);
}

const PORTS = 65_537;

function portKey({ protocol, port }: ConnectionClass): number {
  return protocol * PORTS + (port === null ? 0 : port + 1);
}

function portText(key: number): string {
  const port = key % PORTS;
  return `${Math.floor(key / PORTS)}/${port === 0 ? null : port - 1}`;
}

function finish(sum: Sums): Usage {
  const used = sum.flows > 0;
  const days = [...sum.days].sort(([a], [b]) => a - b);
  return {
    flows: sum.flows,
    bytes: sum.bytes,
    packets: sum.packets,
    firstSeen: used ? isoTime(sum.first) : null,
    lastSeen: used ? isoTime(sum.last) : null,
    onlyPermitterFlows: sum.only,
    uncertainFlows: sum.uncertain,
    daysSeen: days.length,
    topPeers: [...sum.peers]
      .sort(([a, x], [b, y]) => y.flows - x.flows || y.bytes - x.bytes || compareAddresses(a, b))
      .slice(0, TOP)
      .map(([value, n]) => ({ address: addressText(value), ...n })),
    topPorts: [...sum.ports]
      .sort(([a, x], [b, y]) => y.flows - x.flows || y.bytes - x.bytes || (portText(a) < portText(b) ? -1 : 1))
      .slice(0, TOP)
      .map(([, n]) => n),
    evidence: Object.fromEntries([...sum.evidence].sort(([a], [b]) => (a < b ? -1 : 1))),
    perDay: days.map(([day, flows]) => ({ day: dayText(day), flows })),
  };
}

/** IPv4 first, then by value. */
function compareAddresses(a: number | bigint, b: number | bigint): number {
  if (typeof a !== typeof b) return typeof a === 'number' ? -1 : 1;
  return a < b ? -1 : 1;
}

function addressText(value: number | bigint): string {
  return formatAddress(typeof value === 'number' ? { family: 4, value } : { family: 6, value });
}

const DAYS = new Map<number, string>();

/** Every rule names the same days again. */
function dayText(day: number): string {
  const found = DAYS.get(day);
  if (found !== undefined) return found;
  const text = isoTime(day * DAY).slice(0, 10);
  DAYS.set(day, text);
  return text;
}

/** Epoch seconds as ISO 8601 UTC without fractions. */
export function isoTime(seconds: number): string {
  return new Date(seconds * 1000).toISOString().replace('.000Z', 'Z');
}
