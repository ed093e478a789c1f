import type { Inventory } from '../model/inventory.ts';
import type { Evidence, Window } from '../usage/evidence.ts';
import type { ConnectionClass, GroupCoverage } from '../usage/index.ts';

const DAY = 86_400;

/**
 * How sure a proposal is: the chance that nothing it closes is asked for in the time ahead, as long again as the window. docs/confidence.md
 * derives the formulas and shows how they were calibrated.
 */
export interface Sureness {
  /** Nothing was seen of the rule. */
  unused(rule: number): number;
  /** All that was seen of the rule also fits what stays; of its days of use this many would not have, had they been left out. */
  narrowed(rule: number, failedDays: number): number;
}

/** What the generator's accounts taught (seeds 1 to 60 of test/calibration); an account's own history speaks through these weights. */
export const LEARNED = {
  /** For each rule of the group seen on one day only, so many of its silent rules will wake in as long again. */
  once: 0.15,
  /** The same for each rule seen on more days, but on less than a quarter of the window's. */
  rare: 0.08,
  /** The account's rate counts for a group as much as this many silent rules of its own. */
  group: 2,
  /** Pseudo-counts behind the account's rate: events, and silent rules. */
  account: { hits: 0.05, trials: 30 },
  /** Of what the second half of the window brought anew, the share that as long again will bring to rules that have long been used. */
  novelty: 0.45,
  /** Pseudo-counts behind the account's novelty: events, and values. */
  values: { hits: 0.4, trials: 20 },
  /** From this many days of use on, more days make a rule's use no better known. */
  days: 6,
  /** A day that brought something new, or on which the proposal would have failed, counts for so much of an event to come. */
  event: 0.7,
} as const;

/** Fits the account's own history: how many rules of a group are rarely used, and what the second half of the window brought anew. */
export function fitSureness(evidence: Evidence, inventory: Inventory, window: Window): Sureness {
  const length = (window.to - window.from) / DAY;
  const uses = usesOf(evidence, Math.floor((window.from + window.to) / 2 / DAY));
  const silent = silenceRates(evidence, uses, length);
  const novelty = noveltyRate(uses);
  const made = new Map(
    (inventory.ruleAges ?? []).map((age) => [age.ruleId, Math.max(age.createdAt ?? 0, age.changedAt ?? 0)]),
  );
  const watched = (i: number): number => {
    const rule = evidence.rules[i]!;
    const created = made.get(rule.ruleId) ?? window.from;
    const age = Math.max(0, window.to - Math.max(window.from, created)) / DAY;
    return coverageShare(evidence.coverage.get(rule.groupId)) * Math.min(length, age);
  };
  return {
    unused: (i) => round(stillNone(watched(i), length, shapeOf(silent(i)))),
    narrowed: (i, failedDays) => {
      const { days, values, late } = uses[i]!;
      // Few days of use say little, however long the window is.
      const rare = Math.max(1, LEARNED.days / Math.max(1, days.size));
      const events = LEARNED.event * Math.max(late.size, failedDays);
      return round(stillNone(watched(i), length, shapeOf(novelty * more(values.size) * rare) + events));
    },
  };
}

/** One port and one peer are what any used rule has; each value beyond tells that there is more (Pitman and Yor 1997: linear in them). */
function more(values: number): number {
  return Math.max(1, values - 1);
}

/**
 * Gamma-Poisson: the chance of no event in the next `ahead` days after none in `watched`, for rates spread as Gamma(shape, 0): the posterior
 * predictive (watched / (watched + ahead))^shape.
 */
export function stillNone(watched: number, ahead: number, shape: number): number {
  if (watched <= 0) return 0;
  return (watched / (watched + ahead)) ** shape;
}

/** The shape under which as long again as was watched brings an event with chance `rate`: the inverse of stillNone. */
export function shapeOf(rate: number): number {
  return -Math.log2(1 - Math.min(0.999, Math.max(0, rate)));
}

interface Use {
  days: Set<number>;
  /** Ports and peers, with the first day on which each was seen. */
  values: Map<number | bigint, number>;
  /** How many of them had been seen before the middle of the window. */
  early: number;
  /** Days after the middle that brought a new one to a rule that was used before. */
  late: Set<number>;
}

function usesOf(evidence: Evidence, middle: number): Use[] {
  const uses = evidence.rules.map((): Use => ({ days: new Set(), values: new Map(), early: 0, late: new Set() }));
  for (const c of evidence.classes) {
    const first = c.days[0]?.day;
    if (first === undefined) continue;
    const keys = [c.protocol * 65_537 + (c.port ?? -1), unitOf(c)];
    for (const rules of [c.yes, c.maybe]) {
      for (const i of rules) {
        const use = uses[i]!;
        for (const { day } of c.days) use.days.add(day);
        for (const key of keys) {
          const known = use.values.get(key);
          if (known === undefined || first < known) use.values.set(key, first);
        }
      }
    }
  }
  for (const use of uses) {
    const firsts = [...use.values.values()];
    use.early = firsts.filter((day) => day < middle).length;
    if (use.early > 0) use.late = new Set(firsts.filter((day) => day >= middle));
  }
  return uses;
}

/** Peers as coarse as they are narrowed by default. */
function unitOf({ peer }: ConnectionClass): number | bigint {
  // Below zero, where no port is.
  return peer.family === 4 ? -2 - Math.floor(peer.value / 256) : peer.value >> 64n;
}

/**
 * By rule, the share of the silent rules that as long again will wake. Good and Toulmin (1956): new ones are to be expected in
 * proportion to those seen rarely. The rules of the same group and direction are the comparable ones; the account stands behind them.
 */
function silenceRates(evidence: Evidence, uses: readonly Use[], length: number): (rule: number) => number {
  const none = () => ({ silent: 0, once: 0, rare: 0 });
  const counts = new Map<string, ReturnType<typeof none>>();
  const all = none();
  const keyOf = (i: number): string => `${evidence.rules[i]!.groupId}|${evidence.rules[i]!.direction}`;
  for (const [i, { days }] of uses.entries()) {
    if ((evidence.coverage.get(evidence.rules[i]!.groupId)?.expectedInterfaceHours ?? 0) === 0) continue;
    const own = counts.get(keyOf(i)) ?? none();
    counts.set(keyOf(i), own);
    for (const count of [own, all]) {
      if (days.size === 0) count.silent += 1;
      else if (days.size === 1) count.once += 1;
      else if (days.size < length / 4) count.rare += 1;
    }
  }
  const { hits, trials } = LEARNED.account;
  const account = (LEARNED.rare * (all.once + all.rare) + hits) / (all.silent + trials);
  return (i) => {
    const own = counts.get(keyOf(i)) ?? none();
    const events = LEARNED.once * own.once + LEARNED.rare * own.rare + LEARNED.group * account;
    return Math.min(1, (unmissed(length) * events) / (own.silent + LEARNED.group));
  };
}

/** The periods that jobs have. */
const JOBS = [7, 30, 91, 365] as const;

/**
 * A period may be said to have ended when it was missed three times: how many of the calendar's four the window leaves open, over the two that
 * it leaves open from 90 days on.
 */
function unmissed(days: number): number {
  return JOBS.filter((period) => 3 * period > days).length / 2;
}

/** For each value that the first half of the window showed, how many as long again will add: fitted on the second half. */
function noveltyRate(uses: readonly Use[]): number {
  let values = 0;
  let hits = 0;
  for (const { early, late } of uses) {
    if (early === 0) continue;
    values += more(early);
    if (late.size > 0) hits += 1;
  }
  const prior = LEARNED.values;
  return (LEARNED.novelty * hits + prior.hits) / (values + prior.trials);
}

/** Covered share of the hours in which the group was worn; 0 where nobody wore it. */
export function coverageShare(coverage: GroupCoverage | undefined): number {
  if (coverage === undefined || coverage.expectedInterfaceHours === 0) return 0;
  return Math.min(1, coverage.observedInterfaceHours / coverage.expectedInterfaceHours);
}

/**
 * Good-Turing: the mass of values not yet seen is about f1 / n; counted on days and not on flows, because the flows of a day are one
 * event and not many. `daysOfValue` holds for each value the number of days it was seen on. No value at all: 1.
 */
export function missingMass(daysOfValue: Iterable<number>): number {
  let once = 0;
  let all = 0;
  for (const days of daysOfValue) {
    if (days === 1) once += 1;
    all += days;
  }
  return all === 0 ? 1 : once / all;
}

/** Periods that calendars give to jobs, in days; a month and a quarter at their longest. */
const CALENDAR = [1, 7, 14, 31, 92, 184, 366] as const;

/**
 * The rhythm of past use: the longest gap between days of use, but no shorter than the calendar's next period. Null below three days of
 * use, where there is no rhythm to speak of. Days as days since 1970, in any order.
 */
export function rhythmOf(days: Iterable<number>): number | null {
  const sorted = [...new Set(days)].sort((a, b) => a - b);
  if (sorted.length < 3) return null;
  const longest = Math.max(...sorted.slice(1).map((day, i) => day - sorted[i]!));
  return CALENDAR.find((period) => period >= longest) ?? longest;
}

/** How many periods have passed since the last use; three and more are needed before a rhythm may be said to have ended. */
export function missedPeriods(days: Iterable<number>, now: number): number | null {
  const list = [...days];
  const period = rhythmOf(list);
  return period === null ? null : Math.max(0, Math.floor((now - Math.max(...list)) / period));
}

/**
 * BG/NBD P(alive) (Fader, Hardie, Lee 2005, with the correction of Fader and Hardie 2008): the chance that what was used on `days` days, the
 * last time at `recency`, is still in use at `age` (both in days since the first use). `days` counts the uses after the first.
 */
export function stillAlive(
  days: number,
  recency: number,
  age: number,
  { r, alpha, a, b }: { r: number; alpha: number; a: number; b: number } = { r: 0.5, alpha: 3, a: 0.8, b: 3 },
): number {
  if (days <= 0) return 1;
  const odds = (a / (b + days - 1)) * ((alpha + age) / (alpha + recency)) ** (r + days);
  return 1 / (1 + odds);
}

function round(value: number): number {
  return Math.round(Math.min(1, Math.max(0, value)) * 10_000) / 10_000;
}
