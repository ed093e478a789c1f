import type { LedgerRow } from '../flowlogs/ledger.ts';
import type { Inventory } from '../model/inventory.ts';
import { MAX_PORT } from '../model/ports.ts';
import { ALL_PROTOCOLS, hasPorts } from '../model/protocol.ts';
import type { SecurityGroupRule } from '../model/rule.ts';
import type { Met } from './intern.ts';
import {
  type CompiledRule,
  compileRule,
  matchPeer,
  matchPorts,
  matchRule,
  type PeerView,
  type Probe,
  peerView,
  prefixListSets,
} from './match.ts';
import type { PeerIndex } from './peers.ts';
import type { Worn } from './readings.ts';

interface Candidate {
  index: number;
  rule: CompiledRule;
}

/** The rules of one set of groups, one direction and one protocol, by index. */
interface Listed {
  candidates: readonly Candidate[];
  /** The ports that each allows for certain, both ends included; -1 stands for a port that is not shown. */
  sureFrom: Int32Array;
  sureTo: Int32Array;
}

/** Rules that match, by their index, in order. */
export interface Matches {
  yes: readonly number[];
  maybe: readonly number[];
}

const NOBODY = peerView({ sure: [], peered: [], possible: [] });
const NONE: readonly number[] = [];
export const NO_MATCHES: Matches = { yes: NONE, maybe: NONE };

/** The rules of sets of groups, made ready for questions. Sets of groups are named by their index in `groupSets`, which may grow meanwhile. */
export class Candidates {
  readonly #groupSets: readonly (readonly string[])[];
  readonly #peers: PeerIndex;
  readonly #certain: number[] = [];
  readonly #views: PeerView[] = [];
  readonly #byGroup = new Map<string, Candidate[]>();
  readonly #lists = new Map<number, Listed>();
  readonly #matches = new Map<string, Matches>();

  constructor(
    inventory: Inventory,
    rules: readonly SecurityGroupRule[],
    groupSets: readonly (readonly string[])[],
    peers: PeerIndex,
  ) {
    this.#groupSets = groupSets;
    this.#peers = peers;
    const lists = prefixListSets(inventory.prefixLists);
    for (const [index, rule] of rules.entries()) {
      const key = `${rule.groupId}|${rule.direction}`;
      const list = this.#byGroup.get(key) ?? [];
      list.push({ index, rule: compileRule(rule, lists) });
      this.#byGroup.set(key, list);
    }
  }

  /** Equal answers are the same object: many classes share few of them. */
  matches(groupSet: number, egress: boolean, probe: Omit<Probe, 'groups'>, peerSet: number): Matches {
    let yes: number[] | null = null;
    let maybe: number[] | null = null;
    const asked: Probe = { ...probe, groups: this.#viewOf(peerSet) };
    for (const { index, rule } of this.#of(groupSet, egress, probe.protocol).candidates) {
      const match = matchRule(rule, asked);
      if (match === 'yes') yes = append(yes, index);
      else if (match === 'maybe') maybe = append(maybe, index);
    }
    if (yes === null && maybe === null) return NO_MATCHES;
    const key = `${yes ?? ''}|${maybe ?? ''}`;
    const found = this.#matches.get(key);
    if (found !== undefined) return found;
    const made = { yes: yes ?? NONE, maybe: maybe ?? NONE };
    this.#matches.set(key, made);
    return made;
  }

  /** Whether some rule certainly allows the protocol and port, whatever it says of the peer. */
  reach(groupSet: number, egress: boolean, protocol: number, port: number | null): boolean {
    const { sureFrom, sureTo } = this.#of(groupSet, egress, protocol);
    const at = port ?? -1;
    for (let i = 0; i < sureFrom.length; i += 1) if (at >= sureFrom[i]! && at <= sureTo[i]!) return true;
    return false;
  }

  /** The rules that certainly allow the connection, in a list that the next question fills anew. The peer's groups are asked for only where it matters. */
  certain(row: LedgerRow, worn: Worn, egress: boolean, port: number | null, met: Met): readonly number[] {
    const { candidates, sureFrom, sureTo } = this.#of(worn.groupSet, egress, row.protocol);
    const out = this.#certain;
    out.length = 0;
    const at = port ?? -1;
    const peer = met.address!;
    let groups: PeerView | null = null;
    for (let i = 0; i < sureFrom.length; i += 1) {
      if (at < sureFrom[i]! || at > sureTo[i]!) continue;
      const { index, rule } = candidates[i]!;
      if (rule.peer.kind === 'v4') {
        if (peer.family === 4 && peer.value >= rule.peer.from && peer.value <= rule.peer.to) out.push(index);
        continue;
      }
      if (rule.peer.kind === 'group' && groups === null)
        groups = this.#viewOf(this.#peers.groupsOf(worn.state.vpcId, met, peer, row.first, row.last).id);
      if (matchPeer(rule.peer, { peer, groups: groups ?? NOBODY }) === 'yes') out.push(index);
    }
    return out;
  }

  #viewOf(peerSet: number): PeerView {
    const view = this.#views[peerSet] ?? peerView(this.#peers.sets[peerSet]!.groups);
    this.#views[peerSet] = view;
    return view;
  }

  #of(groupSet: number, egress: boolean, protocol: number): Listed {
    const key = (groupSet * 2 + (egress ? 1 : 0)) * 256 + protocol;
    const found = this.#lists.get(key);
    if (found !== undefined) return found;
    const direction = egress ? 'egress' : 'ingress';
    const list = this.#groupSets[groupSet]!.flatMap((g) => this.#byGroup.get(`${g}|${direction}`) ?? [])
      .filter(({ rule }) => rule.protocol === ALL_PROTOCOLS || rule.protocol === protocol)
      .sort((a, b) => a.index - b.index);
    const sure = list.map(({ rule }) => surePorts(rule));
    const made = {
      candidates: list,
      sureFrom: Int32Array.from(sure, ([from]) => from),
      sureTo: Int32Array.from(sure, ([, to]) => to),
    };
    this.#lists.set(key, made);
    return made;
  }
}

function surePorts(rule: CompiledRule): [from: number, to: number] {
  if (matchPorts(rule, { protocol: rule.protocol, port: null }) === 'yes') return [-1, MAX_PORT];
  return hasPorts(rule.protocol) ? [rule.fromPort, rule.toPort] : [0, -1];
}

function append(list: number[] | null, index: number): number[] {
  if (list === null) return [index];
  list.push(index);
  return list;
}
