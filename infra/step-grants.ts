import * as pulumi from '@pulumi/pulumi';
import type { Settings } from './settings.ts';
import { dayLocations } from './tables.ts';
import type { Grant, Place } from './types.ts';

/** What `pare inventory` asks of EC2 and others; a test holds it against analyzer/inventory/live/permissions.ts. */
export const INVENTORY_ACTIONS: readonly string[] = [
  'cloudtrail:LookupEvents',
  'config:GetResourceConfigHistory',
  'config:ListDiscoveredResources',
  'ec2:DescribeFlowLogs',
  'ec2:DescribeLaunchTemplateVersions',
  'ec2:DescribeManagedPrefixLists',
  'ec2:DescribeNetworkInterfaces',
  'ec2:DescribeRegions',
  'ec2:DescribeSecurityGroupRules',
  'ec2:DescribeSecurityGroupVpcAssociations',
  'ec2:DescribeSecurityGroups',
  'ec2:DescribeStaleSecurityGroups',
  'ec2:DescribeSubnets',
  'ec2:DescribeVpcPeeringConnections',
  'ec2:DescribeVpcs',
];
/** The one of them that knows a resource. */
export const ENTRIES_ACTION = 'ec2:GetManagedPrefixListEntries';

/** What bot/lambda/settings.ts reads. */
export function stepEnvironment(
  settings: Settings,
  bucket: pulumi.Input<string>,
): Record<string, pulumi.Input<string>> {
  return {
    PARE_BUCKET: bucket,
    PARE_FLOW_LOGS: JSON.stringify(settings.flowLogs.flatMap(dayLocations)),
    PARE_INVENTORY: JSON.stringify(settings.inventory),
    PARE_WINDOW: settings.window,
    PARE_REPOSITORIES: JSON.stringify(settings.repositories),
  };
}

/** What one step may do, by what its code calls: docs/deploy.md has the reasons. */
export function stepGrants(
  step: 'inventory' | 'ledger' | 'analysis',
  settings: Settings,
  bucket: pulumi.Input<string>,
  place: Place,
): Grant[] {
  const below = (...prefixes: string[]) => prefixes.map((prefix) => pulumi.interpolate`${bucket}/${prefix}*`);
  // Without the right to list, S3 answers 403 for what is not there, and absence could not be told from refusal.
  const list: Grant = { sid: 'List', actions: ['s3:ListBucket'], resources: [bucket] };
  const read = (resources: Grant['resources']): Grant => ({ sid: 'Read', actions: ['s3:GetObject'], resources });
  const write = (resources: Grant['resources']): Grant => ({ sid: 'Write', actions: ['s3:PutObject'], resources });
  switch (step) {
    case 'inventory':
      return [write(below('inventory/')), ...reachGrants(settings, place)];
    case 'ledger':
      return [list, read(below('inventory/', 'ledger/')), write(below('ledger/')), ...logGrants(settings, place)];
    case 'analysis':
      return [
        list,
        read(below('inventory/', 'ledger/', 'config/', 'findings/')),
        write(below('evidence/', 'findings/', 'tables/')),
      ];
  }
}

function logGrants(settings: Settings, { partition }: Place): Grant[] {
  const roots = [...new Set(settings.flowLogs.map(({ bucket, prefix }) => `${bucket}/${prefix}`))].sort();
  const buckets = [...new Set(settings.flowLogs.map(({ bucket }) => bucket))].sort();
  return [
    {
      sid: 'ListLogs',
      actions: ['s3:ListBucket'],
      resources: buckets.map((bucket) => pulumi.interpolate`arn:${partition}:s3:::${bucket}`),
      condition: {
        StringLike: { 's3:prefix': [...new Set(settings.flowLogs.map(({ prefix }) => `${prefix}AWSLogs/*`))].sort() },
      },
    },
    {
      sid: 'ReadLogs',
      actions: ['s3:GetObject'],
      resources: roots.map((root) => pulumi.interpolate`arn:${partition}:s3:::${root}AWSLogs/*`),
    },
  ];
}

/** The own account is read by the function itself (analyzer/inventory/live/targets.ts), others by their role. */
function reachGrants({ inventory }: Settings, { partition }: Place): Grant[] {
  const { roleName, organization, accounts } = inventory;
  const own: Grant[] = [
    { sid: 'Inventory', actions: INVENTORY_ACTIONS, resources: ['*'] },
    {
      sid: 'PrefixLists',
      actions: [ENTRIES_ACTION],
      resources: [pulumi.interpolate`arn:${partition}:ec2:*:*:prefix-list/*`],
    },
  ];
  if (roleName === undefined) return own;
  const roles = accounts === undefined ? ['*'] : [...accounts].sort();
  return [
    ...own,
    {
      sid: 'Reach',
      actions: ['sts:AssumeRole'],
      resources: roles.map((account) => pulumi.interpolate`arn:${partition}:iam::${account}:role/${roleName}`),
    },
    ...(organization === true ? [{ sid: 'Accounts', actions: ['organizations:ListAccounts'], resources: ['*'] }] : []),
  ];
}
