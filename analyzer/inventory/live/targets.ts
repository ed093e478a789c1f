import type { FailedScope } from '../../model/inventory.ts';
import { PareError } from '../../model/problem.ts';
import { byText } from '../valid.ts';
import { tellFailure } from './failure.ts';
import type { AwsApi, OperationName, Place } from './operations.ts';
import { allItems } from './pages.ts';

/** Whose inventory to pull. */
export type Target =
  /** The account of the credentials. */
  | { kind: 'own' }
  | { kind: 'role'; roleArn: string }
  /** The same role in several accounts; the caller's own is read without it. */
  | { kind: 'accounts'; accounts: readonly string[]; roleName: string }
  /** All active accounts of the organization, or those of them that are named. */
  | { kind: 'organization'; accounts: readonly string[] | null; roleName: string };

export interface TargetAccount {
  accountId: string;
  roleArn: string | null;
}

export interface Targets {
  accounts: readonly TargetAccount[];
  failures: readonly FailedScope[];
  /** Accounts of the organization that are not read: suspended or being closed. */
  inactive: readonly string[];
}

const ROLE_ARN = /^arn:(aws[a-z-]*):iam::(\d{12}):role\/([\w+=,.@/-]+)$/;

/** Null for what is no role's ARN. */
export function parseRoleArn(text: string): { partition: string; accountId: string; roleName: string } | null {
  const [, partition, accountId, roleName] = ROLE_ARN.exec(text) ?? [];
  return partition === undefined ? null : { partition, accountId: accountId!, roleName: roleName! };
}

/** The accounts to read, sorted. Throws PareError when not even the caller or the organization's list can be had. */
export async function findTargets(api: AwsApi, target: Target, region: string, signal: AbortSignal): Promise<Targets> {
  const caller: Place = { accountId: null, roleArn: null, region };
  if (target.kind === 'role') {
    const parsed = parseRoleArn(target.roleArn);
    if (parsed === null)
      throw configuration(`${target.roleArn} is no ARN of a role`, 'give arn:aws:iam::ACCOUNT:role/NAME');
    return { accounts: [{ accountId: parsed.accountId, roleArn: target.roleArn }], failures: [], inactive: [] };
  }
  const identity = await orProblem(caller, 'GetCallerIdentity', () =>
    api.call(caller, 'GetCallerIdentity', {}, signal),
  );
  const own = String(identity.Account);
  if (target.kind === 'own') return { accounts: [{ accountId: own, roleArn: null }], failures: [], inactive: [] };
  // `arn:aws-cn:sts::…`: a role is in the same partition as who assumes it.
  const partition = String(identity.Arn).split(':')[1] || 'aws';
  const toAccount = (accountId: string): TargetAccount => ({
    accountId,
    roleArn: accountId === own ? null : `arn:${partition}:iam::${accountId}:role/${target.roleName}`,
  });
  if (target.kind === 'accounts')
    return { accounts: sortedSet(target.accounts).map(toAccount), failures: [], inactive: [] };
  const listed = await orProblem({ ...caller, accountId: own }, 'ListAccounts', () =>
    allItems(api, caller, 'ListAccounts', {}, 'Accounts', signal),
  );
  // `State` takes the place of `Status`, which AWS retires; either may be missing.
  const active = new Map(listed.map((item) => [String(item.Id), (item.State ?? item.Status) === 'ACTIVE']));
  const wanted = target.accounts === null ? [...active.keys()] : target.accounts;
  const strangers = sortedSet(wanted.filter((accountId) => !active.has(accountId)));
  return {
    accounts: sortedSet(wanted.filter((accountId) => active.get(accountId) === true)).map(toAccount),
    failures: strangers.map((accountId) => ({
      accountId,
      region: null,
      listing: null,
      code: 'aws-account-unknown',
      message: 'no account of the organization',
      next: 'check --accounts',
    })),
    inactive: sortedSet(wanted.filter((accountId) => active.get(accountId) === false)),
  };
}

/** The regions that an account has enabled. Rejects with the SDK's error. */
export async function enabledRegions(api: AwsApi, place: Place, signal: AbortSignal): Promise<string[]> {
  const listed = await allItems(api, place, 'DescribeRegions', { AllRegions: false }, 'Regions', signal);
  return sortedSet(listed.map((item) => String(item.RegionName)));
}

/** Without this call there is nothing to go on with: its failure ends the command. */
async function orProblem<T>(place: Place, operation: OperationName, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (cause) {
    if (cause instanceof Error && cause.name === 'AbortError') throw cause;
    const { code, message, next } = tellFailure(cause, operation, place);
    throw new PareError({ code, message, next, fault: 'environment' }, { cause });
  }
}

function configuration(message: string, next: string): PareError {
  return new PareError({ code: 'bad-option', message, next, fault: 'configuration' });
}

function sortedSet(items: readonly string[]): string[] {
  return [...new Set(items)].sort(byText);
}
