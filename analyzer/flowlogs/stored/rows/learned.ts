import type { Window } from '../../ledger.ts';
import type { Names } from './names.ts';
import { type FlowGroup, type GroupIds, idOf, textsOf, valuesOf } from './place.ts';

/**
 * What learnedAddressesSql (sql/ends.ts) says, row by row: of interfaces that the inventory does not know, the one IPv4 address that each of their IPv4
 * records has at one end or the other.
 */
export class LearnedAddresses {
  readonly #known: ReadonlyMap<number, readonly number[]>;
  /** By interface: the addresses that all its rows so far share, -1 for none. */
  readonly #shared = new Map<number, [number, number]>();

  constructor(known: ReadonlyMap<number, readonly number[]>) {
    this.#known = known;
  }

  add(group: FlowGroup, ids: GroupIds, addresses: Names, window: Window, crossing: boolean): void {
    const { codes: interfaces } = textsOf(group.columns.interface_id);
    const { codes: src } = textsOf(group.columns.src);
    const { codes: dst } = textsOf(group.columns.dst);
    const crosses = valuesOf(group.columns.crosses);
    const first = valuesOf(group.columns.first_start);
    const last = valuesOf(group.columns.last_end);
    for (let i = 0; i < group.rows; i += 1) {
      if ((crossing && crosses[i] !== 1) || !(last[i]! >= window.from && first[i]! < window.to)) continue;
      const id = idOf(ids.interfaces, interfaces[i]!);
      if (this.#known.has(id)) continue;
      const s = idOf(ids.src, src[i]!);
      const d = idOf(ids.dst, dst[i]!);
      if (addresses.texts[s]?.includes('.') !== true) continue;
      const shared = this.#shared.get(id);
      if (shared === undefined) {
        this.#shared.set(id, [s, d === s ? -1 : d]);
      } else {
        for (const at of [0, 1] as const) if (shared[at] !== s && shared[at] !== d) shared[at] = -1;
      }
    }
  }

  found(): ReadonlyMap<number, number> {
    const out = new Map<number, number>();
    for (const [id, [a, b]] of this.#shared) if (a < 0 !== b < 0) out.set(id, Math.max(a, b));
    return out;
  }
}
