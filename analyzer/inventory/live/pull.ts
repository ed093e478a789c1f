import type { FailedScope } from '../../model/inventory.ts';
import { PareError } from '../../model/problem.ts';
import { sortFailures } from '../failures.ts';
import { tellFailure } from './failure.ts';
import type { AwsApi, Place } from './operations.ts';
import { inParallel } from './pages.ts';
import { type PulledScope, pullScope, ScopeFailed, type ScopeWish } from './pull-scope.ts';
import { enabledRegions, findTargets, type Target, type TargetAccount } from './targets.ts';

export interface PullRequest extends ScopeWish {
  target: Target;
  /** Null: the region of the profile or the environment. */
  regions: readonly string[] | 'all' | null;
  /** Scopes at once. */
  concurrency: number;
}

export interface PullEffects {
  api: AwsApi;
  /** Takes each scope as soon as it is there, so that only a few are held at once. */
  write(scope: PulledScope): Promise<void>;
  progress(done: number, total: number): void;
  signal: AbortSignal;
}

export interface ScopeSummary {
  accountId: string;
  /** Null where not even the account's regions are known. */
  region: string | null;
  /** Null: the scope failed. */
  counts: { groups: number; rules: number; interfaces: number } | null;
}

export interface PullResult {
  /** Sorted by account and region. */
  scopes: readonly ScopeSummary[];
  failures: readonly FailedScope[];
  inactive: readonly string[];
}

/**
 * Pulls all scopes of the request. What fails in one account or region is told in `failures` and stops no other; throws PareError where
 * nothing can be begun, and the signal's reason when aborted.
 */
export async function pullInventory(request: PullRequest, effects: PullEffects): Promise<PullResult> {
  const { api, signal } = effects;
  const regions = request.regions ?? [await homeRegion(api)];
  const first = regions === 'all' ? ((await api.homeRegion()) ?? 'us-east-1') : regions[0]!;
  const targets = await findTargets(api, request.target, first, signal);
  const failures: FailedScope[] = [...targets.failures];
  const scopes: ScopeSummary[] = targets.failures.map(({ accountId }) => failed(accountId!, null));

  const reached = await inParallel(targets.accounts, request.concurrency, async (account) => {
    try {
      return { account, regions: await reach(api, account, regions, first, signal) };
    } catch (error) {
      signal.throwIfAborted();
      const place = { ...account, region: first };
      const told = tellFailure(error, regions === 'all' ? 'DescribeRegions' : 'GetCallerIdentity', place);
      failures.push({ accountId: account.accountId, region: null, listing: null, ...told });
      scopes.push(failed(account.accountId, null));
      return { account, regions: [] };
    }
  });
  const places = reached.flatMap(({ account, regions }) => regions.map((region) => ({ ...account, region })));
  let done = 0;
  effects.progress(0, places.length);
  await inParallel(places, request.concurrency, async (place) => {
    signal.throwIfAborted();
    const pulled = await scopeOrFailure(api, place, request, signal);
    if ('failure' in pulled) {
      failures.push(pulled.failure);
      scopes.push(failed(place.accountId, place.region));
    } else {
      await effects.write(pulled);
      failures.push(...pulled.failures);
      scopes.push({ accountId: place.accountId, region: place.region, counts: countsOf(pulled) });
    }
    effects.progress(++done, places.length);
  });
  return { scopes: scopes.sort(byScope), failures: sortFailures(failures), inactive: targets.inactive };
}

async function homeRegion(api: AwsApi): Promise<string> {
  const region = await api.homeRegion();
  if (region !== null) return region;
  throw new PareError({
    code: 'aws-region-missing',
    message: 'neither --region nor the profile nor AWS_REGION names a region',
    next: 'give --region, for example --region eu-west-1 us-east-1, or --region all',
    fault: 'configuration',
  });
}

/** Proves that the account's credentials work, once, before any region is asked; and finds the regions where all are wanted. */
async function reach(
  api: AwsApi,
  account: TargetAccount,
  regions: readonly string[] | 'all',
  first: string,
  signal: AbortSignal,
): Promise<readonly string[]> {
  const place: Place = { ...account, region: first };
  if (regions === 'all') return enabledRegions(api, place, signal);
  if (account.roleArn !== null) await api.call(place, 'GetCallerIdentity', {}, signal);
  return regions;
}

async function scopeOrFailure(
  api: AwsApi,
  place: Place & { accountId: string },
  wish: ScopeWish,
  signal: AbortSignal,
): Promise<PulledScope | { failure: FailedScope }> {
  try {
    return await pullScope(api, place, wish, signal);
  } catch (error) {
    if (error instanceof ScopeFailed) return { failure: error.failure };
    throw error;
  }
}

function countsOf(scope: PulledScope): NonNullable<ScopeSummary['counts']> {
  const count = (name: string): number => scope.listings.find((listing) => listing.name === name)?.items.length ?? 0;
  return {
    groups: count('security-groups'),
    rules: count('security-group-rules'),
    interfaces: count('network-interfaces'),
  };
}

function failed(accountId: string, region: string | null): ScopeSummary {
  return { accountId, region, counts: null };
}

function byScope(a: ScopeSummary, b: ScopeSummary): number {
  const key = (scope: ScopeSummary): string => `${scope.accountId} ${scope.region ?? ''}`;
  return key(a) < key(b) ? -1 : 1;
}
