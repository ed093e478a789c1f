import { grown, KeyTable } from './table.ts';

/** Bits of the word `about` of a record and of a row. */
export const PROTOCOL = 0xff;
/** 0 nothing, 1 SYN, 2 SYN-ACK. */
export const FLAGS_SHIFT = 8;
export const REJECTED = 1 << 10;
/** 0 none, 1 ingress, 2 egress. */
export const DIRECTION_SHIFT = 11;
export const CROSSES = 1 << 13;
/** The address is a number of OddAddresses and no dotted quad. */
export const SRC_ODD = 1 << 14;
export const DST_ODD = 1 << 15;
/** 0 none or the address itself (the word is 0 then), 1 dotted quad, 2 odd. */
export const PKT_SRC_SHIFT = 16;
export const PKT_DST_SHIFT = 18;
export const NO_SRCPORT = 1 << 20;
export const NO_DSTPORT = 1 << 21;
/** What the key of a row has. */
export const IN_KEY = (1 << 22) - 1;
export const CLOSES = 1 << 22;
export const CERTAIN = 1 << 23;
/** The called end is dst (1), src (2) or unknown (0), by the ports. */
export const CALLED_SHIFT = 24;

const ACCEPTED_SEEN = 1;
const SILENT_SEEN = 2;
const CLOSES_SEEN = 4;

/** First port of what Linux gives to clients; sql/opener.ts has the same. */
export const EPHEMERAL = 32768;
const DAY = 86400;

/** Usable records with status OK, by column, and what their conversations came to. */
export class Records {
  size = 0;
  interfaces = new Int32Array(1 << 14);
  src = new Int32Array(1 << 14);
  dst = new Int32Array(1 << 14);
  pktSrc = new Int32Array(1 << 14);
  pktDst = new Int32Array(1 << 14);
  /** Source in the upper half. */
  ports = new Int32Array(1 << 14);
  about = new Int32Array(1 << 14);
  start = new Uint32Array(1 << 14);
  end = new Uint32Array(1 << 14);
  packets = new Float64Array(1 << 14);
  bytes = new Float64Array(1 << 14);
  /** -1: the ports do not agree about who called. */
  conversation = new Int32Array(1 << 14);
  private readonly conversations = new KeyTable();
  private seen = new Uint8Array(1 << 14);
  private lastEnd = new Uint32Array(1 << 14);

  /** Forgets all records and keeps the memory. */
  clear(): void {
    this.seen.fill(0, 0, this.conversations.size);
    this.lastEnd.fill(0, 0, this.conversations.size);
    this.conversations.clear();
    this.size = 0;
  }

  add(
    interfaceNumber: number,
    src: number,
    dst: number,
    pktSrc: number,
    pktDst: number,
    ports: number,
    about: number,
    start: number,
    end: number,
    packets: number,
    bytes: number,
  ): void {
    const n = this.size;
    if (n === this.src.length) this.grow(n + 1);
    this.interfaces[n] = interfaceNumber;
    this.src[n] = src;
    this.dst[n] = dst;
    this.pktSrc[n] = pktSrc;
    this.pktDst[n] = pktDst;
    this.ports[n] = ports;
    this.about[n] = about;
    this.start[n] = start;
    this.end[n] = end;
    this.packets[n] = packets;
    this.bytes[n] = bytes;
    this.size = n + 1;
    const called = about >>> CALLED_SHIFT;
    this.conversation[n] =
      called === 0 ? -1 : this.converse(called, interfaceNumber, src, dst, pktSrc, pktDst, ports, about, start, end);
  }

  private converse(
    called: number,
    interfaceNumber: number,
    src: number,
    dst: number,
    pktSrc: number,
    pktDst: number,
    ports: number,
    about: number,
    start: number,
    end: number,
  ): number {
    const srcOdd = (about & SRC_ODD) === 0 ? 0 : 1;
    const dstOdd = (about & DST_ODD) === 0 ? 0 : 1;
    const srcKind = (about >>> PKT_SRC_SHIFT) & 3;
    const dstKind = (about >>> PKT_DST_SHIFT) & 3;
    const day = (start / DAY) | 0;
    const protocol = about & PROTOCOL;
    const n =
      called === 1
        ? this.conversations.put(
            interfaceNumber,
            protocol | (dstOdd << 8) | (srcOdd << 9) | (dstKind << 10) | (srcKind << 12),
            dst,
            src,
            pktDst,
            pktSrc,
            (ports << 16) | (ports >>> 16),
            day,
          )
        : this.conversations.put(
            interfaceNumber,
            protocol | (srcOdd << 8) | (dstOdd << 9) | (srcKind << 10) | (dstKind << 12),
            src,
            dst,
            pktSrc,
            pktDst,
            ports,
            day,
          );
    if (n >= this.seen.length) {
      this.seen = grown(this.seen, n + 1);
      this.lastEnd = grown(this.lastEnd, n + 1);
    }
    let bits = this.seen[n]!;
    if ((about & REJECTED) === 0)
      bits |= ((about >>> FLAGS_SHIFT) & 3) === 0 ? ACCEPTED_SEEN | SILENT_SEEN : ACCEPTED_SEEN;
    if ((about & CLOSES) !== 0) bits |= CLOSES_SEEN;
    this.seen[n] = bits;
    if (end > this.lastEnd[n]!) this.lastEnd[n] = end;
    return n;
  }

  /** Which end's port may be folded away, as sql/flow.ts decides it: 0 neither, 1 src, 2 dst. */
  foldOf(n: number): 0 | 1 | 2 {
    const about = this.about[n]!;
    const conversation = this.conversation[n]!;
    if (conversation < 0 || (about & CERTAIN) === 0) return 0;
    const called = about >>> CALLED_SHIFT;
    const flags = (about >>> FLAGS_SHIFT) & 3;
    const seen = this.seen[conversation]!;
    if ((about & REJECTED) !== 0 && flags === 0 && called === 1 && (seen & ACCEPTED_SEEN) === 0) return 1;
    if ((seen & SILENT_SEEN) !== 0) return 0;
    if ((seen & CLOSES_SEEN) === 0) {
      const start = this.start[n]!;
      if (this.lastEnd[conversation]! >= start - (start % DAY) + DAY - 3600) return 0;
    }
    if (flags === 1 && called === 1) return 1;
    return flags === 2 && called === 2 ? 2 : 0;
  }

  private grow(length: number): void {
    this.interfaces = grown(this.interfaces, length);
    this.src = grown(this.src, length);
    this.dst = grown(this.dst, length);
    this.pktSrc = grown(this.pktSrc, length);
    this.pktDst = grown(this.pktDst, length);
    this.ports = grown(this.ports, length);
    this.about = grown(this.about, length);
    this.start = grown(this.start, length);
    this.end = grown(this.end, length);
    this.packets = grown(this.packets, length);
    this.bytes = grown(this.bytes, length);
    this.conversation = grown(this.conversation, length);
  }
}
