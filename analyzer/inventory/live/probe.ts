import { PareError } from '../../model/problem.ts';
import { isCode, type Told, tellFailure } from './failure.ts';
import { type AwsApi, OPERATIONS, type OperationInputs, type OperationName, type Place } from './operations.ts';

/** What became of one call that `pare inventory` would make: null where AWS answered it. */
export interface Probed {
  operation: OperationName;
  failure: Told | null;
}

export interface Probe {
  /** Who asked, as STS says. */
  arn: string;
  accountId: string;
  region: string;
  calls: readonly Probed[];
}

const RESOURCE_TYPE = 'AWS::EC2::NetworkInterface';

/**
 * Makes each call of the pull once, for the smallest page, and tells which would fail: AWS has no way to ask an identity for its rights without
 * more rights. Calls that need the id of something use the first one found; where there is none, they are not made, nor missed.
 * Throws PareError where not even the caller's identity can be had (no credentials, no network).
 */
export async function probePermissions(api: AwsApi, place: Place, signal: AbortSignal): Promise<Probe> {
  const { Arn, Account } = await identity(api, place, signal);
  const accountId = typeof Account === 'string' ? Account : '';
  const here = { ...place, accountId };
  const calls: Probed[] = [];
  const ask = async <K extends OperationName>(operation: K, input: OperationInputs[K]) => {
    try {
      const answer = await api.call(here, operation, input, signal);
      calls.push({ operation, failure: null });
      return answer;
    } catch (error) {
      signal.throwIfAborted();
      // Allowed, and told that there is no such thing: the call itself would work.
      const fine = ['ResourceNotDiscoveredException', 'InvalidVpcID.NotFound', 'InvalidPrefixListID.NotFound'];
      const known = fine.some((code) => isCode(error, code));
      calls.push({ operation, failure: known ? null : tellFailure(error, operation, here) });
      return null;
    }
  };
  // Five is the least that these take.
  await ask('DescribeSecurityGroups', { MaxResults: 5 });
  await ask('DescribeSecurityGroupRules', { MaxResults: 5 });
  const interfaces = await ask('DescribeNetworkInterfaces', { MaxResults: 5 });
  const lists = await ask('DescribeManagedPrefixLists', { MaxResults: 1 });
  const list = firstOf(lists, 'PrefixLists', 'PrefixListId');
  if (list !== null) await ask('GetManagedPrefixListEntries', { PrefixListId: list, MaxResults: 1 });
  const vpc = firstOf(await ask('DescribeVpcs', { MaxResults: 5 }), 'Vpcs', 'VpcId');
  await ask('DescribeSubnets', { MaxResults: 5 });
  await ask('DescribeVpcPeeringConnections', { MaxResults: 5 });
  await ask('DescribeFlowLogs', { MaxResults: 5 });
  if (vpc !== null) await ask('DescribeStaleSecurityGroups', { VpcId: vpc, MaxResults: 5 });
  await ask('DescribeLaunchTemplateVersions', { Versions: ['$Latest'], MaxResults: 5 });
  await ask('DescribeSecurityGroupVpcAssociations', { MaxResults: 5 });
  await ask('DescribeRegions', {});
  await ask('ListDiscoveredResources', { resourceType: RESOURCE_TYPE, limit: 1 });
  const resourceId = firstOf(interfaces, 'NetworkInterfaces', 'NetworkInterfaceId');
  if (resourceId !== null) await ask('GetResourceConfigHistory', { resourceType: RESOURCE_TYPE, resourceId, limit: 1 });
  await ask('LookupEvents', { MaxResults: 1 });
  return { arn: typeof Arn === 'string' ? Arn : '', accountId, region: place.region, calls };
}

/** The policy that lets exactly what was denied. Null: nothing was. */
export function missingPolicy(probe: Probe): string | null {
  const byResource = new Map<string, string[]>();
  for (const { operation, failure } of probe.calls) {
    const { action, resource } = OPERATIONS[operation];
    if (failure?.code !== 'aws-access-denied' || action === null) continue;
    byResource.set(resource, [...(byResource.get(resource) ?? []), action].sort());
  }
  if (byResource.size === 0) return null;
  const statements = [...byResource].sort(([a], [b]) => (a < b ? -1 : 1));
  return JSON.stringify({
    Version: '2012-10-17',
    Statement: statements.map(([Resource, Action]) => ({ Effect: 'Allow', Action, Resource })),
  });
}

async function identity(api: AwsApi, place: Place, signal: AbortSignal) {
  try {
    return await api.call(place, 'GetCallerIdentity', {}, signal);
  } catch (error) {
    signal.throwIfAborted();
    throw new PareError({ ...tellFailure(error, 'GetCallerIdentity', place), fault: 'environment' }, { cause: error });
  }
}

function firstOf(answer: Readonly<Record<string, unknown>> | null, key: string, field: string): string | null {
  const items = answer?.[key];
  const [first] = Array.isArray(items) ? (items as Readonly<Record<string, unknown>>[]) : [];
  const id = first?.[field];
  return typeof id === 'string' ? id : null;
}
