import type { EpochSeconds } from './interface.ts';

/** Refused packets of one kind, for the watch after a merge: do they match what was removed? */
export interface RefusedFlow {
  interfaceId: string;
  /** Worn then; near a change those before and after it. */
  groups: readonly string[];
  /** Who wanted to open, seen from the interface; unknown counts as both. */
  opened: 'inbound' | 'outbound' | 'unknown';
  /** IANA number. */
  protocol: number;
  localPort: number | null;
  peerPort: number | null;
  peer: string;
  peerPacket: string | null;
  records: number;
  packets: number;
  first: EpochSeconds;
  last: EpochSeconds;
}
