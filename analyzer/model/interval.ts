/**
 * Sets of whole numbers as sorted, disjoint, non-adjacent closed intervals. The one algebra under ports, protocols and addresses.
 * All functions return canonical sets, so two equal sets are deeply equal.
 */
export interface Interval<T> {
  readonly from: T;
  /** Inclusive. */
  readonly to: T;
}
export type IntervalSet<T> = readonly Interval<T>[];

/** Arithmetic of the carrier; intervals over `number` for ports and IPv4, over `bigint` for IPv6. */
export interface Domain<T> {
  next(value: T): T;
  previous(value: T): T;
  /** How many values `from..to` holds. */
  count(from: T, to: T): bigint;
}

export const numbers: Domain<number> = {
  next: (value) => value + 1,
  previous: (value) => value - 1,
  count: (from, to) => BigInt(to - from + 1),
};
export const bigints: Domain<bigint> = {
  next: (value) => value + 1n,
  previous: (value) => value - 1n,
  count: (from, to) => to - from + 1n,
};

/** Any intervals, in any order, overlapping or not, made canonical. Empty intervals (from > to) vanish. */
export function canonical<T>(domain: Domain<T>, intervals: readonly Interval<T>[]): IntervalSet<T> {
  const sorted = intervals
    .filter((i) => i.from <= i.to)
    .sort((a, b) => (a.from < b.from ? -1 : a.from > b.from ? 1 : 0));
  const out: { from: T; to: T }[] = [];
  for (const interval of sorted) {
    const last = out.at(-1);
    if (last !== undefined && interval.from <= domain.next(last.to)) {
      if (interval.to > last.to) last.to = interval.to;
    } else {
      out.push({ from: interval.from, to: interval.to });
    }
  }
  return out;
}

export function union<T>(domain: Domain<T>, a: IntervalSet<T>, b: IntervalSet<T>): IntervalSet<T> {
  if (a.length === 0) return b;
  if (b.length === 0) return a;
  return canonical(domain, [...a, ...b]);
}

export function intersection<T>(a: IntervalSet<T>, b: IntervalSet<T>): IntervalSet<T> {
  const out: Interval<T>[] = [];
  let i = 0;
  let j = 0;
  while (i < a.length && j < b.length) {
    const x = a[i]!;
    const y = b[j]!;
    const from = x.from > y.from ? x.from : y.from;
    const to = x.to < y.to ? x.to : y.to;
    if (from <= to) out.push({ from, to });
    if (x.to < y.to) i += 1;
    else j += 1;
  }
  return out;
}

export function difference<T>(domain: Domain<T>, a: IntervalSet<T>, b: IntervalSet<T>): IntervalSet<T> {
  const out: Interval<T>[] = [];
  let j = 0;
  for (const interval of a) {
    let from = interval.from;
    let spent = false;
    while (j < b.length && b[j]!.to < from) j += 1;
    for (let k = j; k < b.length && b[k]!.from <= interval.to; k += 1) {
      const hole = b[k]!;
      if (hole.from > from) out.push({ from, to: domain.previous(hole.from) });
      if (hole.to >= interval.to) {
        spent = true;
        break;
      }
      from = domain.next(hole.to);
    }
    if (!spent) out.push({ from, to: interval.to });
  }
  return out;
}

export function isSubset<T>(domain: Domain<T>, a: IntervalSet<T>, b: IntervalSet<T>): boolean {
  return difference(domain, a, b).length === 0;
}

/** Binary search; the hot path of attribution. */
export function contains<T>(set: IntervalSet<T>, value: T): boolean {
  let low = 0;
  let high = set.length - 1;
  while (low <= high) {
    const middle = (low + high) >> 1;
    const interval = set[middle]!;
    if (value < interval.from) high = middle - 1;
    else if (value > interval.to) low = middle + 1;
    else return true;
  }
  return false;
}

export function size<T>(domain: Domain<T>, set: IntervalSet<T>): bigint {
  return set.reduce((sum, interval) => sum + domain.count(interval.from, interval.to), 0n);
}

export function sameSet<T>(a: IntervalSet<T>, b: IntervalSet<T>): boolean {
  return a.length === b.length && a.every((interval, i) => interval.from === b[i]!.from && interval.to === b[i]!.to);
}
