/** What the operator decides; defaults are the careful choice. Parsed from `.github/pare.yml` or --policy at the border (policy-file.ts). */
export interface Policy {
  /** Least share of expected interface-hours that logs must cover before a rule may be called unused. */
  minCoverage: number;
  /** Least length of the judged window in days before anything is proposed. */
  minWindowDays: number;
  /** Least time in days, added up by the hour, that somebody must have worn a group: a batch job of an hour a month proves little by its silence. */
  minWornDays: number;
  /** Most rules that may stand instead of one narrowed rule. */
  maxReplacements: number;
  /** Narrow ports, and peers, at all? */
  narrowPorts: boolean;
  narrowPeers: boolean;
  /** A narrowed rule may name a prefix list, or a group of the same VPC, that all its observed peers bear (names.ts). */
  narrowToNames: boolean;
  /** Private peers are narrowed to no longer a prefix than this. */
  longestPrefixV4: number;
  longestPrefixV6: number;
  /** A public wildcard with more distinct peers than this is left alone. */
  maxPublicPeers: number;
  /** A public peer must have been seen on at least this many days to be trusted as steady. */
  steadyDays: number;
  /** A narrowing must leave less than this share of what the rule allowed (ports × addresses), or the rule stays as it is. */
  maxKeptShare: number;
  /** Good-Turing estimate, on days, of the share of ports or sources not seen yet; above it a rule is not narrowed. */
  maxMissingMass: number;
  /** What the policy file says beyond figures: enforced by policy-rules.ts. Absent: nothing. */
  orders?: PolicyOrders;
}

/** A person's word about parts of the network (law 8). */
export interface PolicyOrders {
  /** Days that must have been judged before rules of these groups may be called unused or narrowed, instead of minWindowDays; the longest that fits a group holds. */
  windows: readonly (GroupSelector & { days: number })[];
  /** A rule that allows any of this is never edited. */
  protectedGroups: readonly (GroupSelector & { reason?: string | undefined })[];
  protectedPorts: readonly ProtectedPorts[];
  /** Networks as canonical CIDR text, pl-… or sg-…. */
  protectedPeers: readonly string[];
  keeps: readonly Keep[];
  /** Networks (canonical CIDR text) that narrowing leaves whole, or closes whole: never a part of them. */
  neverNarrow: readonly string[];
  /** EC2's quota of rules for each group, direction and IP version. A plan never leaves more unless there were as many before. */
  rulesPerGroup: number;
  /** Null: no brake. */
  brake: { removals: number | null; percent: number | null } | null;
}

/** By the group's id or name, with * for any characters, or by a tag: `Key` or `Key=value`, * in the value. Exactly one. */
export type GroupSelector = { group: string; tag?: undefined } | { tag: string; group?: undefined };

export interface ProtectedPorts {
  /** Null: TCP and UDP. */
  protocol: 'tcp' | 'udp' | null;
  from: number;
  to: number;
}

/** A rule that stays, whatever is seen. All fields named must agree. */
export interface Keep {
  finding?: string | undefined;
  rule?: string | undefined;
  group?: string | undefined;
  account?: string | undefined;
  region?: string | undefined;
  reason: string;
  author?: string | undefined;
  /** Last day (UTC, YYYY-MM-DD) on which it holds; without it, for good. */
  until?: string | undefined;
}

export const DEFAULT_POLICY: Policy = {
  minCoverage: 0.98,
  minWindowDays: 14,
  minWornDays: 3,
  maxReplacements: 4,
  narrowPorts: true,
  narrowPeers: true,
  narrowToNames: false,
  longestPrefixV4: 24,
  longestPrefixV6: 64,
  maxPublicPeers: 8,
  steadyDays: 5,
  maxKeptShare: 0.5,
  maxMissingMass: 0.1,
};
