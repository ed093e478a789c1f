import { describe, expect, test } from 'vitest';
import { failureWarnings } from '../../../analyzer/inventory/failures.ts';
import { readInventory } from '../../../analyzer/inventory/index.ts';
import { AssumeRoleFailed } from '../../../analyzer/inventory/live/operations.ts';
import { type PullRequest, pullInventory } from '../../../analyzer/inventory/live/pull.ts';
import type { PulledScope } from '../../../analyzer/inventory/live/pull-scope.ts';
import { folderWith, group, networkInterface, problemOf, rule, WEB } from '../aws-output.ts';
import { awsError, type Call, fakeApi, NEVER } from './fake-api.ts';

const OWN = '111122223333';
const request = (more: Partial<PullRequest> = {}): PullRequest => ({
  target: { kind: 'own' },
  regions: ['eu-west-1'],
  configHistory: null,
  ruleAges: false,
  concurrency: 4,
  ...more,
});

async function pull(
  answer: (call: Call) => Record<string, unknown> | Error | undefined,
  more: Partial<PullRequest> = {},
  signal = NEVER,
) {
  const written: PulledScope[] = [];
  const progress: string[] = [];
  const api = fakeApi((call) =>
    call.operation === 'GetCallerIdentity' ? { Account: OWN, Arn: 'arn:aws:iam::1:user/x' } : answer(call),
  );
  const result = await pullInventory(request(more), {
    api,
    write: async (scope) => void written.push(scope),
    progress: (done, total) => progress.push(`${done}/${total}`),
    signal,
  });
  return { api, result, written, progress };
}

describe('one part fails, the others go on', () => {
  test.each(['DescribeSecurityGroups', 'DescribeSecurityGroupRules', 'DescribeNetworkInterfaces'])(
    'without %s the scope is not written, because it could be misread',
    async (operation) => {
      const { result, written } = await pull((call) =>
        call.operation === operation ? awsError('UnauthorizedOperation') : undefined,
      );
      expect(written).toEqual([]);
      expect(result.scopes).toEqual([{ accountId: OWN, region: 'eu-west-1', counts: null }]);
      expect(result.failures).toMatchObject([
        { accountId: OWN, region: 'eu-west-1', listing: null, code: 'aws-access-denied' },
      ]);
    },
  );

  test.each([
    ['DescribeVpcs', 'vpcs'],
    ['DescribeSubnets', 'subnets'],
    ['DescribeManagedPrefixLists', 'managed-prefix-lists'],
    ['DescribeVpcPeeringConnections', 'vpc-peering-connections'],
    ['DescribeFlowLogs', 'flow-logs'],
    ['DescribeLaunchTemplateVersions', 'launch-template-versions'],
    ['DescribeSecurityGroupVpcAssociations', 'security-group-vpc-associations'],
    ['DescribeStaleSecurityGroups', 'stale-security-groups'],
    ['GetManagedPrefixListEntries', 'prefix-list-entries/pl-1'],
    ['LookupEvents', 'rule-ages'],
    ['ListDiscoveredResources', 'config-history'],
  ])('without %s the rest is written, and no empty file pretends to be %s', async (operation, listing) => {
    const { result, written } = await pull(
      (call) => {
        if (call.operation === operation) return awsError('AccessDeniedException');
        if (call.operation === 'DescribeVpcs') return { Vpcs: [{ VpcId: 'vpc-1', OwnerId: OWN }] };
        if (call.operation === 'DescribeManagedPrefixLists') return { PrefixLists: [{ PrefixListId: 'pl-1' }] };
        return undefined;
      },
      { ruleAges: true, configHistory: { since: 0, maxInterfaces: 10 } },
    );
    expect(result.failures).toMatchObject([{ listing, code: 'aws-access-denied' }]);
    expect(written).toHaveLength(1);
    const [scope] = written;
    expect(scope!.listings.map(({ name }) => name)).not.toContain(listing);
    expect(scope!.configHistory === null).toBe(listing === 'config-history');
    expect(scope!.entries.length).toBe(
      listing === 'prefix-list-entries/pl-1' || listing === 'managed-prefix-lists' ? 0 : 1,
    );
  });

  test('a role that cannot be assumed is one failure, however many regions were wanted', async () => {
    const target = { kind: 'accounts', accounts: ['222233334444', '333344445555'], roleName: 'R' } as const;
    const denied = 'arn:aws:iam::222233334444:role/R';
    const written: PulledScope[] = [];
    const api = fakeApi(({ place }) => {
      if (place.roleArn === denied) return new AssumeRoleFailed(denied, awsError('AccessDenied'));
      return { Account: OWN, Arn: 'arn:aws:iam::1:user/x' };
    });
    const result = await pullInventory(request({ target, regions: ['eu-west-1', 'us-east-1', 'us-west-2'] }), {
      api,
      write: async (scope) => void written.push(scope),
      progress: () => {},
      signal: NEVER,
    });
    expect(result.failures).toMatchObject([
      { accountId: '222233334444', region: null, code: 'aws-assume-role-denied' },
    ]);
    expect(written.map(({ region }) => region).sort()).toEqual(['eu-west-1', 'us-east-1', 'us-west-2']);
    expect(api.calls.filter(({ place }) => place.roleArn === denied)).toHaveLength(1);
  });

  test('progress counts every scope, the failed ones too', async () => {
    const { progress } = await pull(
      (call) =>
        call.place.region === 'eu-west-1' && call.operation === 'DescribeSecurityGroups' ? awsError('X') : undefined,
      {
        regions: ['eu-west-1', 'us-east-1'],
      },
    );
    expect(progress).toEqual(['0/2', '1/2', '2/2']);
  });

  test('an abort is no failure of a scope: it ends the pull with its reason', async () => {
    const controller = new AbortController();
    const pulling = pull(
      (call) => {
        if (call.operation === 'DescribeVpcs') controller.abort(new Error('Ctrl-C'));
        return call.operation === 'DescribeVpcs' ? awsError('AbortError') : undefined;
      },
      {},
      controller.signal,
    );
    await expect(pulling).rejects.toThrow('Ctrl-C');
  });
});

describe('what is asked for', () => {
  test('stale rules only of VPCs that the account owns; entries of lists that only a rule names, too', async () => {
    const { api } = await pull((call) => {
      if (call.operation === 'DescribeVpcs')
        return {
          Vpcs: [
            { VpcId: 'vpc-own', OwnerId: OWN },
            { VpcId: 'vpc-shared', OwnerId: '999999999999' },
          ],
        };
      if (call.operation === 'DescribeSecurityGroupRules')
        return { SecurityGroupRules: [{ SecurityGroupRuleId: 'sgr-1', PrefixListId: 'pl-unlisted' }] };
      return undefined;
    });
    const given = (operation: string) =>
      api.calls.filter((call) => call.operation === operation).map(({ input }) => input.VpcId ?? input.PrefixListId);
    expect(given('DescribeStaleSecurityGroups')).toEqual(['vpc-own']);
    expect(given('GetManagedPrefixListEntries')).toEqual(['pl-unlisted']);
  });

  test('nothing that was not asked for is called', async () => {
    const { api } = await pull(() => undefined);
    const called = new Set(api.calls.map(({ operation }) => operation));
    for (const optional of [
      'DescribeRegions',
      'ListDiscoveredResources',
      'GetResourceConfigHistory',
      'LookupEvents',
      'ListAccounts',
    ] as const)
      expect(called).not.toContain(optional);
  });

  test('an item that two pages both have is written once', async () => {
    const { written } = await pull(({ operation, input }) =>
      operation === 'DescribeVpcs'
        ? { Vpcs: [{ VpcId: 'vpc-1', OwnerId: 'other' }], ...(input.NextToken === undefined ? { NextToken: 't' } : {}) }
        : undefined,
    );
    expect(written[0]!.listings.find(({ name }) => name === 'vpcs')!.items).toHaveLength(1);
  });
});

describe('errors.json', () => {
  const files = {
    '111122223333/eu-west-1/security-groups.json': { SecurityGroups: [group(WEB)] },
    '111122223333/eu-west-1/security-group-rules.json': {
      SecurityGroupRules: [rule(1, WEB, { CidrIpv4: '10.0.0.0/8' })],
    },
    '111122223333/eu-west-1/network-interfaces.json': { NetworkInterfaces: [networkInterface('eni-1', [WEB])] },
  };
  const error = {
    AccountId: '222233334444',
    Region: null,
    Listing: null,
    Code: 'aws-assume-role-denied',
    Message: 'access denied',
    Next: 'allow it',
  };

  test('each scope that failed is a warning that says what follows and what to do', async () => {
    const dir = folderWith({
      ...files,
      'errors.json': { Errors: [error, { ...error, Region: 'eu-west-1', Listing: 'vpcs' }] },
    });
    const inventory = await readInventory(dir);
    expect(inventory.failedScopes).toHaveLength(2);
    const warnings = inventory.warnings.filter(({ code }) => code.endsWith('-failed'));
    expect(warnings).toEqual(expect.arrayContaining(failureWarnings(dir, inventory.failedScopes!)));
    expect(warnings.map(({ message }) => message)).toEqual([
      '222233334444 eu-west-1 vpcs could not be pulled (access denied); the inventory has no vpcs of it',
      '222233334444 all regions could not be pulled (access denied); its rules are not judged, and traffic of its interfaces stays unexplained',
    ]);
  });

  test.each([
    ['no list', { Errors: {} }],
    ['a list of something else', [error]],
    ['an entry without words', { Errors: [{ ...error, Message: '' }] }],
  ])('%s is refused by file and place, never passed over', async (_, content) => {
    const problem = await problemOf(readInventory(folderWith({ ...files, 'errors.json': content })));
    expect(problem).toMatchObject({ code: 'inventory-wrong-shape', file: expect.stringContaining('errors.json') });
  });
});
