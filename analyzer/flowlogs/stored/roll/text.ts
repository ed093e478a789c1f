import { constants } from 'node:buffer';
import { closeSync, fstatSync, openSync, readSync } from 'node:fs';
import { crc32, gunzipSync } from 'node:zlib';
import type { Kernel } from './kernel.ts';

/** An inflated file is held whole; one that is greater is read by DuckDB in pieces. */
export const MOST_BYTES = Math.min(256 * 1024 * 1024, constants.MAX_LENGTH);
/** DEFLATE makes no more of a byte than this (zlib's FAQ says 1032): a trailer that says more is not the size. */
const MOST_GROWTH = 1032;

/** Text in the kernel's memory. */
export interface HeldText {
  at: number;
  length: number;
  gzip: boolean;
  /** Of the file. */
  bytes: number;
}

/** The file's text, inflated where it is gzip; null where it is not for this reader. */
export function holdText(kernel: Kernel, path: string): HeldText | null {
  const file = holdFile(kernel, path);
  if (file === null) return null;
  const { at: from, length: bytes } = file;
  const [first, second] = kernel.bytes(from, Math.min(bytes, 2));
  if (first !== 0x1f || second !== 0x8b) {
    if (/\.gz$/i.test(path)) return null;
    return { at: from, length: bytes, gzip: false, bytes };
  }
  const known = oneMember(kernel, from, bytes);
  if (known !== null) return { ...known, gzip: true, bytes };
  try {
    const text = gunzipSync(kernel.bytes(from, bytes), { maxOutputLength: MOST_BYTES });
    return { at: kernel.hold(text, 0), length: text.length, gzip: true, bytes };
  } catch {
    return null;
  }
}

/** The file's bytes as they are, in the kernel's memory and nowhere else. */
function holdFile(kernel: Kernel, path: string): { at: number; length: number } | null {
  const file = openSync(path, 'r');
  try {
    const { size } = fstatSync(file);
    if (size > MOST_BYTES) return null;
    const at = kernel.room(1, size);
    const room = kernel.bytes(at, size);
    let length = 0;
    while (length < size) {
      const read = readSync(file, room, length, size - length, null);
      if (read === 0) break;
      length += read;
    }
    return { at, length };
  } finally {
    closeSync(file);
  }
}

/** As the kernel inflates it, where the trailer's size and checksum are right: those of a single member below 4 GiB. */
function oneMember(kernel: Kernel, from: number, bytes: number): { at: number; length: number } | null {
  if (bytes < 18) return null;
  const trailer = Buffer.from(kernel.bytes(from + bytes - 8, 8));
  const length = trailer.readUInt32LE(4);
  if (length > MOST_BYTES || length > bytes * MOST_GROWTH) return null;
  const at = kernel.room(0, length);
  if (kernel.exports.inflate(from, bytes, at, length) === 0) return null;
  return checksumOf(kernel, at, length) === trailer.readUInt32LE(0) ? { at, length } : null;
}

/** CRC-32 of what is in the kernel's memory, with room behind it: zlib's, of what the kernel has folded it to. */
export function checksumOf(kernel: Kernel, at: number, length: number): number {
  const { exports } = kernel;
  const rest = exports.fold(at, length);
  return rest === 0 ? crc32(kernel.bytes(at, length)) : crc32(kernel.bytes(exports.folded(), rest), 0xffffffff);
}
