import { PareError, type Problem } from '../model/problem.ts';
import type { Scope } from './listings.ts';
import type { RawGroup, RawInterface, RawPrefixList, RawRule, RawSubnet, RawVpc } from './raw.ts';
import type { Located } from './valid.ts';

/** Everything read from one scope; null where the file is missing. */
export interface RawScope {
  scope: Scope;
  groups: Located<RawGroup>[] | null;
  rules: Located<RawRule>[] | null;
  interfaces: Located<RawInterface>[];
  prefixLists: Located<RawPrefixList>[] | null;
  entries: ReadonlyMap<string, readonly Located<string>[]>;
  vpcs: Located<RawVpc>[] | null;
  subnets: Located<RawSubnet>[] | null;
}

/** Tells the account and region that an item belongs to. */
export interface Origin {
  account(item: Located<unknown>, own: string | null | undefined): string;
  region(item: Located<unknown>, own: string | null, vpcId: string | null | undefined): string;
  warnings: readonly Problem[];
}

const LAYOUT = 'put the files under ACCOUNT/REGION/, e.g. 111122223333/eu-west-1/';

/** `us-east-1` of an ARN `arn:aws:ec2:us-east-1:…`. */
export function regionOfArn(arn: string | null | undefined): string | null {
  if (arn === null || arn === undefined) return null;
  let from = 0;
  for (let colons = 0; colons < 3; colons += 1) {
    from = arn.indexOf(':', from) + 1;
    if (from === 0) return null;
  }
  const to = arn.indexOf(':', from);
  const region = arn.slice(from, to < 0 ? arn.length : to);
  return region === '' ? null : region;
}

/** `us-west-2` of zones `us-west-2a`, `us-west-2-lax-1a` (Local Zone) and `us-east-1-wl1-bos-wlz-1` (Wavelength). */
export function regionOfZone(zone: string | null | undefined): string | null {
  return /^([a-z]{2,3}(?:-[a-z]+)+-\d+)/.exec(zone ?? '')?.[1] ?? null;
}

/** An owner that is an account; AWS's own prefix lists have the owner `AWS`, Config items may have none. */
function accountOf(owner: string | null | undefined): string | null {
  return owner !== null && owner !== undefined && /^\d{12}$/.test(owner) ? owner : null;
}

/** In the ACCOUNT/REGION/ layout the folder speaks; in the flat one the item's owner, ARN, zone or VPC, or the only region seen. */
export function originOf(raw: RawScope): Origin {
  const { scope } = raw;
  const byVpc = new Map<string, string>();
  const seen = new Set<string>();
  const note = (region: string | null, vpcId: string | null | undefined): void => {
    if (region === null) return;
    seen.add(region);
    if (vpcId !== null && vpcId !== undefined) byVpc.set(vpcId, region);
  };
  for (const { value } of raw.subnets ?? [])
    note(regionOfArn(value.SubnetArn) ?? regionOfZone(value.AvailabilityZone), value.VpcId);
  for (const { value } of raw.interfaces) note(regionOfZone(value.AvailabilityZone), value.VpcId);
  for (const { value } of raw.groups ?? []) note(regionOfArn(value.SecurityGroupArn), value.VpcId);
  for (const { value } of raw.rules ?? []) note(regionOfArn(value.SecurityGroupRuleArn), null);
  const only = seen.size === 1 ? [...seen][0]! : null;
  const foreign = [...seen].filter((region) => scope.region !== null && region !== scope.region).sort();
  return {
    account(item, own) {
      const account = accountOf(own) ?? scope.accountId;
      if (account !== null) return account;
      throw unknown('account', item);
    },
    region(item, own, vpcId) {
      const region = scope.region ?? own ?? byVpc.get(vpcId ?? '') ?? only;
      if (region !== null) return region;
      throw unknown('region', item);
    },
    warnings: foreign.map((region) => ({
      code: 'inventory-region-differs',
      message: `the folder says ${scope.region}, but items in it are of ${region}`,
      next: 'check that the files are in the right folder; the folder was believed',
      fault: 'input' as const,
      file: scope.folder,
    })),
  };
}

function unknown(what: 'account' | 'region', item: Located<unknown>): PareError {
  return new PareError({
    code: `inventory-unknown-${what}`,
    message: `nothing tells the ${what} of this item`,
    next: LAYOUT,
    fault: 'input',
    file: item.file,
    at: item.at,
  });
}
