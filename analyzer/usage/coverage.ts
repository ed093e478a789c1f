import type { CoverageRow, Window } from '../flowlogs/ledger.ts';
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
  hoursWorn: readonly number[];
}

/** Collects coverage rows; rows of interfaces that nobody asks about, or outside the window, are dropped. */
export class CoverageLedger {
  readonly #window: Window;
  readonly #firstHour: number;
  readonly #hours: number;
  readonly #observed = new Map<string, Observed>();
  #lastId: string | null = null;
  #last: Observed | undefined;

  constructor(window: Window) {
    this.#window = window;
    this.#firstHour = Math.floor(window.from / HOUR);
    this.#hours = Math.max(0, Math.ceil(window.to / HOUR) - this.#firstHour);
  }

  add(row: CoverageRow): void {
    const hour = Math.floor(row.hour / HOUR) - this.#firstHour;
    if (hour < 0 || hour >= this.#hours) return;
    // Rows of an interface mostly come together.
    let observed = row.interfaceId === this.#lastId ? this.#last : this.#observed.get(row.interfaceId);
    if (observed === undefined) {
      observed = { seconds: new Uint16Array(this.#hours), skipped: new Map() };
      this.#observed.set(row.interfaceId, observed);
    }
    this.#lastId = row.interfaceId;
    this.#last = observed;
    observed.seconds[hour] = Math.min(HOUR, observed.seconds[hour]! + Math.max(0, Math.floor(row.observedSeconds)));
    if (row.skipData > 0) observed.skipped.set(hour, (observed.skipped.get(hour) ?? 0) + row.skipData);
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
        for (const hour of part.hoursWorn) sum.worn[hour] = 1;
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
    const hoursWorn: number[] = [];
    const sum = { expected: 0, observed: 0, skipped: 0, hoursWorn };
    for (let i = 0; i < this.#hours; i += 1) {
      const from = (this.#firstHour + i) * HOUR;
      const to = from + HOUR;
      const worn = secondsWithin(wearing, Math.max(from, this.#window.from), Math.min(to, this.#window.to));
      if (worn === 0) continue;
      hoursWorn.push(i);
      sum.expected += worn;
      if (observed === undefined) continue;
      const skipped = observed.skipped.get(i);
      if (skipped !== undefined) {
        sum.skipped += skipped;
        continue;
      }
      const unseen = Math.max(0, secondsWithin(held, from, to) - observed.seconds[i]!);
      sum.observed += Math.max(0, worn - unseen);
    }
    return sum;
  }
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
