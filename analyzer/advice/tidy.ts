import {
  type AddressSet,
  addressSet,
  cidrRange,
  formatCidr,
  intersectAddresses,
  parseCidr,
  toCidrs,
} from '../model/address.ts';
import { bigints, canonical, contains, type Interval, type IntervalSet, numbers } from '../model/interval.ts';
import { portsOfRule, rulePorts } from '../model/ports.ts';
import { type Direction, type Peer, type RuleShape, shapeKey } from '../model/rule.ts';
import { leastCover } from './cover.ts';

/** Beyond this many rules of one direction, protocol and address family they are only made distinct: the search grows with the cube. */
const MOST = 24;

interface Box {
  cidr: string;
  addresses: AddressSet;
  ports: Interval<number>;
}

/**
 * Fewer rules that allow exactly the same: every prefix × port range that lies wholly within what is allowed is a candidate, and the fewest
 * that cover it are chosen (the least of all where cover.ts proves it, for groups up to EC2's default quota nearly always). Each protocol,
 * direction and address family by itself; rules whose peer is a group or a prefix list only have their ports merged. Sorted.
 */
export function tidy(rules: readonly RuleShape[]): RuleShape[] {
  // Where the search is too wide to be exact, fewer rules make a narrower one, which may find fewer still.
  let found = tidyOnce(rules);
  for (;;) {
    const next = tidyOnce(found);
    if (next.length >= found.length) return found;
    found = next;
  }
}

function tidyOnce(rules: readonly RuleShape[]): RuleShape[] {
  const buckets = new Map<string, RuleShape[]>();
  for (const rule of rules) {
    const peer =
      rule.peer.kind === 'group' || rule.peer.kind === 'prefixList' ? JSON.stringify(rule.peer) : rule.peer.kind;
    const key = `${rule.direction}|${rule.protocol}|${peer}`;
    buckets.set(key, [...(buckets.get(key) ?? []), rule]);
  }
  const out = [...buckets.values()].flatMap((bucket) => {
    const same = [...new Map(bucket.map((rule) => [shapeKey(rule), rule])).values()];
    const merged = same.length > MOST ? same : merge(same);
    return merged.length < same.length ? merged : same;
  });
  return out.sort((a, b) => (shapeKey(a) < shapeKey(b) ? -1 : 1));
}

function merge(rules: readonly RuleShape[]): RuleShape[] {
  const { direction, protocol, peer } = rules[0]!;
  if (peer.kind === 'group' || peer.kind === 'prefixList') {
    const ports = canonical(
      numbers,
      rules.flatMap((rule) => portsOfRule(protocol, rule.fromPort, rule.toPort)),
    );
    const merged = ports.map((range) => shapeOf(direction, protocol, peer, range));
    return merged.every((shape) => shape !== null) ? merged : [...rules];
  }
  const boxes = rules.flatMap((rule) => boxOf(rule) ?? []);
  if (boxes.length < rules.length) return [...rules];
  const chosen = fewestBoxes(boxes, (ports) => rulePorts(protocol, ports) !== null);
  return chosen.map((box) => shapeOf(direction, protocol, { kind: peer.kind, cidr: box.cidr }, box.ports)!);
}

function boxOf(rule: RuleShape): Box | null {
  if (rule.peer.kind !== 'cidrIpv4' && rule.peer.kind !== 'cidrIpv6') return null;
  const cidr = parseCidr(rule.peer.cidr);
  const ports = portsOfRule(rule.protocol, rule.fromPort, rule.toPort)[0];
  return cidr === null || ports === undefined ? null : { cidr: formatCidr(cidr), addresses: cidrRange(cidr), ports };
}

function shapeOf(direction: Direction, protocol: number, peer: Peer, ports: Interval<number>): RuleShape | null {
  const said = rulePorts(protocol, ports);
  return said === null ? null : { direction, protocol, ...said, peer };
}

function fewestBoxes(boxes: readonly Box[], canSay: (ports: Interval<number>) => boolean): readonly Box[] {
  // Stretches of ports within which nothing changes, and what is allowed throughout each.
  const cuts = [...new Set(boxes.flatMap((box) => [box.ports.from, box.ports.to + 1]))].sort((a, b) => a - b);
  const stretches = cuts.slice(1).map((to, i) => ({ from: cuts[i]!, to: to - 1 }));
  const allowed = stretches.map((ports) =>
    unionOf(boxes.filter((box) => box.ports.from <= ports.from && box.ports.to >= ports.to).map((b) => b.addresses)),
  );
  const candidates = new Map<string, Box>();
  for (let i = 0; i < stretches.length; i += 1) {
    let common = allowed[i]!;
    for (let j = i; j < stretches.length; j += 1) {
      common = intersectAddresses(common, allowed[j]!);
      const ports = { from: stretches[i]!.from, to: stretches[j]!.to };
      if (!canSay(ports)) continue;
      for (const cidr of toCidrs(common)) {
        const box = { cidr: formatCidr(cidr), addresses: cidrRange(cidr), ports };
        candidates.set(`${box.cidr} ${ports.from}-${ports.to}`, box);
      }
    }
  }
  // One at least of the rules as they are can say each point; without these, types of ICMP might be left out.
  for (const box of boxes) candidates.set(`${box.cidr} ${box.ports.from}-${box.ports.to}`, box);
  const all = [...candidates.values()];
  const elements = stretches.flatMap((ports, i) =>
    cellsOf(allowed[i]!, all).map((cell) =>
      all.flatMap((box, n) =>
        box.ports.from <= ports.from && box.ports.to >= ports.to && holds(box.addresses, cell) ? [n] : [],
      ),
    ),
  );
  const { kept } = leastCover(
    all.map(() => 1),
    elements,
  );
  return kept.map((n) => all[n]!);
}

function unionOf(sets: readonly AddressSet[]): AddressSet {
  return {
    v4: canonical(
      numbers,
      sets.flatMap((set) => [...set.v4]),
    ),
    v6: canonical(
      bigints,
      sets.flatMap((set) => [...set.v6]),
    ),
  };
}

/** One address of each stretch of addresses that no candidate's edge divides. */
function cellsOf(set: AddressSet, boxes: readonly Box[]): AddressSet[] {
  const v4 = starts(
    set.v4,
    boxes.flatMap((box) => box.addresses.v4.flatMap((i) => [i.from, i.to + 1])),
  );
  const v6 = starts(
    set.v6,
    boxes.flatMap((box) => box.addresses.v6.flatMap((i) => [i.from, i.to + 1n])),
  );
  return [
    ...v4.map((value) => addressSet([{ family: 4, value }])),
    ...v6.map((value) => addressSet([{ family: 6, value }])),
  ];
}

function starts<T>(set: IntervalSet<T>, edges: readonly T[]): T[] {
  return [...new Set([...set.map((i) => i.from), ...edges.filter((edge) => contains(set, edge))])];
}

function holds(addresses: AddressSet, cell: AddressSet): boolean {
  return cell.v4.length > 0 ? contains(addresses.v4, cell.v4[0]!.from) : contains(addresses.v6, cell.v6[0]!.from);
}
