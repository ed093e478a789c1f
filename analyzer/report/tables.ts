import type { Finding, FindingsDocument } from '../model/finding.ts';
import { peerOf, sortedFindings } from './words.ts';

/** A cell as JSON has it; whole numbers are bigint in the catalog, others double. */
type Cell = string | number | null;
type Row = Readonly<Record<string, Cell>>;

/** The result tables, in the order in which they are written: the last names the runs whose rows are whole. */
export const RESULT_TABLES = ['rules', 'rule_usage', 'findings', 'runs'] as const;
export type ResultTable = (typeof RESULT_TABLES)[number];

/** The partition of a document: the UTC day at which its window ends. A second run for the same day takes the first one's place. */
export function dayOf({ window }: Pick<FindingsDocument, 'window'>): string {
  return window.to.slice(0, 10);
}

/**
 * The rows of one table as lines of JSON, flat, one at a time: of many rules there are more than a text can hold. The names are those of the
 * Glue catalog (infra/tables.ts); a test holds one against the other.
 */
export function* tableLines(table: ResultTable, document: FindingsDocument): Generator<string> {
  if (table === 'runs') {
    yield line(runOf(document));
    return;
  }
  for (const finding of sortedFindings(document)) {
    if (table === 'rules') yield line(ruleOf(finding));
    else if (table === 'findings') yield line(findingOf(finding, document));
    else for (const day of finding.usage.perDay) yield line(usageOf(finding, day));
  }
}

function line(row: Row): string {
  return `${JSON.stringify(row)}\n`;
}

function ruleOf(finding: Finding): Row {
  return {
    rule_id: finding.ruleId,
    finding_id: finding.findingId,
    group_id: finding.groupId,
    group_name: finding.groupName,
    account_id: finding.accountId,
    region: finding.region,
    direction: finding.direction,
    protocol: finding.protocol === '-1' ? 'all' : finding.protocol,
    from_port: finding.fromPort,
    to_port: finding.toPort,
    peer: peerOf(finding.peer),
    description: finding.description,
    created_at: finding.age?.createdAt ?? null,
  };
}

function usageOf({ ruleId, findingId }: Finding, { day, flows }: { day: string; flows: number }): Row {
  return { rule_id: ruleId, finding_id: findingId, used_on: day, flows };
}

function findingOf(finding: Finding, { window }: FindingsDocument): Row {
  const { usage, coverage } = finding;
  return {
    finding_id: finding.findingId,
    rule_id: finding.ruleId,
    group_id: finding.groupId,
    account_id: finding.accountId,
    region: finding.region,
    direction: finding.direction,
    action: finding.action,
    reason: finding.reason,
    detail: finding.detail,
    confidence: finding.confidence,
    flows: usage.flows,
    bytes: usage.bytes,
    packets: usage.packets,
    days_seen: usage.daysSeen,
    first_seen: usage.firstSeen,
    last_seen: usage.lastSeen,
    only_permitter_flows: usage.onlyPermitterFlows,
    uncertain_flows: usage.uncertainFlows,
    observed_interface_hours: coverage.observedInterfaceHours,
    expected_interface_hours: coverage.expectedInterfaceHours,
    skipped_records: coverage.skippedRecords,
    replacements: JSON.stringify(finding.replacements),
    window_from: window.from,
    window_to: window.to,
  };
}

function runOf({ window, rules, replay, flowLogs }: FindingsDocument): Row {
  const count = (action: Finding['action']) => rules.filter((rule) => rule.action === action).length;
  return {
    window_from: window.from,
    window_to: window.to,
    rules: rules.length,
    removals: count('remove'),
    narrowings: count('narrow'),
    reviews: count('review'),
    connections: replay.connections,
    blocked: replay.blocked,
    records: flowLogs.records,
  };
}
