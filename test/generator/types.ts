import type { EpochSeconds } from '../../analyzer/model/interface.ts';
import type { Direction, SecurityGroupRule } from '../../analyzer/model/rule.ts';

/** A security group of the simulated VPC. */
export interface SimGroup {
  groupId: string;
  groupName: string;
  description: string;
  tags: Readonly<Record<string, string>>;
}

export interface SimSubnet {
  subnetId: string;
  cidr: string;
  cidrIpv6: string;
  az: string;
  azId: string;
  name: string;
}

/** Which source ports the operating system gives to connections it opens. */
export type Ephemeral = 'linux' | 'windows' | 'aws';

/** A network interface over its whole life. */
export interface SimInterface {
  interfaceId: string;
  name: string;
  subnetId: string;
  interfaceType: string;
  requesterManaged: boolean;
  instanceId: string | null;
  primary: string;
  secondary: readonly string[];
  ipv6: readonly string[];
  publicIp: string | null;
  ephemeral: Ephemeral;
  created: EpochSeconds;
  gone: EpochSeconds | null;
  /** Ascending by `from`; the first begins with `created`. Sorted groups; none: nothing is filtered. */
  wore: { from: EpochSeconds; groups: readonly string[] }[];
  /** Flow logs of this interface begin here; null: never logged. */
  loggedFrom: EpochSeconds | null;
  /** Closed-open spans without any record, not even NODATA. */
  gaps: readonly { from: EpochSeconds; to: EpochSeconds }[];
}

export interface SimPrefixList {
  prefixListId: string;
  name: string;
  /** `AWS` for the lists that AWS keeps. */
  ownerId: string;
  maxEntries: number | null;
  cidrs: readonly string[];
}

/** One end of a connection, where that end is an interface of the VPC. */
export interface ConnectionEnd {
  interfaceId: string;
  /** egress: this interface opened it; ingress: it was opened towards this interface. */
  direction: Direction;
  /** The address at the other end, as the packet carries it. */
  peer: string;
  /** This end's own address, as the packet carries it. */
  own: string;
  /** Worn at the start of the connection, sorted. */
  groups: readonly string[];
  accepted: boolean;
  /** Ids of all rules that let it in (or out), sorted. Empty when refused, and when the interface wears no group. */
  rules: readonly string[];
}

/** What truly happened; the flow logs only show its packets. */
export interface TrueConnection {
  id: number;
  /** Why the simulation made it; for messages of failing tests. */
  purpose: string;
  opener: string;
  target: string;
  protocol: number;
  /** The called port; null for protocols without ports. */
  port: number | null;
  sourcePort: number | null;
  icmp: { type: number; code: number } | null;
  start: EpochSeconds;
  /** Second of the last packet. */
  end: EpochSeconds;
  bytesUp: number;
  bytesDown: number;
  /** Both ends accepted it, so there are answers. */
  established: boolean;
  closing: Closing;
  /** Packets only in the first and the last aggregation interval. */
  quiet: boolean;
  /** Where the NAT gateway translates it: its interface and the source port it uses. */
  nat: { interfaceId: string; port: number } | null;
  /** In the order opener, target. */
  ends: readonly ConnectionEnd[];
}

/** fin: both sides close. rst: the caller resets. refused: SYN let in, but nothing listens there and the host answers RST. open: still open at the end. */
export type Closing = 'fin' | 'rst' | 'refused' | 'open';

/** A line of a flow log with every field up to version 5; null is `-`. */
export interface FlowRecord {
  accountId: string;
  interfaceId: string;
  vpcId: string;
  subnetId: string;
  instanceId: string | null;
  srcaddr: string | null;
  dstaddr: string | null;
  srcport: number | null;
  dstport: number | null;
  protocol: number | null;
  packets: number | null;
  bytes: number | null;
  start: EpochSeconds;
  end: EpochSeconds;
  action: 'ACCEPT' | 'REJECT' | null;
  logStatus: 'OK' | 'NODATA' | 'SKIPDATA';
  tcpFlags: number | null;
  type: 'IPv4' | 'IPv6' | null;
  pktSrcaddr: string | null;
  pktDstaddr: string | null;
  region: string;
  azId: string;
  pktSrcAwsService: string | null;
  pktDstAwsService: string | null;
  flowDirection: Direction | null;
  trafficPath: number | null;
}

export interface RuleTruth {
  /** Connection ends that this rule let in. */
  connections: number;
  /** Of these, the ends that no other rule would have let in. */
  onlyPermitter: number;
  first: EpochSeconds | null;
  last: EpochSeconds | null;
  interfaces: readonly string[];
}

/** What an analysis can be held against. All lists are sorted. */
export interface Truth {
  rules: Readonly<Record<string, RuleTruth>>;
  neverUsedRuleIds: readonly string[];
  /** Never used, and every interface that wore the group was logged without gaps (and at least one did). */
  neverUsedCoveredRuleIds: readonly string[];
  usedOnceRuleIds: readonly string[];
  /** Used, but every interface that used it is gone at the end of the window. */
  usedOnlyByGoneInterfaces: readonly string[];
  /** Used, but every interface that used it still lives and no longer wears the group. */
  usedOnlyBeforeSwap: readonly string[];
  /** Two rules that were, for some connection, the only two that let it in. */
  mutualCoverPairs: readonly (readonly [string, string])[];
  /** Never used, though answers to connections opened the other way fall into it. */
  returnTrafficOnlyRules: readonly string[];
  /** ICMP rules never used, that logs cannot tell from a used type: they show neither type nor code. */
  icmpIndistinguishable: readonly string[];
  /** Nobody wore it in the window. */
  unwornGroupIds: readonly string[];
  /** Logged late, never or with gaps. */
  uncoveredInterfaceIds: readonly string[];
}

/** A file of AWS Config as it lies in the bucket: path below the bucket, and the document before gzip. */
export interface ConfigFile {
  path: string;
  body: { fileVersion: string; configurationItems: readonly Record<string, unknown>[] };
}

/** The facts of a simulated VPC, before anything is derived from them. */
export interface WorldState {
  accountId: string;
  region: string;
  vpcId: string;
  vpcName: string;
  vpcCidr: string;
  vpcCidrIpv6: string;
  /** Closed-open, both at second resolution. */
  window: { from: EpochSeconds; to: EpochSeconds };
  /** Seconds: 60 or 600. */
  aggregation: number;
  /** One NODATA line covers at most this many idle seconds. AWS writes one per aggregation interval; larger values only save size. */
  noDataInterval: number;
  /** interval: start and end are those of the aggregation interval; packets: of the first and last packet within it. */
  recordTimes: 'interval' | 'packets';
  /** Seconds between a change and the capture time of its AWS Config item. */
  configLag: number;
  subnets: readonly SimSubnet[];
  groups: readonly SimGroup[];
  rules: readonly SecurityGroupRule[];
  interfaces: readonly SimInterface[];
  prefixLists: readonly SimPrefixList[];
  connections: readonly TrueConnection[];
  /** Aggregation intervals for which records were lost: one SKIPDATA line each. */
  skips: readonly { interfaceId: string; at: EpochSeconds }[];
}

export interface World extends WorldState {
  seed: number;
  /** Documents as the AWS CLI prints them, by path below the inventory folder. */
  inventory: Readonly<Record<string, unknown>>;
  configFiles: readonly ConfigFile[];
  /** Sorted by end, then interface. Made when first asked for, and then kept. */
  records: Iterable<FlowRecord>;
  truth: Truth;
}
