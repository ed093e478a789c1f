import type { FailedScope } from '../../model/inventory.ts';
import { FURTHER_LISTINGS, LISTINGS } from '../listings.ts';
import { byText } from '../valid.ts';
import { type HistoryWish, pullConfigHistory } from './config-history.ts';
import { isCode, tellFailure } from './failure.ts';
import type { AwsApi, OperationInputs, OperationName, Place } from './operations.ts';
import { allItems, type Item } from './pages.ts';
import { pullRuleAges } from './rule-ages.ts';

/** One listing as the CLI prints it: the items of `key` for the file `name`.json, sorted by their id. */
export interface PulledListing {
  name: string;
  key: string;
  items: readonly Item[];
}

/** One account's region, ready to be written. */
export interface PulledScope {
  accountId: string;
  region: string;
  listings: readonly PulledListing[];
  /** Entries by prefix list. */
  entries: readonly { prefixListId: string; items: readonly Item[] }[];
  /** Null when not asked for, or not to be had. */
  configHistory: { cutBefore: string; items: readonly Item[] } | null;
  /** Listings that could not be pulled. */
  failures: readonly FailedScope[];
}

/** What to pull besides the inventory itself. */
export interface ScopeWish {
  configHistory: HistoryWish | null;
  ruleAges: boolean;
}

/** A listing without which the scope cannot be judged failed: nothing of the scope is to be written. */
export class ScopeFailed extends Error {
  readonly failure: FailedScope;
  constructor(failure: FailedScope) {
    super(failure.message);
    this.name = 'ScopeFailed';
    this.failure = failure;
  }
}

interface Kind {
  name: string;
  key: string;
}

/** Pulls one scope. Throws ScopeFailed when rules, groups or interfaces cannot be had; anything else missing is told in `failures`. */
export async function pullScope(
  api: AwsApi,
  place: Place & { accountId: string },
  wish: ScopeWish,
  signal: AbortSignal,
): Promise<PulledScope> {
  const { accountId, region } = place;
  const failures: FailedScope[] = [];
  const listings: PulledListing[] = [];
  const fail = (error: unknown, operation: OperationName, listing: string | null): FailedScope => {
    signal.throwIfAborted();
    return { accountId, region, listing, ...tellFailure(error, operation, place) };
  };
  const list = async <K extends OperationName>(
    kind: Kind,
    operation: K,
    input: OperationInputs[K],
    id: (item: Item) => string,
    needed: boolean,
  ): Promise<readonly Item[] | null> => {
    try {
      const items = await allItems(api, place, operation, input, kind.key, signal);
      const sorted = distinct(items, id);
      listings.push({ name: kind.name, key: kind.key, items: sorted });
      return sorted;
    } catch (error) {
      const failure = fail(error, operation, needed ? null : kind.name);
      if (needed) throw new ScopeFailed(failure);
      failures.push(failure);
      return null;
    }
  };

  // Rules and groups one right after the other: the reader compares them.
  const rules = await list(LISTINGS.rules, 'DescribeSecurityGroupRules', {}, field('SecurityGroupRuleId'), true);
  await list(LISTINGS.groups, 'DescribeSecurityGroups', {}, field('GroupId'), true);
  const interfaces = await list(
    LISTINGS.interfaces,
    'DescribeNetworkInterfaces',
    {},
    field('NetworkInterfaceId'),
    true,
  );
  const lists = await list(LISTINGS.prefixLists, 'DescribeManagedPrefixLists', {}, field('PrefixListId'), false);
  const vpcs = await list(LISTINGS.vpcs, 'DescribeVpcs', {}, field('VpcId'), false);
  await list(LISTINGS.subnets, 'DescribeSubnets', {}, field('SubnetId'), false);
  await list(FURTHER_LISTINGS.peerings, 'DescribeVpcPeeringConnections', {}, field('VpcPeeringConnectionId'), false);
  await list(FURTHER_LISTINGS.flowLogs, 'DescribeFlowLogs', {}, field('FlowLogId'), false);
  await list(
    FURTHER_LISTINGS.templateVersions,
    'DescribeLaunchTemplateVersions',
    { Versions: ['$Latest', '$Default'] },
    (item) => `${String(item.LaunchTemplateId)} ${String(item.VersionNumber).padStart(10, '0')}`,
    false,
  );
  await list(
    FURTHER_LISTINGS.groupVpcs,
    'DescribeSecurityGroupVpcAssociations',
    {},
    (item) => `${String(item.GroupId)} ${String(item.VpcId)}`,
    false,
  );

  if (vpcs !== null) {
    const kind = FURTHER_LISTINGS.stale;
    const operation = 'DescribeStaleSecurityGroups';
    const items: Item[] = [];
    try {
      for (const { VpcId, OwnerId } of vpcs) {
        // A shared VPC's stale rules are its owner's to ask for.
        if (typeof VpcId !== 'string' || (typeof OwnerId === 'string' && OwnerId !== accountId)) continue;
        items.push(...(await allItems(api, place, operation, { VpcId }, kind.key, signal)));
      }
      listings.push({ name: kind.name, key: kind.key, items: distinct(items, field('GroupId')) });
    } catch (error) {
      failures.push(fail(error, operation, kind.name));
    }
  }

  const entries: { prefixListId: string; items: readonly Item[] }[] = [];
  for (const PrefixListId of prefixListIds(lists ?? [], rules ?? [])) {
    const operation = 'GetManagedPrefixListEntries';
    try {
      const items = await allItems(api, place, operation, { PrefixListId }, 'Entries', signal);
      entries.push({ prefixListId: PrefixListId, items: distinct(items, field('Cidr')) });
    } catch (error) {
      failures.push(fail(error, operation, `prefix-list-entries/${PrefixListId}`));
      if (isCode(error, 'UnauthorizedOperation')) break;
    }
  }

  if (wish.ruleAges) {
    try {
      const items = await pullRuleAges(api, place, rules ?? [], signal);
      listings.push({ name: FURTHER_LISTINGS.ruleAges.name, key: FURTHER_LISTINGS.ruleAges.key, items });
    } catch (error) {
      failures.push(fail(error, 'LookupEvents', FURTHER_LISTINGS.ruleAges.name));
    }
  }

  let configHistory: PulledScope['configHistory'] = null;
  if (wish.configHistory !== null) {
    const ids = (interfaces ?? []).map((item) => String(item.NetworkInterfaceId));
    const history = await pullConfigHistory(api, place, ids, wish.configHistory, signal);
    configHistory = history.items === null ? null : { cutBefore: history.cutBefore, items: history.items };
    failures.push(...history.failures);
  }
  return { accountId, region, listings, entries, configHistory, failures };
}

/** Lists that the account sees, and those that a rule names although the account does not see them. */
function prefixListIds(lists: readonly Item[], rules: readonly Item[]): string[] {
  const ids = [...lists.map((list) => list.PrefixListId), ...rules.map((rule) => rule.PrefixListId)];
  return [...new Set(ids.filter((id) => typeof id === 'string' && id !== ''))].sort() as string[];
}

function field(name: string): (item: Item) => string {
  return (item) => String(item[name] ?? '');
}

/** One of each id, the later seen: what moved between pages while they were read comes twice. Sorted by id. */
function distinct(items: readonly Item[], id: (item: Item) => string): Item[] {
  const byId = new Map(items.map((item) => [id(item), item]));
  return [...byId].sort(([a], [b]) => byText(a, b)).map(([, item]) => item);
}
