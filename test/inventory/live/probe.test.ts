import { describe, expect, it } from 'vitest';
import { memberPolicy } from '../../../analyzer/inventory/live/permissions.ts';
import { missingPolicy, probePermissions } from '../../../analyzer/inventory/live/probe.ts';
import { complaintsOf } from '../../../bot/cli/work/doctor-aws.ts';
import { awsError, fakeApi, NEVER, PLACE } from './fake-api.ts';

const ME = { Arn: 'arn:aws:sts::111122223333:assumed-role/reader/session', Account: '111122223333' };
const FOUND: Record<string, Record<string, unknown>> = {
  GetCallerIdentity: ME,
  DescribeNetworkInterfaces: { NetworkInterfaces: [{ NetworkInterfaceId: 'eni-1' }] },
  DescribeManagedPrefixLists: { PrefixLists: [{ PrefixListId: 'pl-1' }] },
  DescribeVpcs: { Vpcs: [{ VpcId: 'vpc-1' }] },
};

function probing(denied: readonly string[] = [], code = 'UnauthorizedOperation', found = FOUND) {
  return fakeApi(({ operation }) => (denied.includes(operation) ? awsError(code, 'no') : found[operation]));
}

describe('what the credentials may', () => {
  it('makes every call of the pull in an account once, and no other', async () => {
    const api = probing();
    const probe = await probePermissions(api, PLACE, NEVER);
    const actions = new Set(memberPolicy().Statement.flatMap(({ Action }) => Action.map((one) => one.split(':')[1])));
    expect(new Set(probe.calls.map(({ operation }) => operation))).toEqual(actions);
    expect(api.calls).toHaveLength(actions.size + 1);
    expect(missingPolicy(probe)).toBeNull();
    expect(complaintsOf(probe)).toEqual([]);
  });

  it('gives one policy for all that was denied, and the command for the role', async () => {
    const denied = ['DescribeSecurityGroupRules', 'GetManagedPrefixListEntries', 'LookupEvents'];
    const complaints = complaintsOf(await probePermissions(probing(denied), PLACE, NEVER));
    expect(complaints.map(({ code, weight }) => [code, weight])).toEqual([
      ['aws-access-denied', 'blocks'],
      ['aws-access-denied', 'weakens'],
      ['aws-access-denied', 'weakens'],
    ]);
    const [command, ...more] = complaints.flatMap(({ commands }) => commands);
    expect(more).toEqual([]);
    const [, name, policy] =
      /^aws iam put-role-policy --role-name (\S+) --policy-name pare-inventory-missing --policy-document '(.*)'$/.exec(
        command!,
      )!;
    expect(name).toBe('reader');
    expect(JSON.parse(policy!)).toEqual({
      Version: '2012-10-17',
      Statement: [
        { Effect: 'Allow', Action: ['cloudtrail:LookupEvents', 'ec2:DescribeSecurityGroupRules'], Resource: '*' },
        { Effect: 'Allow', Action: ['ec2:GetManagedPrefixListEntries'], Resource: 'arn:aws:ec2:*:*:prefix-list/*' },
      ],
    });
  });

  it.each([
    ['arn:aws:iam::111122223333:user/ops/alice', 'aws iam put-user-policy --user-name alice '],
    ['arn:aws-cn:sts::111122223333:assumed-role/reader/x', 'aws iam put-role-policy --role-name reader '],
    ['arn:aws:iam::111122223333:root', undefined],
    ["arn:aws:sts::111122223333:federated-user/x'; rm -rf ~", undefined],
  ])('%s', async (Arn, start) => {
    const api = probing(['DescribeVpcs'], 'UnauthorizedOperation', { ...FOUND, GetCallerIdentity: { ...ME, Arn } });
    const [command] = complaintsOf(await probePermissions(api, PLACE, NEVER)).flatMap(({ commands }) => commands);
    if (start === undefined) expect(command).toBeUndefined();
    else expect(command?.startsWith(start)).toBe(true);
  });

  it('says that Config is off, and how to switch it on', async () => {
    const api = probing(['ListDiscoveredResources'], 'NoAvailableConfigurationRecorderException');
    const complaints = complaintsOf(await probePermissions(api, PLACE, NEVER));
    expect(complaints).toMatchObject([{ code: 'aws-config-off', weight: 'weakens' }]);
    expect(complaints[0]!.commands.map((one) => one.split(' ')[2])).toEqual([
      'put-configuration-recorder',
      'put-delivery-channel',
      'start-configuration-recorder',
    ]);
  });

  it('an interface that Config does not know yet is no missing permission', async () => {
    const api = probing(['GetResourceConfigHistory'], 'ResourceNotDiscoveredException');
    expect(complaintsOf(await probePermissions(api, PLACE, NEVER))).toEqual([]);
  });

  it('asks nothing that it has no id for', async () => {
    const api = probing([], '', { GetCallerIdentity: ME });
    const asked = (await probePermissions(api, PLACE, NEVER)).calls.map(({ operation }) => operation);
    for (const operation of ['GetManagedPrefixListEntries', 'DescribeStaleSecurityGroups', 'GetResourceConfigHistory'])
      expect(asked).not.toContain(operation);
  });

  it('does not go on without credentials', async () => {
    const api = probing(['GetCallerIdentity'], 'CredentialsProviderError');
    await expect(probePermissions(api, PLACE, NEVER)).rejects.toThrow(/no AWS credentials.*sign in/);
    expect(api.calls).toHaveLength(1);
  });
});
