import { missingMass } from '../../analyzer/advice/confidence.ts';
import type { Narrowing, NarrowReason } from '../../analyzer/advice/narrow.ts';
import type { Policy } from '../../analyzer/advice/policy.ts';
import { leastRectangles, MOST_POINTS, type Point } from '../../analyzer/advice/rectangles.ts';
import {
  pointsOf,
  portsAreKnown,
  type Service,
  type ServiceFrontier,
  serviceFrontier,
  wholeService,
} from '../../analyzer/advice/services.ts';
import {
  type AddressPlan,
  acceptableNetwork,
  contains,
  type Sources,
  sizeOf,
  snappedOne,
  sourceFrontier,
  sourcesOf,
} from '../../analyzer/advice/sources.ts';
import { countDays, type Use } from '../../analyzer/advice/uses.ts';
import { type Cidr, formatCidr, parseCidr } from '../../analyzer/model/address.ts';
import { ALL_PROTOCOLS, hasPorts } from '../../analyzer/model/protocol.ts';
import { type Peer, type RuleShape, type SecurityGroupRule, shapeKey } from '../../analyzer/model/rule.ts';

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

type NarrowableSources = Extract<Sources, { narrowable: true }>;

type Geometry =
  | { ok: false; why: 'needs-all' | 'little-to-save' }
  | ({ ok: true; change: Change } & Pick<
      Extract<Narrowing, { ok: true }>,
      'reason' | 'replacements' | 'keptShare' | 'frontier'
    >);

/** The slow way of analyzer/advice/narrow.ts: every way for each number of rules, though many say the same; nothing is remembered. */
export function slowNarrowRule(
  rule: SecurityGroupRule,
  classes: readonly Use[],
  plan: AddressPlan,
  policy: Policy,
): Narrowing {
  const within = rule.peer.kind === 'cidrIpv4' || rule.peer.kind === 'cidrIpv6' ? parseCidr(rule.peer.cidr) : null;
  const sources = within === null || !policy.narrowPeers ? null : sourcesOf(within, classes, plan, policy);
  const usable = sources?.narrowable === true ? sources : null;
  const heldPeers = sources === null || sources.narrowable ? null : sources.why;
  const geometry = geometryOf(rule, classes, within, usable, plan, policy);
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
  const frontier = frontierOf(allowed, best, whole).map((c) => ({
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
    const best = candidates.filter((c) => c.rules === k).sort((a, b) => compareSpace(a, b) || textOrder(a, b))[0]!;
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
  return frontier.flatMap((services) => (services === null ? [] : [candidateOf([{ cidr, services }])]));
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
  const common = serviceFrontier(rule, classes, most, policy.narrowPorts);
  const units = [...sources.units.values()].map((unit) => unit.cidr);
  const networks = sourceFrontier(within, units, most, plan, policy).filter((cidrs) => cidrs !== null);
  const out = onTo(within, common);
  const perNetwork = new Map<Cidr, readonly (readonly Block[] | null)[]>();
  for (const cidrs of networks) {
    for (const services of common) {
      if (services !== null) out.push(candidateOf(cidrs.map((cidr) => ({ cidr, services }))));
    }
    const parts = cidrs.map((cidr) => {
      const found = perNetwork.get(cidr) ?? portsOf(rule, classes, cidr, sources, policy);
      perNetwork.set(cidr, found);
      return found;
    });
    const own = deal(parts, most);
    if (own !== null) out.push(own);
  }
  const perService = new Map<string, readonly (readonly Block[] | null)[]>();
  for (const services of common) {
    if (services === null) continue;
    const parts = services.map((service) => {
      const key = servicesText([service]);
      const found = perService.get(key) ?? networksOf(service, classes, within, sources, plan, policy);
      perService.set(key, found);
      return found;
    });
    const own = deal(parts, most);
    if (own !== null) out.push(own);
  }
  out.push(...partitions(rule, classes, within, sources, plan, policy));
  return out;
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

/** A network gets the ports seen from it: with one rule, with two, … */
function portsOf(
  rule: RuleShape,
  classes: readonly Use[],
  cidr: Cidr,
  sources: NarrowableSources,
  policy: Policy,
): readonly (readonly Block[] | null)[] {
  const mine = classes.filter((c) => contains(cidr, sources.unitOf(c.peer)));
  // Ports that are not known for the rule are not known for a part of it either.
  const narrow = policy.narrowPorts && portsAreKnown(rule, classes);
  return serviceFrontier(rule, mine, policy.maxReplacements, narrow).map((services) =>
    services === null ? null : [{ cidr, services }],
  );
}

/** A port range gets the networks that use it: with one rule, with two, … */
function networksOf(
  service: Service,
  classes: readonly Use[],
  within: Cidr,
  sources: NarrowableSources,
  plan: AddressPlan,
  policy: Policy,
): readonly (readonly Block[] | null)[] {
  const units = new Set(classes.filter((c) => serves(service, c)).map((c) => sources.unitOf(c.peer)));
  if (units.size === 0) return [[]];
  return sourceFrontier(within, [...units], policy.maxReplacements, plan, policy).map((cidrs) =>
    cidrs === null ? null : cidrs.map((cidr) => ({ cidr, services: [service] })),
  );
}

function serves(service: Service, c: Use): boolean {
  if (service.protocol === ALL_PROTOCOLS) return true;
  if (service.protocol !== c.protocol) return false;
  if (c.port === null || service.fromPort === null || service.toPort === null) return true;
  return c.port >= service.fromPort && c.port <= service.toPort;
}

/** `parts[i][k]`: how part i looks with k + 1 rules. Exact: every way to deal out at most `most` rules is weighed. */
function deal(parts: readonly (readonly (readonly Block[] | null)[])[], most: number): Candidate | null {
  let best: (Candidate | null)[] = [candidateOf([]), ...new Array<null>(most).fill(null)];
  for (const blocks of parts) {
    const options = blocks.map((option) => (option === null ? null : candidateOf(option)));
    const next: (Candidate | null)[] = new Array(most + 1).fill(null);
    for (let k = 1; k <= most; k += 1) {
      for (const [i, option] of options.entries()) {
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
  const least = all.reduce((a, c) => (c.space < a ? c.space : a), all[0]!.space);
  const near = all.filter((c) => c.space * 10n <= least * 11n);
  return near.sort((a, b) => a.rules - b.rules || compareSpace(a, b) || textOrder(a, b))[0]!;
}

function textOrder(a: Candidate, b: Candidate): number {
  const [x, y] = [a, b].map((c) =>
    c.blocks.map((block) => `${textOf(block.cidr)} ${servicesText(block.services)}`).join(';'),
  );
  return x! < y! ? -1 : x! > y! ? 1 : 0;
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
