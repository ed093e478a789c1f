import {
  AuthorizeSecurityGroupIngressCommand,
  CreateFlowLogsCommand,
  CreateLaunchTemplateCommand,
  CreateManagedPrefixListCommand,
  CreateNetworkInterfaceCommand,
  CreateSecurityGroupCommand,
  CreateSubnetCommand,
  CreateVpcCommand,
  CreateVpcPeeringConnectionCommand,
  EC2Client,
} from '@aws-sdk/client-ec2';
import { CreateAccountCommand, CreateOrganizationCommand, OrganizationsClient } from '@aws-sdk/client-organizations';
import { AssumeRoleCommand, STSClient } from '@aws-sdk/client-sts';

export const OWN_ACCOUNT = '123456789012';
const KEYS = { accessKeyId: 'testing', secretAccessKey: 'testing' };

/** A client of moto itself, past the proxy; of another account by a role that moto does not ask for. */
export async function ec2Of(url: string, region: string, account: string | null = null): Promise<EC2Client> {
  if (account === null) return new EC2Client({ endpoint: url, region, credentials: KEYS });
  const sts = new STSClient({ endpoint: url, region, credentials: KEYS });
  const RoleArn = `arn:aws:iam::${account}:role/seed`;
  const { Credentials: c } = await sts.send(new AssumeRoleCommand({ RoleArn, RoleSessionName: 'seed' }));
  const credentials = {
    accessKeyId: c!.AccessKeyId!,
    secretAccessKey: c!.SecretAccessKey!,
    sessionToken: c!.SessionToken!,
  };
  return new EC2Client({ endpoint: url, region, credentials });
}

export async function resetMoto(url: string): Promise<void> {
  await fetch(`${url}/moto-api/reset`, { method: 'POST' });
}

/** An organization with `members` active accounts; their ids, sorted. */
export async function seedOrganization(url: string, members: number): Promise<string[]> {
  const client = new OrganizationsClient({ endpoint: url, region: 'us-east-1', credentials: KEYS });
  await client.send(new CreateOrganizationCommand({ FeatureSet: 'ALL' }));
  const ids: string[] = [];
  for (let i = 0; i < members; i++) {
    const input = { Email: `member-${i}@example.com`, AccountName: `member-${i}` };
    const { CreateAccountStatus } = await client.send(new CreateAccountCommand(input));
    ids.push(CreateAccountStatus!.AccountId!);
  }
  return ids.sort();
}

export interface Seeded {
  vpcId: string;
  subnetId: string;
  groupIds: string[];
  interfaceIds: string[];
  prefixListId: string;
}

/** A VPC with `groups` groups of 50 rules each and `interfaces` interfaces, and one of everything else that is pulled. */
export async function seedNetwork(client: EC2Client, groups: number, interfaces: number): Promise<Seeded> {
  const vpc = await client.send(new CreateVpcCommand({ CidrBlock: '10.40.0.0/16' }));
  const vpcId = vpc.Vpc!.VpcId!;
  const subnet = await client.send(new CreateSubnetCommand({ VpcId: vpcId, CidrBlock: '10.40.0.0/17' }));
  const subnetId = subnet.Subnet!.SubnetId!;
  const list = await client.send(
    new CreateManagedPrefixListCommand({
      PrefixListName: 'offices',
      MaxEntries: 150,
      AddressFamily: 'IPv4',
      Entries: Array.from({ length: 120 }, (_, i) => ({ Cidr: `198.51.100.${i}/32`, Description: `desk ${i}` })),
    }),
  );
  const prefixListId = list.PrefixList!.PrefixListId!;
  const groupIds: string[] = [];
  for (let g = 0; g < groups; g++) {
    const made = await client.send(
      new CreateSecurityGroupCommand({ GroupName: `group-${g}`, Description: `group <${g}> & more`, VpcId: vpcId }),
    );
    const GroupId = made.GroupId!;
    groupIds.push(GroupId);
    await client.send(
      new AuthorizeSecurityGroupIngressCommand({
        GroupId,
        IpPermissions: [
          {
            IpProtocol: 'tcp',
            FromPort: 8000 + g,
            ToPort: 8100 + g,
            IpRanges: Array.from({ length: 45 }, (_, i) => ({ CidrIp: `10.${g}.${i}.0/24` })),
          },
          { IpProtocol: 'udp', FromPort: 53, ToPort: 53, Ipv6Ranges: [{ CidrIpv6: '2001:db8::/32' }] },
          { IpProtocol: '-1', UserIdGroupPairs: [{ GroupId: groupIds[0]! }] },
          { IpProtocol: 'icmp', FromPort: 8, ToPort: -1, IpRanges: [{ CidrIp: '0.0.0.0/0' }] },
          { IpProtocol: 'tcp', FromPort: 22, ToPort: 22, PrefixListIds: [{ PrefixListId: prefixListId }] },
        ],
      }),
    );
  }
  const interfaceIds: string[] = [];
  for (let i = 0; i < interfaces; i++) {
    const made = await client.send(
      new CreateNetworkInterfaceCommand({
        SubnetId: subnetId,
        Groups: [groupIds[i % groups]!],
        Description: `interface ${i}`,
      }),
    );
    interfaceIds.push(made.NetworkInterface!.NetworkInterfaceId!);
  }
  await client.send(
    new CreateLaunchTemplateCommand({
      LaunchTemplateName: 'workers',
      LaunchTemplateData: { SecurityGroupIds: [groupIds.at(-1)!], InstanceType: 't3.small' },
    }),
  );
  await client.send(
    new CreateFlowLogsCommand({
      ResourceIds: [vpcId],
      ResourceType: 'VPC',
      TrafficType: 'ALL',
      LogDestinationType: 'cloud-watch-logs',
      LogGroupName: 'flows',
      DeliverLogsPermissionArn: 'arn:aws:iam::123456789012:role/flows',
    }),
  );
  const peer = await client.send(new CreateVpcCommand({ CidrBlock: '10.41.0.0/16' }));
  await client.send(new CreateVpcPeeringConnectionCommand({ VpcId: vpcId, PeerVpcId: peer.Vpc!.VpcId! }));
  return { vpcId, subnetId, groupIds, interfaceIds, prefixListId };
}
