import { grown } from './tally.ts';

/** On which interfaces, by number, each class was seen. Rows of an interface mostly come together, so a class looks at its last one only. */
export class Sightings {
  #last = new Int32Array(64).fill(-1);
  #interfaces = new Int32Array(64);
  #before = new Int32Array(64);
  #count = 0;

  note(id: number, wearer: number): void {
    while (id >= this.#last.length) {
      const { length } = this.#last;
      this.#last = grown(this.#last).fill(-1, length);
    }
    const last = this.#last[id]!;
    if (last >= 0 && this.#interfaces[last] === wearer) return;
    const made = this.#count;
    this.#count += 1;
    if (made === this.#interfaces.length) {
      this.#interfaces = grown(this.#interfaces);
      this.#before = grown(this.#before);
    }
    this.#interfaces[made] = wearer;
    this.#before[made] = last;
    this.#last[id] = made;
  }

  /** Distinct, in no order. */
  of(id: number): number[] {
    let at = this.#last[id] ?? -1;
    if (at < 0) return [];
    if (this.#before[at]! < 0) return [this.#interfaces[at]!];
    const out = new Set<number>();
    for (; at >= 0; at = this.#before[at]!) out.add(this.#interfaces[at]!);
    return [...out];
  }
}
