import type { LedgerRow } from '../flowlogs/ledger.ts';
import type { AmbiguousRecords } from './evidence.ts';
import { PairTable } from './intern.ts';
import { TallyTable } from './tally.ts';

/** Rows with more than one reading, summed by the classes of their readings. */
export class Bundles {
  /** (what stands before, class) → what stands here: a tree of lists of classes, of which 0 is the empty one. */
  readonly #steps = new PairTable();
  #nodes = 1;
  /** By node; missing where no row ends. */
  readonly #byNode = new Map<number, { classes: readonly number[]; tally: number }>();
  readonly #tallies = new TallyTable();

  /** The classes, distinct, in any order. */
  add(row: LedgerRow, classes: readonly number[]): void {
    const sorted = classes.length === 1 ? classes : [...classes].sort((a, b) => a - b);
    let node = 0;
    for (const id of sorted) node = this.#step(node, id);
    let bundle = this.#byNode.get(node);
    if (bundle === undefined) {
      bundle = { classes: sorted, tally: this.#byNode.size };
      this.#byNode.set(node, bundle);
    }
    this.#tallies.add(bundle.tally, row);
  }

  #step(node: number, id: number): number {
    const found = this.#steps.get(node, id);
    if (found >= 0) return found;
    const made = this.#nodes;
    this.#nodes += 1;
    this.#steps.add(node, id, made);
    return made;
  }

  /** Sorted, the classes with new numbers. */
  finish(numbers: Int32Array): AmbiguousRecords[] {
    const out = [...this.#byNode.values()].map(
      ({ classes, tally }): AmbiguousRecords => ({
        classes: classes.map((id) => numbers[id]!).sort((a, b) => a - b),
        ...this.#tallies.totals(tally),
      }),
    );
    return out.sort((a, b) => compareNumbers(a.classes, b.classes));
  }
}

function compareNumbers(a: readonly number[], b: readonly number[]): number {
  for (let i = 0; i < Math.min(a.length, b.length); i += 1) if (a[i] !== b[i]) return a[i]! - b[i]!;
  return a.length - b.length;
}
