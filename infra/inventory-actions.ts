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
