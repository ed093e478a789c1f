import { questionOf, ruleAllows } from './oracle.ts';
import { loggedSpans } from './records.ts';
import type { RuleTruth, SimInterface, TrueConnection, Truth, WorldState } from './types.ts';

/** Counts, from what truly happened, what every rule was needed for. Connections that ended before the window do not count. */
export function truthOf(world: WorldState): Truth {
  const interfaces = new Map(world.interfaces.map((i) => [i.interfaceId, i]));
  const counted = world.connections.filter((c) => c.end >= world.window.from && c.start < world.window.to);
  const tally = new Map<
    string,
    { connections: number; onlyPermitter: number; first: number; last: number; by: Set<string> }
  >();
  const pairs = new Set<string>();
  for (const connection of counted) {
    for (const end of connection.ends) {
      if (end.rules.length === 2) pairs.add(end.rules.join(' '));
      for (const id of end.rules) {
        const entry = tally.get(id) ?? {
          connections: 0,
          onlyPermitter: 0,
          first: connection.start,
          last: connection.start,
          by: new Set(),
        };
        entry.connections += 1;
        if (end.rules.length === 1) entry.onlyPermitter += 1;
        entry.first = Math.min(entry.first, connection.start);
        entry.last = Math.max(entry.last, connection.start);
        entry.by.add(end.interfaceId);
        tally.set(id, entry);
      }
    }
  }
  const rules: Record<string, RuleTruth> = {};
  for (const rule of world.rules) {
    const entry = tally.get(rule.ruleId);
    rules[rule.ruleId] = {
      connections: entry?.connections ?? 0,
      onlyPermitter: entry?.onlyPermitter ?? 0,
      first: entry?.first ?? null,
      last: entry?.last ?? null,
      interfaces: [...(entry?.by ?? [])].sort(),
    };
  }
  const uncovered = world.interfaces.filter((i) => !covered(world, i)).map((i) => i.interfaceId);
  const unworn = world.groups.filter((g) => wearers(world, g.groupId).length === 0).map((g) => g.groupId);
  const never = world.rules.filter((r) => rules[r.ruleId]!.connections === 0);
  const used = world.rules.filter((r) => rules[r.ruleId]!.connections > 0);
  const ids = (list: readonly { ruleId: string }[]): string[] => list.map((r) => r.ruleId).sort();
  const by = (ruleId: string): SimInterface[] => rules[ruleId]!.interfaces.map((id) => interfaces.get(id)!);
  const gone = (i: SimInterface): boolean => i.gone !== null && i.gone <= world.window.to;
  return {
    rules,
    neverUsedRuleIds: ids(never),
    neverUsedCoveredRuleIds: ids(
      never.filter((r) => {
        const worn = wearers(world, r.groupId);
        return worn.length > 0 && worn.every((i) => !uncovered.includes(i.interfaceId));
      }),
    ),
    usedOnceRuleIds: ids(used.filter((r) => rules[r.ruleId]!.connections === 1)),
    usedOnlyByGoneInterfaces: ids(used.filter((r) => by(r.ruleId).every(gone))),
    usedOnlyBeforeSwap: ids(
      used.filter((r) => by(r.ruleId).every((i) => !gone(i) && !(i.wore.at(-1)?.groups.includes(r.groupId) ?? false))),
    ),
    mutualCoverPairs: [...pairs].sort().map((p) => p.split(' ') as unknown as readonly [string, string]),
    returnTrafficOnlyRules: ids(
      never.filter((r) => counted.some((c) => c.established && c.ends.some((e) => answerFalls(world, c, e, r)))),
    ),
    icmpIndistinguishable: ids(
      never.filter((r) => counted.some((c) => c.icmp !== null && c.ends.some((e) => sameBut(world, c, e, r)))),
    ),
    unwornGroupIds: unworn.sort(),
    uncoveredInterfaceIds: uncovered.sort(),
  };
}

/** Interfaces that wore the group within the window. */
function wearers(world: WorldState, groupId: string): SimInterface[] {
  const { from, to } = world.window;
  return world.interfaces.filter((i) =>
    i.wore.some((state, n) => {
      const until = i.wore[n + 1]?.from ?? i.gone ?? Number.POSITIVE_INFINITY;
      return state.groups.includes(groupId) && state.from < to && until > from;
    }),
  );
}

function covered(world: WorldState, i: SimInterface): boolean {
  const from = Math.max(world.window.from, i.created);
  const to = Math.min(world.window.to, i.gone ?? world.window.to);
  const seen = loggedSpans(world, i).reduce((sum, span) => sum + span.to - span.from, 0);
  return from >= to || seen === to - from;
}

/** Would the answer's packets, read as if they opened a connection, match the rule? */
function answerFalls(
  world: WorldState,
  c: TrueConnection,
  end: TrueConnection['ends'][number],
  rule: WorldState['rules'][number],
): boolean {
  if (!end.groups.includes(rule.groupId)) return false;
  const direction = end.direction === 'egress' ? 'ingress' : 'egress';
  return ruleAllows(world, rule, { ...questionOf(c, end), direction, port: c.sourcePort });
}

function sameBut(
  world: WorldState,
  c: TrueConnection,
  end: TrueConnection['ends'][number],
  rule: WorldState['rules'][number],
): boolean {
  if (!end.groups.includes(rule.groupId) || rule.protocol !== c.protocol) return false;
  return ruleAllows(world, { ...rule, fromPort: -1, toPort: -1 }, questionOf(c, end));
}
