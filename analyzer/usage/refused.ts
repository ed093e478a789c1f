import type { LedgerRow } from '../flowlogs/ledger.ts';
import type { EpochSeconds } from '../model/interface.ts';
import type { Inventory } from '../model/inventory.ts';
import type { RefusedFlow } from '../model/refused.ts';
import { DEFAULT_SLACK_SECONDS } from './attribute.ts';
import { compareText, type HeldState, statesWithin, timelines } from './timeline.ts';

export interface RefusedLimits {
  /** Days before the window's end that are kept: the watch looks every day, the analysis runs at least every week. */
  days: number;
  /** Flows kept; of more, those last seen latest. */
  flows: number;
}

export const REFUSED_LIMITS: RefusedLimits = { days: 15, flows: 50_000 };

/** Collects refused rows as they pass by. Rows may come in any order. */
export class RefusedLedger {
  readonly #held: Map<string, HeldState[]>;
  readonly #since: EpochSeconds;
  readonly #limits: RefusedLimits;
  readonly #flows = new Map<string, RefusedFlow>();
  #left = 0;

  constructor(inventory: Pick<Inventory, 'interfaces'>, to: EpochSeconds, limits: RefusedLimits = REFUSED_LIMITS) {
    this.#held = timelines(inventory.interfaces);
    this.#since = to - limits.days * 86_400;
    this.#limits = limits;
  }

  add(row: LedgerRow): void {
    if (row.action !== 'REJECT' || row.last <= this.#since) return;
    const held = this.#held.get(row.interfaceId) ?? [];
    const states = statesWithin(held, row.first - DEFAULT_SLACK_SECONDS, row.last + DEFAULT_SLACK_SECONDS);
    const groups = [...new Set(states.flatMap(({ state }) => state.groups))].sort(compareText);
    // Of an interface that nobody knows: no rule can be named.
    if (groups.length === 0) return;
    const {
      interfaceId,
      opened,
      protocol,
      localPort,
      peerPort,
      peerAddress: peer,
      peerPacketAddress: peerPacket,
    } = row;
    const key = [interfaceId, opened, protocol, localPort, peerPort, peer, peerPacket, ...groups].join(' ');
    const known = this.#flows.get(key);
    this.#flows.set(key, {
      ...{ interfaceId, groups, opened, protocol, localPort, peerPort, peer, peerPacket },
      records: (known?.records ?? 0) + row.records,
      packets: (known?.packets ?? 0) + row.packets,
      first: Math.min(known?.first ?? row.first, row.first),
      last: Math.max(known?.last ?? row.last, row.last),
    });
    // Twice as many before the older half goes, so that it is done seldom.
    if (this.#flows.size > 2 * this.#limits.flows) this.#prune();
  }

  /** Sorted; `left`: flows that were more than the limit. */
  finish(): { flows: RefusedFlow[]; left: number } {
    this.#prune();
    const flows = [...this.#flows].sort(([a], [b]) => compareText(a, b)).map(([, flow]) => flow);
    return { flows, left: this.#left };
  }

  #prune(): void {
    if (this.#flows.size <= this.#limits.flows) return;
    const sorted = [...this.#flows].sort(([a, x], [b, y]) => y.last - x.last || compareText(a, b));
    for (const [key] of sorted.slice(this.#limits.flows)) {
      this.#flows.delete(key);
      this.#left += 1;
    }
  }
}

/**
 * Addresses by what a rule may name: a group's interfaces within the window, a prefix list's entries. What is not known has no entry: then any
 * address may be in it.
 */
export function membersOf(
  { groups, interfaces, prefixLists }: Pick<Inventory, 'groups' | 'interfaces' | 'prefixLists'>,
  from: EpochSeconds,
): Record<string, string[]> {
  const out = new Map<string, Set<string>>(groups.map(({ groupId }) => [groupId, new Set()]));
  for (const { groups: worn, addresses, publicAddresses, to } of interfaces) {
    if (to !== null && to <= from) continue;
    for (const group of worn) for (const address of [...addresses, ...publicAddresses]) out.get(group)?.add(address);
  }
  for (const { prefixListId, cidrs } of prefixLists) if (cidrs !== null) out.set(prefixListId, new Set(cidrs));
  const sorted = [...out].sort(([a], [b]) => compareText(a, b));
  return Object.fromEntries(sorted.map(([id, all]) => [id, [...all].sort(compareText)]));
}
