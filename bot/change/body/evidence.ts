import type { FindingsDocument } from '@pare/analyzer/model/finding.ts';
import type { Batch } from '../contract.ts';
import { codeCell, table } from '../markdown.ts';

/** What the flow logs say about each rule of the batch. */
export function evidenceSection(batch: Batch, document: FindingsDocument): string {
  const rows = batch.proposals.map(({ finding: { ruleId, usage, coverage, confidence } }) => [
    codeCell(ruleId),
    count(usage.flows),
    bytes(usage.bytes),
    day(usage.firstSeen),
    day(usage.lastSeen),
    count(usage.daysSeen),
    count(usage.onlyPermitterFlows),
    count(usage.uncertainFlows),
    coverageText(coverage.observedInterfaceHours, coverage.expectedInterfaceHours, coverage.skippedRecords),
    `${Math.round(confidence * 100)} %`,
  ]);
  const head = [
    'Rule',
    'Flows',
    'Bytes',
    'First seen',
    'Last seen',
    'Days',
    'Only permitter',
    'Uncertain',
    'Coverage',
    'Confidence',
  ];
  const { from, to } = document.window;
  return [
    '## Evidence',
    '',
    `Window: ${day(from)} to ${day(to)}. *Only permitter* counts flows that no other rule of the interface could have let in; *uncertain* ones count as use.`,
    '',
    table(head, rows),
  ].join('\n');
}

function coverageText(observed: number, expected: number, skipped: number): string {
  const share = expected > 0 ? `${Math.floor((100 * observed) / expected)} %` : 'no interface';
  return skipped > 0 ? `${share}, ${count(skipped)} SKIPDATA` : share;
}

function day(time: string | null): string {
  return time === null ? 'never' : time.slice(0, 10);
}

export function count(value: number): string {
  return String(value).replace(/\B(?=(\d{3})+$)/g, ',');
}

function bytes(value: number): string {
  const units = ['B', 'kB', 'MB', 'GB', 'TB', 'PB'];
  let size = value;
  let unit = 0;
  while (size >= 1000 && unit < units.length - 1) {
    size /= 1000;
    unit += 1;
  }
  return `${unit === 0 ? size : size.toFixed(1)} ${units[unit]}`;
}
