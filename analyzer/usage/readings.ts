import type { LedgerRow } from '../flowlogs/ledger.ts';
import type { Address } from '../model/address.ts';
import type { Inventory } from '../model/inventory.ts';
import { hasPorts } from '../model/protocol.ts';
import type { Direction } from '../model/rule.ts';
import { Addresses, type Met, type Names } from './intern.ts';
import { buildPeerIndex, type PeerSetId } from './peers.ts';
import { compareText, type HeldState, statesWithin } from './timeline.ts';
import { possibleWearers } from './unexplained.ts';

/** The evidence classes that are inference and not observation: where they lead to no rule, the other direction may be the true one. */
const INFERRED: ReadonlySet<string> = new Set(['listener', 'related', 'fan', 'start', 'none']);

/** One way to understand a row. */
export interface Reading {
  /** The groups worn, by their number in the names given to the reader. */
  groupSet: number;
  direction: Direction;
  port: number | null;
  peer: Met;
  address: Address;
  peerGroups: PeerSetId;
}

/** A state whose groups have their number. */
interface Worn extends HeldState {
  groupSet: number;
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
      /** The readings if the connection was opened the other way; none where that is not in doubt. */
      otherWay(): readonly Reading[];
      mayBeUnfiltered: boolean;
      groups: readonly string[];
      lacksGroup(): boolean;
      directions: readonly Direction[];
    };

/** Answers for each accepted row: how may it be understood? Sets of groups get their numbers from `groupSets`. */
export function rowReader(
  inventory: Inventory,
  states: ReadonlyMap<string, HeldState[]>,
  slack: number,
  groupSets: Names<readonly string[]>,
) {
  const peers = buildPeerIndex(inventory, states, slack);
  const wearers = possibleWearers(inventory);
  const knownGroups = new Set(inventory.groups.map((g) => g.groupId));
  const addresses = new Addresses();
  const worn = new Map<string, Worn[]>();
  for (const [interfaceId, held] of states) {
    worn.set(
      interfaceId,
      held.map((h) => ({ ...h, groupSet: groupSets.id(h.state.groups.join(','), h.state.groups) })),
    );
  }

  function readingsOf(row: LedgerRow, near: readonly Worn[], directions: readonly Direction[]): Reading[] {
    const out: Reading[] = [];
    const { peerPacketAddress: packet } = row;
    for (const { state, groupSet } of near) {
      if (state.groups.length === 0) continue;
      add(row.peerAddress, state.vpcId, groupSet);
      if (packet !== null && packet !== row.peerAddress) add(packet, state.vpcId, groupSet);
    }
    return out;

    function add(text: string, vpcId: string | null, groupSet: number): void {
      const peer = addresses.of(text);
      const { address } = peer;
      if (address === null) return;
      const peerGroups = peers.groupsOf(vpcId, peer, address, row.first, row.last);
      for (const direction of directions) {
        out.push({ groupSet, direction, port: portOf(row, direction), peer, address, peerGroups });
      }
    }
  }

  // Rows of an interface mostly come together.
  let lastId: string | null = null;
  let last: Worn[] | undefined;
  function wornBy(interfaceId: string): Worn[] | undefined {
    if (interfaceId !== lastId) {
      lastId = interfaceId;
      last = worn.get(interfaceId);
    }
    return last;
  }

  function read(row: LedgerRow): RowReading {
    const inferred = row.opened !== 'unknown' && INFERRED.has(row.evidence);
    const stated = directionsOf(row);
    const directions = inferred ? BOTH : stated;
    const held = wornBy(row.interfaceId);
    if (held === undefined) {
      const groups = wearers.ofUnknownInterface(row);
      return { kind: 'unknown', reason: 'unknown-interface', groups, directions };
    }
    const near = statesWithin(held, row.first - slack, row.last + slack);
    if (near.length === 0) {
      const groups = wearers.ofKnownInterface(held);
      return { kind: 'unknown', reason: 'no-state-at-that-time', groups, directions };
    }
    const bare = near.some((h) => h.state.groups.length === 0);
    if (bare && near.every((h) => h.state.groups.length === 0)) return { kind: 'unfiltered' };
    const groups = near.length === 1 ? near[0]!.state.groups : unionOf(near.map((h) => h.state.groups));
    return {
      kind: 'readings',
      readings: readingsOf(row, near, stated),
      otherWay: () => (inferred ? readingsOf(row, near, stated[0] === 'ingress' ? EGRESS : INGRESS) : []),
      mayBeUnfiltered: bare,
      groups,
      lacksGroup: () => groups.some((g) => !knownGroups.has(g)),
      directions,
    };
  }
  return { read, peerSets: peers.sets };
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

function unionOf(lists: readonly (readonly string[])[]): string[] {
  return [...new Set(lists.flat())].sort(compareText);
}
