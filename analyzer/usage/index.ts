export { type AttributionInput, attribute, DEFAULT_SLACK_SECONDS } from './attribute.ts';
export type {
  AmbiguousRecords,
  ConnectionClass,
  Evidence,
  GroupCoverage,
  Match,
  PeerGroups,
  RecordTotals,
  Unexplained,
} from './evidence.ts';
export { EXPLORER_LIMITS, ExplorerLedger, type ExplorerLimits, withExplorer } from './explorer.ts';
export { membersOf, REFUSED_LIMITS, RefusedLedger } from './refused.ts';
export { groupSummaries, interfaceSummaries } from './summaries.ts';
