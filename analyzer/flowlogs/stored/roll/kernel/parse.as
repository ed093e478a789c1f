import { nameAt, Names, newNames, putId, putName, sameBytes, setValue, valueOf } from './names';
import { amount, isDash, isWord6, port, quad, quadValue, time, whole } from './text';
import {
  CALLED_SHIFT,
  CLOSES,
  CROSSES,
  DAY,
  DIRECTION_SHIFT,
  DST_ODD,
  EPHEMERAL,
  FLAGS_SHIFT,
  NO_DSTPORT,
  NO_SRCPORT,
  NONE,
  PKT_DST_SHIFT,
  PKT_SRC_SHIFT,
  R_ABOUT,
  R_BYTES,
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

/** Asks the host about an address that is no dotted quad: NONE, or the number of its canonical text. */
@external('host', 'odd')
declare function hostOdd(from: usize, length: u32): u32;

/** Longer than any aggregation interval of AWS, as in sql/normalise.ts. */
const LONGEST_INTERVAL: i64 = 3600;
/** Times are kept in 32 bits. */
const LAST_TIME: i64 = 4294967296 - 2 * 86400;
/** More days than this in one batch are no batch of flow logs. */
const MOST_DAYS: u32 = 4096;
/** Text is read in blocks that stay in the cache with their separators. */
const BLOCK: usize = 1 << 16;

const ACCEPT: u64 = 0x545045434341;
const REJECT: u64 = 0x5443454a4552;
const NODATA: u64 = 0x415441444f4e;
const SKIPDATA: u64 = 0x4154414450494b53;
const INGRESS: u64 = 0x73736572676e69;
const EGRESS: u64 = 0x737365726765;

export const interfaces: Names = newNames();
/** Spellings of odd addresses; their value is the host's answer. */
const spellings: Names = newNames();
/** Canonical texts of odd addresses, which the host puts here. */
export const odd: Names = newNames();

export let records: usize = 0;
let recordsSize: usize = 0;
export let count: u32 = 0;
export let oldest: u32 = NONE;
export let newest: u32 = 0;
export const dayStarts: usize = heap.alloc(MOST_DAYS * 4);
export let dayCount: u32 = 0;
let latestDay: u32 = 0;

/** Where each field stands in the line, -1 where it does not: sixteen numbers, in the order of FIELDS of kernel.ts. */
export const places: usize = heap.alloc(64);

let separators: usize = 0;
let separatorsSize: usize = 0;

/** Forgets all records; names keep their numbers, and the memory stays. */
export function clear(): void {
  count = 0;
  oldest = NONE;
  newest = 0;
  dayCount = 0;
}

/**
 * Reads lines of `fields` fields each. 64 bytes after the text may be written and read; the last line need not end. False: not for this reader, and what
 * was read before must not be used then.
 */
export function parse(text: usize, length: usize, fields: u32, most: u32): bool {
  let end = text + length;
  if (length > 0 && load<u8>(end - 1) != 0x0a) {
    store<u8>(end, 0x0a);
    end += 1;
  }
  let from = text;
  while (from < end) {
    let to = min(from + BLOCK, end);
    if (to < end) {
      while (to > from && load<u8>(to - 1) != 0x0a) to -= 1;
      if (to == from) {
        to = from + BLOCK;
        while (load<u8>(to - 1) != 0x0a) to += 1;
      }
    }
    if (!block(from, to, fields, most)) return false;
    from = to;
  }
  return true;
}

/** Whole lines. */
function block(from: usize, to: usize, fields: u32, most: u32): bool {
  const needed = (to - from + 80) << 2;
  if (needed > separatorsSize) {
    if (separators != 0) heap.free(separators);
    separators = heap.alloc(needed);
    separatorsSize = needed;
  }
  const found = separate(from, to);
  if (found == NONE || found % fields != 0) return false;
  const lines = found / fields;
  if (lines != newlines || count + lines > most) return false;
  return readLines(room(lines), lines, fields);
}

/** Room for so many records more, where the next begins; they count. */
export function room(more: u32): usize {
  const size = <usize>(count + more) * RECORD;
  if (size > recordsSize) {
    const next = max(size, max(recordsSize * 2, <usize>1 << 20));
    records = records == 0 ? heap.alloc(next) : heap.realloc(records, next);
    recordsSize = next;
  }
  const out = records + <usize>count * RECORD;
  count += more;
  return out;
}

let newlines: u32 = 0;

/**
 * Puts the addresses of all spaces and newlines behind the one of the byte before the text; returns how many, NONE where two follow each other, or
 * anything else is no printable ASCII, or a header may stand further down.
 */
function separate(from: usize, to: usize): u32 {
  store<u32>(separators, <u32>from - 1);
  let out = separators + 4;
  let carry: u64 = 1;
  let bad: u64 = 0;
  let lines: u32 = 0;
  const space = i8x16.splat(0x20);
  const newline = i8x16.splat(0x0a);
  const separator = i8x16.splat(0x21);
  const first = i8x16.splat(0x6c);
  for (let at = from; at < to; at += 64) {
    const a = v128.load(at);
    const b = v128.load(at, 16);
    const c = v128.load(at, 32);
    const d = v128.load(at, 48);
    // Signed: bytes from 0x80 on are below zero.
    let low = mask(i8x16.lt_s(a, space), i8x16.lt_s(b, space), i8x16.lt_s(c, space), i8x16.lt_s(d, space));
    let ends = mask(i8x16.eq(a, newline), i8x16.eq(b, newline), i8x16.eq(c, newline), i8x16.eq(d, newline));
    // What is below a space is a newline or bad, so this is all of both.
    let seps = mask(i8x16.lt_s(a, separator), i8x16.lt_s(b, separator), i8x16.lt_s(c, separator), i8x16.lt_s(d, separator));
    const left = to - at;
    if (left < 64) {
      const inside = (<u64>1 << left) - 1;
      low &= inside;
      ends &= inside;
      seps &= inside;
    }
    bad |= (low ^ ends) | (seps & ((seps << 1) | carry));
    carry = seps >> 63;
    lines += <u32>popcnt(ends);
    // The `l` of `log-status`: what records say has few of them.
    const ells = v128.or(
      v128.or(i8x16.eq(a, first), i8x16.eq(b, first)),
      v128.or(i8x16.eq(c, first), i8x16.eq(d, first)),
    );
    if (v128.any_true(ells) && saysLogStatus(at, min(at + 64, to))) return NONE;
    const stop = out + (<usize>popcnt(seps) << 2);
    while (out < stop) {
      // Four at a time, some of which are written over by the next.
      store<u32>(out, <u32>(at + <usize>ctz(seps)));
      seps &= seps - 1;
      store<u32>(out, <u32>(at + <usize>ctz(seps)), 4);
      seps &= seps - 1;
      store<u32>(out, <u32>(at + <usize>ctz(seps)), 8);
      seps &= seps - 1;
      store<u32>(out, <u32>(at + <usize>ctz(seps)), 12);
      seps &= seps - 1;
      out += 16;
    }
    out = stop;
  }
  newlines = lines;
  return bad != 0 ? NONE : <u32>((out - separators) >> 2) - 1;
}

@inline
function mask(a: v128, b: v128, c: v128, d: v128): u64 {
  return (
    <u64>(<u32>i8x16.bitmask(a)) |
    (<u64>(<u32>i8x16.bitmask(b)) << 16) |
    (<u64>(<u32>i8x16.bitmask(c)) << 32) |
    (<u64>(<u32>i8x16.bitmask(d)) << 48)
  );
}

/** Whether `log-status` begins here. */
function saysLogStatus(from: usize, to: usize): bool {
  const first = i8x16.splat(0x6c);
  const second = i8x16.splat(0x6f);
  for (let at = from; at < to; at += 16) {
    const pairs = v128.and(i8x16.eq(v128.load(at), first), i8x16.eq(v128.load(at, 1), second));
    for (let left = i8x16.bitmask(pairs); left != 0; left &= left - 1) {
      const word = at + ctz(left);
      if (word < to && load<u64>(word) == 0x746174732d676f6c && load<u16>(word, 8) == 0x7375) return true;
    }
  }
  return false;
}

/** Each line's interface. A pass of its own: what one look-up waits for, the next ones need not. */
function nameLines(to: usize, lines: u32, interfaceAt: usize, stride: usize): bool {
  let base = separators + interfaceAt;
  const stop = to + <usize>lines * RECORD;
  for (let out = to; out < stop; out += RECORD, base += stride) {
    const from: usize = load<u32>(base) + 1;
    const length = load<u32>(base, 4) - <u32>from;
    if (length < 4 || load<u32>(from) != 0x2d696e65) return false;
    store<u32>(out, putId(interfaces, from, length), R_INTERFACE);
  }
  return true;
}

function readLines(to: usize, lines: u32, fields: u32): bool {
  const interfaceAt = load<i32>(places, 0) << 2;
  const srcAt = load<i32>(places, 4) << 2;
  const dstAt = load<i32>(places, 8) << 2;
  const srcPortAt = load<i32>(places, 12) << 2;
  const dstPortAt = load<i32>(places, 16) << 2;
  const protocolAt = load<i32>(places, 20) << 2;
  const packetsAt = load<i32>(places, 24) << 2;
  const bytesAt = load<i32>(places, 28) << 2;
  const startAt = load<i32>(places, 32) << 2;
  const endAt = load<i32>(places, 36) << 2;
  const actionAt = load<i32>(places, 40) << 2;
  const statusAt = load<i32>(places, 44) << 2;
  const flagsAt = load<i32>(places, 48) << 2;
  const pktSrcAt = load<i32>(places, 52) << 2;
  const pktDstAt = load<i32>(places, 56) << 2;
  const directionAt = load<i32>(places, 60) << 2;
  const stride = <usize>fields << 2;
  let base = separators;
  if (!nameLines(to, lines, interfaceAt, stride)) return false;
  let out = to;
  for (let line: u32 = 0; line < lines; line++, base += stride, out += RECORD) {
    if (load<u8>(load<u32>(base + stride)) != 0x0a) return false;
    const start = time(load<u32>(base + startAt) + 1, load<u32>(base + startAt, 4));
    const end = time(load<u32>(base + endAt) + 1, load<u32>(base + endAt, 4));
    if (start < 0 || end < start || end - start > LONGEST_INTERVAL) return false;
    let s: usize = load<u32>(base + statusAt) + 1;
    let e: usize = load<u32>(base + statusAt, 4);
    let status: u32 = 0;
    if (e - s != 2 || load<u16>(s) != 0x4b4f) {
      if (isWord6(s, e, NODATA)) status = 1;
      else if (e - s == 8 && load<u64>(s) == SKIPDATA) status = 2;
      else return false;
    }
    if (!begin(out, load<u32>(out, R_INTERFACE), start, end)) return false;
    if (status != 0) {
      store<u32>(out, status << STATUS_SHIFT, R_ABOUT);
      continue;
    }
    const number = whole(load<u32>(base + protocolAt) + 1, load<u32>(base + protocolAt, 4));
    if (number < 0 || number > 255) return false;
    const protocol = <u32>number;
    let about = protocol;
    s = load<u32>(base + actionAt) + 1;
    e = load<u32>(base + actionAt, 4);
    if (isWord6(s, e, REJECT)) about |= REJECTED;
    else if (!isWord6(s, e, ACCEPT)) return false;

    const srcFrom: usize = load<u32>(base + srcAt) + 1;
    const srcTo: usize = load<u32>(base + srcAt, 4);
    let kind = address(srcFrom, srcTo);
    if (kind <= 0) return false;
    if (kind == 2) about |= SRC_ODD;
    const src = value;
    const dstFrom: usize = load<u32>(base + dstAt) + 1;
    const dstTo: usize = load<u32>(base + dstAt, 4);
    kind = address(dstFrom, dstTo);
    if (kind <= 0) return false;
    if (kind == 2) about |= DST_ODD;
    const dst = value;
    let pktSrc: u32 = 0;
    let pktDst: u32 = 0;
    if (pktSrcAt >= 0) {
      s = load<u32>(base + pktSrcAt) + 1;
      e = load<u32>(base + pktSrcAt, 4);
      // One that repeats the address says nothing, and is not kept (sql/flow.ts).
      if (e - s != srcTo - srcFrom || !sameBytes(s, srcFrom, <u32>(e - s))) {
        kind = address(s, e);
        if (kind < 0) return false;
        if (kind != 0 && !(value == src && kind == ((about & SRC_ODD) == 0 ? 1 : 2))) {
          about |= <u32>kind << PKT_SRC_SHIFT;
          pktSrc = value;
        }
      }
    }
    if (pktDstAt >= 0) {
      s = load<u32>(base + pktDstAt) + 1;
      e = load<u32>(base + pktDstAt, 4);
      if (e - s != dstTo - dstFrom || !sameBytes(s, dstFrom, <u32>(e - s))) {
        kind = address(s, e);
        if (kind < 0) return false;
        if (kind != 0 && !(value == dst && kind == ((about & DST_ODD) == 0 ? 1 : 2))) {
          about |= <u32>kind << PKT_DST_SHIFT;
          pktDst = value;
        }
      }
    }
    const srcPort = port(load<u32>(base + srcPortAt) + 1, load<u32>(base + srcPortAt, 4));
    const dstPort = port(load<u32>(base + dstPortAt) + 1, load<u32>(base + dstPortAt, 4));
    if (srcPort < -1 || dstPort < -1) return false;
    let packets: i64 = 0;
    let bytes: i64 = 0;
    let flags: i64 = 0;
    if (packetsAt >= 0) packets = amount(load<u32>(base + packetsAt) + 1, load<u32>(base + packetsAt, 4));
    if (bytesAt >= 0) bytes = amount(load<u32>(base + bytesAt) + 1, load<u32>(base + bytesAt, 4));
    if (flagsAt >= 0) flags = amount(load<u32>(base + flagsAt) + 1, load<u32>(base + flagsAt, 4));
    if ((packets | bytes | flags) < 0 || flags > 0xffff) return false;
    if (directionAt >= 0) {
      s = load<u32>(base + directionAt) + 1;
      e = load<u32>(base + directionAt, 4);
      const word = load<u64>(s);
      // Without a branch: one is as likely as the other.
      const direction =
        (<u32>(e - s == 7) & <u32>((word & 0xffffffffffffff) == INGRESS)) |
        ((<u32>(e - s == 6) & <u32>((word & 0xffffffffffff) == EGRESS)) << 1);
      if (direction == 0 && !isDash(s, e)) return false;
      about |= direction << DIRECTION_SHIFT;
    }
    if (!addRecord(out, about, src, dst, pktSrc, pktDst, srcPort, dstPort, packets, bytes, <u32>flags)) return false;
  }
  return true;
}

/** What every record has. False: more days than a batch may have, or a time beyond 32 bits. */
@inline
export function begin(out: usize, interfaceNumber: u32, from: i64, to: i64): bool {
  if (to > LAST_TIME) return false;
  const start = <u32>from;
  const end = <u32>to;
  oldest = min(oldest, start);
  newest = max(newest, end);
  if (dayCount == 0 || start - load<u32>(dayStarts + (<usize>latestDay << 2)) >= DAY || latestDay >= dayCount) {
    if (!findDay(start)) return false;
  }
  store<u32>(out, interfaceNumber, R_INTERFACE);
  store<u32>(out, start, R_START);
  store<u32>(out, end, R_END);
  store<u32>(out, latestDay, R_DAY);
  return true;
}

function findDay(start: u32): bool {
  const day = start - (start % DAY);
  for (latestDay = 0; latestDay < dayCount; latestDay++)
    if (load<u32>(dayStarts + (<usize>latestDay << 2)) == day) return true;
  if (dayCount == MOST_DAYS) return false;
  store<u32>(dayStarts + (<usize>dayCount << 2), day);
  dayCount += 1;
  return true;
}

/** What a record with status OK has; ports may be missing (-1). False where TCP or UDP has no port. */
@inline
export function addRecord(
  out: usize,
  word: u32,
  src: u32,
  dst: u32,
  pktSrc: u32,
  pktDst: u32,
  srcPort: i32,
  dstPort: i32,
  packets: u64,
  bytes: u64,
  flags: u32,
): bool {
  store<u32>(out, src, R_SRC);
  store<u32>(out, dst, R_DST);
  store<u32>(out, pktSrc, R_PKT_SRC);
  store<u32>(out, pktDst, R_PKT_DST);
  store<u64>(out, packets, R_PACKETS);
  store<u64>(out, bytes, R_BYTES);
  let about = word;
  const protocol = about & 0xff;
  const ported = protocol == 6 || protocol == 17;
  let from = <u32>srcPort;
  let to = <u32>dstPort;
  if (srcPort < 0) {
    if (ported) return false;
    about |= NO_SRCPORT;
    from = 0;
  }
  if (dstPort < 0) {
    if (ported) return false;
    about |= NO_DSTPORT;
    to = 0;
  }
  if (ported) {
    if (to < EPHEMERAL && from >= EPHEMERAL) about |= 1 << CALLED_SHIFT;
    else if (from < EPHEMERAL && to >= EPHEMERAL) about |= 2 << CALLED_SHIFT;
  }
  if (protocol == 6 && (flags & 2) != 0) about |= ((flags & 16) == 0 ? 1 : 2) << FLAGS_SHIFT;
  if ((flags & 5) != 0) about |= CLOSES;
  if (load<u32>(out, R_END) >= load<u32>(dayStarts + (<usize>latestDay << 2)) + DAY) about |= CROSSES;
  store<u32>(out, about, R_ABOUT);
  store<u32>(out, (from << 16) | to, R_PORTS);
  return true;
}

/** Set by `address`. */
export let value: u32 = 0;

/** 1 dotted quad, 2 odd, 0 missing, -1 none. */
@inline
export function address(from: usize, to: usize): i32 {
  if (quad(from, to)) {
    value = quadValue;
    return 1;
  }
  return isDash(from, to) ? 0 : oddAddress(from, <u32>(to - from));
}

function oddAddress(from: usize, length: u32): i32 {
  const known = spellings.size;
  const n = putName(spellings, from, length);
  if (n == known) setValue(spellings, n, hostOdd(nameAt(spellings, n), length));
  value = valueOf(spellings, n);
  return value == NONE ? -1 : 2;
}
