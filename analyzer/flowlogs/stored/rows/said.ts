import type { LedgerRow } from '../../ledger.ts';
import { saysItself } from './feed.ts';
import { IntRows } from './int-rows.ts';
import type { FlowNames, PlacedRow } from './place.ts';

const DAY = 86_400;
const HOUR = 3600;
const BATCH = 8192;

/** What is summed for a key. */
interface Sums {
  records: Float64Array;
  packets: Float64Array;
  bytes: Float64Array;
  first: Float64Array;
  last: Float64Array;
}

/** A day's rows: keys of WIDTH numbers, and what was summed for each. */
interface Day extends Sums {
  keys: Int32Array;
}

/** interface, bucket in hours, opened inbound and rejected, called port, both ends' addresses and pkt- addresses. */
const WIDTH = 8;

/**
 * Ledger rows of the records whose own flags say who opened: what ledgerSql (sql/ledger.ts) says of them, in the order of interfaces by number. They are
 * summed while the files are read, and held where they are few; where they are many, the files are read again for as many interfaces at a time as
 * there is room for.
 */
export class SaidRows {
  readonly #names: FlowNames;
  readonly #day: DayOfRows;
  readonly #most: number;
  /** By interface. */
  readonly #sizes: number[] = [];
  #size = 0;
  #held: Day[] | null = [];

  constructor(names: FlowNames, changes: IntRows, refusedFrom: number | null, most: number) {
    this.#names = names;
    this.#day = new DayOfRows(changes, refusedFrom);
    this.#most = most;
  }

  get take(): (row: PlacedRow) => void {
    return this.#day.take;
  }

  /** All files of the day have been read. */
  endDay(): void {
    const day = this.#day.end();
    const { keys } = day;
    for (let key = 0; key < keys.length; key += WIDTH) {
      const id = keys[key]!;
      this.#sizes[id] = (this.#sizes[id] ?? 0) + 1;
    }
    this.#size += day.records.length;
    if (this.#size > this.#most) this.#held = null;
    else this.#held?.push(day);
  }

  /** `again` reads a day's files once more, into `take`. */
  async *rows(days: readonly number[], again: (day: number) => Promise<void>): AsyncGenerator<LedgerRow[]> {
    if (this.#held !== null) {
      yield* this.#inOrder(this.#held, 0, this.#sizes.length);
      return;
    }
    for (let from = 0; from < this.#sizes.length; ) {
      let to = from;
      for (let size = 0; to < this.#sizes.length; to += 1) {
        size += this.#sizes[to] ?? 0;
        if (size > this.#most && to > from) break;
      }
      this.#day.only(from, to);
      const some: Day[] = [];
      for (const day of days) {
        await again(day);
        some.push(this.#day.end());
      }
      yield* this.#inOrder(some, from, to);
      from = to;
    }
  }

  /** The rows of interfaces `from` to `to`, which are all that the days have. */
  *#inOrder(days: readonly Day[], from: number, to: number): Generator<LedgerRow[]> {
    const starts = new Int32Array(to - from + 1);
    for (let id = from; id < to; id += 1) starts[id - from + 1] = starts[id - from]! + (this.#sizes[id] ?? 0);
    const size = starts[to - from]!;
    const dayAt = new Uint16Array(size);
    const rowAt = new Int32Array(size);
    for (const [n, { keys }] of days.entries()) {
      for (let key = 0; key < keys.length; key += WIDTH) {
        const id = keys[key]! - from;
        const place = starts[id]!;
        starts[id] = place + 1;
        dayAt[place] = n;
        rowAt[place] = key / WIDTH;
      }
    }
    for (let batch = 0; batch < size; batch += BATCH) {
      const rows: LedgerRow[] = [];
      for (let at = batch; at < Math.min(size, batch + BATCH); at += 1)
        rows.push(rowOf(days[dayAt[at]!]!, rowAt[at]!, this.#names));
      yield rows;
    }
  }
}

/** Sums of one day's records by the keys of a ledger row. */
class DayOfRows {
  readonly #changes: IntRows;
  readonly #refusedFrom: number | null;
  readonly #keys = new IntRows(WIDTH);
  #from = 0;
  #to = Infinity;
  #sums = sumsOf(1 << 12);

  constructor(changes: IntRows, refusedFrom: number | null) {
    this.#changes = changes;
    this.#refusedFrom = refusedFrom;
  }

  /** From now on rows of these interfaces alone are taken. */
  only(from: number, to: number): void {
    this.#from = from;
    this.#to = to;
  }

  readonly take = (row: PlacedRow): void => {
    if (!saysItself(row) || row.interfaceId < this.#from || row.interfaceId >= this.#to) return;
    if (row.rejected && this.#refusedFrom !== null && row.start < this.#refusedFrom) return;
    const syn = (row.flags & 18) === 2;
    const inbound = row.inbound === syn;
    const { key } = this.#keys;
    key[0] = row.interfaceId;
    key[1] = this.#bucket(row) / HOUR;
    key[2] = (inbound ? 1 : 0) + (row.rejected ? 2 : 0);
    key[3] = inbound ? row.localPort : row.peerPort;
    key[4] = row.localAddress;
    key[5] = row.localPacket;
    key[6] = row.peerAddress;
    key[7] = row.peerPacket;
    const before = this.#keys.size;
    const at = this.#keys.index();
    const sums = at < this.#sums.records.length ? this.#sums : this.#grown();
    if (at === before) {
      sums.records[at] = row.records;
      sums.packets[at] = row.packets;
      sums.bytes[at] = row.bytes;
      sums.first[at] = row.start;
      sums.last[at] = row.end;
      return;
    }
    sums.records[at]! += row.records;
    sums.packets[at]! += row.packets;
    sums.bytes[at]! += row.bytes;
    if (row.start < sums.first[at]!) sums.first[at] = row.start;
    if (row.end > sums.last[at]!) sums.last[at] = row.end;
  };

  /** The day, and the next one can begin. */
  end(): Day {
    const { size } = this.#keys;
    const { records, packets, bytes, first, last } = this.#sums;
    const day = {
      keys: this.#keys.whole(),
      records: records.slice(0, size),
      packets: packets.slice(0, size),
      bytes: bytes.slice(0, size),
      first: first.slice(0, size),
      last: last.slice(0, size),
    };
    this.#keys.clear();
    return day;
  }

  /** Start of the day, or of the hour where the interface changed on that day. */
  #bucket({ interfaceId, start }: PlacedRow): number {
    const day = Math.floor(start / DAY);
    const changes = this.#changes;
    if (changes.size === 0) return day * DAY;
    changes.key[0] = interfaceId;
    changes.key[1] = day;
    return changes.has() ? start - (start % HOUR) : day * DAY;
  }

  #grown(): Sums {
    const grown = sumsOf(this.#sums.records.length * 2);
    for (const name of ['records', 'packets', 'bytes', 'first', 'last'] as const) grown[name].set(this.#sums[name]);
    this.#sums = grown;
    return grown;
  }
}

function sumsOf(size: number): Sums {
  const [records, packets, bytes] = [new Float64Array(size), new Float64Array(size), new Float64Array(size)];
  return { records, packets, bytes, first: new Float64Array(size), last: new Float64Array(size) };
}

function rowOf({ keys, records, packets, bytes, first, last }: Day, at: number, names: FlowNames): LedgerRow {
  const addresses = names.addresses.texts;
  const key = at * WIDTH;
  const kind = keys[key + 2]!;
  const inbound = (kind & 1) === 1;
  const port = keys[key + 3]!;
  return {
    interfaceId: names.interfaces.texts[keys[key]!]!,
    bucket: keys[key + 1]! * HOUR,
    protocol: 6,
    opened: inbound ? 'inbound' : 'outbound',
    evidence: 'syn',
    localPort: inbound && port >= 0 ? port : null,
    peerPort: !inbound && port >= 0 ? port : null,
    localAddress: addresses[keys[key + 4]!]!,
    localPacketAddress: textOf(addresses, keys[key + 5]!),
    peerAddress: addresses[keys[key + 6]!]!,
    peerPacketAddress: textOf(addresses, keys[key + 7]!),
    action: kind >= 2 ? 'REJECT' : 'ACCEPT',
    records: records[at]!,
    packets: packets[at]!,
    bytes: bytes[at]!,
    first: first[at]!,
    last: last[at]!,
  };
}

function textOf(texts: readonly string[], id: number): string | null {
  return id < 0 ? null : texts[id]!;
}
