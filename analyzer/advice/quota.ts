import type { Inventory } from '../model/inventory.ts';
import type { RuleShape } from '../model/rule.ts';

/** EC2's quota unless the policy says otherwise: 60 rules for each group, direction and IP version. */
export const RULES_PER_GROUP = 60;

export interface RuleWeights {
  v4: number;
  v6: number;
}

/** What rules count against the quota: a reference counts in both versions, a prefix list with its greatest number of entries. */
export function ruleWeights(shapes: readonly RuleShape[], lists: ReadonlyMap<string, number>): RuleWeights {
  const out = { v4: 0, v6: 0 };
  for (const { peer } of shapes) {
    const weight = peer.kind === 'prefixList' ? (lists.get(peer.prefixListId) ?? 1) : 1;
    if (peer.kind !== 'cidrIpv6') out.v4 += weight;
    if (peer.kind !== 'cidrIpv4') out.v6 += weight;
  }
  return out;
}

export function listWeights(inventory: Inventory): ReadonlyMap<string, number> {
  return new Map(inventory.prefixLists.map((l) => [l.prefixListId, l.maxEntries ?? l.cidrs?.length ?? 1]));
}

/** Whether it is too many: more than the quota, and more than there were. */
export function overQuota(after: RuleWeights, before: RuleWeights, quota: number): boolean {
  return after.v4 > Math.max(quota, before.v4) || after.v6 > Math.max(quota, before.v6);
}
