import type { LedgerRow } from '../flowlogs/ledger.ts';
import { type Address, parseAddress } from '../model/address.ts';
import type { Inventory } from '../model/inventory.ts';
import { hasPorts } from '../model/protocol.ts';
import type { Direction } from '../model/rule.ts';
import type { PeerGroups } from './evidence.ts';
import { buildPeerIndex } from './peers.ts';
import { compareText, type HeldState, statesWithin } from './timeline.ts';
import { possibleWearers } from './unexplained.ts';

/** The evidence classes that are inference and not observation: where they lead to no rule, the other direction may be the true one. */
const INFERRED: ReadonlySet<string> = new Set(['listener', 'fan', 'start', 'none']);

/** One way to understand a row. */
export interface Reading {
  groups: readonly string[];
  direction: Direction;
  port: number | null;
  peerText: string;
  peer: Address;
  peerGroups: PeerGroups;
}

type RowReading =
  | { kind: 'unfiltered' }
  | {
      kind: 'unknown';
      reason: 'unknown-interface' | 'no-state-at-that-time';
      groups: readonly string[];
      directions: readonly Direction[];
    }
  | {
      kind: 'readings';
      readings: readonly Reading[];
      inferred: boolean;
      /** The readings if the connection was opened the other way. */
      otherWay: readonly Reading[];
      mayBeUnfiltered: boolean;
      groups: readonly string[];
      lacksGroup: boolean;
      directions: readonly Direction[];
    };

/** Answers for each accepted row: how may it be understood? */
export function rowReader(inventory: Inventory, states: ReadonlyMap<string, HeldState[]>, slack: number) {
  const peers = buildPeerIndex(inventory, states, slack);
  const wearers = possibleWearers(inventory);
  const knownGroups = new Set(inventory.groups.map((g) => g.groupId));
  const addresses = new Map<string, Address | null>();

  function parsed(text: string): Address | null {
    const found = addresses.get(text);
    if (found !== undefined) return found;
    const address = parseAddress(text);
    addresses.set(text, address);
    return address;
  }

  function readingsOf(row: LedgerRow, near: readonly HeldState[], directions: readonly Direction[]): Reading[] {
    const out: Reading[] = [];
    for (const { state } of near) {
      if (state.groups.length === 0) continue;
      for (const peerText of row.peerPacketAddress === null ? [row.peerAddress] : peerTexts(row)) {
        const peer = parsed(peerText);
        if (peer === null) continue;
        const peerGroups = peers.groupsOf(state.vpcId, peerText, peer, row.first, row.last);
        for (const direction of directions) {
          const port = portOf(row, direction);
          out.push({ groups: state.groups, direction, port, peerText, peer, peerGroups });
        }
      }
    }
    return out;
  }

  return function read(row: LedgerRow): RowReading {
    const inferred = row.opened !== 'unknown' && INFERRED.has(row.evidence);
    const stated = directionsOf(row);
    const directions = inferred ? BOTH : stated;
    const held = states.get(row.interfaceId);
    if (held === undefined) {
      const groups = wearers.ofUnknownInterface(row);
      return { kind: 'unknown', reason: 'unknown-interface', groups, directions };
    }
    const near = statesWithin(held, row.first - slack, row.last + slack);
    if (near.length === 0) {
      const groups = wearers.ofKnownInterface(held);
      return { kind: 'unknown', reason: 'no-state-at-that-time', groups, directions };
    }
    if (near.every((h) => h.state.groups.length === 0)) return { kind: 'unfiltered' };
    const groups = near.length === 1 ? near[0]!.state.groups : unionOf(near.map((h) => h.state.groups));
    return {
      kind: 'readings',
      readings: readingsOf(row, near, stated),
      inferred,
      otherWay: inferred ? readingsOf(row, near, stated[0] === 'ingress' ? ['egress'] : ['ingress']) : [],
      mayBeUnfiltered: near.some((h) => h.state.groups.length === 0),
      groups,
      lacksGroup: groups.some((g) => !knownGroups.has(g)),
      directions,
    };
  };
}

const BOTH: readonly Direction[] = ['ingress', 'egress'];
const INGRESS: readonly Direction[] = ['ingress'];
const EGRESS: readonly Direction[] = ['egress'];

function directionsOf(row: LedgerRow): readonly Direction[] {
  if (row.opened === 'unknown') return BOTH;
  return row.opened === 'inbound' ? INGRESS : EGRESS;
}

/** The called end's port: the interface's own for ingress, the peer's for egress. Null where folded away or not logged. */
function portOf(row: LedgerRow, direction: Direction): number | null {
  if (!hasPorts(row.protocol)) return null;
  return direction === 'ingress' ? row.localPort : row.peerPort;
}

function peerTexts(row: LedgerRow): string[] {
  if (row.peerPacketAddress === null || row.peerPacketAddress === row.peerAddress) return [row.peerAddress];
  return [row.peerAddress, row.peerPacketAddress];
}

function unionOf(lists: readonly (readonly string[])[]): string[] {
  return [...new Set(lists.flat())].sort(compareText);
}
