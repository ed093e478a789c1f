import { NONE } from './words';

// Fields of text as numbers. All read up to sixteen bytes beyond the field, which the caller's buffer has.

/** A number as AWS writes it: no sign, no leading zero, at most 15 digits; else -1. */
@inline
export function whole(from: usize, to: usize): i64 {
  const length = to - from;
  if (length <= 8) return short(from, length);
  return long(from, to);
}

function long(from: usize, to: usize): i64 {
  const length = to - from;
  if (length > 15 || load<u8>(from) == 0x30) return -1;
  const high = digits(from, length - 8);
  const low = digits(to - 8, 8);
  return (high | low) < 0 ? -1 : high * 100000000 + low;
}

/** The same of up to eight digits, at least one. Without a branch: lengths change from field to field. */
@inline
export function short(from: usize, length: usize): i64 {
  const empty = 64 - (<u64>length << 3);
  let v = (load<u64>(from) ^ 0x3030303030303030) << empty;
  const none = ((v + 0x7676767676767676) | v) & 0x8080808080808080;
  const led = <u32>(length > 1) & <u32>(load<u8>(from) == 0x30);
  v = (v * 10 + (v >> 8)) & 0x00ff00ff00ff00ff;
  v = (v * 100 + (v >> 16)) & 0x0000ffff0000ffff;
  v = (v * 10000 + (v >> 32)) & 0xffffffff;
  return <i64>v | -<i64>((none != 0 ? 1 : 0) | led);
}

/** The first two digits of the last time, as they stand, and what they are worth. */
let century: u32 = 0;
let centuryValue: i64 = 0;

/** A time of ten digits, as all are from 2001 on until 2286; `whole` reads others. */
@inline
export function time(from: usize, to: usize): i64 {
  if (to - from != 10 || <u32>load<u16>(from) != century) return anyTime(from, to);
  let v = load<u64>(from, 2) ^ 0x3030303030303030;
  const none = ((v + 0x7676767676767676) | v) & 0x8080808080808080;
  v = (v * 10 + (v >> 8)) & 0x00ff00ff00ff00ff;
  v = (v * 100 + (v >> 16)) & 0x0000ffff0000ffff;
  v = (v * 10000 + (v >> 32)) & 0xffffffff;
  return (centuryValue + <i64>v) | -<i64>(none != 0 ? 1 : 0);
}

function anyTime(from: usize, to: usize): i64 {
  const value = whole(from, to);
  if (value >= 0 && to - from == 10) {
    century = load<u16>(from);
    centuryValue = (value / 100000000) * 100000000;
  }
  return value;
}

/** Up to eight digits, at least one, eight bytes at once; -1 where one of them is none. */
@inline
function digits(from: usize, length: usize): i64 {
  const empty = 64 - (<u64>length << 3);
  let v = (load<u64>(from) ^ 0x3030303030303030) << empty;
  if (((v + 0x7676767676767676) | v) & 0x8080808080808080) return -1;
  v = (v * 10 + (v >> 8)) & 0x00ff00ff00ff00ff;
  v = (v * 100 + (v >> 16)) & 0x0000ffff0000ffff;
  return (v * 10000 + (v >> 32)) & 0xffffffff;
}

/** The same, 0 where it is missing. */
@inline
export function amount(from: usize, to: usize): i64 {
  if (isDash(from, to)) return 0;
  return whole(from, to);
}

/** -1: missing; -2: none that fits. */
@inline
export function port(from: usize, to: usize): i32 {
  if (isDash(from, to)) return -1;
  const length = to - from;
  const value = length > 5 ? -1 : short(from, length);
  return value < 0 || value > 65535 ? -2 : <i32>value;
}

@inline
export function isDash(from: usize, to: usize): bool {
  return to - from == 1 && load<u8>(from) == 0x2d;
}

@inline
export function isWord6(from: usize, to: usize, word: u64): bool {
  return to - from == 6 && (load<u64>(from) & 0xffffffffffff) == word;
}

/** Set by `quad`. */
export let quadValue: u32 = 0;

/** Whether this is a canonical dotted quad. */
@inline
export function quad(from: usize, to: usize): bool {
  const length = <u32>(to - from);
  if (length - 7 > 8) return false;
  const dots = i8x16.bitmask(i8x16.eq(v128.load(from), i8x16.splat(0x2e))) & ((1 << length) - 1);
  if (popcnt(dots) != 3) return false;
  const first = ctz(dots);
  const rest = dots & (dots - 1);
  const second = ctz(rest);
  const third = ctz(rest & (rest - 1));
  const a = octet(from, first);
  const b = octet(from + first + 1, second - first - 1);
  const c = octet(from + second + 1, third - second - 1);
  const d = octet(from + third + 1, length - third - 1);
  if ((a | b | c | d) > 255) return false;
  quadValue = (a << 24) | (b << 16) | (c << 8) | d;
  return true;
}

/** More than 255 where it is none (up to 999, or with all bits). */
@inline
function octet(from: usize, length: u32): u32 {
  if (length - 1 > 2) return NONE;
  const v = (load<u32>(from) ^ 0x30303030) << (32 - (length << 3));
  if (((v + 0x76767676) | v) & 0x80808080) return NONE;
  const value = ((v >> 8) & 0xff) * 100 + ((v >> 16) & 0xff) * 10 + (v >> 24);
  // Zeros before it are not how AWS writes it: two digits are 10 at least, three 100.
  return value | -<u32>(value < ((0x640a00 >> ((length << 3) - 8)) & 0xff));
}
