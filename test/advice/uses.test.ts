import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { failedDays } from '../../analyzer/advice/leave-out.ts';
import { type NarrowMemo, narrowRule } from '../../analyzer/advice/narrow.ts';
import { DEFAULT_POLICY } from '../../analyzer/advice/policy.ts';
import { addressPlan, placesWithin } from '../../analyzer/advice/sources.ts';
import { type DatedUse, usesOf } from '../../analyzer/advice/uses.ts';
import { parseAddress, parseCidr } from '../../analyzer/model/address.ts';
import { asked, letIn, policies } from './asked.ts';
import { inventory, rule } from './build.ts';

const VIEWS = [
  { sure: ['sg-a'], peered: [], possible: [] },
  { sure: [], peered: [], possible: ['sg-a'] },
];

describe('uses: classes as coarse as narrowing can tell them apart', () => {
  it('narrow a rule, and leave each day out, as the classes themselves do', () => {
    let narrowed = 0;
    let failures = 0;
    fc.assert(
      fc.property(asked, policies, ({ text, classes }, policy) => {
        const wide = rule(text);
        const within = wide.peer.kind === 'group' ? null : parseCidr((wide.peer as { cidr: string }).cidr);
        const mine = letIn(wide, classes);
        fc.pre(mine.length > 0);
        const plan = addressPlan(inventory({}));
        const places = within === null || !policy.narrowPeers ? null : placesWithin(within, plan, policy);
        const uses = usesOf(mine, places);
        const memo: NarrowMemo = { uses: uses.length, places, found: new Map() };
        const slow = narrowRule(wide, mine, plan, policy);
        expect(narrowRule(wide, uses, plan, policy, memo)).toEqual(slow);
        if (!slow.ok) return;
        narrowed += 1;
        const propose = (kept: readonly DatedUse[], known?: NarrowMemo) => {
          const again = narrowRule(wide, kept, plan, policy, known);
          return again.ok ? again.replacements : null;
        };
        const failed = failedDays(mine, VIEWS, (kept) => propose(kept));
        failures += failed;
        expect(failedDays(mine, VIEWS, (kept) => propose(kept, memo), uses)).toBe(failed);
      }),
      { numRuns: 1500 },
    );
    expect(narrowed).toBeGreaterThan(200);
    expect(failures).toBeGreaterThan(100);
  });

  it('add up the days of what they gather', () => {
    const peer = (text: string) => parseAddress(text)!;
    const use = (address: string, port: number, ...days: number[]): DatedUse => ({
      protocol: 6,
      port,
      peer: peer(address),
      peerGroups: 0,
      days: days.map((day) => ({ day, records: 1 })),
    });
    const classes = [
      use('10.1.0.5', 80, 1, 2),
      use('10.1.0.9', 80, 2, 7),
      use('10.1.0.5', 81, 3),
      use('10.1.1.5', 80, 4),
    ];
    const places = placesWithin(parseCidr('10.0.0.0/8')!, addressPlan(inventory({})), DEFAULT_POLICY);
    const days = (uses: readonly DatedUse[]) =>
      uses.map((u) => [u.port, u.days.map(({ day, records }) => `${day}:${records}`).join(' ')]);
    expect(days(usesOf(classes, places))).toEqual([
      [80, '1:1 2:2 7:1'],
      [81, '3:1'],
      [80, '4:1'],
    ]);
    expect(days(usesOf(classes, null))).toEqual([
      [80, '1:1 2:2 4:1 7:1'],
      [81, '3:1'],
    ]);
  });
});
