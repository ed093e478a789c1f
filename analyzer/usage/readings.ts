import type { LedgerRow } from '../flowlogs/ledger.ts';
import type { Address } from '../model/address.ts';
import type { Inventory } from '../model/inventory.ts';
import type { Direction } from '../model/rule.ts';
import { Addresses, type Met, Names } from './intern.ts';
import { compareText, type HeldState, statesWithin } from './timeline.ts';

/** A state whose groups and VPC have their numbers. */
export interface Worn extends HeldState {
  groupSet: number;
  vpc: number;
}

/** What an interface may have worn at the time of a row. */
export interface Near {
  all: readonly Worn[];
  /** Without those that wear no group: nothing is filtered there. */
  filtered: readonly Worn[];
}

/** One interface and what it wore. `near` holds for rows with `from <= first - slack` and `last + slack < to`. */
export interface Wearer {
  number: number;
  held: readonly Worn[];
  breaks: readonly number[];
  near: Near;
  from: number;
  to: number;
}

export const NEVER: Near = { all: [], filtered: [] };

/**
 * Answers for each row: how may it be understood? The readings of the row asked about last lie side by side in arrays that are filled anew for each
 * row: there are millions of rows, and most have one reading.
 */
export class RowReader {
  /** How many readings there are. */
  count = 0;
  readonly worn: Worn[] = [];
  readonly egress: boolean[] = [];
  readonly peers: Met[] = [];
  readonly #addresses = new Addresses();
  readonly #wearers = new Map<string, Wearer>();
  readonly #vpcs = new Names<string | null>();
  readonly #slack: number;
  readonly #knownGroups: ReadonlySet<string>;
  // Rows of an interface mostly come together.
  #lastId: string | null = null;
  #last: Wearer | undefined;

  /** Sets of groups get their numbers from `groupSets`. */
  constructor(
    inventory: Inventory,
    states: ReadonlyMap<string, HeldState[]>,
    slack: number,
    groupSets: Names<readonly string[]>,
  ) {
    this.#slack = slack;
    this.#knownGroups = new Set(inventory.groups.map((g) => g.groupId));
    for (const [interfaceId, held] of states) {
      this.#wearers.set(interfaceId, {
        number: this.#wearers.size,
        held: held.map((h) => ({
          ...h,
          groupSet: groupSets.id(h.state.groups.join(','), h.state.groups),
          vpc: this.#vpcs.id(h.state.vpcId ?? '', h.state.vpcId),
        })),
        breaks: held.flatMap((h) => [h.from, h.to]).sort((a, b) => a - b),
        ...{ near: NEVER, from: Infinity, to: -Infinity },
      });
    }
  }

  /** Undefined where the inventory does not know the interface. */
  wearerOf(row: LedgerRow): Wearer | undefined {
    if (row.interfaceId !== this.#lastId) {
      this.#lastId = row.interfaceId;
      this.#last = this.#wearers.get(row.interfaceId);
    }
    return this.#last;
  }

  /** The states that hold at some moment of the row, give or take the slack. */
  nearOf(wearer: Wearer, row: LedgerRow): Near {
    const from = row.first - this.#slack;
    const to = row.last + this.#slack;
    if (from >= wearer.from && to < wearer.to && from <= to) return wearer.near;
    const all = statesWithin(wearer.held, from, to);
    const filtered = all.filter((h) => h.state.groups.length > 0);
    const near = { all, filtered: filtered.length === all.length ? all : filtered };
    let before = -Infinity;
    for (const moment of wearer.breaks) {
      if (moment <= from) {
        before = moment;
      } else {
        // With a change in between, the answer is of this row alone.
        if (moment > to) remember(wearer, near, before, moment);
        return near;
      }
    }
    remember(wearer, near, before, Infinity);
    return near;
  }

  /** Fills the readings: each state with groups, the peer's address and its pkt- address, in each of the directions. */
  read(row: LedgerRow, { filtered }: Near, inbound: boolean, outbound: boolean): void {
    this.count = 0;
    const { peerAddress, peerPacketAddress: packet } = row;
    const peer = this.#addresses.of(peerAddress);
    const other = packet === null || packet === peerAddress ? null : this.#addresses.of(packet);
    for (const worn of filtered) {
      if (peer.address !== null) this.#add(worn, peer, inbound, outbound);
      if (other !== null && other.address !== null) this.#add(worn, other, inbound, outbound);
    }
  }

  #add(worn: Worn, peer: Met, inbound: boolean, outbound: boolean): void {
    if (inbound) this.#push(worn, false, peer);
    if (outbound) this.#push(worn, true, peer);
  }

  #push(worn: Worn, egress: boolean, peer: Met): void {
    const at = this.count;
    this.count = at + 1;
    this.worn[at] = worn;
    this.egress[at] = egress;
    this.peers[at] = peer;
  }

  address(peer: number): Address {
    return this.#addresses.all[peer]!.address!;
  }

  /** By number of the address: its place among all, which equal addresses share. */
  addressRanks(): Float64Array {
    return this.#addresses.ranks();
  }

  /** By number. */
  interfaceIds(): string[] {
    return [...this.#wearers.keys()];
  }

  /** All groups that may have been worn, and whether the inventory lacks one. */
  groupsOf({ all }: Near): { groups: readonly string[]; lacks: boolean } {
    const groups =
      all.length === 1 ? all[0]!.state.groups : [...new Set(all.flatMap((h) => h.state.groups))].sort(compareText);
    return { groups, lacks: groups.some((g) => !this.#knownGroups.has(g)) };
  }
}

export const BOTH: readonly Direction[] = ['ingress', 'egress'];
export const INGRESS: readonly Direction[] = ['ingress'];
export const EGRESS: readonly Direction[] = ['egress'];

function remember(wearer: Wearer, near: Near, from: number, to: number): void {
  wearer.near = near;
  wearer.from = from;
  wearer.to = to;
}
