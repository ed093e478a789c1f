import type { InterfaceState } from './interface.ts';
import type { Problem } from './problem.ts';
import type { SecurityGroupRule } from './rule.ts';

export interface SecurityGroup {
  groupId: string;
  groupName: string;
  accountId: string;
  region: string;
  vpcId: string | null;
  description: string | null;
  tags: Readonly<Record<string, string>>;
}

export interface PrefixList {
  prefixListId: string;
  name: string | null;
  /** `AWS` for lists that AWS keeps. */
  ownerId: string | null;
  maxEntries: number | null;
  /** Null when the entries are not known: then any address may be in it. */
  cidrs: readonly string[] | null;
}

export interface Vpc {
  vpcId: string;
  accountId: string;
  region: string;
  /** All associated IPv4 and IPv6 blocks. */
  cidrs: readonly string[];
}

export interface Subnet {
  subnetId: string;
  vpcId: string;
  accountId: string;
  region: string;
  cidrs: readonly string[];
  tags: Readonly<Record<string, string>>;
}

/** Everything known about rules and who wore them; the output of the inventory step. Lists are sorted by their ids. */
export interface Inventory {
  groups: readonly SecurityGroup[];
  rules: readonly SecurityGroupRule[];
  /**
   * All known states of all interfaces, sorted by interface id, then by start. Of one interface they overlap only where a change fell
   * at an unknown moment: the present inventory contradicts the last item of AWS Config, Config did not record for a while, or it
   * captured two states within a second. All states that overlap a record are then possible (law 1); an hour of an interface is one
   * hour, however many states claim it. Where no state is, nothing is known: records of that time are unexplained (law 2).
   */
  interfaces: readonly InterfaceState[];
  prefixLists: readonly PrefixList[];
  vpcs: readonly Vpc[];
  subnets: readonly Subnet[];
  /** What was odd but not fatal: shown in the report, never silent. */
  warnings: readonly Problem[];
}
