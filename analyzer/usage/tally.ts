import { EVIDENCE_CLASSES, type EvidenceClass, type LedgerRow } from '../flowlogs/ledger.ts';

const DAY = 86_400;

/** Running sums over ledger rows; the same for a class and for a bundle of readings. */
export class Tally {
  records = 0;
  packets = 0;
  bytes = 0;
  first = Infinity;
  last = -Infinity;
  readonly #days: { day: number; records: number }[] = [];
  readonly #evidence = new Array<number>(EVIDENCE_CLASSES.length).fill(0);

  add(row: LedgerRow): void {
    this.records += row.records;
    this.packets += row.packets;
    this.bytes += row.bytes;
    if (row.first < this.first) this.first = row.first;
    if (row.last > this.last) this.last = row.last;
    this.#evidence[EVIDENCE_CLASSES.indexOf(row.evidence)]! += row.records;
    const day = Math.floor(row.bucket / DAY);
    const found = this.#days.findLast((d) => d.day === day);
    if (found === undefined) this.#days.push({ day, records: row.records });
    else found.records += row.records;
  }

  days(): { day: number; records: number }[] {
    return this.#days.sort((a, b) => a.day - b.day);
  }

  evidence(): Partial<Record<EvidenceClass, number>> {
    const out: Partial<Record<EvidenceClass, number>> = {};
    for (const [i, name] of EVIDENCE_CLASSES.entries()) if (this.#evidence[i]! > 0) out[name] = this.#evidence[i]!;
    return out;
  }

  totals() {
    const { records, packets, bytes, first, last } = this;
    return { records, packets, bytes, first, last, days: this.days(), evidence: this.evidence() };
  }
}
