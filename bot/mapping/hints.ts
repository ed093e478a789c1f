import type { SecurityGroup } from '@pare/analyzer/model/inventory.ts';
import type { SecurityGroupRule } from '@pare/analyzer/model/rule.ts';
import type { SourceIndex } from '../source/contract.ts';
import { compareTuple, isOpen } from './compare.ts';
import type { Declared, DeclaredTable, Match } from './table.ts';

/** Below this many characters a group's name says nothing (`web`, `default`). */
const TELLING_NAME = 4;

/**
 * The weakest stage: the tuple is the same, the group is not known in the source. The group's tags that yor writes, or its name in
 * the same file, raise the candidate; none reaches the confidence of an edit.
 */
export function hints(
  rule: SecurityGroupRule,
  group: SecurityGroup | null,
  table: DeclaredTable,
  indexes: readonly SourceIndex[],
): Match[] {
  const out: Match[] = [];
  for (const declared of table.all) {
    if (!isOpen(declared.rule.group)) continue;
    const comparison = compareTuple(rule, declared.rule);
    if (!comparison.same || comparison.unknown.length > 1) continue;
    const hint = group === null ? null : hintOf(group, declared, indexes);
    if (hint === null) continue;
    const confidence = comparison.unknown.length === 0 ? hint.confidence : hint.confidence / 2;
    out.push({ declared, method: 'hint', confidence, reason: hint.reason });
  }
  return out;
}

function hintOf(
  group: SecurityGroup,
  declared: Declared,
  indexes: readonly SourceIndex[],
): { confidence: number; reason: string } | null {
  const { file } = declared.declaration.range;
  const text = indexes.map((index) => index.tree.get(file)?.text).find((found) => found !== undefined) ?? '';
  const trace = group.tags.yor_trace;
  if (trace !== undefined && /^[0-9a-f-]{36}$/.test(trace) && text.includes(trace))
    return { confidence: 0.8, reason: `the group's yor_trace tag stands in ${file}` };
  const gitFile = group.tags.git_file;
  if (gitFile !== undefined && gitFile === file)
    return { confidence: 0.7, reason: `the group's git_file tag names ${file}` };
  const name = group.groupName;
  if (
    name.length >= TELLING_NAME &&
    name !== 'default' &&
    (text.includes(`"${name}"`) || new RegExp(`:\\s*['"]?${literally(name)}['"]?\\s*$`, 'm').test(text))
  )
    return { confidence: 0.5, reason: `the group's name stands in ${file}, and the values are the same` };
  return null;
}

function literally(text: string): string {
  return text.replace(/[.*+?^${}()|[\]\\]/g, '\\$&');
}
