import type { EvidenceClass, Window } from '../flowlogs/ledger.ts';
import type { Address } from '../model/address.ts';
import type { Direction, SecurityGroupRule } from '../model/rule.ts';

export type { EvidenceClass, Window };

/** yes: allows it for certain. maybe: could have (a group whose members are unknown, a prefix list without entries). */
export type Match = 'yes' | 'maybe' | 'no';

/**
 * One class of accepted new connections that the rules of one set of groups were asked about: the atom of usage, advice and replay.
 * A record whose opener, groups or peer address is unclear gives one class for each possibility (law 1), and each must go on being
 * allowed wherever it was.
 */
export interface ConnectionClass {
  /** Index into Evidence.groupSets: the groups worn at that moment. */
  groupSet: number;
  direction: Direction;
  protocol: number;
  /** Port of the end that was called; null where the protocol has none or the logs do not show it (ICMP): any port of the rule may be meant. */
  port: number | null;
  peer: Address;
  /** Groups that the peer's address wore, or may have worn, at that moment: an index into Evidence.peerGroupSets. */
  peerGroups: number;
  /** False when another reading of the same records exists. */
  certain: boolean;
  records: number;
  packets: number;
  bytes: number;
  first: number;
  last: number;
  /** Distinct UTC days, as days since 1970, sorted, with the records of each. */
  days: readonly { day: number; records: number }[];
  evidence: Readonly<Partial<Record<EvidenceClass, number>>>;
  /** Interfaces it was seen on; sorted. */
  interfaces: readonly string[];
  /** Rules that match, by index into Evidence.rules, sorted; decided once, here. */
  yes: readonly number[];
  maybe: readonly number[];
}

/**
 * Groups of one peer address at one moment, as rules that reference groups see it. The three lists are sorted and disjoint;
 * a group in none of them was certainly not worn.
 */
export interface PeerGroups {
  /** Worn for certain, in the same VPC: a rule that references it allows. */
  sure: readonly string[];
  /** Worn for certain, in another VPC: allows where the reference works across an active peering. */
  peered: readonly string[];
  /** Perhaps: near a change, no interface known for the address, a group of an account not given, a load balancer that keeps client addresses. */
  possible: readonly string[];
}

/**
 * Records with more than one reading. Each reading is a class of its own with `certain: false`; here the records are counted once.
 */
export interface AmbiguousRecords {
  /** Indexes into Evidence.classes, sorted: the readings that some rule allows. */
  classes: readonly number[];
  records: number;
  packets: number;
  bytes: number;
  first: number;
  last: number;
  days: readonly { day: number; records: number }[];
  evidence: Readonly<Partial<Record<EvidenceClass, number>>>;
}

/** Accepted records, each counted once. */
export interface RecordTotals {
  /** At least one reading is allowed by a rule. */
  explained: number;
  /** On interfaces without security groups (NAT gateways, Transit Gateway attachments): nothing filtered them. */
  unfiltered: number;
  unexplained: number;
}

export interface GroupCoverage {
  groupId: string;
  /** The covered part of these; hours with a SKIPDATA line count as not covered. */
  observedInterfaceHours: number;
  /** Hours within the window in which an interface wore the group, summed over interfaces. */
  expectedInterfaceHours: number;
  /** Hours (by the clock) of the window in which at least one interface wore it; never more than the window has. */
  wornHours: number;
  skippedRecords: number;
  interfaces: readonly string[];
  /** Of the interfaces that wore the group, the one that the logs speak least of; null when nobody wore it. */
  leastCovered: InterfaceCoverage | null;
}

export interface InterfaceCoverage {
  interfaceId: string;
  observedHours: number;
  /** Hours within the window in which it wore the group. */
  expectedHours: number;
  /** 0 to 1; one aggregation interval at the edges of its life is forgiven (coverage.ts). */
  share: number;
}

/** Accepted connections that nothing known lets in; they freeze `groups` in `direction` (law 2). */
export interface Unexplained {
  interfaceId: string;
  groups: readonly string[];
  direction: Direction;
  records: number;
  reason: 'no-rule' | 'unknown-interface' | 'unknown-group' | 'no-state-at-that-time';
  example: string;
}

export interface Evidence {
  /** Sorted by (accountId, region, groupId, direction, ruleId). */
  rules: readonly SecurityGroupRule[];
  groupSets: readonly (readonly string[])[];
  peerGroupSets: readonly PeerGroups[];
  /** Sorted; only classes that at least one rule matches. */
  classes: readonly ConnectionClass[];
  /** Sorted. Classes with `certain: false` repeat records; sums over records go over certain classes and these. */
  ambiguous: readonly AmbiguousRecords[];
  totals: RecordTotals;
  /** By rule, the refused records that it certainly allows: a network ACL stood in the way, or the connection had closed. Never use. */
  refused?: ReadonlyMap<number, number>;
  /** Of how many days at the window's end those are; absent: of all. */
  refusedDays?: number;
  coverage: ReadonlyMap<string, GroupCoverage>;
  unexplained: readonly Unexplained[];
}
