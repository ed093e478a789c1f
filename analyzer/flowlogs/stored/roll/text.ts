import { constants } from 'node:buffer';
import { readFileSync, statSync } from 'node:fs';
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
  if (statSync(path).size > MOST_BYTES) return null;
  const raw = readFileSync(path);
  const bytes = raw.length;
  if (raw[0] !== 0x1f || raw[1] !== 0x8b) {
    if (/\.gz$/i.test(path)) return null;
    return { at: kernel.hold(raw, 0), length: bytes, gzip: false, bytes };
  }
  const known = oneMember(kernel, raw);
  if (known !== null) return { ...known, gzip: true, bytes };
  try {
    const text = gunzipSync(raw, { maxOutputLength: MOST_BYTES });
    return { at: kernel.hold(text, 0), length: text.length, gzip: true, bytes };
  } catch {
    return null;
  }
}

/** As the kernel inflates it, where the trailer's size and checksum are right: those of a single member below 4 GiB. */
function oneMember(kernel: Kernel, raw: Buffer): { at: number; length: number } | null {
  if (raw.length < 18) return null;
  const length = raw.readUInt32LE(raw.length - 4);
  if (length > MOST_BYTES || length > raw.length * MOST_GROWTH) return null;
  const at = kernel.room(0, length);
  if (kernel.exports.inflate(kernel.hold(raw, 1), raw.length, at, length) === 0) return null;
  return crc32(kernel.bytes(at, length)) === raw.readUInt32LE(raw.length - 8) ? { at, length } : null;
}
