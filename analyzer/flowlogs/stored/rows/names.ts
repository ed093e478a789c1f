import type { AsciiTexts } from '../columns/texts.ts';

const FIRST = 1 << 12;
const UTF8 = new TextEncoder();

/**
 * Texts by number, in the order of first sight. They are told apart by their bytes: most are met in many dictionaries, and making a text only to find
 * that it is known took most of the time.
 */
export class Names {
  readonly texts: string[] = [];
  #bytes = new Uint8Array(FIRST * 16);
  /** Where each text's bytes end. */
  #ends = new Int32Array(FIRST);
  #table = new Int32Array(FIRST * 2).fill(-1);
  #mask = FIRST * 2 - 1;

  id(text: string): number {
    const bytes = UTF8.encode(text);
    return this.#find(bytes, 0, bytes.length, text);
  }

  /** The numbers of a dictionary's texts. */
  ids(texts: readonly string[], ascii: AsciiTexts | null): Int32Array {
    if (ascii === null) return Int32Array.from(texts, (text) => this.id(text));
    const { bytes, ends } = ascii;
    const out = new Int32Array(texts.length);
    let { from } = ascii;
    for (let i = 0; i < texts.length; i += 1) {
      const end = ends[i]!;
      out[i] = this.#find(bytes, from, end, texts[i]!);
      from = end + 4;
    }
    return out;
  }

  #find(bytes: Uint8Array, from: number, end: number, text: string): number {
    const table = this.#table;
    const mask = this.#mask;
    let slot = hashOf(bytes, from, end) & mask;
    for (let found = table[slot]!; found >= 0; found = table[slot]!) {
      if (this.#is(found, bytes, from, end)) return found;
      slot = (slot + 1) & mask;
    }
    return this.#add(slot, bytes, from, end, text);
  }

  #is(id: number, bytes: Uint8Array, from: number, end: number): boolean {
    const own = this.#bytes;
    const start = id === 0 ? 0 : this.#ends[id - 1]!;
    const length = end - from;
    if (this.#ends[id]! - start !== length) return false;
    for (let i = 0; i < length; i += 1) if (own[start + i] !== bytes[from + i]) return false;
    return true;
  }

  #add(slot: number, bytes: Uint8Array, from: number, end: number, text: string): number {
    const id = this.texts.length;
    const start = id === 0 ? 0 : this.#ends[id - 1]!;
    this.#bytes = roomFor(this.#bytes, start + end - from);
    for (let i = from; i < end; i += 1) this.#bytes[start + i - from] = bytes[i]!;
    this.#ends = roomFor(this.#ends, id + 1);
    this.#ends[id] = start + end - from;
    this.#table[slot] = id;
    // A slice of a dictionary would keep all of it.
    this.texts.push(Buffer.from(text).toString());
    if (this.texts.length * 2 > this.#mask) this.#grow();
    return id;
  }

  #grow(): void {
    const table = new Int32Array(this.#table.length * 2).fill(-1);
    const mask = table.length - 1;
    let start = 0;
    for (let id = 0; id < this.texts.length; id += 1) {
      const end = this.#ends[id]!;
      let slot = hashOf(this.#bytes, start, end) & mask;
      while (table[slot]! >= 0) slot = (slot + 1) & mask;
      table[slot] = id;
      start = end;
    }
    this.#table = table;
    this.#mask = mask;
  }
}

function hashOf(bytes: Uint8Array, from: number, end: number): number {
  let hash = end - from;
  for (let i = from; i < end; i += 1) hash = Math.imul(hash ^ bytes[i]!, 0x01000193);
  hash ^= hash >>> 15;
  return Math.imul(hash, 0x9e3779b1) >>> 4;
}

function roomFor<T extends Uint8Array | Int32Array>(array: T, size: number): T {
  if (size <= array.length) return array;
  const grown = (array instanceof Uint8Array ? new Uint8Array(size * 2) : new Int32Array(size * 2)) as T;
  grown.set(array);
  return grown;
}
