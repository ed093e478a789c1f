import type { CoverageHours, CoverageRow, LedgerRow, Window } from '../flowlogs/ledger.ts';
import type { Inventory } from '../model/inventory.ts';
import { type SecurityGroupRule, shapeKey } from '../model/rule.ts';
import { ClassTable } from './classes.ts';
import { CoverageLedger } from './coverage.ts';
import type { Evidence } from './evidence.ts';
import { Names } from './intern.ts';
import { buildPeerIndex } from './peers.ts';
import { BOTH, EGRESS, INGRESS, NEVER, RowReader } from './readings.ts';
import { compareText, timelines } from './timeline.ts';
import { possibleWearers, UnexplainedLedger } from './unexplained.ts';

/** The evidence classes that are inference and not observation: where they lead to no rule, the other direction may be the true one. */
const INFERRED: ReadonlySet<string> = new Set(['listener', 'related', 'fan', 'start', 'none']);

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
  const reader = new RowReader(inventory, states, slack, groupSets);
  const peers = buildPeerIndex(inventory, states, slack);
  const table = new ClassTable(inventory, rules, groupSets.values, reader, peers, slack);
  const unexplained = new UnexplainedLedger();
  const wearers = possibleWearers(inventory);
  const totals = { explained: 0, unfiltered: 0, unexplained: 0 };

  /** Adds one row to what it is: explained, unfiltered or neither. */
  function take(row: LedgerRow): void {
    const inbound = row.opened !== 'outbound';
    const outbound = row.opened !== 'inbound';
    const inferred = inbound !== outbound && INFERRED.has(row.evidence);
    const wearer = reader.wearerOf(row);
    const near = wearer === undefined ? NEVER : reader.nearOf(wearer, row);
    const { all, filtered } = near;
    if (row.action !== 'ACCEPT') {
      table.refuse(row, near);
      return;
    }
    if (wearer !== undefined && filtered.length > 0) {
      reader.read(row, near, inbound, outbound);
      let explained = table.add(row, wearer, false);
      if (!explained && inferred) {
        // The other direction may be the true one.
        reader.read(row, near, !inbound, !outbound);
        explained = table.add(row, wearer, true);
      }
      if (explained) {
        totals.explained += row.records;
        return;
      }
    }
    if (filtered.length < all.length) {
      totals.unfiltered += row.records;
      return;
    }
    totals.unexplained += row.records;
    const directions = inferred || inbound === outbound ? BOTH : inbound ? INGRESS : EGRESS;
    if (wearer === undefined) {
      unexplained.add(row, wearers.ofUnknownInterface(row), directions, 'unknown-interface');
    } else if (all.length === 0) {
      unexplained.add(row, wearers.ofKnownInterface(wearer.held), directions, 'no-state-at-that-time');
    } else {
      const { groups, lacks } = reader.groupsOf(near);
      unexplained.add(row, groups, directions, lacks ? 'unknown-group' : 'no-rule');
    }
  }

  for await (const batch of input.ledger) for (const row of batch) take(row);
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
