import { addressSet, type Cidr, formatCidr, hasAddress, parseCidr } from '../model/address.ts';
import type { Inventory, SecurityGroup } from '../model/inventory.ts';
import { type Peer, type RuleShape, type SecurityGroupRule, shapeKey } from '../model/rule.ts';
import type { ConnectionClass, Evidence } from '../usage/index.ts';
import { managedBy } from './managed.ts';
import type { Policy } from './policy.ts';
import { contains } from './sources.ts';
import { type Sizes, spaceOfShape } from './space.ts';

/** A name may stand for networks when it allows at most this many times what they allow. */
const NAME_FACTOR = 4;

/** A name that could be a rule's peer. */
interface Name {
  peer: Extract<Peer, { kind: 'group' | 'prefixList' }>;
  /** All that it can ever stand for, as networks: a list's entries; for a group the blocks of its VPC, as a member has its address there. */
  bound: readonly Cidr[];
  /** Addresses that it stands for now, as space.ts counts them: an IPv6 network by its share of the family. */
  size: number;
}

export interface Names {
  /** The replacements with a name as their peer, where every observed peer bore it and it costs little; null where none fits. */
  instead(
    rule: SecurityGroupRule,
    replacements: readonly RuleShape[],
    classes: readonly ConnectionClass[],
    views: Evidence['peerGroupSets'],
  ): readonly RuleShape[] | null;
  /** What proves that a shape with such a name allows no more than the rule did: the same with networks that hold all it can stand for. */
  bounds(shape: RuleShape): readonly RuleShape[];
}

/**
 * Names that a narrowed rule may have as its peer instead of networks: customer-managed prefix lists, and groups that people keep themselves. Only where
 * the policy asks for it (`narrowToNames`): who may change the list or the group's members then decides what the rule allows, within `bound`.
 */
export function buildNames(inventory: Inventory, policy: Policy, sizes: Sizes): Names {
  const none: Names = { instead: () => null, bounds: (shape) => [shape] };
  // A name may be a part of a network that the policy wants whole.
  if (!policy.narrowToNames || !policy.narrowPeers || (policy.orders?.neverNarrow ?? []).length > 0) return none;
  const lists = listNames(inventory, policy);
  const groups = groupNames(inventory, sizes);
  const homes = new Map(inventory.groups.map((g) => [g.groupId, homeOf(g)]));
  const byPeer = new Map([...lists, ...[...groups.values()].flat()].map((name) => [textOf(name.peer), name]));
  return {
    instead(rule, replacements, classes, views) {
      const within = rule.peer.kind === 'cidrIpv4' || rule.peer.kind === 'cidrIpv6' ? parseCidr(rule.peer.cidr) : null;
      const shapes = replacements.filter((s) => s.peer.kind === 'cidrIpv4' || s.peer.kind === 'cidrIpv6');
      if (within === null || classes.length === 0 || shapes.length < replacements.length) return null;
      const cost = shapes.reduce((sum, shape) => sum + spaceOfShape(shape, sizes), 0);
      const home = homes.get(rule.groupId) ?? null;
      let best: { shapes: readonly RuleShape[]; cost: number; text: string } | null = null;
      for (const name of [...lists, ...(home === null ? [] : (groups.get(home) ?? []))]) {
        if (!name.bound.every((cidr) => contains(within, cidr))) continue;
        if (!classes.every((c) => bears(name, c, views))) continue;
        const named = distinct(shapes.map((shape) => ({ ...shape, peer: name.peer })));
        const points = named.reduce((sum, shape) => sum + spaceOfShape({ ...shape, peer: ONE }, sizes), 0);
        const made = { shapes: named, cost: points * name.size, text: textOf(name.peer) };
        if (made.cost > NAME_FACTOR * cost) continue;
        if (best === null || made.cost < best.cost || (made.cost === best.cost && made.text < best.text)) best = made;
      }
      return best?.shapes ?? null;
    },
    bounds(shape) {
      const name = byPeer.get(textOf(shape.peer));
      if (name === undefined) return [shape];
      return name.bound.map((cidr) => ({ ...shape, peer: peerOf(cidr) }));
    },
  };
}

const ONE: Peer = { kind: 'cidrIpv4', cidr: '192.0.2.1/32' };

function textOf(peer: Peer): string {
  if (peer.kind === 'group') return peer.groupId;
  return peer.kind === 'prefixList' ? peer.prefixListId : peer.cidr;
}

function peerOf(cidr: Cidr): Peer {
  return { kind: cidr.family === 4 ? 'cidrIpv4' : 'cidrIpv6', cidr: formatCidr(cidr) };
}

function distinct(shapes: readonly RuleShape[]): readonly RuleShape[] {
  return [...new Map(shapes.map((shape) => [shapeKey(shape), shape])).values()];
}

/** A group needs to have been worn for certain; a list holds the address or does not. */
function bears(name: Name, c: ConnectionClass, views: Evidence['peerGroupSets']): boolean {
  const { peer } = name;
  if (peer.kind === 'group') return views[c.peerGroups]!.sure.includes(peer.groupId);
  return hasAddress(addressSet(name.bound), c.peer);
}

/** Lists that people keep, with known entries, no more of them than rules might stand instead: EC2 counts a list by its greatest size. */
function listNames(inventory: Inventory, policy: Policy): Name[] {
  return inventory.prefixLists.flatMap((list): Name[] => {
    const bound = (list.cidrs ?? []).map(parseCidr);
    if (list.ownerId === null || list.ownerId === 'AWS' || bound.length === 0) return [];
    if (!bound.every((cidr) => cidr !== null)) return [];
    if (Math.max(bound.length, list.maxEntries ?? bound.length) > policy.maxReplacements) return [];
    const size = bound.reduce((sum, cidr) => sum + 2 ** (32 - cidr.length), 0);
    return [{ peer: { kind: 'prefixList', prefixListId: list.prefixListId }, bound, size }];
  });
}

/** By account, Region and VPC: the groups that people keep and somebody wears, where the VPC's blocks are known. */
function groupNames(inventory: Inventory, sizes: Sizes): Map<string, Name[]> {
  const blocks = new Map(inventory.vpcs.map((v) => [v.vpcId, v.cidrs.map(parseCidr)]));
  const shared = new Set((inventory.groupVpcs ?? []).map((g) => g.groupId));
  const worn = new Set(inventory.interfaces.filter((i) => i.to === null).flatMap((i) => i.groups));
  const out = new Map<string, Name[]>();
  for (const group of inventory.groups) {
    const home = homeOf(group);
    const bound = blocks.get(group.vpcId ?? '') ?? [];
    if (home === null || group.groupName === 'default' || managedBy(group) !== null) continue;
    if (!worn.has(group.groupId) || shared.has(group.groupId)) continue;
    if (bound.length === 0 || !bound.every((cidr) => cidr !== null)) continue;
    const peer = { kind: 'group', groupId: group.groupId } as const;
    const list = out.get(home) ?? [];
    list.push({ peer, bound, size: sizes.peer(peer) });
    out.set(home, list);
  }
  return out;
}

function homeOf(group: SecurityGroup): string | null {
  return group.vpcId === null ? null : `${group.accountId}/${group.region}/${group.vpcId}`;
}
