import type { EpochSeconds } from '../../analyzer/model/interface.ts';
import type { Direction, SecurityGroupRule } from '../../analyzer/model/rule.ts';
import type { ConnectionEnd, SimInterface, SimPrefixList, TrueConnection } from './types.ts';

/**
 * What a security group does, written as plainly as can be and sharing no code with the analyzer: the judge of the simulation. Slow on
 * purpose; addresses are compared as bits in a string.
 */
export interface Rulebook {
  rules: readonly SecurityGroupRule[];
  interfaces: readonly SimInterface[];
  prefixLists: readonly SimPrefixList[];
}

/** A new connection, seen from one interface. */
export interface Question {
  direction: Direction;
  groups: readonly string[];
  protocol: number;
  port: number | null;
  icmp: { type: number; code: number } | null;
  peer: string;
  at: EpochSeconds;
}

/** Ids of the rules of the groups worn that allow it, sorted. */
export function rulesAllowing(book: Rulebook, question: Question): string[] {
  return book.rules
    .filter((rule) => question.groups.includes(rule.groupId) && ruleAllows(book, rule, question))
    .map((rule) => rule.ruleId)
    .sort();
}

export function ruleAllows(book: Rulebook, rule: SecurityGroupRule, question: Question): boolean {
  if (rule.direction !== question.direction) return false;
  if (!protocolAllows(rule, question)) return false;
  return peerAllows(book, rule, question.peer, question.at);
}

function protocolAllows(rule: SecurityGroupRule, question: Question): boolean {
  if (rule.protocol === -1) return true;
  if (rule.protocol !== question.protocol) return false;
  if (question.icmp !== null) {
    const { type, code } = question.icmp;
    const anyType = rule.fromPort === null || rule.fromPort === -1;
    const anyCode = rule.toPort === null || rule.toPort === -1;
    return anyType || (rule.fromPort === type && (anyCode || rule.toPort === code));
  }
  if (question.port === null || rule.fromPort === null || rule.toPort === null) return true;
  return rule.fromPort <= question.port && question.port <= rule.toPort;
}

function peerAllows(book: Rulebook, rule: SecurityGroupRule, address: string, at: EpochSeconds): boolean {
  const peer = rule.peer;
  if (peer.kind === 'cidrIpv4' || peer.kind === 'cidrIpv6') return cidrHolds(peer.cidr, address);
  if (peer.kind === 'prefixList') {
    const list = book.prefixLists.find((l) => l.prefixListId === peer.prefixListId);
    return list?.cidrs.some((cidr) => cidrHolds(cidr, address)) ?? false;
  }
  return book.interfaces.some(
    (i) =>
      livesAt(i, at) &&
      groupsAt(i, at).includes(peer.groupId) &&
      (i.primary === address || i.secondary.includes(address) || i.ipv6.includes(address)),
  );
}

export function livesAt(i: SimInterface, at: EpochSeconds): boolean {
  return i.created <= at && (i.gone === null || at < i.gone);
}

export function groupsAt(i: SimInterface, at: EpochSeconds): readonly string[] {
  let groups: readonly string[] = i.wore[0]?.groups ?? [];
  for (const state of i.wore) if (state.from <= at) groups = state.groups;
  return groups;
}

/** The rules that let this connection pass at each of its ends, decided anew. */
export function rulesLettingIn(book: Rulebook, connection: TrueConnection): { end: ConnectionEnd; rules: string[] }[] {
  return connection.ends.map((end) => ({ end, rules: rulesAllowing(book, questionOf(connection, end)) }));
}

export function questionOf(connection: TrueConnection, end: ConnectionEnd): Question {
  const { protocol, port, icmp, start } = connection;
  return { direction: end.direction, groups: end.groups, protocol, port, icmp, peer: end.peer, at: start };
}

/**
 * The accepted ends that would be refused if these were the rules: what a plan breaks. Interfaces without groups filter nothing and
 * are never blocked.
 */
export function blockedBy(
  world: Rulebook & { connections: readonly TrueConnection[] },
  rules: readonly SecurityGroupRule[],
): { connection: TrueConnection; end: ConnectionEnd }[] {
  const book: Rulebook = { rules, interfaces: world.interfaces, prefixLists: world.prefixLists };
  const kept = new Set(rules);
  const keptIds = new Set(world.rules.filter((rule) => kept.has(rule)).map((rule) => rule.ruleId));
  const out: { connection: TrueConnection; end: ConnectionEnd }[] = [];
  for (const connection of world.connections) {
    for (const end of connection.ends) {
      if (!end.accepted || end.groups.length === 0) continue;
      // A rule object that stands unchanged answers as it did: a short cut that cannot change the verdict.
      if (end.rules.some((id) => keptIds.has(id))) continue;
      if (rulesAllowing(book, questionOf(connection, end)).length === 0) out.push({ connection, end });
    }
  }
  return out;
}

const bitsOf = new Map<string, string>();

export function cidrHolds(cidr: string, address: string): boolean {
  const [network = '', length = ''] = cidr.split('/');
  const a = addressBits(network);
  const b = addressBits(address);
  return a.length === b.length && a.slice(0, Number(length)) === b.slice(0, Number(length));
}

/** 32 or 128 characters, 0 or 1. */
export function addressBits(address: string): string {
  const known = bitsOf.get(address);
  if (known !== undefined) return known;
  const bits = address.includes(':') ? bits6(address) : bits4(address);
  if (bitsOf.size > 200_000) bitsOf.clear();
  bitsOf.set(address, bits);
  return bits;
}

function bits4(address: string): string {
  const octets = address.split('.').map(Number);
  if (octets.length !== 4 || octets.some((o) => !(o >= 0 && o <= 255)))
    throw new Error(`not an IPv4 address: ${address}`);
  return octets.map((o) => o.toString(2).padStart(8, '0')).join('');
}

function bits6(address: string): string {
  const [head = '', tail] = address.split('::');
  const left = head === '' ? [] : head.split(':');
  const right = tail === undefined || tail === '' ? [] : tail.split(':');
  const zeros = tail === undefined ? 0 : 8 - left.length - right.length;
  const groups = [...left, ...Array.from({ length: zeros }, () => '0'), ...right];
  if (groups.length !== 8) throw new Error(`not an IPv6 address: ${address}`);
  return groups.map((g) => Number.parseInt(g, 16).toString(2).padStart(16, '0')).join('');
}
