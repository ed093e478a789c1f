import { type Cidr, formatCidr, parseCidr } from '../model/address.ts';
import { ALL_PROTOCOLS, hasPorts } from '../model/protocol.ts';
import { type Peer, type RuleShape, type SecurityGroupRule, shapeKey } from '../model/rule.ts';
import { missingMass } from './confidence.ts';
import type { Policy } from './policy.ts';
import { leastRectangles, MOST_POINTS, type Point } from './rectangles.ts';
import {
  pointsOf,
  portsAreKnown,
  type Service,
  type ServiceFrontier,
  serviceFrontier,
  wholeService,
} from './services.ts';
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
import { countDays, type Places, type Use } from './uses.ts';

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
interface Candidate {
  blocks: readonly Block[];
  rules: number;
  /** Ports × addresses, summed over the blocks. */
  space: bigint;
}

const NO_BLOCKS: Candidate = { blocks: [], rules: 0, space: 0n };

type NarrowableSources = Extract<Sources, { narrowable: true }>;

/** What follows from where the uses lie and not from their days: found once for a rule, asked for again for each day left out. */
type Geometry =
  | { ok: false; why: 'needs-all' | 'little-to-save' }
  | ({ ok: true; change: Change } & Pick<
      Extract<Narrowing, { ok: true }>,
      'reason' | 'replacements' | 'keptShare' | 'frontier'
    >);

/** Remembers what was found for all uses of one rule, for as long as none of them is missing. */
export interface NarrowMemo {
  uses: number;
  /** Null where the rule's peer is no network, or is not narrowed. */
  places: Places | null;
  /** By whether peers can be narrowed, which depends on the days. */
  found: Map<boolean, Geometry>;
}

/**
 * The best replacement of a used rule, whose classes are all that match it (certain or not). Rectangles are tried four ways: the same
 * ports for every network; ports of their own for each network; networks of their own for each port range; and, for a few points, every way
 * to part them. Each way is exact in its parts; the fewest rules within 10 % of the least space win. Whatever is returned allows each class as the rule did.
 */
export function narrowRule(
  rule: SecurityGroupRule,
  classes: readonly Use[],
  plan: AddressPlan,
  policy: Policy,
  memo?: NarrowMemo,
): Narrowing {
  const within = rule.peer.kind === 'cidrIpv4' || rule.peer.kind === 'cidrIpv6' ? parseCidr(rule.peer.cidr) : null;
  const sources =
    within === null || !policy.narrowPeers
      ? null
      : (sourcesOf(within, classes, plan, policy, memo?.places ?? undefined) satisfies Sources);
  const usable = sources?.narrowable === true ? sources : null;
  const heldPeers = sources === null || sources.narrowable ? null : sources.why;
  const whole = memo === undefined || memo.uses === classes.length;
  const found = whole ? memo?.found : undefined;
  const geometry = found?.get(usable !== null) ?? geometryOf(rule, classes, within, usable, plan, policy, whole);
  found?.set(usable !== null, geometry);
  if (!geometry.ok) return { ok: false, why: geometry.why, missingMass: 0, heldPeers };
  const { change, reason, replacements, keptShare, frontier } = geometry;
  const unseen = Math.max(
    change.services ? missingMass(daysBy(classes)) : 0,
    change.sources && usable !== null ? missingMass([...usable.units.values()].map((u) => countDays(u.uses))) : 0,
  );
  if (unseen > policy.maxMissingMass) return { ok: false, why: 'seen-too-rarely', missingMass: unseen, heldPeers };
  return { ok: true, reason, replacements, keptShare, missingMass: unseen, frontier };
}

function geometryOf(
  rule: SecurityGroupRule,
  classes: readonly Use[],
  within: Cidr | null,
  usable: NarrowableSources | null,
  plan: AddressPlan,
  policy: Policy,
  sought: boolean,
): Geometry {
  const candidates =
    within === null
      ? servicesOnly(rule, classes, null, policy)
      : usable === null
        ? servicesOnly(rule, classes, within, policy)
        : rectangles(rule, classes, within, usable, plan, policy);
  const whole = wholeService(rule).points * (within === null ? 1n : sizeOf(within));
  const allowed = candidates.filter((c) => c.rules <= policy.maxReplacements);
  const best = choose(allowed);
  if (best === null || best.space >= whole) return { ok: false, why: 'needs-all' };
  const share = (c: Candidate): number => Number((c.space * 1_000_000_000n) / whole) / 1_000_000_000;
  const keptShare = share(best);
  if (keptShare >= policy.maxKeptShare) return { ok: false, why: 'little-to-save' };
  const change = whatChanged(rule, within, best);
  const frontier = (sought ? frontierOf(allowed, best, whole) : []).map((c) => ({
    rules: c.rules,
    share: share(c),
    replacements: shapesOf(rule, c),
  }));
  return { ok: true, change, reason: reasonOf(rule, change), replacements: shapesOf(rule, best), keptShare, frontier };
}

/** For each number of rules the candidate with the least space, if more rules bring less of it; the chosen one always among them. */
function frontierOf(candidates: readonly Candidate[], chosen: Candidate, whole: bigint): Candidate[] {
  const out: Candidate[] = [];
  let least = whole;
  for (const k of [...new Set(candidates.map((c) => c.rules))].sort((a, b) => a - b)) {
    const best = firstOf(
      candidates.filter((c) => c.rules === k),
      (a, b) => compareSpace(a, b) || textOrder(a, b),
    );
    const point = k === chosen.rules ? chosen : best;
    if (point !== chosen && point.space >= least) continue;
    out.push(point);
    if (point.space < least) least = point.space;
  }
  return out;
}

function compareSpace(a: Candidate, b: Candidate): number {
  return a.space < b.space ? -1 : a.space > b.space ? 1 : 0;
}

function candidateOf(blocks: readonly Block[]): Candidate {
  let rules = 0;
  let space = 0n;
  for (const { cidr, services } of blocks) {
    rules += services.length;
    space += cidr === null ? pointsOf(services) : pointsOf(services) * sizeOf(cidr);
  }
  return { blocks, rules, space };
}

function servicesOnly(rule: RuleShape, classes: readonly Use[], cidr: Cidr | null, policy: Policy): Candidate[] {
  return onTo(cidr, serviceFrontier(rule, classes, policy.maxReplacements, policy.narrowPorts));
}

function onTo(cidr: Cidr | null, frontier: ServiceFrontier): Candidate[] {
  return distinct(frontier).map((services) => candidateOf([{ cidr, services }]));
}

/** A frontier repeats what more rules do not better. */
function distinct<T>(frontier: readonly (T | null)[]): T[] {
  return [...new Set(frontier)].filter((found) => found !== null);
}

function rectangles(
  rule: RuleShape,
  classes: readonly Use[],
  within: Cidr,
  sources: NarrowableSources,
  plan: AddressPlan,
  policy: Policy,
): Candidate[] {
  const most = policy.maxReplacements;
  const common = distinct(serviceFrontier(rule, classes, most, policy.narrowPorts));
  const units = [...sources.units.values()].map((unit) => unit.cidr);
  const networks = distinct(sourceFrontier(within, units, most, plan, policy));
  const out = onTo(within, common);
  for (const cidrs of networks) {
    for (const services of common) out.push(candidateOf(cidrs.map((cidr) => ({ cidr, services }))));
  }
  // Of one use, every way is this one.
  if (classes.length === 1) return out;
  // Of one network all ports are its own, and of one service all networks.
  if (units.length > 1) out.push(...portsByNetwork(rule, classes, sources, networks, policy));
  if (units.length > 1) out.push(...networksByPorts(classes, within, sources, common, plan, policy));
  out.push(...partitions(rule, classes, within, sources, plan, policy));
  return out;
}

/** Ports of their own for each network. */
function portsByNetwork(
  rule: RuleShape,
  classes: readonly Use[],
  sources: NarrowableSources,
  networks: readonly (readonly Cidr[])[],
  policy: Policy,
): Candidate[] {
  // Ports that are not known for the rule are not known for a part of it either.
  const narrow = policy.narrowPorts && portsAreKnown(rule, classes);
  const units = classes.map((c) => sources.unitOf(c.peer));
  const known = new Map<Cidr, readonly (Candidate | null)[]>();
  const partOf = (cidr: Cidr): readonly (Candidate | null)[] => {
    const found = known.get(cidr);
    if (found !== undefined) return found;
    const mine = classes.filter((_, i) => contains(cidr, units[i]!));
    const frontier = serviceFrontier(rule, mine, policy.maxReplacements, narrow);
    const made = optionsOf(frontier, (services) => [{ cidr, services }]);
    known.set(cidr, made);
    return made;
  };
  return networks.flatMap((cidrs) => deal(cidrs.map(partOf), policy.maxReplacements) ?? []);
}

/** Networks of their own for each port range. */
function networksByPorts(
  classes: readonly Use[],
  within: Cidr,
  sources: NarrowableSources,
  common: readonly (readonly Service[])[],
  plan: AddressPlan,
  policy: Policy,
): Candidate[] {
  const most = policy.maxReplacements;
  const known = new Map<string, readonly (Candidate | null)[]>();
  const partOf = (service: Service): readonly (Candidate | null)[] => {
    const key = servicesText([service]);
    const found = known.get(key);
    if (found !== undefined) return found;
    const units = new Set(classes.filter((c) => serves(service, c)).map((c) => sources.unitOf(c.peer)));
    const frontier = units.size === 0 ? [[]] : sourceFrontier(within, [...units], most, plan, policy);
    const services = [service];
    const made = optionsOf(frontier, (cidrs) => cidrs.map((cidr) => ({ cidr, services })));
    known.set(key, made);
    return made;
  };
  return common.flatMap((services) => deal(services.map(partOf), most) ?? []);
}

/** How a part looks with one rule, with two, …; null where that many do not suffice, or bring nothing that fewer do not. */
function optionsOf<T>(
  frontier: readonly (T | null)[],
  blocksOf: (found: T) => readonly Block[],
): readonly (Candidate | null)[] {
  return frontier.map((found, i) =>
    found === null || found === frontier[i - 1] ? null : candidateOf(blocksOf(found)),
  );
}

/** Every way to part a few points into rectangles (rectangles.ts), for rules of one protocol with ports. */
function partitions(
  rule: RuleShape,
  classes: readonly Use[],
  within: Cidr,
  sources: NarrowableSources,
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
          candidateOf(
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
          ),
        ],
  );
}

function serves(service: Service, c: Use): boolean {
  if (service.protocol === ALL_PROTOCOLS) return true;
  if (service.protocol !== c.protocol) return false;
  if (c.port === null || service.fromPort === null || service.toPort === null) return true;
  return c.port >= service.fromPort && c.port <= service.toPort;
}

/** `parts[i][k]`: how part i looks with k + 1 rules. Exact: every way to deal out at most `most` rules is weighed. */
function deal(parts: readonly (readonly (Candidate | null)[])[], most: number): Candidate | null {
  let best: (Candidate | null)[] = [NO_BLOCKS];
  for (const options of parts) {
    const next: (Candidate | null)[] = new Array<null>(most + 1).fill(null);
    for (let k = 1; k <= most; k += 1) {
      for (let i = 0; i < k && i < options.length; i += 1) {
        const option = options[i]!;
        const before = best[k - i - 1] ?? null;
        if (option === null || before === null) continue;
        const space = before.space + option.space;
        const held = next[k] ?? null;
        if (held !== null && space >= held.space) continue;
        next[k] = { blocks: [...before.blocks, ...option.blocks], rules: before.rules + option.rules, space };
      }
    }
    best = next;
  }
  return choose(best.filter((c) => c !== null && c.blocks.length > 0));
}

function choose(candidates: readonly (Candidate | null)[]): Candidate | null {
  const all = candidates.filter((c) => c !== null);
  if (all.length === 0) return null;
  const least = firstOf(all, compareSpace).space;
  const near = all.filter((c) => c.space * 10n <= least * 11n);
  return firstOf(near, (a, b) => a.rules - b.rules || compareSpace(a, b) || textOrder(a, b));
}

/** Of equal ones the first; there is one. */
function firstOf<T>(items: readonly T[], compare: (a: T, b: T) => number): T {
  let first = items[0]!;
  for (let i = 1; i < items.length; i += 1) if (compare(items[i]!, first) < 0) first = items[i]!;
  return first;
}

function textOrder(a: Candidate, b: Candidate): number {
  if (sameBlocks(a.blocks, b.blocks)) return 0;
  const [x, y] = [a, b].map((c) =>
    c.blocks.map((block) => `${textOf(block.cidr)} ${servicesText(block.services)}`).join(';'),
  );
  return x! < y! ? -1 : x! > y! ? 1 : 0;
}

/** The same is often found in more than one way. */
function sameBlocks(a: readonly Block[], b: readonly Block[]): boolean {
  return (
    a.length === b.length &&
    a.every(({ cidr, services }, i) => {
      const other = b[i]!;
      return sameNetwork(cidr, other.cidr) && sameServices(services, other.services);
    })
  );
}

function sameNetwork(a: Cidr | null, b: Cidr | null): boolean {
  return a === b || (a !== null && b !== null && a.family === b.family && a.value === b.value && a.length === b.length);
}

function sameServices(a: readonly Service[], b: readonly Service[]): boolean {
  return (
    a === b ||
    (a.length === b.length &&
      a.every(({ protocol, fromPort, toPort }, i) => {
        const other = b[i]!;
        return protocol === other.protocol && fromPort === other.fromPort && toPort === other.toPort;
      }))
  );
}

function textOf(cidr: Cidr | null): string {
  return cidr === null ? '' : formatCidr(cidr);
}

function servicesText(services: readonly Service[]): string {
  return services.map((s) => `${s.protocol}:${s.fromPort}-${s.toPort}`).join(',');
}

function shapesOf(rule: RuleShape, candidate: Candidate): RuleShape[] {
  const shapes = candidate.blocks.flatMap(({ cidr, services }) =>
    services.map(({ protocol, fromPort, toPort }): RuleShape => {
      const peer: Peer =
        cidr === null ? rule.peer : { kind: cidr.family === 4 ? 'cidrIpv4' : 'cidrIpv6', cidr: formatCidr(cidr) };
      return { direction: rule.direction, protocol, fromPort, toPort, peer };
    }),
  );
  if (shapes.length === 1) return shapes;
  const unique = new Map(shapes.map((shape) => [shapeKey(shape), shape]));
  return [...unique].sort(([x, a], [y, b]) => compareShapes(a, b) || (x < y ? -1 : 1)).map(([, shape]) => shape);
}

function compareShapes(a: RuleShape, b: RuleShape): number {
  return a.protocol - b.protocol || (a.fromPort ?? -1) - (b.fromPort ?? -1) || (a.toPort ?? -1) - (b.toPort ?? -1);
}

interface Change {
  services: boolean;
  sources: boolean;
}

function whatChanged(rule: RuleShape, within: Cidr | null, candidate: Candidate): Change {
  const before = servicesText([wholeService(rule)]);
  return {
    services: candidate.blocks.some((block) => servicesText(block.services) !== before),
    sources: within !== null && candidate.blocks.some(({ cidr }) => cidr === null || !contains(cidr, within)),
  };
}

function reasonOf(rule: RuleShape, change: Change): NarrowReason {
  if (rule.protocol === ALL_PROTOCOLS && change.services) {
    return change.sources ? 'protocols-and-sources-unused' : 'protocols-unused';
  }
  if (change.services && change.sources) return 'ports-and-sources-unused';
  return change.services ? 'ports-unused' : 'sources-unused';
}

/** Days on which each service was seen. */
function daysBy(classes: readonly Use[]): number[] {
  const services = new Map<number, Use[]>();
  for (const use of classes) {
    const key = use.protocol * 65_537 + (use.port === null ? 0 : use.port + 1);
    const held = services.get(key);
    if (held === undefined) services.set(key, [use]);
    else held.push(use);
  }
  return [...services.values()].map(countDays);
}
