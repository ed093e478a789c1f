import type { LedgerRow } from '../flowlogs/ledger.ts';
import type { Inventory } from '../model/inventory.ts';
import { hasPorts } from '../model/protocol.ts';
import type { SecurityGroupRule } from '../model/rule.ts';
import { Bundles } from './bundles.ts';
import { Candidates, type Matches, NO_MATCHES } from './candidates.ts';
import { ClassIndex, serviceKey, serviceOf } from './class-index.ts';
import type { ConnectionClass, Evidence } from './evidence.ts';
import type { Met } from './intern.ts';
import { type PeerIndex, peerGroupsKey } from './peers.ts';
import type { Near, RowReader, Wearer, Worn } from './readings.ts';
import { Sightings } from './sightings.ts';
import { TallyTable } from './tally.ts';
import { compareText } from './timeline.ts';

/** The number of what no rule matches. */
const UNMATCHED = 0;

/**
 * Gathers readings into connection classes. A class is matched against the rules once, when it first appears, so that the cost
 * is classes × rules of the groups worn and not rows × rules. Classes are numbers and what is known of them lies in flat arrays: a row whose class
 * is known costs one look-up and one addition.
 */
export class ClassTable {
  readonly #reader: RowReader;
  readonly #peers: PeerIndex;
  readonly #groupSets: readonly (readonly string[])[];
  readonly #slack: number;
  readonly #candidates: Candidates;
  readonly #index = new ClassIndex();
  /** The tally of a class has its number. */
  readonly #tallies = new TallyTable();
  readonly #sightings = new Sightings();
  readonly #bundles = new Bundles();
  readonly #matches: Matches[] = [NO_MATCHES];
  readonly #matchNumbers = new Map<Matches, number>([[NO_MATCHES, UNMATCHED]]);
  readonly #refused = new Map<number, number>();
  /** Classes of the row at hand. */
  readonly #ids: number[] = [];

  /** Readings speak of sets of groups by their index in `groupSets`, which may grow meanwhile. */
  constructor(
    inventory: Inventory,
    rules: readonly SecurityGroupRule[],
    groupSets: readonly (readonly string[])[],
    reader: RowReader,
    peers: PeerIndex,
    slack: number,
  ) {
    this.#reader = reader;
    this.#peers = peers;
    this.#groupSets = groupSets;
    this.#slack = slack;
    this.#candidates = new Candidates(inventory, rules, groupSets, peers);
  }

  /**
   * Counts the row under every reading that the reader has of it and some rule allows; `doubtful` where there are others besides these. False,
   * and nothing counted, when no rule allows any.
   */
  add(row: LedgerRow, wearer: Wearer, doubtful: boolean): boolean {
    const { count } = this.#reader;
    if (count === 1 && !doubtful) return this.#addCertain(row, wearer);
    const ids = this.#ids;
    ids.length = 0;
    // Readings that come to the same thing are one reading.
    for (let i = 0; i < count; i += 1) {
      const id = this.#classOf(row, i, false);
      if (!ids.includes(id)) ids.push(id);
    }
    if (ids.length === 1 && !doubtful) return this.#addCertain(row, wearer);
    const allowed = ids.filter((id) => this.#index.match(id) !== UNMATCHED);
    if (allowed.length === 0) return false;
    for (const id of allowed) this.#count(id, row, wearer);
    this.#bundles.add(row, allowed);
    return true;
  }

  /** All readings are the first. */
  #addCertain(row: LedgerRow, wearer: Wearer): boolean {
    const id = this.#classOf(row, 0, true);
    if (this.#index.match(id) === UNMATCHED) return false;
    this.#count(id, row, wearer);
    return true;
  }

  #count(id: number, row: LedgerRow, wearer: Wearer): void {
    this.#tallies.add(id, row);
    this.#sightings.note(id, wearer.number);
  }

  /** Notes the rules that certainly allow a record which was refused all the same, where it has one reading. */
  refuse(row: LedgerRow, near: Near): void {
    if (near.filtered.length !== 1 || row.opened === 'unknown') return;
    const egress = row.opened === 'outbound';
    // Most of what the internet tries has no rule for its port.
    const port = portOf(row, egress);
    if (!this.#candidates.reach(near.filtered[0]!.groupSet, egress, row.protocol, port)) return;
    this.#reader.read(row, near, !egress, egress);
    if (this.#reader.count !== 1) return;
    // No class is made: each refused packet may be of a kind of its own.
    for (const rule of this.#candidates.certain(row, near.filtered[0]!, egress, port, this.#reader.peers[0]!))
      this.#refused.set(rule, (this.#refused.get(rule) ?? 0) + row.records);
  }

  /** By rule, in the order of the rules. */
  refused(): ReadonlyMap<number, number> {
    return new Map([...this.#refused].sort(([a], [b]) => a - b));
  }

  #classOf(row: LedgerRow, reading: number, certain: boolean): number {
    const worn = this.#reader.worn[reading]!;
    const egress = this.#reader.egress[reading]!;
    const peer = this.#reader.peers[reading]!;
    const port = portOf(row, egress);
    const service = serviceKey(worn.groupSet, egress, certain, row.protocol, port);
    const from = row.first - this.#slack;
    // What is known of a stretch of time says nothing of a row that ends before it begins.
    const to = row.last < row.first ? Infinity : row.last + this.#slack;
    const known = this.#index.recall(service, peer.id, worn.vpc, from, to);
    return known >= 0 ? known : this.#lookUp(row, worn, peer, { service, port, egress });
  }

  #lookUp(
    row: LedgerRow,
    worn: Worn,
    peer: Met,
    { service, port, egress }: { service: number; port: number | null; egress: boolean },
  ): number {
    const address = peer.address!;
    const answer = this.#peers.groupsOf(worn.state.vpcId, peer, address, row.first, row.last);
    let id = this.#index.find(service, peer.id, answer.id);
    if (id < 0) {
      const probe = { protocol: row.protocol, port, peer: address };
      const match = this.#numberOf(this.#candidates.matches(worn.groupSet, egress, probe, answer.id));
      id = this.#index.create(service, peer.id, answer.id, match);
    }
    if (answer.from < answer.to) this.#index.remember(id, worn.vpc, answer.from, answer.to);
    return id;
  }

  #numberOf(matches: Matches): number {
    const found = this.#matchNumbers.get(matches);
    if (found !== undefined) return found;
    const made = this.#matches.length;
    this.#matches.push(matches);
    this.#matchNumbers.set(matches, made);
    return made;
  }

  /** Everything sorted and numbered anew, so that the order of the rows leaves no trace (law 7). */
  finish(): Pick<Evidence, 'groupSets' | 'peerGroupSets' | 'classes' | 'ambiguous'> {
    const index = this.#index;
    const used: number[] = [];
    for (let id = 0; id < index.count; id += 1) if (this.#tallies.records(id) > 0) used.push(id);
    const sets = renumber(
      used.map((id) => serviceOf(index.service(id)).groupSet),
      (set) => this.#groupSets[set]!.join(','),
    );
    const peerSets = renumber(
      used.map((id) => index.peerSet(id)),
      (set) => peerGroupsKey(this.#peers.sets[set]!.groups),
    );
    const order = this.#sorted(used, sets.numbers, peerSets.numbers);
    const interfaceIds = this.#reader.interfaceIds();
    const alone = interfaceIds.map((id) => [id]);
    const numbers = new Int32Array(index.count);
    const classes = order.map((id, number): ConnectionClass => {
      numbers[id] = number;
      const { groupSet, egress, protocol, port, certain } = serviceOf(index.service(id));
      const seen = this.#sightings.of(id);
      const { yes, maybe } = this.#matches[index.match(id)]!;
      return {
        groupSet: sets.numbers.get(groupSet)!,
        direction: egress ? 'egress' : 'ingress',
        protocol,
        port,
        peer: this.#reader.address(index.peer(id)),
        peerGroups: peerSets.numbers.get(index.peerSet(id))!,
        certain,
        ...this.#tallies.totals(id),
        interfaces: seen.length === 1 ? alone[seen[0]!]! : seen.map((n) => interfaceIds[n]!).sort(compareText),
        yes,
        maybe,
      };
    });
    return {
      groupSets: sets.ids.map((id) => this.#groupSets[id]!),
      peerGroupSets: peerSets.ids.map((id) => this.#peers.sets[id]!.groups),
      classes,
      ambiguous: this.#bundles.finish(numbers),
    };
  }

  /** By groups, direction, protocol, port, address, groups of the peer, and the certain one first. */
  #sorted(used: readonly number[], sets: ReadonlyMap<number, number>, peerSets: ReadonlyMap<number, number>): number[] {
    const index = this.#index;
    const services = new Float64Array(index.count);
    const peers = new Float64Array(index.count);
    const ranks = this.#reader.addressRanks();
    for (const id of used) {
      const { groupSet, egress, protocol, port, certain } = serviceOf(index.service(id));
      services[id] = serviceKey(sets.get(groupSet)!, !egress, false, protocol, port);
      const rank = ranks[index.peer(id)]! * peerSets.size + peerSets.get(index.peerSet(id))!;
      peers[id] = rank * 2 + (certain ? 0 : 1);
    }
    return used.toSorted((a, b) => services[a]! - services[b]! || peers[a]! - peers[b]!);
  }
}

/** The called end's port: the interface's own for ingress, the peer's for egress. Null where folded away or not logged. */
function portOf(row: LedgerRow, egress: boolean): number | null {
  if (!hasPorts(row.protocol)) return null;
  return egress ? row.peerPort : row.localPort;
}

function renumber(ids: readonly number[], name: (id: number) => string) {
  const names = new Map([...new Set(ids)].map((id) => [id, name(id)]));
  const sorted = [...names.keys()].sort((a, b) => compareText(names.get(a)!, names.get(b)!));
  return { ids: sorted, numbers: new Map(sorted.map((id, i) => [id, i])) };
}
