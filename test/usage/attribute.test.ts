import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { ruleUsages } from '../../analyzer/advice/rule-usage.ts';
import { attribute, type Evidence } from '../../analyzer/usage/index.ts';
import { reference } from './reference.ts';
import { batches, TICK, WORLD_WINDOW, type World, world } from './worlds.ts';

const SLACK = 600;

function run(w: World, size?: number): Promise<Evidence> {
  return attribute({
    inventory: w.inventory,
    ledger: batches(w.rows, size),
    coverage: batches(w.coverage, size),
    window: WORLD_WINDOW,
    slackSeconds: SLACK,
  });
}

function seconds(iso: string | null): number | null {
  return iso === null ? null : Date.parse(iso) / 1000;
}

describe('attribution on small random worlds', () => {
  it('agrees with the brute-force reference, rule by rule', async () => {
    await fc.assert(
      fc.asyncProperty(world, async (w) => {
        const evidence = await run(w);
        const expected = reference({ inventory: w.inventory, slack: SLACK, tick: TICK }, w.rows);
        const usages = ruleUsages(evidence);
        const byId = new Map(evidence.rules.map((rule, i) => [rule.ruleId, usages[i]!]));
        for (const want of expected.usage) {
          const got = byId.get(want.ruleId)!;
          expect({
            ruleId: want.ruleId,
            flows: got.flows,
            bytes: got.bytes,
            packets: got.packets,
            first: seconds(got.firstSeen) ?? Infinity,
            last: seconds(got.lastSeen) ?? -Infinity,
            only: got.onlyPermitterFlows,
            uncertain: got.uncertainFlows,
            days: got.perDay.map(({ day }) => Date.parse(day) / 86_400_000),
          }).toEqual(want);
        }
        expect(evidence.totals).toEqual(expected.totals);
        const frozen = evidence.unexplained.flatMap((u) => u.groups.map((g) => `${g} ${u.direction} ${u.reason}`));
        expect([...new Set(frozen)].sort()).toEqual(expected.frozen);
      }),
      { numRuns: 1500 },
    );
  });
});

describe('law 7: same input, same output', () => {
  it('gives the same evidence whatever the order and the batches of the rows', async () => {
    await fc.assert(
      fc.asyncProperty(world, fc.infiniteStream(fc.nat()), fc.integer({ min: 1, max: 9 }), async (w, keys, size) => {
        const shuffled = w.rows
          .map((row) => ({ row, key: keys.next().value! }))
          .sort((a, b) => a.key - b.key)
          .map(({ row }) => row);
        const again = await run({ ...w, rows: shuffled, coverage: w.coverage.toReversed() }, size);
        expect(again).toEqual(await run(w));
      }),
      { numRuns: 300 },
    );
  });
});
