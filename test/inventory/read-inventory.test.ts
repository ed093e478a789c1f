import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { describe, expect, test } from 'vitest';
import { readInventory } from '../../analyzer/inventory/index.ts';
import { formatProblem } from '../../analyzer/model/problem.ts';
import { shapeKey } from '../../analyzer/model/rule.ts';
import { DB, folderWith, group, networkInterface, problemOf, rule, smallInventory, WEB } from './aws-output.ts';

const codes = (warnings: readonly { code: string }[]): string[] => warnings.map((warning) => warning.code);

describe('an inventory as the AWS CLI prints it', () => {
  test('flat files become groups, rules, interfaces, lists and networks, all sorted, without a warning', async () => {
    const inventory = await readInventory(folderWith(smallInventory()));
    expect(inventory.warnings).toEqual([]);
    expect(inventory.groups.map((g) => [g.groupId, g.accountId, g.region, g.groupName])).toEqual([
      [WEB, '111122223333', 'eu-west-1', `name-of-${WEB}`],
      [DB, '111122223333', 'eu-west-1', `name-of-${DB}`],
    ]);
    expect(inventory.rules.map((r) => `${r.ruleId.at(-1)} ${r.groupId} ${shapeKey(r)}`)).toEqual([
      `1 ${WEB} ingress|tcp|443|443|cidrIpv4|0.0.0.0/0`,
      `2 ${DB} ingress|tcp|5432|5432|group|${WEB}`,
      `3 ${DB} egress|-1|||cidrIpv6|::/0`,
      `4 ${WEB} egress|tcp|443|443|prefixList|pl-6da54004`,
    ]);
    expect(inventory.rules[0]!.description).toBe('the world');
    expect(inventory.interfaces).toEqual([
      {
        interfaceId: 'eni-0000000000000000a',
        accountId: '111122223333',
        region: 'eu-west-1',
        vpcId: 'vpc-0123456789abcdef0',
        subnetId: 'subnet-0123456789abcdef0',
        groups: [WEB],
        addresses: ['10.0.1.9', '10.0.1.200', '2001:db8::a'],
        publicAddresses: ['198.51.100.7'],
        interfaceType: 'interface',
        requesterManaged: false,
        description: 'Primary network interface',
        from: Date.UTC(2026, 5, 1, 8) / 1000,
        to: null,
        origin: 'inventory',
        startKnown: false,
        existsSince: Date.UTC(2026, 5, 1, 8) / 1000,
      },
    ]);
    expect(inventory.prefixLists).toEqual([
      {
        prefixListId: 'pl-6da54004',
        name: 'com.amazonaws.eu-west-1.s3',
        ownerId: 'AWS',
        maxEntries: null,
        cidrs: ['3.5.64.0/21', '52.92.0.0/17'],
      },
    ]);
    expect(inventory.vpcs.map((vpc) => vpc.cidrs)).toEqual([['10.0.0.0/16', '2001:db8::/56']]);
    expect(inventory.subnets.map((subnet) => subnet.cidrs)).toEqual([['10.0.1.0/24']]);
  });

  test('several accounts and regions stand side by side, and what two of them see is there once', async () => {
    const files = smallInventory();
    const other = {
      ...files,
      'security-groups.json': {
        SecurityGroups: [group('sg-0f', { OwnerId: '444455556666', VpcId: 'vpc-0f', SecurityGroupArn: undefined })],
      },
      'security-group-rules.json': { SecurityGroupRules: [] },
      'network-interfaces.json': { NetworkInterfaces: [] },
    };
    const nested: Record<string, unknown> = {};
    for (const [name, value] of Object.entries(files)) nested[`111122223333/eu-west-1/${name}`] = value;
    for (const [name, value] of Object.entries(other)) nested[`444455556666/us-east-2/${name}`] = value;
    delete nested['444455556666/us-east-2/vpcs.json'];
    delete nested['444455556666/us-east-2/subnets.json'];
    const inventory = await readInventory(folderWith(nested));
    expect(inventory.groups.map((g) => `${g.accountId} ${g.region} ${g.groupId}`)).toEqual([
      `111122223333 eu-west-1 ${WEB}`,
      `111122223333 eu-west-1 ${DB}`,
      '444455556666 us-east-2 sg-0f',
    ]);
    expect(inventory.prefixLists).toHaveLength(1);
    expect(codes(inventory.warnings)).toEqual(['inventory-file-missing', 'inventory-file-missing']);
  });

  test('copies that differ are told, and the first is taken', async () => {
    const files: Record<string, unknown> = {};
    for (const account of ['111122223333', '444455556666']) {
      for (const [name, value] of Object.entries(smallInventory())) files[`${account}/eu-west-1/${name}`] = value;
    }
    files['444455556666/eu-west-1/network-interfaces.json'] = {
      NetworkInterfaces: [networkInterface('eni-0000000000000000a', [DB])],
    };
    const inventory = await readInventory(folderWith(files));
    expect(inventory.interfaces.map((state) => state.groups)).toEqual([[WEB]]);
    expect(codes(inventory.warnings)).toEqual(['inventory-copies-differ']);
    expect(inventory.warnings[0]!.message).toContain('eni-0000000000000000a');
  });

  test('pages may be one file after another within a file, or files with numbers, gzipped, with a byte order mark', async () => {
    const files = smallInventory();
    const page = (n: number, token?: string): string =>
      JSON.stringify({
        SecurityGroupRules: [rule(n, WEB, { CidrIpv4: `10.0.0.${n}/32` })],
        ...(token ? { NextToken: token } : {}),
      });
    files['security-group-rules.json'] = `\ufeff${page(1, 'a')}\n${page(2, 'b')}\n`;
    files['security-group-rules-2.json.gz'] = gzipSync(page(3));
    files['network-interfaces.json'] = Buffer.from(
      `\ufeff${JSON.stringify(files['network-interfaces.json'])}`,
      'utf16le',
    );
    const inventory = await readInventory(folderWith(files));
    expect(inventory.rules.map((r) => r.ruleId.at(-1))).toEqual(['1', '2', '3']);
    expect(inventory.interfaces).toHaveLength(1);
    expect(inventory.warnings).toEqual([]);
  });

  test('the same files give the same inventory, in whatever order their items stand', async () => {
    const files = smallInventory();
    const backward = Object.fromEntries(
      Object.entries(files).map(([name, value]) => [
        name,
        Object.fromEntries(
          Object.entries(value as Record<string, unknown[]>).map(([key, list]) => [key, [...list].reverse()]),
        ),
      ]),
    );
    expect(await readInventory(folderWith(backward))).toEqual(await readInventory(folderWith(files)));
  });

  test('an account without anything is an inventory too', async () => {
    const empty = {
      'security-groups.json': { SecurityGroups: [] },
      'security-group-rules.json': { SecurityGroupRules: [] },
      'network-interfaces.json': { NetworkInterfaces: [] },
      'managed-prefix-lists.json': { PrefixLists: [] },
      'vpcs.json': { Vpcs: [] },
      'subnets.json': { Subnets: [] },
    };
    const lists = { groups: [], rules: [], interfaces: [], prefixLists: [], vpcs: [], subnets: [], warnings: [] };
    const further = { flowLogs: [], holders: [], peerings: [], staleReferences: [], groupVpcs: [], ruleAges: [] };
    const { missingListings, ...inventory } = await readInventory(folderWith(empty));
    expect(inventory).toEqual({ ...lists, ...further, failedScopes: [] });
    expect(missingListings?.map((missing) => missing.listing)).toEqual([
      'flow-logs',
      'launch-template-versions',
      'rule-ages',
      'security-group-vpc-associations',
      'stale-security-groups',
      'vpc-peering-connections',
    ]);
  });

  test('peers in other accounts and behind peering keep who they are; a group of the same account carries none', async () => {
    const files = smallInventory();
    const info = {
      GroupId: 'sg-0ff',
      UserId: '999988887777',
      VpcId: 'vpc-0ff',
      VpcPeeringConnectionId: 'pcx-1',
      PeeringStatus: 'active',
    };
    files['security-group-rules.json'] = {
      SecurityGroupRules: [
        rule(1, WEB, { ReferencedGroupInfo: info }),
        rule(2, WEB, { ReferencedGroupInfo: { GroupId: WEB, UserId: '111122223333' } }),
      ],
    };
    const inventory = await readInventory(folderWith(files));
    expect(inventory.rules.map((r) => r.peer)).toEqual([
      {
        kind: 'group',
        groupId: 'sg-0ff',
        accountId: '999988887777',
        vpcId: 'vpc-0ff',
        peeringConnectionId: 'pcx-1',
        peeringStatus: 'active',
      },
      { kind: 'group', groupId: WEB },
    ]);
    expect(codes(inventory.warnings)).toEqual(['inventory-referenced-group-unknown']);
  });

  test('prefixes delegated to an interface are its addresses', async () => {
    const files = smallInventory();
    const extra = {
      Ipv4Prefixes: [{ Ipv4Prefix: '10.0.1.32/28' }],
      Ipv6Prefixes: [{ Ipv6Prefix: '2001:db8:0:1::/80' }],
    };
    files['network-interfaces.json'] = { NetworkInterfaces: [networkInterface('eni-1', [WEB], extra)] };
    const state = (await readInventory(folderWith(files))).interfaces[0]!;
    expect(state.addresses).toContain('10.0.1.47');
    expect(state.addresses).toHaveLength(3 + 16);
    expect(state.prefixes).toEqual(['10.0.1.32/28', '2001:db8:0:1::/80']);
  });

  test('only the first interface of an instance has a known birth', async () => {
    const files = smallInventory();
    const attachment = { AttachTime: '2026-06-01T08:00:00+00:00', DeviceIndex: 1, InstanceId: 'i-1' };
    files['network-interfaces.json'] = {
      NetworkInterfaces: [
        networkInterface('eni-1', [WEB], { Attachment: attachment }),
        networkInterface('eni-2', [WEB], { Attachment: undefined }),
      ],
    };
    const states = (await readInventory(folderWith(files))).interfaces;
    expect(states.map((state) => [state.existsSince, state.from, state.startKnown])).toEqual([
      [undefined, 0, false],
      [undefined, 0, false],
    ]);
  });
});

describe('rules from the permissions of groups', () => {
  const permissions = {
    IpPermissions: [
      {
        IpProtocol: 'tcp',
        FromPort: 443,
        ToPort: 443,
        UserIdGroupPairs: [{ UserId: '111122223333', GroupId: DB, Description: 'db' }],
        IpRanges: [{ CidrIp: '0.0.0.0/0', Description: 'the world' }, { CidrIp: '10.0.0.0/8' }],
        Ipv6Ranges: [{ CidrIpv6: '::/0' }],
        PrefixListIds: [{ PrefixListId: 'pl-6da54004' }],
      },
    ],
    IpPermissionsEgress: [
      {
        IpProtocol: '-1',
        UserIdGroupPairs: [],
        IpRanges: [{ CidrIp: '0.0.0.0/0' }],
        Ipv6Ranges: [],
        PrefixListIds: [],
      },
    ],
  };
  const withPermissions = (): Record<string, unknown> => ({
    ...smallInventory(),
    'security-groups.json': { SecurityGroups: [group(WEB, permissions), group(DB)] },
  });

  test('without security-group-rules.json they are derived, one for each peer, under stable ids, and a warning says so', async () => {
    const files = withPermissions();
    delete files['security-group-rules.json'];
    const inventory = await readInventory(folderWith(files));
    expect(inventory.rules.map(shapeKey).sort()).toEqual([
      'egress|-1|||cidrIpv4|0.0.0.0/0',
      'ingress|tcp|443|443|cidrIpv4|0.0.0.0/0',
      'ingress|tcp|443|443|cidrIpv4|10.0.0.0/8',
      'ingress|tcp|443|443|cidrIpv6|::/0',
      `ingress|tcp|443|443|group|${DB}`,
      'ingress|tcp|443|443|prefixList|pl-6da54004',
    ]);
    for (const r of inventory.rules) expect(r.ruleId).toMatch(/^sgr-derived-[0-9a-f]{17}$/);
    expect(codes(inventory.warnings)).toEqual(['inventory-rules-derived']);
    expect(inventory.warnings[0]!.next).toContain('aws ec2 describe-security-group-rules');
  });

  test('where both files are there and differ, each difference is told', async () => {
    const files = withPermissions();
    files['security-group-rules.json'] = {
      SecurityGroupRules: [
        rule(1, WEB, { CidrIpv4: '0.0.0.0/0' }),
        rule(2, WEB, { CidrIpv4: '10.0.0.0/8' }),
        rule(3, WEB, { CidrIpv6: '::/0' }),
        rule(4, WEB, { ReferencedGroupInfo: { GroupId: DB, UserId: '111122223333' } }),
        rule(5, WEB, { PrefixListId: 'pl-6da54004' }),
        rule(6, DB, { CidrIpv4: '192.0.2.0/24' }),
      ],
    };
    const { warnings } = await readInventory(folderWith(files));
    expect(codes(warnings)).toEqual(['inventory-rules-disagree', 'inventory-rules-disagree']);
    expect(warnings.map((warning) => warning.message).sort()).toEqual([
      `${WEB} has a permission (egress|-1|||cidrIpv4|0.0.0.0/0) that security-group-rules.json lacks`,
      `sgr-00000000000000006 of ${DB} (ingress|tcp|443|443|cidrIpv4|192.0.2.0/24) is not among the permissions in security-groups.json`,
    ]);
  });
});

describe('what is odd is told, never silent', () => {
  test('an interface that wears a group the inventory lacks, and rules of such a group', async () => {
    const files = smallInventory();
    files['network-interfaces.json'] = { NetworkInterfaces: [networkInterface('eni-1', [WEB, 'sg-0dead'])] };
    (files['security-group-rules.json'] as { SecurityGroupRules: object[] }).SecurityGroupRules.push(
      rule(7, 'sg-0gone', { CidrIpv4: '10.0.0.0/8' }),
    );
    const { warnings } = await readInventory(folderWith(files));
    expect(codes(warnings)).toEqual(['inventory-group-missing', 'inventory-rule-of-unknown-group']);
    expect(warnings[0]!.message).toContain('eni-1 wore sg-0dead');
  });

  test('a prefix list without entries may be anything', async () => {
    const files = smallInventory();
    delete files['prefix-list-entries/pl-6da54004.json'];
    const { prefixLists, warnings } = await readInventory(folderWith(files));
    expect(prefixLists[0]!.cidrs).toBeNull();
    expect(codes(warnings)).toEqual(['inventory-prefix-list-unknown']);
  });

  test('a folder named for another region than its items is told', async () => {
    const files: Record<string, unknown> = {};
    for (const [name, value] of Object.entries(smallInventory())) files[`111122223333/us-east-1/${name}`] = value;
    const { warnings, groups } = await readInventory(folderWith(files));
    expect(codes(warnings)).toEqual(['inventory-region-differs']);
    expect(groups[0]!.region).toBe('us-east-1');
  });
});

describe('bad input gets one line that names the file, the place and the next step', () => {
  const broken = (change: (files: Record<string, unknown>) => void): string => {
    const files = smallInventory();
    change(files);
    return folderWith(files);
  };
  const RULES = 'security-group-rules.json';
  const withRule = (extra: object) => (files: Record<string, unknown>) => {
    files[RULES] = { SecurityGroupRules: [rule(1, WEB, { CidrIpv4: '10.0.0.0/8' }), rule(2, WEB, extra)] };
  };
  const cases: [string, (files: Record<string, unknown>) => void, string, string | number | undefined, string][] = [
    ['no rules at all', (f) => delete f[RULES], RULES, undefined, 'inventory-file-missing'],
    [
      'no interfaces',
      (f) => delete f['network-interfaces.json'],
      'network-interfaces.json',
      undefined,
      'inventory-file-missing',
    ],
    ['no groups', (f) => delete f['security-groups.json'], 'security-groups.json', undefined, 'inventory-file-missing'],
    ['an empty file', (f) => (f[RULES] = ''), RULES, undefined, 'inventory-empty-file'],
    [
      'half a document',
      (f) => (f[RULES] = '{\n "SecurityGroupRules": [\n  {"a": 1},\n'),
      RULES,
      4,
      'inventory-invalid-json',
    ],
    [
      'a comma too many',
      (f) => (f[RULES] = '{\n "SecurityGroupRules": [\n  1,\n ]\n}'),
      RULES,
      4,
      'inventory-invalid-json',
    ],
    [
      'an error message',
      (f) => (f[RULES] = '\nAn error occurred (UnauthorizedOperation)'),
      RULES,
      2,
      'inventory-invalid-json',
    ],
    ['text output', (f) => (f[RULES] = 'SECURITYGROUPRULES\t443'), RULES, 1, 'inventory-invalid-json'],
    [
      'half a gzip',
      (f) => (f[RULES] = gzipSync('x'.repeat(9999)).subarray(0, 30)),
      RULES,
      undefined,
      'inventory-damaged-gzip',
    ],
    ['another listing', (f) => (f[RULES] = { Vpcs: [] }), RULES, 'SecurityGroupRules', 'inventory-wrong-shape'],
    ['a number', (f) => (f[RULES] = '7'), RULES, '$', 'inventory-wrong-shape'],
    [
      'a missing field',
      withRule({ GroupId: undefined }),
      RULES,
      'SecurityGroupRules[1].GroupId',
      'inventory-wrong-shape',
    ],
    ['a port as text', withRule({ FromPort: '443' }), RULES, 'SecurityGroupRules[1].FromPort', 'inventory-wrong-shape'],
    ['no peer', withRule({}), RULES, 'SecurityGroupRules[1]', 'inventory-wrong-shape'],
    [
      'two peers',
      withRule({ CidrIpv4: '10.0.0.0/8', PrefixListId: 'pl-1' }),
      RULES,
      'SecurityGroupRules[1]',
      'inventory-wrong-shape',
    ],
    [
      'a bad CIDR',
      withRule({ CidrIpv4: '10.0.0.0/33' }),
      RULES,
      'SecurityGroupRules[1].CidrIpv4',
      'inventory-wrong-shape',
    ],
    ['IPv6 as IPv4', withRule({ CidrIpv4: '::/0' }), RULES, 'SecurityGroupRules[1].CidrIpv4', 'inventory-wrong-shape'],
    [
      'a strange protocol',
      withRule({ IpProtocol: 'constructor' }),
      RULES,
      'SecurityGroupRules[1].IpProtocol',
      'inventory-wrong-shape',
    ],
    [
      'a listing cut short',
      (f) => (f[RULES] = { SecurityGroupRules: [], NextToken: 'eyJ' }),
      RULES,
      'NextToken',
      'inventory-listing-cut',
    ],
    [
      'interfaces without groups',
      (f) => (f['network-interfaces.json'] = { NetworkInterfaces: [{ NetworkInterfaceId: 'eni-1' }] }),
      'network-interfaces.json',
      'NetworkInterfaces[0].Groups',
      'inventory-wrong-shape',
    ],
  ];
  test.each(cases)('%s', async (_, change, file, at, code) => {
    const dir = broken(change);
    const problem = await problemOf(readInventory(dir));
    expect([problem.code, problem.file, problem.at, problem.fault]).toEqual([code, join(dir, file), at, 'input']);
    expect(problem.next).toMatch(/aws ec2 describe-[a-z-]+ .*--output json > /);
    expect(formatProblem(problem)).not.toContain('\n');
  });

  test('a folder that is not there, and one with nothing in it', async () => {
    const dir = folderWith({});
    expect((await problemOf(readInventory(join(dir, 'nope')))).code).toBe('inventory-missing');
    expect((await problemOf(readInventory(dir))).code).toBe('inventory-empty');
  });

  test('listings in a folder where they would be missed are refused', async () => {
    const files = { ...smallInventory(), 'eu-central-1/vpcs.json': { Vpcs: [] } };
    const problem = await problemOf(readInventory(folderWith(files)));
    expect(problem.code).toBe('inventory-unknown-layout');
    expect(problem.file).toMatch(/eu-central-1$/);
  });

  test('a flat layout that tells no region asks for ACCOUNT/REGION/', async () => {
    const files = {
      'security-groups.json': { SecurityGroups: [group(WEB, { SecurityGroupArn: undefined })] },
      'network-interfaces.json': { NetworkInterfaces: [] },
      'security-group-rules.json': { SecurityGroupRules: [] },
    };
    const problem = await problemOf(readInventory(folderWith(files)));
    expect([problem.code, problem.at]).toEqual(['inventory-unknown-region', 'SecurityGroups[0]']);
    expect(problem.next).toContain('ACCOUNT/REGION/');
  });
});
