import { describe, expect, it } from 'vitest';
import { buildSizes, namesOnly, permissiveness, spaceOfSet, spaceOfShape } from '../../analyzer/advice/space.ts';
import { permissivenessOf, planTotals } from '../../analyzer/advice/totals.ts';
import type { SecurityGroupRule } from '../../analyzer/model/rule.ts';
import { allowedSpace } from '../../analyzer/model/traffic.ts';
import { eni, group, inventory, rule, shape } from './build.ts';

const SIZES = buildSizes(
  inventory({
    groups: [group('sg-web'), group('sg-app')],
    interfaces: [eni('eni-1', ['sg-app', 'sg-gone'], ['10.0.0.1', '10.0.0.2', '10.0.0.3'])],
    prefixLists: [
      { prefixListId: 'pl-1', name: null, ownerId: null, maxEntries: 5, cidrs: ['10.0.0.0/24'] },
      { prefixListId: 'pl-all', name: null, ownerId: null, maxEntries: 5, cidrs: ['0.0.0.0/0', '0.0.0.0/1'] },
      { prefixListId: 'pl-none', name: null, ownerId: null, maxEntries: 5, cidrs: [] },
      { prefixListId: 'pl-odd', name: null, ownerId: null, maxEntries: 5, cidrs: ['x'] },
    ],
  }),
);

const judged = (
  text: string,
  action: 'keep' | 'remove' | 'narrow' | 'review',
  replacements: string[] = [],
  more: Partial<SecurityGroupRule> = {},
) => ({ rule: rule(text, more), action, replacements: replacements.map(shape) });

describe('the space of a rule', () => {
  it.each([
    ['ingress tcp 1 sg-app', 3],
    ['ingress tcp 1 sg-web', 1],
    ['ingress tcp 1 sg-gone', 2 ** 16],
    ['ingress tcp 1 pl-1', 256],
    ['ingress tcp 1 pl-all', 2 ** 32],
    ['ingress tcp 1 pl-none', 1],
    ['ingress tcp 1 pl-odd', 2 ** 32],
    ['ingress tcp 1 pl-unknown', 2 ** 32],
    ['ingress tcp 1 not-a-network', 2 ** 32],
    ['ingress tcp 1 ::/32', 1],
    ['ingress tcp 1 ::1/128', 2 ** -96],
    ['ingress tcp 9-1 10.0.0.0/24', 0],
    ['ingress icmp * 10.0.0.1/32', 65_536],
    ['ingress icmp 8-0 10.0.0.1/32', 1],
  ])('%s: %d', (text, space) => expect(spaceOfShape(shape(text), SIZES)).toBe(space));

  it('is of a set each of its points once, and names beside networks', () => {
    const of = (...texts: string[]) => spaceOfSet(allowedSpace(texts.map(shape), namesOnly), SIZES);
    expect(of('ingress tcp 1-2 10.0.0.0/24', 'ingress tcp 2-3 10.0.0.0/25', 'egress udp 1 10.0.0.0/32')).toEqual({
      ingress: 512 + 128,
      egress: 1,
    });
    expect(of('ingress tcp 1 sg-app', 'ingress tcp 1 10.0.0.0/24')).toEqual({ ingress: 259, egress: 0 });
    expect(of('ingress tcp 1 sg-app', 'ingress tcp 1 sg-web')).toEqual({ ingress: 4, egress: 0 });
    expect(of('ingress tcp 1 pl-1', 'ingress tcp 1 pl-none')).toEqual({ ingress: 257, egress: 0 });
    expect(of('ingress tcp 1 fd00::/32')).toEqual({ ingress: 1, egress: 0 });
    expect(of('ingress tcp 1 fd00::/30', 'ingress tcp 1 10.0.0.0/31')).toEqual({ ingress: 6, egress: 0 });
    expect(of('ingress tcp 1 not-a-network')).toEqual({ ingress: 2 ** 32, egress: 0 });
    expect(of('ingress tcp 1 0.0.0.0/0', 'ingress tcp 1 ::/0', 'ingress tcp 1 pl-all')).toEqual({
      ingress: 2 ** 33,
      egress: 0,
    });
    expect(of('ingress all * 10.0.0.0/32')).toEqual({ ingress: 2 ** 24, egress: 0 });
    expect(of()).toEqual({ ingress: 0, egress: 0 });
  });

  it('scores 1 up to one point', () => {
    expect([0, 0.5, 1, 1.5, 2].map(permissiveness)).toEqual([1, 1, 1, 2, 3]);
  });
});

describe('the totals of a plan', () => {
  it('say how far from the bound it may lie', () => {
    const verdicts = [
      judged('ingress tcp 1-4 10.0.0.0/24', 'narrow', ['ingress tcp 1 10.0.0.0/24', 'ingress tcp 3 10.0.0.0/24']),
      judged('ingress tcp 1 10.0.1.0/24', 'remove'),
      judged('ingress tcp 1 10.0.2.0/24', 'keep'),
      judged('ingress tcp 1 10.0.3.0/24', 'review'),
    ];
    const totals = { rulesBefore: 4, rulesAfter: 4, spaceBefore: 7 * 256, removedSpace: 3 * 256 };
    expect(planTotals(verdicts, 256, SIZES)).toEqual({ ...totals, bound: 4 * 256, gap: 0.25 });
    expect(planTotals(verdicts, 0, SIZES)).toEqual({ ...totals, bound: 3 * 256, gap: 0 });
    expect(planTotals(verdicts, -1e-9, SIZES)).toEqual({ ...totals, bound: 3 * 256, gap: 0 });
    expect(planTotals(verdicts, 3 * 256 * 2, SIZES).gap).toBe(0.666667);
  });

  it('of nothing are nothing', () => {
    expect(planTotals([], 0, SIZES)).toEqual({
      rulesBefore: 0,
      rulesAfter: 0,
      spaceBefore: 0,
      removedSpace: 0,
      bound: 0,
      gap: 0,
    });
  });
});

describe('permissiveness before and after', () => {
  it('of rules in their order, of groups and accounts sorted, each direction that had rules', () => {
    const report = permissivenessOf(
      [
        judged('ingress tcp 1-2 10.0.0.0/24', 'narrow', ['ingress tcp 1 10.0.0.0/25', 'ingress tcp 2 10.0.0.0/25'], {
          groupId: 'sg-b',
        }),
        judged('egress tcp 1 10.0.0.0/24', 'remove', [], { groupId: 'sg-b' }),
        judged('ingress tcp 1 10.0.0.0/32', 'keep', [], { groupId: 'sg-a' }),
        judged('ingress tcp 1 10.0.0.0/16', 'keep', [], { groupId: 'sg-c', accountId: '000000000001' }),
      ],
      SIZES,
    );
    const score = (before: number, after: number) => ({
      before: permissiveness(before),
      after: after === 0 ? 0 : permissiveness(after),
    });
    expect(report.rules).toEqual([score(512, 256), score(256, 0), score(1, 1), score(65_536, 65_536)]);
    expect(report.groups).toEqual([
      { groupId: 'sg-a', direction: 'ingress', ...score(1, 1) },
      { groupId: 'sg-b', direction: 'ingress', ...score(512, 256) },
      { groupId: 'sg-b', direction: 'egress', ...score(256, 0) },
      { groupId: 'sg-c', direction: 'ingress', ...score(65_536, 65_536) },
    ]);
    expect(report.accounts).toEqual([
      { accountId: '000000000001', direction: 'ingress', ...score(65_536, 65_536) },
      { accountId: '111122223333', direction: 'egress', ...score(256, 0) },
      { accountId: '111122223333', direction: 'ingress', ...score(513 / 2, 257 / 2) },
    ]);
  });
});
