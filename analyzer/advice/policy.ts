/** What the operator decides; defaults are the careful choice. Parsed from `.github/pare.yml` or --policy at the border. */
export interface Policy {
  /** Least share of expected interface-hours that logs must cover before a rule may be called unused. */
  minCoverage: number;
  /** Least length of the judged window in days before anything is proposed. */
  minWindowDays: number;
  /** Most rules that may stand instead of one narrowed rule. */
  maxReplacements: number;
  /** Narrow ports, and peers, at all? */
  narrowPorts: boolean;
  narrowPeers: boolean;
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
}

export const DEFAULT_POLICY: Policy = {
  minCoverage: 0.98,
  minWindowDays: 14,
  maxReplacements: 4,
  narrowPorts: true,
  narrowPeers: true,
  longestPrefixV4: 24,
  longestPrefixV6: 64,
  maxPublicPeers: 8,
  steadyDays: 5,
  maxKeptShare: 0.5,
  maxMissingMass: 0.1,
};
