import type { SecurityGroup } from '@pare/analyzer/model/inventory.ts';
import type { SecurityGroupRule } from '@pare/analyzer/model/rule.ts';
import type { DeployedStack } from '../source/contract.ts';
import { compareTuple, isOpen } from './compare.ts';
import { type Declared, type DeclaredTable, logicalIdOf, type Match } from './table.ts';

const STACK_NAME = 'aws:cloudformation:stack-name';
const STACK_ID = 'aws:cloudformation:stack-id';
const LOGICAL_ID = 'aws:cloudformation:logical-id';

/**
 * CloudFormation: a stack's resource list names the rule itself or its group; without it, the tags that CloudFormation puts on every
 * group do (AWS::EC2::SecurityGroup gets aws:cloudformation:* tags; standalone rules get none).
 */
export function stackMatches(
  rule: SecurityGroupRule,
  group: SecurityGroup | null,
  table: DeclaredTable,
  stacks: readonly DeployedStack[],
): Match[] {
  const stack = stackOf(rule, group, stacks);
  if (stack !== null) {
    const own = logicalIdBy(stack, rule.ruleId);
    if (own !== null) {
      const found = fitting(rule, inTemplate(table.byLogicalId.get(own) ?? [], stack)).filter(
        (each) => logicalIdOf(each.declared.rule.address) === own,
      );
      if (found.length > 0) return toMatches(found, 0.99, `stack ${stack.stackName} holds ${rule.ruleId} as ${own}`);
    }
  }
  const tagged = group?.tags[LOGICAL_ID];
  const logicalId = (stack === null ? null : logicalIdBy(stack, rule.groupId)) ?? tagged ?? null;
  if (logicalId === null) return [];
  const stackName = stack?.stackName ?? group?.tags[STACK_NAME] ?? 'unnamed';
  const inTree = table.byLogicalId.get(logicalId) ?? [];
  const candidates = stack === null ? inTree : inTemplate(inTree, stack);
  const found = fitting(rule, candidates);
  const templates = new Set(found.map(({ declared }) => declared.declaration.root));
  const reason = `the group is ${logicalId} of stack ${stackName}, and the template's rule has the same values`;
  // Tags name the stack but not its file: one template alone that fits is as good as told; several are not.
  return toMatches(found, templates.size > 1 ? 0.6 : stack === null ? 0.93 : 0.97, reason);
}

interface Fitting {
  declared: Declared;
  open: number;
}

function fitting(rule: SecurityGroupRule, declared: readonly Declared[]): Fitting[] {
  const out: Fitting[] = [];
  for (const one of declared) {
    if (!isOpen(one.rule.group) && one.rule.group !== rule.groupId) continue;
    const comparison = compareTuple(rule, one.rule);
    if (comparison.same) out.push({ declared: one, open: comparison.unknown.length });
  }
  const full = out.filter(({ open }) => open === 0);
  return full.length > 0 ? full : out;
}

function toMatches(found: readonly Fitting[], confidence: number, reason: string): Match[] {
  return found.map(({ declared, open }) => ({
    declared,
    method: 'stack-resource',
    confidence: found.length > 1 ? Math.min(0.6, confidence) : confidence - (open > 0 ? 0.03 : 0),
    reason: open > 0 ? `${reason} as far as they are known` : reason,
  }));
}

function stackOf(
  rule: SecurityGroupRule,
  group: SecurityGroup | null,
  stacks: readonly DeployedStack[],
): DeployedStack | null {
  const byResource = stacks.filter(
    (stack) => logicalIdBy(stack, rule.ruleId) !== null || logicalIdBy(stack, rule.groupId) !== null,
  );
  if (byResource.length === 1) return byResource[0]!;
  const id = group?.tags[STACK_ID];
  const byId = stacks.filter((stack) => id !== undefined && stack.stackId === id);
  if (byId.length === 1) return byId[0]!;
  const name = group?.tags[STACK_NAME];
  const byName = stacks.filter(
    (stack) =>
      stack.stackName === name &&
      (stack.accountId === null || stack.accountId === rule.accountId) &&
      (stack.region === null || stack.region === rule.region),
  );
  return byName.length === 1 ? byName[0]! : null;
}

function logicalIdBy(stack: DeployedStack, physicalId: string): string | null {
  for (const [logical, physical] of Object.entries(stack.resources)) if (physical === physicalId) return logical;
  return null;
}

/** The rules of the stack's own template and evaluation, where these can be told apart; otherwise all. */
function inTemplate(declared: readonly Declared[], stack: DeployedStack): readonly Declared[] {
  const byPath =
    stack.templatePath === null
      ? declared
      : declared.filter(({ declaration }) => declaration.root === stack.templatePath);
  const byContext = byPath.filter(({ rule }) => rule.context === stack.stackName || rule.context === stack.stackId);
  return byContext.length > 0 ? byContext : byPath;
}
