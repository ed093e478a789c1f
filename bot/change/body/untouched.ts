import type { Batch } from '../contract.ts';
import { code, words } from '../markdown.ts';
import { findingText } from './rules.ts';

/** Findings about the same root or groups that got no edit, each with its reason. Empty text where there are none. */
export function untouchedSection(batch: Batch): string {
  if (batch.refused.length === 0) return '';
  const lines = batch.refused.map(({ finding, reasons }) => {
    const why = reasons
      .map(({ message, place }) =>
        place.file === '.' ? words(message) : `${code(`${place.file}:${place.line}`)}: ${words(message)}`,
      )
      .join('; ');
    return `- ${code(finding.ruleId)} (${finding.action} ${code(findingText(finding))} of ${code(finding.groupId)}): ${why}`;
  });
  return `## Not touched, and why\n\n${lines.join('\n')}`;
}
