import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { advise, DEFAULT_POLICY } from '../../analyzer/advice/index.ts';
import { buildSizes, permissiveness, spaceOfShape, WHOLE_SPACE } from '../../analyzer/advice/space.ts';
import { attribute } from '../../analyzer/usage/index.ts';
import { batches, WORLD_WINDOW, world } from '../usage/worlds.ts';
import { daily, days, eni, group, inventory, judge, rule, shape } from './build.ts';

const sizes = buildSizes(
  inventory({
    groups: [group('sg-web'), group('sg-db')],
    interfaces: [
      eni('eni-1', ['sg-web'], ['10.0.0.1', '10.0.0.2']),
      eni('eni-2', ['sg-web'], ['10.0.0.2', '10.0.0.3']),
    ],
    prefixLists: [
      { prefixListId: 'pl-1', name: null, ownerId: null, maxEntries: 5, cidrs: ['10.0.0.0/24', '10.1.0.0/24'] },
      { prefixListId: 'pl-2', name: null, ownerId: null, maxEntries: 5, cidrs: null },
    ],
  }),
);

describe('permissiveness', () => {
  it.each([
    ['ingress tcp 22 10.0.0.1/32', 1, 1],
    ['ingress tcp 22 10.0.0.0/24', 2 ** 8, 15],
    ['ingress tcp 443 10.0.0.0/8', 2 ** 24, 43],
    ['ingress tcp 443 0.0.0.0/0', 2 ** 32, 58],
    ['ingress tcp 443 ::/0', 2 ** 32, 58],
    ['ingress tcp * 0.0.0.0/0', 2 ** 48, 86],
    ['ingress all * 0.0.0.0/0', 2 ** 56, 100],
    ['ingress tcp 80-81 sg-web', 6, 6],
    ['ingress tcp 80 sg-db', 1, 1],
    ['ingress tcp 80 sg-elsewhere', 2 ** 16, 29],
    ['ingress tcp 80 pl-1', 512, 17],
    ['ingress tcp 80 pl-2', 2 ** 32, 58],
  ])('%s allows %d and scores %d', (text, space, score) => {
    expect(spaceOfShape(shape(text), sizes)).toBe(space);
    expect(permissiveness(space)).toBe(score);
  });

  it('lies between 1 and 100 and never falls as more is allowed', () => {
    const space = fc.double({ min: 0, max: WHOLE_SPACE * 60, noNaN: true });
    fc.assert(
      fc.property(space, space, (a, b) => {
        const [low, high] = a < b ? [a, b] : [b, a];
        expect(permissiveness(low)).toBeLessThanOrEqual(permissiveness(high));
        expect(permissiveness(low)).toBeGreaterThanOrEqual(1);
        expect(permissiveness(high)).toBeLessThanOrEqual(100);
      }),
    );
  });

  it('counts what two rules of a group both allow once, and an account as the mean of its groups', async () => {
    const rules = [
      rule('ingress tcp 80 10.0.0.0/24'),
      rule('ingress tcp 80 10.0.0.0/25'),
      rule('ingress tcp 80 10.0.0.0/32', { groupId: 'sg-two' }),
    ];
    const inv = inventory({ groups: [group('sg-web'), group('sg-two')], rules, interfaces: [] });
    const { advice } = await judge(inv, []);
    expect(advice.permissiveness.groups).toEqual([
      { groupId: 'sg-two', direction: 'ingress', before: 1, after: 1 },
      { groupId: 'sg-web', direction: 'ingress', before: 15, after: 15 },
    ]);
    expect(advice.permissiveness.accounts).toEqual([
      {
        accountId: '111122223333',
        direction: 'ingress',
        before: permissiveness(257 / 2),
        after: permissiveness(257 / 2),
      },
    ]);
  });
});

describe('the totals of the plan', () => {
  it('say what is closed, what could be at most, and the gap', async () => {
    const rules = [rule('ingress tcp 8000-8999 10.0.5.0/24'), rule('ingress tcp 22 10.0.0.0/16')];
    const { advice } = await judge(inventory({ rules }), daily(30, 6, 8080, '10.0.5.5'));
    expect(advice.plan).toEqual({
      rulesBefore: 2,
      rulesAfter: 1,
      spaceBefore: 1000 * 256 + 65_536,
      removedSpace: 999 * 256 + 65_536,
      bound: 999 * 256 + 65_536,
      gap: 0,
    });
  });

  it('keep of two rules that let in the same the one that is least when narrowed, and prove it', async () => {
    const rules = [rule('ingress tcp 443 10.0.0.0/16'), rule('ingress tcp 443-444 10.0.4.0/22')];
    const { says, advice } = await judge(inventory({ rules }), daily(30, 6, 443, '10.0.5.5'), {
      window: days(30),
    });
    expect(Object.values(says).filter((s) => s.startsWith('remove'))).toHaveLength(1);
    expect(advice.plan.gap).toBe(0);
    expect(advice.plan.spaceBefore - advice.plan.removedSpace).toBe(256);
  });

  it('never open more, and every detail ends with one full stop, in random worlds', async () => {
    await fc.assert(
      fc.asyncProperty(world, async (w) => {
        const evidence = await attribute({
          inventory: w.inventory,
          ledger: batches(w.rows),
          coverage: batches(w.coverage),
          window: WORLD_WINDOW,
        });
        const policy = {
          ...DEFAULT_POLICY,
          minCoverage: 0,
          minWindowDays: 0,
          minWornDays: 0,
          maxMissingMass: 1,
          maxKeptShare: 1,
        };
        const advice = advise({ evidence, inventory: w.inventory, policy, window: WORLD_WINDOW });
        expect(advice.plan.removedSpace).toBeLessThanOrEqual(advice.plan.bound);
        expect(advice.plan.gap).toBeGreaterThanOrEqual(0);
        for (const { before, after } of [...advice.permissiveness.groups, ...advice.permissiveness.rules])
          expect(after).toBeLessThanOrEqual(before);
        for (const { detail } of advice.verdicts) expect(detail).toMatch(/^[A-Z].*[^.]\.$/);
      }),
      { numRuns: 150 },
    );
  });
});
