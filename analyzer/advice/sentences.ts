import type { Usage } from '../model/finding.ts';
import { formatProtocol, hasPorts, hasTypes } from '../model/protocol.ts';
import { type Peer, peerText, portsText, type RuleShape, type SecurityGroupRule } from '../model/rule.ts';
import { missedPeriods, rhythmOf, stillAlive } from './confidence.ts';
import { percent } from './gates.ts';
import type { Narrowing } from './narrow.ts';
import type { Policy } from './policy.ts';

/** `TCP 443 from 10.0.0.0/8`, `all protocols from sg-1`, `ICMP of any type to ::/0`: what a rule allows, within a sentence. */
export function ruleWords(rule: RuleShape): string {
  return `${serviceWords(rule)} ${rule.direction === 'ingress' ? 'from' : 'to'} ${peerText(rule.peer)}`;
}

function serviceWords({ protocol, fromPort, toPort }: RuleShape): string {
  if (protocol === -1) return 'all protocols';
  const name =
    hasPorts(protocol) || hasTypes(protocol) ? protocolName(protocol) : `protocol ${formatProtocol(protocol)}`;
  const ports = portsText({ protocol, fromPort, toPort });
  if (hasTypes(protocol)) return ports === 'all types' ? `${name} of any type` : `${name} ${ports}`;
  if (!hasPorts(protocol)) return name;
  return ports === 'all' ? `${name} on all ports` : `${name} ${ports}`;
}

function protocolName(protocol: number): string {
  const name = formatProtocol(protocol);
  return name === 'icmpv6' ? 'ICMPv6' : name.toUpperCase();
}

/** `1 record`, `12,345 records`. */
export function counted(count: number, noun: string): string {
  const small = Number.isInteger(count) && count >= 0 && count < 1_000;
  return `${small ? count : String(count).replace(/\B(?=(\d{3})+$)/g, ',')} ${noun}${count === 1 ? '' : 's'}`;
}

/** `a`, `a and b`, `a, b and 3 more`: ids in a sentence, never more than three. */
export function listed(ids: readonly string[]): string {
  if (ids.length <= 1) return ids[0] ?? 'none';
  if (ids.length <= 3) return `${ids.slice(0, -1).join(', ')} and ${ids.at(-1)}`;
  return `${ids.slice(0, 2).join(', ')} and ${ids.length - 2} more`;
}

export function daysText(days: number): string {
  return counted(Math.floor(days), 'day');
}

export function shareText(share: number): string {
  return share < 0.0001 ? 'less than 0.01 %' : percent(share);
}

export function unusedDetail(
  rule: SecurityGroupRule,
  days: number,
  share: number,
  interfaces: number,
  refused: number,
  refusedDays?: number,
): string {
  const late = refusedDays !== undefined && refusedDays < days ? ` of the last ${daysText(refusedDays)}` : '';
  const only =
    refused === 0
      ? ''
      : ` Only refused traffic reached it: ${counted(refused, 'record')}${late} that it would allow, refused by a network ACL or after the connection had closed.`;
  return `Under no reading of the records of ${daysText(days)} could an accepted connection have needed ${ruleWords(rule)}. Flow logs cover ${percent(share)} of the time in which ${counted(interfaces, 'interface')} wore the group.${only}`;
}

export const STALE = 'The group that it references does not exist any more, so it allows nothing.';
export const STALE_YET =
  'Within the window it may still have been the only rule for connections that were accepted, so a person must decide.';

export function inUseDetail(usage: Usage, sure: boolean): string {
  const seen = `${counted(usage.flows, 'record')} on ${counted(usage.daysSeen, 'day')}`;
  if (!sure) {
    return `Accepted connections may need it: ${seen}. Who opened them, or who the peer was, is not certain, and uncertainty counts as use.`;
  }
  if (usage.onlyPermitterFlows === usage.flows)
    return `Accepted connections need it: ${seen}, and no other rule lets them in.`;
  if (usage.onlyPermitterFlows > 0) {
    return `Accepted connections need it: ${seen}, of which ${counted(usage.onlyPermitterFlows, 'record')} no other rule lets in.`;
  }
  return `Accepted connections used it: ${seen}. Other rules may let each of them in as well; this one is kept for them.`;
}

/** Periods of its own rhythm that a rule must have missed before its use may be said to have ended. */
const MISSED = 3;

/**
 * For a rule that was used and fell silent: what its rhythm says. Empty where it has none, or may only be pausing. `now`: the window's
 * last day, since 1970. Nothing is proposed for it, since its use lies within the window.
 */
export function silenceDetail(usage: Usage, now: number): string {
  const days = usage.perDay.map(({ day }) => Date.parse(day) / 86_400_000);
  const missed = missedPeriods(days, now);
  const period = rhythmOf(days);
  const [first, last] = [days[0], days.at(-1)];
  if (missed === null || period === null || first === undefined || last === undefined || missed < MISSED) return '';
  const alive = stillAlive(days.length - 1, last - first, now - first);
  const pause = period === 1 ? 'It used to be used daily' : `It never paused for more than ${daysText(period)} before`;
  return ` ${pause}, and has been silent since ${usage.perDay.at(-1)!.day}, ${counted(missed, 'period')} of its rhythm: by that the chance that it is still in use is ${shareText(alive)}. A window that begins after that day can tell.`;
}

/** Why a used rule is not narrower; empty where there is nothing to say. */
export function notNarrowed(narrowing: Extract<Narrowing, { ok: false }>, policy: Policy): string {
  if (narrowing.heldPeers === 'too-many-public-peers') {
    return `Its peers are not narrowed: more than ${policy.maxPublicPeers} of them are addresses of the Internet.`;
  }
  if (narrowing.heldPeers === 'public-peers-not-steady') {
    return `Its peers are not narrowed: some of them are addresses of the Internet that were seen on fewer than ${counted(policy.steadyDays, 'day')}.`;
  }
  if (narrowing.why === 'little-to-save') {
    return `Not narrowed: at least ${percent(policy.maxKeptShare)} of what it allows would stay.`;
  }
  return 'Nothing of it is idle, as finely as flow logs and the policy can tell.';
}

export function tooRareDetail(missingMass: number, policy: Policy): string {
  return `It could be narrower, but ${percent(missingMass)} of its use is estimated to be still unseen, because so much of it was seen on one day only; ${percent(policy.maxMissingMass)} is the limit.`;
}

export function narrowDetail(
  rule: SecurityGroupRule,
  narrowing: { keptShare: number },
  rules: number,
  days: number,
): string {
  return `All that was seen of ${ruleWords(rule)} in ${daysText(days)} fits in ${rules === 1 ? 'one narrower rule' : `${rules} narrower rules`}: ${shareText(narrowing.keptShare)} of the ports and addresses that it allows.`;
}

/** Why a narrowed rule names no networks. */
export function namedDetail(peer: Peer): string {
  const who =
    peer.kind === 'group'
      ? `wore ${peerText(peer)} at that time`
      : `is an address of the prefix list ${peerText(peer)}`;
  return ` Every peer that was seen ${who}, so that stands instead of networks.`;
}

export function coveredDetail(usage: Usage, covering: readonly string[]): string {
  const stay = covering.length === 1 ? 'which stays' : 'which stay';
  return `All that was seen of it (${counted(usage.flows, 'record')} on ${counted(usage.daysSeen, 'day')}) is also let in by ${listed(covering)}, ${stay}; what else it allows was not used.`;
}

export function redundantDetail(covering: readonly string[]): string {
  return `Everything it allows is also allowed by ${listed(covering)} of the same group, proved by set algebra.`;
}

export function redundantElsewhereDetail(covering: readonly string[], interfaces: number): string {
  return `Everything it allows is also allowed by ${listed(covering)} on ${interfaces === 1 ? 'the only interface' : `each of the ${interfaces} interfaces`} that wore the group within the window, proved by set algebra.`;
}
