import { type Address, parseAddress } from '../model/address.ts';

/** Interning table: one number for each distinct text. */
export class Names<T> {
  readonly values: T[] = [];
  readonly #ids = new Map<string, number>();

  id(key: string, value: T): number {
    const found = this.#ids.get(key);
    if (found !== undefined) return found;
    const id = this.values.length;
    this.#ids.set(key, id);
    this.values.push(value);
    return id;
  }
}

/** An address as it stands in the logs, met once and known by its number from then on. */
export interface Met {
  id: number;
  text: string;
  /** Null: not an address. */
  address: Address | null;
}

export class Addresses {
  /** By number. */
  readonly all: Met[] = [];
  readonly #met = new Map<string, Met>();

  of(text: string): Met {
    let met = this.#met.get(text);
    if (met === undefined) {
      met = { id: this.all.length, text, address: parseAddress(text) };
      this.#met.set(text, met);
      this.all.push(met);
    }
    return met;
  }

  /** By number: the place among all addresses, IPv4 first, which equal addresses share. What is no address comes last. */
  ranks(): Float64Array {
    const sorted = [...this.all].sort((a, b) => compareAddresses(a.address, b.address));
    const ranks = new Float64Array(sorted.length);
    let rank = -1;
    for (const [i, met] of sorted.entries()) {
      if (i === 0 || compareAddresses(sorted[i - 1]!.address, met.address) !== 0) rank += 1;
      ranks[met.id] = rank;
    }
    return ranks;
  }
}

function compareAddresses(a: Address | null, b: Address | null): number {
  if (a === null || b === null) return Number(a === null) - Number(b === null);
  return a.family - b.family || (a.value < b.value ? -1 : a.value > b.value ? 1 : 0);
}

const START = 1024;

/**
 * A map from pairs of whole numbers (below 2^53) to a whole number from 0: open addressing over flat arrays, since a Map of Maps with a
 * million entries costs more time and memory than all the rest of attribution.
 */
export class PairTable {
  #a = new Float64Array(START);
  #b = new Float64Array(START);
  #values = new Int32Array(START).fill(-1);
  #used = 0;

  /** The value of the pair; -1 where there is none. */
  get(a: number, b: number): number {
    return this.#values[this.#slot(a, b)]!;
  }

  /** The pair must be new. */
  add(a: number, b: number, value: number): void {
    if (this.#used * 2 >= this.#values.length) this.#grow();
    this.#put(a, b, value);
    this.#used += 1;
  }

  #put(a: number, b: number, value: number): void {
    const slot = this.#slot(a, b);
    this.#a[slot] = a;
    this.#b[slot] = b;
    this.#values[slot] = value;
  }

  #slot(a: number, b: number): number {
    const mask = this.#values.length - 1;
    let slot = hash(a, b) & mask;
    while (this.#values[slot]! >= 0 && (this.#a[slot] !== a || this.#b[slot] !== b)) slot = (slot + 1) & mask;
    return slot;
  }

  #grow(): void {
    const [a, b, values] = [this.#a, this.#b, this.#values];
    this.#a = new Float64Array(values.length * 2);
    this.#b = new Float64Array(values.length * 2);
    this.#values = new Int32Array(values.length * 2).fill(-1);
    for (const [i, value] of values.entries()) if (value >= 0) this.#put(a[i]!, b[i]!, value);
  }
}

const WORD = 2 ** 32;

/** A whole number below 2^32 from two below 2^53. */
export function hash(a: number, b: number): number {
  let h = Math.imul(a | 0, 0x9e3779b1) ^ Math.imul((a / WORD) | 0, 0x85ebca77);
  h = Math.imul(h ^ (h >>> 15) ^ (b | 0), 0xc2b2ae3d) ^ Math.imul((b / WORD) | 0, 0x27d4eb2f);
  h = Math.imul(h ^ (h >>> 13), 0x165667b1);
  return (h ^ (h >>> 16)) >>> 0;
}
