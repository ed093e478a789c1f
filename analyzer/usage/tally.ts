import { EVIDENCE_CLASSES, type EvidenceClass, type LedgerRow } from '../flowlogs/ledger.ts';

const DAY = 86_400;

/** Running sums over ledger rows; the same for a class and for a bundle of readings. */
export class Tally {
  records = 0;
  packets = 0;
  bytes = 0;
  first = Infinity;
  last = -Infinity;
  // Millions of these live at once: flat arrays of numbers, and nothing allocated before it is needed.
  readonly #days: number[] = [];
  readonly #dayRecords: number[] = [];
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
    const at = this.#days.lastIndexOf(day);
    if (at >= 0) {
      this.#dayRecords[at]! += row.records;
    } else {
      this.#days.push(day);
      this.#dayRecords.push(row.records);
    }
  }

  days(): { day: number; records: number }[] {
    return this.#days.map((day, i) => ({ day, records: this.#dayRecords[i]! })).sort((a, b) => a.day - b.day);
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
