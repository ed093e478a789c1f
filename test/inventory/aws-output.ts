import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { onTestFinished } from 'vitest';
import { PareError } from '../../analyzer/model/problem.ts';

/** Writes files into a new folder that goes when the test ends; values that are not text or bytes become JSON. */
export function folderWith(files: Record<string, unknown>): string {
  const dir = mkdtempSync(join(tmpdir(), 'pare-inventory-'));
  onTestFinished(() => rmSync(dir, { recursive: true, force: true }));
  for (const [name, content] of Object.entries(files)) {
    const path = join(dir, name);
    mkdirSync(dirname(path), { recursive: true });
    const raw = typeof content === 'string' || content instanceof Uint8Array;
    writeFileSync(path, raw ? content : JSON.stringify(content, null, 4));
  }
  return dir;
}

/** The problem that a promise ends with. */
export async function problemOf(promise: Promise<unknown>): Promise<PareError['problem']> {
  const error = await promise.then(
    () => null,
    (caught: unknown) => caught,
  );
  if (!(error instanceof PareError)) throw new Error(`expected a PareError, got ${String(error)}`);
  return error.problem;
}

// The shapes below are those of the AWS CLI, version 2, fields in its order.
export const WEB = 'sg-0a1b2c3d4e5f60001';
export const DB = 'sg-0a1b2c3d4e5f60002';

export function group(groupId: string, extra: object = {}): object {
  return {
    GroupId: groupId,
    IpPermissionsEgress: [],
    Tags: [{ Key: 'Name', Value: groupId }],
    VpcId: 'vpc-0123456789abcdef0',
    SecurityGroupArn: `arn:aws:ec2:eu-west-1:111122223333:security-group/${groupId}`,
    OwnerId: '111122223333',
    GroupName: `name-of-${groupId}`,
    Description: 'made for a test',
    IpPermissions: [],
    ...extra,
  };
}

export function rule(n: number, groupId: string, extra: object = {}): object {
  return {
    SecurityGroupRuleId: `sgr-0000000000000000${n}`,
    GroupId: groupId,
    GroupOwnerId: '111122223333',
    IsEgress: false,
    IpProtocol: 'tcp',
    FromPort: 443,
    ToPort: 443,
    SecurityGroupRuleArn: `arn:aws:ec2:eu-west-1:111122223333:security-group-rule/sgr-0000000000000000${n}`,
    Tags: [],
    ...extra,
  };
}

export function networkInterface(id: string, groups: string[], extra: object = {}): object {
  return {
    Association: {
      AllocationId: 'eipalloc-01',
      AssociationId: 'eipassoc-01',
      IpOwnerId: '111122223333',
      PublicDnsName: 'ec2-198-51-100-7.eu-west-1.compute.amazonaws.com',
      PublicIp: '198.51.100.7',
    },
    Attachment: {
      AttachTime: '2026-06-01T08:00:00+00:00',
      AttachmentId: 'eni-attach-01',
      DeleteOnTermination: true,
      DeviceIndex: 0,
      NetworkCardIndex: 0,
      InstanceId: 'i-0123456789abcdef0',
      InstanceOwnerId: '111122223333',
      Status: 'attached',
    },
    AvailabilityZone: 'eu-west-1a',
    Description: 'Primary network interface',
    Groups: groups.map((GroupId) => ({ GroupId, GroupName: `name-of-${GroupId}` })),
    InterfaceType: 'interface',
    Ipv6Addresses: [{ Ipv6Address: '2001:0DB8:0:0::00a', IsPrimaryIpv6: false }],
    MacAddress: '02:00:00:00:00:01',
    NetworkInterfaceId: id,
    OwnerId: '111122223333',
    PrivateDnsName: 'ip-10-0-1-9.eu-west-1.compute.internal',
    PrivateIpAddress: '10.0.1.9',
    PrivateIpAddresses: [
      { Primary: false, PrivateIpAddress: '10.0.1.200' },
      { Association: { PublicIp: '198.51.100.7' }, Primary: true, PrivateIpAddress: '10.0.1.9' },
    ],
    RequesterManaged: false,
    SourceDestCheck: true,
    Status: 'in-use',
    SubnetId: 'subnet-0123456789abcdef0',
    TagSet: [],
    VpcId: 'vpc-0123456789abcdef0',
    Operator: { Managed: false },
    ...extra,
  };
}

/** A whole small inventory, flat. */
export function smallInventory(): Record<string, unknown> {
  return {
    'security-groups.json': {
      SecurityGroups: [group(WEB), group(DB)].map((g) => ({
        ...g,
        IpPermissions: undefined,
        IpPermissionsEgress: undefined,
      })),
    },
    'security-group-rules.json': {
      SecurityGroupRules: [
        rule(1, WEB, { CidrIpv4: '0.0.0.0/0', Description: 'the world' }),
        rule(2, DB, {
          FromPort: 5432,
          ToPort: 5432,
          ReferencedGroupInfo: { GroupId: WEB, UserId: '111122223333', VpcId: 'vpc-0123456789abcdef0' },
        }),
        rule(3, DB, { IsEgress: true, IpProtocol: '-1', FromPort: -1, ToPort: -1, CidrIpv6: '::/0' }),
        rule(4, WEB, { IsEgress: true, PrefixListId: 'pl-6da54004' }),
      ],
    },
    'network-interfaces.json': { NetworkInterfaces: [networkInterface('eni-0000000000000000a', [WEB])] },
    'managed-prefix-lists.json': {
      PrefixLists: [
        {
          PrefixListId: 'pl-6da54004',
          AddressFamily: 'IPv4',
          State: 'create-complete',
          PrefixListArn: 'arn:aws:ec2:eu-west-1:aws:prefix-list/pl-6da54004',
          PrefixListName: 'com.amazonaws.eu-west-1.s3',
          Tags: [],
          OwnerId: 'AWS',
        },
      ],
    },
    'prefix-list-entries/pl-6da54004.json': { Entries: [{ Cidr: '52.92.0.0/17' }, { Cidr: '3.5.64.0/21' }] },
    'vpcs.json': {
      Vpcs: [
        {
          OwnerId: '111122223333',
          InstanceTenancy: 'default',
          Ipv6CidrBlockAssociationSet: [
            {
              AssociationId: 'vpc-cidr-assoc-2',
              Ipv6CidrBlock: '2001:db8::/56',
              Ipv6CidrBlockState: { State: 'associated' },
            },
          ],
          CidrBlockAssociationSet: [
            { AssociationId: 'vpc-cidr-assoc-1', CidrBlock: '10.0.0.0/16', CidrBlockState: { State: 'associated' } },
            {
              AssociationId: 'vpc-cidr-assoc-3',
              CidrBlock: '100.64.0.0/16',
              CidrBlockState: { State: 'disassociated' },
            },
          ],
          IsDefault: false,
          VpcId: 'vpc-0123456789abcdef0',
          State: 'available',
          CidrBlock: '10.0.0.0/16',
          DhcpOptionsId: 'dopt-1',
        },
      ],
    },
    'subnets.json': {
      Subnets: [
        {
          AvailabilityZone: 'eu-west-1a',
          SubnetId: 'subnet-0123456789abcdef0',
          VpcId: 'vpc-0123456789abcdef0',
          OwnerId: '111122223333',
          CidrBlock: '10.0.1.0/24',
          SubnetArn: 'arn:aws:ec2:eu-west-1:111122223333:subnet/subnet-0123456789abcdef0',
          Ipv6CidrBlockAssociationSet: [],
        },
      ],
    },
  };
}
