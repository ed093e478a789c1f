import { describe, expect, it } from 'vitest';
import { DEFAULT_POLICY, type PolicyOrders } from '../../analyzer/advice/policy.ts';
import { applyPolicy, type Judged, orderFor, windowDaysFor } from '../../analyzer/advice/policy-rules.ts';
import type { Inventory, SecurityGroup } from '../../analyzer/model/inventory.ts';
import { group, inventory, rule, shape } from '../advice/build.ts';

const NONE: PolicyOrders = {
  windows: [],
  protectedGroups: [],
  protectedPorts: [],
  protectedPeers: [],
  keeps: [],
  neverNarrow: [],
  rulesPerGroup: 60,
  brake: null,
};
const NOW = Date.UTC(2026, 9, 1) / 1000;
const NARROW = { action: 'narrow', reason: 'ports-unused', detail: 'd', confidence: 0.9 } as const;

const narrow = (text: string, ...replacements: string[]): Judged => ({
  ...NARROW,
  rule: rule(text),
  replacements: replacements.map(shape),
});
const remove = (text: string): Judged => ({ ...NARROW, action: 'remove', rule: rule(text), replacements: [] });
const keep = (text: string): Judged => ({
  ...NARROW,
  action: 'keep',
  reason: 'in-use',
  rule: rule(text),
  replacements: [],
});

function ordered(verdicts: Judged[], orders: Partial<PolicyOrders>, parts: Partial<Inventory> = {}): string[] {
  const policy = { ...DEFAULT_POLICY, orders: { ...NONE, ...orders } };
  return applyPolicy(verdicts, policy, inventory(parts), NOW).verdicts.map((v) => `${v.action} ${v.reason}`);
}

describe('the quota of rules', () => {
  const three = narrow(
    'ingress tcp 1-99 10.0.0.0/8',
    'ingress tcp 1 10.0.0.0/8',
    'ingress tcp 5 10.0.0.0/8',
    'ingress tcp 9 10.0.0.0/8',
  );
  const two = narrow('ingress tcp 100-199 10.0.0.0/8', 'ingress tcp 100 10.0.0.0/8', 'ingress tcp 105 10.0.0.0/8');

  it.each([
    [5, ['narrow ports-unused', 'narrow ports-unused']],
    [4, ['keep quota', 'narrow ports-unused']],
    [3, ['keep quota', 'narrow ports-unused']],
    [2, ['keep quota', 'keep quota']],
  ])('of %d leaves %j of one that wants three and one that wants two', (rulesPerGroup, expected) => {
    expect(ordered([three, two], { rulesPerGroup })).toEqual(expected);
  });

  it('does not count what goes, and lets a plan stay at what was there before', () => {
    expect(ordered([two, remove('ingress tcp 7 10.0.0.0/8')], { rulesPerGroup: 2 })[0]).toBe('narrow ports-unused');
    expect(ordered([two, remove('ingress tcp 7 10.0.0.0/8')], { rulesPerGroup: 1 })[0]).toBe('narrow ports-unused');
    expect(ordered([two, keep('ingress tcp 7 10.0.0.0/8')], { rulesPerGroup: 2 })[0]).toBe('keep quota');
  });

  it('takes the first of two that add as many', () => {
    const other = narrow('ingress tcp 300-399 10.0.0.0/8', 'ingress tcp 300 10.0.0.0/8', 'ingress tcp 305 10.0.0.0/8');
    expect(ordered([two, other], { rulesPerGroup: 3 })).toEqual(['keep quota', 'narrow ports-unused']);
  });

  it('counts directions, groups and IP versions apart; a group counts in both versions', () => {
    const out = narrow('egress tcp 1-9 10.0.0.0/8', 'egress tcp 1 10.0.0.0/8', 'egress tcp 2 10.0.0.0/8');
    expect(ordered([two, out], { rulesPerGroup: 2 })).toEqual(['narrow ports-unused', 'narrow ports-unused']);
    const elsewhere = { ...two, rule: { ...two.rule, groupId: 'sg-other' } };
    expect(ordered([two, elsewhere], { rulesPerGroup: 2 })).toEqual(['narrow ports-unused', 'narrow ports-unused']);
    const v6 = narrow('ingress tcp 1-9 2001:db8::/32', 'ingress tcp 1 2001:db8::/32', 'ingress tcp 2 2001:db8::/32');
    expect(ordered([two, v6], { rulesPerGroup: 2 })).toEqual(['narrow ports-unused', 'narrow ports-unused']);
    expect(ordered([two, v6], { rulesPerGroup: 1 })).toEqual(['keep quota', 'keep quota']);
    const named = narrow('ingress tcp 1-9 sg-a', 'ingress tcp 1 sg-a', 'ingress tcp 2 sg-a');
    expect(ordered([two, named], { rulesPerGroup: 3 })).toEqual(['keep quota', 'narrow ports-unused']);
    expect(ordered([v6, named], { rulesPerGroup: 3 })).toEqual(['keep quota', 'narrow ports-unused']);
  });

  it('weighs a prefix list with its greatest number of entries, else those it has, else one', () => {
    const listed = narrow('ingress tcp 1-9 pl-1', 'ingress tcp 1 pl-1', 'ingress tcp 2 pl-1');
    const list = (maxEntries: number | null, cidrs: string[] | null) => ({
      prefixLists: [{ prefixListId: 'pl-1', name: null, ownerId: null, maxEntries, cidrs }],
    });
    for (const [parts, weight] of [
      [list(10, ['10.0.0.0/8']), 10],
      [list(null, ['10.0.0.0/8', '11.0.0.0/8']), 2],
      [list(null, null), 1],
      [{}, 1],
    ] as const) {
      expect(ordered([listed], { rulesPerGroup: 2 * weight }, parts)).toEqual(['narrow ports-unused']);
      expect(ordered([listed], { rulesPerGroup: 2 * weight - 1 }, parts)).toEqual(['keep quota']);
    }
  });
});

describe('a network that is never to be narrowed', () => {
  it.each([
    ['left whole', ['ingress tcp 1 10.5.0.0/16'], 'narrow ports-unused'],
    ['left within something larger', ['ingress tcp 1 10.4.0.0/14'], 'narrow ports-unused'],
    ['left whole in two halves', ['ingress tcp 1 10.5.0.0/17', 'ingress tcp 1 10.5.128.0/17'], 'narrow ports-unused'],
    ['closed whole', ['ingress tcp 1 10.6.0.0/16'], 'narrow ports-unused'],
    ['cut', ['ingress tcp 1 10.5.1.0/24'], 'keep never-narrow'],
    ['cut for one port only', ['ingress tcp 1 10.5.0.0/16', 'ingress tcp 2 10.5.1.0/24'], 'keep never-narrow'],
    [
      'left half for each of two ports',
      ['ingress tcp 1 10.5.0.0/17', 'ingress tcp 2 10.5.128.0/17'],
      'keep never-narrow',
    ],
  ])('may be %s: %j', (_, replacements, expected) => {
    expect(ordered([narrow('ingress tcp 1-9 10.0.0.0/8', ...replacements)], { neverNarrow: ['10.5.0.0/16'] })).toEqual([
      expected,
    ]);
  });

  it('counts only as far as the rule reached, in either IP version, and not for rules of groups', () => {
    expect(
      ordered([narrow('ingress tcp 1-9 10.5.0.0/24', 'ingress tcp 1 10.5.0.0/24')], { neverNarrow: ['10.5.0.0/16'] }),
    ).toEqual(['narrow ports-unused']);
    expect(
      ordered([narrow('ingress tcp 1-9 10.5.0.0/24', 'ingress tcp 1 10.5.0.0/25')], { neverNarrow: ['10.5.0.0/16'] }),
    ).toEqual(['keep never-narrow']);
    const v6 = narrow('ingress tcp 1-9 2001:db8::/32', 'ingress tcp 1 2001:db8::/64');
    expect(ordered([v6], { neverNarrow: ['2001:db8::/48'] })).toEqual(['keep never-narrow']);
    expect(ordered([v6], { neverNarrow: ['10.0.0.0/8'] })).toEqual(['narrow ports-unused']);
    expect(ordered([narrow('ingress tcp 1-9 sg-a', 'ingress tcp 1 sg-a')], { neverNarrow: ['0.0.0.0/0'] })).toEqual([
      'narrow ports-unused',
    ]);
    expect(ordered([remove('ingress tcp 1-9 10.5.0.0/24')], { neverNarrow: ['10.5.0.0/16'] })).toEqual([
      'remove ports-unused',
    ]);
  });

  it('gives the verdict a keep that proposes nothing', () => {
    const policy = { ...DEFAULT_POLICY, orders: { ...NONE, neverNarrow: ['10.5.0.0/16'] } };
    const [v] = applyPolicy(
      [narrow('ingress tcp 1-9 10.0.0.0/8', 'ingress tcp 1 10.5.1.0/24')],
      policy,
      inventory({}),
      NOW,
    ).verdicts;
    expect(v).toMatchObject({ action: 'keep', confidence: 1, replacements: [] });
  });
});

describe('naming groups', () => {
  const named = (pattern: string, groupName: string): boolean => {
    const policy = { ...DEFAULT_POLICY, orders: { ...NONE, protectedGroups: [{ group: pattern }] } };
    const one: SecurityGroup = group('sg-web', { groupName });
    return orderFor(rule('ingress tcp 1 10.0.0.0/8'), policy, () => one, NOW) !== null;
  };
  it.each([
    ['a*b*c', 'abc', true],
    ['a*b*c', 'a-b-c', true],
    ['a*b*c', 'acb', false],
    ['a*b*c', 'ac', false],
    ['a*bc*c', 'abc', false],
    ['a*b*b*c', 'abc', false],
    ['a*b*b*c', 'abbc', true],
    ['*', 'anything', true],
    ['*a', 'ba', true],
    ['*a', 'ab', false],
    ['a*', 'ab', true],
    ['a*a', 'a', false],
    ['a*a', 'aa', true],
    ['*x*', 'axb', true],
    ['*x*', 'ab', false],
  ])('%s fits %s: %s', (pattern, name, fits) => expect(named(pattern, name)).toBe(fits));

  it('is by tag only where the group is known, with its value where one is asked for', () => {
    const fits = (tag: string, tags: Record<string, string> | null): boolean => {
      const policy = { ...DEFAULT_POLICY, orders: { ...NONE, protectedGroups: [{ tag }] } };
      return (
        orderFor(
          rule('ingress tcp 1 10.0.0.0/8'),
          policy,
          () => (tags === null ? undefined : group('sg-web', { tags })),
          NOW,
        ) !== null
      );
    };
    expect(fits('a', { a: '' })).toBe(true);
    expect(fits('a', null)).toBe(false);
    expect(fits('a=b', { a: 'b' })).toBe(true);
    expect(fits('a=b', { a: 'c' })).toBe(false);
    expect(fits('a=b=c', { a: 'b=c' })).toBe(true);
    expect(fits('a=', { a: '' })).toBe(true);
    expect(fits('a=', {})).toBe(false);
  });
});

describe('the words of an order', () => {
  const said = (orders: Partial<PolicyOrders>, text = 'ingress tcp 20-30 10.0.0.0/8'): string | undefined =>
    orderFor(rule(text), { ...DEFAULT_POLICY, orders: { ...NONE, ...orders } }, () => group('sg-web'), NOW)?.detail;
  it.each([
    [{ protectedGroups: [{ group: 'web' }] }, 'The policy protects the group.'],
    [{ protectedGroups: [{ group: 'web', reason: 'Really!' }] }, 'The policy protects the group: Really!'],
    [{ protectedGroups: [{ group: 'web', reason: 'v1.2 of it' }] }, 'The policy protects the group: v1.2 of it.'],
    [{ protectedPorts: [{ protocol: null, from: 22, to: 22 }] }, 'It allows port 22, which the policy protects.'],
    [
      { protectedPorts: [{ protocol: 'tcp' as const, from: 30, to: 40 }] },
      'It allows tcp 30-40, which the policy protects.',
    ],
    [{ protectedPorts: [{ protocol: 'udp' as const, from: 22, to: 22 }] }, undefined],
    [{ protectedPorts: [{ protocol: null, from: 31, to: 31 }] }, undefined],
    [{ protectedPorts: [{ protocol: null, from: 10, to: 19 }] }, undefined],
    [{ protectedPorts: [{ protocol: null, from: 10, to: 20 }] }, 'It allows port 10-20, which the policy protects.'],
    [{ protectedPeers: ['10.9.0.0/16'] }, 'It allows 10.9.0.0/16, which the policy protects.'],
    [{ keeps: [{ rule: 'sgr-ingress_tcp_20-30_10.0.0.0/8', reason: 'r' }] }, 'The policy keeps it: r.'],
  ])('%j: %s', (orders, words) => expect(said(orders)).toBe(words));

  it('knows no ports of ICMP', () => {
    expect(
      said({ protectedPorts: [{ protocol: null, from: 0, to: 65_535 }] }, 'ingress icmp * 10.0.0.0/8'),
    ).toBeUndefined();
  });

  it('are none without a policy file', () => {
    expect(orderFor(rule('ingress tcp 1 10.0.0.0/8'), DEFAULT_POLICY, () => undefined, NOW)).toBeNull();
    expect(windowDaysFor(DEFAULT_POLICY, undefined, 'sg-web')).toBe(14);
    const verdicts = [remove('ingress tcp 1 10.0.0.0/8')];
    expect(applyPolicy(verdicts, DEFAULT_POLICY, inventory({}), NOW)).toEqual({ verdicts, warnings: [] });
  });
});

describe('the brake', () => {
  it('says what each proposal was, and leaves keeps alone', () => {
    const policy = { ...DEFAULT_POLICY, orders: { ...NONE, brake: { removals: 0, percent: null } } };
    const { verdicts } = applyPolicy(
      [remove('ingress tcp 1 10.0.0.0/8'), two(), keep('ingress tcp 3 10.0.0.0/8')],
      policy,
      inventory({}),
      NOW,
    );
    expect(verdicts.map((v) => v.detail.split('. ').at(-1))).toEqual([
      'It would remove it (ports-unused).',
      'It would narrow it (ports-unused).',
      'd',
    ]);
    expect(verdicts[0]).toMatchObject({ action: 'review', reason: 'brake', confidence: 0 });
    expect(verdicts[2]!.action).toBe('keep');
  });
  const two = () => narrow('ingress tcp 5-9 10.0.0.0/8', 'ingress tcp 5 10.0.0.0/8');
});
