import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { replay } from '../../analyzer/advice/index.ts';
import { attribute } from '../../analyzer/usage/index.ts';
import { batches, WORLD_WINDOW, world } from '../usage/worlds.ts';

describe('law 3: the replay blocks whatever the rules after no longer let in', () => {
  it('agrees with counting, class by class, for any set of rules that go', async () => {
    let blocked = 0;
    await fc.assert(
      fc.asyncProperty(world, fc.array(fc.boolean(), { minLength: 40, maxLength: 40 }), async (w, coin) => {
        const evidence = await attribute({
          inventory: w.inventory,
          ledger: batches(w.rows),
          coverage: batches(w.coverage),
          window: WORLD_WINDOW,
        });
        const stays = (i: number): boolean => coin[i % coin.length]!;
        const after = evidence.rules.map((rule, i) => ({ groupId: rule.groupId, shapes: stays(i) ? [rule] : [] }));
        const result = replay(evidence, after, w.inventory);
        // A class with certain permitters needs one of them; one with only possible permitters needs them all.
        const lost = evidence.classes.filter((c) => (c.yes.length > 0 ? !c.yes.some(stays) : !c.maybe.every(stays)));
        expect(result.blocked).toBe(lost.length);
        expect(result.connections).toBe(evidence.classes.length);
        // A rule that stays answers as before; asked again as a copy of itself, it says the same.
        const copies = after.map(({ groupId, shapes }) => ({ groupId, shapes: shapes.map((shape) => ({ ...shape })) }));
        expect(replay(evidence, copies, w.inventory)).toEqual(result);
        for (const c of lost) {
          const gone = [...c.yes, ...c.maybe].filter((i) => !stays(i));
          expect(gone.some((i) => result.offenders.includes(i))).toBe(true);
        }
        blocked += lost.length;
      }),
      { numRuns: 1200 },
    );
    expect(blocked).toBeGreaterThan(100);
  });
});
