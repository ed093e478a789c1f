// Bits of the word `about` of a record and of a row.
export const PROTOCOL: u32 = 0xff;
/** 0 nothing, 1 SYN, 2 SYN-ACK. */
export const FLAGS_SHIFT: u32 = 8;
export const REJECTED: u32 = 1 << 10;
/** 0 none, 1 ingress, 2 egress. */
export const DIRECTION_SHIFT: u32 = 11;
export const CROSSES: u32 = 1 << 13;
/** The address is a number of the odd addresses and no dotted quad. */
export const SRC_ODD: u32 = 1 << 14;
export const DST_ODD: u32 = 1 << 15;
/** 0 none or the address itself (the word is 0 then), 1 dotted quad, 2 odd. */
export const PKT_SRC_SHIFT: u32 = 16;
export const PKT_DST_SHIFT: u32 = 18;
export const NO_SRCPORT: u32 = 1 << 20;
export const NO_DSTPORT: u32 = 1 << 21;
/** What the key of a row has. */
export const IN_KEY: u32 = (1 << 22) - 1;
export const CLOSES: u32 = 1 << 22;
/** The called end is dst (1), src (2) or unknown (0), by the ports. */
export const CALLED_SHIFT: u32 = 24;
/** 0 OK, 1 NODATA, 2 SKIPDATA. */
export const STATUS_SHIFT: u32 = 26;

/** First port of what Linux gives to clients; sql/opener.ts has the same. */
export const EPHEMERAL: u32 = 32768;
export const DAY: u32 = 86400;
/** For numbers that may be missing. */
export const NONE: u32 = 0xffffffff;

// A record: 64 bytes, a line of the cache.
export const RECORD: u32 = 64;
export const R_INTERFACE: usize = 0;
export const R_START: usize = 4;
export const R_END: usize = 8;
export const R_ABOUT: usize = 12;
export const R_SRC: usize = 16;
export const R_DST: usize = 20;
export const R_PKT_SRC: usize = 24;
export const R_PKT_DST: usize = 28;
/** Source in the upper half. */
export const R_PORTS: usize = 32;
/** Its conversation within its group; NONE: the ports do not agree about who called. */
export const R_CONVERSATION: usize = 36;
export const R_PACKETS: usize = 40;
export const R_BYTES: usize = 48;
/** Index of its day. */
export const R_DAY: usize = 56;

/** A block of at least this size, its content kept; what was there is at most doubled. */
export function grown(block: usize, size: usize, needed: usize): usize {
  if (needed <= size) return block;
  const next = max(needed, size * 2);
  return block == 0 ? heap.alloc(next) : heap.realloc(block, next);
}
