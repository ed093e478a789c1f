import { createHash } from 'node:crypto';
import { type RuleShape, type SecurityGroupRule, shapeKey } from './rule.ts';

/** What makes a rule the same rule from run to run. */
export type RuleIdentity = RuleShape & Pick<SecurityGroupRule, 'accountId' | 'region' | 'groupId'>;

/**
 * Law 7: the same rule has the same id in every run and on every machine: account, region, group, direction, protocol, ports, peer and
 * nothing else. `f-` and 12 hex digits (48 bits: among 100,000 rules two collide once in some 50,000 inventories).
 */
export function findingId(rule: RuleIdentity): string {
  return `f-${digest(rule).slice(0, 12)}`;
}

/** The ruleId of a rule known only from its group's permissions, which have no sgr id; 17 hex digits like EC2's own. */
export function derivedRuleId(rule: RuleIdentity): string {
  return `sgr-derived-${digest(rule).slice(0, 17)}`;
}

function digest(rule: RuleIdentity): string {
  const parts = [rule.accountId, rule.region, rule.groupId, shapeKey(rule)];
  return createHash('sha256').update(JSON.stringify(parts)).digest('hex');
}
