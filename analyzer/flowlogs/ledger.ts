import type { FlowLogSummary } from '../model/finding.ts';
import type { EpochSeconds } from '../model/interface.ts';

/**
 * The ledger: flow-log records with the ephemeral port folded away, once it is known who opened the connection. It is what both
 * engines produce from the same description and all that the later steps read.
 */
export interface LedgerRow {
  interfaceId: string;
  /** Start of the UTC day, or hour where the interface changed that day, that the records' start time lies in. */
  bucket: EpochSeconds;
  /** Who opened the connection, seen from the interface. `unknown` counts as both. */
  opened: 'inbound' | 'outbound' | 'unknown';
  /** What decided it. */
  evidence: EvidenceClass;
  /** IANA number. */
  protocol: number;
  /**
   * inbound: the interface's own port. outbound: null (folded). unknown: the interface's port. For ICMP and protocols without
   * ports null: the logs show neither type nor code.
   */
  localPort: number | null;
  /** outbound: the peer's port. inbound: null (folded). unknown: the peer's port. */
  peerPort: number | null;
  /** The interface's address in the record (srcaddr or dstaddr), and pkt- address where it differs. Canonical text. */
  localAddress: string;
  localPacketAddress: string | null;
  /** The other end (srcaddr or dstaddr) and its pkt- address where it differs. */
  peerAddress: string;
  peerPacketAddress: string | null;
  action: 'ACCEPT' | 'REJECT';
  records: number;
  packets: number;
  bytes: number;
  /** Least start and greatest end of the records. */
  first: EpochSeconds;
  last: EpochSeconds;
}

/** In falling order of strength; docs/attribution.md says how each decides and how often it was wrong. */
export const EVIDENCE_CLASSES = [
  'syn', // the record itself carries SYN or SYN-ACK
  'conversation', // another record of the same 5-tuple, either direction, carries it
  'listener', // a SYN-ACK was seen from one end's port and none from the other's
  'related', // active FTP: within a control connection to port 21 of the same ends, out of port 20
  'fan', // one end's port met many remote ports, the other's did not (formats without flags, UDP)
  'start', // both directions seen, one starts earlier, and the ports agree
  'none', // undecided
] as const;
export type EvidenceClass = (typeof EVIDENCE_CLASSES)[number];

/** Which hours of an interface the logs speak of. */
export interface CoverageRow {
  interfaceId: string;
  /** Start of the UTC hour. */
  hour: EpochSeconds;
  /** Seconds of the hour inside some record's aggregation interval, NODATA included; at most 3600. */
  observedSeconds: number;
  records: number;
  skipData: number;
}

/** The coverage rows of one interface, by hour: row `i` of `rows` is `hours[i]`, … The arrays may be longer, and are written anew for the next. */
export interface CoverageHours {
  interfaceId: string;
  rows: number;
  hours: Float64Array;
  observedSeconds: Float64Array;
  records: Float64Array;
  skipData: Float64Array;
}

/** What the caller wants judged. Closed-open. */
export interface Window {
  from: EpochSeconds;
  to: EpochSeconds;
}

/** What the engine must know of the inventory to read a record: which addresses were the interface's own. */
export interface InterfaceAddresses {
  interfaceId: string;
  addresses: readonly string[];
}

export interface ScanOptions {
  window: Window | { lastDays: number; to: EpochSeconds | null };
  interfaces: readonly InterfaceAddresses[];
  /** Days (start of UTC day) on which an interface changed groups or addresses: these are kept by the hour. */
  changes: readonly { interfaceId: string; day: EpochSeconds }[];
  /**
   * Days before the window's end of which refused records are wanted as rows; absent: all of the window. They are never use (law 1 asks
   * nothing of them), and each refused packet is a row of its own: most of the ledger's bytes.
   */
  refusedDays?: number;
  /** Go on past files that cannot be read whole; what they would have held counts as not covered. */
  skipUnreadable: boolean;
  progress(event: { phase: string; done: number; total: number; unit: 'files' | 'bytes' | 'steps' }): void;
  signal: AbortSignal;
}

/** The start of the first UTC day whose refused records become rows; null: all of them do. Every engine asks this one. */
export function refusedSince(window: Window, refusedDays: number | undefined): EpochSeconds | null {
  if (refusedDays === undefined) return null;
  const since = window.to - refusedDays * 86_400;
  return Math.max(0, since - (since % 86_400));
}

/** One scan over flow logs, engine behind it. Rows come in an order of the store's own, the same in each scan of the same files. */
export interface FlowScan {
  /** The window judged, resolved. */
  window: Window;
  summary: FlowLogSummary;
  ledger(): AsyncIterable<readonly LedgerRow[]>;
  coverage(): AsyncIterable<readonly CoverageRow[]>;
  /** The same, where the engine has it without an object for each hour; null where it has not after all. */
  coverageHours?(): Iterable<CoverageHours> | null;
  close(): Promise<void>;
}

/** A scan's coverage in the way that costs least: by interface where the engine has it so. */
export async function* coverageOf(scan: FlowScan): AsyncGenerator<readonly CoverageRow[] | CoverageHours> {
  const hours = scan.coverageHours?.() ?? null;
  if (hours === null) yield* scan.coverage();
  else yield* hours;
}

/** An engine that reads flow logs: DuckDB on one machine, Athena at scale. */
export interface FlowStore {
  readonly engine: string;
  scan(options: ScanOptions): Promise<FlowScan>;
}
