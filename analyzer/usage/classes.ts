import type { LedgerRow } from '../flowlogs/ledger.ts';
import type { Address } from '../model/address.ts';
import type { Inventory } from '../model/inventory.ts';
import { ALL_PROTOCOLS } from '../model/protocol.ts';
import type { Direction, SecurityGroupRule } from '../model/rule.ts';
import type { AmbiguousRecords, ConnectionClass, Evidence, PeerGroups } from './evidence.ts';
import { type CompiledRule, compileRule, matchRule, type PeerView, peerView, prefixListSets } from './match.ts';
import { peerGroupsKey } from './peers.ts';
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

/** Interning table: one number for each distinct text. */
class Names<T> {
  readonly values: T[] = [];
  readonly #ids = new Map<string, number>();
  id(key: string, value: T): number {
    const found = this.#ids.get(key);
    if (found !== undefined) return found;
    const id = this.values.length;
    this.#ids.set(key, id);
    this.values.push(value);
    return id;
  }
}

/**
 * Gathers readings into connection classes. A class is matched against the rules once, when it first appears, so that the cost
 * is classes × rules of the groups worn and not rows × rules.
 */
export class ClassTable {
  readonly #groupSets = new Names<readonly string[]>();
  readonly #setIds = new WeakMap<readonly string[], number>();
  readonly #peerGroups = new Names<{ groups: PeerGroups; view: PeerView }>();
  readonly #peerGroupIds = new WeakMap<PeerGroups, number>();
  readonly #peers = new Names<Address>();
  readonly #classes: Building[] = [];
  /** (groups, direction, certain, protocol, port) → (peer, peer's groups) → class. */
  readonly #index = new Map<number, Map<number, Building>>();
  readonly #bundles = new Map<string, { classes: readonly Building[]; tally: Tally }>();
  readonly #byGroup = new Map<string, Candidate[]>();
  readonly #candidates = new Map<number, Candidate[]>();

  constructor(inventory: Inventory, rules: readonly SecurityGroupRule[]) {
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
    const distinct = readings.length < 2 ? readings : this.#distinct(readings);
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

  /** Readings that come to the same thing are one reading. */
  #distinct(readings: readonly Reading[]): Reading[] {
    return [...new Map(readings.map((reading) => [this.#readingKey(reading), reading])).values()];
  }

  #bundle(row: LedgerRow, classes: readonly Building[]): void {
    const sorted = [...classes].sort((a, b) => a.id - b.id);
    const key = sorted.map((c) => c.id).join(',');
    const bundle = this.#bundles.get(key) ?? { classes: sorted, tally: new Tally() };
    bundle.tally.add(row);
    this.#bundles.set(key, bundle);
  }

  #readingKey(reading: Reading): string {
    return `${this.#setId(reading.groups)}|${reading.direction}|${reading.port}|${reading.peerText}|${this.#peerGroupId(reading.peerGroups)}`;
  }

  #setId(groups: readonly string[]): number {
    const found = this.#setIds.get(groups);
    if (found !== undefined) return found;
    const id = this.#groupSets.id(groups.join(','), groups);
    this.#setIds.set(groups, id);
    return id;
  }

  #peerGroupId(groups: PeerGroups): number {
    const found = this.#peerGroupIds.get(groups);
    if (found !== undefined) return found;
    const id = this.#peerGroups.id(peerGroupsKey(groups), { groups, view: peerView(groups) });
    this.#peerGroupIds.set(groups, id);
    return id;
  }

  #classOf(protocol: number, reading: Reading, certain: boolean): Building {
    const groupSet = this.#setId(reading.groups);
    const peerGroups = this.#peerGroupId(reading.peerGroups);
    const peer = this.#peers.id(reading.peerText, reading.peer);
    const flags = (reading.direction === 'ingress' ? 0 : 2) + (certain ? 1 : 0);
    const outer = ((groupSet * 4 + flags) * 256 + protocol) * 65_537 + (reading.port === null ? 0 : reading.port + 1);
    const inner = peer * 2 ** 24 + peerGroups;
    let peersOf = this.#index.get(outer);
    if (peersOf === undefined) {
      peersOf = new Map();
      this.#index.set(outer, peersOf);
    }
    const found = peersOf.get(inner);
    if (found !== undefined) return found;
    const built: Building = {
      id: this.#classes.length,
      groupSet,
      direction: reading.direction,
      protocol,
      port: reading.port,
      peer: reading.peer,
      peerGroups,
      certain,
      yes: [],
      maybe: [],
      tally: new Tally(),
      firstInterface: null,
      interfaces: null,
    };
    this.#match(built);
    peersOf.set(inner, built);
    this.#classes.push(built);
    return built;
  }

  #match(built: Building): void {
    const groups = this.#peerGroups.values[built.peerGroups]!.view;
    const probe = { protocol: built.protocol, port: built.port, peer: built.peer, groups };
    for (const { index, rule } of this.#candidatesOf(built)) {
      const match = matchRule(rule, probe);
      if (match === 'yes') built.yes.push(index);
      else if (match === 'maybe') built.maybe.push(index);
    }
  }

  #candidatesOf({ groupSet, direction, protocol }: Building): Candidate[] {
    const key = (groupSet * 2 + (direction === 'ingress' ? 0 : 1)) * 256 + protocol;
    const found = this.#candidates.get(key);
    if (found !== undefined) return found;
    const list = this.#groupSets.values[groupSet]!.flatMap((g) => this.#byGroup.get(`${g}|${direction}`) ?? [])
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
      (id) => this.#groupSets.values[id]!.join(','),
    );
    const peers = renumber(
      used.map((c) => c.peerGroups),
      (id) => peerGroupsKey(this.#peerGroups.values[id]!.groups),
    );
    const pairs = used.map((built) => ({
      built,
      done: finishClass(built, sets.numbers.get(built.groupSet)!, peers.numbers.get(built.peerGroups)!),
    }));
    pairs.sort((a, b) => compareClasses(a.done, b.done));
    const numbers = new Map(pairs.map(({ built }, i) => [built.id, i]));
    const ambiguous = [...this.#bundles.values()].map(
      ({ classes, tally }): AmbiguousRecords => ({
        classes: classes.map((c) => numbers.get(c.id)!).sort((a, b) => a - b),
        ...tally.totals(),
      }),
    );
    ambiguous.sort((a, b) => compareNumbers(a.classes, b.classes));
    return {
      groupSets: sets.ids.map((id) => this.#groupSets.values[id]!),
      peerGroupSets: peers.ids.map((id) => this.#peerGroups.values[id]!.groups),
      classes: pairs.map(({ done }) => done),
      ambiguous,
    };
  }
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
    a.groupSet - b.groupSet ||
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
