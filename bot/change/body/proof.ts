import type { FindingsDocument } from '@pare/analyzer/model/finding.ts';
import type { Batch } from '../contract.ts';
import { code } from '../markdown.ts';
import { count } from './evidence.ts';

/** What was proved, and how to read it. */
export function proofSection(batch: Batch, document: FindingsDocument): string {
  const { replay, flowLogs } = document;
  const { proof } = batch;
  const contexts = proof.contexts.map(code).join(', ') || code('default');
  return [
    '## Proof',
    '',
    `- **Replay**: all proposals of this run together were replayed over ${count(replay.connections)} connection classes (${count(replay.flows)} flow-log records); ${replay.blocked === 0 ? 'none loses its last rule' : `**${count(replay.blocked)} would lose their last rule**`}.`,
    `- **Nothing opens**: each replacement allows a subset of the rule it replaces.`,
    `- **The edit does this and no more**: the source was evaluated before and after in ${contexts} (${count(proof.rulesBefore)} rules, then ${count(proof.rulesAfter)}); the difference is ${count(proof.removed)} removed and ${count(proof.added)} added, exactly the table above${placeholder(batch)}.`,
    `- **A second parser** accepts ${proof.filesChecked.map(code).join(', ')}.`,
    `- **Logs read**: ${count(flowLogs.records)} records in ${count(flowLogs.files)} files, ${count(flowLogs.skipData)} SKIPDATA.`,
  ].join('\n');
}

/** The one thing that may be added without being a replacement; see `isPlaceholder` in verify.ts. */
function placeholder(batch: Batch): string {
  const stands = batch.proposals.some(({ warnings }) => warnings.some((one) => one.code === 'cfn-egress-placeholder'));
  return stands ? ' and the placeholder that keeps an egress list from being empty' : '';
}
