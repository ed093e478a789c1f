import type { LedgerRow } from '../flowlogs/ledger.ts';
import { type Address, hasAddress, parseAddress } from '../model/address.ts';
import type { Inventory } from '../model/inventory.ts';
import { formatProtocol } from '../model/protocol.ts';
import type { Direction } from '../model/rule.ts';
import type { Unexplained } from './evidence.ts';
import { vpcSpaces } from './peers.ts';
import { compareText, type HeldState } from './timeline.ts';

/** Collects what no rule lets in, one entry for each (interface, groups, direction, reason). */
export class UnexplainedLedger {
  readonly #entries = new Map<string, Unexplained>();

  add(row: LedgerRow, groups: readonly string[], directions: Iterable<Direction>, reason: Unexplained['reason']): void {
    for (const direction of directions) {
      const key = `${row.interfaceId}|${direction}|${reason}|${groups.join(',')}`;
      const entry = this.#entries.get(key);
      const example = describeRow(row);
      if (entry === undefined) {
        this.#entries.set(key, {
          interfaceId: row.interfaceId,
          groups,
          direction,
          reason,
          records: row.records,
          example,
        });
      } else {
        entry.records += row.records;
        if (example < entry.example) entry.example = example;
      }
    }
  }

  sorted(): Unexplained[] {
    return [...this.#entries.keys()].sort(compareText).map((key) => this.#entries.get(key)!);
  }
}

function describeRow(row: LedgerRow): string {
  const arrow = row.opened === 'inbound' ? '<-' : row.opened === 'outbound' ? '->' : '<->';
  return `${formatProtocol(row.protocol)} ${end(row.localAddress, row.localPort)} ${arrow} ${end(row.peerAddress, row.peerPort)}`;
}

function end(address: string, port: number | null): string {
  if (port === null) return address;
  return address.includes(':') ? `[${address}]:${port}` : `${address}:${port}`;
}

/**
 * The groups that an interface may have worn of which no state is known. An interface wears groups of its VPC only, so:
 * - with other states known, the groups of the same VPC (an interface never moves);
 * - without any, the groups of every VPC whose blocks hold the local address.
 * The groups of a VPC are its own and those that were associated with it.
 * Groups whose VPC, or whose VPC's blocks, the inventory does not give are always among them. The row itself names neither account
 * nor Region, so all that fit are meant.
 */
export function possibleWearers(inventory: Inventory) {
  const spaces = vpcSpaces(inventory);
  const byVpc = new Map<string, string[]>();
  for (const group of [...inventory.groups].sort((a, b) => compareText(a.groupId, b.groupId))) {
    const list = byVpc.get(group.vpcId ?? '') ?? [];
    list.push(group.groupId);
    byVpc.set(group.vpcId ?? '', list);
  }
  // What is no longer associated may have been when the record was written.
  for (const { groupId, vpcId } of inventory.groupVpcs ?? []) {
    const list = byVpc.get(vpcId) ?? [];
    if (!list.includes(groupId)) list.push(groupId);
    byVpc.set(vpcId, list);
  }
  const memo = new Map<string, string[]>();

  function collect(key: string, fits: (vpcId: string) => boolean): string[] {
    const found = memo.get(key);
    if (found !== undefined) return found;
    const groups = [...byVpc].filter(([vpcId]) => vpcId === '' || fits(vpcId)).flatMap(([, ids]) => ids);
    const distinct = [...new Set(groups)].sort(compareText);
    memo.set(key, distinct);
    return distinct;
  }

  return {
    ofUnknownInterface(row: LedgerRow): string[] {
      const texts = [row.localAddress, ...(row.localPacketAddress === null ? [] : [row.localPacketAddress])];
      const addresses = texts.map(parseAddress);
      return collect(`address|${texts.join('|')}`, (vpcId) => {
        const space = spaces.get(vpcId);
        if (space === undefined) return true;
        return addresses.some((address: Address | null) => address === null || hasAddress(space, address));
      });
    },
    ofKnownInterface(held: readonly HeldState[]): string[] {
      const vpcs = new Set(held.map((h) => h.state.vpcId));
      if (vpcs.has(null)) return collect('every', () => true);
      return collect(`vpc|${[...vpcs].sort().join('|')}`, (vpcId) => vpcs.has(vpcId));
    },
  };
}
