import { parseCidr } from '../model/address.ts';
import type { Inventory } from '../model/inventory.ts';
import { MAX_PORT, portsOfRule } from '../model/ports.ts';
import { ALL_PROTOCOLS } from '../model/protocol.ts';
import type { Peer, RuleShape } from '../model/rule.ts';
import { boxesOf, type PeerResolver, resolveNothing, type TrafficSet } from '../model/traffic.ts';

/**
 * How much a rule allows, as one number: points (protocol × port) × addresses. An IPv6 network counts as the IPv4 network that holds the
 * same share of its family (::/0 as 0.0.0.0/0), so that the two can be added. A group counts the addresses of its members, a
 * prefix list its entries; what is not known counts as a /16 (a group) or everything (a list). docs/permissiveness.md.
 */
export interface Sizes {
  peer(peer: Peer): number;
}

const LINE = MAX_PORT + 1;
const UNKNOWN_GROUP = 2 ** 16;
const EVERYTHING = 2 ** 32;
/** All protocols, all ports, all addresses. */
export const WHOLE_SPACE = 256 * LINE * EVERYTHING;

export function buildSizes(inventory: Inventory): Sizes {
  const members = new Map<string, Set<string>>(inventory.groups.map((g) => [g.groupId, new Set<string>()]));
  for (const state of inventory.interfaces) {
    for (const group of state.groups) {
      const set = members.get(group);
      if (set !== undefined) for (const address of state.addresses) set.add(address);
    }
  }
  const lists = new Map(inventory.prefixLists.map((list) => [list.prefixListId, list.cidrs]));
  return {
    peer(peer) {
      if (peer.kind === 'group') {
        const known = members.get(peer.groupId);
        return known === undefined ? UNKNOWN_GROUP : Math.max(1, known.size);
      }
      if (peer.kind === 'prefixList') {
        const cidrs = lists.get(peer.prefixListId) ?? null;
        return cidrs === null
          ? EVERYTHING
          : Math.max(
              1,
              Math.min(
                EVERYTHING,
                cidrs.reduce((sum, c) => sum + ofCidr(c), 0),
              ),
            );
      }
      return ofCidr(peer.cidr);
    },
  };
}

function ofCidr(text: string): number {
  const cidr = parseCidr(text);
  return cidr === null ? EVERYTHING : EVERYTHING * 2 ** -cidr.length;
}

export function spaceOfShape(shape: RuleShape, sizes: Sizes): number {
  const ports = portsOfRule(shape.protocol, shape.fromPort, shape.toPort)[0];
  const points = shape.protocol === ALL_PROTOCOLS ? 256 * LINE : ports === undefined ? 0 : ports.to - ports.from + 1;
  return points * sizes.peer(shape.peer);
}

/** Names stand for themselves, so that a group's members are counted once though two rules name it. */
export const namesOnly: PeerResolver = resolveNothing;

/** What a set allows, nothing counted twice but a name beside networks that may hold it. */
export function spaceOfSet(set: TrafficSet, sizes: Sizes): { ingress: number; egress: number } {
  const out = { ingress: 0, egress: 0 };
  for (const { direction, protocols, ports, peers } of boxesOf(set)) {
    const { addresses, atoms } = peers;
    const v4 = addresses.v4.reduce((sum, i) => sum + i.to - i.from + 1, 0);
    const v6 = addresses.v6.reduce((sum, i) => sum + Number(i.to - i.from + 1n), 0) / 2 ** 96;
    const named = atoms.reduce((sum, atom) => sum + sizes.peer(peerOfName(atom.name)), 0);
    const points = (protocols.to - protocols.from + 1) * (ports.to - ports.from + 1);
    out[direction] += points * Math.min(EVERYTHING * 2, v4 + v6 + named);
  }
  return out;
}

function peerOfName(name: string): Peer {
  if (name.startsWith('sg-')) return { kind: 'group', groupId: name };
  if (name.startsWith('cidr ')) return { kind: 'cidrIpv4', cidr: name.slice(5) };
  return { kind: 'prefixList', prefixListId: name };
}

/**
 * 1 to 100: 1 for one port from one address, or nothing; 100 for everything from everywhere. Between them by the logarithm: each
 * halving of what is allowed takes 99/56 off.
 */
export function permissiveness(space: number): number {
  if (space <= 1) return 1;
  return Math.min(100, Math.max(1, Math.round(1 + (99 * Math.log2(space)) / Math.log2(WHOLE_SPACE))));
}
