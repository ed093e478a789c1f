import { EVIDENCE_CLASSES, type EvidenceClass, type LedgerRow } from '../flowlogs/ledger.ts';

const DAY = 86_400;

/** Running sums over ledger rows; the same for a class and for a bundle of readings. */
export class Tally {
  records = 0;
  packets = 0;
  bytes = 0;
  first = Infinity;
  last = -Infinity;
  // Millions of these live at once: nothing is allocated before it is needed, and most see one day only.
  #day = -1;
  #dayRecords = 0;
  /** Once there are two days: all of them, and the records of each beside them. */
  #days: number[] | null = null;
  #records: number[] | null = null;
  /** Most tallies see one evidence class only. */
  #kind: EvidenceClass | null = null;
  #kinds: Map<EvidenceClass, number> | null = null;

  add(row: LedgerRow): void {
    if (this.#kinds !== null || (this.#kind !== null && this.#kind !== row.evidence)) {
      this.#kinds ??= new Map([[this.#kind!, this.records]]);
      this.#kinds.set(row.evidence, (this.#kinds.get(row.evidence) ?? 0) + row.records);
    }
    this.#kind = row.evidence;
    this.records += row.records;
    this.packets += row.packets;
    this.bytes += row.bytes;
    if (row.first < this.first) this.first = row.first;
    if (row.last > this.last) this.last = row.last;
    const day = Math.floor(row.bucket / DAY);
    if (this.#day === -1 || (this.#day === day && this.#days === null)) {
      this.#day = day;
      this.#dayRecords += row.records;
    } else {
      this.#addDay(day, row.records);
    }
  }

  #addDay(day: number, records: number): void {
    this.#days ??= [this.#day];
    this.#records ??= [this.#dayRecords];
    const at = this.#days.lastIndexOf(day);
    if (at >= 0) {
      this.#records[at]! += records;
    } else {
      this.#days.push(day);
      this.#records.push(records);
    }
  }

  days(): { day: number; records: number }[] {
    if (this.#day === -1) return [];
    if (this.#days === null) return [{ day: this.#day, records: this.#dayRecords }];
    return this.#days.map((day, i) => ({ day, records: this.#records![i]! })).sort((a, b) => a.day - b.day);
  }

  /** In the order of EVIDENCE_CLASSES. */
  evidence(): Partial<Record<EvidenceClass, number>> {
    const out: Partial<Record<EvidenceClass, number>> = {};
    if (this.#kinds === null) {
      if (this.#kind !== null) out[this.#kind] = this.records;
      return out;
    }
    for (const name of EVIDENCE_CLASSES) {
      const records = this.#kinds.get(name);
      if (records !== undefined) out[name] = records;
    }
    return out;
  }

  totals() {
    const { records, packets, bytes, first, last } = this;
    return { records, packets, bytes, first, last, days: this.days(), evidence: this.evidence() };
  }
}
