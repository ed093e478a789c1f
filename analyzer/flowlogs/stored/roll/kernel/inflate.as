// DEFLATE (RFC 1951) of one gzip member whose size is known: half of zlib's time for text of flow logs, and straight into the reader's memory. The host
// compares the checksum, and asks zlib whenever this says no.

const LITERAL_BITS: u32 = 11;
const DISTANCE_BITS: u32 = 8;
/** Entries: main table, and subtables for codes that are longer. */
const literals: usize = heap.alloc((2048 + 288 * 16) * 4);
const distances: usize = heap.alloc((256 + 32 * 128) * 4);
const lengths: usize = heap.alloc(352);
const counts: usize = heap.alloc(64);
const nexts: usize = heap.alloc(64);

// An entry: bits of the code, bits that follow it or kind, value.
const EXTRA: u32 = 8;
const VALUE: u32 = 16;
const LITERAL: u32 = 0x8000;
const END: u32 = 0x4000;
const SUBTABLE: u32 = 0x2000;
const KINDS: u32 = 0xe000;

const LENGTH_BASES = memory.data<u16>([
  3, 4, 5, 6, 7, 8, 9, 10, 11, 13, 15, 17, 19, 23, 27, 31, 35, 43, 51, 59, 67, 83, 99, 115, 131, 163, 195, 227, 258,
]);
const LENGTH_EXTRAS = memory.data<u8>([
  0, 0, 0, 0, 0, 0, 0, 0, 1, 1, 1, 1, 2, 2, 2, 2, 3, 3, 3, 3, 4, 4, 4, 4, 5, 5, 5, 5, 0,
]);
const DISTANCE_BASES = memory.data<u16>([
  1, 2, 3, 4, 5, 7, 9, 13, 17, 25, 33, 49, 65, 97, 129, 193, 257, 385, 513, 769, 1025, 1537, 2049, 3073, 4097, 6145,
  8193, 12289, 16385, 24577,
]);
const ORDER = memory.data<u8>([16, 17, 18, 0, 8, 7, 9, 6, 10, 5, 11, 4, 12, 3, 13, 2, 14, 1, 15]);

/** What a symbol does. 0: it must not occur. */
function entryOf(symbol: u32, distance: bool): u32 {
  if (distance) {
    if (symbol > 29) return 0;
    const extra = symbol < 4 ? 0 : (symbol >> 1) - 1;
    return ((<u32>load<u16>(DISTANCE_BASES + (<usize>symbol << 1))) << VALUE) | (extra << EXTRA);
  }
  if (symbol < 256) return (symbol << VALUE) | LITERAL;
  if (symbol == 256) return END;
  if (symbol > 285) return 0;
  const at: usize = symbol - 257;
  return ((<u32>load<u16>(LENGTH_BASES + (at << 1))) << VALUE) | ((<u32>load<u8>(LENGTH_EXTRAS + at)) << EXTRA);
}

/** The table of a code given by its lengths. False: it is no code, or leaves some out (but for a distance that stands alone). */
function build(from: usize, size: u32, table: usize, bits: u32, distance: bool): bool {
  memory.fill(counts, 0, 64);
  for (let n: usize = 0; n < <usize>size; n++) {
    const at = counts + (<usize>load<u8>(from + n) << 2);
    store<u32>(at, load<u32>(at) + 1);
  }
  let code: u32 = 0;
  let left: i32 = 1;
  let longest: u32 = 0;
  store<u32>(counts, 0);
  for (let length: usize = 1; length < 16; length++) {
    const count = load<u32>(counts + (length << 2));
    left = (left << 1) - <i32>count;
    if (left < 0) return false;
    code = (code + load<u32>(counts + (length << 2) - 4)) << 1;
    store<u32>(nexts + (length << 2), code);
    if (count > 0) longest = <u32>length;
  }
  if (left > 0 && !(distance && longest <= 1)) return false;
  memory.fill(table, 0, <usize>4 << bits);
  let free: u32 = 1 << bits;
  // Subtables are of one size, which who looks up knows.
  const rest: u32 = 15 - bits;
  for (let symbol: u32 = 0; symbol < size; symbol++) {
    const length = <u32>load<u8>(from + symbol);
    if (length == 0) continue;
    const next = nexts + (<usize>length << 2);
    const own = load<u32>(next);
    store<u32>(next, own + 1);
    const reversed = reverse(own) >> (32 - length);
    const meaning = entryOf(symbol, distance);
    const entry = meaning == 0 ? 0 : meaning | length;
    if (length <= bits) {
      for (let at = reversed; at < <u32>1 << bits; at += 1 << length) store<u32>(table + (<usize>at << 2), entry);
      continue;
    }
    const main = table + (<usize>(reversed & ((1 << bits) - 1)) << 2);
    if (load<u32>(main) == 0) {
      store<u32>(main, (free << VALUE) | SUBTABLE | bits);
      memory.fill(table + (<usize>free << 2), 0, <usize>4 << rest);
      free += 1 << rest;
    }
    const sub = load<u32>(main) >> VALUE;
    for (let at = reversed >> bits; at < <u32>1 << rest; at += 1 << (length - bits))
      store<u32>(table + (<usize>(sub + at) << 2), entry);
  }
  return true;
}

function reverse(value: u32): u32 {
  let v = ((value >> 1) & 0x55555555) | ((value & 0x55555555) << 1);
  v = ((v >> 2) & 0x33333333) | ((v & 0x33333333) << 2);
  v = ((v >> 4) & 0x0f0f0f0f) | ((v & 0x0f0f0f0f) << 4);
  return bswap(v);
}

/** Where the deflated bytes begin; 0 where this is no header of a gzip member. RFC 1952. */
function afterHeader(from: usize, end: usize): usize {
  if (end - from < 18 || load<u16>(from) != 0x8b1f || load<u8>(from, 2) != 8) return 0;
  const flags = <u32>load<u8>(from, 3);
  if ((flags & 0xe0) != 0) return 0;
  let at = from + 10;
  if ((flags & 4) != 0) at += 2 + <usize>load<u16>(at);
  for (let bit: u32 = 8; bit <= 16; bit <<= 1) {
    if ((flags & bit) == 0) continue;
    while (at < end && load<u8>(at) != 0) at++;
    at++;
  }
  if ((flags & 2) != 0) at += 2;
  return at < end ? at : 0;
}

/** Inflates one gzip member, of `length` bytes with its trailer, to exactly `size` bytes. Up to 64 bytes behind either are read or written. */
export function inflate(from: usize, length: u32, to: usize, size: u32): bool {
  const end = from + length;
  let at = afterHeader(from, end);
  if (at == 0) return false;
  let held: u64 = 0;
  let bits: u32 = 0;
  let out = to;
  const stop = to + size;
  for (;;) {
    held |= load<u64>(at) << bits;
    at += (63 - bits) >> 3;
    bits |= 56;
    if (at > end + 16) return false;
    const last = held & 1;
    const type = <u32>(held >> 1) & 3;
    held >>= 3;
    bits -= 3;
    if (type == 0) {
      at -= bits >> 3;
      held = 0;
      bits = 0;
      if (at + 4 > end) return false;
      const run = <u32>load<u16>(at);
      if ((run ^ <u32>load<u16>(at, 2)) != 0xffff) return false;
      at += 4;
      if (run > end - at || run > stop - out) return false;
      memory.copy(out, at, run);
      at += run;
      out += run;
      if (last) break;
      continue;
    }
    if (type == 3) return false;
    if (type == 1) {
      memory.fill(lengths, 8, 144);
      memory.fill(lengths + 144, 9, 112);
      memory.fill(lengths + 256, 7, 24);
      memory.fill(lengths + 280, 8, 8);
      if (!build(lengths, 288, literals, LITERAL_BITS, false)) return false;
      memory.fill(lengths, 5, 32);
      if (!build(lengths, 32, distances, DISTANCE_BITS, true)) return false;
    } else {
      const literalCount = (<u32>held & 31) + 257;
      const distanceCount = (<u32>(held >> 5) & 31) + 1;
      const codeCount = (<u32>(held >> 10) & 15) + 4;
      held >>= 14;
      bits -= 14;
      if (literalCount > 286 || distanceCount > 30) return false;
      memory.fill(lengths, 0, 19);
      for (let n: usize = 0; n < <usize>codeCount; n++) {
        held |= load<u64>(at) << bits;
        at += (63 - bits) >> 3;
        bits |= 56;
        store<u8>(lengths + load<u8>(ORDER + n), <u8>(held & 7));
        held >>= 3;
        bits -= 3;
      }
      if (!build(lengths, 19, literals, 7, false)) return false;
      const all = literalCount + distanceCount;
      for (let n: u32 = 0; n < all; ) {
        held |= load<u64>(at) << bits;
        at += (63 - bits) >> 3;
        bits |= 56;
        if (at > end + 16) return false;
        const entry = load<u32>(literals + (<usize>(held & 127) << 2));
        if (entry == 0) return false;
        const symbol = entry >> VALUE;
        held >>= entry & 0xff;
        bits -= entry & 0xff;
        if (symbol < 16) {
          store<u8>(lengths + n, <u8>symbol);
          n += 1;
          continue;
        }
        const wide: u32 = symbol == 16 ? 2 : symbol == 17 ? 3 : 7;
        const run = (<u32>held & ((1 << wide) - 1)) + (symbol == 18 ? 11 : 3);
        held >>= wide;
        bits -= wide;
        if (run > all - n || (symbol == 16 && n == 0)) return false;
        memory.fill(lengths + n, symbol == 16 ? load<u8>(lengths + n - 1) : 0, run);
        n += run;
      }
      if (load<u8>(lengths + 256) == 0) return false;
      // The literals' table is written from the lengths that stand before the distances'.
      if (!build(lengths + literalCount, distanceCount, distances, DISTANCE_BITS, true)) return false;
      if (!build(lengths, literalCount, literals, LITERAL_BITS, false)) return false;
    }
    for (;;) {
      held |= load<u64>(at) << bits;
      at += (63 - bits) >> 3;
      bits |= 56;
      let entry = load<u32>(literals + ((<usize>held & 2047) << 2));
      if ((entry & LITERAL) != 0) {
        // Two more fit into what is held, and room beyond the end is there for them.
        if (out >= stop) return false;
        held >>= entry & 0xff;
        bits -= entry & 0xff;
        store<u8>(out++, <u8>(entry >> VALUE));
        entry = load<u32>(literals + ((<usize>held & 2047) << 2));
        if ((entry & LITERAL) != 0) {
          held >>= entry & 0xff;
          bits -= entry & 0xff;
          store<u8>(out++, <u8>(entry >> VALUE));
          entry = load<u32>(literals + ((<usize>held & 2047) << 2));
          if ((entry & LITERAL) != 0) {
            held >>= entry & 0xff;
            bits -= entry & 0xff;
            store<u8>(out++, <u8>(entry >> VALUE));
            continue;
          }
        }
        held |= load<u64>(at) << bits;
        at += (63 - bits) >> 3;
        bits |= 56;
      }
      if ((entry & SUBTABLE) != 0) {
        entry = load<u32>(literals + (<usize>((entry >> VALUE) + (<u32>(held >> LITERAL_BITS) & 15)) << 2));
        if ((entry & LITERAL) != 0) {
          if (out >= stop) return false;
          held >>= entry & 0xff;
          bits -= entry & 0xff;
          store<u8>(out++, <u8>(entry >> VALUE));
          continue;
        }
      }
      if (entry == 0 || at > end + 16) return false;
      held >>= entry & 0xff;
      bits -= entry & 0xff;
      if ((entry & END) != 0) break;
      let extra = (entry >> EXTRA) & 31;
      const run = (entry >> VALUE) + (<u32>held & ((1 << extra) - 1));
      held >>= extra;
      bits -= extra;
      entry = load<u32>(distances + ((<usize>held & 255) << 2));
      if ((entry & SUBTABLE) != 0)
        entry = load<u32>(distances + (<usize>((entry >> VALUE) + (<u32>(held >> DISTANCE_BITS) & 127)) << 2));
      if (entry == 0) return false;
      held >>= entry & 0xff;
      bits -= entry & 0xff;
      extra = (entry >> EXTRA) & 31;
      const back: usize = (entry >> VALUE) + (<u32>held & ((1 << extra) - 1));
      held >>= extra;
      bits -= extra;
      if (out > stop || back > out - to || run > stop - out) return false;
      const target = out + run;
      if (back >= 16) {
        v128.store(out, v128.load(out - back));
        for (out += 16; out < target; out += 16) v128.store(out, v128.load(out - back));
      } else if (back == 1) memory.fill(out, load<u8>(out - 1), run);
      else if (back >= 8) for (; out < target; out += 8) store<u64>(out, load<u64>(out - back));
      else for (; out < target; out++) store<u8>(out, load<u8>(out - back));
      out = target;
    }
    if (last) break;
  }
  // The trailer follows, and nothing behind it.
  return out == stop && at - (bits >> 3) == end - 8;
}
