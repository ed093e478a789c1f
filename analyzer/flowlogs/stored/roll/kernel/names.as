import { NONE } from './words';

// Byte strings numbered in the order in which they came: interface ids, and spellings of addresses that are no dotted quads.

/** Length, a number that the table's owner gives, and the bytes, or their address where they are longer than SHORT: half a line of the cache. */
const ENTRY: usize = 32;
const BYTES: usize = 8;
const SHORT: u32 = 24;
/** Hash, and the number + 1. */
const SLOT: usize = 8;

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
  names.slots = heap.alloc(SLOT << 12);
  memory.fill(names.slots, 0, SLOT << 12);
  names.entriesSize = ENTRY << 10;
  // Sixteen bytes more are read than there are: texts are compared in blocks.
  names.entries = heap.alloc(names.entriesSize + 16);
  return names;
}

@inline
export function nameAt(names: Names, n: u32): usize {
  const entry = names.entries + n * ENTRY;
  return load<u32>(entry) <= SHORT ? entry + BYTES : load<u32>(entry, BYTES);
}

@inline
export function nameLength(names: Names, n: u32): u32 {
  return load<u32>(names.entries + n * ENTRY);
}

@inline
export function valueOf(names: Names, n: u32): u32 {
  return load<u32>(names.entries + n * ENTRY, 4);
}

export function setValue(names: Names, n: u32, value: u32): void {
  store<u32>(names.entries + n * ENTRY, value, 4);
}

/** Bytes beyond either may be read, never compared. */
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
  const same = i8x16.bitmask(i8x16.eq(v128.load(a), v128.load(b)));
  return ((~same << (32 - length)) & (length == 0 ? 0 : NONE)) == 0;
}

@inline
export function isName(names: Names, n: u32, from: usize, length: u32): bool {
  return nameLength(names, n) == length && sameBytes(nameAt(names, n), from, length);
}

/** The number of these bytes: `size` before the call where they are new. */
export function putName(names: Names, from: usize, length: u32): u32 {
  const hash = hashOf(from, length);
  let slot = hash & names.mask;
  for (;;) {
    const at = names.slots + <usize>slot * SLOT;
    const found = load<u32>(at, 4);
    if (found == 0) break;
    if (load<u32>(at) == hash && isName(names, found - 1, from, length)) return found - 1;
    slot = (slot + 1) & names.mask;
  }
  const n = names.size;
  if ((n + 1) * ENTRY > names.entriesSize) {
    names.entriesSize *= 2;
    names.entries = heap.realloc(names.entries, names.entriesSize + 16);
  }
  const entry = names.entries + n * ENTRY;
  store<u32>(entry, length);
  store<u32>(entry, 0, 4);
  if (length > SHORT) store<u32>(entry, <u32>heap.alloc(length + 16), BYTES);
  memory.copy(nameAt(names, n), from, length);
  store<u32>(names.slots + <usize>slot * SLOT, hash);
  store<u32>(names.slots + <usize>slot * SLOT, n + 1, 4);
  names.size = n + 1;
  if ((n + 1) * 2 > names.mask) growSlots(names);
  return n;
}

function growSlots(names: Names): void {
  const old = names.slots;
  const stop = old + (<usize>names.mask + 1) * SLOT;
  const size = (<usize>names.mask + 1) * SLOT * 2;
  names.mask = (names.mask << 1) | 1;
  names.slots = heap.alloc(size);
  memory.fill(names.slots, 0, size);
  for (let at = old; at < stop; at += SLOT) {
    if (load<u32>(at, 4) == 0) continue;
    let slot = load<u32>(at) & names.mask;
    while (load<u32>(names.slots + <usize>slot * SLOT, 4) != 0) slot = (slot + 1) & names.mask;
    store<u64>(names.slots + <usize>slot * SLOT, load<u64>(at));
  }
  heap.free(old);
}

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

// Ids as AWS gives them since 2016, `eni-0` and sixteen hexadecimal digits, are also found by those digits: one look-up instead of two, which matters
// once for each record.

/** The digits, and the number + 1; open addressing, at most a third full. */
const BRIEF: usize = 16;
let briefMask: u32 = (1 << 12) - 1;
let briefSize: u32 = 0;
let briefs: usize = emptyBriefs(1 << 12);

function emptyBriefs(size: usize): usize {
  const block = heap.alloc(size * BRIEF);
  memory.fill(block, 0, size * BRIEF);
  return block;
}

@inline
function briefSlot(key: u64): usize {
  return briefs + <usize>((<u32>((key * 0x9e3779b97f4a7c15) >> 40)) & briefMask) * BRIEF;
}

/** The number of an id that begins with `eni-`, as putName gives it. */
@inline
export function putId(names: Names, from: usize, length: u32): u32 {
  if (length != 21 || load<u8>(from, 4) != 0x30) return putName(names, from, length);
  const v = v128.load(from, 5);
  const digit = i8x16.sub(v, i8x16.splat(0x30));
  const isDigit = i8x16.lt_u(digit, i8x16.splat(10));
  const letter = i8x16.sub(v, i8x16.splat(0x61));
  const isLetter = i8x16.lt_u(letter, i8x16.splat(6));
  if (!i8x16.all_true(v128.or(isDigit, isLetter))) return putName(names, from, length);
  const value = v128.bitselect(digit, i8x16.add(letter, i8x16.splat(10)), isDigit);
  const pairs = v128.and(v128.or(i16x8.shl(value, 4), i16x8.shr_u(value, 8)), i16x8.splat(0xff));
  const key = <u64>i64x2.extract_lane(i8x16.narrow_i16x8_u(pairs, pairs), 0);
  let at = briefSlot(key);
  let found = load<u32>(at, 8);
  while (found != 0 && load<u64>(at) != key) {
    at += BRIEF;
    if (at == briefs + (<usize>briefMask + 1) * BRIEF) at = briefs;
    found = load<u32>(at, 8);
  }
  return found == 0 ? newId(names, from, key) : found - 1;
}

function newId(names: Names, from: usize, key: u64): u32 {
  if (briefSize * 3 > briefMask) {
    const old = briefs;
    const stop = old + (<usize>briefMask + 1) * BRIEF;
    briefMask = (briefMask << 1) | 1;
    briefs = emptyBriefs(<usize>briefMask + 1);
    for (let at = old; at < stop; at += BRIEF) if (load<u32>(at, 8) != 0) keepId(load<u64>(at), load<u32>(at, 8));
    heap.free(old);
  }
  const n = putName(names, from, 21);
  keepId(key, n + 1);
  briefSize += 1;
  return n;
}

function keepId(key: u64, n: u32): void {
  let at = briefSlot(key);
  while (load<u32>(at, 8) != 0) {
    at += BRIEF;
    if (at == briefs + (<usize>briefMask + 1) * BRIEF) at = briefs;
  }
  store<u64>(at, key);
  store<u32>(at, n, 8);
}
