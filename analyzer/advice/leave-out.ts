import type { RuleShape } from '../model/rule.ts';
import type { ConnectionClass, Evidence } from '../usage/index.ts';
import { compileRule, matchRule, peerView } from '../usage/match.ts';

/** More days than this are not tried one by one: all that could fail then count as failed. */
const MOST_DAYS = 40;

/**
 * Leave one day out: on how many of its days of use would the proposal have failed, had it been made from the other days? `propose` makes it
 * anew; null means that it would not have been made, which proves nothing about it and counts as failed. Only days that
 * hold something which no other day does can fail.
 */
export function failedDays(
  classes: readonly ConnectionClass[],
  views: Evidence['peerGroupSets'],
  propose: (classes: readonly ConnectionClass[]) => readonly RuleShape[] | null,
): number {
  const suspects = new Set<number>();
  for (const c of classes) if (c.days.length === 1) suspects.add(c.days[0]!.day);
  if (suspects.size > MOST_DAYS) return suspects.size;
  let failed = 0;
  for (const day of [...suspects].sort((a, b) => a - b)) {
    const kept = classes.flatMap((c) => {
      const days = c.days.filter((d) => d.day !== day);
      return days.length === 0 ? [] : [days.length === c.days.length ? c : { ...c, days }];
    });
    const shapes = kept.length === 0 ? null : propose(kept);
    if (shapes === null || !allowsAll(shapes, classes, day, views)) failed += 1;
  }
  return failed;
}

function allowsAll(
  shapes: readonly RuleShape[],
  classes: readonly ConnectionClass[],
  day: number,
  views: Evidence['peerGroupSets'],
): boolean {
  const compiled = shapes.map((shape) => compileRule(shape, new Map()));
  return classes
    .filter((c) => c.days.some((d) => d.day === day))
    .every((c) => {
      const { protocol, port, peer } = c;
      const probe = { protocol, port, peer, groups: peerView(views[c.peerGroups]!) };
      return compiled.some((rule) => matchRule(rule, probe) !== 'no');
    });
}
