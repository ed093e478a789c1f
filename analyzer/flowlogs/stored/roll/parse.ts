import type { FieldName } from '../../fields.ts';
import { InterfaceNames, OddAddresses } from './names.ts';
import {
  CALLED_SHIFT,
  CERTAIN,
  CLOSES,
  CROSSES,
  DIRECTION_SHIFT,
  DST_ODD,
  EPHEMERAL,
  FLAGS_SHIFT,
  NO_DSTPORT,
  NO_SRCPORT,
  PKT_DST_SHIFT,
  PKT_SRC_SHIFT,
  REJECTED,
  Records,
  SRC_ODD,
} from './records.ts';
import { Watched } from './watched.ts';

const DAY = 86400;
const SPACE = 0x20;
const NEWLINE = 0x0a;
const DASH = 0x2d;
const DOT = 0x2e;
const ACCEPT = bytesOf('ACCEPT');
const REJECT = bytesOf('REJECT');
const NODATA = bytesOf('NODATA');
const SKIPDATA = bytesOf('SKIPDATA');
const INGRESS = bytesOf('ingress');
const EGRESS = bytesOf('egress');
/** Longer than any aggregation interval of AWS, as in sql/normalise.ts. */
const LONGEST_INTERVAL = 3600;
/** Times are kept in 32 bits. */
const LAST_TIME = 2 ** 32 - 2 * DAY;

/** What the inventory says, by the interface's id. */
export interface Knowledge {
  /** Whether the address (a quad's number, or a number of OddAddresses) is one of the interface's. */
  isOwn(interfaceNumber: number, value: number, odd: boolean): boolean;
}

/**
 * The strict reader of text: lines whose every field is written as AWS writes it. Anything else (a damaged record, a header further
 * down, bytes that are no ASCII, an address that is none) makes `parse` return false, and DuckDB reads the files instead: sql/normalise.ts is what
 * says which record is damaged and why.
 */
export class Parser {
  readonly records = new Records();
  readonly watched = new Watched();
  readonly interfaces = new InterfaceNames();
  readonly odd = new OddAddresses();
  lines = 0;
  oldest = Number.POSITIVE_INFINITY;
  newest = -1;
  private readonly knowledge: Knowledge;
  /** Set by `address`. */
  private value = 0;
  private starts = new Int32Array(64);

  constructor(knowledge: (interfaces: InterfaceNames, odd: OddAddresses) => Knowledge) {
    this.knowledge = knowledge(this.interfaces, this.odd);
  }

  /** Forgets all records; names keep their numbers, and the memory stays. */
  clear(): void {
    this.records.clear();
    this.watched.clear();
    this.lines = 0;
    this.oldest = Number.POSITIVE_INFINITY;
    this.newest = -1;
  }

  /** Reads the lines from `from` on. False: not for this reader; what was read before must not be used then. */
  parse(buffer: Buffer, from: number, fields: readonly string[]): boolean {
    const place = (name: FieldName) => fields.indexOf(name);
    const count = fields.length;
    const interfaceId = place('interface-id');
    const srcaddr = place('srcaddr');
    const dstaddr = place('dstaddr');
    const srcport = place('srcport');
    const dstport = place('dstport');
    const protocolAt = place('protocol');
    const packetsAt = place('packets');
    const bytesAt = place('bytes');
    const startAt = place('start');
    const endAt = place('end');
    const actionAt = place('action');
    const statusAt = place('log-status');
    const flagsAt = place('tcp-flags');
    const pktSrcAt = place('pkt-srcaddr');
    const pktDstAt = place('pkt-dstaddr');
    const directionAt = place('flow-direction');
    if (this.starts.length < count + 1) this.starts = new Int32Array(count + 1);
    const { starts, records, watched, interfaces } = this;
    const length = buffer.length;
    let p = from;
    while (p < length) {
      let field = 0;
      starts[0] = p;
      // One byte more than a field's last is where the next begins.
      for (; p < length; p += 1) {
        const byte = buffer[p]!;
        if (byte > SPACE) continue;
        if (p === starts[field]) return false;
        field += 1;
        starts[field] = p + 1;
        if (byte === NEWLINE) break;
        if (byte !== SPACE || field === count) return false;
      }
      if (p === length) {
        if (p === starts[field]) return false;
        field += 1;
        starts[field] = p + 1;
      }
      p += 1;
      if (field !== count) return false;
      this.lines += 1;

      let s = starts[interfaceId]!;
      let e = starts[interfaceId + 1]! - 1;
      if (e - s < 4 || buffer[s] !== 0x65 || buffer[s + 1] !== 0x6e || buffer[s + 2] !== 0x69 || buffer[s + 3] !== DASH)
        return false;
      const interfaceNumber = interfaces.put(buffer, s, e);
      const start = whole(buffer, starts[startAt]!, starts[startAt + 1]! - 1);
      const end = whole(buffer, starts[endAt]!, starts[endAt + 1]! - 1);
      if (start < 0 || end < start || end - start > LONGEST_INTERVAL || end > LAST_TIME) return false;
      if (start < this.oldest) this.oldest = start;
      if (end > this.newest) this.newest = end;

      s = starts[statusAt]!;
      e = starts[statusAt + 1]! - 1;
      if (!(e - s === 2 && buffer[s] === 0x4f && buffer[s + 1] === 0x4b)) {
        const noData = isWord(buffer, s, e, NODATA);
        if (!noData && !isWord(buffer, s, e, SKIPDATA)) return false;
        watched.add(interfaceNumber, start, end, noData ? 1 : 2);
        continue;
      }
      watched.add(interfaceNumber, start, end, 0);

      s = starts[protocolAt]!;
      const protocol = whole(buffer, s, starts[protocolAt + 1]! - 1);
      if (protocol < 0 || protocol > 255) return false;
      let about = protocol;
      s = starts[actionAt]!;
      e = starts[actionAt + 1]! - 1;
      if (isWord(buffer, s, e, REJECT)) about |= REJECTED;
      else if (!isWord(buffer, s, e, ACCEPT)) return false;

      // Addresses: 1 dotted quad, 2 odd, 0 missing, -1 none.
      let kind = this.address(buffer, starts[srcaddr]!, starts[srcaddr + 1]! - 1);
      if (kind <= 0) return false;
      if (kind === 2) about |= SRC_ODD;
      const src = this.value;
      kind = this.address(buffer, starts[dstaddr]!, starts[dstaddr + 1]! - 1);
      if (kind <= 0) return false;
      if (kind === 2) about |= DST_ODD;
      const dst = this.value;
      let pktSrc = 0;
      let pktDst = 0;
      if (pktSrcAt >= 0) {
        kind = this.address(buffer, starts[pktSrcAt]!, starts[pktSrcAt + 1]! - 1);
        if (kind < 0) return false;
        // Said twice it is said once, as in flowSql.
        if (kind === ((about & SRC_ODD) === 0 ? 1 : 2) && this.value === src) kind = 0;
        // One that repeats the address says nothing, and is not kept (sql/flow.ts).
        if (kind !== 0 && !(this.value === src && kind === ((about & SRC_ODD) === 0 ? 1 : 2))) {
          about |= kind << PKT_SRC_SHIFT;
          pktSrc = this.value;
        }
      }
      if (pktDstAt >= 0) {
        kind = this.address(buffer, starts[pktDstAt]!, starts[pktDstAt + 1]! - 1);
        if (kind < 0) return false;
        // Said twice it is said once, as in flowSql.
        if (kind === ((about & DST_ODD) === 0 ? 1 : 2) && this.value === dst) kind = 0;
        if (kind !== 0 && !(this.value === dst && kind === ((about & DST_ODD) === 0 ? 1 : 2))) {
          about |= kind << PKT_DST_SHIFT;
          pktDst = this.value;
        }
      }

      let from = port(buffer, starts[srcport]!, starts[srcport + 1]! - 1);
      let to = port(buffer, starts[dstport]!, starts[dstport + 1]! - 1);
      if (from < -1 || to < -1) return false;
      const ported = protocol === 6 || protocol === 17;
      if (from < 0) {
        if (ported) return false;
        about |= NO_SRCPORT;
        from = 0;
      }
      if (to < 0) {
        if (ported) return false;
        about |= NO_DSTPORT;
        to = 0;
      }
      if (ported) {
        if (to < EPHEMERAL && from >= EPHEMERAL) about |= 1 << CALLED_SHIFT;
        else if (from < EPHEMERAL && to >= EPHEMERAL) about |= 2 << CALLED_SHIFT;
      }

      let packets = 0;
      let bytes = 0;
      if (packetsAt >= 0) {
        packets = amount(buffer, starts[packetsAt]!, starts[packetsAt + 1]! - 1);
        if (packets < 0) return false;
      }
      if (bytesAt >= 0) {
        bytes = amount(buffer, starts[bytesAt]!, starts[bytesAt + 1]! - 1);
        if (bytes < 0) return false;
      }
      if (flagsAt >= 0) {
        const flags = amount(buffer, starts[flagsAt]!, starts[flagsAt + 1]! - 1);
        if (flags < 0 || flags > 0xffff) return false;
        if (protocol === 6 && (flags & 2) !== 0) about |= ((flags & 16) === 0 ? 1 : 2) << FLAGS_SHIFT;
        if ((flags & 5) !== 0) about |= CLOSES;
      }
      let direction = 0;
      if (directionAt >= 0) {
        s = starts[directionAt]!;
        e = starts[directionAt + 1]! - 1;
        direction = directionOf(buffer, s, e);
        if (direction < 0) return false;
        about |= direction << DIRECTION_SHIFT;
      }
      if (
        direction !== 0 ||
        this.knowledge.isOwn(interfaceNumber, src, (about & SRC_ODD) !== 0) !==
          this.knowledge.isOwn(interfaceNumber, dst, (about & DST_ODD) !== 0)
      )
        about |= CERTAIN;
      if (end >= start - (start % DAY) + DAY) about |= CROSSES;
      records.add(interfaceNumber, src, dst, pktSrc, pktDst, (from << 16) | to, about, start, end, packets, bytes);
    }
    return true;
  }

  private address(buffer: Buffer, from: number, to: number): -1 | 0 | 1 | 2 {
    if (to - from === 1 && buffer[from] === DASH) return 0;
    let value = 0;
    let quad = -1;
    let dots = 0;
    for (let i = from; i < to; i += 1) {
      const byte = buffer[i]!;
      if (byte === DOT) {
        if (quad < 0 || dots === 3) return this.oddAddress(buffer, from, to);
        value = (value << 8) | quad;
        quad = -1;
        dots += 1;
        continue;
      }
      const digit = byte - 0x30;
      if (digit < 0 || digit > 9 || quad === 0) return this.oddAddress(buffer, from, to);
      quad = quad < 0 ? digit : quad * 10 + digit;
      if (quad > 255) return this.oddAddress(buffer, from, to);
    }
    if (quad < 0 || dots !== 3) return this.oddAddress(buffer, from, to);
    this.value = (value << 8) | quad;
    return 1;
  }

  private oddAddress(buffer: Buffer, from: number, to: number): -1 | 2 {
    const number = this.odd.put(buffer.toString('latin1', from, to));
    if (number === null) return -1;
    this.value = number;
    return 2;
  }
}

function bytesOf(word: string): Uint8Array {
  return Uint8Array.from(word, (letter) => letter.charCodeAt(0));
}

/** A number as AWS writes it, else -1: no sign, no leading zero, at most 15 digits. */
function whole(buffer: Uint8Array, from: number, to: number): number {
  const length = to - from;
  if (length > 15 || length < 1) return -1;
  if (length > 1 && buffer[from] === 0x30) return -1;
  let value = 0;
  for (let i = from; i < to; i += 1) {
    const digit = buffer[i]! - 0x30;
    if (digit < 0 || digit > 9) return -1;
    value = value * 10 + digit;
  }
  return value;
}

/** The same, 0 where it is missing. */
function amount(buffer: Uint8Array, from: number, to: number): number {
  if (to - from === 1 && buffer[from] === DASH) return 0;
  return whole(buffer, from, to);
}

/** -1: missing; -2: none that fits. */
function port(buffer: Uint8Array, from: number, to: number): number {
  if (to - from === 1 && buffer[from] === DASH) return -1;
  const value = to - from > 5 ? -1 : whole(buffer, from, to);
  return value < 0 || value > 65535 ? -2 : value;
}

function directionOf(buffer: Uint8Array, from: number, to: number): -1 | 0 | 1 | 2 {
  if (to - from === 1 && buffer[from] === DASH) return 0;
  if (isWord(buffer, from, to, INGRESS)) return 1;
  return isWord(buffer, from, to, EGRESS) ? 2 : -1;
}

function isWord(buffer: Uint8Array, from: number, to: number, word: Uint8Array): boolean {
  const length = word.length;
  if (to - from !== length) return false;
  for (let i = 0; i < length; i += 1) if (buffer[from + i] !== word[i]) return false;
  return true;
}
