import type { Address, Cidr } from '../model/address.ts';
import type { ConnectionClass } from '../usage/index.ts';

/** What narrowing asks of a class. */
export type Use = Pick<ConnectionClass, 'protocol' | 'port' | 'peer' | 'days'>;

/** What leaving a day out asks of it besides. */
export type DatedUse = Use & Pick<ConnectionClass, 'peerGroups'>;

/** Where an address lies, as fine as a rule may become. */
export interface Place {
  /** One object for each network. */
  unit: Cidr;
  /** Its number among the networks met so far. */
  id: number;
  /** In a network that is somebody's own; else of the Internet. */
  own: boolean;
}

/** By address. The objects in evidence stay the same, so each is looked up once. */
export type Places = (peer: Address) => Place;

/**
 * The rule's classes as coarse as narrowing can tell them apart: one use for each port and network of the finest length, on all the
 * days on which one of its classes was seen. Any class of a use is let in by exactly the replacements that let in the others, so the first
 * may stand for all. Without places (the peer is no network, or is not narrowed) only the ports differ.
 */
export function usesOf(classes: readonly DatedUse[], places: Places | null): readonly DatedUse[] {
  const found = new Map<number, Gathered>();
  for (const c of classes) {
    const unit = places === null ? 0 : places(c.peer).id;
    const key = (unit * 256 + c.protocol) * 65_537 + (c.port === null ? 0 : c.port + 1);
    const use = found.get(key);
    if (use === undefined) {
      found.set(key, { first: c, days: null });
      continue;
    }
    use.days ??= new Map(use.first.days.map(({ day, records }) => [day, records]));
    for (const { day, records } of c.days) use.days.set(day, (use.days.get(day) ?? 0) + records);
  }
  return [...found.values()].map(({ first, days }) => {
    if (days === null) return first;
    const { protocol, port, peer, peerGroups } = first;
    const sorted = [...days].sort(([a], [b]) => a - b).map(([day, records]) => ({ day, records }));
    return { protocol, port, peer, peerGroups, days: sorted };
  });
}

/** On how many days at least one of them was seen. */
export function countDays(uses: readonly Pick<Use, 'days'>[]): number {
  return uses.length === 1 ? uses[0]!.days.length : daysOf(uses).size;
}

export function daysOf(uses: readonly Pick<Use, 'days'>[]): ReadonlySet<number> {
  const days = new Set<number>();
  for (const use of uses) for (const { day } of use.days) days.add(day);
  return days;
}

interface Gathered {
  first: DatedUse;
  /** Null while there is but one class. */
  days: Map<number, number> | null;
}
