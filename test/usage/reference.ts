import type { LedgerRow } from '../../analyzer/flowlogs/ledger.ts';
import { addressSet, formatAddress, hasAddress, parseAddress, parseCidr } from '../../analyzer/model/address.ts';
import type { InterfaceState } from '../../analyzer/model/interface.ts';
import type { Inventory } from '../../analyzer/model/inventory.ts';
import type { Direction, SecurityGroupRule } from '../../analyzer/model/rule.ts';

/**
 * Attribution and usage as a person would do them with paper: every row against every state and every rule, moment by moment, with
 * no index and no memory. Time is tried at every multiple of `tick`, or, where tick is null, at both ends and at every moment in between
 * at which some interface changes: nothing changes elsewhere.
 */
export interface ReferenceUsage {
  ruleId: string;
  flows: number;
  bytes: number;
  packets: number;
  first: number;
  last: number;
  only: number;
  uncertain: number;
  days: number[];
}

export interface Reference {
  usage: ReferenceUsage[];
  /** `group direction reason` */
  frozen: string[];
  totals: { explained: number; unfiltered: number; unexplained: number };
}

interface World {
  inventory: Inventory;
  slack: number;
  tick: number | null;
}

type Verdict = 'yes' | 'maybe' | 'no';

export function reference(world: World, rows: readonly LedgerRow[]): Reference {
  const usage = new Map<string, ReferenceUsage>();
  for (const { ruleId } of world.inventory.rules) {
    usage.set(ruleId, {
      ruleId,
      flows: 0,
      bytes: 0,
      packets: 0,
      first: Infinity,
      last: -Infinity,
      only: 0,
      uncertain: 0,
      days: [],
    });
  }
  const frozen = new Set<string>();
  const totals = { explained: 0, unfiltered: 0, unexplained: 0 };
  for (const row of rows) {
    if (row.action !== 'ACCEPT') continue;
    const weak = row.opened !== 'unknown' && ['listener', 'related', 'fan', 'start', 'none'].includes(row.evidence);
    const stated: Direction[] =
      row.opened === 'unknown' ? ['ingress', 'egress'] : row.opened === 'inbound' ? ['ingress'] : ['egress'];
    const possible: Direction[] = weak ? ['ingress', 'egress'] : stated;
    const all = world.inventory.interfaces.filter((s) => s.interfaceId === row.interfaceId);
    const near = all.filter((s) => touches(world, s, row.first - world.slack, row.last + world.slack));
    if (near.length === 0) {
      totals.unexplained += row.records;
      const reason = all.length === 0 ? 'unknown-interface' : 'no-state-at-that-time';
      for (const group of mayWear(world, row, all)) for (const d of possible) frozen.add(`${group} ${d} ${reason}`);
      continue;
    }
    let readings = readingsOf(world, row, near, stated);
    let verdicts = judge(world, row, readings);
    let doubt = distinct(readings) > 1;
    if (verdicts.size === 0 && weak) {
      readings = readingsOf(world, row, near, stated[0] === 'ingress' ? ['egress'] : ['ingress']);
      verdicts = judge(world, row, readings);
      doubt = true;
    }
    if (verdicts.size > 0) {
      totals.explained += row.records;
      for (const [ruleId, verdict] of verdicts) {
        const u = usage.get(ruleId)!;
        u.flows += row.records;
        u.bytes += row.bytes;
        u.packets += row.packets;
        u.first = Math.min(u.first, row.first);
        u.last = Math.max(u.last, row.last);
        if (verdicts.size === 1) u.only += row.records;
        if (doubt || verdict === 'maybe') u.uncertain += row.records;
        u.days = [...new Set([...u.days, Math.floor(row.bucket / 86400)])].sort();
      }
    } else if (near.some((s) => s.groups.length === 0)) {
      totals.unfiltered += row.records;
    } else {
      totals.unexplained += row.records;
      const groups = new Set(near.flatMap((s) => s.groups));
      const lacks = [...groups].some((g) => !world.inventory.groups.some((known) => known.groupId === g));
      for (const g of groups) for (const d of possible) frozen.add(`${g} ${d} ${lacks ? 'unknown-group' : 'no-rule'}`);
    }
  }
  return { usage: [...usage.values()], frozen: [...frozen].sort(), totals };
}

interface Reading {
  state: InterfaceState;
  direction: Direction;
  peer: string;
}

function readingsOf(_: World, row: LedgerRow, near: InterfaceState[], directions: Direction[]): Reading[] {
  const peers = [row.peerAddress, row.peerPacketAddress ?? row.peerAddress];
  return near
    .filter((state) => state.groups.length > 0)
    .flatMap((state) => directions.flatMap((direction) => peers.map((peer) => ({ state, direction, peer }))));
}

/** In these worlds an interface never changes its VPC, so a reading is its groups, direction and peer. */
function distinct(readings: Reading[]): number {
  return new Set(readings.map((r) => `${r.state.groups}|${r.direction}|${r.peer}`)).size;
}

function judge(world: World, row: LedgerRow, readings: Reading[]): Map<string, Verdict> {
  const out = new Map<string, Verdict>();
  for (const reading of readings) {
    for (const rule of world.inventory.rules) {
      if (!reading.state.groups.includes(rule.groupId) || rule.direction !== reading.direction) continue;
      const port = reading.direction === 'ingress' ? row.localPort : row.peerPort;
      const verdict = both(portVerdict(rule, row.protocol, port), peerVerdict(world, rule, reading, row));
      if (verdict === 'no') continue;
      out.set(rule.ruleId, out.get(rule.ruleId) === 'maybe' ? 'maybe' : verdict);
    }
  }
  return out;
}

function both(a: Verdict, b: Verdict): Verdict {
  if (a === 'no' || b === 'no') return 'no';
  return a === 'yes' && b === 'yes' ? 'yes' : 'maybe';
}

function portVerdict(rule: SecurityGroupRule, protocol: number, port: number | null): Verdict {
  if (rule.protocol === -1) return 'yes';
  if (rule.protocol !== protocol) return 'no';
  if (protocol === 1 || protocol === 58) return rule.fromPort === -1 ? 'yes' : 'maybe';
  if (protocol !== 6 && protocol !== 17) return 'yes';
  if (rule.fromPort === 0 && rule.toPort === 65535) return 'yes';
  if (port === null) return 'maybe';
  return port >= rule.fromPort! && port <= rule.toPort! ? 'yes' : 'no';
}

function peerVerdict(world: World, rule: SecurityGroupRule, reading: Reading, row: LedgerRow): Verdict {
  const { peer } = rule;
  const address = parseAddress(reading.peer)!;
  if (peer.kind === 'cidrIpv4' || peer.kind === 'cidrIpv6') return inAny([peer.cidr], reading.peer) ? 'yes' : 'no';
  if (peer.kind === 'prefixList') {
    const cidrs = world.inventory.prefixLists.find((l) => l.prefixListId === peer.prefixListId)?.cidrs ?? null;
    if (cidrs === null) return 'maybe';
    return inAny(cidrs, reading.peer) ? 'yes' : 'no';
  }
  const mine = reading.state.vpcId;
  const local = mine !== null && (blocks(world, mine)?.some((c) => inAny([c], reading.peer)) ?? false);
  const holders = world.inventory.interfaces
    .filter((s) => s.addresses.includes(formatAddress(address)))
    .filter((s) => !local || s.vpcId === mine || s.vpcId === null)
    .filter((s) => touches(world, s, row.first - world.slack, row.last + world.slack));
  const alwaysHeld = heldThroughout(world, holders, row);
  if (alwaysHeld && holders.every((s) => s.groups.includes(peer.groupId))) {
    if (local || (mine !== null && holders.every((s) => s.vpcId === mine))) return 'yes';
    return peer.peeringStatus === 'active' ? 'yes' : 'maybe';
  }
  if (holders.some((s) => s.groups.includes(peer.groupId))) return 'maybe';
  const balanced = world.inventory.interfaces.some(
    (s) => s.interfaceType === 'network_load_balancer' && s.groups.includes(peer.groupId),
  );
  if (balanced) return 'maybe';
  const group = world.inventory.groups.find((g) => g.groupId === peer.groupId);
  if (group === undefined) return local && alwaysHeld ? 'no' : 'maybe';
  const homes = new Set([
    group.vpcId,
    ...world.inventory.interfaces.filter((s) => s.groups.includes(peer.groupId)).map((s) => s.vpcId),
  ]);
  for (const home of homes) {
    if (home === null) {
      if (!(local && alwaysHeld)) return 'maybe';
      continue;
    }
    if (local && home !== mine) continue;
    if (!(blocks(world, home)?.some((c) => inAny([c], reading.peer)) ?? true)) continue;
    const there = holders.filter((s) => s.vpcId === home || s.vpcId === null);
    if (!heldThroughout(world, there, row)) return 'maybe';
  }
  return 'no';
}

function heldThroughout(world: World, holders: InterfaceState[], row: LedgerRow): boolean {
  for (const t of moments(world, row.first, row.last)) {
    if (!holders.some((s) => touches(world, s, t, t))) return false;
  }
  return true;
}

function moments(world: World, from: number, to: number): number[] {
  const out: number[] = [];
  if (world.tick !== null) {
    for (let t = from; t <= to; t += world.tick) out.push(t);
    return out;
  }
  const changes = world.inventory.interfaces.flatMap((s) => (s.to === null ? [s.from] : [s.from, s.to]));
  return [from, ...changes.filter((t) => t > from && t < to), to];
}

/** Whether the state holds at one moment at least. Before a start that is not known, it holds unless another state does. */
function touches(world: World, state: InterfaceState, from: number, to: number): boolean {
  for (const t of moments(world, from, to)) {
    if (t >= state.from && (state.to === null || t < state.to)) return true;
    if (state.startKnown || t >= state.from) continue;
    const before = world.inventory.interfaces.filter(
      (s) => s.interfaceId === state.interfaceId && s.from < state.from && (s.to === null || s.to > t),
    );
    if (before.length === 0) return true;
  }
  return false;
}

function mayWear(world: World, row: LedgerRow, all: InterfaceState[]): string[] {
  return world.inventory.groups
    .filter((g) => {
      if (g.vpcId === null) return true;
      if (all.length > 0) return all.some((s) => s.vpcId === g.vpcId || s.vpcId === null);
      return blocks(world, g.vpcId)?.some((c) => inAny([c], row.localAddress)) ?? true;
    })
    .map((g) => g.groupId);
}

function blocks(world: World, vpcId: string): readonly string[] | undefined {
  return world.inventory.vpcs.find((v) => v.vpcId === vpcId)?.cidrs;
}

function inAny(cidrs: readonly string[], address: string): boolean {
  return hasAddress(addressSet(cidrs.map((c) => parseCidr(c)!)), parseAddress(address)!);
}
