import { type Address, type AddressSet, addressSet, type Cidr, hasAddress, parseCidr } from '../model/address.ts';
import type { Inventory } from '../model/inventory.ts';
import type { PeerGroups } from './evidence.ts';
import { type Met, Names, PairTable } from './intern.ts';
import { compareText, type HeldState, spansCover, statesWithin } from './timeline.ts';

interface Owner {
  from: number;
  to: number;
  vpcId: string | null;
  groups: readonly string[];
}

interface Known {
  owners: readonly Owner[];
  /** Moments at which an owner begins or ends, sorted. */
  breaks: readonly number[];
  /** Answer by stretch between two breaks. */
  answers: (PeerAnswer | undefined)[];
  /** Answers about times with a break within: by where the four moments that matter lie among the breaks. */
  across: Map<string, PeerAnswer> | null;
}

/** Groups of a peer, interned: equal groups, the same number. */
export interface PeerSetId {
  id: number;
  groups: PeerGroups;
}

/**
 * The groups, and for which other times they are the same: every `first..last` with `from <= first - slack` and `last + slack < to`. For none
 * where something changes within or near the time asked about.
 */
interface PeerAnswer extends PeerSetId {
  from: number;
  to: number;
}

/** Which groups an address wore, at a moment, seen from one VPC. */
export interface PeerIndex {
  groupsOf(vpcId: string | null, peer: Met, address: Address, first: number, last: number): PeerAnswer;
  /** All that were given out, by their number. */
  sets: readonly PeerSetId[];
}

const NOBODY: readonly Owner[] = [];

/** Blocks by VPC; a VPC that the inventory does not describe, or describes wrongly, is absent: any address may be in it. */
export function vpcSpaces(inventory: Inventory): Map<string, AddressSet> {
  const out = new Map<string, AddressSet>();
  for (const vpc of inventory.vpcs) {
    const cidrs = vpc.cidrs.map(parseCidr);
    if (cidrs.length > 0 && cidrs.every((cidr) => cidr !== null)) out.set(vpc.vpcId, addressSet(cidrs));
  }
  return out;
}

/**
 * The index behind rules that reference groups. Law 1 decides every doubt: what cannot be excluded is `possible`.
 *
 * - An address inside the VPC's own blocks is looked up there only (a VPC's local route cannot be overlapping with a peer's);
 *   any other address in all VPCs, so that the same block in two VPCs gives `possible` where they differ.
 * - An address that no known interface held for the whole time may have been that of an interface now gone: every referenced group
 *   of a VPC that has the address is possible.
 * - A referenced group that the inventory lacks may have any member outside what is known of the own VPC.
 * - A target's rule that references the group of a Network Load Balancer also matches clients whose address is preserved
 *   (ELB user guide, "Update the security groups for your Network Load Balancer"): such a group is always possible.
 */
export function buildPeerIndex(
  inventory: Inventory,
  states: ReadonlyMap<string, readonly HeldState[]>,
  slackSeconds: number,
): PeerIndex {
  const spaces = vpcSpaces(inventory);
  const { byVpc, foreign } = referencedGroups(inventory);
  const balancers = balancerGroups(inventory);
  const owners = ownersByAddress(states);
  const delegated = ownersByPrefix(states);
  const interned = new Map<string, PeerSetId>();
  const sets: PeerSetId[] = [];
  const vpcs = new Names<null>();
  /** (VPC, address), each by number → index of what is known. */
  const numbers = new PairTable();
  const known: Known[] = [];

  function intern(groups: PeerGroups): PeerSetId {
    const key = peerGroupsKey(groups);
    const found = interned.get(key);
    if (found !== undefined) return found;
    const made = { id: sets.length, groups };
    interned.set(key, made);
    sets.push(made);
    return made;
  }

  function lookUp(vpcId: string | null, peer: Met, address: Address): Known {
    const vpc = vpcs.id(vpcId ?? '', null);
    const found = numbers.get(vpc, peer.id);
    if (found >= 0) return known[found]!;
    const byPrefix = delegated(address);
    const byAddress = owners.get(peer.text) ?? NOBODY;
    const all = byPrefix.length === 0 ? byAddress : [...byAddress, ...byPrefix];
    const breaks = all
      .flatMap((o) => [o.from, o.to])
      .filter((t) => Number.isFinite(t))
      .sort((a, b) => a - b);
    const entry: Known = { owners: all, breaks, answers: [], across: null };
    numbers.add(vpc, peer.id, known.length);
    known.push(entry);
    return entry;
  }

  function decide(vpcId: string | null, address: Address, all: readonly Owner[], first: number, last: number) {
    const own = vpcId === null ? undefined : spaces.get(vpcId);
    const local = own !== undefined && hasAddress(own, address);
    const near = statesWithin(
      local ? all.filter((o) => o.vpcId === vpcId || o.vpcId === null) : all,
      first - slackSeconds,
      last + slackSeconds,
    );
    const complete = spansCover(near, first, last);
    const worn = new Set(near.flatMap((o) => o.groups));
    const always = complete ? [...worn].filter((g) => near.every((o) => o.groups.includes(g))) : [];
    const sameVpc = local || (vpcId !== null && near.every((o) => o.vpcId === vpcId));
    const possible = new Set([...worn, ...balancers]);
    for (const [groupVpc, groups] of byVpc) {
      if (mayHaveGone(groupVpc)) for (const group of groups) possible.add(group);
    }
    if (!(local && complete)) for (const group of foreign) possible.add(group);
    for (const group of always) possible.delete(group);
    const sure = always.sort(compareText);
    return intern({
      sure: sameVpc ? sure : [],
      peered: sameVpc ? [] : sure,
      possible: [...possible].sort(compareText),
    });

    /** Whether an interface of that VPC that nobody knows of may have had the address for some of the time. */
    function mayHaveGone(groupVpc: string): boolean {
      if (groupVpc === '') return !(local && complete);
      if (local && groupVpc !== vpcId) return false;
      const space = spaces.get(groupVpc);
      if (space !== undefined && !hasAddress(space, address)) return false;
      return !spansCover(
        near.filter((o) => o.vpcId === groupVpc || o.vpcId === null),
        first,
        last,
      );
    }
  }

  /**
   * `decide` asks of each owner only whether its ends lie before or after first and last, with slack and without: where no end changes its side,
   * the answer is the same.
   */
  function decideAcross(known: Known, vpcId: string | null, address: Address, first: number, last: number): PeerAnswer {
    const { breaks, owners } = known;
    const sides = [first - slackSeconds, first, last, last + slackSeconds].map((t) => until(breaks, t));
    const key = `${sides.join(',')}${last < first ? '-' : ''}`;
    known.across ??= new Map();
    const found = known.across.get(key);
    if (found !== undefined) return found;
    const answer = { ...decide(vpcId, address, owners, first, last), from: Infinity, to: -Infinity };
    known.across.set(key, answer);
    return answer;
  }

  return {
    sets,
    groupsOf(vpcId, peer, address, first, last) {
      const known = lookUp(vpcId, peer, address);
      const { breaks, answers, owners: held } = known;
      const stretch = until(breaks, first - slackSeconds);
      const next = breaks[stretch] ?? Infinity;
      if (next <= last + slackSeconds || last < first) return decideAcross(known, vpcId, address, first, last);
      const found = answers[stretch];
      if (found !== undefined) return found;
      const from = breaks[stretch - 1] ?? -Infinity;
      const answer = { ...decide(vpcId, address, held, first, last), from, to: next };
      answers[stretch] = answer;
      return answer;
    },
  };
}

/** How many of the sorted times are not after `time`. */
function until(times: readonly number[], time: number): number {
  let low = 0;
  let high = times.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (times[middle]! <= time) low = middle + 1;
    else high = middle;
  }
  return low;
}

export function peerGroupsKey(groups: PeerGroups): string {
  return `${groups.sure.join(',')}|${groups.peered.join(',')}|${groups.possible.join(',')}`;
}

/** Groups that rules reference: by the VPCs their members may be in (`''` where that is unknown), and those the inventory lacks. */
function referencedGroups(inventory: Inventory): { byVpc: Map<string, string[]>; foreign: string[] } {
  const groups = new Map(inventory.groups.map((g) => [g.groupId, g]));
  const referenced = new Set<string>();
  for (const { peer } of inventory.rules) if (peer.kind === 'group') referenced.add(peer.groupId);
  // A group associated with further VPCs shows in the interfaces that wear it there.
  const vpcsOf = new Map<string, Set<string>>();
  for (const id of referenced) {
    const group = groups.get(id);
    if (group !== undefined) vpcsOf.set(id, new Set([group.vpcId ?? '']));
  }
  for (const { groupId, vpcId } of inventory.groupVpcs ?? []) vpcsOf.get(groupId)?.add(vpcId);
  for (const state of inventory.interfaces) {
    for (const id of state.groups) vpcsOf.get(id)?.add(state.vpcId ?? '');
  }
  const byVpc = new Map<string, string[]>();
  for (const [id, vpcs] of vpcsOf) {
    for (const vpc of vpcs) {
      const list = byVpc.get(vpc) ?? [];
      list.push(id);
      byVpc.set(vpc, list);
    }
  }
  return { byVpc, foreign: [...referenced].filter((id) => !groups.has(id)) };
}

function balancerGroups(inventory: Inventory): string[] {
  const out = new Set<string>();
  for (const state of inventory.interfaces) {
    if (state.interfaceType === 'network_load_balancer') for (const group of state.groups) out.add(group);
  }
  return [...out];
}

/** A reference matches private addresses only; public and Elastic addresses are left out. */
function ownersByAddress(states: ReadonlyMap<string, readonly HeldState[]>): Map<string, Owner[]> {
  const out = new Map<string, Owner[]>();
  for (const held of states.values()) {
    for (const { state, from, to } of held) {
      for (const address of state.addresses) {
        const list = out.get(address) ?? [];
        list.push({ from, to, vpcId: state.vpcId, groups: state.groups });
        out.set(address, list);
      }
    }
  }
  return out;
}

/** Owners of the prefixes delegated to interfaces: every address in one counts as the interface's own. */
function ownersByPrefix(states: ReadonlyMap<string, readonly HeldState[]>): (address: Address) => readonly Owner[] {
  const byLength = new Map<string, { family: 4 | 6; length: number; owners: Map<string, Owner[]> }>();
  for (const held of states.values()) {
    for (const { state, from, to } of held) {
      for (const cidr of (state.prefixes ?? []).flatMap((text) => parseCidr(text) ?? [])) {
        const { family, length } = cidr;
        const table = byLength.get(`${family}/${length}`) ?? { family, length, owners: new Map<string, Owner[]>() };
        byLength.set(`${family}/${length}`, table);
        const list = table.owners.get(String(cidr.value)) ?? [];
        list.push({ from, to, vpcId: state.vpcId, groups: state.groups });
        table.owners.set(String(cidr.value), list);
      }
    }
  }
  if (byLength.size === 0) return () => NOBODY;
  return (address) =>
    [...byLength.values()].flatMap(({ family, length, owners }) =>
      family === address.family ? (owners.get(String(networkOf(address, length))) ?? []) : [],
    );
}

function networkOf(address: Address, length: number): Cidr['value'] {
  if (address.family === 4) {
    const block = 2 ** (32 - length);
    return Math.floor(address.value / block) * block;
  }
  const shift = BigInt(128 - length);
  return (address.value >> shift) << shift;
}
