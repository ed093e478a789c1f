import { canonical, type Interval, numbers } from '../model/interval.ts';
import { MAX_PORT, type PortSet, portsOfRule } from '../model/ports.ts';
import { ALL_PROTOCOLS, hasPorts, hasTypes } from '../model/protocol.ts';
import type { RuleShape } from '../model/rule.ts';
import { fewRanges } from './ports.ts';
import type { Use } from './uses.ts';

/** What a rule says but for its peer, and how many points of the port line (of all protocols, for -1) it opens. */
export interface Service {
  protocol: number;
  fromPort: number | null;
  toPort: number | null;
  points: bigint;
}

/** The services of `k + 1` rules at most that cover a need with the fewest points; null where that many do not suffice. */
export type ServiceFrontier = readonly (readonly Service[] | null)[];

const LINE = BigInt(MAX_PORT + 1);

export function wholeService(rule: Pick<RuleShape, 'protocol' | 'fromPort' | 'toPort'>): Service {
  const { protocol, fromPort, toPort } = rule;
  if (protocol === ALL_PROTOCOLS) return { protocol, fromPort: null, toPort: null, points: 256n * LINE };
  const ports = portsOfRule(protocol, fromPort, toPort)[0]!;
  return { protocol, fromPort, toPort, points: BigInt(ports.to - ports.from + 1) };
}

export function pointsOf(services: readonly Service[]): bigint {
  return services.reduce((sum, service) => sum + service.points, 0n);
}

/** Whether the evidence of the rule can say which ports it needs: a class whose port is not shown may have meant any of them. */
export function portsAreKnown(rule: RuleShape, classes: readonly Pick<Use, 'protocol' | 'port'>[]): boolean {
  if (rule.protocol === ALL_PROTOCOLS) return true;
  return hasPorts(rule.protocol) && classes.every((c) => c.port !== null);
}

/**
 * Services for the classes, within the rule, for each number of rules up to `most`. Types of ICMP are not in the logs and so never
 * narrowed. `narrow` false: the rule's own service only.
 */
export function serviceFrontier(
  rule: RuleShape,
  classes: readonly Pick<Use, 'protocol' | 'port'>[],
  most: number,
  narrow: boolean,
): ServiceFrontier {
  if (!narrow || !portsAreKnown(rule, classes)) return new Array<readonly Service[]>(most).fill([wholeService(rule)]);
  const needs = new Map<number, Interval<number>[]>();
  const met = new Set<number>();
  for (const c of classes) {
    const service = c.protocol * 65_537 + (c.port === null ? 0 : c.port + 1);
    if (met.has(service)) continue;
    met.add(service);
    const need = needs.get(c.protocol) ?? [];
    need.push(c.port === null ? { from: 0, to: MAX_PORT } : { from: c.port, to: c.port });
    needs.set(c.protocol, need);
  }
  if (needs.size === 1) {
    const [[protocol, intervals]] = [...needs] as [[number, Interval<number>[]]];
    const options = protocolOptions(protocol, canonical(numbers, intervals), most);
    // Each further range closes ports, until there are no gaps left.
    return Array.from({ length: most }, (_, k) => options[Math.min(k, options.length - 1)]!);
  }
  let frontier: (readonly Service[] | null)[] = [[], ...new Array<null>(most).fill(null)];
  for (const [protocol, intervals] of [...needs].sort(([a], [b]) => a - b)) {
    const options = protocolOptions(protocol, canonical(numbers, intervals), most);
    frontier = combine(frontier, options, most);
  }
  return frontier.slice(1);
}

function protocolOptions(protocol: number, need: PortSet, most: number): readonly (readonly Service[])[] {
  if (!hasPorts(protocol)) {
    const port = hasTypes(protocol) ? -1 : null;
    return [[{ protocol, fromPort: port, toPort: port, points: LINE }]];
  }
  const options: Service[][] = [];
  for (let k = 1; k <= Math.min(most, need.length); k += 1) {
    options.push(
      fewRanges(need, k).map(({ from, to }) => ({
        protocol,
        fromPort: from,
        toPort: to,
        points: BigInt(to - from + 1),
      })),
    );
  }
  return options;
}

/** Adds one protocol to a frontier whose index is the number of rules; exact, by trying every split of the rules. */
function combine(
  frontier: readonly (readonly Service[] | null)[],
  options: readonly (readonly Service[])[],
  most: number,
): (readonly Service[] | null)[] {
  const out: (readonly Service[] | null)[] = new Array(most + 1).fill(null);
  for (let k = 1; k <= most; k += 1) {
    let best: readonly Service[] | null = out[k - 1] ?? null;
    for (const [i, option] of options.entries()) {
      const before = k - i - 1 < 0 ? null : (frontier[k - i - 1] ?? null);
      if (before === null) continue;
      const services = [...before, ...option];
      if (best === null || pointsOf(services) < pointsOf(best)) best = services;
    }
    out[k] = best;
  }
  return out;
}
