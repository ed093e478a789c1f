import { address, addRecord, begin, interfaces, room as recordRoom, value } from './parse';
import { putName } from './names';
import { DIRECTION_SHIFT, DST_ODD, NONE, PKT_DST_SHIFT, PKT_SRC_SHIFT, RECORD, REJECTED, SRC_ODD, STATUS_SHIFT } from './words';

// Columns of Parquet as records. Each field has a cell of 64 bits for each row of the row group: a number, or what a text stands for.
// Source: apache/parquet-format, Encodings.md.

const FIELDS: usize = 16;
const INTERFACE: u32 = 0;
const ACTION: u32 = 10;
const STATUS: u32 = 11;
const DIRECTION: u32 = 15;
const INT32: u32 = 1;
const INT64: u32 = 2;
const BYTE_ARRAY: u32 = 6;

/** Not there; nothing that is written so. */
const MISSING: i64 = i64.MIN_VALUE;
const WRONG: i64 = i64.MIN_VALUE + 1;
const ODD: i64 = 1 << 32;

let cells: usize = 0;
let cellsSize: usize = 0;
let stride: usize = 0;
let dictionary: usize = 0;
let dictionarySize: usize = 0;
let entries: u32 = 0;
let codes: usize = 0;
let codesSize: usize = 0;

/** Room for the cells of a row group, all of them missing. */
export function beginColumns(rows: u32): bool {
  stride = (<usize>rows + 8) << 3;
  const needed = stride * FIELDS;
  if (needed > cellsSize) {
    if (cells != 0) heap.free(cells);
    cells = heap.alloc(needed);
    cellsSize = needed;
  }
  if (((<usize>rows + 40) << 2) > codesSize) {
    if (codes != 0) heap.free(codes);
    codesSize = (<usize>rows + 40) << 2;
    codes = heap.alloc(codesSize);
  }
  for (let at = cells; at < cells + needed; at += 8) store<i64>(at, MISSING);
  return true;
}

/** What a text of this field stands for. */
function meaning(field: u32, from: usize, length: u32): i64 {
  if (length == 0 || (length == 1 && load<u8>(from) == 0x2d)) return MISSING;
  if (field == INTERFACE) {
    if (length < 4 || load<u32>(from) != 0x2d696e65) return WRONG;
    // As in text: no spaces, nothing beyond ASCII, and no quotes.
    for (let i: u32 = 0; i < length; i++) {
      const byte = load<u8>(from + i);
      if (byte <= 0x20 || byte >= 0x7f || byte == 0x22) return WRONG;
    }
    return putName(interfaces, from, length);
  }
  if (field == ACTION) {
    if (length != 6) return WRONG;
    const word = load<u64>(from) & 0xffffffffffff;
    return word == 0x545045434341 ? 0 : word == 0x5443454a4552 ? 1 : WRONG;
  }
  if (field == STATUS) {
    if (length == 2 && load<u16>(from) == 0x4b4f) return 0;
    if (length == 6 && (load<u64>(from) & 0xffffffffffff) == 0x415441444f4e) return 1;
    return length == 8 && load<u64>(from) == 0x4154414450494b53 ? 2 : WRONG;
  }
  if (field == DIRECTION) {
    if (length == 7 && (load<u64>(from) & 0xffffffffffffff) == 0x73736572676e69) return 1;
    return length == 6 && (load<u64>(from) & 0xffffffffffff) == 0x737365726765 ? 2 : WRONG;
  }
  for (let i: u32 = 0; i < length; i++) if (load<u8>(from + i) >= 0x80) return WRONG;
  const kind = address(from, from + length);
  return kind < 0 ? WRONG : kind == 2 ? ODD | value : <i64>value;
}

@inline
function widthOf(physical: u32): usize {
  return physical == INT32 ? 4 : 8;
}

@inline
function numberOf(physical: u32, at: usize): i64 {
  return physical == INT32 ? <i64>load<i32>(at) : load<i64>(at);
}

/** The chunk's dictionary, plain. False: it is not as long as it says. */
export function readDictionary(field: u32, physical: u32, page: usize, size: u32, count: u32): bool {
  const needed = <usize>count << 3;
  if (needed > dictionarySize) {
    if (dictionary != 0) heap.free(dictionary);
    dictionary = heap.alloc(needed);
    dictionarySize = needed;
  }
  entries = count;
  return plain(field, physical, page, page + size, dictionary, count);
}

/** Plain values to 64 bits each. */
function plain(field: u32, physical: u32, page: usize, end: usize, to: usize, count: u32): bool {
  let at = page;
  if (physical != BYTE_ARRAY) {
    const width = widthOf(physical);
    if (<u64>count * width > end - at) return false;
    for (let n: usize = 0; n < <usize>count; n++) {
      // What stands for a missing one is no number here.
      store<i64>(to + (n << 3), max(numberOf(physical, at + n * width), WRONG));
    }
    return true;
  }
  for (let n: usize = 0; n < <usize>count; n++) {
    if (end - at < 4) return false;
    const length = load<u32>(at);
    at += 4;
    if (length > end - at) return false;
    store<i64>(to + (n << 3), meaning(field, at, length));
    at += length;
  }
  return true;
}

/** A data page: levels where values may be missing, then codes or plain values. */
export function readPage(
  field: u32,
  physical: u32,
  page: usize,
  size: u32,
  row: u32,
  values: u32,
  optional: bool,
  coded: bool,
): bool {
  const out = cells + stride * field + (<usize>row << 3);
  const end = page + size;
  let at = page;
  let count = values;
  let all = true;
  if (optional) {
    if (size < 4) return false;
    const length = load<u32>(at);
    at += 4;
    if (length > end - at) return false;
    if (!hybrid(at, at + length, 1, values)) return false;
    at += length;
    count = 0;
    for (let n: usize = 0; n < <usize>values; n++) {
      const level = load<u32>(codes + (n << 2));
      if (level > 1) return false;
      // What comes below is put in its place afterwards.
      store<i64>(out + (n << 3), level == 0 ? MISSING : 0);
      count += level;
    }
    all = count == values;
  }
  if (coded) {
    if (count > 0) {
      if (at >= end) return false;
      const width = <u32>load<u8>(at);
      if (width > 32 || !hybrid(at + 1, end, width, count)) return false;
      let taken: usize = 0;
      for (let n: usize = 0; n < <usize>values; n++) {
        if (!all && load<i64>(out + (n << 3)) == MISSING) continue;
        const code = load<u32>(codes + (taken << 2));
        if (code >= entries) return false;
        taken += 1;
        store<i64>(out + (n << 3), load<i64>(dictionary + (<usize>code << 3)));
      }
    }
    return true;
  }
  if (all) return plain(field, physical, at, end, out, count);
  for (let n: usize = 0; n < <usize>values; n++) {
    const cell = out + (n << 3);
    if (load<i64>(cell) == MISSING) continue;
    if (!plain(field, physical, at, end, cell, 1)) return false;
    at += physical == BYTE_ARRAY ? 4 + <usize>load<u32>(at) : widthOf(physical);
  }
  return true;
}

/** Runs and groups of eight, `count` numbers of `width` bits, into `codes`. */
function hybrid(from: usize, end: usize, width: u32, count: u32): bool {
  let at = from;
  let n: u32 = 0;
  const mask: u64 = (<u64>1 << width) - 1;
  const bytes = (width + 7) >> 3;
  while (n < count) {
    let head: u32 = 0;
    let shift: u32 = 0;
    for (;;) {
      if (at >= end || shift > 28) return false;
      const byte = <u32>load<u8>(at++);
      head |= (byte & 127) << shift;
      shift += 7;
      if (byte < 128) break;
    }
    if ((head & 1) == 0) {
      if (bytes > end - at) return false;
      let number: u32 = 0;
      for (let i: u32 = 0; i < bytes; i++) number |= <u32>load<u8>(at + i) << (i << 3);
      at += bytes;
      const run = min(head >> 1, count - n);
      if (run == 0) return false;
      for (let i: u32 = 0; i < run; i++) store<u32>(codes + (<usize>(n + i) << 2), number);
      n += run;
      continue;
    }
    const groups = head >> 1;
    if (groups == 0 || <u64>groups * width > <u64>(end - at)) return false;
    const size = <u32>min(<u64>groups << 3, <u64>(count - n));
    let bit: u32 = 0;
    for (let i: u32 = 0; i < size; i++) {
      store<u32>(codes + (<usize>(n + i) << 2), <u32>((load<u64>(at + (bit >> 3)) >> (bit & 7)) & mask));
      bit += width;
      at += bit >> 3;
      bit &= 7;
    }
    at += bit > 0 ? 1 : 0;
    // Groups are filled up beyond the last number.
    const left = (<usize>groups << 3) - size;
    if (left > 0) at = end;
    n += size;
  }
  return true;
}

@inline
function cell(field: usize, row: usize): i64 {
  return load<i64>(cells + stride * field + (row << 3));
}

/** The row group's rows become records. False: one of them is not for this reader. */
export function addColumns(rows: u32): bool {
  let out = recordRoom(rows);
  for (let row: usize = 0; row < <usize>rows; row++, out += RECORD) {
    const interfaceNumber = cell(0, row);
    const start = cell(8, row);
    const end = cell(9, row);
    const status = cell(11, row);
    if (interfaceNumber < 0 || start < 0 || end < start || end - start > 3600 || status < 0) return false;
    if (!begin(out, <u32>interfaceNumber, start, end)) return false;
    if (status != 0) {
      store<u32>(out, <u32>status << STATUS_SHIFT, 12);
      continue;
    }
    const protocol = cell(5, row);
    const action = cell(10, row);
    const src = cell(1, row);
    const dst = cell(2, row);
    if (protocol < 0 || protocol > 255 || action < 0 || src < 0 || dst < 0) return false;
    let about = <u32>protocol;
    if (action == 1) about |= REJECTED;
    if (src >= ODD) about |= SRC_ODD;
    if (dst >= ODD) about |= DST_ODD;
    const pktSrc = cell(13, row);
    const pktDst = cell(14, row);
    if (pktSrc == WRONG || pktDst == WRONG) return false;
    const saysSrc = pktSrc != MISSING && pktSrc != src;
    const saysDst = pktDst != MISSING && pktDst != dst;
    if (saysSrc) about |= (pktSrc >= ODD ? 2 : 1) << PKT_SRC_SHIFT;
    if (saysDst) about |= (pktDst >= ODD ? 2 : 1) << PKT_DST_SHIFT;
    const direction = cell(15, row);
    if (direction == WRONG) return false;
    if (direction != MISSING) about |= <u32>direction << DIRECTION_SHIFT;
    const srcPort = cell(3, row);
    const dstPort = cell(4, row);
    if ((srcPort != MISSING && <u64>srcPort > 65535) || (dstPort != MISSING && <u64>dstPort > 65535)) return false;
    const packets = amount(cell(6, row));
    const bytes = amount(cell(7, row));
    const flags = amount(cell(12, row));
    if ((packets | bytes | flags) < 0 || flags > 0xffff) return false;
    if (
      !addRecord(
        out,
        about,
        <u32>src,
        <u32>dst,
        saysSrc ? <u32>pktSrc : 0,
        saysDst ? <u32>pktDst : 0,
        srcPort == MISSING ? -1 : <i32>srcPort,
        dstPort == MISSING ? -1 : <i32>dstPort,
        packets,
        bytes,
        <u32>flags,
      )
    )
      return false;
  }
  return true;
}

/** 0 where it is missing; -1 where it is below that, or has more than 15 digits. */
@inline
function amount(number: i64): i64 {
  if (number == MISSING) return 0;
  return <u64>number > 999999999999999 ? -1 : number;
}

/** Snappy (google/snappy, format_description.txt) to exactly `size` bytes. False: it is none. */
export function unsnap(from: usize, length: u32, to: usize, size: u32): bool {
  const end = from + length;
  let at = from;
  let said: u32 = 0;
  for (let shift: u32 = 0; ; shift += 7) {
    if (at >= end || shift > 28) return false;
    const byte = <u32>load<u8>(at++);
    said |= (byte & 127) << shift;
    if (byte < 128) break;
  }
  if (said != size) return false;
  let out = to;
  const stop = to + size;
  while (at < end) {
    const tag = <u32>load<u8>(at++);
    const kind = tag & 3;
    let run = (tag >> 2) + 1;
    if (kind == 0) {
      if (run > 60) {
        const more = run - 60;
        if (more > end - at) return false;
        run = 0;
        for (let i: u32 = 0; i < more; i++) run |= <u32>load<u8>(at + i) << (i << 3);
        at += more;
        if (run == NONE) return false;
        run += 1;
      }
      if (run > end - at || run > stop - out) return false;
      memory.copy(out, at, run);
      at += run;
      out += run;
      continue;
    }
    let back: u32 = 0;
    const width: u32 = kind == 1 ? 1 : kind == 2 ? 2 : 4;
    if (width > end - at) return false;
    if (kind == 1) {
      run = ((tag >> 2) & 7) + 4;
      back = ((tag >> 5) << 8) | load<u8>(at);
    } else back = kind == 2 ? <u32>load<u16>(at) : load<u32>(at);
    at += width;
    if (back == 0 || back > out - to || run > stop - out) return false;
    if (back >= run) memory.copy(out, out - back, run);
    else for (let i: u32 = 0; i < run; i++) store<u8>(out + i, load<u8>(out + i - back));
    out += run;
  }
  return out == stop;
}
