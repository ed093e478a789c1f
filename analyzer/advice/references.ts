import type { Inventory } from '../model/inventory.ts';
import type { SecurityGroupRule } from '../model/rule.ts';

/**
 * Whether a rule names a group that is gone: it allows nothing then (VPC user guide, "Work with stale security group rules"). Known from EC2's
 * own list of stale rules, or because all groups of that account and Region are given and the group is not among them.
 */
export function staleReferences(inventory: Inventory): (rule: SecurityGroupRule) => boolean {
  const groups = new Set(inventory.groups.map((g) => g.groupId));
  const scopes = new Set(inventory.groups.map((g) => `${g.accountId}|${g.region}`));
  const listed = new Set(
    (inventory.staleReferences ?? []).map((s) => `${s.groupId}|${s.direction}|${s.referencedGroupId}`),
  );
  const failed = (accountId: string, region: string): boolean =>
    (inventory.failedScopes ?? []).some(
      (scope) =>
        (scope.accountId === null || scope.accountId === accountId) &&
        (scope.region === null || scope.region === region) &&
        (scope.listing === null || scope.listing === 'security-groups'),
    );
  return (rule) => {
    if (rule.peer.kind !== 'group') return false;
    if (listed.has(`${rule.groupId}|${rule.direction}|${rule.peer.groupId}`)) return true;
    // Without the peer's account it may be anybody's; a reference never crosses Regions.
    const { accountId, groupId } = rule.peer;
    if (accountId === undefined || groups.has(groupId)) return false;
    return scopes.has(`${accountId}|${rule.region}`) && !failed(accountId, rule.region);
  };
}
