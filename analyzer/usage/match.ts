import { type Address, type AddressSet, addressSet, hasAddress, parseCidr } from '../model/address.ts';
import type { PrefixList } from '../model/inventory.ts';
import { MAX_PORT, portsOfRule } from '../model/ports.ts';
import { ALL_PROTOCOLS, hasPorts, hasTypes } from '../model/protocol.ts';
import { canonicalShape, type Direction, type RuleShape } from '../model/rule.ts';
import type { Match, PeerGroups } from './evidence.ts';

/** Entries by list id; null, or no entry at all, where they are not known. */
export type PrefixListSets = ReadonlyMap<string, AddressSet | null>;

/** The entries of every list as address sets. A list with an entry that is no network counts as unknown. */
export function prefixListSets(lists: readonly PrefixList[]): PrefixListSets {
  return new Map(lists.map((list) => [list.prefixListId, list.cidrs === null ? null : setOf(list.cidrs)]));
}

function setOf(texts: readonly string[]): AddressSet | null {
  const cidrs = texts.map(parseCidr);
  return cidrs.every((cidr) => cidr !== null) ? addressSet(cidrs) : null;
}

/** PeerGroups made ready for lookups. */
export interface PeerView {
  sure: ReadonlySet<string>;
  peered: ReadonlySet<string>;
  possible: ReadonlySet<string>;
}

export function peerView(groups: PeerGroups): PeerView {
  return { sure: new Set(groups.sure), peered: new Set(groups.peered), possible: new Set(groups.possible) };
}

/** One end of a new connection, as a rule sees it. */
export interface Probe {
  protocol: number;
  /** Null: not shown by the logs; any port, type or code may be meant. */
  port: number | null;
  peer: Address;
  groups: PeerView;
}

/** A rule made ready for many questions. */
export interface CompiledRule {
  direction: Direction;
  protocol: number;
  fromPort: number;
  toPort: number;
  wholePorts: boolean;
  peer:
    | { kind: 'v4'; from: number; to: number }
    | { kind: 'set'; set: AddressSet }
    | { kind: 'group'; groupId: string; overPeering: boolean }
    | { kind: 'unknown' };
}

export function compileRule(shape: RuleShape, lists: PrefixListSets): CompiledRule {
  const rule = canonicalShape(shape);
  const ports = portsOfRule(rule.protocol, rule.fromPort, rule.toPort)[0]!;
  return {
    direction: rule.direction,
    protocol: rule.protocol,
    fromPort: ports.from,
    toPort: ports.to,
    wholePorts: ports.from === 0 && ports.to === MAX_PORT,
    peer: compilePeer(rule, lists),
  };
}

function compilePeer({ peer }: RuleShape, lists: PrefixListSets): CompiledRule['peer'] {
  if (peer.kind === 'group') {
    return { kind: 'group', groupId: peer.groupId, overPeering: peer.peeringStatus === 'active' };
  }
  if (peer.kind === 'prefixList') {
    const set = lists.get(peer.prefixListId) ?? null;
    return set === null ? { kind: 'unknown' } : { kind: 'set', set };
  }
  const cidr = parseCidr(peer.cidr);
  if (cidr === null) return { kind: 'unknown' };
  const set = addressSet([cidr]);
  const only = set.v4[0];
  return only === undefined ? { kind: 'set', set } : { kind: 'v4', from: only.from, to: only.to };
}

/** Whether the rule lets the connection in (or out); the direction is the caller's to compare. */
export function matchRule(rule: CompiledRule, probe: Probe): Match {
  const ports = matchPorts(rule, probe);
  if (ports === 'no') return 'no';
  const peer = matchPeer(rule.peer, probe);
  if (peer === 'no') return 'no';
  return ports === 'yes' && peer === 'yes' ? 'yes' : 'maybe';
}

export function matchPorts(rule: CompiledRule, probe: Pick<Probe, 'protocol' | 'port'>): Match {
  if (rule.protocol === ALL_PROTOCOLS) return 'yes';
  if (rule.protocol !== probe.protocol) return 'no';
  if (rule.wholePorts) return 'yes';
  // Flow logs show neither ICMP type nor code: a rule for one type may or may not have been the one.
  if (hasTypes(rule.protocol) || !hasPorts(rule.protocol) || probe.port === null) return 'maybe';
  return probe.port >= rule.fromPort && probe.port <= rule.toPort ? 'yes' : 'no';
}

export function matchPeer(peer: CompiledRule['peer'], probe: Pick<Probe, 'peer' | 'groups'>): Match {
  if (peer.kind === 'v4') {
    return probe.peer.family === 4 && probe.peer.value >= peer.from && probe.peer.value <= peer.to ? 'yes' : 'no';
  }
  if (peer.kind === 'set') return hasAddress(peer.set, probe.peer) ? 'yes' : 'no';
  if (peer.kind === 'unknown') return 'maybe';
  if (probe.groups.sure.has(peer.groupId)) return 'yes';
  if (probe.groups.peered.has(peer.groupId)) return peer.overPeering ? 'yes' : 'maybe';
  return probe.groups.possible.has(peer.groupId) ? 'maybe' : 'no';
}
