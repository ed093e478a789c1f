import type { Finding, FindingsDocument } from '@pare/analyzer/model/finding.ts';
import { allowedSpace, isWithin, resolveNothing } from '@pare/analyzer/model/traffic.ts';
import { ruleOfFinding, shapeOfReplacement } from '../../mapping/live.ts';
import type { Narrowing } from '../contract.ts';

/**
 * The findings to plan with: those outside `only` stay as they are, and where a person asked for another replacement it stands instead of
 * ours. That is taken only where it is as safe as ours by itself: within the rule (law 4), and around all that ours would leave (law 3), so
 * that the replay holds for it too. Otherwise ours stays.
 */
export function asked(
  document: FindingsDocument,
  only: ReadonlySet<string> | undefined,
  narrowed: readonly Narrowing[] = [],
): FindingsDocument {
  const wanted = new Map(narrowed.map((one) => [one.finding, one]));
  const rules = document.rules.map((finding) => {
    if (only !== undefined && !only.has(finding.findingId) && isChange(finding))
      return { ...finding, action: 'keep' as const, replacements: [] };
    const narrowing = wanted.get(finding.findingId);
    return narrowing !== undefined && isSafe(finding, narrowing)
      ? { ...finding, action: 'narrow' as const, replacements: [...narrowing.replacements] }
      : finding;
  });
  return { ...document, rules };
}

function isChange({ action }: Finding): boolean {
  return action === 'remove' || action === 'narrow';
}

function isSafe(finding: Finding, { replacements }: Narrowing): boolean {
  const live = ruleOfFinding(finding);
  if (!isChange(finding) || live === null || replacements.length === 0) return false;
  const shapes = replacements.map((one) => shapeOfReplacement(finding.direction, one));
  const ours = finding.replacements.map((one) => shapeOfReplacement(finding.direction, one));
  if (shapes.includes(null) || ours.includes(null)) return false;
  const space = (all: typeof shapes) =>
    allowedSpace(
      all.filter((one) => one !== null),
      resolveNothing,
    );
  return isWithin(space(shapes), allowedSpace([live], resolveNothing)) && isWithin(space(ours), space(shapes));
}
