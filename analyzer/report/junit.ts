import type { Finding, FindingsDocument } from '../model/finding.ts';
import { escapeHtml } from '../model/text.ts';
import { placeOf, replacementText, ruleText, sortedFindings } from './words.ts';

/** One suite for each group, one case for each rule: remove and narrow fail, review is skipped, keep passes. */
export function toJUnit(document: FindingsDocument): string {
  const suites = new Map<string, Finding[]>();
  for (const finding of sortedFindings(document)) {
    const key = `${placeOf(finding)}/${finding.groupId}`;
    const members = suites.get(key);
    if (members === undefined) suites.set(key, [finding]);
    else members.push(finding);
  }
  const total = document.rules.length;
  const failures = document.rules.filter(isFailure).length;
  const skipped = document.rules.filter((f) => f.action === 'review').length;
  const out = [
    '<?xml version="1.0" encoding="UTF-8"?>',
    `<testsuites name="pare" tests="${total}" failures="${failures}" errors="0" skipped="${skipped}" time="0">`,
  ];
  for (const [key, members] of suites) {
    const first = members[0]!;
    out.push(
      `  <testsuite name="${escapeHtml(`${key} ${first.groupName}`)}" tests="${members.length}" failures="${members.filter(isFailure).length}" errors="0" skipped="${members.filter((f) => f.action === 'review').length}" time="0">`,
    );
    for (const finding of members) out.push(...testCase(finding, key));
    out.push('  </testsuite>');
  }
  out.push('</testsuites>');
  return `${out.join('\n')}\n`;
}

function isFailure(finding: Finding): boolean {
  return finding.action === 'remove' || finding.action === 'narrow';
}

function testCase(finding: Finding, key: string): string[] {
  const open = `    <testcase classname="${escapeHtml(key)}" name="${escapeHtml(`${finding.ruleId} ${ruleText(finding)}`)}" time="0"`;
  if (finding.action === 'keep') return [`${open}/>`];
  if (finding.action === 'review')
    return [
      `${open}>`,
      `      <skipped message="${escapeHtml(`${finding.reason}: ${finding.detail}`)}"/>`,
      '    </testcase>',
    ];
  const instead = finding.replacements.map((r) => `instead: ${replacementText(r, finding.direction)}`);
  const body = [finding.detail, ...instead, `finding: ${finding.findingId}`].map(escapeHtml).join('\n');
  return [
    `${open}>`,
    `      <failure type="${escapeHtml(finding.reason)}" message="${escapeHtml(`${finding.action}: ${finding.detail}`)}">${body}</failure>`,
    '    </testcase>',
  ];
}
