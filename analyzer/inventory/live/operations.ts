import type { LookupEventsCommandInput } from '@aws-sdk/client-cloudtrail';
import type {
  GetResourceConfigHistoryCommandInput,
  ListDiscoveredResourcesCommandInput,
} from '@aws-sdk/client-config-service';
import type {
  DescribeFlowLogsCommandInput,
  DescribeLaunchTemplateVersionsCommandInput,
  DescribeManagedPrefixListsCommandInput,
  DescribeNetworkInterfacesCommandInput,
  DescribeRegionsCommandInput,
  DescribeSecurityGroupRulesCommandInput,
  DescribeSecurityGroupsCommandInput,
  DescribeSecurityGroupVpcAssociationsCommandInput,
  DescribeStaleSecurityGroupsCommandInput,
  DescribeSubnetsCommandInput,
  DescribeVpcPeeringConnectionsCommandInput,
  DescribeVpcsCommandInput,
  GetManagedPrefixListEntriesCommandInput,
} from '@aws-sdk/client-ec2';
import type { ListAccountsCommandInput } from '@aws-sdk/client-organizations';
import type { AssumeRoleCommandInput, GetCallerIdentityCommandInput } from '@aws-sdk/client-sts';

/** The calls that `pare inventory` makes, and no others, with what each is given. */
export interface OperationInputs {
  DescribeSecurityGroups: DescribeSecurityGroupsCommandInput;
  DescribeSecurityGroupRules: DescribeSecurityGroupRulesCommandInput;
  DescribeNetworkInterfaces: DescribeNetworkInterfacesCommandInput;
  DescribeManagedPrefixLists: DescribeManagedPrefixListsCommandInput;
  GetManagedPrefixListEntries: GetManagedPrefixListEntriesCommandInput;
  DescribeVpcs: DescribeVpcsCommandInput;
  DescribeSubnets: DescribeSubnetsCommandInput;
  DescribeVpcPeeringConnections: DescribeVpcPeeringConnectionsCommandInput;
  DescribeFlowLogs: DescribeFlowLogsCommandInput;
  DescribeStaleSecurityGroups: DescribeStaleSecurityGroupsCommandInput;
  DescribeLaunchTemplateVersions: DescribeLaunchTemplateVersionsCommandInput;
  DescribeSecurityGroupVpcAssociations: DescribeSecurityGroupVpcAssociationsCommandInput;
  DescribeRegions: DescribeRegionsCommandInput;
  ListDiscoveredResources: ListDiscoveredResourcesCommandInput;
  GetResourceConfigHistory: GetResourceConfigHistoryCommandInput;
  LookupEvents: LookupEventsCommandInput;
  ListAccounts: ListAccountsCommandInput;
  AssumeRole: AssumeRoleCommandInput;
  GetCallerIdentity: GetCallerIdentityCommandInput;
}
export type OperationName = keyof OperationInputs;

export interface Operation {
  /** IAM action; null where AWS asks for none. */
  action: string | null;
  /** `member`: in each account that is read. `caller`: by whoever starts the pull, for an organization or a role. */
  who: 'member' | 'caller';
  /** The option without which the call is never made. */
  option: '--region all' | '--config-history' | '--rule-ages' | '--organization' | '--role-arn, --role-name' | null;
  /** IAM resource of the policy; most Describe calls know none but `*`. */
  resource: string;
  /** Why it is needed, for the documentation. */
  why: string;
  /** Largest page that the API takes, and its names for size and token; null where there are no pages. */
  page: { size: number; sizeField: string; tokenField: string } | null;
}

const ec2 = (name: string, size: number | null, why: string, more: Partial<Operation> = {}): Operation => ({
  action: `ec2:${name}`,
  who: 'member',
  option: null,
  resource: '*',
  why,
  page: size === null ? null : { size, sizeField: 'MaxResults', tokenField: 'NextToken' },
  ...more,
});

/**
 * The one table that calls, error messages, policies and docs/permissions.md come from. Page sizes: the API references of each service. The
 * resources: the service authorization reference, where `*` means that the action takes no other.
 */
export const OPERATIONS: Readonly<Record<OperationName, Operation>> = {
  DescribeSecurityGroups: ec2('DescribeSecurityGroups', 1000, 'the groups'),
  DescribeSecurityGroupRules: ec2('DescribeSecurityGroupRules', 1000, 'their rules, with ids'),
  DescribeNetworkInterfaces: ec2('DescribeNetworkInterfaces', 1000, 'who wears which group'),
  DescribeManagedPrefixLists: ec2('DescribeManagedPrefixLists', 100, 'prefix lists that rules name'),
  GetManagedPrefixListEntries: ec2('GetManagedPrefixListEntries', 100, 'what is in them', {
    resource: 'arn:aws:ec2:*:*:prefix-list/*',
  }),
  DescribeVpcs: ec2('DescribeVpcs', 1000, 'address ranges of VPCs'),
  DescribeSubnets: ec2('DescribeSubnets', 1000, 'address ranges of subnets'),
  DescribeVpcPeeringConnections: ec2('DescribeVpcPeeringConnections', 1000, 'references across VPCs'),
  DescribeFlowLogs: ec2('DescribeFlowLogs', 1000, 'what is recorded, and in which format'),
  DescribeStaleSecurityGroups: ec2('DescribeStaleSecurityGroups', 255, 'rules that reference a group that is gone'),
  DescribeLaunchTemplateVersions: ec2('DescribeLaunchTemplateVersions', 200, 'groups that nobody wears yet'),
  DescribeSecurityGroupVpcAssociations: ec2(
    'DescribeSecurityGroupVpcAssociations',
    1000,
    'groups used in further VPCs',
  ),
  DescribeRegions: ec2('DescribeRegions', null, 'the regions that the account uses', { option: '--region all' }),
  ListDiscoveredResources: {
    action: 'config:ListDiscoveredResources',
    who: 'member',
    option: '--config-history',
    resource: '*',
    why: 'interfaces that AWS Config knows, deleted ones too',
    page: { size: 100, sizeField: 'limit', tokenField: 'nextToken' },
  },
  GetResourceConfigHistory: {
    action: 'config:GetResourceConfigHistory',
    who: 'member',
    option: '--config-history',
    resource: '*',
    why: 'who wore which group when',
    page: { size: 100, sizeField: 'limit', tokenField: 'nextToken' },
  },
  LookupEvents: {
    action: 'cloudtrail:LookupEvents',
    who: 'member',
    option: '--rule-ages',
    resource: '*',
    why: 'when rules were made and changed',
    page: { size: 50, sizeField: 'MaxResults', tokenField: 'NextToken' },
  },
  ListAccounts: {
    action: 'organizations:ListAccounts',
    who: 'caller',
    option: '--organization',
    resource: '*',
    why: 'the member accounts',
    page: { size: 20, sizeField: 'MaxResults', tokenField: 'NextToken' },
  },
  AssumeRole: {
    action: 'sts:AssumeRole',
    who: 'caller',
    option: '--role-arn, --role-name',
    resource: 'arn:aws:iam::*:role/ROLE',
    why: 'to read other accounts',
    page: null,
  },
  GetCallerIdentity: {
    action: null,
    who: 'caller',
    option: null,
    resource: '*',
    why: 'which account this is',
    page: null,
  },
};

/** Where a call goes: with the caller's own credentials (`roleArn` null) or with those of a role. */
export interface Place {
  /** Null while it is not known yet. */
  accountId: string | null;
  roleArn: string | null;
  region: string;
}

/** AWS, as far as the pull needs it; the only seam through which it reaches the network. */
export interface AwsApi {
  /** The answer's fields by their names in the API, times as Date or ISO text. Rejects with the SDK's error, or with AssumeRoleFailed. */
  call<K extends OperationName>(
    place: Place,
    operation: K,
    input: OperationInputs[K],
    signal: AbortSignal,
  ): Promise<Readonly<Record<string, unknown>>>;
  /** Region of the profile or the environment; null where none is set. */
  homeRegion(): Promise<string | null>;
}

/** The role's credentials could not be had; `cause` is the SDK's error. */
export class AssumeRoleFailed extends Error {
  readonly roleArn: string;
  constructor(roleArn: string, cause: unknown) {
    super(`cannot assume ${roleArn}`, { cause });
    this.name = 'AssumeRoleFailed';
    this.roleArn = roleArn;
  }
}
