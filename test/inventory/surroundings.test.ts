import { describe, expect, test } from 'vitest';
import { readInventory } from '../../analyzer/inventory/index.ts';
import { DB, folderWith, group, networkInterface, problemOf, rule, WEB } from './aws-output.ts';

const flat = (more: Record<string, unknown>) =>
  folderWith({
    'security-groups.json': { SecurityGroups: [group(WEB, { GroupName: 'web' }), group(DB, { GroupName: 'db' })] },
    'security-group-rules.json': { SecurityGroupRules: [rule(1, WEB, { CidrIpv4: '10.0.0.0/8' })] },
    'network-interfaces.json': { NetworkInterfaces: [networkInterface('eni-1', [WEB])] },
    'managed-prefix-lists.json': { PrefixLists: [] },
    'vpcs.json': { Vpcs: [] },
    'subnets.json': { Subnets: [] },
    ...more,
  });

describe('what is around the rules', () => {
  test('groups of launch templates are found by id, by name, and on their interfaces; versions of one template are one holder', async () => {
    const version = (VersionNumber: number, LaunchTemplateData: object) => ({
      LaunchTemplateId: 'lt-1',
      LaunchTemplateName: 'n',
      VersionNumber,
      LaunchTemplateData,
    });
    const { holders } = await readInventory(
      flat({
        'launch-template-versions.json': {
          LaunchTemplateVersions: [
            version(7, { NetworkInterfaces: [{ Groups: [WEB] }] }),
            version(3, { SecurityGroupIds: [WEB], SecurityGroups: ['db', 'nobody'] }),
            version(1, {}),
          ],
        },
      }),
    );
    const shared = {
      kind: 'launch-template',
      holderId: 'lt-1',
      name: 'n',
      accountId: '111122223333',
      region: 'eu-west-1',
    };
    expect(holders).toEqual([
      { ...shared, groupId: WEB, versions: [3, 7], byName: false },
      { ...shared, groupId: DB, versions: [3], byName: true },
    ]);
  });

  test('a flow log says where it goes and why it could not, in the flat layout, too', async () => {
    const { flowLogs, missingListings } = await readInventory(
      flat({
        'flow-logs.json': {
          FlowLogs: [
            {
              FlowLogId: 'fl-1',
              ResourceId: 'vpc-1',
              TrafficType: 'REJECT',
              LogDestinationType: 's3',
              LogDestination: 'arn:aws:s3:::bucket/prefix',
              LogFormat: '${srcaddr}',
              MaxAggregationInterval: 600,
              FlowLogStatus: 'ACTIVE',
              DeliverLogsStatus: 'FAILED',
              DeliverLogsErrorMessage: 'Access error',
              CreationTime: '2026-06-01T08:00:00.500Z',
            },
          ],
        },
      }),
    );
    expect(flowLogs).toEqual([
      {
        flowLogId: 'fl-1',
        accountId: '111122223333',
        region: 'eu-west-1',
        resourceId: 'vpc-1',
        trafficType: 'REJECT',
        destinationType: 's3',
        destination: 'arn:aws:s3:::bucket/prefix',
        format: '${srcaddr}',
        aggregationInterval: 600,
        status: 'ACTIVE',
        deliveryError: 'Access error',
        createdAt: Date.parse('2026-06-01T08:00:00Z') / 1000,
      },
    ]);
    expect(missingListings?.map(({ listing }) => listing)).not.toContain('flow-logs');
    expect(missingListings?.map(({ listing }) => listing)).toContain('vpc-peering-connections');
  });

  test('a peering that both sides see is one, with what either knows', async () => {
    const side = (account: string, cidrs: string[]) => ({
      OwnerId: account,
      Region: 'eu-west-1',
      VpcId: `vpc-${account}`,
      CidrBlockSet: cidrs.map((CidrBlock) => ({ CidrBlock })),
    });
    const peering = (a: string[], b: string[]) => ({
      VpcPeeringConnections: [
        {
          VpcPeeringConnectionId: 'pcx-1',
          Status: { Code: 'active' },
          RequesterVpcInfo: side('1', a),
          AccepterVpcInfo: side('2', b),
        },
      ],
    });
    const of = (account: string, extra: object) => {
      const own = { OwnerId: account };
      return Object.fromEntries(
        Object.entries({
          'security-groups.json': { SecurityGroups: [group(`sg-${account}`, own)] },
          'security-group-rules.json': { SecurityGroupRules: [] },
          'network-interfaces.json': { NetworkInterfaces: [] },
          ...extra,
        }).map(([name, content]) => [`${account}/eu-west-1/${name}`, content]),
      );
    };
    const dir = folderWith({
      ...of('111122223333', { 'vpc-peering-connections.json': peering(['10.0.0.0/16'], []) }),
      ...of('222233334444', { 'vpc-peering-connections.json': peering([], ['10.1.0.0/16', '10.2.0.1/16']) }),
    });
    const { peerings, warnings } = await readInventory(dir);
    expect(peerings).toMatchObject([
      {
        peeringConnectionId: 'pcx-1',
        status: 'active',
        requester: { cidrs: ['10.0.0.0/16'] },
        accepter: { cidrs: ['10.1.0.0/16', '10.2.0.0/16'] },
      },
    ]);
    expect(warnings.map(({ code }) => code)).not.toContain('inventory-copies-differ');
  });

  test('AWS Config history that was pulled is read from its place without being named', async () => {
    const item = {
      configurationItemCaptureTime: '2026-06-01T00:00:00Z',
      configurationItemStatus: 'ResourceDiscovered',
      resourceType: 'AWS::EC2::NetworkInterface',
      resourceId: 'eni-9',
      accountId: '111122223333',
      awsRegion: 'eu-west-1',
      configuration: { networkInterfaceId: 'eni-9', groups: [{ groupId: WEB }] },
    };
    const scope = '111122223333/eu-west-1';
    const dir = folderWith({
      [`${scope}/security-groups.json`]: { SecurityGroups: [group(WEB)] },
      [`${scope}/security-group-rules.json`]: { SecurityGroupRules: [] },
      [`${scope}/network-interfaces.json`]: { NetworkInterfaces: [] },
      [`${scope}/config-history/network-interfaces.json`]: {
        cutBefore: '2026-01-01T00:00:00Z',
        configurationItems: [item],
      },
    });
    const { interfaces } = await readInventory(dir);
    expect(interfaces).toMatchObject([{ interfaceId: 'eni-9', groups: [WEB], origin: 'config-history' }]);
  });

  test('a further listing of the wrong shape is refused by file and place', async () => {
    const dir = flat({ 'flow-logs.json': { FlowLogs: [{ FlowLogId: 7 }] } });
    expect(await problemOf(readInventory(dir))).toMatchObject({
      code: 'inventory-wrong-shape',
      at: 'FlowLogs[0].FlowLogId',
    });
  });
});
