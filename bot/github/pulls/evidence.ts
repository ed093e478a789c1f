import { createHash } from 'node:crypto';
import type { Finding, Replacement } from '@pare/analyzer/model/finding.ts';

/**
 * What a person saw when they said no, in a few characters: `remove.0.c4`, `narrow.3fa2b1c09d.c3`. It holds what would change their mind and
 * leaves out what moves every week (counts, dates, confidence).
 */
export function evidenceOf(finding: Finding): string {
  return `${finding.action}.${replacementsDigest(finding.replacements)}.c${coverageBucket(finding)}`;
}

/**
 * Whether the evidence is another one than a person said no to: another action, other replacements, or more of the time covered by logs
 * than before. Less coverage is no new argument. What cannot be read counts as unchanged: a no stays a no.
 */
export function materiallyChanged(seen: string, finding: Finding): boolean {
  const before = /^([a-z]+)\.([0-9a-f]+)\.c(\d)$/.exec(seen);
  if (before === null) return false;
  const [, action, replacements, bucket] = before;
  if (action !== finding.action) return true;
  if (replacements !== replacementsDigest(finding.replacements)) return true;
  return coverageBucket(finding) > Number(bucket);
}

/** 0 to 4: none, under half, under nine tenths, under 99 of 100, all. */
function coverageBucket({ coverage }: Finding): number {
  const { observedInterfaceHours: observed, expectedInterfaceHours: expected } = coverage;
  if (expected <= 0 || observed <= 0) return 0;
  const share = observed / expected;
  if (share < 0.5) return 1;
  if (share < 0.9) return 2;
  return share < 0.99 ? 3 : 4;
}

function replacementsDigest(replacements: readonly Replacement[]): string {
  if (replacements.length === 0) return '0';
  const lines = replacements
    .map((one) =>
      JSON.stringify([
        one.protocol,
        one.fromPort ?? null,
        one.toPort ?? null,
        one.cidrIpv4 ?? null,
        one.cidrIpv6 ?? null,
        one.prefixListId ?? null,
        one.referencedGroupId ?? null,
      ]),
    )
    .sort();
  return createHash('sha256').update(lines.join('\n')).digest('hex').slice(0, 10);
}
