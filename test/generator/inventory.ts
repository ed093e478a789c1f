import type { EpochSeconds } from '../../analyzer/model/interface.ts';
import { formatProtocol } from '../../analyzer/model/protocol.ts';
import { peerText, type SecurityGroupRule } from '../../analyzer/model/rule.ts';
import { hash } from './random.ts';
import type { ConfigFile, SimGroup, SimInterface, WorldState } from './types.ts';

type Json = Record<string, unknown>;

/** A flow log as DescribeFlowLogs tells it. */
export interface FlowLogDescription {
  flowLogId: string;
  format: string;
  bucketFolder: string;
  fileFormat: 'plain-text' | 'parquet';
  hive: boolean;
  perHour: boolean;
  resourceId: string;
}

/** The documents that `aws ec2 describe-…` prints at the end of the window, by file name. */
export function inventoryDocuments(
  world: WorldState,
  flowLogs: readonly FlowLogDescription[],
): Record<string, unknown> {
  const now = world.window.to;
  const out: Record<string, unknown> = {
    'security-groups.json': { SecurityGroups: world.groups.map((g) => groupJson(world, g)) },
    'security-group-rules.json': { SecurityGroupRules: world.rules.map((r) => ruleJson(world, r)) },
    'network-interfaces.json': {
      NetworkInterfaces: world.interfaces
        .filter((i) => i.gone === null || i.gone > now)
        .map((i) => interfaceJson(world, i)),
    },
    'managed-prefix-lists.json': {
      PrefixLists: world.prefixLists.map((p) => ({
        PrefixListId: p.prefixListId,
        AddressFamily: p.cidrs.some((c) => c.includes(':')) ? 'IPv6' : 'IPv4',
        State: 'create-complete',
        PrefixListArn: `arn:aws:ec2:${world.region}:${p.ownerId === 'AWS' ? 'aws' : p.ownerId}:prefix-list/${p.prefixListId}`,
        PrefixListName: p.name,
        ...(p.maxEntries === null ? {} : { MaxEntries: p.maxEntries, Version: 1 }),
        Tags: [],
        OwnerId: p.ownerId,
      })),
    },
    'vpcs.json': { Vpcs: [vpcJson(world)] },
    'subnets.json': { Subnets: world.subnets.map((s) => subnetJson(world, s)) },
    'flow-logs.json': { FlowLogs: flowLogs.map((f) => flowLogJson(world, f)) },
  };
  for (const p of world.prefixLists) {
    out[`prefix-list-entries/${p.prefixListId}.json`] = { Entries: p.cidrs.map((Cidr) => ({ Cidr })) };
  }
  return out;
}

function groupJson(world: WorldState, g: SimGroup): Json {
  const own = world.rules.filter((r) => r.groupId === g.groupId);
  return {
    GroupId: g.groupId,
    IpPermissionsEgress: permissions(
      world,
      own.filter((r) => r.direction === 'egress'),
    ),
    Tags: tagList(g.tags),
    VpcId: world.vpcId,
    SecurityGroupArn: `arn:aws:ec2:${world.region}:${world.accountId}:security-group/${g.groupId}`,
    OwnerId: world.accountId,
    GroupName: g.groupName,
    Description: g.description,
    IpPermissions: permissions(
      world,
      own.filter((r) => r.direction === 'ingress'),
    ),
  };
}

function tagList(tags: Readonly<Record<string, string>>): Json[] {
  return Object.entries(tags).map(([Key, Value]) => ({ Key, Value }));
}

/** Rules of one protocol and port range share an IpPermission, as EC2 groups them. */
function permissions(world: WorldState, rules: readonly SecurityGroupRule[]): Json[] {
  const byPorts = new Map<string, SecurityGroupRule[]>();
  for (const rule of rules) {
    const key = `${rule.protocol}|${rule.fromPort}|${rule.toPort}`;
    byPorts.set(key, [...(byPorts.get(key) ?? []), rule]);
  }
  return [...byPorts.values()].map((same) => {
    const first = same[0]!;
    const about = (r: SecurityGroupRule): Json => (r.description === null ? {} : { Description: r.description });
    const of = (kind: SecurityGroupRule['peer']['kind'], name: string): Json[] =>
      same
        .filter((r) => r.peer.kind === kind)
        .map((r) => ({
          ...about(r),
          ...(kind === 'group' ? { UserId: world.accountId } : {}),
          [name]: peerText(r.peer),
        }));
    return {
      IpProtocol: formatProtocol(first.protocol),
      ...(first.protocol === -1 ? {} : { FromPort: first.fromPort ?? -1, ToPort: first.toPort ?? -1 }),
      UserIdGroupPairs: of('group', 'GroupId'),
      IpRanges: of('cidrIpv4', 'CidrIp'),
      Ipv6Ranges: of('cidrIpv6', 'CidrIpv6'),
      PrefixListIds: of('prefixList', 'PrefixListId'),
    };
  });
}

function ruleJson(world: WorldState, r: SecurityGroupRule): Json {
  const peer = r.peer;
  return {
    SecurityGroupRuleId: r.ruleId,
    GroupId: r.groupId,
    GroupOwnerId: world.accountId,
    IsEgress: r.direction === 'egress',
    IpProtocol: formatProtocol(r.protocol),
    FromPort: r.fromPort ?? -1,
    ToPort: r.toPort ?? -1,
    ...(peer.kind === 'cidrIpv4' ? { CidrIpv4: peer.cidr } : {}),
    ...(peer.kind === 'cidrIpv6' ? { CidrIpv6: peer.cidr } : {}),
    ...(peer.kind === 'prefixList' ? { PrefixListId: peer.prefixListId } : {}),
    ...(peer.kind === 'group' ? { ReferencedGroupInfo: { GroupId: peer.groupId, UserId: world.accountId } } : {}),
    ...(r.description === null ? {} : { Description: r.description }),
    Tags: tagList(r.tags),
    SecurityGroupRuleArn: `arn:aws:ec2:${world.region}:${world.accountId}:security-group-rule/${r.ruleId}`,
  };
}

function groupList(world: WorldState, ids: readonly string[]): { GroupId: string; GroupName: string }[] {
  return ids.map((GroupId) => ({
    GroupId,
    GroupName: world.groups.find((g) => g.groupId === GroupId)?.groupName ?? '',
  }));
}

function mac(i: SimInterface): string {
  const h = hash(i.interfaceId).toString(16).padStart(8, '0');
  return `0a:${h.slice(0, 2)}:${h.slice(2, 4)}:${h.slice(4, 6)}:${h.slice(6, 8)}:01`;
}

function interfaceJson(world: WorldState, i: SimInterface): Json {
  const subnet = world.subnets.find((s) => s.subnetId === i.subnetId);
  const association =
    i.publicIp === null
      ? {}
      : {
          Association: {
            IpOwnerId: 'amazon',
            PublicDnsName: `ec2-${i.publicIp.replaceAll('.', '-')}.${world.region}.compute.amazonaws.com`,
            PublicIp: i.publicIp,
          },
        };
  return {
    ...association,
    Attachment: {
      AttachTime: iso(i.created, '+00:00'),
      AttachmentId: `eni-attach-0${i.interfaceId.slice(5, 21)}`,
      DeleteOnTermination: true,
      DeviceIndex: 0,
      ...(i.instanceId === null ? {} : { InstanceId: i.instanceId }),
      InstanceOwnerId: i.instanceId === null ? 'amazon-aws' : world.accountId,
      Status: 'attached',
    },
    AvailabilityZone: subnet?.az,
    Description: i.name,
    Groups: groupList(world, i.wore.filter((s) => s.from <= world.window.to).at(-1)?.groups ?? []),
    InterfaceType: i.interfaceType,
    Ipv6Addresses: i.ipv6.map((Ipv6Address) => ({ Ipv6Address, IsPrimaryIpv6: false })),
    MacAddress: mac(i),
    NetworkInterfaceId: i.interfaceId,
    OwnerId: world.accountId,
    PrivateIpAddress: i.primary,
    PrivateIpAddresses: [
      { ...association, Primary: true, PrivateIpAddress: i.primary },
      ...i.secondary.map((PrivateIpAddress) => ({ Primary: false, PrivateIpAddress })),
    ],
    RequesterManaged: i.requesterManaged,
    SourceDestCheck: i.interfaceType !== 'nat_gateway',
    Status: 'in-use',
    SubnetId: i.subnetId,
    TagSet: [{ Key: 'Name', Value: i.name }],
    VpcId: world.vpcId,
  };
}

function vpcJson(world: WorldState): Json {
  return {
    OwnerId: world.accountId,
    InstanceTenancy: 'default',
    Ipv6CidrBlockAssociationSet: [
      {
        AssociationId: `vpc-cidr-assoc-0${world.vpcId.slice(5)}`,
        Ipv6CidrBlock: world.vpcCidrIpv6,
        Ipv6CidrBlockState: { State: 'associated' },
      },
    ],
    CidrBlockAssociationSet: [
      {
        AssociationId: `vpc-cidr-assoc-1${world.vpcId.slice(5)}`,
        CidrBlock: world.vpcCidr,
        CidrBlockState: { State: 'associated' },
      },
    ],
    IsDefault: false,
    Tags: [{ Key: 'Name', Value: world.vpcName }],
    VpcId: world.vpcId,
    State: 'available',
    CidrBlock: world.vpcCidr,
  };
}

function subnetJson(world: WorldState, s: WorldState['subnets'][number]): Json {
  return {
    AvailabilityZoneId: s.azId,
    OwnerId: world.accountId,
    AssignIpv6AddressOnCreation: false,
    Ipv6CidrBlockAssociationSet: [
      {
        AssociationId: `subnet-cidr-assoc-${s.subnetId.slice(7)}`,
        Ipv6CidrBlock: s.cidrIpv6,
        Ipv6CidrBlockState: { State: 'associated' },
      },
    ],
    SubnetArn: `arn:aws:ec2:${world.region}:${world.accountId}:subnet/${s.subnetId}`,
    Tags: [{ Key: 'Name', Value: s.name }],
    SubnetId: s.subnetId,
    State: 'available',
    VpcId: world.vpcId,
    CidrBlock: s.cidr,
    AvailableIpAddressCount: 240,
    AvailabilityZone: s.az,
  };
}

function flowLogJson(world: WorldState, f: FlowLogDescription): Json {
  return {
    CreationTime: iso(world.window.from - 5 * 86_400, '.000000+00:00'),
    DeliverLogsStatus: 'SUCCESS',
    FlowLogId: f.flowLogId,
    FlowLogStatus: 'ACTIVE',
    ResourceId: f.resourceId,
    TrafficType: 'ALL',
    LogDestinationType: 's3',
    LogDestination: `arn:aws:s3:::${f.bucketFolder}`,
    LogFormat: f.format,
    Tags: [],
    MaxAggregationInterval: world.aggregation,
    DestinationOptions: { FileFormat: f.fileFormat, HiveCompatiblePartitions: f.hive, PerHourPartition: f.perHour },
  };
}

export function iso(at: EpochSeconds, zone = 'Z'): string {
  return new Date(at * 1000).toISOString().replace('.000Z', zone);
}

/**
 * AWS Config history: an item when an interface was discovered, one for each change of groups, one when it was deleted. Living interfaces
 * that never changed have the one discovery item. One file a day on which something happened.
 */
export function configHistory(world: WorldState, configurationAsText: boolean): ConfigFile[] {
  const items: { at: EpochSeconds; item: Json }[] = [];
  for (const i of world.interfaces) {
    for (const [n, state] of i.wore.entries()) {
      const at = state.from + world.configLag;
      items.push({
        at,
        item: configItem(world, i, at, n === 0 ? 'ResourceDiscovered' : 'OK', state.groups, configurationAsText),
      });
    }
    if (i.gone !== null) {
      const at = i.gone + world.configLag;
      items.push({ at, item: configItem(world, i, at, 'ResourceDeleted', null, configurationAsText) });
    }
  }
  items.sort((a, b) => a.at - b.at || (String(a.item.resourceId) < String(b.item.resourceId) ? -1 : 1));
  const days = new Map<number, { at: EpochSeconds; item: Json }[]>();
  for (const entry of items) {
    const day = Math.floor(entry.at / 86_400);
    days.set(day, [...(days.get(day) ?? []), entry]);
  }
  return [...days].map(([day, entries]) => {
    const date = new Date(day * 86_400_000);
    const stamp = (at: EpochSeconds): string => iso(at).replaceAll(/[-:]/g, '');
    const folder = `AWSLogs/${world.accountId}/Config/${world.region}/${date.getUTCFullYear()}/${date.getUTCMonth() + 1}/${date.getUTCDate()}`;
    const name = `${world.accountId}_Config_${world.region}_ConfigHistory_AWS::EC2::NetworkInterface_${stamp(entries[0]!.at)}_${stamp(entries.at(-1)!.at)}_1.json`;
    return {
      path: `${folder}/ConfigHistory/${name}.gz`,
      body: { fileVersion: '1.0', configurationItems: entries.map((e) => e.item) },
    };
  });
}

function configItem(
  world: WorldState,
  i: SimInterface,
  at: EpochSeconds,
  status: string,
  groups: readonly string[] | null,
  asText: boolean,
): Json {
  const subnet = world.subnets.find((s) => s.subnetId === i.subnetId);
  const configuration = groups === null ? null : configConfiguration(world, i, groups);
  return {
    configurationItemVersion: '1.3',
    configurationItemCaptureTime: iso(at, '.000Z'),
    configurationStateId: at * 1000,
    awsAccountId: world.accountId,
    configurationItemStatus: status,
    resourceType: 'AWS::EC2::NetworkInterface',
    resourceId: i.interfaceId,
    ARN: `arn:aws:ec2:${world.region}:${world.accountId}:network-interface/${i.interfaceId}`,
    awsRegion: world.region,
    availabilityZone: subnet?.az ?? 'Not Applicable',
    configurationStateMd5Hash: '',
    relatedEvents: [],
    relationships: (groups ?? []).map((resourceId) => ({
      resourceType: 'AWS::EC2::SecurityGroup',
      resourceId,
      name: 'Is associated with SecurityGroup',
    })),
    supplementaryConfiguration: {},
    tags: groups === null ? {} : { Name: i.name },
    ...(configuration === null ? {} : { configuration: asText ? JSON.stringify(configuration) : configuration }),
  };
}

function configConfiguration(world: WorldState, i: SimInterface, groups: readonly string[]): Json {
  const association = i.publicIp === null ? null : { publicIp: i.publicIp, publicDnsName: '', ipOwnerId: 'amazon' };
  return {
    association,
    attachment: {
      attachTime: iso(i.created, '.000Z'),
      deleteOnTermination: true,
      deviceIndex: 0,
      instanceId: i.instanceId,
      instanceOwnerId: i.instanceId === null ? 'amazon-aws' : world.accountId,
      status: 'attached',
    },
    description: i.name,
    groups: groupList(world, groups).map((g) => ({ groupId: g.GroupId, groupName: g.GroupName })),
    interfaceType: i.interfaceType,
    ipv6Addresses: i.ipv6.map((ipv6Address) => ({ ipv6Address })),
    macAddress: mac(i),
    networkInterfaceId: i.interfaceId,
    ownerId: world.accountId,
    privateIpAddress: i.primary,
    privateIpAddresses: [
      { association, primary: true, privateIpAddress: i.primary },
      ...i.secondary.map((privateIpAddress) => ({ primary: false, privateIpAddress })),
    ],
    requesterManaged: i.requesterManaged,
    sourceDestCheck: i.interfaceType !== 'nat_gateway',
    status: 'in-use',
    subnetId: i.subnetId,
    tagSet: [{ key: 'Name', value: i.name }],
    vpcId: world.vpcId,
  };
}
