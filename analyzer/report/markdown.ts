import type { Finding, FindingsDocument } from '../model/finding.ts';
import { defuseMarkdown, markdownCode } from '../model/text.ts';
import {
  ACTION_MEANING,
  ACTIONS,
  byAction,
  counted,
  coverageText,
  dayOf,
  placeOf,
  replacementText,
  ruleText,
  sortedFindings,
  thousands,
  useText,
  windowDays,
} from './words.ts';

/** GitHub-flavoured Markdown, fit for a job summary or an issue: outside text can neither mark up nor mention. */
export function toMarkdown(document: FindingsDocument): string {
  const findings = sortedFindings(document);
  const groups = byAction(findings);
  const { window, flowLogs, replay } = document;
  const out = [
    '# Security group findings',
    '',
    `${dayOf(window.from)} to ${dayOf(window.to)} (${windowDays(document)} days), ${counted(flowLogs.records, 'flow-log record')}, ${counted(findings.length, 'rule')}.`,
    '',
    '| Action | Rules | Meaning |',
    '|---|--:|---|',
    ...ACTIONS.map((action) => `| ${action} | ${thousands(groups[action].length)} | ${ACTION_MEANING[action]} |`),
    '',
    `Replay of all proposals together: **${counted(replay.blocked, 'connection')} blocked** of ${thousands(replay.connections)} (${counted(replay.flows, 'record')}).`,
  ];
  for (const action of ACTIONS) {
    if (groups[action].length === 0 || action === 'keep') continue;
    out.push('', `## ${action[0]!.toUpperCase()}${action.slice(1)}`, '');
    out.push('| Rule | Group | Allows | Instead | Used | Covered | Why |', '|---|---|---|---|---|--:|---|');
    for (const finding of groups[action]) out.push(row(finding));
  }
  if (groups.keep.length > 0) {
    out.push('', '<details><summary>Rules that stay</summary>', '');
    out.push('| Rule | Group | Allows | Instead | Used | Covered | Why |', '|---|---|---|---|---|--:|---|');
    for (const finding of groups.keep) out.push(row(finding));
    out.push('', '</details>');
  }
  out.push(...remarks(document));
  return `${out.join('\n')}\n`;
}

function row(finding: Finding): string {
  const instead =
    finding.action === 'remove'
      ? 'nothing'
      : finding.replacements.map((r) => code(replacementText(r, finding.direction))).join('<br>') || '–';
  const group = `${code(finding.groupId)} ${defuseMarkdown(finding.groupName)}<br>${defuseMarkdown(placeOf(finding))}`;
  const cells = [
    code(finding.ruleId),
    group,
    code(ruleText(finding)),
    instead,
    useText(finding),
    coverageText(finding),
    defuseMarkdown(finding.detail),
  ];
  return `| ${cells.join(' | ')} |`;
}

function code(text: string): string {
  return markdownCode(text, 'cell');
}

function remarks(document: FindingsDocument): string[] {
  const { flowLogs, unexplained, warnings } = document;
  const out: string[] = [];
  if (flowLogs.skipped.length > 0) {
    out.push('', '## Not used', '');
    for (const skip of flowLogs.skipped) {
      const example = skip.example === null ? '' : `, e.g. ${markdownCode(skip.example)}`;
      out.push(`- ${thousands(skip.count)}: ${defuseMarkdown(skip.reason)}${example}`);
    }
  }
  if (unexplained.length > 0) {
    out.push(
      '',
      '## Accepted connections that no known rule lets in',
      '',
      'The groups named are left alone in that direction.',
      '',
    );
    for (const gap of unexplained) {
      out.push(
        `- ${markdownCode(gap.interfaceId)} ${gap.direction}, ${counted(gap.flows, 'record')}, ${defuseMarkdown(gap.reason)}: ${gap.groups.map((g) => markdownCode(g)).join(', ') || 'no known group'}; ${markdownCode(gap.example)}`,
      );
    }
  }
  if (warnings.length > 0) {
    out.push('', '## Warnings', '');
    for (const warning of warnings) {
      const at = warning.at === undefined ? '' : `:${warning.at}`;
      const place = warning.file === undefined ? '' : `${markdownCode(`${warning.file}${at}`)}: `;
      out.push(`- ${place}${defuseMarkdown(warning.message)}; ${defuseMarkdown(warning.next)}`);
    }
  }
  return out;
}
