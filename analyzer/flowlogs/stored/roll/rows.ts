import { IN_KEY, NO_DSTPORT, NO_SRCPORT, REJECTED, type Records } from './records.ts';
import { grown, KeyTable } from './table.ts';

const DAY = 86400;
const WORDS = 8;

/** Stored `flow` rows of one day and action, by column; the words of records.ts. */
export interface FlowColumns {
  interfaces: Int32Array;
  /** Hours since 1970. */
  bucket: Int32Array;
  src: Int32Array;
  dst: Int32Array;
  pktSrc: Int32Array;
  pktDst: Int32Array;
  ports: Int32Array;
  about: Int32Array;
  records: Int32Array;
  packets: Float64Array;
  bytes: Float64Array;
  first: Uint32Array;
  last: Uint32Array;
}

/** Rows of sql/flow.ts: records of one key summed, the caller's port folded away where it cannot matter. Null: a sum is too great for a number. */
export class Rows {
  private readonly keys = new KeyTable();
  private counts = new Int32Array(1 << 14);
  private packets = new Float64Array(1 << 14);
  private bytes = new Float64Array(1 << 14);
  private first = new Uint32Array(1 << 14);
  private last = new Uint32Array(1 << 14);

  /** Forgets all rows and keeps the memory. */
  clear(): void {
    const { size } = this.keys;
    this.counts.fill(0, 0, size);
    this.packets.fill(0, 0, size);
    this.bytes.fill(0, 0, size);
    this.last.fill(0, 0, size);
    this.keys.clear();
  }

  /** `hourly`: whether the interface changed on that day. */
  add(records: Records, hourly: (interfaceNumber: number, day: number) => boolean): void {
    const { keys } = this;
    for (let n = 0; n < records.size; n += 1) {
      const interfaceNumber = records.interfaces[n]!;
      const start = records.start[n]!;
      const day = start - (start % DAY);
      const bucket = hourly(interfaceNumber, day) ? (start / 3600) | 0 : (day / 3600) | 0;
      let about = records.about[n]! & IN_KEY;
      let ports = records.ports[n]!;
      const fold = records.foldOf(n);
      if (fold === 1) {
        about |= NO_SRCPORT;
        ports &= 0xffff;
      } else if (fold === 2) {
        about |= NO_DSTPORT;
        ports &= ~0xffff;
      }
      const row = keys.put(
        interfaceNumber,
        bucket,
        records.src[n]!,
        records.dst[n]!,
        records.pktSrc[n]!,
        records.pktDst[n]!,
        ports,
        about,
      );
      if (row >= this.counts.length) this.grow(row + 1);
      const end = records.end[n]!;
      if (this.counts[row] === 0 || start < this.first[row]!) this.first[row] = start;
      if (end > this.last[row]!) this.last[row] = end;
      this.counts[row] = this.counts[row]! + 1;
      this.packets[row] = this.packets[row]! + records.packets[n]!;
      this.bytes[row] = this.bytes[row]! + records.bytes[n]!;
    }
  }

  /** False where a sum has lost digits. */
  exact(): boolean {
    for (let n = 0; n < this.keys.size; n += 1) {
      if (this.bytes[n]! > Number.MAX_SAFE_INTEGER || this.packets[n]! > Number.MAX_SAFE_INTEGER) return false;
    }
    return true;
  }

  /** By day and action, in the order of the interfaces: equal values become neighbours, which is most of the compression. */
  columns(rank: Int32Array): { day: number; action: 'ACCEPT' | 'REJECT'; columns: FlowColumns }[] {
    const slices = new Map<number, number[]>();
    const { keys } = this.keys;
    for (let n = 0; n < this.keys.size; n += 1) {
      const bucket = keys[n * WORDS + 1]!;
      const slice = (bucket - (bucket % 24)) * 2 + ((keys[n * WORDS + 7]! & REJECTED) === 0 ? 0 : 1);
      const known = slices.get(slice);
      if (known === undefined) slices.set(slice, [n]);
      else known.push(n);
    }
    return [...slices]
      .sort(([a], [b]) => a - b)
      .map(([slice, rows]) => ({
        day: (slice >> 1) * 3600,
        action: (slice & 1) === 0 ? 'ACCEPT' : 'REJECT',
        columns: this.pick(byInterface(rows, keys, rank)),
      }));
  }

  private pick(order: Int32Array): FlowColumns {
    const { keys } = this.keys;
    const size = order.length;
    const word = (at: number) => {
      const out = new Int32Array(size);
      for (let i = 0; i < size; i += 1) out[i] = keys[order[i]! * WORDS + at]!;
      return out;
    };
    const of = <A extends Int32Array | Uint32Array | Float64Array>(from: A, out: A): A => {
      for (let i = 0; i < size; i += 1) out[i] = from[order[i]!]!;
      return out;
    };
    return {
      interfaces: word(0),
      bucket: word(1),
      src: word(2),
      dst: word(3),
      pktSrc: word(4),
      pktDst: word(5),
      ports: word(6),
      about: word(7),
      records: of(this.counts, new Int32Array(size)),
      packets: of(this.packets, new Float64Array(size)),
      bytes: of(this.bytes, new Float64Array(size)),
      first: of(this.first, new Uint32Array(size)),
      last: of(this.last, new Uint32Array(size)),
    };
  }

  private grow(length: number): void {
    this.counts = grown(this.counts, length);
    this.packets = grown(this.packets, length);
    this.bytes = grown(this.bytes, length);
    this.first = grown(this.first, length);
    this.last = grown(this.last, length);
  }
}

/** A counting sort by the interface's rank, stable. */
function byInterface(rows: readonly number[], keys: Int32Array, rank: Int32Array): Int32Array {
  const starts = new Int32Array(rank.length + 1);
  for (const n of rows) {
    const at = rank[keys[n * WORDS]!]! + 1;
    starts[at] = starts[at]! + 1;
  }
  for (let i = 1; i < starts.length; i += 1) starts[i] = starts[i]! + starts[i - 1]!;
  const out = new Int32Array(rows.length);
  for (const n of rows) {
    const at = rank[keys[n * WORDS]!]!;
    out[starts[at]!] = n;
    starts[at] = starts[at]! + 1;
  }
  return out;
}
