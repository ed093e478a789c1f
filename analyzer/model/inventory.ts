import type { EpochSeconds, InterfaceState } from './interface.ts';
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

/** A flow log as it is set up: what is recorded of which VPC, subnet or interface, and where it goes. */
export interface FlowLogSetting {
  flowLogId: string;
  accountId: string | null;
  region: string | null;
  /** vpc-…, subnet-…, eni-…, or a Transit Gateway. */
  resourceId: string | null;
  /** ACCEPT, REJECT or ALL. */
  trafficType: string | null;
  /** s3, cloud-watch-logs, kinesis-data-firehose. */
  destinationType: string | null;
  /** ARN of the bucket, with its prefix, or of the delivery stream; the log group's name for CloudWatch Logs. */
  destination: string | null;
  /** `${srcaddr} ${dstaddr} …` */
  format: string | null;
  /** Seconds: 60 or 600. */
  aggregationInterval: number | null;
  status: string | null;
  /** Why records could not be delivered; null where they are. */
  deliveryError: string | null;
  createdAt: EpochSeconds | null;
}

/** Something that names a group and may start interfaces with it, so that a group that nobody wears is still in use. */
export interface GroupHolder {
  groupId: string;
  kind: 'launch-template';
  /** lt-… */
  holderId: string;
  name: string | null;
  /** Versions of the template that name the group, rising. */
  versions: readonly number[];
  accountId: string | null;
  region: string | null;
  /** True where the template gives a name, which several groups may bear. */
  byName: boolean;
}

export interface PeeringSide {
  accountId: string | null;
  region: string | null;
  vpcId: string | null;
  cidrs: readonly string[];
}

export interface Peering {
  peeringConnectionId: string;
  /** active, deleted, expired, … */
  status: string | null;
  requester: PeeringSide;
  accepter: PeeringSide;
}

/** A rule's reference to a group of a peer VPC that is gone: EC2 calls it stale, and it matches nothing. */
export interface StaleReference {
  groupId: string;
  accountId: string | null;
  region: string | null;
  direction: 'ingress' | 'egress';
  protocol: string;
  fromPort: number | null;
  toPort: number | null;
  referencedGroupId: string;
  referencedVpcId: string | null;
  peeringConnectionId: string | null;
}

/** A group made usable in a further VPC. */
export interface GroupVpc {
  groupId: string;
  vpcId: string;
  vpcOwnerId: string | null;
  /** associated, associating, disassociated, … */
  state: string | null;
}

/** When a rule was made, where CloudTrail still knows (90 days). Of a rule not listed nothing is known: it may be old, or minutes young. */
export interface RuleAge {
  ruleId: string;
  /** Null when only a later change was seen. */
  createdAt: EpochSeconds | null;
  /** The last change of what it allows; null when none was seen. */
  changedAt: EpochSeconds | null;
  /** ARN of who made it. */
  by: string | null;
}

/** A part of the inventory that could not be had: what is not in the lists may yet exist there. */
export interface FailedScope {
  /** Null: the accounts themselves could not be listed. */
  accountId: string | null;
  /** Null: all regions of the account. */
  region: string | null;
  /** One listing, by the name of its file without `.json`; null: the whole scope is missing. */
  listing: string | null;
  code: string;
  message: string;
  next: string;
}

/** A listing that a scope lacks: an empty list says nothing about that scope. */
export interface MissingListing {
  accountId: string | null;
  region: string | null;
  listing: string;
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
  /** The lists below are sorted, and empty where no scope tells; `missingListings` says whose silence means nothing. */
  flowLogs?: readonly FlowLogSetting[];
  holders?: readonly GroupHolder[];
  peerings?: readonly Peering[];
  staleReferences?: readonly StaleReference[];
  groupVpcs?: readonly GroupVpc[];
  ruleAges?: readonly RuleAge[];
  failedScopes?: readonly FailedScope[];
  missingListings?: readonly MissingListing[];
  /** What was odd but not fatal: shown in the report, never silent. */
  warnings: readonly Problem[];
}
