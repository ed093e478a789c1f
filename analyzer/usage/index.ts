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
