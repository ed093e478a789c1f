import type { DeclaredRule, EditRequest, EditResult, SourceFacts, SourceIndex } from '../../../bot/source/contract.ts';
import { createTerraformLanguage } from '../../../bot/source/terraform/index.ts';
import { applyEdits } from '../../../bot/source/text.ts';
import { sourceTree } from '../../../bot/source/tree.ts';

export const NO_FACTS: SourceFacts = { states: [], stacks: [] };
export const language = await createTerraformLanguage();

export type Files = Readonly<Record<string, string>>;

export function indexOf(files: Files, facts: SourceFacts = NO_FACTS): SourceIndex {
  return language.index(sourceTree(Object.entries(files).map(([path, text]) => ({ path, text }))), facts);
}

/** `address direction protocol from-to kind peer`, one line a rule, in order. */
export function rulesOf(index: SourceIndex): string[] {
  return index.declarations.flatMap((d) => d.rules).map(lineOf);
}

export function lineOf(rule: DeclaredRule): string {
  const context = rule.context === 'default' ? '' : `${rule.context}: `;
  return `${context}${rule.address} ${rule.direction} ${rule.protocol} ${rule.fromPort}-${rule.toPort} ${rule.peerKind} ${rule.peer}`;
}

export function find(index: SourceIndex, part: string): DeclaredRule {
  const found = index.declarations.flatMap((d) => d.rules).filter((rule) => lineOf(rule).includes(part));
  if (found.length !== 1) throw new Error(`${found.length} rules match ${part}: ${rulesOf(index).join('; ')}`);
  return found[0]!;
}

/** The files after an edit of the one rule whose line contains `part`; the refusal's codes where there is none. */
export function edited(
  files: Files,
  part: string,
  replacements: EditRequest['replacements'] = [],
  also: readonly string[] = [],
): { files: Files; result: EditResult; rules: string[]; codes: string[] } {
  const index = indexOf(files);
  const alsoRuleIds = also.map((a) => find(index, a).id);
  const result = language.edit(index, { ruleId: find(index, part).id, replacements, alsoRuleIds });
  if (!result.ok) return { files, result, rules: rulesOf(index), codes: result.refusals.map((r) => r.code) };
  const tree = applyEdits(index.tree, result.edits);
  const after = Object.fromEntries(tree.files.map((f) => [f.path, f.text]));
  return { files: after, result, rules: rulesOf(indexOf(after)), codes: result.warnings.map((w) => w.code) };
}
