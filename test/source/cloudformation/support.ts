import type { RuleShape } from '../../../analyzer/model/rule.ts';
import { cloudformation } from '../../../bot/source/cloudformation/index.ts';
import type {
  DeclaredRule,
  DeployedStack,
  EditResult,
  SourceFacts,
  SourceIndex,
} from '../../../bot/source/contract.ts';
import { applyEdits } from '../../../bot/source/text.ts';
import { sourceTree } from '../../../bot/source/tree.ts';

export const NO_FACTS: SourceFacts = { states: [], stacks: [] };

export function stackOf(over: Partial<DeployedStack>): DeployedStack {
  return {
    stackName: 'shop',
    stackId: null,
    accountId: '111122223333',
    region: 'eu-west-1',
    parameters: {},
    resources: {},
    templateBody: null,
    templatePath: 't.yaml',
    ...over,
  };
}

export function indexOf(text: string, stacks: readonly DeployedStack[] = [], path = 't.yaml'): SourceIndex {
  return cloudformation.index(sourceTree([{ path, text }]), { states: [], stacks });
}

export function rulesIn(index: SourceIndex): DeclaredRule[] {
  return index.declarations.flatMap((declaration) => declaration.rules);
}

/** One line a rule: `group direction protocol from-to peer`. */
export function lines(index: SourceIndex): string[] {
  return rulesIn(index).map(
    (rule) =>
      `${rule.group} ${rule.direction} ${rule.protocol} ${rule.fromPort}-${rule.toPort} ${rule.peerKind} ${rule.peer}`,
  );
}

export function edit(text: string, id: string, replacements: readonly RuleShape[] = [], path = 't.yaml'): EditResult {
  return cloudformation.edit(indexOf(text, [], path), { ruleId: id.includes('#') ? id : `${id}#0`, replacements });
}

/** The file after the edit; fails the test with the reasons if there is none. */
export function edited(text: string, id: string, replacements: readonly RuleShape[] = [], path = 't.yaml'): string {
  const result = edit(text, id, replacements, path);
  if (!result.ok) throw new Error(result.refusals.map((refusal) => `${refusal.code}: ${refusal.message}`).join('; '));
  return applyEdits(sourceTree([{ path, text }]), result.edits).get(path)!.text;
}

/** `code:line` of each refusal. */
export function refused(result: EditResult): string[] {
  if (result.ok) throw new Error(`not refused: ${JSON.stringify(result.edits)}`);
  return result.refusals.map((refusal) => `${refusal.code}:${refusal.place.line}`);
}

export function tcp(from: number, to: number, cidr: string, direction: 'ingress' | 'egress' = 'ingress'): RuleShape {
  const kind = cidr.includes(':') ? ('cidrIpv6' as const) : ('cidrIpv4' as const);
  return { direction, protocol: 6, fromPort: from, toPort: to, peer: { kind, cidr } };
}
