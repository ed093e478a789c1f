/*
 * Terraform's numbers are binary floats of a precision that goes with them: 512 bits from literals and text, 64 from counts and indexes, 53 from
 * log and pow. Source: zclconf/go-cty, cty/value_ops.go (Add, Multiply, Divide, Modulo), ParseNumberVal; Go's math/big.
 */

/** `m * 2 ** e`, m odd or 0, at a precision of p bits. */
export interface Float {
  m: bigint;
  e: number;
  p: number;
}

export const LITERAL_PRECISION = 512;
/** Larger or smaller than any number of a configuration; keeps the integers here small. In powers of ten. */
const MAX_EXPONENT = 1000;
const MAX_DIGITS = 1000;
/** Of products of such numbers, in powers of two: beyond it every function here throws a RangeError. */
const MAX_SHIFT = 10_000;

function bitsOf(m: bigint): number {
  const size = (m < 0n ? -m : m).toString(16);
  return (size.length - 1) * 4 + Number.parseInt(size[0]!, 16).toString(2).length;
}

/** To the nearest of p bits, halves to even; `sticky` says that something smaller than all bits was cut off. */
function rounded(m: bigint, e: number, p: number, sticky = false): Float {
  if (m === 0n) return { m: 0n, e: 0, p };
  const negative = m < 0n;
  let value = negative ? -m : m;
  let exponent = e;
  const extra = bitsOf(value) - p;
  if (extra > 0) {
    const cut = BigInt(extra);
    const rest = value & ((1n << cut) - 1n);
    const half = 1n << (cut - 1n);
    value >>= cut;
    exponent += extra;
    if (rest > half || (rest === half && (sticky || (value & 1n) === 1n))) value += 1n;
  }
  while ((value & 0xffffn) === 0n) {
    value >>= 16n;
    exponent += 16;
  }
  while ((value & 1n) === 0n) {
    value >>= 1n;
    exponent += 1;
  }
  if (Math.abs(exponent) > MAX_SHIFT) throw new RangeError('a number beyond all that are worked with');
  return { m: negative ? -value : value, e: exponent, p };
}

export function ofInteger(value: bigint, p = Math.max(64, bitsOf(value))): Float {
  return rounded(value, 0, p);
}

/** A double as it is. */
export function ofDouble(value: number, p: number): Float {
  if (Number.isInteger(value)) return rounded(BigInt(value), 0, p);
  if (!Number.isFinite(value)) throw new RangeError('no number');
  let scaled = value;
  let e = 0;
  while (!Number.isInteger(scaled)) {
    scaled *= 2;
    e -= 1;
  }
  return rounded(BigInt(scaled), e, p);
}

/** The nearest double; exact says whether it is the number itself. */
export function toDouble(f: Float): { value: number; exact: boolean } {
  const { m, e } = rounded(f.m, f.e, 53);
  const value = Number(m) * 2 ** e;
  return { value, exact: m === f.m && e === f.e && Number.isFinite(value) && (m === 0n || value !== 0) && e > -1000 };
}

/** Decimal text to a number of 512 bits; null where it is no number or beyond all bounds. */
export function parseFloat512(text: string): Float | null {
  const match = /^([+-]?)(\d*)(?:\.(\d*))?(?:[eE]([+-]?\d+))?$/.exec(text);
  if (match === null) return null;
  const [, sign, whole = '', fraction = '', power = '0'] = match;
  const digits = whole + fraction;
  const exponent = Number(power) - fraction.length;
  if (digits === '' || digits.length > MAX_DIGITS || Math.abs(exponent) > MAX_EXPONENT) return null;
  const m = BigInt(digits) * (sign === '-' ? -1n : 1n);
  if (exponent >= 0) return rounded(m * 10n ** BigInt(exponent), 0, LITERAL_PRECISION);
  return quotient(m, 0, 10n ** BigInt(-exponent), 0, LITERAL_PRECISION);
}

function quotient(a: bigint, ae: number, b: bigint, be: number, p: number): Float {
  if (a === 0n) return { m: 0n, e: 0, p };
  const shift = Math.max(0, p + 2 + bitsOf(b) - bitsOf(a));
  const numerator = (a < 0n ? -a : a) << BigInt(shift);
  const denominator = b < 0n ? -b : b;
  const q = numerator / denominator;
  const negative = a < 0n !== b < 0n;
  // One more bit, so that what was cut off decides a half.
  const exact = q * denominator === numerator;
  const m = (q << 1n) | (exact ? 0n : 1n);
  return rounded(negative ? -m : m, ae - be - shift - 1, p);
}

function aligned(a: Float, b: Float): [bigint, bigint, number] {
  const e = Math.min(a.e, b.e);
  return [a.m << BigInt(a.e - e), b.m << BigInt(b.e - e), e];
}

export function add(a: Float, b: Float): Float {
  const [x, y, e] = aligned(a, b);
  return rounded(x + y, e, Math.max(a.p, b.p));
}

export function negate(a: Float): Float {
  return { ...a, m: -a.m };
}

export function multiply(a: Float, b: Float): Float {
  const product = rounded(a.m * b.m, a.e + b.e, LITERAL_PRECISION);
  return { ...product, p: Math.max(a.p, b.p, product.m === 0n ? 0 : bitsOf(product.m)) };
}

/** `b` is not 0. */
export function divide(a: Float, b: Float): Float {
  return quotient(a.m, a.e, b.m, b.e, Math.max(a.p, b.p));
}

/** Toward zero. */
export function truncate(a: Float): bigint {
  if (a.e >= 0) return a.m << BigInt(a.e);
  const whole = (a.m < 0n ? -a.m : a.m) >> BigInt(-a.e);
  return a.m < 0n ? -whole : whole;
}

/** `b` is not 0. The sign is that of `a`. */
export function modulo(a: Float, b: Float): Float {
  const p = Math.max(a.p, b.p);
  const whole = truncate(divide(a, b));
  const taken = rounded(whole * b.m, b.e, p);
  const [x, y, e] = aligned(a, taken);
  return rounded(x - y, e, p);
}

export function compare(a: Float, b: Float): number {
  const [x, y] = aligned(a, b);
  return x < y ? -1 : x > y ? 1 : 0;
}

interface Decimal {
  digits: string;
  /** Where the point is, counted from before the first digit. */
  point: number;
}

function decimal(m: bigint, e: number): Decimal {
  const all = (e >= 0 ? m << BigInt(e) : m * 5n ** BigInt(-e)).toString();
  const digits = all.replace(/0+$/, '');
  return { digits, point: digits === '' ? 0 : all.length + Math.min(0, e) };
}

/** The fewest digits that are this number and no other of its precision. Go's math/big, roundShortest in ftoa.go. */
function shortest(f: Float): Decimal {
  const exact = decimal(f.m, f.e);
  const shift = f.p + 1 - bitsOf(f.m);
  if (shift <= 0) return exact;
  const m = f.m << BigInt(shift);
  const lower = decimal(m - 1n, f.e - shift).digits;
  const upper = decimal(m + 1n, f.e - shift).digits;
  const inclusive = (m & 2n) === 0n;
  for (let i = 0; i < exact.digits.length; i += 1) {
    const [digit, below, above] = [exact.digits[i]!, lower[i] ?? '0', upper[i] ?? '0'];
    const down = below !== digit || (inclusive && i + 1 === lower.length);
    const up = digit !== above && (inclusive || digit.charCodeAt(0) + 1 < above.charCodeAt(0) || i + 1 < upper.length);
    if (!down && !up) continue;
    const kept = exact.digits.slice(0, i + 1);
    const rest = exact.digits.slice(i + 1);
    const half = rest[0] ?? '0';
    const nearestUp = half > '5' || (half === '5' && (rest.length > 1 || (digit.charCodeAt(0) & 1) === 1));
    if (down && (!up || !nearestUp)) return { digits: kept.replace(/0+$/, ''), point: exact.point };
    const raised = (BigInt(kept) + 1n).toString();
    return { digits: raised.replace(/0+$/, ''), point: exact.point + raised.length - kept.length };
  }
  return exact;
}

/** As Terraform prints it: no exponent, no zeros at the end. */
export function floatText(f: Float): string {
  if (f.m === 0n) return '0';
  if (f.m < 0n) return `-${floatText(negate(f))}`;
  const { digits, point } = shortest(f);
  if (point <= 0) return `0.${'0'.repeat(-point)}${digits}`;
  if (digits.length <= point) return digits + '0'.repeat(point - digits.length);
  return `${digits.slice(0, point)}.${digits.slice(point)}`;
}
