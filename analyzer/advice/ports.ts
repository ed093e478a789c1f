import { difference, type Interval, numbers } from '../model/interval.ts';
import type { PortSet } from '../model/ports.ts';

export interface PortRanges {
  ranges: PortSet;
  /** Ports within the ranges that nobody needs. */
  extra: PortSet;
  extraPorts: number;
}

export type PortPlan =
  | ({ fits: true } & PortRanges)
  | {
      fits: false;
      /** What would fit: this many rules under the given limit of extra ports, or this many extra ports under the given rules. */
      rulesNeeded: number;
      extraPortsNeeded: number;
    };

/**
 * The needed ports in at most `maxRules` ranges with the fewest extra ports: between neighbours only gaps can be saved, so keeping
 * the `maxRules - 1` largest gaps closed to traffic is optimal. Of equal gaps the lowest stays closed. `needed` is canonical and not empty.
 */
export function leastRanges(needed: PortSet, maxRules: number): PortRanges {
  const ranges = fewRanges(needed, maxRules);
  const extra = difference(numbers, ranges, needed);
  return { ranges, extra, extraPorts: extra.reduce((sum, gap) => sum + gap.to - gap.from + 1, 0) };
}

/** Only the ranges of leastRanges. */
export function fewRanges(needed: PortSet, maxRules: number): PortSet {
  if (needed.length <= maxRules) return needed;
  const gaps = needed.slice(1).map((range, i) => ({ at: i + 1, width: range.from - needed[i]!.to - 1 }));
  gaps.sort((a, b) => b.width - a.width || a.at - b.at);
  const cuts = new Set(gaps.slice(0, Math.max(0, maxRules - 1)).map((gap) => gap.at));
  const ranges: Interval<number>[] = [];
  for (const [i, range] of needed.entries()) {
    const last = ranges.at(-1);
    if (last === undefined || cuts.has(i)) ranges.push(range);
    else ranges[ranges.length - 1] = { from: last.from, to: range.to };
  }
  return ranges;
}

/** The best ranges for at most `maxRules` rules, if they open at most `maxOpenPorts` ports that nobody needs; else what would do. */
export function planPorts(needed: PortSet, limits: { maxRules: number; maxOpenPorts: number }): PortPlan {
  const best = leastRanges(needed, limits.maxRules);
  if (best.extraPorts <= limits.maxOpenPorts && best.ranges.length <= limits.maxRules) return { fits: true, ...best };
  let rulesNeeded = Math.max(1, limits.maxRules);
  while (leastRanges(needed, rulesNeeded).extraPorts > limits.maxOpenPorts) rulesNeeded += 1;
  return { fits: false, rulesNeeded, extraPortsNeeded: leastRanges(needed, Math.max(1, limits.maxRules)).extraPorts };
}
