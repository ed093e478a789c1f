import type { Finding } from '@pare/analyzer/model/finding.ts';
import { code, words } from '../../change/markdown.ts';
import type { PlannedRun, RepositoryState } from '../contract.ts';

const SHOWN = 30;

/** What is known of findings, for a comment. Redacted by the caller. */
export function explain(ids: readonly string[], run: PlannedRun, state: RepositoryState): string {
  const byId = new Map(run.document.rules.map((one) => [one.findingId, one]));
  const found = ids.flatMap((id) => byId.get(id) ?? []);
  if (found.length === 0) return 'The newest evidence holds none of these rules: they are gone, or their logs are.';
  const more = found.length > SHOWN ? `\n\n… and ${found.length - SHOWN} more.` : '';
  return `${found
    .slice(0, SHOWN)
    .map((one) => explainOne(one, run, state))
    .join('\n\n')}${more}`;
}

function explainOne(finding: Finding, run: PlannedRun, { memory }: RepositoryState): string {
  const { usage, coverage } = finding;
  const lines = [
    `**${code(finding.ruleId)}** of ${code(finding.groupId)} (${code(finding.findingId)}): ${finding.action}, ${Math.round(finding.confidence * 100)} % sure`,
    `- ${words(finding.detail)}`,
    `- ${usage.flows} records from ${run.document.window.from} to ${run.document.window.to}${usage.lastSeen === null ? '' : `, last on ${usage.lastSeen}`}; ${usage.onlyPermitterFlows} of them no other rule lets in`,
    `- logs cover ${coverage.observedInterfaceHours} of ${coverage.expectedInterfaceHours} interface hours`,
    ...placeOf(finding, run),
    ...memory.keeps
      .filter((one) => one.finding === finding.findingId)
      .map((one) => `- kept by ${words(one.by, 80)}${one.reason === '' ? '' : `: ${words(one.reason, 300)}`}`),
  ];
  return lines.join('\n');
}

function placeOf(finding: Finding, { plan, prefix }: PlannedRun): string[] {
  const proposal = plan.batches
    .flatMap((batch) => batch.proposals)
    .find((one) => one.finding.findingId === finding.findingId);
  if (proposal !== undefined) {
    const { file, line } = proposal.declaration.place;
    return [`- declared in ${code(`${prefix}${file}:${line}`)} as ${code(proposal.address)}`];
  }
  const refusal = plan.refused.find((one) => one.finding.findingId === finding.findingId);
  return refusal === undefined
    ? []
    : refusal.reasons
        .slice(0, 5)
        .map((note) => `- no edit: ${words(note.message)} (${code(`${prefix}${note.place.file}:${note.place.line}`)})`);
}
