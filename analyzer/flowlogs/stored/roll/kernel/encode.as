import { interfaces, odd } from './parse';
import { nameAt, nameLength, Names } from './names';
import { NONE } from './words';

// Columns as Parquet's pages: a dictionary where values repeat, else differences (DELTA_BINARY_PACKED). Both are so short that compression would
// cost more than it saves. Source: apache/parquet-format, Encodings.md.

/** What was written last: the dictionary (address, bytes, entries) and the data page. No dictionary: differences, or plain flags. */
export let dictionary: usize = 0;
export let dictionaryBytes: u32 = 0;
export let dictionarySize: u32 = 0;
export let body: usize = 0;
export let bodyBytes: u32 = 0;
export let encoded: u32 = 0;
export const PLAIN: u32 = 0;
export const DELTA: u32 = 5;
export const RLE_DICTIONARY: u32 = 8;

let codes: usize = 0;
let codesSize: usize = 0;
let defined: usize = 0;
let bodySize: usize = 0;
let dictionaryRoom: usize = 0;
let slots: usize = 0;
let slotsSize: usize = 0;
let entries: usize = 0;
let entriesSize: usize = 0;
let mask: u32 = 0;

/** Room for `n` codes, and for a page of them. */
function prepare(n: u32): void {
  const needed = <usize>(n + 16) << 2;
  if (needed > codesSize) {
    if (codes != 0) heap.free(codes);
    if (defined != 0) heap.free(defined);
    codes = heap.alloc(needed);
    defined = heap.alloc(needed);
    codesSize = needed;
  }
  // Of 64 bits each at most, heads of blocks, and what a page begins with.
  const most = <usize>n * 10 + 1024;
  if (most > bodySize) {
    if (body != 0) heap.free(body);
    body = heap.alloc(most);
    bodySize = most;
  }
  dictionarySize = 0;
  dictionaryBytes = 0;
  bodyBytes = 0;
}

function noCodes(): void {
  mask = (1 << 12) - 1;
  if (slots == 0) {
    slotsSize = 4 << 12;
    slots = heap.alloc(slotsSize);
    entriesSize = 8 << 12;
    entries = heap.alloc(entriesSize);
  }
  memory.fill(slots, 0, 4 << 12);
}

/** The code of a value. */
@inline
function codeOf(value: u64): u32 {
  let slot = <u32>((value * 0x9e3779b97f4a7c15) >> 32) & mask;
  let found = load<u32>(slots + (<usize>slot << 2));
  while (found != 0) {
    if (load<u64>(entries + (<usize>(found - 1) << 3)) == value) return found - 1;
    slot = (slot + 1) & mask;
    found = load<u32>(slots + (<usize>slot << 2));
  }
  return newCode(value, slot);
}

function newCode(value: u64, slot: u32): u32 {
  const n = dictionarySize;
  if ((<usize>n + 1) << 3 > entriesSize) {
    entriesSize *= 2;
    entries = heap.realloc(entries, entriesSize);
  }
  store<u64>(entries + (<usize>n << 3), value);
  store<u32>(slots + (<usize>slot << 2), n + 1);
  dictionarySize = n + 1;
  if ((n + 1) * 2 > mask) {
    const size = (<usize>mask + 1) << 4;
    mask = <u32>(size >> 2) - 1;
    if (size > slotsSize) {
      heap.free(slots);
      slots = heap.alloc(size);
      slotsSize = size;
    }
    memory.fill(slots, 0, size);
    for (let m: u32 = 0; m <= n; m++) {
      let at = <u32>((load<u64>(entries + (<usize>m << 3)) * 0x9e3779b97f4a7c15) >> 32) & mask;
      while (load<u32>(slots + (<usize>at << 2)) != 0) at = (at + 1) & mask;
      store<u32>(slots + (<usize>at << 2), m + 1);
    }
  }
  return n;
}

/** Interface ids. */
export function encodeNames(values: usize, n: u32): void {
  prepare(n);
  noCodes();
  let latest = NONE;
  let code: u32 = 0;
  for (let i: usize = 0; i < <usize>n; i++) {
    const value = load<u32>(values + (i << 2));
    if (value != latest) code = codeOf(value);
    latest = value;
    store<u32>(codes + (i << 2), code);
  }
  room(0);
  for (let i: u32 = 0; i < dictionarySize; i++) text(interfaces, load<u32>(entries + (<usize>i << 3)));
  encoded = RLE_DICTIONARY;
  bodyBytes = <u32>(inRuns(levels(n, n), codes, n) - body);
}

/** INT32 that is never missing, of few values that stand together. */
export function encodeSmall(values: usize, n: u32): void {
  prepare(n);
  noCodes();
  for (let i: usize = 0; i < <usize>n; i++) store<u32>(codes + (i << 2), codeOf(load<u32>(values + (i << 2))));
  room(<usize>dictionarySize << 2);
  for (let i: u32 = 0; i < dictionarySize; i++)
    store<u32>(dictionary + (<usize>i << 2), load<u32>(entries + (<usize>i << 3)));
  dictionaryBytes = dictionarySize << 2;
  encoded = RLE_DICTIONARY;
  bodyBytes = <u32>(inRuns(body, codes, n) - body);
}

/** Addresses; the bits of `about` from `shift` on say what each is: 0 missing, 1 dotted quad, 2 odd; with `flag` odd or not. */
export function encodeAddresses(values: usize, about: usize, shift: u32, flag: bool, n: u32): void {
  prepare(n);
  noCodes();
  let latest: u64 = 0;
  let code: u32 = 0;
  let count: usize = 0;
  for (let i: usize = 0; i < <usize>n; i++) {
    const bits = load<u32>(about + (i << 2)) >> shift;
    const kind = flag ? (bits & 1) + 1 : bits & 3;
    store<u32>(defined + (i << 2), kind != 0 ? 1 : 0);
    if (kind == 0) continue;
    const value = (<u64>kind << 32) | load<u32>(values + (i << 2));
    if (value != latest) code = codeOf(value);
    latest = value;
    store<u32>(codes + (count << 2), code);
    count += 1;
  }
  room(0);
  for (let i: u32 = 0; i < dictionarySize; i++) {
    const value = load<u64>(entries + (<usize>i << 3));
    if (value >> 32 == 2) text(odd, <u32>value);
    else quadText(<u32>value);
  }
  page(n, <u32>count);
}

/** Fixed words, one after the other with their length before them, as Parquet has them in a dictionary; code 0: missing. */
export function encodeWords(about: usize, shift: u32, bits: u32, words: usize, bytes: u32, size: u32, n: u32): void {
  prepare(n);
  let count: usize = 0;
  for (let i: usize = 0; i < <usize>n; i++) {
    const value = (load<u32>(about + (i << 2)) >> shift) & bits;
    store<u32>(defined + (i << 2), value != 0 ? 1 : 0);
    if (value == 0) continue;
    store<u32>(codes + (count << 2), value - 1);
    count += 1;
  }
  room(bytes);
  memory.copy(dictionary, words, bytes);
  dictionaryBytes = bytes;
  dictionarySize = size;
  page(n, <u32>count);
}

/** One word in every row. */
export function encodeWord(word: usize, bytes: u32, n: u32): void {
  prepare(n);
  memory.fill(codes, 0, <usize>n << 2);
  room(bytes);
  memory.copy(dictionary, word, bytes);
  dictionaryBytes = bytes;
  dictionarySize = 1;
  page(n, n);
}

/**
 * Numbers of `(value >> shift) & bits` as INT64. Missing where `about` has one of the bits of `none` (0: where the value is NONE). By dictionary or
 * by difference, whichever is shorter.
 */
export function encodeNumbers(values: usize, shift: u32, bits: u32, about: usize, none: u32, n: u32): void {
  prepare(n);
  noCodes();
  let count: usize = 0;
  for (let i: usize = 0; i < <usize>n; i++) {
    const word = load<u32>(values + (i << 2));
    const missing = none == 0 ? word == NONE : (load<u32>(about + (i << 2)) & none) != 0;
    store<u32>(defined + (i << 2), missing ? 0 : 1);
    store<u32>(codes + (count << 2), (word >> shift) & bits);
    count += missing ? 0 : 1;
  }
  let latest: u32 = 0;
  let code: u32 = NONE;
  for (let i: usize = 0; i < count; i++) {
    const value = load<u32>(codes + (i << 2));
    if (value != latest || code == NONE) code = codeOf(value);
    latest = value;
    if (dictionarySize > 1024 && <usize>dictionarySize * 8 > i) {
      // Too many: what has a code already is a value again.
      for (let j: usize = 0; j < i; j++)
        store<u32>(codes + (j << 2), <u32>load<u64>(entries + (<usize>load<u32>(codes + (j << 2)) << 3)));
      dictionarySize = 0;
      encoded = DELTA;
      const at = levels(n, <u32>count);
      bodyBytes = <u32>(differences(at, codes, 4, <u32>count) - body);
      return;
    }
    store<u32>(codes + (i << 2), code);
  }
  room(<usize>dictionarySize << 3);
  memory.copy(dictionary, entries, <usize>dictionarySize << 3);
  dictionaryBytes = dictionarySize << 3;
  page(n, <u32>count);
}

/** Numbers that are never missing, of 4 or 8 bytes each, by difference. */
export function encodeDifferences(values: usize, width: u32, n: u32): void {
  prepare(n);
  encoded = DELTA;
  bodyBytes = <u32>(differences(body, values, width, n) - body);
}

/** BOOLEAN: whether a bit of `bits` is set. */
export function encodeFlags(values: usize, bits: u32, n: u32): void {
  prepare(n);
  for (let i: usize = 0; i < <usize>n; i++)
    store<u32>(codes + (i << 2), (load<u32>(values + (i << 2)) & bits) != 0 ? 1 : 0);
  encoded = PLAIN;
  bodyBytes = <u32>(packed(body, codes, n, 1) - body);
}

/** Room for so many bytes more in the dictionary. */
function room(bytes: usize): void {
  const needed = dictionaryBytes + bytes + 16;
  if (needed <= dictionaryRoom) return;
  const next = max(needed, max(dictionaryRoom * 2, 1 << 12));
  dictionary = dictionary == 0 ? heap.alloc(next) : heap.realloc(dictionary, next);
  dictionaryRoom = next;
}

function text(names: Names, n: u32): void {
  const length = nameLength(names, n);
  room(4 + length);
  store<u32>(dictionary + dictionaryBytes, length);
  memory.copy(dictionary + dictionaryBytes + 4, nameAt(names, n), length);
  dictionaryBytes += 4 + length;
}

function quadText(value: u32): void {
  room(20);
  const begin = dictionary + dictionaryBytes;
  let at = begin + 4;
  for (let shift: i32 = 24; shift >= 0; shift -= 8) {
    const part = (value >> shift) & 0xff;
    if (part >= 100) store<u8>(at++, <u8>(0x30 + part / 100));
    if (part >= 10) store<u8>(at++, <u8>(0x30 + ((part / 10) % 10)));
    store<u8>(at++, <u8>(0x30 + (part % 10)));
    if (shift > 0) store<u8>(at++, 0x2e);
  }
  store<u32>(begin, <u32>(at - begin - 4));
  dictionaryBytes += <u32>(at - begin);
}

/** The data page of the codes: levels, the codes' width, and the codes. */
function page(n: u32, count: u32): void {
  encoded = RLE_DICTIONARY;
  const width: u32 = dictionarySize <= 1 ? 0 : 32 - clz(dictionarySize - 1);
  const at = levels(n, count);
  store<u8>(at, <u8>width);
  bodyBytes = <u32>(hybrid(at + 1, codes, count, width) - body);
}

/** Definition levels: 1 where there is a value. */
function levels(n: u32, count: u32): usize {
  const at = body + 4;
  let stop = at;
  if (count == n) {
    stop = varint(at, <u64>n << 1);
    store<u8>(stop, 1);
    stop += 1;
  } else stop = hybrid(at, defined, n, 1);
  store<u32>(body, <u32>(stop - at));
  return stop;
}

function varint(at: usize, value: u64): usize {
  while (value >= 0x80) {
    store<u8>(at++, <u8>(value | 0x80));
    value >>= 7;
  }
  store<u8>(at++, <u8>value);
  return at;
}

/** Runs of one value where it comes sixteen times or more, else groups of eight. */
function hybrid(to: usize, values: usize, n: u32, width: u32): usize {
  let at = to;
  let i: u32 = 0;
  while (i < n) {
    const run = runAt(values, i, n);
    if (run >= 16 || i + run == n) {
      at = varint(at, <u64>run << 1);
      const value = load<u32>(values + (<usize>i << 2));
      for (let bits: u32 = 0; bits < width; bits += 8) store<u8>(at++, <u8>(value >> bits));
      i += run;
      continue;
    }
    const from = i;
    do i = min(i + 8, n);
    while (i < n && !runsOn(values, i, n));
    at = varint(at, (<u64>((i - from + 7) >> 3) << 1) | 1);
    at = packed(at, values + (<usize>from << 2), i - from, width);
  }
  return at;
}

/** The codes' width, and the codes where equal ones stand together: each run by itself. */
function inRuns(to: usize, values: usize, n: u32): usize {
  const width: u32 = dictionarySize <= 1 ? 0 : 32 - clz(dictionarySize - 1);
  store<u8>(to, <u8>width);
  let at = to + 1;
  for (let i: u32 = 0; i < n; ) {
    const run = runAt(values, i, n);
    at = varint(at, <u64>run << 1);
    const value = load<u32>(values + (<usize>i << 2));
    for (let bits: u32 = 0; bits < width; bits += 8) store<u8>(at++, <u8>(value >> bits));
    i += run;
  }
  return at;
}

function runAt(values: usize, from: u32, n: u32): u32 {
  const value = load<u32>(values + (<usize>from << 2));
  let to = from + 1;
  while (to < n && load<u32>(values + (<usize>to << 2)) == value) to += 1;
  return to - from;
}

/** Whether sixteen equal values begin here. */
@inline
function runsOn(values: usize, from: u32, n: u32): bool {
  if (n - from < 16) return false;
  const at = values + (<usize>from << 2);
  const value = load<u32>(at);
  if (load<u32>(at, 4) != value || load<u32>(at, 60) != value) return false;
  for (let i: usize = 8; i < 60; i += 4) if (load<u32>(at + i) != value) return false;
  return true;
}

/** Values of `width` bits, least bit first, filled up to groups of eight. */
function packed(to: usize, values: usize, n: u32, width: u32): usize {
  let at = to;
  let held: u64 = 0;
  let bits: u32 = 0;
  const stop = values + (<usize>n << 2);
  for (let from = values; from < stop; from += 4) {
    held |= <u64>load<u32>(from) << bits;
    bits += width;
    if (bits >= 32) {
      store<u32>(at, <u32>held);
      at += 4;
      held >>= 32;
      bits -= 32;
    }
  }
  const end = to + <usize>((n + 7) >> 3) * width;
  store<u64>(at, held);
  for (at += 8; at < end; at++) store<u8>(at, 0);
  return end;
}

const BLOCK: u32 = 128;
const MINI: u32 = 32;
const deltas: usize = heap.alloc(BLOCK * 8);

@inline
function numberAt(values: usize, width: u32, i: u32): i64 {
  return width == 4 ? <i64>load<u32>(values + (<usize>i << 2)) : load<i64>(values + (<usize>i << 3));
}

@inline
function zigzag(value: i64): u64 {
  return <u64>((value << 1) ^ (value >> 63));
}

/** Blocks of 128 differences, each in four parts of a width of their own. */
function differences(to: usize, values: usize, width: u32, n: u32): usize {
  let at = varint(to, BLOCK);
  at = varint(at, BLOCK / MINI);
  at = varint(at, n);
  let last: i64 = n == 0 ? 0 : numberAt(values, width, 0);
  at = varint(at, zigzag(last));
  for (let i: u32 = 1; i < n; i += BLOCK) {
    const size = min(BLOCK, n - i);
    let least = i64.MAX_VALUE;
    for (let j: u32 = 0; j < size; j++) {
      const value = numberAt(values, width, i + j);
      const delta = value - last;
      last = value;
      least = min(least, delta);
      store<i64>(deltas + (<usize>j << 3), delta);
    }
    at = varint(at, zigzag(least));
    const widths = at;
    store<u32>(widths, 0);
    at += 4;
    for (let part: u32 = 0; part < size; part += MINI) {
      const stop = min(part + MINI, size);
      let all: u64 = 0;
      for (let j = part; j < stop; j++) {
        const rest = <u64>(load<i64>(deltas + (<usize>j << 3)) - least);
        store<u64>(deltas + (<usize>j << 3), rest);
        all |= rest;
      }
      const bits = 64 - <u32>clz(all);
      store<u8>(widths + part / MINI, <u8>bits);
      const end = at + <usize>(MINI / 8) * bits;
      memory.fill(at, 0, end - at);
      let held: u64 = 0;
      let filled: u32 = 0;
      for (let j = part; j < stop; j++) {
        let rest = load<u64>(deltas + (<usize>j << 3));
        let left = bits;
        // In halves: 32 bits held and 32 more fit.
        while (left > 0) {
          const piece = min(left, 32);
          held |= (piece == 32 ? rest & 0xffffffff : rest) << filled;
          rest >>= 32;
          filled += piece;
          left -= piece;
          if (filled >= 32) {
            store<u32>(at, <u32>held);
            at += 4;
            held >>= 32;
            filled -= 32;
          }
        }
      }
      while (filled > 0) {
        store<u8>(at++, <u8>held);
        held >>= 8;
        filled = filled > 8 ? filled - 8 : 0;
      }
      at = end;
    }
  }
  return at;
}
