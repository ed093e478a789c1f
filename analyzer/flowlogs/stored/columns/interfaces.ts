/** Interface ids by number, in the order in which they were met. */
export class Interfaces {
  readonly ids: string[] = [];
  readonly #numbers = new Map<string, number>();
  /** Which number was asked for after this one: files have their interfaces in order, so mostly it is so again. */
  #after: Int32Array = new Int32Array(1024).fill(-1);
  #last = 0;

  /** The id's number, which it gets where it has none. */
  numberOf(id: string): number {
    const known = this.find(id);
    if (known >= 0) return known;
    const number = this.ids.push(id) - 1;
    this.#numbers.set(id, number);
    if (number === this.#after.length) {
      const after = new Int32Array(number * 2).fill(-1);
      after.set(this.#after);
      this.#after = after;
    }
    return this.#meet(number);
  }

  /** The id's number; -1 where it has none. */
  find(id: string): number {
    const guess = this.#after[this.#last]!;
    if (guess >= 0 && this.ids[guess] === id) {
      this.#last = guess;
      return guess;
    }
    const number = this.#numbers.get(id);
    return number === undefined ? -1 : this.#meet(number);
  }

  #meet(number: number): number {
    this.#after[this.#last] = number;
    this.#last = number;
    return number;
  }
}
