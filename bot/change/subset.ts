import type { RuleShape } from '@pare/analyzer/model/rule.ts';
import { allowedSpace, isWithin, resolveNothing } from '@pare/analyzer/model/traffic.ts';

/**
 * Law 4 for one replacement: does it allow a subset of the rule it replaces? Decided by set algebra. Who is in a group or prefix list is
 * not written in the source, so such a peer is a subset of itself only.
 */
export function allowsSubset(replacement: RuleShape, original: RuleShape): boolean {
  return isWithin(allowedSpace([replacement], resolveNothing), allowedSpace([original], resolveNothing));
}
