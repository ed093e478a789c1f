import type { RuleShape } from '../model/rule.ts';
import type { Evidence } from '../usage/index.ts';
import { compileRule, matchRule, peerView } from '../usage/match.ts';
import type { DatedUse } from './uses.ts';

/** More days than this are not tried one by one: all that could fail then count as failed. */
const MOST_DAYS = 40;

/**
 * Leave one day out: on how many of its days of use would the proposal have failed, had it been made from the other days? `propose` makes it
 * anew; null means that it would not have been made, which proves nothing about it and counts as failed. Only days that
 * hold something which no other day does can fail. `uses` are the same classes, gathered as far as proposals cannot tell them apart.
 */
export function failedDays(
  classes: readonly DatedUse[],
  views: Evidence['peerGroupSets'],
  propose: (uses: readonly DatedUse[]) => readonly RuleShape[] | null,
  uses: readonly DatedUse[] = classes,
): number {
  const suspects = new Set<number>();
  for (const c of classes) if (c.days.length === 1) suspects.add(c.days[0]!.day);
  if (suspects.size > MOST_DAYS) return suspects.size;
  let failed = 0;
  for (const day of [...suspects].sort((a, b) => a - b)) {
    const touched: DatedUse[] = [];
    const kept: DatedUse[] = [];
    for (const use of uses) {
      const days = use.days.some((d) => d.day === day) ? use.days.filter((d) => d.day !== day) : use.days;
      if (days === use.days) kept.push(use);
      else touched.push(use);
      if (days !== use.days && days.length > 0) kept.push({ ...use, days });
    }
    const shapes = kept.length === 0 ? null : propose(kept);
    if (shapes === null || !allowsAll(shapes, touched, views)) failed += 1;
  }
  return failed;
}

function allowsAll(shapes: readonly RuleShape[], uses: readonly DatedUse[], views: Evidence['peerGroupSets']): boolean {
  const compiled = shapes.map((shape) => compileRule(shape, new Map()));
  return uses.every((c) => {
    const { protocol, port, peer } = c;
    const probe = { protocol, port, peer, groups: peerView(views[c.peerGroups]!) };
    return compiled.some((rule) => matchRule(rule, probe) !== 'no');
  });
}
