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
import type { Policy } from './policy.ts';
import { leastPrefixes, type PrefixCover } from './prefixes.ts';
import { countDays, daysOf, type Place, type Places, type Use } from './uses.ts';

/** What the inventory says about addresses, made ready once for all rules. */
export interface AddressPlan {
  /** Blocks in which addresses are somebody's own: RFC 1918, RFC 6598, RFC 3927, RFC 4193, RFC 4291 link-local, and the VPCs'. */
  own: AddressSet;
  /** Known subnets and VPC blocks, the smallest first. */
  subnets: readonly Cidr[];
  /** The same by networkKey. */
  known: ReadonlyMap<string | number, Cidr>;
  /** The lengths that they have, the longest first. */
  lengths: Readonly<Record<4 | 6, readonly number[]>>;
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
  const subnets = new Map(known(blocks).map((cidr) => [networkKey(cidr), cidr]));
  const lengths = (family: 4 | 6): number[] =>
    [...new Set([...subnets.values()].flatMap((cidr) => (cidr.family === family ? [cidr.length] : [])))].sort(
      (a, b) => b - a,
    );
  return {
    own: unionAddresses(addressSet(known([PRIVATE])), vpcs),
    subnets: [...subnets.values()].sort((a, b) => b.length - a.length || (formatCidr(a) < formatCidr(b) ? -1 : 1)),
    known: subnets,
    lengths: { 4: lengths(4), 6: lengths(6) },
  };
}

/** Equal exactly for equal networks. */
function networkKey(cidr: Cidr): string | number {
  return cidr.family === 4 ? cidr.value * 64 + cidr.length : `${cidr.value}/${cidr.length}`;
}

/** A stretch of addresses seen through a rule, as fine as the policy lets a rule become. */
export class SourceUnit {
  readonly cidr: Cidr;
  readonly own: boolean;
  readonly uses: Use[];

  constructor({ unit, own }: Place, first: Use) {
    this.cidr = unit;
    this.own = own;
    this.uses = [first];
  }

  get days(): ReadonlySet<number> {
    return daysOf(this.uses);
  }
}

export type Sources =
  | { narrowable: true; units: ReadonlyMap<number, SourceUnit>; unitOf(peer: Address): Cidr }
  | { narrowable: false; why: 'too-many-public-peers' | 'public-peers-not-steady' };

/** How fine peers are told apart within a rule's network: single addresses on the Internet, prefixes of the policy's length elsewhere. */
export function placesWithin(within: Cidr, plan: AddressPlan, policy: Policy): Places {
  return placeFinder(plan, policy)(within);
}

/** The same for many rules: where no network is to stay whole, an address lies in the same place for all that are as wide or wider than a place. */
export function placeFinder(plan: AddressPlan, policy: Policy): (within: Cidr) => Places {
  const shared = new Map<number, Places>();
  return (within) => {
    const longest = within.family === 4 ? policy.longestPrefixV4 : policy.longestPrefixV6;
    const length = Math.max(within.length, longest);
    const whole = wholeNetworks(within, policy);
    if (whole.length > 0) return placesOf(length, plan, whole);
    const key = within.family * 256 + length;
    const places = shared.get(key) ?? placesOf(length, plan, whole);
    shared.set(key, places);
    return places;
  };
}

/** `length`: of the networks told apart where addresses are somebody's own. */
function placesOf(length: number, plan: AddressPlan, whole: readonly Cidr[]): Places {
  const known = new Map<Address, Place>();
  const byUnit = new Map<string | number, Place>();
  return (peer) => {
    const found = known.get(peer);
    if (found !== undefined) return found;
    const kept = whole.find((cidr) => hasAddress(cidrRange(cidr), peer));
    const own = kept !== undefined || hasAddress(plan.own, peer);
    const unit = kept ?? prefixOf(peer, own ? length : undefined);
    const key = networkKey(unit);
    const place = byUnit.get(key) ?? { unit, id: byUnit.size, own };
    byUnit.set(key, place);
    known.set(peer, place);
    return place;
  };
}

/** Groups the peers of a rule's classes to units. */
export function sourcesOf(
  within: Cidr,
  uses: readonly Use[],
  plan: AddressPlan,
  policy: Policy,
  places: Places = placesWithin(within, plan, policy),
): Sources {
  const units = new Map<number, SourceUnit>();
  for (const use of uses) {
    const place = places(use.peer);
    const held = units.get(place.id);
    if (held === undefined) units.set(place.id, new SourceUnit(place, use));
    else held.uses.push(use);
  }
  const foreign = [...units.values()].filter((unit) => !unit.own);
  if (foreign.length > policy.maxPublicPeers) return { narrowable: false, why: 'too-many-public-peers' };
  if (foreign.some((unit) => countDays(unit.uses) < policy.steadyDays)) {
    return { narrowable: false, why: 'public-peers-not-steady' };
  }
  return { narrowable: true, units, unitOf: (peer) => places(peer).unit };
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
 * address into a network wider than the policy's longest prefix. Where a further network saves nothing the same object stands again.
 */
export function sourceFrontier(
  within: Cidr,
  units: readonly Cidr[],
  most: number,
  plan: AddressPlan,
  policy: Policy,
): readonly (readonly Cidr[] | null)[] {
  const acceptable = acceptableNetwork(within, plan, policy);
  // The same network comes again with more rules.
  const known = new Map<string | number, Cidr | null>();
  const judged = (cidr: Cidr): Cidr | null => {
    const key = networkKey(cidr);
    const found = known.get(key);
    if (found !== undefined) return found;
    const inside = units.filter((unit) => contains(cidr, unit));
    const made = acceptable(cidr, inside) ? snappedOne(within, cidr, inside, plan) : null;
    known.set(key, made);
    return made;
  };
  const out: (readonly Cidr[] | null)[] = [];
  let last: PrefixCover | null = null;
  for (const cover of leastPrefixes(units, most)) {
    const wider = cover === last ? null : cover.cidrs.map(judged);
    out.push(wider === null ? out.at(-1)! : wider.every((cidr) => cidr !== null) ? outermost(wider) : null);
    last = cover;
  }
  return out;
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

/** Without those that lie within another. */
function outermost(cidrs: readonly Cidr[]): readonly Cidr[] {
  return cidrs.filter(
    (cidr, i) => !cidrs.some((other, j) => j !== i && contains(other, cidr) && (!contains(cidr, other) || j < i)),
  );
}

/** The smallest known subnet or VPC block within the rule that holds all the units, if it is not much larger; else the prefix itself. */
export function snappedOne(within: Cidr, cidr: Cidr, units: readonly Cidr[], plan: AddressPlan): Cidr {
  // A single address of the Internet stays one.
  if (cidr.length === bitsOf(cidr)) return cidr;
  const known = smallestKnown(within, units, plan);
  return known === undefined || sizeOf(known) > SUBNET_FACTOR * sizeOf(cidr) ? cidr : known;
}

/** Of each length only one network can hold the first unit, so each is looked up. */
function smallestKnown(within: Cidr, units: readonly Cidr[], plan: AddressPlan): Cidr | undefined {
  const first = units[0];
  if (first === undefined) return undefined;
  for (const length of plan.lengths[first.family]) {
    if (length > first.length) continue;
    const known = plan.known.get(networkKey(prefixOf(first, length)));
    if (known !== undefined && contains(within, known) && units.every((unit) => contains(known, unit))) return known;
  }
  return undefined;
}

export function contains(outer: Cidr, inner: Cidr): boolean {
  if (outer.family !== inner.family || outer.length > inner.length) return false;
  if (outer.family === 4 && inner.family === 4) {
    const block = 2 ** (32 - outer.length);
    return inner.value >= outer.value && inner.value < outer.value + block;
  }
  const shift = BigInt(128 - outer.length);
  return BigInt(inner.value) >> shift === BigInt(outer.value) >> shift;
}

const POWERS = Array.from({ length: 129 }, (_, bits) => 1n << BigInt(bits));

export function sizeOf(cidr: Cidr): bigint {
  return POWERS[bitsOf(cidr) - cidr.length]!;
}

function bitsOf(cidr: Cidr): number {
  return cidr.family === 4 ? 32 : 128;
}
