import type { Finding } from '@pare/analyzer/model/finding.ts';
import { formatProtocol } from '@pare/analyzer/model/protocol.ts';
import { peerText, portsText, type RuleShape } from '@pare/analyzer/model/rule.ts';
import { ruleOfFinding } from '../../mapping/live.ts';
import type { Batch, Proposal } from '../contract.ts';
import { code, codeCell, table, words } from '../markdown.ts';

/** `tcp 22 from 10.0.0.0/8`; not yet inert. */
export function shapeText(shape: RuleShape): string {
  const protocol = shape.protocol === -1 ? 'all protocols' : `${formatProtocol(shape.protocol)} ${portsText(shape)}`;
  return `${protocol} ${shape.direction === 'ingress' ? 'from' : 'to'} ${peerText(shape.peer)}`;
}

export function findingText(finding: Finding): string {
  const live = ruleOfFinding(finding);
  return live === null ? finding.ruleId : shapeText(live);
}

/** What changes: one row for each live rule, before and after. */
export function rulesSection(batch: Batch): string {
  const rows = batch.proposals.map((proposal) => [
    codeCell(proposal.finding.ruleId),
    `${codeCell(proposal.finding.groupName)} ${codeCell(proposal.finding.groupId)}`,
    proposal.finding.direction,
    codeCell(findingText(proposal.finding)),
    afterText(proposal),
    codeCell(placeText(proposal)),
  ]);
  return `## What changes\n\n${table(['Rule', 'Group', 'Direction', 'Before', 'After', 'Source'], rows)}\n\n${reasons(batch)}`;
}

function afterText({ replacements }: Proposal): string {
  return replacements.length === 0 ? '*removed*' : replacements.map((shape) => codeCell(shapeText(shape))).join('<br>');
}

function placeText({ declaration }: Proposal): string {
  return `${declaration.place.file}:${declaration.place.line}`;
}

function sentence(text: string): string {
  return /[.!?]\s*$/.test(text) ? text : `${text}.`;
}

function reasons(batch: Batch): string {
  return batch.proposals
    .map(
      ({ finding, candidate }) =>
        `- ${code(finding.ruleId)}: ${words(sentence(finding.detail))} Found in the source because ${words(candidate.reason)} (${Math.round(candidate.confidence * 100)} %).`,
    )
    .join('\n');
}
