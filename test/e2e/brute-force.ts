import { expect } from 'vitest';
import { DEFAULT_SLACK_SECONDS } from '../../analyzer/usage/index.ts';
import { reference } from '../usage/reference.ts';
import type { Judged } from './pipeline.ts';

function seconds(iso: string | null): number | null {
  return iso === null ? null : Date.parse(iso) / 1000;
}

/** The slow reference of attribution and the fast path agree on every rule of a judged VPC; returns how many rules were compared. */
export function compareWithReference({ inventory, evidence, ledger, document }: Judged, where: string): number {
  const slow = reference({ inventory, slack: DEFAULT_SLACK_SECONDS, tick: null }, ledger);
  const findings = new Map(document.rules.map((finding) => [finding.ruleId, finding.usage]));
  for (const want of slow.usage) {
    const got = findings.get(want.ruleId)!;
    expect(
      {
        flows: got.flows,
        bytes: got.bytes,
        packets: got.packets,
        first: seconds(got.firstSeen) ?? Number.POSITIVE_INFINITY,
        last: seconds(got.lastSeen) ?? Number.NEGATIVE_INFINITY,
        only: got.onlyPermitterFlows,
        uncertain: got.uncertainFlows,
        days: got.perDay.map(({ day }) => Date.parse(day) / 86_400_000),
        ruleId: want.ruleId,
      },
      `${where} ${want.ruleId}`,
    ).toEqual(want);
  }
  expect(evidence.totals, where).toEqual(slow.totals);
  return slow.usage.length;
}
