import type { Inventory } from '../model/inventory.ts';
import { ALL_PROTOCOLS } from '../model/protocol.ts';
import type { RuleShape } from '../model/rule.ts';
import type { Evidence, Match } from '../usage/evidence.ts';
import { type CompiledRule, compileRule, matchRule, type Probe, peerView, prefixListSets } from '../usage/match.ts';

/** What stands instead of one rule: itself, nothing, or replacements. */
export interface RuleAfter {
  groupId: string;
  shapes: readonly RuleShape[];
}

export interface Replay {
  connections: number;
  flows: number;
  blocked: number;
  /** Rules whose change took part in a blocked class, by index, sorted. */
  offenders: readonly number[];
}

const PROTOCOLS = 256;

interface Standing {
  origin: number;
  before: CompiledRule;
  /** Null: the rule itself, which answers as before. */
  after: readonly CompiledRule[] | null;
}

/**
 * Law 3: asks every class of the evidence again, from nothing but the rules before and after. A class that some rule let in for certain
 * must still be let in for certain; one that rules only may have let in needs every one of these to go on as it was for it.
 * `after` runs parallel to evidence.rules. Knows nothing of how the plan came about.
 */
export function replay(evidence: Evidence, after: readonly RuleAfter[], inventory: Inventory): Replay {
  const lists = prefixListSets(inventory.prefixLists);
  const standing = new Map<string, Standing[]>();
  for (const [origin, rule] of evidence.rules.entries()) {
    const key = `${rule.groupId}|${rule.direction}`;
    const shapes = after[origin]!.shapes.filter((shape) => shape.direction === rule.direction);
    const list = standing.get(key) ?? [];
    const unchanged = shapes.length === 1 && shapes[0] === rule;
    const compiled = unchanged ? null : shapes.map((shape) => compileRule(shape, lists));
    list.push({ origin, before: compileRule(rule, lists), after: compiled });
    standing.set(key, list);
  }
  const views = evidence.peerGroupSets.map(peerView);
  const known = new Map<number, Standing[]>();
  // Rules of another protocol let in nothing of the class before, so they lose nothing.
  const rulesFor = (groupSet: number, direction: string, protocol: number): Standing[] => {
    const key = (groupSet * 2 + (direction === 'ingress' ? 0 : 1)) * PROTOCOLS + protocol;
    const found = known.get(key);
    if (found !== undefined) return found;
    const rules = evidence.groupSets[groupSet]!.flatMap((g) => standing.get(`${g}|${direction}`) ?? []).filter(
      ({ before }) => before.protocol === ALL_PROTOCOLS || before.protocol === protocol,
    );
    known.set(key, rules);
    return rules;
  };
  const offenders = new Set<number>();
  let blocked = 0;
  for (const c of evidence.classes) {
    const probe: Probe = { protocol: c.protocol, port: c.port, peer: c.peer, groups: views[c.peerGroups]! };
    const lost = lostRules(rulesFor(c.groupSet, c.direction, c.protocol), probe);
    if (lost.length === 0) continue;
    blocked += 1;
    for (const origin of lost) offenders.add(origin);
  }
  return {
    connections: evidence.classes.length,
    flows: evidence.totals.explained,
    blocked,
    offenders: [...offenders].sort((a, b) => a - b),
  };
}

/** What the best of them says. */
function bestOf(rules: readonly CompiledRule[], probe: Probe): Match {
  let best: Match = 'no';
  for (const rule of rules) {
    const is = matchRule(rule, probe);
    if (is === 'yes') return is;
    if (is === 'maybe') best = is;
  }
  return best;
}

/** Empty when the class is as well off as before; else the rules that let it in before and do so no longer. */
function lostRules(rules: readonly Standing[], probe: Probe): number[] {
  const lost: number[] = [];
  for (const { origin, before, after } of rules) {
    const was = matchRule(before, probe);
    if (was === 'no') continue;
    const is = after === null ? was : bestOf(after, probe);
    if (is === 'yes') return [];
    if (was === 'yes' || is === 'no') lost.push(origin);
  }
  // No certain permitter after: each that was one before is lost, and of the others each that no longer stands.
  return lost;
}
