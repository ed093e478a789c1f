const FIRST = 1 << 10;

/**
 * Distinct rows of whole numbers of 32 bits, found again by their content: a row's index is its place in the order of first sight. Write the row
 * into `key`, then ask.
 */
export class IntRows {
  readonly width: number;
  readonly key: Int32Array;
  size = 0;
  #cells: Int32Array;
  #table: Int32Array;
  #mask: number;
  /** The row that was asked for last; -1 for none. */
  #last = -1;

  constructor(width: number) {
    this.width = width;
    this.key = new Int32Array(width);
    this.#cells = new Int32Array(FIRST * width);
    this.#table = new Int32Array(FIRST * 2).fill(-1);
    this.#mask = FIRST * 2 - 1;
  }

  /** Whether the row in `key` is there. */
  has(): boolean {
    return this.#table[this.#slot()]! >= 0;
  }

  /** The index of the row in `key`, which is put in where it was not there: then the answer is the size before. */
  index(): number {
    // Rows come in an order: often it is the one before.
    if (this.#isLast()) return this.#last;
    const slot = this.#slot();
    const found = this.#table[slot]!;
    if (found >= 0) {
      this.#last = found;
      return found;
    }
    this.#last = this.size;
    this.#table[slot] = this.size;
    this.#cells.set(this.key, this.size * this.width);
    this.size += 1;
    if (this.size * 2 > this.#mask) this.#grow();
    return this.size - 1;
  }

  /** Where the table has the row in `key`, or has room for it. */
  #slot(): number {
    const { key, width } = this;
    const cells = this.#cells;
    const table = this.#table;
    const mask = this.#mask;
    let slot = hashOf(key, 0, width) & mask;
    for (let found = table[slot]!; found >= 0; found = table[slot]!) {
      const at = found * width;
      let i = 0;
      while (i < width && cells[at + i] === key[i]) i += 1;
      if (i === width) return slot;
      slot = (slot + 1) & mask;
    }
    return slot;
  }

  /** All rows, one after the other, in a copy. */
  whole(): Int32Array {
    return this.#cells.slice(0, this.size * this.width);
  }

  /** Column `column` of row `index`. */
  at(index: number, column: number): number {
    return this.#cells[index * this.width + column]!;
  }

  #isLast(): boolean {
    if (this.#last < 0) return false;
    const { key, width } = this;
    const cells = this.#cells;
    const at = this.#last * width;
    for (let i = 0; i < width; i += 1) if (cells[at + i] !== key[i]) return false;
    return true;
  }

  clear(): void {
    this.size = 0;
    this.#last = -1;
    this.#table.fill(-1);
  }

  #grow(): void {
    const cells = new Int32Array(this.#cells.length * 2);
    cells.set(this.#cells);
    this.#cells = cells;
    const table = new Int32Array(this.#table.length * 2).fill(-1);
    const mask = table.length - 1;
    for (let index = 0; index < this.size; index += 1) {
      let slot = hashOf(cells, index * this.width, this.width) & mask;
      while (table[slot]! >= 0) slot = (slot + 1) & mask;
      table[slot] = index;
    }
    this.#table = table;
    this.#mask = mask;
  }
}

function hashOf(cells: Int32Array, from: number, width: number): number {
  let hash = 0;
  for (let i = from; i < from + width; i += 1) {
    hash = Math.imul(hash ^ cells[i]!, 0x9e3779b1);
    hash ^= hash >>> 15;
  }
  return hash;
}
