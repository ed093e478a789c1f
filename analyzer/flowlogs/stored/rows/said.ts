import { type LedgerRow, refusedSince, type ScanOptions, type Window } from '../../ledger.ts';
import { saysItself } from './feed.ts';
import { IntRows } from './int-rows.ts';
import type { FlowFile, OpenedRows } from './open.ts';
import { type FlowNames, type PlacedRow, placeRows } from './place.ts';

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

/**
 * Ledger rows of the records whose own flags say who opened: what ledgerSql (sql/ledger.ts) says of them, day by day. A day's rows are held at a
 * time; the files are read a second time for them.
 */
export async function* saidRows(
  { reader, own, changes }: OpenedRows,
  files: readonly FlowFile[],
  window: Window,
  options: Pick<ScanOptions, 'refusedDays' | 'signal'>,
): AsyncGenerator<LedgerRow[]> {
  const day = new DayOfRows(reader.names, changes, refusedSince(window, options.refusedDays));
  const byDay = Map.groupBy(files, (file) => file.day);
  for (const [at, ofDay] of [...byDay].sort(([a], [b]) => a - b)) {
    for (const file of ofDay) {
      options.signal.throwIfAborted();
      const groups = await reader.groups(file);
      if (groups === null) throw new Error(`${file.path} was read and is another now`);
      for (const [group, ids] of groups) placeRows(group, ids, own, window, at < window.from, day.take);
    }
    yield* day.rows();
  }
}

/** Sums of one day's records by the keys of a ledger row. */
class DayOfRows {
  readonly #names: FlowNames;
  readonly #changes: IntRows;
  readonly #refusedFrom: number | null;
  /** interface, bucket in hours, opened inbound and rejected, called port, both ends' addresses and pkt- addresses. */
  readonly #keys = new IntRows(8);
  #sums = sumsOf(1 << 12);

  constructor(names: FlowNames, changes: IntRows, refusedFrom: number | null) {
    this.#names = names;
    this.#changes = changes;
    this.#refusedFrom = refusedFrom;
  }

  readonly take = (row: PlacedRow): void => {
    if (!saysItself(row)) return;
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

  /** The rows, and the next day can begin. */
  *rows(): Generator<LedgerRow[]> {
    const { size } = this.#keys;
    const keys = this.#keys;
    const sums = this.#sums;
    const interfaces = this.#names.interfaces.texts;
    const addresses = this.#names.addresses.texts;
    for (let from = 0; from < size; from += BATCH) {
      const batch: LedgerRow[] = [];
      for (let at = from; at < Math.min(size, from + BATCH); at += 1) {
        const kind = keys.at(at, 2);
        const inbound = (kind & 1) === 1;
        const port = keys.at(at, 3);
        batch.push({
          interfaceId: interfaces[keys.at(at, 0)]!,
          bucket: keys.at(at, 1) * HOUR,
          protocol: 6,
          opened: inbound ? 'inbound' : 'outbound',
          evidence: 'syn',
          localPort: inbound && port >= 0 ? port : null,
          peerPort: !inbound && port >= 0 ? port : null,
          localAddress: addresses[keys.at(at, 4)]!,
          localPacketAddress: addresses[keys.at(at, 5)] ?? null,
          peerAddress: addresses[keys.at(at, 6)]!,
          peerPacketAddress: addresses[keys.at(at, 7)] ?? null,
          action: kind >= 2 ? 'REJECT' : 'ACCEPT',
          records: sums.records[at]!,
          packets: sums.packets[at]!,
          bytes: sums.bytes[at]!,
          first: sums.first[at]!,
          last: sums.last[at]!,
        });
      }
      yield batch;
    }
    keys.clear();
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
