import { describe, expect, test } from 'vitest';
import { enabledRegions, findTargets, parseRoleArn } from '../../../analyzer/inventory/live/targets.ts';
import { problemOf } from '../aws-output.ts';
import { awsError, fakeApi, NEVER, PLACE } from './fake-api.ts';

const OWN = '111122223333';
const MEMBER = '222233334444';
const world = (partition = 'aws') =>
  fakeApi(({ operation, input }) => {
    if (operation === 'GetCallerIdentity')
      return { Account: OWN, Arn: `arn:${partition}:sts::${OWN}:assumed-role/x/y` };
    if (operation === 'ListAccounts' && input.NextToken === undefined)
      return {
        Accounts: [
          { Id: MEMBER, Status: 'ACTIVE' },
          { Id: '333344445555', Status: 'SUSPENDED' },
        ],
        NextToken: 'n',
      };
    if (operation === 'ListAccounts')
      return {
        Accounts: [
          { Id: OWN, Status: 'ACTIVE', State: 'ACTIVE' },
          { Id: '444455556666', State: 'PENDING_CLOSURE', Status: 'ACTIVE' },
        ],
      };
    return {};
  });

describe('whose inventory is pulled', () => {
  test('an organization: active accounts of all pages, the own one without a role, the others told', async () => {
    const targets = await findTargets(
      world(),
      { kind: 'organization', accounts: null, roleName: 'p/R' },
      'eu-west-1',
      NEVER,
    );
    expect(targets).toEqual({
      accounts: [
        { accountId: OWN, roleArn: null },
        { accountId: MEMBER, roleArn: `arn:aws:iam::${MEMBER}:role/p/R` },
      ],
      failures: [],
      inactive: ['333344445555', '444455556666'],
    });
  });

  test('accounts that are named and not in the organization are a failure, not a silence', async () => {
    const target = { kind: 'organization', accounts: [MEMBER, '999999999999'], roleName: 'R' } as const;
    const targets = await findTargets(world(), target, 'eu-west-1', NEVER);
    expect(targets.accounts.map(({ accountId }) => accountId)).toEqual([MEMBER]);
    expect(targets.failures).toMatchObject([{ accountId: '999999999999', code: 'aws-account-unknown' }]);
  });

  test.each(['aws', 'aws-cn', 'aws-us-gov'])(
    'roles are named in the partition of the caller: %s',
    async (partition) => {
      const target = { kind: 'accounts', accounts: [MEMBER, MEMBER], roleName: 'R' } as const;
      const targets = await findTargets(world(partition), target, 'eu-west-1', NEVER);
      expect(targets.accounts).toEqual([{ accountId: MEMBER, roleArn: `arn:${partition}:iam::${MEMBER}:role/R` }]);
    },
  );

  test('who may not list the accounts is told which permission is missing', async () => {
    const api = fakeApi(({ operation }) =>
      operation === 'ListAccounts' ? awsError('AccessDeniedException') : { Account: OWN, Arn: 'arn:aws:iam::1:user/x' },
    );
    const problem = await problemOf(
      findTargets(api, { kind: 'organization', accounts: null, roleName: 'R' }, 'eu-west-1', NEVER),
    );
    expect(problem).toMatchObject({ code: 'aws-access-denied', fault: 'environment' });
    expect(problem.next).toContain('organizations:ListAccounts');
  });

  test('the regions are those that the account has enabled', async () => {
    const api = fakeApi(() => ({ Regions: [{ RegionName: 'us-east-1' }, { RegionName: 'ap-south-2' }] }));
    expect(await enabledRegions(api, PLACE, NEVER)).toEqual(['ap-south-2', 'us-east-1']);
    expect(api.calls[0]!.input).toEqual({ AllRegions: false });
  });

  test.each([
    ['arn:aws:iam::111122223333:role/a/b/Name', { partition: 'aws', accountId: OWN, roleName: 'a/b/Name' }],
    ['arn:aws-us-gov:iam::111122223333:role/Name', { partition: 'aws-us-gov', accountId: OWN, roleName: 'Name' }],
    ['arn:aws:iam::111122223333:user/Name', null],
    ['arn:aws:sts::111122223333:assumed-role/Name/x', null],
    ['arn:aws:iam::11112222333:role/Name', null],
    ['Name', null],
    ['arn:aws:iam::111122223333:role/Name; rm', null],
  ])('%s', (arn, parsed) => {
    expect(parseRoleArn(arn)).toEqual(parsed);
  });
});
