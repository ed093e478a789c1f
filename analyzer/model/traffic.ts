import {
  type AddressSet,
  addressSet,
  countAddresses,
  formatAddress,
  formatCidr,
  parseCidr,
  toCidrs,
} from './address.ts';
import { bigints, canonical, type Interval, numbers } from './interval.ts';
import { append, type IntervalMap, overlay, type Step, sameMap, stretchesOf } from './interval-map.ts';
import { atomsOf, noPeers, type PeerAtom, type PeerSet, samePeers, subtractPeers, unionPeers } from './peer-set.ts';
import { MAX_PORT, portsOfRule } from './ports.ts';
import { ALL_PROTOCOLS, formatProtocol, hasPorts, hasTypes } from './protocol.ts';
import type { Direction, Peer, RuleShape } from './rule.ts';

/** Peers at each point of the port line (ports.ts) at each protocol number. */
type Allowed = IntervalMap<IntervalMap<PeerSet>>;

/**
 * What rules allow: a union of boxes protocol (0 to 255) × ports (the line of ports.ts) × peers, for each direction, held as a partition
 * so that boxes never overlap. This is what law 4 (nothing opens) is proved with.
 */
export interface TrafficSet {
  readonly ingress: Allowed;
  readonly egress: Allowed;
}

/** One box of a TrafficSet; all three sides are closed intervals or sets. */
export interface TrafficBox {
  direction: Direction;
  protocols: Interval<number>;
  ports: Interval<number>;
  peers: PeerSet;
}

export type SymbolicPeer = Extract<Peer, { kind: 'prefixList' | 'group' }>;

/** What a peer stands for: addresses when they are known one by one, else a name with bounds. */
export type PeerMeaning = { kind: 'addresses'; addresses: AddressSet } | ({ kind: 'atom' } & PeerAtom);

/** Tells what prefix lists and groups stand for. Must be a function in the strict sense: the same peer, the same meaning. */
export type PeerResolver = (peer: SymbolicPeer) => PeerMeaning;

export const NO_TRAFFIC: TrafficSet = { ingress: [], egress: [] };

/** Nothing known: each prefix list and each group is an atom without bounds. */
export const resolveNothing: PeerResolver = (peer) =>
  peer.kind === 'prefixList'
    ? { kind: 'atom', name: peer.prefixListId, bound: null }
    : { kind: 'atom', name: peer.groupId, bound: null };

/** The union of what the rules allow. A CIDR that cannot be parsed is an atom of its own: it proves nothing but itself. */
export function allowedSpace(rules: readonly RuleShape[], resolve: PeerResolver): TrafficSet {
  const meanings = new Map<string, PeerMeaning>();
  const boxes: RuleBox[] = rules.map((rule) => {
    const key = JSON.stringify(rule.peer);
    let meaning = meanings.get(key);
    if (meaning === undefined) {
      meaning = meaningOf(rule.peer, resolve);
      meanings.set(key, meaning);
    }
    return {
      direction: rule.direction,
      protocols: rule.protocol === ALL_PROTOCOLS ? { from: 0, to: 255 } : { from: rule.protocol, to: rule.protocol },
      ports: portsOfRule(rule.protocol, rule.fromPort, rule.toPort)[0] ?? { from: 1, to: 0 },
      meaning,
    };
  });
  return {
    ingress: allowedBy(boxes.filter((box) => box.direction === 'ingress')),
    egress: allowedBy(boxes.filter((box) => box.direction === 'egress')),
  };
}

interface RuleBox {
  direction: Direction;
  protocols: Interval<number>;
  ports: Interval<number>;
  meaning: PeerMeaning;
}

function meaningOf(peer: Peer, resolve: PeerResolver): PeerMeaning {
  if (peer.kind === 'prefixList' || peer.kind === 'group') return resolve(peer);
  const cidr = parseCidr(peer.cidr);
  if (cidr === null) return { kind: 'atom', name: `cidr ${peer.cidr}`, bound: null };
  return { kind: 'addresses', addresses: addressSet([cidr]) };
}

function allowedBy(boxes: readonly RuleBox[]): Allowed {
  const out: Step<IntervalMap<PeerSet>>[] = [];
  for (const protocols of stretchesOf(boxes.map((box) => box.protocols))) {
    const line = lineOf(boxes.filter((box) => covers(box.protocols, protocols)));
    if (line.length > 0) append(out, protocols, line, sameLine);
  }
  return out;
}

function lineOf(boxes: readonly RuleBox[]): IntervalMap<PeerSet> {
  const out: Step<PeerSet>[] = [];
  const solid = boxes.filter((box) => box.ports.from <= box.ports.to);
  for (const ports of stretchesOf(solid.map((box) => box.ports))) {
    const meanings = new Set(solid.filter((box) => covers(box.ports, ports)).map((box) => box.meaning));
    if (meanings.size > 0) append(out, ports, peersOf(meanings), samePeers);
  }
  return out;
}

function peersOf(meanings: ReadonlySet<PeerMeaning>): PeerSet {
  const v4: Interval<number>[] = [];
  const v6: Interval<bigint>[] = [];
  const atoms: PeerAtom[] = [];
  for (const meaning of meanings) {
    if (meaning.kind === 'atom') {
      atoms.push({ name: meaning.name, bound: meaning.bound });
    } else {
      v4.push(...meaning.addresses.v4);
      v6.push(...meaning.addresses.v6);
    }
  }
  return { addresses: { v4: canonical(numbers, v4), v6: canonical(bigints, v6) }, atoms: atomsOf(atoms) };
}

function covers(outer: Interval<number>, inner: Interval<number>): boolean {
  return outer.from <= inner.from && inner.to <= outer.to;
}

function sameLine(a: IntervalMap<PeerSet>, b: IntervalMap<PeerSet>): boolean {
  return sameMap(a, b, samePeers);
}

function combine(a: Allowed, b: Allowed, peers: (x: PeerSet | null, y: PeerSet | null) => PeerSet | null): Allowed {
  const line = (x: IntervalMap<PeerSet> | null, y: IntervalMap<PeerSet> | null): IntervalMap<PeerSet> | null => {
    const joined = overlay(x ?? [], y ?? [], peers, samePeers);
    return joined.length === 0 ? null : joined;
  };
  return overlay(a, b, line, sameLine);
}

export function unionTraffic(a: TrafficSet, b: TrafficSet): TrafficSet {
  const peers = (x: PeerSet | null, y: PeerSet | null): PeerSet | null =>
    x === null ? y : y === null ? x : unionPeers(x, y);
  return { ingress: combine(a.ingress, b.ingress, peers), egress: combine(a.egress, b.egress, peers) };
}

/**
 * What `a` allows and `b` may not. Empty exactly when `isWithin(a, b)`; an atom that `b` covers in part stays whole.
 */
export function subtract(a: TrafficSet, b: TrafficSet): TrafficSet {
  const peers = (x: PeerSet | null, y: PeerSet | null): PeerSet | null => {
    if (x === null || y === null) return x;
    const rest = subtractPeers(x, y);
    return noPeers(rest) ? null : rest;
  };
  return { ingress: combine(a.ingress, b.ingress, peers), egress: combine(a.egress, b.egress, peers) };
}

export function isNothing(set: TrafficSet): boolean {
  return set.ingress.length === 0 && set.egress.length === 0;
}

/**
 * Law 4. True exactly when every packet that `after` allows, `before` allowed too, whatever the atoms stand for within their bounds.
 * Prefix lists whose entries are known are judged by these entries.
 */
export function isWithin(after: TrafficSet, before: TrafficSet): boolean {
  return isNothing(subtract(after, before));
}

/** The same traffic, though perhaps by other atoms. */
export function sameTraffic(a: TrafficSet, b: TrafficSet): boolean {
  return isWithin(a, b) && isWithin(b, a);
}

/** The set as disjoint boxes, sorted by direction (ingress first), protocol, ports. */
export function boxesOf(set: TrafficSet): TrafficBox[] {
  const out: TrafficBox[] = [];
  for (const direction of ['ingress', 'egress'] as const) {
    for (const slab of set[direction]) {
      for (const step of slab.value) {
        const protocols = { from: slab.from, to: slab.to };
        out.push({ direction, protocols, ports: { from: step.from, to: step.to }, peers: step.value });
      }
    }
  }
  return out;
}

/** An example of what `after` allows and `before` did not, for messages; null when law 4 holds. */
export function uncovered(after: TrafficSet, before: TrafficSet): TrafficBox | null {
  return boxesOf(subtract(after, before))[0] ?? null;
}

/** `ingress tcp 443 from 10.0.0.0/8`; of several peers the first, with how many more. */
export function boxText(box: TrafficBox): string {
  const { from, to } = box.protocols;
  const protocol =
    from === 0 && to === 255
      ? 'all protocols'
      : from === to
        ? formatProtocol(from)
        : `protocols ${formatProtocol(from)} to ${formatProtocol(to)}`;
  const peers = [...toCidrs(box.peers.addresses).map(peerCidrText), ...box.peers.atoms.map((atom) => atom.name)];
  const more = peers.length > 1 ? ` and ${peers.length - 1} more` : '';
  const word = box.direction === 'ingress' ? 'from' : 'to';
  return [box.direction, protocol, lineText(from === to ? from : null, box.ports), `${word} ${peers[0] ?? ''}${more}`]
    .filter((part) => part !== '')
    .join(' ');
}

function peerCidrText(cidr: ReturnType<typeof toCidrs>[number]): string {
  const single = cidr.length === (cidr.family === 4 ? 32 : 128);
  return single ? formatAddress(cidr) : formatCidr(cidr);
}

function lineText(protocol: number | null, line: Interval<number>): string {
  if (line.from === 0 && line.to === MAX_PORT) return '';
  if (protocol !== null && hasTypes(protocol)) {
    const type = (value: number): string => `type ${Math.floor(value / 256)} code ${value % 256}`;
    if (line.from % 256 === 0 && line.to === line.from + 255) return `type ${line.from / 256}`;
    return line.from === line.to ? type(line.from) : `${type(line.from)} to ${type(line.to)}`;
  }
  const word = protocol !== null && hasPorts(protocol) ? '' : 'ports ';
  return line.from === line.to ? `${word}${line.from}` : `${word}${line.from}-${line.to}`;
}

/**
 * How many (direction, protocol, port, address) points the address parts hold; atoms count nothing. IPv6 dwarfs IPv4, so ask for one
 * family to compare like with like.
 */
export function countSpace(set: TrafficSet, family?: 4 | 6): bigint {
  let sum = 0n;
  for (const box of boxesOf(set)) {
    const { addresses } = box.peers;
    const part: AddressSet =
      family === 4 ? { v4: addresses.v4, v6: [] } : family === 6 ? { v4: [], v6: addresses.v6 } : addresses;
    const points = BigInt(box.protocols.to - box.protocols.from + 1) * BigInt(box.ports.to - box.ports.from + 1);
    sum += points * countAddresses(part);
  }
  return sum;
}
