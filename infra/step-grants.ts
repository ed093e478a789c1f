import * as pulumi from '@pulumi/pulumi';
import { ENTRIES_ACTION, INVENTORY_ACTIONS } from './inventory-actions.ts';
import type { Settings } from './settings.ts';
import { STEP_PREFIXES } from './step-prefixes.ts';
import type { Grant, Place } from './types.ts';

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
      return [
        read(below(...STEP_PREFIXES.inventory.read)),
        write(below(...STEP_PREFIXES.inventory.write)),
        ...reachGrants(settings, place),
      ];
    case 'ledger':
      return [
        list,
        read(below(...STEP_PREFIXES.ledger.read)),
        write(below(...STEP_PREFIXES.ledger.write)),
        ...logGrants(settings, place),
      ];
    case 'analysis':
      return [list, read(below(...STEP_PREFIXES.analysis.read)), write(below(...STEP_PREFIXES.analysis.write))];
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
