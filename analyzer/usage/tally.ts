import { EVIDENCE_CLASSES, type EvidenceClass, type LedgerRow } from '../flowlogs/ledger.ts';

const DAY = 86_400;
const KINDS = EVIDENCE_CLASSES.length;

// One tally is eight numbers side by side, the size of a cache line: a row touches them all.
const WIDTH = 8;
const RECORDS = 0;
const PACKETS = 1;
const BYTES = 2;
const FIRST = 3;
const LAST = 4;
/** Below KINDS: the only evidence class met. From KINDS on: which entry of the mixed ones. */
const KIND = 5;
/** The entry of the day met last; -1: none yet. */
const DAY_ENTRY = 6;
const LAST_DAY = 7;

interface Totals {
  records: number;
  packets: number;
  bytes: number;
  first: number;
  last: number;
  days: { day: number; records: number }[];
  evidence: Partial<Record<EvidenceClass, number>>;
}

/**
 * Running sums over ledger rows, for classes as for bundles of readings, by number from 0; what was never added to is nothing. Millions live at once and every row adds to one
 * or more, so all of them are flat arrays.
 */
export class TallyTable {
  #count = 0;
  #sums = new Float64Array(64 * WIDTH);
  /** Records by evidence class, KINDS numbers each, of the tallies that met more than one. */
  #mixed = new Float64Array(16 * KINDS);
  #mixedCount = 0;
  /** Days of one tally are a ring, each before the next later one and the last before the first: rows of an interface come by day. */
  #days = new Int32Array(64);
  #dayRecords = new Float64Array(64);
  #nextDay = new Int32Array(64);
  #dayCount = 0;
  #evidence: EvidenceClass = EVIDENCE_CLASSES[0];
  #kind = 0;

  records(id: number): number {
    return id < this.#count ? this.#sums[id * WIDTH + RECORDS]! : 0;
  }

  add(id: number, row: LedgerRow): void {
    while (id >= this.#count) this.#create();
    const sums = this.#sums;
    const at = id * WIDTH;
    const { records, first, last } = row;
    this.#addKind(at, row.evidence, records);
    sums[at + RECORDS]! += records;
    sums[at + PACKETS]! += row.packets;
    sums[at + BYTES]! += row.bytes;
    if (first < sums[at + FIRST]!) sums[at + FIRST] = first;
    if (last > sums[at + LAST]!) sums[at + LAST] = last;
    const day = Math.floor(row.bucket / DAY);
    const entry = sums[at + DAY_ENTRY]!;
    if (entry < 0 || day !== sums[at + LAST_DAY]!) this.#addDay(at, entry, day, records);
    else this.#dayRecords[entry]! += records;
  }

  #create(): void {
    const at = this.#count * WIDTH;
    this.#count += 1;
    if (at === this.#sums.length) this.#sums = grown(this.#sums);
    const sums = this.#sums;
    sums[at + FIRST] = Infinity;
    sums[at + LAST] = -Infinity;
    sums[at + KIND] = -1;
    sums[at + DAY_ENTRY] = -1;
  }

  /** Before the records are added: what is there belongs to the class met so far. */
  #addKind(at: number, evidence: EvidenceClass, records: number): void {
    if (evidence !== this.#evidence) {
      this.#evidence = evidence;
      this.#kind = EVIDENCE_CLASSES.indexOf(evidence);
    }
    const kind = this.#kind;
    const sums = this.#sums;
    let known = sums[at + KIND]!;
    if (known === kind) return;
    if (known < 0) {
      sums[at + KIND] = kind;
      return;
    }
    if (known < KINDS) {
      const before = known;
      known = KINDS + this.#mixedCount;
      this.#mixedCount += 1;
      if (this.#mixedCount * KINDS > this.#mixed.length) this.#mixed = grown(this.#mixed);
      sums[at + KIND] = known;
      this.#mixed[(known - KINDS) * KINDS + before] = sums[at + RECORDS]!;
    }
    this.#mixed[(known - KINDS) * KINDS + kind]! += records;
  }

  #addDay(at: number, entry: number, day: number, records: number): void {
    const days = this.#days;
    const next = this.#nextDay;
    let before = entry;
    while (before >= 0) {
      const after = next[before]!;
      if (days[after] === day) {
        this.#dayRecords[after]! += records;
        this.#sums[at + DAY_ENTRY] = after;
        this.#sums[at + LAST_DAY] = day;
        return;
      }
      const wraps = days[after]! <= days[before]!;
      const later = day > days[before]!;
      if (wraps ? later || day < days[after]! : later && day < days[after]!) break;
      before = after;
    }
    this.#insertDay(at, before, day, records);
  }

  #insertDay(at: number, before: number, day: number, records: number): void {
    const made = this.#dayCount;
    this.#dayCount += 1;
    if (made === this.#days.length) {
      this.#days = grown(this.#days);
      this.#dayRecords = grown(this.#dayRecords);
      this.#nextDay = grown(this.#nextDay);
    }
    const next = this.#nextDay;
    next[made] = before < 0 ? made : next[before]!;
    if (before >= 0) next[before] = made;
    this.#days[made] = day;
    this.#dayRecords[made] = records;
    this.#sums[at + DAY_ENTRY] = made;
    this.#sums[at + LAST_DAY] = day;
  }

  /** Days in their order, evidence in the order of EVIDENCE_CLASSES. */
  totals(id: number): Totals {
    while (id >= this.#count) this.#create();
    const at = id * WIDTH;
    const sums = this.#sums;
    return {
      records: sums[at + RECORDS]!,
      packets: sums[at + PACKETS]!,
      bytes: sums[at + BYTES]!,
      first: sums[at + FIRST]!,
      last: sums[at + LAST]!,
      days: this.#daysOf(sums[at + DAY_ENTRY]!),
      evidence: this.#evidenceOf(sums[at + KIND]!, sums[at + RECORDS]!),
    };
  }

  #daysOf(entry: number): Totals['days'] {
    const out: Totals['days'] = [];
    if (entry < 0) return out;
    const days = this.#days;
    const next = this.#nextDay;
    let last = entry;
    while (days[next[last]!]! > days[last]!) last = next[last]!;
    let at = last;
    do {
      at = next[at]!;
      out.push({ day: days[at]!, records: this.#dayRecords[at]! });
    } while (at !== last);
    return out;
  }

  #evidenceOf(kind: number, records: number): Totals['evidence'] {
    if (kind < 0) return {};
    if (kind < KINDS) return { [EVIDENCE_CLASSES[kind]!]: records };
    const out: Totals['evidence'] = {};
    const from = (kind - KINDS) * KINDS;
    for (const [i, name] of EVIDENCE_CLASSES.entries()) {
      const part = this.#mixed[from + i]!;
      if (part > 0) out[name] = part;
    }
    return out;
  }
}

/** A copy twice as long. */
export function grown<T extends Float64Array | Int32Array>(array: T): T {
  const out = array instanceof Float64Array ? new Float64Array(array.length * 2) : new Int32Array(array.length * 2);
  out.set(array);
  return out as T;
}
