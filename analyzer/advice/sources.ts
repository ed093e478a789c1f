import {
  type Address,
  type AddressSet,
  addressesWithin,
  addressSet,
  type Cidr,
  cidrRange,
  formatCidr,
  hasAddress,
  parseCidr,
  unionAddresses,
} from '../model/address.ts';
import type { Inventory } from '../model/inventory.ts';
import type { ConnectionClass } from '../usage/index.ts';
import type { Policy } from './policy.ts';
import { leastPrefixes } from './prefixes.ts';

/** What the inventory says about addresses, made ready once for all rules. */
export interface AddressPlan {
  /** Blocks in which addresses are somebody's own: RFC 1918, RFC 6598, RFC 3927, RFC 4193, RFC 4291 link-local, and the VPCs'. */
  own: AddressSet;
  /** Known subnets and VPC blocks, the smallest first. */
  subnets: readonly Cidr[];
}

const PRIVATE = [
  '10.0.0.0/8',
  '172.16.0.0/12',
  '192.168.0.0/16',
  '100.64.0.0/10',
  '169.254.0.0/16',
  'fc00::/7',
  'fe80::/10',
];

/** A prefix grows to a subnet that holds it when that costs no more than this factor in addresses. */
const SUBNET_FACTOR = 4n;

export function addressPlan(inventory: Inventory): AddressPlan {
  const known = (lists: readonly (readonly string[])[]): Cidr[] =>
    lists.flat().flatMap((text) => parseCidr(text) ?? []);
  const vpcs = addressSet(known(inventory.vpcs.map((v) => v.cidrs)));
  const blocks = [...inventory.subnets.map((s) => s.cidrs), ...inventory.vpcs.map((v) => v.cidrs)];
  const subnets = new Map(known(blocks).map((cidr) => [formatCidr(cidr), cidr]));
  return {
    own: unionAddresses(addressSet(known([PRIVATE])), vpcs),
    subnets: [...subnets.values()].sort((a, b) => b.length - a.length || (formatCidr(a) < formatCidr(b) ? -1 : 1)),
  };
}

/** A stretch of addresses seen through a rule, as fine as the policy lets a rule become. */
export interface SourceUnit {
  cidr: Cidr;
  days: ReadonlySet<number>;
}

export type Sources =
  | { narrowable: true; units: ReadonlyMap<string, SourceUnit>; unitOf(peer: Address): Cidr; publicUnits: number }
  | { narrowable: false; why: 'too-many-public-peers' | 'public-peers-not-steady' };

/** Groups the peers of a rule's classes to units: single addresses on the Internet, prefixes of the policy's length elsewhere. */
export function sourcesOf(
  within: Cidr,
  classes: readonly ConnectionClass[],
  plan: AddressPlan,
  policy: Policy,
): Sources {
  const longest = within.family === 4 ? policy.longestPrefixV4 : policy.longestPrefixV6;
  const whole = wholeNetworks(within, policy);
  const wholeOf = (peer: Address): Cidr | undefined => whole.find((cidr) => hasAddress(cidrRange(cidr), peer));
  const own = (peer: Address): boolean => hasAddress(plan.own, peer) || wholeOf(peer) !== undefined;
  const unitOf = (peer: Address): Cidr =>
    wholeOf(peer) ?? prefixOf(peer, own(peer) ? Math.max(within.length, longest) : undefined);
  const units = new Map<string, { cidr: Cidr; days: Set<number> }>();
  const foreign = new Map<string, Set<number>>();
  for (const c of classes) {
    const cidr = unitOf(c.peer);
    const key = `${cidr.value}/${cidr.length}`;
    const unit = units.get(key) ?? { cidr, days: new Set<number>() };
    for (const { day } of c.days) unit.days.add(day);
    units.set(key, unit);
    if (!own(c.peer)) foreign.set(key, unit.days);
  }
  if (foreign.size > policy.maxPublicPeers) return { narrowable: false, why: 'too-many-public-peers' };
  for (const days of foreign.values()) {
    if (days.size < policy.steadyDays) return { narrowable: false, why: 'public-peers-not-steady' };
  }
  return { narrowable: true, units, unitOf, publicUnits: foreign.size };
}

/** Networks that the policy forbids to split, as far as the rule allows them; the widest first, so that one within another adds nothing. */
function wholeNetworks(within: Cidr, policy: Policy): Cidr[] {
  return (policy.orders?.neverNarrow ?? [])
    .flatMap((text) => parseCidr(text) ?? [])
    .flatMap((cidr) => (contains(within, cidr) ? [cidr] : contains(cidr, within) ? [within] : []))
    .sort((a, b) => a.length - b.length);
}

function prefixOf(peer: Address, length: number | undefined): Cidr {
  if (peer.family === 4) {
    const block = 2 ** (32 - (length ?? 32));
    return { family: 4, value: Math.floor(peer.value / block) * block, length: length ?? 32 };
  }
  const shift = BigInt(128 - (length ?? 128));
  return { family: 6, value: (peer.value >> shift) << shift, length: length ?? 128 };
}

/**
 * At most `k` networks for these units, for each k up to `most`; null where no acceptable cover exists: one that would put an Internet
 * address into a network wider than the policy's longest prefix.
 */
export function sourceFrontier(
  within: Cidr,
  units: readonly Cidr[],
  most: number,
  plan: AddressPlan,
  policy: Policy,
): readonly (readonly Cidr[] | null)[] {
  const acceptable = acceptableNetwork(within, plan, policy);
  const inside = (cidr: Cidr): Cidr[] => units.filter((unit) => contains(cidr, unit));
  return leastPrefixes(units, most).map(({ cidrs }) =>
    cidrs.every((cidr) => acceptable(cidr, inside(cidr))) ? snapped(within, cidrs, units, plan) : null,
  );
}

/** Whether a network may stand for these units: an address of the Internet only in one no wider than the policy's longest prefix. */
export function acceptableNetwork(
  within: Cidr,
  plan: AddressPlan,
  policy: Policy,
): (cidr: Cidr, units: readonly Cidr[]) => boolean {
  const longest = within.family === 4 ? policy.longestPrefixV4 : policy.longestPrefixV6;
  const whole = new Set(wholeNetworks(within, policy).map(formatCidr));
  const own = (unit: Cidr): boolean => addressesWithin(cidrRange(unit), plan.own) || whole.has(formatCidr(unit));
  return (cidr, units) => cidr.length >= longest || units.every(own);
}

/** Networks that mean something: the smallest subnet that holds all units of a prefix, where it is not much larger. */
function snapped(within: Cidr, cidrs: readonly Cidr[], units: readonly Cidr[], plan: AddressPlan): readonly Cidr[] {
  const wider = cidrs.map((cidr) =>
    snappedOne(
      within,
      cidr,
      units.filter((unit) => contains(cidr, unit)),
      plan,
    ),
  );
  return wider.filter(
    (cidr, i) => !wider.some((other, j) => j !== i && contains(other, cidr) && (!contains(cidr, other) || j < i)),
  );
}

/** The smallest known subnet or VPC block within the rule that holds all the units, if it is not much larger; else the prefix itself. */
export function snappedOne(within: Cidr, cidr: Cidr, units: readonly Cidr[], plan: AddressPlan): Cidr {
  // A single address of the Internet stays one.
  if (cidr.length === bitsOf(cidr)) return cidr;
  const known = plan.subnets.find(
    (s) => s.family === cidr.family && contains(within, s) && units.every((unit) => contains(s, unit)),
  );
  return known === undefined || sizeOf(known) > SUBNET_FACTOR * sizeOf(cidr) ? cidr : known;
}

export function contains(outer: Cidr, inner: Cidr): boolean {
  return (
    outer.family === inner.family && outer.length <= inner.length && addressesWithin(cidrRange(inner), cidrRange(outer))
  );
}

export function sizeOf(cidr: Cidr): bigint {
  return 1n << BigInt(bitsOf(cidr) - cidr.length);
}

function bitsOf(cidr: Cidr): number {
  return cidr.family === 4 ? 32 : 128;
}
