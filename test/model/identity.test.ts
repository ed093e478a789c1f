import { describe, expect, test } from 'vitest';
import { derivedRuleId, findingId, type RuleIdentity } from '../../analyzer/model/identity.ts';

const rule: RuleIdentity = {
  accountId: '111122223333',
  region: 'eu-west-1',
  groupId: 'sg-0a1b2c3d4e5f60718',
  direction: 'ingress',
  protocol: 6,
  fromPort: 443,
  toPort: 443,
  peer: { kind: 'cidrIpv4', cidr: '10.0.0.0/8' },
};

describe('law 7: same input, same output', () => {
  test('the id of a rule never changes between versions of Pare', () => {
    // Pull requests, ignores and dashboards in the wild remember this very text.
    expect(findingId(rule)).toBe('f-9b55e686d324');
  });

  test('ids are short and say what they are', () => {
    expect(findingId(rule)).toMatch(/^f-[0-9a-f]{12}$/);
    expect(derivedRuleId(rule)).toMatch(/^sgr-derived-[0-9a-f]{17}$/);
  });

  test.each<[string, Partial<RuleIdentity>]>([
    ['account', { accountId: '111122223334' }],
    ['region', { region: 'eu-west-2' }],
    ['group', { groupId: 'sg-1' }],
    ['direction', { direction: 'egress' }],
    ['protocol', { protocol: 17 }],
    ['first port', { fromPort: 442 }],
    ['last port', { toPort: 444 }],
    ['peer', { peer: { kind: 'cidrIpv4', cidr: '10.0.0.0/9' } }],
    ['kind of peer', { peer: { kind: 'group', groupId: '10.0.0.0/8' } }],
  ])('another %s is another finding', (_, change) => {
    expect(findingId({ ...rule, ...change })).not.toBe(findingId(rule));
    expect(derivedRuleId({ ...rule, ...change })).not.toBe(derivedRuleId(rule));
  });

  test('how the same rule is written does not matter, nor do its description and rule id', () => {
    const written = {
      ...rule,
      peer: { kind: 'cidrIpv4' as const, cidr: '10.9.9.9/8' },
      description: 'x',
      ruleId: 'sgr-1',
    };
    expect(findingId(written)).toBe(findingId(rule));
    const all = { ...rule, fromPort: -1, toPort: -1 };
    expect(findingId(all)).toBe(findingId({ ...rule, fromPort: 0, toPort: 65535 }));
  });
});
