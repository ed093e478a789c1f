import type { CoverageHours, CoverageRow, LedgerRow, Window } from '../flowlogs/ledger.ts';
import type { Inventory } from '../model/inventory.ts';
import { type SecurityGroupRule, shapeKey } from '../model/rule.ts';
import { ClassTable } from './classes.ts';
import { CoverageLedger } from './coverage.ts';
import type { Evidence } from './evidence.ts';
import { Names } from './intern.ts';
import { rowReader } from './readings.ts';
import { compareText, timelines } from './timeline.ts';
import { UnexplainedLedger } from './unexplained.ts';

/** The default aggregation interval of flow logs: a record may speak of that long before and after the change. */
export const DEFAULT_SLACK_SECONDS = 600;

export interface AttributionInput {
  inventory: Inventory;
  ledger: AsyncIterable<readonly LedgerRow[]>;
  coverage: AsyncIterable<readonly CoverageRow[] | CoverageHours>;
  window: Window;
  /** As the scan was asked (ScanOptions): the refused rows are those of the window's last days; absent: of all of it. */
  refusedDays?: number;
  /** Within this many seconds of a change of groups or addresses, the states on both sides count. */
  slackSeconds?: number;
}

/**
 * Joins ledger rows, interface states and rules: which rules could have let in each accepted new connection, under every reading
 * that cannot be excluded (law 1), and what no rule explains (law 2). Pure; reads both iterables to their end, once.
 */
export async function attribute(input: AttributionInput): Promise<Evidence> {
  const { inventory, window } = input;
  const slack = input.slackSeconds ?? DEFAULT_SLACK_SECONDS;
  const rules = sortRules(inventory.rules);
  const states = timelines(inventory.interfaces);
  const groupSets = new Names<readonly string[]>();
  const reader = rowReader(inventory, states, slack, groupSets);
  const table = new ClassTable(inventory, rules, groupSets.values, reader.peerSets);
  const unexplained = new UnexplainedLedger();
  const totals = { explained: 0, unfiltered: 0, unexplained: 0 };

  for await (const batch of input.ledger) {
    for (const row of batch) {
      const reading = reader.read(row);
      if (row.action !== 'ACCEPT') {
        if (reading.kind === 'readings') table.refuse(row, reading.readings);
        continue;
      }
      if (reading.kind === 'unfiltered') {
        totals.unfiltered += row.records;
      } else if (reading.kind === 'unknown') {
        totals.unexplained += row.records;
        unexplained.add(row, reading.groups, reading.directions, reading.reason);
      } else if (table.add(row, reading.readings, false) || table.add(row, reading.otherWay(), true)) {
        totals.explained += row.records;
      } else if (reading.mayBeUnfiltered) {
        totals.unfiltered += row.records;
      } else {
        totals.unexplained += row.records;
        unexplained.add(row, reading.groups, reading.directions, reading.lacksGroup() ? 'unknown-group' : 'no-rule');
      }
    }
  }
  const coverage = new CoverageLedger(window);
  for await (const batch of input.coverage) coverage.take(batch);
  return {
    rules,
    ...table.finish(),
    totals,
    refused: table.refused(),
    ...(input.refusedDays === undefined ? {} : { refusedDays: input.refusedDays }),
    coverage: coverage.byGroup(
      inventory.groups.map((g) => g.groupId),
      states,
    ),
    unexplained: unexplained.sorted(),
  };
}

/** (accountId, region, groupId, direction, ruleId), and the tuple last. */
export function sortRules(rules: readonly SecurityGroupRule[]): SecurityGroupRule[] {
  return [...rules].sort(
    (a, b) =>
      compareText(a.accountId, b.accountId) ||
      compareText(a.region, b.region) ||
      compareText(a.groupId, b.groupId) ||
      compareText(a.direction, b.direction) ||
      compareText(a.ruleId, b.ruleId) ||
      compareText(shapeKey(a), shapeKey(b)),
  );
}
