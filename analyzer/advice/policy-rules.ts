import {
  addressesWithin,
  addressSet,
  type Cidr,
  cidrRange,
  intersectAddresses,
  noAddresses,
  parseCidr,
} from '../model/address.ts';
import { findingId } from '../model/identity.ts';
import type { EpochSeconds } from '../model/interface.ts';
import type { Inventory, SecurityGroup } from '../model/inventory.ts';
import { portsOfRule } from '../model/ports.ts';
import type { Problem } from '../model/problem.ts';
import { ALL_PROTOCOLS, hasPorts, parseProtocol } from '../model/protocol.ts';
import type { RuleShape, SecurityGroupRule } from '../model/rule.ts';
import type { GroupSelector, Keep, Policy, PolicyOrders } from './policy.ts';

/** What applyPolicy reads and changes of a verdict. */
export interface Judged {
  rule: SecurityGroupRule;
  action: 'keep' | 'remove' | 'narrow' | 'review';
  reason: string;
  detail: string;
  confidence: number;
  replacements: readonly RuleShape[];
}

export interface Ordered<V> {
  verdicts: readonly V[];
  warnings: readonly Problem[];
}

/** Why a person's word keeps this rule as it is, at a moment; null where nobody spoke. The first that fits: protected, then keeps in their order. */
export function orderFor(
  rule: SecurityGroupRule,
  policy: Policy,
  groupOf: (groupId: string) => SecurityGroup | undefined,
  now: EpochSeconds,
): { reason: 'protected-by-policy' | 'kept-by-policy'; detail: string } | null {
  const orders = policy.orders;
  if (orders === undefined) return null;
  const shield = protection(rule, orders, groupOf(rule.groupId));
  if (shield !== null) return { reason: 'protected-by-policy', detail: shield };
  const keep = orders.keeps.find((k) => !expired(k, now) && selects(k, rule, groupOf(rule.groupId)));
  return keep === undefined ? null : { reason: 'kept-by-policy', detail: `The policy keeps it${keepText(keep)}` };
}

/** Days that must have been judged before rules of the group may be touched. */
export function windowDaysFor(policy: Policy, group: SecurityGroup | undefined, groupId: string): number {
  const fitting = (policy.orders?.windows ?? []).filter((w) => selectsGroup(w, groupId, group)).map((w) => w.days);
  return fitting.length === 0 ? policy.minWindowDays : Math.max(...fitting);
}

/**
 * Law 8: what the policy says overrides the plan. Proposals are only ever taken back here, so what held of the plan (laws 3 and 4) holds of
 * what is left: each rule that stays allows at least what its proposal would have. `now` is the end of the judged window.
 */
export function applyPolicy<V extends Judged>(
  verdicts: readonly V[],
  policy: Policy,
  inventory: Inventory,
  now: EpochSeconds,
): Ordered<V> {
  const orders = policy.orders;
  if (orders === undefined) return { verdicts, warnings: [] };
  const groups = new Map(inventory.groups.map((g) => [g.groupId, g]));
  const groupOf = (id: string): SecurityGroup | undefined => groups.get(id);
  const spoken = verdicts.map((verdict): V => {
    const order = orderFor(verdict.rule, policy, groupOf, now);
    if (order !== null) return { ...verdict, action: 'keep', ...order, confidence: 1, replacements: [] };
    return cutsNetwork(verdict, orders.neverNarrow)
      ? held(verdict, 'keep', 'never-narrow', 'The policy forbids to narrow within a network that it allows.')
      : verdict;
  });
  const within = withinQuota(spoken, orders.rulesPerGroup, inventory);
  const warnings = keepWarnings(orders.keeps, verdicts, groupOf, now);
  const braked = brake(within, orders.brake);
  return braked === null
    ? { verdicts: within, warnings }
    : { verdicts: braked.verdicts, warnings: [...warnings, braked.warning] };
}

function held<V extends Judged>(verdict: V, action: 'keep' | 'review', reason: string, detail: string): V {
  return { ...verdict, action, reason, detail, confidence: action === 'keep' ? 1 : 0, replacements: [] };
}

function protection(rule: SecurityGroupRule, orders: PolicyOrders, group: SecurityGroup | undefined): string | null {
  const entry = orders.protectedGroups.find((g) => selectsGroup(g, rule.groupId, group));
  if (entry !== undefined) {
    return `The policy protects the group${entry.reason === undefined ? '.' : `: ${sentence(entry.reason)}`}`;
  }
  const ports = orders.protectedPorts.find((p) => allowsPorts(rule, p));
  if (ports !== undefined) {
    const range = ports.from === ports.to ? String(ports.from) : `${ports.from}-${ports.to}`;
    return `It allows ${ports.protocol === null ? 'port' : ports.protocol} ${range}, which the policy protects.`;
  }
  const peer = orders.protectedPeers.find((p) => allowsPeer(rule, p));
  return peer === undefined ? null : `It allows ${peer}, which the policy protects.`;
}

function allowsPorts(rule: RuleShape, ports: PolicyOrders['protectedPorts'][number]): boolean {
  if (rule.protocol === ALL_PROTOCOLS) return true;
  if (!hasPorts(rule.protocol)) return false;
  if (ports.protocol !== null && parseProtocol(ports.protocol) !== rule.protocol) return false;
  return portsOfRule(rule.protocol, rule.fromPort, rule.toPort).some((r) => r.from <= ports.to && ports.from <= r.to);
}

/** Networks that overlap, or the same list or group. */
function allowsPeer(rule: RuleShape, peer: string): boolean {
  if (rule.peer.kind === 'group') return rule.peer.groupId === peer;
  if (rule.peer.kind === 'prefixList') return rule.peer.prefixListId === peer;
  const own = parseCidr(rule.peer.cidr);
  const other = parseCidr(peer);
  return own !== null && other !== null && overlap(own, other);
}

function overlap(a: Cidr, b: Cidr): boolean {
  return !noAddresses(intersectAddresses(cidrRange(a), cidrRange(b)));
}

/** Whether the replacements allow some of a network's part in the rule, and not all of it, for some of what they allow. */
function cutsNetwork(verdict: Judged, networks: readonly string[]): boolean {
  const { rule, action, replacements } = verdict;
  if (action !== 'narrow' || (rule.peer.kind !== 'cidrIpv4' && rule.peer.kind !== 'cidrIpv6')) return false;
  const whole = cidrRange(parseCidr(rule.peer.cidr)!);
  return networks.some((text) => {
    const part = intersectAddresses(whole, cidrRange(parseCidr(text)!));
    if (noAddresses(part)) return false;
    const services = new Map<string, Cidr[]>();
    for (const shape of replacements) {
      if (shape.peer.kind !== 'cidrIpv4' && shape.peer.kind !== 'cidrIpv6') continue;
      const key = `${shape.protocol}/${shape.fromPort}-${shape.toPort}`;
      services.set(key, [...(services.get(key) ?? []), parseCidr(shape.peer.cidr)!]);
    }
    return [...services.values()].some((cidrs) => {
      const left = addressSet(cidrs);
      return !noAddresses(intersectAddresses(left, part)) && !addressesWithin(part, left);
    });
  });
}

function selects(keep: Keep, rule: SecurityGroupRule, group: SecurityGroup | undefined): boolean {
  if (keep.rule !== undefined && keep.rule !== rule.ruleId) return false;
  if (keep.finding !== undefined && keep.finding !== findingId(rule)) return false;
  if (keep.account !== undefined && keep.account !== rule.accountId) return false;
  if (keep.region !== undefined && keep.region !== rule.region) return false;
  return keep.group === undefined || selectsGroup({ group: keep.group }, rule.groupId, group);
}

function selectsGroup(selector: GroupSelector, groupId: string, group: SecurityGroup | undefined): boolean {
  if (selector.group !== undefined) {
    return like(selector.group, groupId) || (group !== undefined && like(selector.group, group.groupName));
  }
  if (group === undefined) return false;
  const at = selector.tag.indexOf('=');
  if (at < 0) return Object.hasOwn(group.tags, selector.tag);
  const value = Object.hasOwn(group.tags, selector.tag.slice(0, at))
    ? group.tags[selector.tag.slice(0, at)]
    : undefined;
  return value !== undefined && like(selector.tag.slice(at + 1), value);
}

/** `*` stands for any characters; without regular expressions, which a hostile pattern could make slow. */
function like(pattern: string, text: string): boolean {
  const parts = pattern.split('*');
  if (parts.length === 1) return pattern === text;
  const first = parts[0]!;
  const last = parts.at(-1)!;
  if (text.length < first.length + last.length || !text.startsWith(first) || !text.endsWith(last)) return false;
  let at = first.length;
  const end = text.length - last.length;
  for (const part of parts.slice(1, -1)) {
    const found = text.indexOf(part, at);
    if (found < 0 || found + part.length > end) return false;
    at = found + part.length;
  }
  return true;
}

/** It holds to the end of its last day, UTC. */
function expired(keep: Keep, now: EpochSeconds): boolean {
  return keep.until !== undefined && Date.parse(`${keep.until}T00:00:00Z`) / 1000 + 86_400 <= now;
}

function keepText(keep: Keep): string {
  const until = keep.until === undefined ? '' : ` until ${keep.until}`;
  const author = keep.author === undefined ? '' : ` (${keep.author})`;
  return `${until}: ${sentence(`${keep.reason}${author}`)}`;
}

function sentence(text: string): string {
  return /[.!?]$/.test(text) ? text : `${text}.`;
}

function keepWarnings(
  keeps: readonly Keep[],
  verdicts: readonly Judged[],
  groupOf: (id: string) => SecurityGroup | undefined,
  now: EpochSeconds,
): Problem[] {
  return keeps.flatMap((keep): Problem[] => {
    const what = [keep.finding, keep.rule, keep.group, keep.account, keep.region]
      .filter((t) => t !== undefined)
      .join(' ');
    const matches = verdicts.filter(({ rule }) => selects(keep, rule, groupOf(rule.groupId))).length;
    if (expired(keep, now)) {
      const message = `the policy's keep of ${what} ended on ${keep.until}; it fits ${matches} rules, which are judged like the others`;
      return [warning('keep-expired', message, 'renew it or take it out of the policy')];
    }
    if (matches > 0) return [];
    return [
      warning(
        'keep-without-rule',
        `the policy's keep of ${what} fits no rule`,
        'correct it or take it out of the policy',
      ),
    ];
  });
}

function warning(code: string, message: string, next: string): Problem {
  return { code, message, next, fault: 'configuration' };
}

/** Narrowings that add most rules are taken back first, until no group has more than its quota, or than it had. */
function withinQuota<V extends Judged>(verdicts: readonly V[], quota: number, inventory: Inventory): readonly V[] {
  const lists = new Map(inventory.prefixLists.map((l) => [l.prefixListId, l.maxEntries ?? l.cidrs?.length ?? 1]));
  const out = [...verdicts];
  const byGroup = new Map<string, number[]>();
  for (const [i, { rule }] of verdicts.entries()) {
    const key = `${rule.groupId}|${rule.direction}`;
    byGroup.set(key, [...(byGroup.get(key) ?? []), i]);
  }
  for (const members of byGroup.values()) {
    for (const family of ['cidrIpv4', 'cidrIpv6'] as const) {
      const weight = (shapes: readonly RuleShape[]): number =>
        shapes.reduce((sum, s) => sum + weightOf(s, family, lists), 0);
      const before = weight(members.map((i) => out[i]!.rule));
      const after = (): number => members.reduce((sum, i) => sum + weight(shapesAfter(out[i]!)), 0);
      const added = (i: number): number => weight(out[i]!.replacements) - weight([out[i]!.rule]);
      while (after() > Math.max(quota, before)) {
        const worst = members
          .filter((i) => out[i]!.action === 'narrow' && added(i) > 0)
          .sort((a, b) => added(b) - added(a) || a - b)[0];
        if (worst === undefined) break;
        const detail = `Narrowing it would leave the group with ${after()} rules; ${quota} are allowed.`;
        out[worst] = held(out[worst]!, 'keep', 'quota', detail);
      }
    }
  }
  return out;
}

function shapesAfter(verdict: Judged): readonly RuleShape[] {
  return verdict.action === 'remove' ? [] : verdict.action === 'narrow' ? verdict.replacements : [verdict.rule];
}

/** EC2 counts IPv4 and IPv6 apart; a group counts once in both, a prefix list with its greatest number of entries. */
function weightOf({ peer }: RuleShape, family: 'cidrIpv4' | 'cidrIpv6', lists: ReadonlyMap<string, number>): number {
  if (peer.kind === 'prefixList') return lists.get(peer.prefixListId) ?? 1;
  return peer.kind === 'group' || peer.kind === family ? 1 : 0;
}

function brake<V extends Judged>(
  verdicts: readonly V[],
  limits: PolicyOrders['brake'],
): { verdicts: readonly V[]; warning: Problem } | null {
  if (limits === null) return null;
  const removals = verdicts.filter((v) => v.action === 'remove').length;
  const percent = verdicts.length === 0 ? 0 : (100 * removals) / verdicts.length;
  const tooMany = limits.removals !== null && removals > limits.removals;
  if (!tooMany && !(limits.percent !== null && percent > limits.percent)) return null;
  const limit = tooMany ? `${limits.removals} removals` : `${limits.percent} % of the rules`;
  const message = `the run would remove ${removals} of ${verdicts.length} rules; the policy stops at ${limit}`;
  const detail = `The brake of the policy holds back all proposals: ${message}.`;
  return {
    verdicts: verdicts.map((v) => {
      if (v.action !== 'remove' && v.action !== 'narrow') return v;
      const was = v.action === 'remove' ? 'remove it' : 'narrow it';
      return held(v, 'review', 'brake', `${detail} It would ${was} (${v.reason}).`);
    }),
    warning: warning('brake', message, 'look at what is proposed, then raise the brake or run again without it'),
  };
}
