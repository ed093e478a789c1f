import type { Interval } from './interval.ts';

/** Values over a line of whole numbers: sorted, disjoint closed steps; where no step is, there is no value. */
export interface Step<V> extends Interval<number> {
  readonly value: V;
}
export type IntervalMap<V> = readonly Step<V>[];

/**
 * Lays two maps over each other. `combine` is asked once for each stretch where neither changes and tells what stands there, null for
 * nothing. Neighbours with the same value by `same` become one step, so that the result has as few steps as can be.
 */
export function overlay<A, B, V>(
  a: IntervalMap<A>,
  b: IntervalMap<B>,
  combine: (x: A | null, y: B | null) => V | null,
  same: (x: V, y: V) => boolean,
): IntervalMap<V> {
  const out: Step<V>[] = [];
  let i = 0;
  let j = 0;
  for (const stretch of stretchesOf([...a, ...b])) {
    while (i < a.length && a[i]!.to < stretch.from) i += 1;
    while (j < b.length && b[j]!.to < stretch.from) j += 1;
    const x = a[i];
    const y = b[j];
    const value = combine(
      x !== undefined && x.from <= stretch.from ? x.value : null,
      y !== undefined && y.from <= stretch.from ? y.value : null,
    );
    if (value !== null) append(out, stretch, value, same);
  }
  return out;
}

/** Adds a step after all others, growing the last one when it touches and has the same value. */
export function append<V>(steps: Step<V>[], stretch: Interval<number>, value: V, same: (x: V, y: V) => boolean): void {
  const last = steps.at(-1);
  if (last !== undefined && last.to + 1 === stretch.from && same(last.value, value)) {
    steps[steps.length - 1] = { from: last.from, to: stretch.to, value: last.value };
  } else {
    steps.push({ from: stretch.from, to: stretch.to, value });
  }
}

/** The line from the least start to the greatest end, cut wherever one of the intervals begins or ends. */
export function stretchesOf(intervals: readonly Interval<number>[]): Interval<number>[] {
  const cuts = new Set<number>();
  for (const { from, to } of intervals) {
    cuts.add(from);
    cuts.add(to + 1);
  }
  const sorted = [...cuts].sort((x, y) => x - y);
  return sorted.slice(0, -1).map((from, i) => ({ from, to: sorted[i + 1]! - 1 }));
}

export function sameMap<V>(a: IntervalMap<V>, b: IntervalMap<V>, same: (x: V, y: V) => boolean): boolean {
  if (a === b) return true;
  return (
    a.length === b.length &&
    a.every((step, i) => step.from === b[i]!.from && step.to === b[i]!.to && same(step.value, b[i]!.value))
  );
}
