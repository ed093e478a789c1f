import { type Cidr, cidrRange, formatCidr, hasAddress, parseCidr } from '../model/address.ts';
import { ALL_PROTOCOLS, hasPorts } from '../model/protocol.ts';
import { type Peer, type RuleShape, type SecurityGroupRule, shapeKey } from '../model/rule.ts';
import type { ConnectionClass } from '../usage/index.ts';
import { missingMass } from './confidence.ts';
import type { Policy } from './policy.ts';
import { leastRectangles, MOST_POINTS, type Point } from './rectangles.ts';
import { pointsOf, portsAreKnown, type Service, serviceFrontier, wholeService } from './services.ts';
import {
  type AddressPlan,
  acceptableNetwork,
  contains,
  type Sources,
  sizeOf,
  snappedOne,
  sourceFrontier,
  sourcesOf,
} from './sources.ts';

export type NarrowReason =
  | 'ports-unused'
  | 'sources-unused'
  | 'ports-and-sources-unused'
  | 'protocols-unused'
  | 'protocols-and-sources-unused';

export type Narrowing =
  | {
      ok: true;
      reason: NarrowReason;
      replacements: readonly RuleShape[];
      /** Share of the rule's ports × addresses that stays, 0 to 1. */
      keptShare: number;
      missingMass: number;
      /** Fewer or more rules, and what they would allow; rising in rules, falling in space. `replacements` is one of them. */
      frontier: readonly FrontierPoint[];
    }
  | {
      ok: false;
      why: 'needs-all' | 'little-to-save' | 'seen-too-rarely';
      missingMass: number;
      /** Why peers were left out of it. */
      heldPeers: 'too-many-public-peers' | 'public-peers-not-steady' | null;
    };

export interface FrontierPoint {
  rules: number;
  /** Share of the rule's ports × addresses that stays, 0 to 1. */
  share: number;
  replacements: readonly RuleShape[];
}

/** A rectangle or more: services to one peer. `cidr` null: the rule's own peer, which is no network. */
interface Block {
  cidr: Cidr | null;
  services: readonly Service[];
}
type Candidate = readonly Block[];

/**
 * The best replacement of a used rule, whose classes are all that match it (certain or not). Rectangles are tried four ways: the same
 * ports for every network; ports of their own for each network; networks of their own for each port range; and, for a few points, every way
 * to part them. Each way is exact in its parts; the fewest rules within 10 % of the least space win. Whatever is returned allows each class as the rule did.
 */
export function narrowRule(
  rule: SecurityGroupRule,
  classes: readonly ConnectionClass[],
  plan: AddressPlan,
  policy: Policy,
): Narrowing {
  const within = rule.peer.kind === 'cidrIpv4' || rule.peer.kind === 'cidrIpv6' ? parseCidr(rule.peer.cidr) : null;
  const sources =
    within === null || !policy.narrowPeers ? null : (sourcesOf(within, classes, plan, policy) satisfies Sources);
  const usable = sources?.narrowable === true ? sources : null;
  const candidates =
    within === null
      ? servicesOnly(rule, classes, null, policy)
      : usable === null
        ? servicesOnly(rule, classes, within, policy)
        : rectangles(rule, classes, within, usable, plan, policy);
  const whole = wholeService(rule).points * (within === null ? 1n : sizeOf(within));
  const heldPeers = sources === null || sources.narrowable ? null : sources.why;
  const allowed = candidates.filter((c) => ruleCount(c) <= policy.maxReplacements);
  const best = choose(allowed);
  if (best === null || spaceOf(best) >= whole) return { ok: false, why: 'needs-all', missingMass: 0, heldPeers };
  const share = (c: Candidate): number => Number((spaceOf(c) * 1_000_000_000n) / whole) / 1_000_000_000;
  const keptShare = share(best);
  if (keptShare >= policy.maxKeptShare) return { ok: false, why: 'little-to-save', missingMass: 0, heldPeers };
  const replacements = shapesOf(rule, best);
  const change = whatChanged(rule, within, best);
  const unseen = Math.max(
    change.services ? missingMass(daysBy(classes, (c) => `${c.protocol}/${c.port}`)) : 0,
    change.sources && usable !== null ? missingMass([...usable.units.values()].map((u) => u.days.size)) : 0,
  );
  if (unseen > policy.maxMissingMass) return { ok: false, why: 'seen-too-rarely', missingMass: unseen, heldPeers };
  const frontier = frontierOf(allowed, best, whole).map((c) => ({
    rules: ruleCount(c),
    share: share(c),
    replacements: shapesOf(rule, c),
  }));
  return { ok: true, reason: reasonOf(rule, change), replacements, keptShare, missingMass: unseen, frontier };
}

/** For each number of rules the candidate with the least space, if more rules bring less of it; the chosen one always among them. */
function frontierOf(candidates: readonly Candidate[], chosen: Candidate, whole: bigint): Candidate[] {
  const out: Candidate[] = [];
  let least = whole;
  for (const k of [...new Set(candidates.map(ruleCount))].sort((a, b) => a - b)) {
    const best = candidates.filter((c) => ruleCount(c) === k).sort((a, b) => compareSpace(a, b) || textOrder(a, b))[0]!;
    const point = k === ruleCount(chosen) ? chosen : best;
    if (point !== chosen && spaceOf(point) >= least) continue;
    out.push(point);
    if (spaceOf(point) < least) least = spaceOf(point);
  }
  return out;
}

function compareSpace(a: Candidate, b: Candidate): number {
  const [x, y] = [spaceOf(a), spaceOf(b)];
  return x < y ? -1 : x > y ? 1 : 0;
}

function servicesOnly(
  rule: RuleShape,
  classes: readonly ConnectionClass[],
  cidr: Cidr | null,
  policy: Policy,
): Candidate[] {
  const frontier = serviceFrontier(rule, classes, policy.maxReplacements, policy.narrowPorts);
  return frontier.flatMap((services) => (services === null ? [] : [[{ cidr, services }]]));
}

function rectangles(
  rule: RuleShape,
  classes: readonly ConnectionClass[],
  within: Cidr,
  sources: Extract<Sources, { narrowable: true }>,
  plan: AddressPlan,
  policy: Policy,
): Candidate[] {
  const most = policy.maxReplacements;
  const common = serviceFrontier(rule, classes, most, policy.narrowPorts);
  const units = [...sources.units.values()].map((unit) => unit.cidr);
  const networks = sourceFrontier(within, units, most, plan, policy).filter((cidrs) => cidrs !== null);
  const out: Candidate[] = servicesOnly(rule, classes, within, policy);
  for (const cidrs of networks) {
    for (const services of common) {
      if (services !== null) out.push(cidrs.map((cidr) => ({ cidr, services })));
    }
    const own = portsPerNetwork(rule, classes, cidrs, policy);
    if (own !== null) out.push(own);
  }
  for (const services of common) {
    const own = services === null ? null : networksPerPort(classes, services, within, sources, plan, policy);
    if (own !== null) out.push(own);
  }
  out.push(...partitions(rule, classes, within, sources, plan, policy));
  return out;
}

/** Every way to part a few points into rectangles (rectangles.ts), for rules of one protocol with ports. */
function partitions(
  rule: RuleShape,
  classes: readonly ConnectionClass[],
  within: Cidr,
  sources: Extract<Sources, { narrowable: true }>,
  plan: AddressPlan,
  policy: Policy,
): Candidate[] {
  if (!policy.narrowPorts || !hasPorts(rule.protocol) || !portsAreKnown(rule, classes)) return [];
  const points = new Map<string, Point>();
  for (const c of classes) {
    const unit = sources.unitOf(c.peer);
    points.set(`${formatCidr(unit)} ${c.port}`, { unit, port: c.port! });
    if (points.size > MOST_POINTS) return [];
  }
  const sorted = [...points].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, point]) => point);
  const least = leastRectangles(sorted, policy.maxReplacements, acceptableNetwork(within, plan, policy));
  return (least ?? []).flatMap((rectangles) =>
    rectangles === null
      ? []
      : [
          rectangles.map(({ cidr, fromPort, toPort }): Block => {
            const mine = sorted.filter((p) => contains(cidr, p.unit) && p.port >= fromPort && p.port <= toPort);
            const network = snappedOne(
              within,
              cidr,
              mine.map((p) => p.unit),
              plan,
            );
            const points = BigInt(toPort - fromPort + 1);
            return { cidr: network, services: [{ protocol: rule.protocol, fromPort, toPort, points }] };
          }),
        ],
  );
}

/** Each network gets the ports seen from it; the rules are dealt out so that the space is least. */
function portsPerNetwork(
  rule: RuleShape,
  classes: readonly ConnectionClass[],
  cidrs: readonly Cidr[],
  policy: Policy,
): Candidate | null {
  const parts = cidrs.map((cidr) => {
    const range = cidrRange(cidr);
    const mine = classes.filter((c) => hasAddress(range, c.peer));
    // Ports that are not known for the rule are not known for a part of it either.
    const narrow = policy.narrowPorts && portsAreKnown(rule, classes);
    return serviceFrontier(rule, mine, policy.maxReplacements, narrow).map((services) =>
      services === null ? null : [{ cidr, services }],
    );
  });
  return deal(parts, policy.maxReplacements);
}

/** Each port range gets the networks that use it. */
function networksPerPort(
  classes: readonly ConnectionClass[],
  services: readonly Service[],
  within: Cidr,
  sources: Extract<Sources, { narrowable: true }>,
  plan: AddressPlan,
  policy: Policy,
): Candidate | null {
  const parts = services.map((service) => {
    const mine = classes.filter((c) => serves(service, c));
    const units = new Map(mine.map((c) => sources.unitOf(c.peer)).map((unit) => [formatCidr(unit), unit]));
    if (units.size === 0) return [[]];
    return sourceFrontier(within, [...units.values()], policy.maxReplacements, plan, policy).map((cidrs) =>
      cidrs === null ? null : cidrs.map((cidr) => ({ cidr, services: [service] })),
    );
  });
  return deal(parts, policy.maxReplacements);
}

function serves(service: Service, c: ConnectionClass): boolean {
  if (service.protocol === ALL_PROTOCOLS) return true;
  if (service.protocol !== c.protocol) return false;
  if (c.port === null || service.fromPort === null || service.toPort === null) return true;
  return c.port >= service.fromPort && c.port <= service.toPort;
}

/** `parts[i][k]`: how part i looks with k + 1 rules. Exact: every way to deal out at most `most` rules is weighed. */
function deal(parts: readonly (readonly (readonly Block[] | null)[])[], most: number): Candidate | null {
  let best: (Candidate | null)[] = [[], ...new Array<null>(most).fill(null)];
  for (const options of parts) {
    const next: (Candidate | null)[] = new Array(most + 1).fill(null);
    for (let k = 1; k <= most; k += 1) {
      for (const [i, option] of options.entries()) {
        const before = best[k - i - 1] ?? null;
        if (option === null || before === null) continue;
        const joined = [...before, ...option];
        const held = next[k] ?? null;
        if (held === null || spaceOf(joined) < spaceOf(held)) next[k] = joined;
      }
    }
    best = next;
  }
  return choose(best.filter((c) => c !== null && c.length > 0));
}

function choose(candidates: readonly (Candidate | null)[]): Candidate | null {
  const all = candidates.filter((c) => c !== null);
  if (all.length === 0) return null;
  const least = all.map(spaceOf).reduce((a, b) => (b < a ? b : a));
  const near = all.filter((c) => spaceOf(c) * 10n <= least * 11n);
  return near.sort((a, b) => ruleCount(a) - ruleCount(b) || compareSpace(a, b) || textOrder(a, b))[0]!;
}

function textOrder(a: Candidate, b: Candidate): number {
  const [x, y] = [a, b].map((c) => c.map((block) => `${textOf(block.cidr)} ${servicesText(block.services)}`).join(';'));
  return x! < y! ? -1 : x! > y! ? 1 : 0;
}

function ruleCount(candidate: Candidate): number {
  return candidate.reduce((sum, block) => sum + block.services.length, 0);
}

function spaceOf(candidate: Candidate): bigint {
  return candidate.reduce(
    (sum, { cidr, services }) => sum + pointsOf(services) * (cidr === null ? 1n : sizeOf(cidr)),
    0n,
  );
}

function textOf(cidr: Cidr | null): string {
  return cidr === null ? '' : formatCidr(cidr);
}

function servicesText(services: readonly Service[]): string {
  return services.map((s) => `${s.protocol}:${s.fromPort}-${s.toPort}`).join(',');
}

function shapesOf(rule: RuleShape, candidate: Candidate): RuleShape[] {
  const shapes = candidate.flatMap(({ cidr, services }) =>
    services.map(({ protocol, fromPort, toPort }): RuleShape => {
      const peer: Peer =
        cidr === null ? rule.peer : { kind: cidr.family === 4 ? 'cidrIpv4' : 'cidrIpv6', cidr: formatCidr(cidr) };
      return { direction: rule.direction, protocol, fromPort, toPort, peer };
    }),
  );
  const distinct = new Map(shapes.map((shape) => [shapeKey(shape), shape]));
  return [...distinct.values()].sort(compareShapes);
}

function compareShapes(a: RuleShape, b: RuleShape): number {
  return (
    a.protocol - b.protocol ||
    (a.fromPort ?? -1) - (b.fromPort ?? -1) ||
    (a.toPort ?? -1) - (b.toPort ?? -1) ||
    (shapeKey(a) < shapeKey(b) ? -1 : 1)
  );
}

interface Change {
  services: boolean;
  sources: boolean;
}

function whatChanged(rule: RuleShape, within: Cidr | null, candidate: Candidate): Change {
  const before = servicesText([wholeService(rule)]);
  return {
    services: candidate.some((block) => servicesText(block.services) !== before),
    sources: within !== null && candidate.some(({ cidr }) => cidr === null || !contains(cidr, within)),
  };
}

function reasonOf(rule: RuleShape, change: Change): NarrowReason {
  if (rule.protocol === ALL_PROTOCOLS && change.services) {
    return change.sources ? 'protocols-and-sources-unused' : 'protocols-unused';
  }
  if (change.services && change.sources) return 'ports-and-sources-unused';
  return change.services ? 'ports-unused' : 'sources-unused';
}

function daysBy(classes: readonly ConnectionClass[], key: (c: ConnectionClass) => string): number[] {
  const days = new Map<string, Set<number>>();
  for (const c of classes) {
    const seen = days.get(key(c)) ?? new Set<number>();
    for (const { day } of c.days) seen.add(day);
    days.set(key(c), seen);
  }
  return [...days.values()].map((seen) => seen.size);
}
