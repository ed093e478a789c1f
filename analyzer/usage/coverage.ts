import type { CoverageHours, CoverageRow, Window } from '../flowlogs/ledger.ts';
import type { GroupCoverage, InterfaceCoverage } from './evidence.ts';
import { compareText, type HeldState } from './timeline.ts';

const HOUR = 3600;

/**
 * Forgiven of each interface when it is judged by itself: logs of a new interface begin some minutes after it does, and the last interval
 * of one that goes may never be delivered (VPC user guide, "Flow log basics": the aggregation interval is 10 minutes by default).
 * The group as a whole is forgiven nothing.
 */
const EDGE_SECONDS = 600;

/** What the logs say about the hours of one interface. */
interface Observed {
  seconds: Uint16Array;
  /** Hours with a SKIPDATA line: lost records, so the hour proves nothing. Hour index → lines. */
  skipped: Map<number, number>;
}

/** Sums over the hours in which one interface wore something, and which hours these are. */
interface Part {
  expected: number;
  observed: number;
  skipped: number;
  /** Pairs of the first hour worn and the hour after the last, in order. */
  worn: number[];
}

/** Collects coverage rows; rows of interfaces that nobody asks about, or outside the window, are dropped. */
export class CoverageLedger {
  readonly #window: Window;
  readonly #firstHour: number;
  readonly #hours: number;
  readonly #observed = new Map<string, Observed>();
  #last: { interfaceId: string; observed: Observed } | null = null;

  constructor(window: Window) {
    this.#window = window;
    this.#firstHour = Math.floor(window.from / HOUR);
    this.#hours = Math.max(0, Math.ceil(window.to / HOUR) - this.#firstHour);
  }

  /** Rows in any order, or all of one interface. */
  take(batch: readonly CoverageRow[] | CoverageHours): void {
    if (!('rows' in batch)) {
      for (const row of batch) this.add(row);
      return;
    }
    const { interfaceId, rows, hours, observedSeconds, skipData } = batch;
    const observed = this.#of(interfaceId);
    for (let i = 0; i < rows; i += 1) this.#see(observed, hours[i]!, observedSeconds[i]!, skipData[i]!);
  }

  add(row: CoverageRow): void {
    this.#see(this.#of(row.interfaceId), row.hour, row.observedSeconds, row.skipData);
  }

  #of(interfaceId: string): Observed {
    // Rows of an interface mostly come together.
    if (this.#last?.interfaceId === interfaceId) return this.#last.observed;
    const known = this.#observed.get(interfaceId);
    const observed = known ?? { seconds: new Uint16Array(this.#hours), skipped: new Map() };
    if (known === undefined) this.#observed.set(interfaceId, observed);
    this.#last = { interfaceId, observed };
    return observed;
  }

  #see({ seconds, skipped }: Observed, at: number, observedSeconds: number, skipData: number): void {
    const hour = Math.floor(at / HOUR) - this.#firstHour;
    if (hour < 0 || hour >= this.#hours) return;
    seconds[hour] = Math.min(HOUR, seconds[hour]! + Math.max(0, Math.floor(observedSeconds)));
    if (skipData > 0) skipped.set(hour, (skipped.get(hour) ?? 0) + skipData);
  }

  /** Coverage of every group named, also of those that nobody wore. */
  byGroup(
    groupIds: readonly string[],
    states: ReadonlyMap<string, readonly HeldState[]>,
  ): ReadonlyMap<string, GroupCoverage> {
    const sums = new Map(
      groupIds.map((id) => [
        id,
        {
          expected: 0,
          observed: 0,
          skipped: 0,
          worn: new Uint8Array(this.#hours),
          interfaces: [] as string[],
          least: null as InterfaceCoverage | null,
        },
      ]),
    );
    for (const [interfaceId, held] of states) {
      const observed = this.#observed.get(interfaceId);
      const groups = new Set(held.flatMap((h) => h.state.groups));
      // Groups that are worn in the same states are judged alike.
      const judged = new Map<string, Part>();
      for (const group of groups) {
        const sum = sums.get(group);
        if (sum === undefined) continue;
        const states = [...held.keys()].filter((i) => held[i]!.state.groups.includes(group));
        const key = states.join(',');
        const part =
          judged.get(key) ??
          this.#judge(
            states.map((i) => held[i]!),
            held,
            observed,
          );
        judged.set(key, part);
        if (part.expected === 0) continue;
        for (let i = 0; i < part.worn.length; i += 2) sum.worn.fill(1, part.worn[i]!, part.worn[i + 1]!);
        sum.expected += part.expected;
        sum.observed += part.observed;
        sum.skipped += part.skipped;
        sum.interfaces.push(interfaceId);
        sum.least = lesser(sum.least, shareOf(interfaceId, part));
      }
    }
    const out = new Map<string, GroupCoverage>();
    for (const groupId of [...sums.keys()].sort(compareText)) {
      const sum = sums.get(groupId)!;
      out.set(groupId, {
        groupId,
        observedInterfaceHours: sum.observed / HOUR,
        expectedInterfaceHours: sum.expected / HOUR,
        wornHours: sum.worn.reduce((hours, worn) => hours + worn, 0),
        skippedRecords: sum.skipped,
        interfaces: sum.interfaces.sort(compareText),
        leastCovered: sum.least,
      });
    }
    return out;
  }

  /** Whole seconds. Where the interface wore the group for a part of an hour only, unseen seconds count against that part. */
  #judge(wearing: readonly HeldState[], held: readonly HeldState[], observed: Observed | undefined): Part {
    const sum: Part = { expected: 0, observed: 0, skipped: 0, worn: [] };
    for (let i = 0; i < this.#hours; ) {
      const end = this.#wholeUntil(wearing, i);
      if (end > i) {
        addWhole(sum, observed, i, end);
        i = end;
        continue;
      }
      const from = (this.#firstHour + i) * HOUR;
      const to = from + HOUR;
      const worn = secondsWithin(wearing, Math.max(from, this.#window.from), Math.min(to, this.#window.to));
      if (worn === 0) {
        // What holds later begins later.
        const next = wearing.reduce(
          (least, state) => (state.from >= to ? Math.min(least, state.from) : least),
          Infinity,
        );
        i = Math.floor(next / HOUR) - this.#firstHour;
        continue;
      }
      sum.expected += worn;
      wear(sum, i, i + 1);
      const skipped = observed?.skipped.get(i) ?? 0;
      sum.skipped += skipped;
      if (observed !== undefined && skipped === 0) {
        const unseen = Math.max(0, secondsWithin(held, from, to) - observed.seconds[i]!);
        sum.observed += Math.max(0, worn - unseen);
      }
      i += 1;
    }
    return sum;
  }

  /** The hour to which, from hour `i` on, one of these states holds and the window lasts; `i` or less where they do not for all of it. */
  #wholeUntil(states: readonly HeldState[], i: number): number {
    const from = (this.#firstHour + i) * HOUR;
    if (from < this.#window.from) return i;
    let to = from;
    for (const state of states) if (state.from <= from && state.to > to) to = state.to;
    return Math.floor(Math.min(to, this.#window.to) / HOUR) - this.#firstHour;
  }
}

/** Hours of which the interface wore the group, and thus was there, all the time: what was seen of them is all that is covered. */
function addWhole(sum: Part, observed: Observed | undefined, from: number, to: number): void {
  sum.expected += (to - from) * HOUR;
  wear(sum, from, to);
  if (observed === undefined) return;
  const { seconds, skipped } = observed;
  let seen = 0;
  for (let i = from; i < to; i += 1) seen += seconds[i]!;
  for (const [hour, lines] of skipped) {
    if (hour < from || hour >= to) continue;
    sum.skipped += lines;
    seen -= seconds[hour]!;
  }
  sum.observed += seen;
}

function wear({ worn }: Part, from: number, to: number): void {
  if (worn.at(-1) === from) worn[worn.length - 1] = to;
  else worn.push(from, to);
}

function shareOf(interfaceId: string, part: { expected: number; observed: number }): InterfaceCoverage {
  const due = part.expected - EDGE_SECONDS;
  return {
    interfaceId,
    observedHours: part.observed / HOUR,
    expectedHours: part.expected / HOUR,
    share: due <= 0 ? 1 : Math.min(1, part.observed / due),
  };
}

/** Of equal shares the longer life counts, as more was lost; then the id. */
function lesser(a: InterfaceCoverage | null, b: InterfaceCoverage): InterfaceCoverage {
  if (a === null) return b;
  const order = a.share - b.share || b.expectedHours - a.expectedHours || compareText(a.interfaceId, b.interfaceId);
  return order <= 0 ? a : b;
}

/** Seconds of `from..to` in at least one of the states, which come in the order of their starts; where two claim a moment it counts once. */
function secondsWithin(held: readonly HeldState[], from: number, to: number): number {
  const first = held[0];
  if (first !== undefined && first.from <= from && first.to >= to) return to - from;
  let seconds = 0;
  let reached = from;
  for (const h of held) {
    const start = Math.max(h.from, reached);
    const end = Math.min(h.to, to);
    if (end <= start) continue;
    seconds += end - start;
    reached = end;
  }
  return seconds;
}
