import { beforeAll, describe, expect, it } from 'vitest';
import type { LogFormat } from '../generator/index.ts';
import { compareWithReference } from './brute-force.ts';
import { type Score, score } from './truth.ts';

/** Least share of the rules never used on covered interfaces that the plan must remove. */
const RECALL: Readonly<Record<'v2' | 'v5', number>> = { v5: 0.95, v2: 0.85 };

/** Holds the analyzer against generated VPCs whose truth is known: the bars of docs/attribution.md. */
export function truthSuite(seeds: readonly number[]): void {
  describe.each(['v5', 'v2'] as const)('on generated VPCs logged as %s', (format: LogFormat & ('v2' | 'v5')) => {
    const scores: Score[] = [];
    beforeAll(async () => {
      for (const seed of seeds) scores.push(await score(seed, format));
    }, 600_000);

    it('blocks no true connection when all proposals are applied together', () => {
      expect(scores).toHaveLength(seeds.length);
      for (const { world, blocked } of scores) expect(blocked, `seed ${world.seed}`).toEqual([]);
      expect(scores.flatMap((s) => s.world.connections).length).toBeGreaterThan(1000 * seeds.length * 0.5);
    });

    it(`removes at least ${RECALL[format] * 100} % of the rules never used on covered interfaces`, () => {
      const stale = scores.flatMap((s) => s.stale);
      const removed = scores.flatMap((s) => s.removed);
      expect(stale.length).toBeGreaterThan(10 * seeds.length);
      expect(removed.length / stale.length).toBeGreaterThanOrEqual(RECALL[format]);
    });

    it('says the plan blocks nothing in its own replay, over a real number of connections', () => {
      for (const { judged } of scores) {
        expect(judged.document.replay.blocked).toBe(0);
        expect(judged.document.replay.connections).toBeGreaterThan(50);
      }
    });

    it('keeps rules used once, only by interfaces now gone, or only before an interface changed groups', () => {
      const held = scores.flatMap(({ world, judged }) => {
        const { usedOnceRuleIds, usedOnlyByGoneInterfaces, usedOnlyBeforeSwap, rules } = world.truth;
        const ids = new Set([...usedOnceRuleIds, ...usedOnlyByGoneInterfaces, ...usedOnlyBeforeSwap]);
        return judged.document.rules
          .filter((finding) => ids.has(finding.ruleId))
          .map((finding) => ({ finding, needed: rules[finding.ruleId]!.onlyPermitter > 0, seed: world.seed }));
      });
      expect(held.length).toBeGreaterThan(3 * seeds.length);
      for (const { finding, needed, seed } of held) {
        const where = `seed ${seed} ${finding.groupName} ${finding.ruleId} ${finding.reason}`;
        expect(finding.reason, where).not.toBe('unused');
        if (needed) expect(finding.action, where).not.toBe('remove');
      }
    });

    it('never removes both of two rules that cover for each other', () => {
      let pairs = 0;
      for (const { world, judged } of scores) {
        const removed = new Set(judged.document.rules.filter((f) => f.action === 'remove').map((f) => f.ruleId));
        for (const [a, b] of world.truth.mutualCoverPairs) {
          pairs += 1;
          expect(removed.has(a) && removed.has(b), `seed ${world.seed}: ${a} and ${b}`).toBe(false);
        }
      }
      expect(pairs).toBeGreaterThan(seeds.length - 1);
    });

    it('calls nothing unused that was used, nor on interfaces that were not covered', () => {
      for (const { world, judged } of scores) {
        const { rules, neverUsedCoveredRuleIds } = world.truth;
        for (const finding of judged.document.rules.filter((f) => f.reason === 'unused')) {
          const where = `seed ${world.seed} ${finding.groupName} ${finding.ruleId}`;
          expect(rules[finding.ruleId]!.connections, where).toBe(0);
          expect(neverUsedCoveredRuleIds, where).toContain(finding.ruleId);
        }
      }
    });

    it('attributes every connection as the brute-force reference does, rule by rule', () => {
      let rules = 0;
      for (const { world, judged } of scores) rules += compareWithReference(judged, `seed ${world.seed}`);
      expect(rules).toBeGreaterThan(80 * seeds.length);
    }, 600_000);

    if (format === 'v5') {
      it('removes ranges that only return traffic touches', () => {
        const touched = scores.flatMap(({ world, judged }) =>
          judged.document.rules.filter(
            (f) =>
              world.truth.returnTrafficOnlyRules.includes(f.ruleId) &&
              world.truth.neverUsedCoveredRuleIds.includes(f.ruleId) &&
              !world.truth.icmpIndistinguishable.includes(f.ruleId),
          ),
        );
        expect(touched.length).toBeGreaterThan(seeds.length);
        for (const finding of touched) expect(finding.action, `${finding.groupName} ${finding.ruleId}`).toBe('remove');
      });
    }
  });
}
