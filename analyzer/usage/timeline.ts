import type { EpochSeconds, InterfaceState } from '../model/interface.ts';

/** A state with the span in which it must be reckoned with; closed-open, infinite where the inventory gives no end. */
export interface HeldState {
  state: InterfaceState;
  from: number;
  to: number;
}

/**
 * All states by interface, in the order of their spans. A state whose start is not known reaches back to the end of the state before it,
 * or without limit: the present inventory does not say since when it holds. None reaches back beyond the interface's known birth.
 */
export function timelines(interfaces: readonly InterfaceState[]): Map<string, HeldState[]> {
  const out = new Map<string, HeldState[]>();
  const sorted = [...interfaces].sort(
    (a, b) => compareText(a.interfaceId, b.interfaceId) || a.from - b.from || (a.to ?? Infinity) - (b.to ?? Infinity),
  );
  for (const state of sorted) {
    const held = out.get(state.interfaceId) ?? [];
    const before = held.at(-1);
    const reach = state.startKnown ? state.from : Math.min(state.from, before?.to ?? -Infinity);
    const from = Math.max(reach, state.existsSince ?? -Infinity);
    held.push({ state, from, to: state.to ?? Infinity });
    out.set(state.interfaceId, held);
  }
  for (const held of out.values()) held.sort((a, b) => a.from - b.from || a.to - b.to);
  return out;
}

/** The states that hold at some moment of `from..to` (inclusive). */
export function statesWithin<T extends { from: number; to: number }>(
  held: readonly T[],
  from: EpochSeconds,
  to: EpochSeconds,
): readonly T[] {
  // Most interfaces have one state, and most rows touch it: no copy then.
  const only = held.length === 1 ? held[0]! : null;
  if (only !== null && only.from <= to && only.to > from) return held;
  return held.filter((h) => h.from <= to && h.to > from);
}

/** Whether the spans together hold at every moment of `from..to` (inclusive). */
export function spansCover(
  spans: readonly { from: number; to: number }[],
  from: EpochSeconds,
  to: EpochSeconds,
): boolean {
  let reached: number = from;
  for (const span of [...spans].sort((a, b) => a.from - b.from)) {
    if (span.from > reached) return false;
    reached = Math.max(reached, span.to);
    if (reached > to) return true;
  }
  return reached > to;
}

export function compareText(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
