import { z } from 'zod';

/**
 * What the AWS CLI prints, as far as it is read; fields unknown here are ignored. Source: the EC2 API reference, data types
 * SecurityGroup, SecurityGroupRule, NetworkInterface, ManagedPrefixList, PrefixListEntry, Vpc, Subnet. AWS Config writes absent values as null.
 */
const text = z.string().min(1);
const maybe = z.string().nullish();
const tags = z.array(z.object({ Key: z.string(), Value: z.string().nullish() })).nullish();

export const rawPermission = z.object({
  IpProtocol: z.string(),
  FromPort: z.int().nullish(),
  ToPort: z.int().nullish(),
  IpRanges: z.array(z.object({ CidrIp: text, Description: maybe })).nullish(),
  Ipv6Ranges: z.array(z.object({ CidrIpv6: text, Description: maybe })).nullish(),
  PrefixListIds: z.array(z.object({ PrefixListId: text, Description: maybe })).nullish(),
  UserIdGroupPairs: z
    .array(
      z.object({
        GroupId: text,
        UserId: maybe,
        VpcId: maybe,
        VpcPeeringConnectionId: maybe,
        PeeringStatus: maybe,
        Description: maybe,
      }),
    )
    .nullish(),
});
export type RawPermission = z.infer<typeof rawPermission>;

export const rawGroup = z.object({
  GroupId: text,
  GroupName: maybe,
  OwnerId: maybe,
  VpcId: maybe,
  Description: maybe,
  SecurityGroupArn: maybe,
  IpPermissions: z.array(rawPermission).nullish(),
  IpPermissionsEgress: z.array(rawPermission).nullish(),
  Tags: tags,
});
export type RawGroup = z.infer<typeof rawGroup>;

export const rawRule = z.object({
  SecurityGroupRuleId: text,
  GroupId: text,
  GroupOwnerId: maybe,
  IsEgress: z.boolean(),
  IpProtocol: z.string(),
  FromPort: z.int().nullish(),
  ToPort: z.int().nullish(),
  CidrIpv4: maybe,
  CidrIpv6: maybe,
  PrefixListId: maybe,
  ReferencedGroupInfo: z
    .object({ GroupId: text, UserId: maybe, VpcId: maybe, VpcPeeringConnectionId: maybe, PeeringStatus: maybe })
    .nullish(),
  Description: maybe,
  SecurityGroupRuleArn: maybe,
  Tags: tags,
});
export type RawRule = z.infer<typeof rawRule>;

const association = z.object({ PublicIp: maybe, CarrierIp: maybe, CustomerOwnedIp: maybe }).nullish();

export const rawInterface = z.object({
  NetworkInterfaceId: text,
  OwnerId: maybe,
  AvailabilityZone: maybe,
  VpcId: maybe,
  SubnetId: maybe,
  // Never absent in AWS's output; an interface that seems to wear nothing would be taken as one that filters nothing.
  Groups: z.array(z.object({ GroupId: text })),
  PrivateIpAddress: maybe,
  PrivateIpAddresses: z
    .array(z.object({ PrivateIpAddress: text, Primary: z.boolean().nullish(), Association: association }))
    .nullish(),
  Ipv6Address: maybe,
  Ipv6Addresses: z.array(z.object({ Ipv6Address: text })).nullish(),
  Ipv4Prefixes: z.array(z.object({ Ipv4Prefix: text })).nullish(),
  Ipv6Prefixes: z.array(z.object({ Ipv6Prefix: text })).nullish(),
  Association: association,
  InterfaceType: maybe,
  RequesterManaged: z.boolean().nullish(),
  Description: maybe,
  Attachment: z
    .object({
      AttachTime: z.union([z.string(), z.number()]).nullish(),
      DeviceIndex: z.int().nullish(),
      NetworkCardIndex: z.int().nullish(),
      InstanceId: maybe,
    })
    .nullish(),
});
export type RawInterface = z.infer<typeof rawInterface>;

export const rawPrefixList = z.object({
  PrefixListId: text,
  PrefixListName: maybe,
  OwnerId: maybe,
  MaxEntries: z.int().nullish(),
});
export type RawPrefixList = z.infer<typeof rawPrefixList>;

export const rawPrefixListEntry = z.object({ Cidr: text });

const blockState = z.object({ State: maybe }).nullish();
export const rawVpc = z.object({
  VpcId: text,
  OwnerId: maybe,
  CidrBlock: maybe,
  CidrBlockAssociationSet: z.array(z.object({ CidrBlock: text, CidrBlockState: blockState })).nullish(),
  Ipv6CidrBlockAssociationSet: z.array(z.object({ Ipv6CidrBlock: maybe, Ipv6CidrBlockState: blockState })).nullish(),
});
export type RawVpc = z.infer<typeof rawVpc>;

export const rawSubnet = z.object({
  SubnetId: text,
  VpcId: text,
  OwnerId: maybe,
  AvailabilityZone: maybe,
  SubnetArn: maybe,
  CidrBlock: maybe,
  Ipv6CidrBlockAssociationSet: z.array(z.object({ Ipv6CidrBlock: maybe, Ipv6CidrBlockState: blockState })).nullish(),
  Tags: tags,
});
export type RawSubnet = z.infer<typeof rawSubnet>;

const time = z.union([z.string(), z.number()]).nullish();

export const rawFlowLog = z.object({
  FlowLogId: text,
  ResourceId: maybe,
  TrafficType: maybe,
  LogDestinationType: maybe,
  LogDestination: maybe,
  LogGroupName: maybe,
  LogFormat: maybe,
  MaxAggregationInterval: z.int().nullish(),
  FlowLogStatus: maybe,
  DeliverLogsErrorMessage: maybe,
  CreationTime: time,
});
export type RawFlowLog = z.infer<typeof rawFlowLog>;

const peeringSide = z
  .object({
    OwnerId: maybe,
    Region: maybe,
    VpcId: maybe,
    CidrBlock: maybe,
    CidrBlockSet: z.array(z.object({ CidrBlock: maybe })).nullish(),
    Ipv6CidrBlockSet: z.array(z.object({ Ipv6CidrBlock: maybe })).nullish(),
  })
  .nullish();
export const rawPeering = z.object({
  VpcPeeringConnectionId: text,
  Status: z.object({ Code: maybe }).nullish(),
  RequesterVpcInfo: peeringSide,
  AccepterVpcInfo: peeringSide,
});
export type RawPeering = z.infer<typeof rawPeering>;

const stalePermissions = z
  .array(
    z.object({
      IpProtocol: maybe,
      FromPort: z.int().nullish(),
      ToPort: z.int().nullish(),
      UserIdGroupPairs: z
        .array(z.object({ GroupId: maybe, VpcId: maybe, VpcPeeringConnectionId: maybe, PeeringStatus: maybe }))
        .nullish(),
    }),
  )
  .nullish();
export const rawStaleGroup = z.object({
  GroupId: text,
  VpcId: maybe,
  StaleIpPermissions: stalePermissions,
  StaleIpPermissionsEgress: stalePermissions,
});
export type RawStaleGroup = z.infer<typeof rawStaleGroup>;

const names = z.array(z.string()).nullish();
export const rawTemplateVersion = z.object({
  LaunchTemplateId: text,
  LaunchTemplateName: maybe,
  VersionNumber: z.int(),
  LaunchTemplateData: z
    .object({
      SecurityGroupIds: names,
      SecurityGroups: names,
      NetworkInterfaces: z.array(z.object({ Groups: names })).nullish(),
    })
    .nullish(),
});
export type RawTemplateVersion = z.infer<typeof rawTemplateVersion>;

export const rawGroupVpc = z.object({ GroupId: text, VpcId: text, VpcOwnerId: maybe, State: maybe });

/** Our own listing, made of CloudTrail's events. */
export const rawRuleAge = z.object({
  SecurityGroupRuleId: text,
  CreatedAt: time,
  ChangedAt: time,
  CreatedBy: maybe,
});
export type RawRuleAge = z.infer<typeof rawRuleAge>;

/** Our own listing of what `pare inventory` could not pull. */
export const rawFailure = z.object({
  AccountId: maybe,
  Region: maybe,
  Listing: maybe,
  Code: text,
  Message: text,
  Next: text,
});

/** An item of AWS Config. S3 files say awsAccountId, the API accountId; `configuration` is an object or JSON text. */
export const rawConfigItem = z.object({
  configurationItemCaptureTime: z.union([z.string(), z.number()]),
  configurationItemStatus: text,
  configurationStateId: z.union([z.string(), z.number()]).nullish(),
  resourceType: text,
  resourceId: text,
  awsAccountId: maybe,
  accountId: maybe,
  awsRegion: maybe,
  arn: maybe,
  ARN: maybe,
  availabilityZone: maybe,
  resourceCreationTime: z.union([z.string(), z.number()]).nullish(),
  configuration: z.unknown().optional(),
});
export type RawConfigItem = z.infer<typeof rawConfigItem>;
