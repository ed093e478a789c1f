import type { Finding, FindingsDocument } from '../model/finding.ts';
import { csvCell } from '../model/text.ts';
import { peerOf, replacementText, sortedFindings } from './words.ts';

const COLUMNS: readonly (readonly [name: string, value: (f: Finding) => string | number | null])[] = [
  ['action', (f) => f.action],
  ['reason', (f) => f.reason],
  ['accountId', (f) => f.accountId],
  ['region', (f) => f.region],
  ['groupId', (f) => f.groupId],
  ['groupName', (f) => f.groupName],
  ['ruleId', (f) => f.ruleId],
  ['direction', (f) => f.direction],
  // `-1` would have to be guarded against being taken for a formula.
  ['protocol', (f) => (f.protocol === '-1' ? 'all' : f.protocol)],
  ['fromPort', (f) => f.fromPort],
  ['toPort', (f) => f.toPort],
  ['peer', (f) => peerOf(f.peer)],
  ['confidence', (f) => f.confidence],
  ['flows', (f) => f.usage.flows],
  ['bytes', (f) => f.usage.bytes],
  ['packets', (f) => f.usage.packets],
  ['firstSeen', (f) => f.usage.firstSeen],
  ['lastSeen', (f) => f.usage.lastSeen],
  ['daysSeen', (f) => f.usage.daysSeen],
  ['onlyPermitterFlows', (f) => f.usage.onlyPermitterFlows],
  ['uncertainFlows', (f) => f.usage.uncertainFlows],
  ['observedInterfaceHours', (f) => f.coverage.observedInterfaceHours],
  ['expectedInterfaceHours', (f) => f.coverage.expectedInterfaceHours],
  ['skippedRecords', (f) => f.coverage.skippedRecords],
  ['replacements', (f) => f.replacements.map((r) => replacementText(r, f.direction)).join('; ')],
  ['detail', (f) => f.detail],
  ['description', (f) => f.description],
  ['findingId', (f) => f.findingId],
];

/** One line for each rule, RFC 4180 with a header and CRLF. */
export function toCsv(document: FindingsDocument): string {
  const lines = [COLUMNS.map(([name]) => name).join(',')];
  for (const finding of sortedFindings(document)) {
    lines.push(COLUMNS.map(([, value]) => csvCell(value(finding))).join(','));
  }
  return `${lines.join('\r\n')}\r\n`;
}
