const FIRST_RUNS = 1 << 10;

/**
 * Rows of whole numbers of 32 bits, each of an owner (0, 1, …), to be had owner by owner. They come in parts; within a part those of an owner
 * mostly stand together, so that only where such a run begins is kept.
 */
export class Gathered {
  readonly width: number;
  rows = 0;
  readonly #parts: Int32Array[] = [];
  /** Owner, part, first row. A part's last run has owner -1 and ends it. */
  #runs = new Int32Array(FIRST_RUNS * 3);
  #size = 0;
  #order: { runs: Int32Array; from: Int32Array } | null = null;
  #out = new Int32Array(0);

  constructor(width: number) {
    this.width = width;
  }

  /** From row `row` of the part that is being made on, rows are this owner's. */
  begin(owner: number, row: number): void {
    if ((this.#size + 1) * 3 > this.#runs.length) {
      const runs = new Int32Array(this.#runs.length * 2);
      runs.set(this.#runs);
      this.#runs = runs;
    }
    this.#runs[this.#size * 3] = owner;
    this.#runs[this.#size * 3 + 1] = this.#parts.length;
    this.#runs[this.#size * 3 + 2] = row;
    this.#size += 1;
  }

  /** Ends the part: row `i` is `cells[i * width]` on. */
  add(cells: Int32Array, rows: number): void {
    this.begin(-1, rows);
    this.#parts.push(rows * this.width < cells.length ? cells.slice(0, rows * this.width) : cells);
    this.rows += rows;
  }

  /** The owner's rows, in the order in which they came; the array is written anew for the next. No rows can be added after the first. */
  of(owner: number): Int32Array {
    const { runs, from } = this.#sorted();
    const { width } = this;
    let size = 0;
    for (let i = from[owner] ?? 0; i < (from[owner + 1] ?? 0); i += 1) {
      const run = runs[i]! * 3;
      const cells = this.#parts[this.#runs[run + 1]!]!;
      const end = this.#runs[run + 5]! * width;
      const first = this.#runs[run + 2]! * width;
      if (size + end - first > this.#out.length) this.#grow(size + end - first);
      const out = this.#out;
      for (let at = first; at < end; at += 1, size += 1) out[size] = cells[at]!;
    }
    return this.#out.subarray(0, size);
  }

  /** Where in `runs` those of each owner are. */
  #sorted(): { runs: Int32Array; from: Int32Array } {
    if (this.#order !== null) return this.#order;
    let owners = 0;
    for (let run = 0; run < this.#size; run += 1) owners = Math.max(owners, this.#runs[run * 3]! + 1);
    const from = new Int32Array(owners + 1);
    for (let run = 0; run < this.#size; run += 1) if (this.#runs[run * 3]! >= 0) from[this.#runs[run * 3]! + 1]! += 1;
    for (let owner = 0; owner < owners; owner += 1) from[owner + 1]! += from[owner]!;
    const next = from.slice();
    const runs = new Int32Array(from[owners]!);
    for (let run = 0; run < this.#size; run += 1) {
      const owner = this.#runs[run * 3]!;
      if (owner < 0) continue;
      runs[next[owner]!] = run;
      next[owner]! += 1;
    }
    this.#order = { runs, from };
    return this.#order;
  }

  #grow(needed: number): void {
    const out = new Int32Array(Math.max(needed, this.#out.length * 2, 1024));
    out.set(this.#out);
    this.#out = out;
  }
}
