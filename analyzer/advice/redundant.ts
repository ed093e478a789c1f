import { cidrRange, parseCidr } from '../model/address.ts';
import { canonical, type Interval, numbers } from '../model/interval.ts';
import { portsOfRule } from '../model/ports.ts';
import { ALL_PROTOCOLS } from '../model/protocol.ts';
import type { RuleShape } from '../model/rule.ts';
import { allowedSpace, isWithin, resolveNothing } from '../model/traffic.ts';

/**
 * Whether everything that `inner` allows is allowed by `outer` together; by set algebra, names of groups and lists standing for themselves.
 * Boxes answer most questions at once: each rule within one other, or a corner that none holds. The algebra answers the rest.
 */
export function isCovered(inner: readonly RuleShape[], outer: readonly RuleShape[]): boolean {
  const wanted = inner.map(boxOf);
  const near = outer.filter((o) => {
    const box = boxOf(o);
    return wanted.some((i) => mayOverlap(i, box));
  });
  if (near.length === 0) return inner.length === 0;
  const given = near.map(boxOf);
  if (wanted.every((i) => given.some((o) => holds(o, i)))) return true;
  if (wanted.some((i) => hasBareCorner(i, given))) return false;
  return isWithin(allowedSpace(inner, resolveNothing), allowedSpace(near, resolveNothing));
}

/** A rule as a box. `name`: the peer is no network, or none that can be read. */
interface Box {
  direction: RuleShape['direction'];
  firstProtocol: number;
  lastProtocol: number;
  /** No ports at all: first > last. */
  firstPort: number;
  lastPort: number;
  peer: { kind: 4; from: number; to: number } | { kind: 6; from: bigint; to: bigint } | { kind: 'name'; name: string };
}

/** Rules are asked about again and again, and never change. */
const BOXES = new WeakMap<RuleShape, Box>();

function boxOf(shape: RuleShape): Box {
  const found = BOXES.get(shape);
  if (found !== undefined) return found;
  const { direction, protocol } = shape;
  const ports = portsOfRule(protocol, shape.fromPort, shape.toPort)[0];
  const box = {
    direction,
    firstProtocol: protocol === ALL_PROTOCOLS ? 0 : protocol,
    lastProtocol: protocol === ALL_PROTOCOLS ? 255 : protocol,
    firstPort: ports?.from ?? 1,
    lastPort: ports?.to ?? 0,
    peer: peerOf(shape),
  };
  BOXES.set(shape, box);
  return box;
}

function peerOf({ peer }: RuleShape): Box['peer'] {
  // As resolveNothing and allowedSpace name them.
  if (peer.kind === 'group') return { kind: 'name', name: peer.groupId };
  if (peer.kind === 'prefixList') return { kind: 'name', name: peer.prefixListId };
  const cidr = parseCidr(peer.cidr);
  if (cidr === null) return { kind: 'name', name: `cidr ${peer.cidr}` };
  const range = cidrRange(cidr);
  return cidr.family === 4 ? { kind: 4, ...range.v4[0]! } : { kind: 6, ...range.v6[0]! };
}

/** Cheap and never wrong when it says no: keeps the algebra to the few rules that matter. */
function mayOverlap(a: Box, b: Box): boolean {
  if (a.direction !== b.direction) return false;
  if (a.firstProtocol > b.lastProtocol || b.firstProtocol > a.lastProtocol) return false;
  // A rule without ports allows nothing, and is covered by whatever is beside it.
  const empty = a.firstPort > a.lastPort;
  if (!empty && (a.firstPort > b.lastPort || b.firstPort > a.lastPort)) return false;
  // All networks together hold any name.
  if (a.peer.kind === 'name') return b.peer.kind !== 'name' || a.peer.name === b.peer.name;
  return a.peer.kind === b.peer.kind && a.peer.from <= b.peer.to && b.peer.from <= a.peer.to;
}

function holds(outer: Box, inner: Box): boolean {
  return (
    outer.direction === inner.direction &&
    outer.firstProtocol <= inner.firstProtocol &&
    outer.lastProtocol >= inner.lastProtocol &&
    outer.firstPort <= inner.firstPort &&
    outer.lastPort >= inner.lastPort &&
    holdsPeer(outer.peer, inner.peer)
  );
}

function holdsPeer(outer: Box['peer'], inner: Box['peer']): boolean {
  if (outer.kind === 'name') return inner.kind === 'name' && outer.name === inner.name;
  return outer.kind === inner.kind && outer.from <= inner.from && outer.to >= inner.to;
}

/** Whether one of the corners of a network's box is in none of the others. Of a name nothing is said. */
function hasBareCorner(box: Box, others: readonly Box[]): boolean {
  const { peer } = box;
  if (peer.kind === 'name' || box.firstPort > box.lastPort) return false;
  for (const protocol of [box.firstProtocol, box.lastProtocol]) {
    for (const port of [box.firstPort, box.lastPort]) {
      for (const address of [peer.from, peer.to]) {
        const corner = {
          ...box,
          firstProtocol: protocol,
          lastProtocol: protocol,
          firstPort: port,
          lastPort: port,
          peer: { kind: peer.kind, from: address, to: address } as Box['peer'],
        };
        if (!others.some((other) => holds(other, corner))) return true;
      }
    }
  }
  return false;
}

/** The order in which rules are tried: the ones that allow least first. Wide protocols, then ports, then peers decide. */
export function breadth(rule: RuleShape): number {
  const protocols = rule.protocol === ALL_PROTOCOLS ? 256 : 1;
  const ports: readonly Interval<number>[] = canonical(numbers, portsOfRule(rule.protocol, rule.fromPort, rule.toPort));
  const points = ports.reduce((sum, range) => sum + range.to - range.from + 1, 0);
  return Math.log2(protocols) + Math.log2(points) + peerBits(rule);
}

function peerBits({ peer }: RuleShape): number {
  if (peer.kind === 'group') return 8;
  if (peer.kind === 'prefixList') return 12;
  const length = Number(peer.cidr.slice(peer.cidr.indexOf('/') + 1));
  return (peer.kind === 'cidrIpv4' ? 32 : 128) - length;
}
