import type { LedgerRow } from '../flowlogs/ledger.ts';
import type { Address } from '../model/address.ts';
import type { Inventory } from '../model/inventory.ts';
import { ALL_PROTOCOLS } from '../model/protocol.ts';
import type { Direction, SecurityGroupRule } from '../model/rule.ts';
import type { AmbiguousRecords, ConnectionClass, Evidence } from './evidence.ts';
import { PairTable } from './intern.ts';
import { type CompiledRule, compileRule, matchRule, type PeerView, peerView, prefixListSets } from './match.ts';
import { type PeerSetId, peerGroupsKey } from './peers.ts';
import type { Reading } from './readings.ts';
import { Tally } from './tally.ts';
import { compareText } from './timeline.ts';

interface Candidate {
  index: number;
  rule: CompiledRule;
}

interface Building {
  id: number;
  groupSet: number;
  direction: Direction;
  protocol: number;
  port: number | null;
  peer: Address;
  peerGroups: number;
  certain: boolean;
  yes: number[];
  maybe: number[];
  tally: Tally;
  /** The first interface, and all of them once there are two. */
  firstInterface: string | null;
  interfaces: Set<string> | null;
}

const NONE: number[] = [];

/**
 * Gathers readings into connection classes. A class is matched against the rules once, when it first appears, so that the cost
 * is classes × rules of the groups worn and not rows × rules.
 */
export class ClassTable {
  readonly #groupSets: readonly (readonly string[])[];
  readonly #peerSets: readonly PeerSetId[];
  readonly #views: PeerView[] = [];
  readonly #classes: Building[] = [];
  /** (groups, direction, certain, protocol, port) and (peer, peer's groups) → class. */
  readonly #index = new PairTable();
  readonly #bundles = new Map<string, { classes: readonly Building[]; tally: Tally }>();
  readonly #byGroup = new Map<string, Candidate[]>();
  readonly #candidates = new Map<number, Candidate[]>();
  readonly #refused = new Map<number, number>();

  /** Readings speak of sets of groups and of peers' groups by their index in these lists, which may grow meanwhile. */
  constructor(
    inventory: Inventory,
    rules: readonly SecurityGroupRule[],
    groupSets: readonly (readonly string[])[],
    peerSets: readonly PeerSetId[],
  ) {
    this.#groupSets = groupSets;
    this.#peerSets = peerSets;
    const lists = prefixListSets(inventory.prefixLists);
    for (const [index, rule] of rules.entries()) {
      const key = `${rule.groupId}|${rule.direction}`;
      const list = this.#byGroup.get(key) ?? [];
      list.push({ index, rule: compileRule(rule, lists) });
      this.#byGroup.set(key, list);
    }
  }

  /**
   * Counts the row under every reading that some rule allows; `doubtful` where there are others besides these. False, and nothing
   * counted, when no rule allows any.
   */
  add(row: LedgerRow, readings: readonly Reading[], doubtful: boolean): boolean {
    if (readings.length === 1 && !doubtful) {
      const only = this.#classOf(row.protocol, readings[0]!, true);
      if (only.yes.length + only.maybe.length === 0) return false;
      only.tally.add(row);
      noteInterface(only, row.interfaceId);
      return true;
    }
    // Readings that come to the same thing are one reading.
    const distinct = readings.filter(
      (reading, i) => !readings.slice(0, i).some((other) => sameReading(reading, other)),
    );
    const certain = distinct.length === 1 && !doubtful;
    const classes = distinct
      .map((reading) => this.#classOf(row.protocol, reading, certain))
      .filter((c) => c.yes.length + c.maybe.length > 0);
    if (classes.length === 0) return false;
    for (const c of classes) {
      c.tally.add(row);
      noteInterface(c, row.interfaceId);
    }
    if (!certain) this.#bundle(row, classes);
    return true;
  }

  /** Notes the rules that certainly allow a record which was refused all the same. */
  refuse(row: LedgerRow, readings: readonly Reading[]): void {
    if (readings.length !== 1) return;
    const { groupSet, direction, port, address, peerGroups } = readings[0]!;
    const probe = { protocol: row.protocol, port, peer: address, groups: this.#viewOf(peerGroups.id) };
    for (const { index, rule } of this.#candidatesOf({ groupSet, direction, protocol: row.protocol })) {
      if (matchRule(rule, probe) === 'yes') this.#refused.set(index, (this.#refused.get(index) ?? 0) + row.records);
    }
  }

  /** By rule, in the order of the rules. */
  refused(): ReadonlyMap<number, number> {
    return new Map([...this.#refused].sort(([a], [b]) => a - b));
  }

  #bundle(row: LedgerRow, classes: readonly Building[]): void {
    const sorted = [...classes].sort((a, b) => a.id - b.id);
    const key = sorted.map((c) => c.id).join(',');
    const bundle = this.#bundles.get(key) ?? { classes: sorted, tally: new Tally() };
    bundle.tally.add(row);
    this.#bundles.set(key, bundle);
  }

  #classOf(protocol: number, reading: Reading, certain: boolean): Building {
    const { groupSet, direction, port, peer, address, peerGroups } = reading;
    const flags = (direction === 'ingress' ? 0 : 2) + (certain ? 1 : 0);
    const outer = ((groupSet * 4 + flags) * 256 + protocol) * 65_537 + (port === null ? 0 : port + 1);
    const inner = peer.id * 2 ** 24 + peerGroups.id;
    const found = this.#index.get(outer, inner);
    if (found >= 0) return this.#classes[found]!;
    const built: Building = {
      id: this.#classes.length,
      groupSet,
      direction,
      protocol,
      port,
      peer: address,
      peerGroups: peerGroups.id,
      certain,
      yes: NONE,
      maybe: NONE,
      tally: new Tally(),
      firstInterface: null,
      interfaces: null,
    };
    this.#match(built);
    this.#index.add(outer, inner, built.id);
    this.#classes.push(built);
    return built;
  }

  #viewOf(peerGroups: number): PeerView {
    const view = this.#views[peerGroups] ?? peerView(this.#peerSets[peerGroups]!.groups);
    this.#views[peerGroups] = view;
    return view;
  }

  #match(built: Building): void {
    const groups = this.#viewOf(built.peerGroups);
    const probe = { protocol: built.protocol, port: built.port, peer: built.peer, groups };
    for (const { index, rule } of this.#candidatesOf(built)) {
      const match = matchRule(rule, probe);
      if (match === 'yes') built.yes = built.yes === NONE ? [index] : [...built.yes, index];
      else if (match === 'maybe') built.maybe = built.maybe === NONE ? [index] : [...built.maybe, index];
    }
  }

  #candidatesOf({ groupSet, direction, protocol }: Pick<Building, 'groupSet' | 'direction' | 'protocol'>): Candidate[] {
    const key = (groupSet * 2 + (direction === 'ingress' ? 0 : 1)) * 256 + protocol;
    const found = this.#candidates.get(key);
    if (found !== undefined) return found;
    const list = this.#groupSets[groupSet]!.flatMap((g) => this.#byGroup.get(`${g}|${direction}`) ?? [])
      .filter(({ rule }) => rule.protocol === ALL_PROTOCOLS || rule.protocol === protocol)
      .sort((a, b) => a.index - b.index);
    this.#candidates.set(key, list);
    return list;
  }

  /** Everything sorted and numbered anew, so that the order of the rows leaves no trace (law 7). */
  finish(): Pick<Evidence, 'groupSets' | 'peerGroupSets' | 'classes' | 'ambiguous'> {
    const used = this.#classes.filter((c) => c.tally.records > 0);
    const sets = renumber(
      used.map((c) => c.groupSet),
      (id) => this.#groupSets[id]!.join(','),
    );
    const peers = renumber(
      used.map((c) => c.peerGroups),
      (id) => peerGroupsKey(this.#peerSets[id]!.groups),
    );
    const bySet: { built: Building; done: ConnectionClass }[][] = sets.ids.map(() => []);
    for (const built of used) {
      const groupSet = sets.numbers.get(built.groupSet)!;
      bySet[groupSet]!.push({ built, done: finishClass(built, groupSet, peers.numbers.get(built.peerGroups)!) });
    }
    const classes: ConnectionClass[] = [];
    const numbers = new Int32Array(this.#classes.length);
    for (const pairs of bySet) {
      pairs.sort((a, b) => compareClasses(a.done, b.done));
      for (const { built, done } of pairs) {
        numbers[built.id] = classes.length;
        classes.push(done);
      }
    }
    const ambiguous = [...this.#bundles.values()].map(
      ({ classes: readings, tally }): AmbiguousRecords => ({
        classes: readings.map((c) => numbers[c.id]!).sort((a, b) => a - b),
        ...tally.totals(),
      }),
    );
    ambiguous.sort((a, b) => compareNumbers(a.classes, b.classes));
    return {
      groupSets: sets.ids.map((id) => this.#groupSets[id]!),
      peerGroupSets: peers.ids.map((id) => this.#peerSets[id]!.groups),
      classes,
      ambiguous,
    };
  }
}

function sameReading(a: Reading, b: Reading): boolean {
  return (
    a.groupSet === b.groupSet &&
    a.direction === b.direction &&
    a.port === b.port &&
    a.peer === b.peer &&
    a.peerGroups === b.peerGroups
  );
}

function noteInterface(c: Building, interfaceId: string): void {
  if (c.firstInterface === null) c.firstInterface = interfaceId;
  else if (c.interfaces !== null) c.interfaces.add(interfaceId);
  else if (c.firstInterface !== interfaceId) c.interfaces = new Set([c.firstInterface, interfaceId]);
}

function renumber(ids: readonly number[], name: (id: number) => string) {
  const sorted = [...new Set(ids)].sort((a, b) => compareText(name(a), name(b)));
  return { ids: sorted, numbers: new Map(sorted.map((id, i) => [id, i])) };
}

function finishClass(built: Building, groupSet: number, peerGroups: number): ConnectionClass {
  const { direction, protocol, port, peer, certain, yes, maybe, tally } = built;
  const sorted = built.interfaces === null ? [built.firstInterface!] : [...built.interfaces].sort(compareText);
  return {
    groupSet,
    direction,
    protocol,
    port,
    peer,
    peerGroups,
    certain,
    ...tally.totals(),
    interfaces: sorted,
    yes,
    maybe,
  };
}

function compareClasses(a: ConnectionClass, b: ConnectionClass): number {
  return (
    compareText(a.direction, b.direction) ||
    a.protocol - b.protocol ||
    (a.port ?? -1) - (b.port ?? -1) ||
    a.peer.family - b.peer.family ||
    (a.peer.value < b.peer.value ? -1 : a.peer.value > b.peer.value ? 1 : 0) ||
    a.peerGroups - b.peerGroups ||
    Number(b.certain) - Number(a.certain)
  );
}

function compareNumbers(a: readonly number[], b: readonly number[]): number {
  for (let i = 0; i < Math.min(a.length, b.length); i += 1) if (a[i] !== b[i]) return a[i]! - b[i]!;
  return a.length - b.length;
}
