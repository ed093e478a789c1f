/** How many 32-bit words make a key. */
const WORDS = 8;

/** Keys of eight 32-bit words, numbered in the order in which they came: a hash table in typed arrays, with open addressing. */
export class KeyTable {
  size = 0;
  /** Eight words each, by number. */
  keys: Int32Array;
  private hashes: Int32Array;
  private slots: Int32Array;
  private mask: number;

  constructor(capacity = 1 << 14) {
    this.keys = new Int32Array(capacity * WORDS);
    this.hashes = new Int32Array(capacity);
    this.slots = new Int32Array(capacity * 2);
    this.mask = capacity * 2 - 1;
  }

  /** The key's number: `size` before the call where it is new. */
  put(a: number, b: number, c: number, d: number, e: number, f: number, g: number, h: number): number {
    let hash = Math.imul(a, 0x9e3779b1) ^ Math.imul(c, 0x85ebca77);
    hash = Math.imul(hash ^ (hash >>> 15) ^ d, 0xc2b2ae3d);
    hash = Math.imul(hash ^ (hash >>> 13) ^ g, 0x27d4eb2f);
    hash = Math.imul(hash ^ (hash >>> 16) ^ b ^ Math.imul(h, 0x165667b1), 0x9e3779b1);
    hash = Math.imul(hash ^ (hash >>> 15) ^ e ^ Math.imul(f, 0x85ebca77), 0xc2b2ae3d);
    hash ^= hash >>> 16;
    const { keys, hashes, slots, mask } = this;
    let slot = hash & mask;
    for (let found = slots[slot]!; found !== 0; found = slots[slot]!) {
      const n = found - 1;
      if (hashes[n] === hash) {
        const at = n * WORDS;
        if (
          keys[at] === a &&
          keys[at + 1] === b &&
          keys[at + 2] === c &&
          keys[at + 3] === d &&
          keys[at + 4] === e &&
          keys[at + 5] === f &&
          keys[at + 6] === g &&
          keys[at + 7] === h
        )
          return n;
      }
      slot = (slot + 1) & mask;
    }
    const n = this.size;
    if ((n + 1) * 2 > slots.length) {
      this.grow();
      return this.put(a, b, c, d, e, f, g, h);
    }
    slots[slot] = n + 1;
    hashes[n] = hash;
    const at = n * WORDS;
    keys[at] = a;
    keys[at + 1] = b;
    keys[at + 2] = c;
    keys[at + 3] = d;
    keys[at + 4] = e;
    keys[at + 5] = f;
    keys[at + 6] = g;
    keys[at + 7] = h;
    this.size = n + 1;
    return n;
  }

  clear(): void {
    this.slots.fill(0);
    this.size = 0;
  }

  private grow(): void {
    const capacity = this.hashes.length * 2;
    const keys = new Int32Array(capacity * WORDS);
    keys.set(this.keys);
    const hashes = new Int32Array(capacity);
    hashes.set(this.hashes);
    const slots = new Int32Array(capacity * 2);
    const mask = capacity * 2 - 1;
    for (let n = 0; n < this.size; n += 1) {
      let slot = hashes[n]! & mask;
      while (slots[slot] !== 0) slot = (slot + 1) & mask;
      slots[slot] = n + 1;
    }
    this.keys = keys;
    this.hashes = hashes;
    this.slots = slots;
    this.mask = mask;
  }
}

/** The array, or one of at least twice its length with the same beginning. */
export function grown<A extends Int32Array | Uint32Array | Float64Array | Uint8Array>(array: A, length: number): A {
  if (array.length >= length) return array;
  const Kind = array.constructor as new (length: number) => A;
  const next = new Kind(Math.max(length, array.length * 2));
  next.set(array);
  return next;
}
