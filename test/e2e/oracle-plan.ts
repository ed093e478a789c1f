import { addressSet, parseAddress, parseCidr } from '../../analyzer/model/address.ts';
import type { RuleShape, SecurityGroupRule } from '../../analyzer/model/rule.ts';
import { allowedSpace, countSpace, type PeerResolver } from '../../analyzer/model/traffic.ts';
import { addressBits, cidrHolds } from '../generator/oracle.ts';
import { loggedSpans } from '../generator/records.ts';
import type { World } from '../generator/types.ts';

/** The default policy's words, written out anew: the oracle obeys the same, and shares no code with the analyzer's advice. */
const LONGEST = { 4: 24, 6: 64 } as const;
const MOST_PUBLIC = 8;
const STEADY_DAYS = 5;
const MOST_KEPT = 0.5;
const MOST_UNSEEN = 0.1;
const LEAST_COVERED = 0.98;
const PRIVATE = [
  '10.0.0.0/8',
  '172.16.0.0/12',
  '192.168.0.0/16',
  '100.64.0.0/10',
  '169.254.0.0/16',
  'fc00::/7',
  'fe80::/10',
];

interface Use {
  protocol: number;
  port: number | null;
  peer: string;
  day: number;
}

/**
 * The ingress rules that one would keep who knows every connection of the window, and obeys the policy: rules never used go; of rules that
 * cover for each other the widest go; the others shrink to exactly what was used, as finely as the policy allows and with as many
 * rules as it takes. So it is at least as tight as any plan under the policy's limit of rules.
 */
export function oracleIngress(world: World): SecurityGroupRule[] {
  const rules = world.rules.filter((rule) => rule.direction === 'ingress');
  const judged = new Set(world.groups.map((g) => g.groupId).filter((id) => wellCovered(world, id)));
  const ends = world.connections
    .filter((c) => c.end >= world.window.from && c.start < world.window.to)
    .flatMap((c) => c.ends.filter((e) => e.direction === 'ingress' && e.rules.length > 0).map((e) => ({ c, e })));
  const stays = new Set(rules.map((rule) => rule.ruleId));
  const uses = new Map<string, Use[]>(rules.map((rule) => [rule.ruleId, []]));
  const served = new Map<string, Set<string>>(rules.map((rule) => [rule.ruleId, new Set()]));
  for (const { c, e } of ends) {
    for (const id of e.rules) {
      uses.get(id)!.push({ protocol: c.protocol, port: c.port, peer: e.peer, day: Math.floor(c.start / 86_400) });
      served.get(id)!.add(e.rules.join(' '));
    }
  }
  const wide = [...rules].sort(
    (a, b) => Number(spaceOf(world, [b]) - spaceOf(world, [a])) || (a.ruleId < b.ruleId ? -1 : 1),
  );
  for (const rule of wide) {
    if (!judged.has(rule.groupId)) continue;
    const others = [...served.get(rule.ruleId)!].map((ids) =>
      ids.split(' ').filter((id) => id !== rule.ruleId && stays.has(id)),
    );
    if (others.every((ids) => ids.length > 0)) stays.delete(rule.ruleId);
  }
  return rules
    .filter((rule) => stays.has(rule.ruleId))
    .flatMap((rule) => (judged.has(rule.groupId) ? narrowed(world, rule, uses.get(rule.ruleId)!) : [rule]));
}

/** Points of (group, protocol, port, IPv4 address) that the rules allow, each point of a group once. */
export function ingressSpace(world: World, rules: readonly SecurityGroupRule[]): bigint {
  const groups = new Map<string, SecurityGroupRule[]>();
  for (const rule of rules) {
    if (rule.direction === 'ingress') groups.set(rule.groupId, [...(groups.get(rule.groupId) ?? []), rule]);
  }
  return [...groups.values()].reduce((sum, own) => sum + spaceOf(world, own), 0n);
}

function spaceOf(world: World, rules: readonly RuleShape[]): bigint {
  return countSpace(allowedSpace(rules, membersOf(world)), 4);
}

/** Groups and lists by the addresses they stood for in the window. */
function membersOf(world: World): PeerResolver {
  return (peer) => {
    const texts =
      peer.kind === 'prefixList'
        ? (world.prefixLists.find((l) => l.prefixListId === peer.prefixListId)?.cidrs ?? [])
        : world.interfaces
            .filter((i) => i.wore.some((w) => w.groups.includes(peer.groupId)))
            .flatMap((i) => [i.primary, ...i.secondary, ...i.ipv6]);
    const parts = texts.map((text) => parseCidr(text) ?? parseAddress(text)!);
    return { kind: 'addresses', addresses: addressSet(parts) };
  };
}

function wellCovered(world: World, groupId: string): boolean {
  let worn = 0;
  for (const i of world.interfaces) {
    for (const [n, state] of i.wore.entries()) {
      if (!state.groups.includes(groupId)) continue;
      const from = Math.max(world.window.from, state.from);
      const to = Math.min(world.window.to, i.wore[n + 1]?.from ?? i.gone ?? Number.POSITIVE_INFINITY);
      if (from >= to) continue;
      worn += 1;
      const seen = loggedSpans(world, i).reduce(
        (sum, s) => sum + Math.max(0, Math.min(to, s.to) - Math.max(from, s.from)),
        0,
      );
      if (seen < LEAST_COVERED * (to - from)) return false;
    }
  }
  return worn > 0;
}

function narrowed(world: World, rule: SecurityGroupRule, uses: readonly Use[]): SecurityGroupRule[] {
  const peerText = rule.peer.kind === 'cidrIpv4' || rule.peer.kind === 'cidrIpv6' ? rule.peer.cidr : null;
  const unitOf =
    peerText === null || !sourcesMayShrink(world, uses) ? null : (peer: string) => unit(world, peer, peerText);
  const portsMayShrink =
    rule.protocol === -1 || ((rule.protocol === 6 || rule.protocol === 17) && uses.every((u) => u.port !== null));
  const cells = new Map<string, SecurityGroupRule>();
  for (const { protocol, port, peer } of uses) {
    const cell: SecurityGroupRule = {
      ...rule,
      ...(portsMayShrink
        ? {
            protocol,
            fromPort: port ?? (protocol === 1 || protocol === 58 ? -1 : null),
            toPort: port ?? (protocol === 1 || protocol === 58 ? -1 : null),
          }
        : {}),
      ...(unitOf === null
        ? {}
        : { peer: { kind: peer.includes(':') ? 'cidrIpv6' : 'cidrIpv4', cidr: unitOf(peer) } as const }),
    };
    cells.set(`${cell.protocol} ${cell.fromPort} ${unitOf?.(peer) ?? ''}`, cell);
  }
  const unseen = Math.max(
    portsMayShrink ? onceShare(uses, (u) => `${u.protocol}/${u.port}`) : 0,
    unitOf === null ? 0 : onceShare(uses, (u) => unitOf(u.peer)),
  );
  if (unseen > MOST_UNSEEN) return [rule];
  const after = [...cells.values()];
  return Number(spaceOf(world, after)) < MOST_KEPT * Number(spaceOf(world, [rule])) ? after : [rule];
}

function own(world: World, peer: string): boolean {
  return [...PRIVATE, world.vpcCidr, world.vpcCidrIpv6].some((cidr) => cidrHolds(cidr, peer));
}

function sourcesMayShrink(world: World, uses: readonly Use[]): boolean {
  const foreign = new Map<string, Set<number>>();
  for (const { peer, day } of uses) {
    if (!own(world, peer)) foreign.set(peer, (foreign.get(peer) ?? new Set()).add(day));
  }
  return foreign.size <= MOST_PUBLIC && [...foreign.values()].every((days) => days.size >= STEADY_DAYS);
}

/** The network around a peer that a rule may shrink to, as CIDR text. */
function unit(world: World, peer: string, within: string): string {
  const bits = addressBits(peer);
  const longest = bits.length === 32 ? LONGEST[4] : LONGEST[6];
  const length = own(world, peer) ? Math.max(longest, Number(within.split('/')[1])) : bits.length;
  const network = bits.slice(0, length).padEnd(bits.length, '0');
  const size = bits.length === 32 ? 8 : 16;
  const parts = Array.from({ length: bits.length / size }, (_, n) =>
    Number.parseInt(network.slice(n * size, (n + 1) * size), 2),
  );
  return `${bits.length === 32 ? parts.join('.') : parts.map((p) => p.toString(16)).join(':')}/${length}`;
}

/** Good-Turing on days: values seen on one day, over all (value, day) pairs. */
function onceShare(uses: readonly Use[], key: (use: Use) => string): number {
  const days = new Map<string, Set<number>>();
  for (const use of uses) days.set(key(use), (days.get(key(use)) ?? new Set()).add(use.day));
  const counts = [...days.values()].map((d) => d.size);
  const all = counts.reduce((a, b) => a + b, 0);
  return all === 0 ? 1 : counts.filter((n) => n === 1).length / all;
}
