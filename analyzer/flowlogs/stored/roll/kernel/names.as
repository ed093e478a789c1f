// Byte strings numbered in the order in which they came: interface ids, and spellings of addresses that are no dotted quads.

/** Of a table: how many, entries (address and length of the bytes, a number the table's owner gives, a hash), slots, a mask. */
const ENTRY: usize = 16;

@unmanaged
export class Names {
  size: u32;
  mask: u32;
  slots: usize;
  entries: usize;
  entriesSize: usize;
}

export function newNames(): Names {
  const names = changetype<Names>(heap.alloc(offsetof<Names>()));
  names.size = 0;
  names.mask = (1 << 12) - 1;
  names.slots = heap.alloc(4 << 12);
  memory.fill(names.slots, 0, 4 << 12);
  names.entriesSize = ENTRY << 10;
  names.entries = heap.alloc(names.entriesSize);
  return names;
}

// @ts-ignore: decorator
@inline
export function nameAt(names: Names, n: u32): usize {
  return load<u32>(names.entries + n * ENTRY);
}

// @ts-ignore: decorator
@inline
export function nameLength(names: Names, n: u32): u32 {
  return load<u32>(names.entries + n * ENTRY, 4);
}

// @ts-ignore: decorator
@inline
export function valueOf(names: Names, n: u32): u32 {
  return load<u32>(names.entries + n * ENTRY, 8);
}

export function setValue(names: Names, n: u32, value: u32): void {
  store<u32>(names.entries + n * ENTRY, value, 8);
}

/** Bytes beyond either may be read, never compared. */
// @ts-ignore: decorator
@inline
export function sameBytes(a: usize, b: usize, length: u32): bool {
  if (length >= 16) {
    // From behind: ids differ there more often than in `eni-0`.
    let at: usize = length - 16;
    if (v128.any_true(v128.xor(v128.load(a + at), v128.load(b + at)))) return false;
    while (at > 16) {
      at -= 16;
      if (v128.any_true(v128.xor(v128.load(a + at), v128.load(b + at)))) return false;
    }
    return !v128.any_true(v128.xor(v128.load(a), v128.load(b)));
  }
  for (let i: u32 = 0; i < length; i++) if (load<u8>(a + i) != load<u8>(b + i)) return false;
  return true;
}

// @ts-ignore: decorator
@inline
export function isName(names: Names, n: u32, from: usize, length: u32): bool {
  return nameLength(names, n) == length && sameBytes(nameAt(names, n), from, length);
}

/** The number of these bytes: `size` before the call where they are new. */
export function putName(names: Names, from: usize, length: u32): u32 {
  const hash = hashOf(from, length);
  let slot = hash & names.mask;
  for (;;) {
    const found = load<u32>(names.slots + (<usize>slot << 2));
    if (found == 0) break;
    const n = found - 1;
    if (load<u32>(names.entries + n * ENTRY, 12) == hash && isName(names, n, from, length)) return n;
    slot = (slot + 1) & names.mask;
  }
  const n = names.size;
  if ((n + 1) * ENTRY > names.entriesSize) {
    names.entriesSize *= 2;
    names.entries = heap.realloc(names.entries, names.entriesSize);
  }
  // Sixteen bytes more than there are: they are compared in blocks.
  const bytes = heap.alloc(length + 16);
  memory.copy(bytes, from, length);
  const entry = names.entries + n * ENTRY;
  store<u32>(entry, <u32>bytes);
  store<u32>(entry, length, 4);
  store<u32>(entry, 0, 8);
  store<u32>(entry, hash, 12);
  store<u32>(names.slots + (<usize>slot << 2), n + 1);
  names.size = n + 1;
  if ((n + 1) * 2 > names.mask) growSlots(names);
  return n;
}

function growSlots(names: Names): void {
  heap.free(names.slots);
  const count = (names.mask + 1) << 1;
  names.mask = count - 1;
  names.slots = heap.alloc(<usize>count << 2);
  memory.fill(names.slots, 0, <usize>count << 2);
  for (let n: u32 = 0; n < names.size; n++) {
    let slot = load<u32>(names.entries + n * ENTRY, 12) & names.mask;
    while (load<u32>(names.slots + (<usize>slot << 2)) != 0) slot = (slot + 1) & names.mask;
    store<u32>(names.slots + (<usize>slot << 2), n + 1);
  }
}

// @ts-ignore: decorator
@inline
function hashOf(from: usize, length: u32): u32 {
  if (length >= 12) {
    let h = (load<u64>(from, 4) ^ length) * 0x9e3779b97f4a7c15;
    h = (rotr(h, 29) ^ load<u64>(from + length - 8)) * 0xbf58476d1ce4e5b9;
    return <u32>(h >> 32) ^ <u32>(h >> 57);
  }
  let h: u32 = length;
  for (let i: u32 = 0; i < length; i++) h = (h ^ load<u8>(from + i)) * 0x01000193;
  return h ^ (h >> 15);
}
