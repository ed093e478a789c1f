import type { RuleShape, SecurityGroupRule } from '../model/rule.ts';
import { allowedSpace } from '../model/traffic.ts';
import { namesOnly, permissiveness, type Sizes, spaceOfSet, spaceOfShape } from './space.ts';

interface Judged {
  rule: SecurityGroupRule;
  action: 'keep' | 'remove' | 'narrow' | 'review';
  replacements: readonly RuleShape[];
}

/** Space as space.ts counts it, summed over rules. */
export interface PlanTotals {
  rulesBefore: number;
  rulesAfter: number;
  spaceBefore: number;
  removedSpace: number;
  /** No choice among the same rules, each whole, as narrowed or gone, closes more while every class keeps its rule. */
  bound: number;
  /** (bound - removedSpace) / bound; 0 where the optimum is proved. */
  gap: number;
}

export function planTotals(verdicts: readonly Judged[], slack: number, sizes: Sizes): PlanTotals {
  const before = verdicts.reduce((sum, v) => sum + spaceOfShape(v.rule, sizes), 0);
  const after = verdicts.flatMap(shapesAfter);
  const left = after.reduce((sum, shape) => sum + spaceOfShape(shape, sizes), 0);
  const removedSpace = Math.max(0, before - left);
  const bound = removedSpace + Math.max(0, slack);
  return {
    rulesBefore: verdicts.length,
    rulesAfter: after.length,
    spaceBefore: before,
    removedSpace,
    bound,
    gap: bound === 0 ? 0 : round((bound - removedSpace) / bound),
  };
}

export interface Scores {
  before: number;
  after: number;
}

export interface PermissivenessReport {
  /** By rule, in the order of the verdicts; a rule that goes scores 0 after. */
  rules: readonly Scores[];
  groups: readonly ({ groupId: string; direction: 'ingress' | 'egress' } & Scores)[];
  /** The mean of what the groups of an account allow. */
  accounts: readonly ({ accountId: string; direction: 'ingress' | 'egress' } & Scores)[];
}

/** 1 to 100 before and after, by rule, by group and direction, by account and direction (docs/permissiveness.md). */
export function permissivenessOf(verdicts: readonly Judged[], sizes: Sizes): PermissivenessReport {
  const byGroup = new Map<string, Judged[]>();
  for (const verdict of verdicts) {
    const list = byGroup.get(verdict.rule.groupId) ?? [];
    list.push(verdict);
    byGroup.set(verdict.rule.groupId, list);
  }
  const groups: PermissivenessReport['groups'][number][] = [];
  const accounts = new Map<string, { before: number; after: number; groups: number }>();
  for (const [groupId, mine] of [...byGroup].sort(([a], [b]) => (a < b ? -1 : 1))) {
    const before = spaceOfSet(
      allowedSpace(
        mine.map((v) => v.rule),
        namesOnly,
      ),
      sizes,
    );
    const after = spaceOfSet(allowedSpace(mine.flatMap(shapesAfter), namesOnly), sizes);
    for (const direction of ['ingress', 'egress'] as const) {
      if (before[direction] === 0) continue;
      groups.push({ groupId, direction, ...scores(before[direction], after[direction]) });
      const key = `${mine[0]!.rule.accountId}|${direction}`;
      const sum = accounts.get(key) ?? { before: 0, after: 0, groups: 0 };
      sum.before += before[direction];
      sum.after += after[direction];
      sum.groups += 1;
      accounts.set(key, sum);
    }
  }
  return {
    rules: verdicts.map((v) => {
      const left = shapesAfter(v).reduce((sum, shape) => sum + spaceOfShape(shape, sizes), 0);
      return scores(spaceOfShape(v.rule, sizes), left);
    }),
    groups,
    accounts: [...accounts]
      .sort(([a], [b]) => (a < b ? -1 : 1))
      .map(([key, sum]) => {
        const [accountId, direction] = key.split('|') as [string, 'ingress' | 'egress'];
        return { accountId, direction, ...scores(sum.before / sum.groups, sum.after / sum.groups) };
      }),
  };
}

function scores(before: number, after: number): Scores {
  return { before: permissiveness(before), after: after === 0 ? 0 : permissiveness(after) };
}

function shapesAfter({ rule, action, replacements }: Judged): readonly RuleShape[] {
  return action === 'remove' ? [] : action === 'narrow' ? replacements : [rule];
}

function round(value: number): number {
  return Math.round(value * 1e6) / 1e6;
}
