import { DAY, NONE } from './words';

// The stored `tally` and `span` rows of a day: watched time and counts of one group (interface) after the other.

/** Cells of a tally: watched, no data, skip data, longest + 1, first start; by the hour, twice: records that end on the day, and that end later. */
const CELL: usize = 20;
const CELLS: usize = 48 * CELL;
const cells: usize = heap.alloc(CELLS);
/** A bit for each that is not empty. */
let used: u64 = 0;

/** Spans of the group by kind (crossing or not, and each of the two widths), as pairs of i64, joined with the one before where they touch. */
let spans: usize = 0;
let spansSize: usize = 0;
/** Most spans of one kind. */
let room: usize = 0;
const sizes: usize = heap.alloc(16);
let sorted: usize = 0;
let sortedSize: usize = 0;

/** Rows of the day, by column; of the tally: interface, hour, crosses, watched, no data, skip data, longest, first start. */
let tally: usize = 0;
let tallySize: usize = 0;
let tallyMost: usize = 0;
export let tallyRows: u32 = 0;
/** Of the spans: from, to (both of 64 bits), interface, crosses, width. */
let span: usize = 0;
let spanSize: usize = 0;
let spanMost: usize = 0;
export let spanRows: u32 = 0;

export function tallyColumn(column: u32): usize {
  return tally + tallyMost * (<usize>column << 2);
}

export function spanColumn(column: u32): usize {
  return span + spanMost * (column < 2 ? column * 8 : 16 + (column - 2) * 4);
}

/** Begins a day of so many records, at most `most` of them of one interface. */
export function watchNothing(records: u32, most: u32): void {
  tallyRows = 0;
  spanRows = 0;
  tallyMost = records;
  spanMost = <usize>records << 1;
  if (tallyMost << 5 > tallySize) {
    if (tally != 0) heap.free(tally);
    tallySize = tallyMost << 5;
    tally = heap.alloc(tallySize);
  }
  if (spanMost * 28 > spanSize) {
    if (span != 0) heap.free(span);
    spanSize = spanMost * 28;
    span = heap.alloc(spanSize);
  }
  room = most;
  if (room << 6 > spansSize) {
    if (spans != 0) heap.free(spans);
    spansSize = room << 6;
    spans = heap.alloc(spansSize);
  }
  memory.fill(cells, 0, CELLS);
  used = 0;
  memory.fill(sizes, 0, 16);
}

/** A record of the group. `status`: 0 OK, 1 NODATA, 2 SKIPDATA. */
@inline
export function watch(start: u32, end: u32, status: u32, day: u32): void {
  const crosses: u32 = end >= day + DAY ? 1 : 0;
  const place = (((start - day) / 3600) << 1) + crosses;
  const cell = cells + <usize>place * CELL;
  used |= <u64>1 << place;
  if (status == 2) {
    store<u32>(cell, load<u32>(cell, 8) + 1, 8);
    return;
  }
  const watched = load<u32>(cell);
  if (watched == 0 || start < load<u32>(cell, 16)) store<u32>(cell, start, 16);
  store<u32>(cell, watched + 1);
  store<u32>(cell, load<u32>(cell, 4) + status, 4);
  store<u32>(cell, max(load<u32>(cell, 12), end - start + 1), 12);
  const s = <i64>start;
  const e = <i64>end;
  add(crosses << 1, min(s, e - 60), max(e, s + 60));
  add((crosses << 1) + 1, min(s, e - 600), max(e, s + 600));
}

@inline
function add(kind: u32, from: i64, to: i64): void {
  const size = load<u32>(sizes + (<usize>kind << 2));
  const list = spans + <usize>kind * (room << 4);
  if (size > 0) {
    const last = list + (<usize>(size - 1) << 4);
    const lastFrom = load<i64>(last);
    const lastTo = load<i64>(last, 8);
    if (from <= lastTo && to >= lastFrom) {
      store<i64>(last, min(from, lastFrom));
      store<i64>(last, max(to, lastTo), 8);
      return;
    }
  }
  const next = list + (<usize>size << 4);
  store<i64>(next, from);
  store<i64>(next, to, 8);
  store<u32>(sizes + (<usize>kind << 2), size + 1);
}

/** The group's tally becomes rows, in the order of hours. */
export function emitTally(interfaceNumber: u32, day: u32): void {
  for (; used != 0; used &= used - 1) {
    const n = <u32>ctz(used);
    const cell = cells + <usize>n * CELL;
    const watched = load<u32>(cell);
    const skipped = load<u32>(cell, 8);
    const at = <usize>tallyRows << 2;
    tallyRows += 1;
    store<u32>(tallyColumn(0) + at, interfaceNumber);
    store<u32>(tallyColumn(1) + at, day + (n >> 1) * 3600);
    store<u32>(tallyColumn(2) + at, n & 1);
    store<u32>(tallyColumn(3) + at, watched);
    store<u32>(tallyColumn(4) + at, load<u32>(cell, 4));
    store<u32>(tallyColumn(5) + at, skipped);
    store<u32>(tallyColumn(6) + at, watched == 0 ? NONE : load<u32>(cell, 12) - 1);
    store<u32>(tallyColumn(7) + at, watched == 0 ? NONE : load<u32>(cell, 16));
    memory.fill(cell, 0, CELL);
  }
}

/** The group's spans become rows, in order and joined where they touch. */
export function emitSpans(interfaceNumber: u32): void {
  for (let kind: u32 = 0; kind < 4; kind++) {
    const size = load<u32>(sizes + (<usize>kind << 2));
    if (size == 0) continue;
    store<u32>(sizes + (<usize>kind << 2), 0);
    const list = inOrder(spans + <usize>kind * (room << 4), size);
    let from = load<i64>(list);
    let to = load<i64>(list, 8);
    for (let n: u32 = 1; n < size; n++) {
      const next = list + (<usize>n << 4);
      if (load<i64>(next) <= to) {
        to = max(to, load<i64>(next, 8));
        continue;
      }
      emit(interfaceNumber, kind, from, to);
      from = load<i64>(next);
      to = load<i64>(next, 8);
    }
    emit(interfaceNumber, kind, from, to);
  }
}

@inline
function emit(interfaceNumber: u32, kind: u32, from: i64, to: i64): void {
  const wide = <usize>spanRows << 3;
  const at = <usize>spanRows << 2;
  spanRows += 1;
  store<i64>(spanColumn(0) + wide, from);
  store<i64>(spanColumn(1) + wide, to);
  store<u32>(spanColumn(2) + at, interfaceNumber);
  store<u32>(spanColumn(3) + at, kind >> 1);
  // The two aggregation intervals of AWS, as in sql/coverage.ts.
  store<u32>(spanColumn(4) + at, (kind & 1) == 0 ? 60 : 600);
}

/** The spans by where they begin. Files come in the order of time, so that runs are long: by insertion, unless that moves too much. */
function inOrder(list: usize, size: u32): usize {
  let moves: u32 = 0;
  for (let n: u32 = 1; n < size; n++) {
    const from = load<i64>(list + (<usize>n << 4));
    const to = load<i64>(list + (<usize>n << 4), 8);
    let at = list + (<usize>n << 4);
    while (at > list && load<i64>(at - 16) > from) {
      v128.store(at, v128.load(at - 16));
      at -= 16;
      moves += 1;
    }
    store<i64>(at, from);
    store<i64>(at, to, 8);
    if (moves > 50 * size) return merged(list, size);
  }
  return list;
}

/** By merging runs of doubled length. */
function merged(list: usize, size: u32): usize {
  const bytes = <usize>size << 4;
  if (bytes > sortedSize) {
    if (sorted != 0) heap.free(sorted);
    sorted = heap.alloc(bytes);
    sortedSize = bytes;
  }
  let source = list;
  let target = sorted;
  for (let width: usize = 16; width < bytes; width <<= 1) {
    for (let from: usize = 0; from < bytes; from += width << 1) {
      const middle = min(from + width, bytes);
      const stop = min(middle + width, bytes);
      let a = from;
      let b = middle;
      for (let at = from; at < stop; at += 16) {
        const first = a < middle && (b >= stop || load<i64>(source + a) <= load<i64>(source + b));
        v128.store(target + at, v128.load(source + (first ? a : b)));
        if (first) a += 16;
        else b += 16;
      }
    }
    const other = source;
    source = target;
    target = other;
  }
  return source;
}
