import { join } from 'node:path';
import { beforeAll, describe, expect, test } from 'vitest';
import { readInventory } from '../../analyzer/inventory/index.ts';
import { useBench } from './harness.ts';
import { ec2Of, type Seeded, seedNetwork } from './seed.ts';

const bench = useBench();
const DAY = 86_400_000;
const now = Date.now();
let seeded: Seeded;

beforeAll(async () => {
  seeded = await seedNetwork(await ec2Of(bench.moto, 'eu-west-1'), 2, 2);
});

const GONE = 'eni-0fffffffffffffff1';
const LONG_GONE = 'eni-0fffffffffffffff2';

/** An item as GetResourceConfigHistory gives it: times in seconds, the configuration as text. */
function item(id: string, daysAgo: number, groups: readonly string[] | null, status = 'OK'): Record<string, unknown> {
  return {
    version: '1.3',
    accountId: '123456789012',
    configurationItemCaptureTime: Math.floor((now - daysAgo * DAY) / 1000),
    configurationItemStatus: status,
    configurationStateId: String(1_000_000 - daysAgo),
    arn: `arn:aws:ec2:eu-west-1:123456789012:network-interface/${id}`,
    resourceType: 'AWS::EC2::NetworkInterface',
    resourceId: id,
    awsRegion: 'eu-west-1',
    availabilityZone: 'eu-west-1a',
    resourceCreationTime: Math.floor((now - 900 * DAY) / 1000),
    ...(groups === null
      ? {}
      : {
          configuration: JSON.stringify({
            networkInterfaceId: id,
            groups: groups.map((groupId) => ({ groupId, groupName: groupId })),
            privateIpAddress: '10.40.0.200',
            privateIpAddresses: [{ primary: true, privateIpAddress: '10.40.0.200' }],
            interfaceType: 'interface',
            requesterManaged: false,
            vpcId: seeded.vpcId,
            subnetId: seeded.subnetId,
          }),
        }),
  };
}

describe('AWS Config by its API', () => {
  test('interfaces that are gone come back with what they wore, several pages of items each, and no further back than asked', async () => {
    const [a, b] = seeded.groupIds as [string, string];
    const histories: Record<string, Record<string, unknown>[]> = {
      [seeded.interfaceIds[0]!]: [
        // Newest first, as asked for; 150 items make two pages.
        ...Array.from({ length: 150 }, (_, i) => item(seeded.interfaceIds[0]!, 1 + i * 0.5, i % 2 === 0 ? [a] : [b])),
        item(seeded.interfaceIds[0]!, 110, [a, b]),
        item(seeded.interfaceIds[0]!, 800, [b]),
      ],
      [GONE]: [item(GONE, 20, null, 'ResourceDeleted'), item(GONE, 40, [b], 'ResourceDiscovered')],
    };
    bench.proxy.standIns.set('ListDiscoveredResources', () => ({
      resourceIdentifiers: [
        ...[seeded.interfaceIds[0]!, seeded.interfaceIds[1]!].map((resourceId) => ({
          resourceType: 'AWS::EC2::NetworkInterface',
          resourceId,
        })),
        {
          resourceType: 'AWS::EC2::NetworkInterface',
          resourceId: GONE,
          resourceDeletionTime: Math.floor((now - 20 * DAY) / 1000),
        },
        {
          resourceType: 'AWS::EC2::NetworkInterface',
          resourceId: LONG_GONE,
          resourceDeletionTime: Math.floor((now - 300 * DAY) / 1000),
        },
      ],
    }));
    bench.proxy.standIns.set('GetResourceConfigHistory', ({ input }) => ({
      configurationItems: histories[String(input.resourceId)] ?? [],
    }));
    bench.proxy.faults = ({ operation, input }) =>
      operation === 'GetResourceConfigHistory' && input.resourceId === seeded.interfaceIds[1]
        ? { status: 400, code: 'ResourceNotDiscoveredException', message: 'Resource has not been discovered' }
        : null;
    const outcome = await bench.pull(['--config-history', '100d']);
    expect(outcome.stderr).toContain('wrote ');
    expect(outcome.code).toBe(0);
    const listed = bench.proxy.seen.filter(({ operation }) => operation === 'ListDiscoveredResources');
    expect(listed[0]!.input).toMatchObject({ includeDeletedResources: true, limit: 100 });
    const asked = bench.proxy.seen.filter(({ operation }) => operation === 'GetResourceConfigHistory');
    expect(asked.some(({ input }) => input.resourceId === LONG_GONE)).toBe(false);
    expect(asked.filter(({ input }) => input.resourceId === seeded.interfaceIds[0])).toHaveLength(2);

    const { interfaces } = await readInventory(join(bench.dir, 'out'));
    const gone = interfaces.filter(({ interfaceId }) => interfaceId === GONE);
    expect(gone.map(({ groups, to, origin }) => [groups, to === null, origin])).toEqual([
      [[b], false, 'config-history'],
    ]);
    const states = interfaces.filter(({ interfaceId }) => interfaceId === seeded.interfaceIds[0]);
    expect(states.length).toBeGreaterThan(150);
    // What held 100 days ago is known; what held before its item was left out, and nothing is claimed of it.
    expect(states[0]).toMatchObject({
      groups: [a, b].sort(),
      startKnown: true,
      from: Math.floor((now - 110 * DAY) / 1000),
    });
    const other = interfaces.filter(({ interfaceId }) => interfaceId === seeded.interfaceIds[1]);
    expect(other.map(({ origin }) => origin)).toEqual(['inventory']);
  });

  test('more interfaces than the bound are not asked for one by one: the line says to use the files in S3', async () => {
    const outcome = await bench.pull(['--config-history', '--max-config-interfaces', '1']);
    expect(outcome.code).toBe(1);
    expect(outcome.stderr).toContain('give the files that AWS Config writes to S3 to: pare analyze --config-history');
    expect(bench.proxy.seen.some(({ operation }) => operation === 'GetResourceConfigHistory')).toBe(false);
  });

  test('where AWS Config is denied the inventory is there without it, and the line names the permission', async () => {
    bench.proxy.faults = ({ operation }) =>
      operation === 'ListDiscoveredResources'
        ? { status: 400, code: 'AccessDeniedException', message: 'not authorized' }
        : null;
    const outcome = await bench.pull(['--config-history']);
    expect(outcome.code).toBe(1);
    expect(outcome.stderr).toContain('allow config:ListDiscoveredResources on *');
    const inventory = await readInventory(join(bench.dir, 'out'));
    expect(inventory.interfaces.length).toBeGreaterThan(1);
    expect(inventory.failedScopes).toMatchObject([{ listing: 'config-history' }]);
  });
});

describe('CloudTrail and what else moto does not have', () => {
  test('the age of a rule is that of the event that made it, over several pages, and failed calls make nothing', async () => {
    const rules = (await readInventory(await pulled())).rules.filter((rule) => rule.direction === 'ingress');
    const [young, changed] = rules as [(typeof rules)[0], (typeof rules)[0]];
    const at = Math.floor(now / 1000) - 5 * 86_400;
    const event = (name: string, time: number, fields: object) => ({
      EventId: `e-${time}`,
      EventName: name,
      EventTime: time,
      EventSource: 'ec2.amazonaws.com',
      CloudTrailEvent: JSON.stringify({ userIdentity: { arn: 'arn:aws:iam::123456789012:user/mia' }, ...fields }),
    });
    const made = (ruleId: string) => ({
      responseElements: { _return: true, securityGroupRuleSet: { items: [{ securityGroupRuleId: ruleId }] } },
    });
    bench.proxy.standIns.set('LookupEvents', ({ input }) => {
      const [{ AttributeValue: name }] = input.LookupAttributes as [{ AttributeValue: string }];
      const noise = Array.from({ length: 60 }, (_, i) => event(name, at - i, { responseElements: null }));
      if (name === 'AuthorizeSecurityGroupIngress')
        return {
          Events: [
            ...noise,
            event(name, at, made(young.ruleId)),
            event(name, at, { ...made(changed.ruleId), errorCode: 'Client.UnauthorizedOperation' }),
          ],
        };
      if (name === 'ModifySecurityGroupRules')
        return {
          Events: [
            event(name, at + 60, {
              requestParameters: {
                ModifySecurityGroupRulesRequest: { SecurityGroupRule: { SecurityGroupRuleId: changed.ruleId } },
              },
              responseElements: { _return: true },
            }),
          ],
        };
      if (name === 'CreateSecurityGroup')
        return { Events: [event(name, at - 9, { responseElements: { groupId: seeded.groupIds[0] } })] };
      return { Events: [] };
    });
    bench.proxy.reset();
    expect((await bench.pull(['--rule-ages'])).code).toBe(0);
    const { ruleAges, rules: all } = await readInventory(join(bench.dir, 'out'));
    const egress = all.find((rule) => rule.groupId === seeded.groupIds[0] && rule.direction === 'egress')!;
    const by = 'arn:aws:iam::123456789012:user/mia';
    expect(ruleAges).toEqual(
      [
        { ruleId: young.ruleId, createdAt: at, changedAt: null, by },
        { ruleId: changed.ruleId, createdAt: null, changedAt: at + 60, by: null },
        { ruleId: egress.ruleId, createdAt: at - 9, changedAt: null, by },
      ].sort((x, y) => (x.ruleId < y.ruleId ? -1 : 1)),
    );
    expect(bench.proxy.seen.filter(({ operation }) => operation === 'LookupEvents')).toHaveLength(5);
  });

  test('stale references and further VPCs of a group are read for the VPCs that the account owns', async () => {
    const [a, b] = seeded.groupIds as [string, string];
    bench.proxy.standIns.set('DescribeStaleSecurityGroups', ({ input }) => ({
      StaleSecurityGroupSet:
        input.VpcId !== seeded.vpcId
          ? []
          : Array.from({ length: 300 }, (_, i) => ({
              GroupId: i === 0 ? a : `sg-${String(i).padStart(17, '0')}`,
              VpcId: seeded.vpcId,
              StaleIpPermissions: [
                {
                  IpProtocol: 'tcp',
                  FromPort: 443,
                  ToPort: 443,
                  UserIdGroupPairs: [
                    {
                      GroupId: 'sg-0dead',
                      VpcId: 'vpc-0dead',
                      VpcPeeringConnectionId: 'pcx-1',
                      PeeringStatus: 'deleted',
                    },
                  ],
                },
              ],
              StaleIpPermissionsEgress: [],
            })),
    }));
    bench.proxy.standIns.set('DescribeSecurityGroupVpcAssociations', () => ({
      SecurityGroupVpcAssociations: [
        { GroupId: b, VpcId: 'vpc-0other', VpcOwnerId: '123456789012', State: 'associated' },
      ],
    }));
    const { staleReferences, groupVpcs } = await readInventory(await pulled());
    expect(staleReferences).toHaveLength(300);
    expect(staleReferences).toContainEqual({
      groupId: a,
      accountId: '123456789012',
      region: 'eu-west-1',
      direction: 'ingress',
      protocol: 'tcp',
      fromPort: 443,
      toPort: 443,
      referencedGroupId: 'sg-0dead',
      referencedVpcId: 'vpc-0dead',
      peeringConnectionId: 'pcx-1',
    });
    expect(groupVpcs).toEqual([{ groupId: b, vpcId: 'vpc-0other', vpcOwnerId: '123456789012', state: 'associated' }]);
  });
});

async function pulled(): Promise<string> {
  const outcome = await bench.pull([]);
  expect([outcome.code, outcome.stderr]).toEqual([0, expect.stringContaining('wrote ')]);
  return join(bench.dir, 'out');
}
