import type { Body } from './pages.ts';

// Source of the encodings: apache/parquet-format, Encodings.md. Everything here throws RangeError for what cannot be so.

/**
 * `n` values of `width` bits each, in runs of one value and groups of eight packed (Parquet's hybrid of RLE and bit packing); `body.at` is
 * then behind them. Returns the greatest of them.
 */
export function readHybrid(body: Body, width: number, n: number, out: Int32Array, from: number): number {
  if (width > 31) throw new RangeError('too wide');
  const bytes = (width + 7) >> 3;
  let greatest = 0;
  let i = from;
  const stop = from + n;
  while (i < stop) {
    const head = varint(body);
    if (head % 2 === 0) {
      const end = i + head / 2;
      if (end === i || end > stop || body.at + bytes > body.stop) throw new RangeError('no run');
      let value = 0;
      for (let b = 0; b < bytes; b += 1) value += body.view.getUint8(body.at + b) * 2 ** (8 * b);
      if (value >= 2 ** width) throw new RangeError('a value wider than said');
      body.at += bytes;
      out.fill(value, i, end);
      if (value > greatest) greatest = value;
      i = end;
      continue;
    }
    const groups = (head - 1) / 2;
    const end = Math.min(stop, i + groups * 8);
    // The last groups are filled up beyond what is asked for: our kernel to eight values, DuckDB to 256.
    if (groups === 0 || body.at + groups * width > body.stop || i + groups * 8 >= stop + 256)
      throw new RangeError('no groups');
    const most = unpack(body, width, end - i, out, i);
    if (most > greatest) greatest = most;
    body.at += groups * width;
    i = end;
  }
  return greatest;
}

/** The one value (0 or 1) of `n` that stand as a single run of a bit's width; null, with nothing read, where they do not. */
export function readRun(body: Body, n: number): 0 | 1 | null {
  const { at } = body;
  if (varint(body) === n * 2 && body.at < body.stop) {
    const value = body.view.getUint8(body.at);
    body.at += 1;
    if (value <= 1) return value === 1 ? 1 : 0;
  }
  body.at = at;
  return null;
}

function unpack(body: Body, width: number, n: number, out: Int32Array, from: number): number {
  const { view, at } = body;
  const mask = 2 ** width - 1;
  let greatest = 0;
  let i = 0;
  if (width <= 25) {
    // A word holds the value wherever in its first byte that begins.
    const fast = Math.min(n, width === 0 ? n : Math.floor(((view.byteLength - 4 - at) * 8) / width));
    for (let bit = 0; i < fast; i += 1, bit += width) {
      const value = (view.getUint32(at + (bit >>> 3), true) >>> (bit & 7)) & mask;
      out[from + i] = value;
      if (value > greatest) greatest = value;
    }
  }
  for (; i < n; i += 1) {
    const value = bitsAt(view, at, i * width, width);
    out[from + i] = value;
    if (value > greatest) greatest = value;
  }
  return greatest;
}

/** Up to 53 bits, however near to the view's end. */
function bitsAt(view: DataView, at: number, bit: number, width: number): number {
  let value = 0;
  let scale = 1;
  let byte = at + Math.floor(bit / 8);
  let skip = bit % 8;
  for (let left = width; left > 0; byte += 1) {
    const take = Math.min(left, 8 - skip);
    value += ((view.getUint8(byte) >>> skip) & ((1 << take) - 1)) * scale;
    scale *= 2 ** take;
    left -= take;
    skip = 0;
  }
  return value;
}

/** `n` whole numbers by their differences (DELTA_BINARY_PACKED); `body.at` is then behind them. */
export function readDifferences(body: Body, n: number, out: Float64Array, from: number): void {
  const block = varint(body);
  const parts = varint(body);
  if (varint(body) !== n) throw new RangeError('another number of values');
  const size = block / parts;
  if (!(block > 0 && block <= 1 << 16 && size % 32 === 0)) throw new RangeError('no block');
  let value = zigzag(body);
  if (n === 0) return;
  out[from] = value;
  let i = from + 1;
  const stop = from + n;
  while (i < stop) {
    const least = zigzag(body);
    const widths = body.at;
    body.at += parts;
    if (body.at > body.stop) throw new RangeError('cut');
    for (let part = 0; part < parts && i < stop; part += 1) {
      const width = body.view.getUint8(widths + part);
      const count = Math.min(size, stop - i);
      const end = body.at + (size / 8) * width;
      if (width > 53 || end > body.stop) throw new RangeError('cut, or beyond exact numbers');
      const { view, at } = body;
      if (width <= 25 && end + 4 <= view.byteLength && Math.abs(least) <= 2 ** 40 && Math.abs(value) <= 2 ** 52) {
        // Nothing here can reach 2^53: a part has 2^16 values at most in blocks as read.
        const mask = 2 ** width - 1;
        for (let k = 0, bit = 0; k < count; k += 1, bit += width) {
          value += least + ((view.getUint32(at + (bit >>> 3), true) >>> (bit & 7)) & mask);
          out[i + k] = value;
        }
        exact(value);
      } else {
        for (let k = 0; k < count; k += 1) {
          value = exact(value + exact(least + bitsAt(view, at, k * width, width)));
          out[i + k] = value;
        }
      }
      i += count;
      body.at = end;
    }
  }
}

/** `n` INT64, eight bytes each. */
export function readLongs(body: Body, n: number, out: Float64Array, from: number): void {
  const { view, at } = body;
  if (at + n * 8 > body.stop) throw new RangeError('cut');
  for (let i = 0; i < n; i += 1)
    out[from + i] = exact(view.getUint32(at + i * 8, true) + view.getInt32(at + i * 8 + 4, true) * 2 ** 32);
  body.at = at + n * 8;
}

/** `n` INT32, four bytes each. */
export function readInts(body: Body, n: number, out: Float64Array, from: number): void {
  const { view, at } = body;
  if (at + n * 4 > body.stop) throw new RangeError('cut');
  for (let i = 0; i < n; i += 1) out[from + i] = view.getInt32(at + i * 4, true);
  body.at = at + n * 4;
}

/** `n` BOOLEAN, a bit each, as 0 and 1. */
export function readBits(body: Body, n: number, out: Float64Array, from: number): void {
  const { view, at } = body;
  const end = at + ((n + 7) >> 3);
  if (end > body.stop) throw new RangeError('cut');
  for (let i = 0; i < n; i += 1) out[from + i] = (view.getUint8(at + (i >> 3)) >> (i & 7)) & 1;
  body.at = end;
}

/** The next four bytes as a length. */
export function readLength(body: Body): number {
  if (body.at + 4 > body.stop) throw new RangeError('cut');
  const length = body.view.getUint32(body.at, true);
  body.at += 4;
  if (body.at + length > body.stop) throw new RangeError('cut');
  return length;
}

/** A number that is surely the one that was written: sums and products beyond 2^53 are rounded. */
function exact(value: number): number {
  if (!(Math.abs(value) <= Number.MAX_SAFE_INTEGER)) throw new RangeError('beyond exact numbers');
  return value;
}

/** As varint, with the sign in the lowest bit: read apart, since twice a number may be beyond 2^53 where it is not. */
function zigzag(body: Body): number {
  if (body.at >= body.stop) throw new RangeError('cut');
  const first = body.view.getUint8(body.at);
  body.at += 1;
  let value = (first & 127) >> 1;
  if (first >= 128) value += varint(body) * 64;
  exact(value);
  return (first & 1) === 0 ? value : -value - 1;
}

function varint(body: Body): number {
  let value = 0;
  for (let scale = 1; scale < 2 ** 63; scale *= 128) {
    if (body.at >= body.stop) throw new RangeError('cut');
    const byte = body.view.getUint8(body.at);
    body.at += 1;
    value += (byte & 127) * scale;
    if (byte < 128) return exact(value);
  }
  throw new RangeError('no number');
}
