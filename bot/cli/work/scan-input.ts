import type { InterfaceAddresses, ScanOptions } from '@pare/analyzer/flowlogs/ledger.ts';
import type { InterfaceState } from '@pare/analyzer/model/interface.ts';

const DAY = 86_400;
/** A record speaks of up to ten minutes around its times, and clocks differ: a change this near to midnight touches both days. */
const MARGIN = 3_600;

/** All addresses that an interface ever had: flow logs of any time must be readable with them. Sorted. */
export function interfaceAddresses(states: readonly InterfaceState[]): InterfaceAddresses[] {
  const out = new Map<string, Set<string>>();
  for (const { interfaceId, addresses } of states) {
    const known = out.get(interfaceId) ?? new Set<string>();
    for (const address of addresses) known.add(address);
    out.set(interfaceId, known);
  }
  return [...out]
    .map(([interfaceId, addresses]) => ({ interfaceId, addresses: [...addresses].sort() }))
    .sort((a, b) => (a.interfaceId < b.interfaceId ? -1 : 1));
}

/**
 * Days on which an interface changed: these are kept by the hour, so that a record is judged by what held then and not by all that held
 * that day. Sorted.
 */
export function changeDays(states: readonly InterfaceState[]): ScanOptions['changes'] {
  const days = new Map<string, Set<number>>();
  for (const { interfaceId, from, to, startKnown } of states) {
    const own = days.get(interfaceId) ?? new Set<number>();
    days.set(interfaceId, own);
    for (const moment of [startKnown ? from : null, to]) {
      if (moment === null || !Number.isFinite(moment)) continue;
      for (const at of [moment - MARGIN, moment + MARGIN]) own.add(Math.floor(at / DAY) * DAY);
    }
  }
  return [...days]
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .flatMap(([interfaceId, own]) => [...own].sort((a, b) => a - b).map((day) => ({ interfaceId, day })));
}
