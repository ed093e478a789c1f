import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, test } from 'vitest';
import { readInventory } from '../../analyzer/inventory/index.ts';
import { memberPolicy } from '../../analyzer/inventory/live/permissions.ts';
import { pullInventory } from '../../analyzer/inventory/live/pull.ts';
import type { PulledScope } from '../../analyzer/inventory/live/pull-scope.ts';
import { filesIn, useBench } from './harness.ts';
import { ec2Of, OWN_ACCOUNT, seedNetwork, seedOrganization } from './seed.ts';

const bench = useBench();
let members: string[];

beforeAll(async () => {
  members = await seedOrganization(bench.moto, 23);
  await seedNetwork(await ec2Of(bench.moto, 'eu-west-1', members[0]!), 2, 3);
});

const ORGANIZATION = ['--organization', '--role-name', 'security/PareInventory', '--external-id', 'pare-4711'];
const assumed = () => bench.proxy.seen.filter(({ operation }) => operation === 'AssumeRole');

describe('an organization of two pages of accounts', () => {
  test('every account is read, the own one without a role, and each through its role once', async () => {
    const outcome = await bench.pull([...ORGANIZATION, '--region', 'eu-west-1', 'us-east-1']);
    expect(outcome.stderr).toContain('wrote ');
    expect(outcome.code).toBe(0);
    const accounts = [OWN_ACCOUNT, ...members].sort();
    const scopes = accounts.flatMap((account) => [`${account}/eu-west-1`, `${account}/us-east-1`]);
    const files = filesIn(join(bench.dir, 'out'));
    expect(files.filter((file) => file.endsWith('/security-groups.json'))).toEqual(
      scopes.map((scope) => `${scope}/security-groups.json`),
    );
    expect(
      outcome.stdout
        .split('\n')
        .slice(1, -1)
        .map((line) => line.split(/ +/).slice(0, 2).join('/')),
    ).toEqual(scopes);
    expect(bench.proxy.seen.filter(({ operation }) => operation === 'ListAccounts')).toHaveLength(2);
    expect(
      assumed()
        .map(({ input }) => input.RoleArn)
        .sort(),
    ).toEqual(members.map((account) => `arn:aws:iam::${account}:role/security/PareInventory`));

    const inventory = await readInventory(join(bench.dir, 'out'));
    expect([...new Set(inventory.groups.map((group) => group.accountId))].sort()).toEqual(accounts);
    expect(inventory.rules.filter((rule) => rule.accountId === members[0]).length).toBeGreaterThan(90);
    expect(inventory.failedScopes).toEqual([]);
  });

  test('the role is asked for with external id, session name, tags, and a policy of the calls that are made and no more', async () => {
    const only = members.slice(0, 2);
    const args = [
      ...ORGANIZATION,
      '--accounts',
      only.join(','),
      '--session-name',
      'weekly',
      '--session-tag',
      'team=net',
      'run=7',
    ];
    expect((await bench.pull([...args, '--rule-ages'])).code).toBe(0);
    expect(assumed()).toHaveLength(2);
    for (const { input } of assumed()) {
      expect(input).toMatchObject({ ExternalId: 'pare-4711', RoleSessionName: 'weekly', DurationSeconds: 3600 });
      expect(input.Tags).toEqual([
        { Key: 'team', Value: 'net' },
        { Key: 'run', Value: '7' },
      ]);
      const [statement] = (JSON.parse(String(input.Policy)) as ReturnType<typeof memberPolicy>).Statement;
      expect(statement!.Action).toEqual(
        memberPolicy(['--rule-ages'])
          .Statement.flatMap((s) => s.Action)
          .sort(),
      );
    }
    const called = new Set(
      bench.proxy.seen
        .filter((seen) => seen.account !== OWN_ACCOUNT)
        .map((seen) => `${seen.service}:${seen.operation}`),
    );
    called.delete('sts:GetCallerIdentity');
    for (const action of called)
      expect(memberPolicy(['--rule-ages']).Statement.flatMap((s) => s.Action)).toContain(action);
  });

  test('accounts and regions that deny, throttle or break stop no other, and each is told with what to do', async () => {
    const [denied, unruly, broken] = members.slice(3, 6) as [string, string, string];
    bench.proxy.faults = ({ operation, input, account, region }) => {
      if (operation === 'AssumeRole' && String(input.RoleArn).includes(denied))
        return {
          status: 403,
          code: 'AccessDenied',
          message: `User: x is not authorized to perform: sts:AssumeRole on ${String(input.RoleArn)}`,
        };
      if (account === unruly && operation === 'DescribeNetworkInterfaces' && region === 'us-east-1')
        return { status: 403, code: 'UnauthorizedOperation', message: 'You are not authorized.' };
      if (account === broken && region === 'eu-west-1' && operation === 'DescribeSecurityGroups')
        return {
          status: 401,
          code: 'AuthFailure',
          message: 'AWS was not able to validate the provided access credentials',
        };
      return null;
    };
    const outcome = await bench.pull([...ORGANIZATION, '--region', 'eu-west-1', 'us-east-1']);
    expect(outcome.code).toBe(1);
    expect(outcome.stderr).toContain(
      `${denied} all regions: access denied: sts:AssumeRole on arn:aws:iam::${denied}:role/security/PareInventory; allow sts:AssumeRole on it`,
    );
    expect(outcome.stderr).toContain(`${unruly} us-east-1: access denied`);
    expect(outcome.stderr).toContain(`allow ec2:DescribeNetworkInterfaces on *`);
    expect(outcome.stderr).toContain(
      `${broken} eu-west-1: eu-west-1 does not take the credentials (AuthFailure); check that eu-west-1 is enabled`,
    );
    const rows = outcome.stdout.split('\n').filter((line) => line.endsWith('failed'));
    expect(rows.map((row) => row.split(/ +/).slice(0, 2))).toEqual(
      [
        [denied, '-'],
        [unruly, 'us-east-1'],
        [broken, 'eu-west-1'],
      ].sort(([a], [b]) => (a! < b! ? -1 : 1)),
    );

    const dir = join(bench.dir, 'out');
    const files = filesIn(dir);
    expect(files.filter((file) => file.endsWith('/security-groups.json'))).toHaveLength(24 * 2 - 4);
    expect(files.some((file) => file.startsWith(`${denied}/`) || file.startsWith(`${unruly}/us-east-1`))).toBe(false);
    expect(JSON.parse(readFileSync(join(dir, 'errors.json'), 'utf8')).Errors).toHaveLength(3);
    const inventory = await readInventory(dir);
    expect(inventory.failedScopes?.map(({ accountId, region }) => [accountId, region])).toEqual(
      [
        [denied, null],
        [unruly, 'us-east-1'],
        [broken, 'eu-west-1'],
      ].sort(([a], [b]) => (a! < b! ? -1 : 1)),
    );
    expect(inventory.warnings.map(({ code }) => code)).toEqual(Array(3).fill('inventory-scope-failed'));
    expect(inventory.warnings.map(({ message }) => message).join()).toContain(
      'traffic of its interfaces stays unexplained',
    );
  });

  test('an account that is throttled to the end is told as throttled, and the others are whole', async () => {
    const throttled = members[7]!;
    bench.proxy.faults = ({ account, operation }) =>
      account === throttled && operation === 'DescribeSecurityGroups'
        ? { status: 503, code: 'RequestLimitExceeded', message: 'Request limit exceeded.' }
        : null;
    const written: PulledScope[] = [];
    const result = await pullInventory(
      {
        target: { kind: 'accounts', accounts: members.slice(6, 9), roleName: 'r' },
        regions: ['eu-west-1'],
        configHistory: null,
        ruleAges: false,
        concurrency: 2,
      },
      {
        api: bench.api({ maxAttempts: 2 }),
        write: async (scope) => void written.push(scope),
        progress: () => {},
        signal: new AbortController().signal,
      },
    );
    expect(result.failures).toMatchObject([
      { accountId: throttled, region: 'eu-west-1', listing: null, code: 'aws-throttled' },
    ]);
    expect(written.map((scope) => scope.accountId).sort()).toEqual([members[6], members[8]]);
    const tries = bench.proxy.seen.filter(
      (seen) => seen.account === throttled && seen.operation === 'DescribeSecurityGroups',
    );
    expect(tries).toHaveLength(2);
  });

  test('all regions that an account has enabled are read, and no more than asked for at once', async () => {
    let open = 0;
    let most = 0;
    bench.proxy.faults = ({ operation }) => {
      if (operation === 'DescribeSecurityGroupRules') most = Math.max(most, ++open);
      if (operation === 'DescribeSecurityGroupVpcAssociations') open--;
      return null;
    };
    const outcome = await bench.pull(['--region', 'all', '--concurrency', '3']);
    expect(outcome.code).toBe(0);
    expect(outcome.stdout.split('\n').length).toBeGreaterThan(15);
    expect(most).toBeGreaterThan(1);
    expect(most).toBeLessThanOrEqual(3);
  });

  test('who may not list the accounts gets one line, and nothing is written', async () => {
    bench.proxy.faults = ({ operation }) =>
      operation === 'ListAccounts'
        ? { status: 400, code: 'AccessDeniedException', message: 'You do not have permissions' }
        : null;
    const outcome = await bench.pull(ORGANIZATION);
    expect(outcome.code).toBe(1);
    expect(outcome.stderr).toBe(
      `pare: access denied: the caller in account ${OWN_ACCOUNT} may not call organizations:ListAccounts; allow organizations:ListAccounts on * (docs/permissions.md has the whole policy)\n`,
    );
    expect(filesIn(bench.dir)).toEqual([]);
  });

  test('without credentials the line says to sign in', async () => {
    const outcome = await bench.pull([], { env: { AWS_ACCESS_KEY_ID: undefined, AWS_SECRET_ACCESS_KEY: undefined } });
    expect(outcome.code).toBe(1);
    expect(outcome.stderr).toMatch(
      /^pare: no AWS credentials: .*; sign in, for example with aws sso login, or name another --profile\n$/,
    );
  });

  test('without any region the line says to give one', async () => {
    const outcome = await bench.pull([], { env: { AWS_REGION: undefined } });
    expect([outcome.code, outcome.stderr]).toEqual([
      3,
      expect.stringMatching(/^pare: neither --region .*; give --region/),
    ]);
  });
});
