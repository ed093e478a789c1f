import type { Batch } from '../contract.ts';
import { code, words } from '../markdown.ts';

/** What applying it does besides: replacements with a short outage, shared sources, what the editor warned of. */
export function risksSection(batch: Batch): string {
  const notes = new Map<string, string>();
  for (const proposal of batch.proposals) {
    const { declaration, finding, warnings, togetherWith } = proposal;
    for (const warning of warnings)
      notes.set(
        `${warning.code}\0${warning.message}`,
        `- ${code(`${warning.place.file}:${warning.place.line}`)}: ${words(warning.message.replace(/\.$/, ''))}.`,
      );
    if (declaration.form === 'cfn-standalone' && finding.action === 'narrow')
      notes.set(
        `replace\0${declaration.id}`,
        `- ${code(declaration.id)} is replaced by CloudFormation, not updated in place.`,
      );
    if (togetherWith.length > 0)
      notes.set(
        `shared\0${declaration.id}`,
        `- One edit of ${code(declaration.id)} changes ${togetherWith.length + 1} live rules; all of them are in this proposal.`,
      );
  }
  const lines = [...notes].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, line]) => line);
  if (lines.length === 0) lines.push('- None known. Traffic that only occurs outside the window was not seen.');
  else lines.push('- Traffic that only occurs outside the window was not seen.');
  return `## Risks\n\n${lines.join('\n')}`;
}
