import { type Advice, advise, DEFAULT_POLICY, type Policy } from '../../analyzer/advice/index.ts';
import type { CoverageRow, LedgerRow, Window } from '../../analyzer/flowlogs/ledger.ts';
import type { InterfaceState } from '../../analyzer/model/interface.ts';
import type { Inventory } from '../../analyzer/model/inventory.ts';
import type { RuleShape, SecurityGroupRule } from '../../analyzer/model/rule.ts';
import { attribute } from '../../analyzer/usage/index.ts';
import { generateState, questionOf, ruleAllows, type WorldState } from '../generator/index.ts';

const DAY = 86_400;

/** A proposal made from the first half of a simulation, and what the second half said to it. */
export interface Outcome {
  seed: number;
  ruleId: string;
  reason: string;
  confidence: number;
  /** A true connection of the second half is refused because of it. */
  regrets: boolean;
  /** Why the simulation made that connection. */
  because: string | null;
}

export interface Options {
  days: number;
  teams: number;
  policy?: Partial<Policy>;
}

/** Simulates twice the window, judges the first half, and asks the second half. Deterministic. */
export async function outcomes(seed: number, options: Options): Promise<Outcome[]> {
  const { advice, blamed } = await simulate(seed, options);
  return advice.verdicts
    .filter((v) => v.action === 'remove' || v.action === 'narrow')
    .map(({ rule, reason, confidence }) => ({
      seed,
      ruleId: rule.ruleId,
      reason,
      confidence,
      regrets: blamed.has(rule.ruleId),
      because: blamed.get(rule.ruleId) ?? null,
    }));
}

export async function simulate(seed: number, options: Options) {
  const { state } = generateState(seed, {
    days: 2 * options.days,
    interfaces: 4,
    connectionsPerDay: 12,
    // The fixed cast is a script and no chance: its one call at a random moment would be the same rule's in every world.
    cast: false,
    features: { behaviour: options.teams, skipData: false },
  });
  const middle = state.window.from + options.days * DAY;
  const window = { from: state.window.from, to: middle };
  const inventory = inventoryOf(state, window);
  const evidence = await attribute({
    inventory,
    ledger: once(ledgerOf(state, window)),
    coverage: once(coverageOf(state, window)),
    window,
  });
  const advice = advise({ evidence, inventory, policy: { ...DEFAULT_POLICY, ...options.policy }, window });
  return { evidence, advice, blamed: blame(state, middle, advice) };
}

/** Proposals that refuse a true connection after `from`: all that let it in before, once nothing lets it in. */
function blame(state: WorldState, from: number, { verdicts }: Advice): Map<string, string> {
  const byId = new Map(verdicts.map((v) => [v.rule.ruleId, v]));
  const blamed = new Map<string, string>();
  for (const connection of state.connections) {
    if (connection.start < from) continue;
    for (const end of connection.ends) {
      if (!end.accepted || end.groups.length === 0) continue;
      const changed = end.rules
        .map((id) => byId.get(id)!)
        .filter((v) => v.action === 'remove' || v.action === 'narrow');
      if (changed.length < end.rules.length) continue;
      const question = questionOf(connection, end);
      const stays = (v: { rule: SecurityGroupRule; replacements: readonly RuleShape[] }): boolean =>
        v.replacements.some((shape) => ruleAllows(state, { ...v.rule, ...shape }, question));
      // A replacement of a rule that did not let it in allows no more than that rule, so only these can.
      if (changed.some((v) => v.action === 'narrow' && stays(v))) continue;
      for (const v of changed) blamed.set(v.rule.ruleId, connection.purpose);
    }
  }
  return blamed;
}

async function* once<T>(rows: readonly T[]): AsyncGenerator<readonly T[]> {
  yield rows;
}

/** As perfect flow logs would tell it: this is about time, not about reading records. */
function ledgerOf(state: WorldState, window: Window): LedgerRow[] {
  const rows = new Map<string, LedgerRow>();
  for (const { start, end: last, protocol, port, icmp, ends } of state.connections) {
    if (start < window.from || start >= window.to) continue;
    for (const { interfaceId, direction, peer, own, accepted } of ends) {
      if (!accepted) continue;
      const bucket = Math.floor(start / DAY) * DAY;
      const key = [interfaceId, start, direction, protocol, port, peer, own].join(' ');
      const called = icmp === null ? port : null;
      rows.set(key, {
        interfaceId,
        bucket,
        opened: icmp !== null ? 'unknown' : direction === 'ingress' ? 'inbound' : 'outbound',
        evidence: icmp !== null ? 'none' : 'syn',
        protocol,
        localPort: direction === 'ingress' ? called : null,
        peerPort: direction === 'egress' ? called : null,
        localAddress: own,
        localPacketAddress: null,
        peerAddress: peer,
        peerPacketAddress: null,
        action: 'ACCEPT',
        records: 1,
        packets: 2,
        bytes: 200,
        first: start,
        last: Math.min(last, window.to - 1),
      });
    }
  }
  return [...rows.values()];
}

function coverageOf(state: WorldState, window: Window): CoverageRow[] {
  const out: CoverageRow[] = [];
  for (const { interfaceId, created, gone } of state.interfaces) {
    for (let hour = window.from; hour < window.to; hour += 3600) {
      const observedSeconds = Math.min(hour + 3600, gone ?? Infinity) - Math.max(hour, created);
      if (observedSeconds > 0) out.push({ interfaceId, hour, observedSeconds, records: 1, skipData: 0 });
    }
  }
  return out;
}

/** As it would be pulled at the end of the window, with AWS Config since before its start. */
function inventoryOf(state: WorldState, window: Window): Inventory {
  const { accountId, region, vpcId } = state;
  const interfaces = state.interfaces.flatMap((i) =>
    i.wore.flatMap(({ from, groups }, n): InterfaceState[] => {
      const to = i.wore[n + 1]?.from ?? i.gone;
      if (from >= window.to) return [];
      return [
        {
          ...{ interfaceId: i.interfaceId, accountId, region, vpcId, subnetId: i.subnetId, groups },
          ...{ addresses: [i.primary, ...i.secondary, ...i.ipv6], publicAddresses: [], interfaceType: i.interfaceType },
          ...{ requesterManaged: i.requesterManaged, description: null, origin: 'config-history' as const },
          ...{ from, to: to !== null && to < window.to ? to : null, startKnown: true },
        },
      ];
    }),
  );
  return {
    groups: state.groups.map((g) => ({ ...g, accountId, region, vpcId })),
    rules: state.rules,
    interfaces,
    prefixLists: state.prefixLists,
    vpcs: [{ vpcId, accountId, region, cidrs: [state.vpcCidr, state.vpcCidrIpv6] }],
    subnets: state.subnets.map((s) => ({
      subnetId: s.subnetId,
      vpcId,
      accountId,
      region,
      cidrs: [s.cidr, s.cidrIpv6],
      tags: {},
    })),
    warnings: [],
  };
}
