import { describe, expect, it } from 'vitest';
import { staleReferences } from '../../analyzer/advice/references.ts';
import type { FailedScope, Inventory, StaleReference } from '../../analyzer/model/inventory.ts';
import type { SecurityGroupRule } from '../../analyzer/model/rule.ts';
import { group, inventory, rule } from './build.ts';

const OWN = '111122223333';
const ref = (groupId: string, accountId?: string, more: Partial<SecurityGroupRule> = {}): SecurityGroupRule =>
  rule(`ingress tcp 443 ${groupId}`, {
    peer: { kind: 'group', groupId, ...(accountId === undefined ? {} : { accountId }) },
    ...more,
  });
const stale = (one: SecurityGroupRule, more: Partial<Inventory> = {}): boolean =>
  staleReferences(inventory({ groups: [group('sg-web'), group('sg-app')], ...more }))(one);
const failed = (more: Partial<FailedScope>): { failedScopes: FailedScope[] } => ({
  failedScopes: [{ accountId: null, region: null, listing: null, code: 'x', message: 'x', next: 'x', ...more }],
});
const listed = (more: Partial<StaleReference> = {}): { staleReferences: StaleReference[] } => ({
  staleReferences: [
    {
      groupId: 'sg-web',
      accountId: OWN,
      region: 'eu-west-1',
      direction: 'ingress',
      protocol: 'tcp',
      fromPort: 443,
      toPort: 443,
      referencedGroupId: 'sg-far',
      referencedVpcId: null,
      peeringConnectionId: null,
      ...more,
    },
  ],
});

describe('a reference to a group that is gone', () => {
  it.each<[string, SecurityGroupRule, Partial<Inventory>, boolean]>([
    ['is no network', rule('ingress tcp 443 10.0.0.0/8'), {}, false],
    ['is no prefix list', rule('ingress tcp 443 pl-1'), {}, false],
    ['is none where the group is there', ref('sg-app', OWN), {}, false],
    ['is one where all groups of its account are given and it is not among them', ref('sg-gone', OWN), {}, true],
    ['is not known where the account is not', ref('sg-gone'), {}, false],
    ['is not known of an account that was not given', ref('sg-gone', '999900001111'), {}, false],
    ['is not known of another Region', ref('sg-gone', OWN, { region: 'us-east-1' }), {}, false],
    ['is one where EC2 says so', ref('sg-far'), listed(), true],
    ['is none where EC2 says so of another group', ref('sg-far'), listed({ groupId: 'sg-app' }), false],
    ['is none where EC2 says so of the other direction', ref('sg-far'), listed({ direction: 'egress' }), false],
    ['is none where EC2 says so of another reference', ref('sg-far'), listed({ referencedGroupId: 'sg-x' }), false],
    ['is one by EC2 though the group is there', ref('sg-app', OWN), listed({ referencedGroupId: 'sg-app' }), true],
    ['is not known where all listings failed', ref('sg-gone', OWN), failed({}), false],
    ['is not known where its account failed', ref('sg-gone', OWN), failed({ accountId: OWN }), false],
    ['is known where another account failed', ref('sg-gone', OWN), failed({ accountId: '999900001111' }), true],
    ['is not known where its Region failed', ref('sg-gone', OWN), failed({ region: 'eu-west-1' }), false],
    ['is known where another Region failed', ref('sg-gone', OWN), failed({ region: 'us-east-1' }), true],
    ['is not known where the groups failed', ref('sg-gone', OWN), failed({ listing: 'security-groups' }), false],
    ['is known where another listing failed', ref('sg-gone', OWN), failed({ listing: 'subnets' }), true],
    [
      'is known where the groups of another account failed',
      ref('sg-gone', OWN),
      failed({ listing: 'security-groups', accountId: '999900001111', region: 'eu-west-1' }),
      true,
    ],
  ])('%s', (_, one, more, expected) => expect(stale(one, more)).toBe(expected));
});
