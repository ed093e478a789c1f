import type { FailedScope } from '../../model/inventory.ts';
import { byText } from '../valid.ts';
import { isCode, tellFailure } from './failure.ts';
import { momentOf } from './moment.ts';
import type { AwsApi, OperationName, Place } from './operations.ts';
import { allItems, type Item, inParallel, pages } from './pages.ts';

/** How far back and how much. */
export interface HistoryWish {
  /** Seconds since 1970. */
  since: number;
  /** More interfaces than this are not asked for one by one: AWS Config's files in S3 hold them all. */
  maxInterfaces: number;
}

const RESOURCE_TYPE = 'AWS::EC2::NetworkInterface';
const LISTING = 'config-history';
/** AWS Config answers few calls a second for each account. */
const PARALLEL = 3;

export interface PulledHistory {
  cutBefore: string;
  /** Sorted by interface and time; null when there is none to be had. */
  items: readonly Item[] | null;
  failures: readonly FailedScope[];
}

/**
 * What AWS Config saw of the interfaces, present and gone, since a moment, and of each the item that held then. An interface of which not
 * all can be had is left out whole and told: half of a history would claim states that have ended.
 */
export async function pullConfigHistory(
  api: AwsApi,
  place: Place & { accountId: string },
  present: readonly string[],
  wish: HistoryWish,
  signal: AbortSignal,
): Promise<PulledHistory> {
  const { accountId, region } = place;
  const cutBefore = new Date(wish.since * 1000).toISOString();
  const fail = (error: unknown, operation: OperationName): FailedScope => {
    signal.throwIfAborted();
    return { accountId, region, listing: LISTING, ...tellFailure(error, operation, place) };
  };
  let ids: string[];
  try {
    ids = await interfaceIds(api, place, present, wish.since, signal);
  } catch (error) {
    return { cutBefore, items: null, failures: [fail(error, 'ListDiscoveredResources')] };
  }
  if (ids.length > wish.maxInterfaces) {
    const failure: FailedScope = {
      accountId,
      region,
      listing: LISTING,
      code: 'aws-config-too-much',
      message: `AWS Config knows ${ids.length} interfaces, more than the ${wish.maxInterfaces} that are asked for one by one`,
      next: 'give the files that AWS Config writes to S3 to: pare analyze --config-history; or raise --max-config-interfaces',
    };
    return { cutBefore, items: null, failures: [failure] };
  }
  const failures: FailedScope[] = [];
  const histories = await inParallel(ids, PARALLEL, async (id) => {
    try {
      return await historyOf(api, place, id, wish.since, signal);
    } catch (error) {
      failures.push(fail(error, 'GetResourceConfigHistory'));
      return [];
    }
  });
  return { cutBefore, items: histories.flat(), failures: summed(failures) };
}

/** Present interfaces and those that went since; what was gone before is of no interest. */
async function interfaceIds(
  api: AwsApi,
  place: Place,
  present: readonly string[],
  since: number,
  signal: AbortSignal,
): Promise<string[]> {
  const input = { resourceType: RESOURCE_TYPE, includeDeletedResources: true } as const;
  const known = await allItems(api, place, 'ListDiscoveredResources', input, 'resourceIdentifiers', signal);
  const recent = known.filter((item) => (momentOf(item.resourceDeletionTime) ?? since) >= since);
  return [...new Set([...present, ...recent.map((item) => String(item.resourceId))])].sort(byText);
}

/** Newest first, until the item that held at `since`; returned oldest first. */
async function historyOf(
  api: AwsApi,
  place: Place,
  resourceId: string,
  since: number,
  signal: AbortSignal,
): Promise<Item[]> {
  const input = { resourceType: RESOURCE_TYPE, resourceId, chronologicalOrder: 'Reverse' } as const;
  const out: Item[] = [];
  try {
    for await (const page of pages(api, place, 'GetResourceConfigHistory', input, 'configurationItems', signal)) {
      for (const item of page) {
        out.push(item);
        const at = momentOf(item.configurationItemCaptureTime);
        // While it was not recorded, what held is told by the item before.
        if (at !== null && at <= since && item.configurationItemStatus !== 'ResourceNotRecorded') return out.reverse();
      }
    }
  } catch (error) {
    // Too new for AWS Config, or it records no interfaces.
    if (isCode(error, 'ResourceNotDiscoveredException')) return [];
    throw error;
  }
  return out.reverse();
}

/** The same trouble with a thousand interfaces is one line. */
function summed(failures: readonly FailedScope[]): FailedScope[] {
  const byMessage = new Map<string, { failure: FailedScope; count: number }>();
  for (const failure of failures) {
    const known = byMessage.get(failure.message);
    if (known === undefined) byMessage.set(failure.message, { failure, count: 1 });
    else known.count++;
  }
  return [...byMessage.values()].map(({ failure, count }) => ({
    ...failure,
    message: `${failure.message}, for ${count} ${count === 1 ? 'interface' : 'interfaces'}`,
  }));
}
