import { count, dayCount, dayStarts, interfaces, records } from './parse';
import { emitSpans, emitTally, watch, watchNothing } from './watched';
import {
  CALLED_SHIFT,
  CLOSES,
  DAY,
  DIRECTION_SHIFT,
  DST_ODD,
  FLAGS_SHIFT,
  IN_KEY,
  NO_DSTPORT,
  NO_SRCPORT,
  NONE,
  PKT_DST_SHIFT,
  PKT_SRC_SHIFT,
  PROTOCOL,
  R_ABOUT,
  R_BYTES,
  R_CONVERSATION,
  R_DAY,
  R_DST,
  R_END,
  R_INTERFACE,
  R_PACKETS,
  R_PKT_DST,
  R_PKT_SRC,
  R_PORTS,
  R_SRC,
  R_START,
  RECORD,
  REJECTED,
  SRC_ODD,
  STATUS_SHIFT,
} from './words';

// Records by day and interface, and each such group's rows. A group's tables are small and its records near each other, so that nearly all of
// what is looked up is in the cache; rows come out in the order of interfaces, which is most of the compression.

const ACCEPTED_SEEN: u32 = 1;
const SILENT_SEEN: u32 = 2;
const CLOSES_SEEN: u32 = 4;

/** A sum beyond this is no number of JavaScript's, and was none of the format's. */
const MOST: u64 = 9007199254740991;

/** Of a conversation within its group: protocol and kinds, called end, caller, their packet addresses, ports, what was seen, last end. */
const CONVERSATION: usize = 32;
/** Of a row within its group: bucket, src, dst, pkt_src, pkt_dst, ports, about; count, first, last, packets, bytes. */
const ROW: usize = 64;

/** Records in order of day and interface, as addresses; where each group of them ends. */
let order: usize = 0;
let orderSize: usize = 0;
let ends: usize = 0;
let endsSize: usize = 0;

/** By day: records with status OK, those of them that were refused, bits of `undirected`; and the most records of one group. */
let days: usize = 0;
let daysSize: usize = 0;
const DAY_ENTRY: usize = 12;
let largest: u32 = 0;

let slots: usize = 0;
let slotsSize: usize = 0;
let table: usize = 0;
let tableSize: usize = 0;

/** Addresses of the interfaces by the inventory: address of u64s (odd in the upper half) and how many, by the interface's number. */
let own: usize = 0;
let ownSize: usize = 0;

/** Rows of the day, by column. */
export const FLOW_COLUMNS: u32 = 13;
let flow: usize = 0;
let flowSize: usize = 0;
let flowRows: u32 = 0;
/** Rows with ACCEPT, which come first, and those with REJECT after `rejectFrom`. */
export let accepted: u32 = 0;
export let rejected: u32 = 0;
export let rejectFrom: u32 = 0;
/** Refused records of the day; as many were accepted as `rejectFrom` says. */
export let refusals: u32 = 0;
/** Records that do not name their direction: 1 accepted ones, 2 refused ones. */
export let undirected: u32 = 0;
/** A sum has lost digits. */
export let inexact: bool = false;

/** Takes a list of own addresses (`length` of them, u64) for the interface of this number. */
export function setOwn(n: u32, addresses: usize, length: u32): void {
  const needed = <usize>(n + 1) << 3;
  if (needed > ownSize) {
    const next = max(needed, max(ownSize * 2, 1 << 12));
    own = own == 0 ? heap.alloc(next) : heap.realloc(own, next);
    ownSize = next;
  }
  store<u32>(own + (<usize>n << 3), <u32>addresses);
  store<u32>(own + (<usize>n << 3), length, 4);
}

@inline
function isOwn(n: u32, address: u64): bool {
  const from = <usize>load<u32>(own + (<usize>n << 3));
  const to = from + (<usize>load<u32>(own + (<usize>n << 3), 4) << 3);
  for (let at = from; at < to; at += 8) if (load<u64>(at) == address) return true;
  return false;
}

/** Puts the records in order; `ranks`: of each interface, by its number. False: too many groups. */
export function sort(ranks: usize): bool {
  const size = interfaces.size;
  const groups = <u64>dayCount * size;
  if (groups > 1 << 24) return false;
  inexact = false;
  const needed = (<usize>groups + 1) << 2;
  if (needed > endsSize) {
    if (ends != 0) heap.free(ends);
    ends = heap.alloc(needed);
    endsSize = needed;
  }
  memory.fill(ends, 0, needed);
  if (<usize>count << 2 > orderSize) {
    if (order != 0) heap.free(order);
    orderSize = <usize>count << 3;
    order = heap.alloc(orderSize);
  }
  if (<usize>dayCount * DAY_ENTRY > daysSize) {
    if (days != 0) heap.free(days);
    daysSize = <usize>dayCount * DAY_ENTRY;
    days = heap.alloc(daysSize);
  }
  memory.fill(days, 0, <usize>dayCount * DAY_ENTRY);
  const stop = records + <usize>count * RECORD;
  for (let at = records; at < stop; at += RECORD) {
    const dayIndex = load<u32>(at, R_DAY);
    const about = load<u32>(at, R_ABOUT);
    if (about >> STATUS_SHIFT == 0) {
      const isRefused: u32 = (about & REJECTED) != 0 ? 1 : 0;
      const own = days + <usize>dayIndex * DAY_ENTRY;
      store<u32>(own, load<u32>(own) + 1);
      store<u32>(own, load<u32>(own, 4) + isRefused, 4);
      if (((about >> DIRECTION_SHIFT) & 3) == 0) store<u32>(own, load<u32>(own, 8) | (1 + isRefused), 8);
    }
    const group = dayIndex * size + load<u32>(ranks + (<usize>load<u32>(at, R_INTERFACE) << 2));
    // For the pass below.
    store<u32>(at, group, R_CONVERSATION);
    const to = ends + (<usize>(group + 1) << 2);
    store<u32>(to, load<u32>(to) + 1);
  }
  largest = 0;
  for (let n: usize = 0; n < <usize>groups; n++) {
    const to = ends + ((n + 1) << 2);
    largest = max(largest, load<u32>(to));
    store<u32>(to, load<u32>(to) + load<u32>(to - 4));
  }
  for (let at = records; at < stop; at += RECORD) {
    const to = ends + (<usize>load<u32>(at, R_CONVERSATION) << 2);
    const place = load<u32>(to);
    store<u32>(order + (<usize>place << 2), <u32>at);
    store<u32>(to, place + 1);
  }
  return true;
}

/** Makes the rows of one day. `hourly`: a byte for each interface, by its number: not 0 where it changed on that day. */
export function rollDay(day: u32, hourly: usize): void {
  const size = interfaces.size;
  const first = day * size;
  const lo: u32 = first == 0 ? 0 : load<u32>(ends + (<usize>(first - 1) << 2));
  const hi: u32 = load<u32>(ends + (<usize>(first + size - 1) << 2));
  const dayStart = load<u32>(dayStarts + (<usize>day << 2));
  begin(day, hi - lo);
  let from: u32 = lo;
  for (let group = first; group < first + size; group++) {
    const to = load<u32>(ends + (<usize>group << 2));
    if (to == from) continue;
    const interfaceNumber = load<u32>(load<u32>(order + (<usize>from << 2)), R_INTERFACE);
    for (let n = from; n < to; n++) {
      if (((n - from) & 31) == 0) touch(n, min(n + 32, to));
      const at = load<u32>(order + (<usize>n << 2));
      watch(load<u32>(at, R_START), load<u32>(at, R_END), load<u32>(at, R_ABOUT) >> STATUS_SHIFT, dayStart);
    }
    emitTally(interfaceNumber, dayStart);
    emitSpans(interfaceNumber);
    converse(from, to);
    gather(from, to, dayStart, load<u8>(hourly + interfaceNumber) != 0);
    from = to;
  }
}

/** What makes the cache fetch the next records together, and not each when it is waited for. */
let touched: u32 = 0;
function touch(from: u32, to: u32): void {
  let sum: u32 = 0;
  for (let n = from; n < to; n++) sum += load<u32>(load<u32>(order + (<usize>n << 2)), R_START);
  touched = sum;
}

/** Room for the day's rows. */
function begin(day: u32, size: u32): void {
  const own = days + <usize>day * DAY_ENTRY;
  const ok = load<u32>(own);
  const refused = load<u32>(own, 4);
  const most = largest;
  undirected = load<u32>(own, 8);
  watchNothing(size, most);
  flowRows = ok;
  const needed = <usize>ok * (11 * 4 + 2 * 8);
  if (needed > flowSize) {
    if (flow != 0) heap.free(flow);
    flow = heap.alloc(needed);
    flowSize = needed;
  }
  accepted = 0;
  rejected = 0;
  refusals = refused;
  rejectFrom = ok - refused;
  const slotsNeeded = slotsFor(most) << 2;
  if (slotsNeeded > slotsSize) {
    if (slots != 0) heap.free(slots);
    slots = heap.alloc(slotsNeeded);
    slotsSize = slotsNeeded;
  }
  if (<usize>most * ROW > tableSize) {
    if (table != 0) heap.free(table);
    tableSize = <usize>most * ROW;
    table = heap.alloc(tableSize);
  }
}

@inline
function slotsFor(size: u32): usize {
  return <usize>1 << (33 - clz(size | 3));
}

/** A column of the day's rows: packets and bytes first, being of 64 bits. */
@inline
export function flowColumn(column: u32): usize {
  return flow + <usize>flowRows * (column < 2 ? column * 8 : 16 + (column - 2) * 4);
}

@inline
function mix(h: u64, word: u64): u64 {
  return rotr(h ^ word, 29) * 0x9e3779b97f4a7c15;
}

/** Finds the conversation of each record, and what they came to. */
function converse(from: u32, to: u32): void {
  const space = slotsFor(to - from);
  const mask = <u32>space - 1;
  memory.fill(slots, 0, space << 2);
  let size: u32 = 0;
  for (let n = from; n < to; n++) {
    const at = load<u32>(order + (<usize>n << 2));
    const about = load<u32>(at, R_ABOUT);
    const called = (about >> CALLED_SHIFT) & 3;
    if (called == 0) {
      store<u32>(at, NONE, R_CONVERSATION);
      continue;
    }
    const srcOdd = (about & SRC_ODD) == 0 ? 0 : 1;
    const dstOdd = (about & DST_ODD) == 0 ? 0 : 1;
    const srcKind = (about >> PKT_SRC_SHIFT) & 3;
    const dstKind = (about >> PKT_DST_SHIFT) & 3;
    const ports = load<u32>(at, R_PORTS);
    let head = about & PROTOCOL;
    let ends = load<u64>(at, R_SRC);
    let packet = load<u64>(at, R_PKT_SRC);
    let tail = ports;
    if (called == 1) {
      head |= (dstOdd << 8) | (srcOdd << 9) | (dstKind << 10) | (srcKind << 12);
      ends = rotr(ends, 32);
      packet = rotr(packet, 32);
      tail = rotr(ports, 16);
    } else head |= (srcOdd << 8) | (dstOdd << 9) | (srcKind << 10) | (dstKind << 12);
    const pair = (<u64>tail << 32) | head;
    const hash = mix(mix(mix(0, ends), packet), pair);
    let slot = <u32>(hash >> 32) & mask;
    let entry: usize = 0;
    for (;;) {
      const found = load<u32>(slots + (<usize>slot << 2));
      if (found == 0) {
        entry = table + <usize>size * CONVERSATION;
        store<u64>(entry, ends);
        store<u64>(entry, packet, 8);
        store<u64>(entry, pair, 16);
        store<u64>(entry, 0, 24);
        size += 1;
        store<u32>(slots + (<usize>slot << 2), size);
        break;
      }
      entry = table + <usize>(found - 1) * CONVERSATION;
      if (load<u64>(entry) == ends && load<u64>(entry, 8) == packet && load<u64>(entry, 16) == pair) break;
      slot = (slot + 1) & mask;
    }
    let seen: u32 = 0;
    if ((about & REJECTED) == 0)
      seen = ((about >> FLAGS_SHIFT) & 3) == 0 ? ACCEPTED_SEEN | SILENT_SEEN : ACCEPTED_SEEN;
    if ((about & CLOSES) != 0) seen |= CLOSES_SEEN;
    store<u32>(entry, load<u32>(entry, 24) | seen, 24);
    store<u32>(entry, max(load<u32>(entry, 28), load<u32>(at, R_END)), 28);
    store<u32>(at, <u32>entry, R_CONVERSATION);
  }
  // The table is the rows' next: what a conversation came to is decided now.
  for (let n = from; n < to; n++) {
    const at = load<u32>(order + (<usize>n << 2));
    const conversation = load<u32>(at, R_CONVERSATION);
    if (conversation == NONE) store<u32>(at, 0, R_CONVERSATION);
    else store<u32>(at, foldOf(at, conversation), R_CONVERSATION);
  }
}

/** Which end's port may be folded away, as sql/flow.ts decides it: 0 neither, 1 src, 2 dst. */
@inline
function foldOf(at: usize, conversation: usize): u32 {
  const about = load<u32>(at, R_ABOUT);
  if (((about >> DIRECTION_SHIFT) & 3) == 0) {
    const n = load<u32>(at, R_INTERFACE);
    const src = (<u64>((about & SRC_ODD) == 0 ? 0 : 1) << 32) | load<u32>(at, R_SRC);
    const dst = (<u64>((about & DST_ODD) == 0 ? 0 : 1) << 32) | load<u32>(at, R_DST);
    if (isOwn(n, src) == isOwn(n, dst)) return 0;
  }
  const called = (about >> CALLED_SHIFT) & 3;
  const flags = (about >> FLAGS_SHIFT) & 3;
  const seen = load<u32>(conversation, 24);
  if ((about & REJECTED) != 0 && flags == 0 && called == 1 && (seen & ACCEPTED_SEEN) == 0) return 1;
  if ((seen & SILENT_SEEN) != 0) return 0;
  if ((seen & CLOSES_SEEN) == 0) {
    const start = load<u32>(at, R_START);
    if (load<u32>(conversation, 28) >= start - (start % DAY) + DAY - 3600) return 0;
  }
  if (flags == 1 && called == 1) return 1;
  return flags == 2 && called == 2 ? 2 : 0;
}

/** Sums the records of one key, and adds what they came to to the day's columns. */
function gather(from: u32, to: u32, dayStart: u32, hourly: bool): void {
  const space = slotsFor(to - from);
  const mask = <u32>space - 1;
  memory.fill(slots, 0, space << 2);
  let size: u32 = 0;
  let interfaceNumber: u32 = 0;
  for (let n = from; n < to; n++) {
    const at = load<u32>(order + (<usize>n << 2));
    interfaceNumber = load<u32>(at, R_INTERFACE);
    const word = load<u32>(at, R_ABOUT);
    if (word >> STATUS_SHIFT != 0) continue;
    const start = load<u32>(at, R_START);
    const fold = load<u32>(at, R_CONVERSATION);
    const bucket = hourly ? start / 3600 : dayStart / 3600;
    let about = word & IN_KEY;
    let ports = load<u32>(at, R_PORTS);
    if (fold == 1) {
      about |= NO_SRCPORT;
      ports &= 0xffff;
    } else if (fold == 2) {
      about |= NO_DSTPORT;
      ports &= 0xffff0000;
    }
    const ends = load<u64>(at, R_SRC);
    const packet = load<u64>(at, R_PKT_SRC);
    const pair = (<u64>about << 32) | ports;
    const hash = mix(mix(mix(bucket, ends), packet), pair);
    let slot = <u32>(hash >> 32) & mask;
    const end = load<u32>(at, R_END);
    const packets = load<u64>(at, R_PACKETS);
    const bytes = load<u64>(at, R_BYTES);
    for (;;) {
      const found = load<u32>(slots + (<usize>slot << 2));
      if (found == 0) {
        const entry = table + <usize>size * ROW;
        store<u64>(entry, ends);
        store<u64>(entry, packet, 8);
        store<u64>(entry, pair, 16);
        store<u32>(entry, bucket, 24);
        store<u32>(entry, 1, 28);
        store<u32>(entry, start, 32);
        store<u32>(entry, end, 36);
        store<u64>(entry, packets, 40);
        store<u64>(entry, bytes, 48);
        size += 1;
        store<u32>(slots + (<usize>slot << 2), size);
        break;
      }
      const entry = table + <usize>(found - 1) * ROW;
      if (
        load<u64>(entry) == ends &&
        load<u64>(entry, 8) == packet &&
        load<u64>(entry, 16) == pair &&
        load<u32>(entry, 24) == bucket
      ) {
        store<u32>(entry, load<u32>(entry, 28) + 1, 28);
        store<u32>(entry, min(load<u32>(entry, 32), start), 32);
        store<u32>(entry, max(load<u32>(entry, 36), end), 36);
        const packetSum = load<u64>(entry, 40) + packets;
        const byteSum = load<u64>(entry, 48) + bytes;
        if (packetSum > MOST || byteSum > MOST) inexact = true;
        store<u64>(entry, packetSum, 40);
        store<u64>(entry, byteSum, 48);
        break;
      }
      slot = (slot + 1) & mask;
    }
  }
  const stop = table + <usize>size * ROW;
  for (let entry = table; entry < stop; entry += ROW) emit(entry, interfaceNumber);
}

@inline
function emit(entry: usize, interfaceNumber: u32): void {
  const about = load<u32>(entry, 20);
  let row = accepted;
  if ((about & REJECTED) == 0) accepted += 1;
  else {
    row = rejectFrom + rejected;
    rejected += 1;
  }
  const wide = <usize>row << 3;
  const at = <usize>row << 2;
  store<u64>(flowColumn(0) + wide, load<u64>(entry, 40));
  store<u64>(flowColumn(1) + wide, load<u64>(entry, 48));
  store<u32>(flowColumn(2) + at, interfaceNumber);
  store<u32>(flowColumn(3) + at, load<u32>(entry, 24) * 3600);
  store<u32>(flowColumn(4) + at, load<u32>(entry));
  store<u32>(flowColumn(5) + at, load<u32>(entry, 4));
  store<u32>(flowColumn(6) + at, load<u32>(entry, 8));
  store<u32>(flowColumn(7) + at, load<u32>(entry, 12));
  store<u32>(flowColumn(8) + at, load<u32>(entry, 16));
  store<u32>(flowColumn(9) + at, about);
  store<u32>(flowColumn(10) + at, load<u32>(entry, 28));
  store<u32>(flowColumn(11) + at, load<u32>(entry, 32));
  store<u32>(flowColumn(12) + at, load<u32>(entry, 36));
}
