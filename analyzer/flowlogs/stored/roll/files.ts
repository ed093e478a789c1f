import { type ParquetColumn, parquetFile } from './parquet.ts';
import {
  CROSSES,
  DIRECTION_SHIFT,
  DST_ODD,
  FLAGS_SHIFT,
  NO_DSTPORT,
  NO_SRCPORT,
  PKT_DST_SHIFT,
  PKT_SRC_SHIFT,
  PROTOCOL,
  SRC_ODD,
} from './records.ts';
import type { FlowColumns } from './rows.ts';
import type { SpanColumns, TallyColumns } from './watched.ts';

/** What the numbers in columns stand for. */
export interface Names {
  interfaces: readonly string[];
  odd: readonly string[];
}

/** The stored `flow` file of one day and action, with the columns that docs/ledger.md gives. */
export function flowFile(flow: FlowColumns, action: 'ACCEPT' | 'REJECT', names: Names): Uint8Array {
  const size = flow.about.length;
  const { about, ports } = flow;
  const bits = (pick: (word: number) => number) => {
    const out = new Int32Array(size);
    for (let n = 0; n < size; n += 1) out[n] = pick(about[n]!);
    return out;
  };
  const port = (shift: number, none: number) => {
    const out = new Int32Array(size);
    for (let n = 0; n < size; n += 1) out[n] = (about[n]! & none) === 0 ? (ports[n]! >>> shift) & 0xffff : -1;
    return out;
  };
  const crosses = new Uint8Array(size);
  for (let n = 0; n < size; n += 1) crosses[n] = (about[n]! & CROSSES) === 0 ? 0 : 1;
  const address = (name: string, values: Int32Array, kindOf: (word: number) => number): ParquetColumn => {
    const { distinct, index } = addressIndex(values, about, kindOf, names.odd.length > 0);
    const dictionary = distinct.map(({ value, odd }) => (odd ? names.odd[value]! : quadText(value)));
    return { name, as: 'text', dictionary, index };
  };
  return parquetFile(
    [
      interfaceColumn(flow.interfaces, names),
      hours('bucket', flow.bucket),
      address('src', flow.src, (word) => ((word & SRC_ODD) === 0 ? 1 : 2)),
      address('dst', flow.dst, (word) => ((word & DST_ODD) === 0 ? 1 : 2)),
      whole('srcport', port(16, NO_SRCPORT)),
      whole('dstport', port(0, NO_DSTPORT)),
      whole(
        'protocol',
        bits((word) => word & PROTOCOL),
      ),
      { name: 'flags', as: 'whole', dictionary: [2, 18], index: bits((word) => ((word >>> FLAGS_SHIFT) & 3) - 1) },
      address('pkt_src', flow.pktSrc, (word) => (word >>> PKT_SRC_SHIFT) & 3),
      address('pkt_dst', flow.pktDst, (word) => (word >>> PKT_DST_SHIFT) & 3),
      {
        name: 'direction',
        as: 'text',
        dictionary: ['ingress', 'egress'],
        index: bits((word) => ((word >>> DIRECTION_SHIFT) & 3) - 1),
      },
      { name: 'action', as: 'text', dictionary: [action], index: new Int32Array(size) },
      { name: 'crosses', as: 'flag', values: crosses },
      whole('records', flow.records),
      { name: 'packets', as: 'plain', values: flow.packets },
      { name: 'bytes', as: 'plain', values: flow.bytes },
      { name: 'first_start', as: 'plain', values: flow.first },
      { name: 'last_end', as: 'plain', values: flow.last },
    ],
    size,
  );
}

export function tallyFile(tally: TallyColumns, names: Names): Uint8Array {
  const size = tally.hour.length;
  const longest = Int32Array.from(tally.longest);
  const first = Int32Array.from({ length: size }, (_, n) => (longest[n]! < 0 ? -1 : tally.firstStart[n]! % 3600));
  const dictionary: number[] = [];
  return parquetFile(
    [
      interfaceColumn(tally.interfaces, names),
      { name: 'hour', as: 'plain', values: tally.hour },
      { name: 'crosses', as: 'flag', values: tally.crosses },
      { name: 'watched', as: 'plain', values: tally.watched },
      { name: 'no_data', as: 'plain', values: tally.noData },
      { name: 'skip_data', as: 'plain', values: tally.skipData },
      { name: 'damaged', as: 'whole', dictionary: [0], index: new Int32Array(size) },
      whole('longest', longest),
      firstStart(tally, first, dictionary),
    ],
    size,
  );
}

/** May be null, so it has a dictionary: of the times there are. */
function firstStart(tally: TallyColumns, seconds: Int32Array, dictionary: number[]): ParquetColumn {
  const places = new Map<number, number>();
  const index = seconds.map((second, n) => {
    if (second < 0) return -1;
    const time = tally.firstStart[n]!;
    const known = places.get(time);
    if (known !== undefined) return known;
    places.set(time, dictionary.length);
    dictionary.push(time);
    return dictionary.length - 1;
  });
  return { name: 'first_start', as: 'whole', dictionary, index };
}

export function spanFile(spans: SpanColumns, names: Names): Uint8Array {
  return parquetFile(
    [
      interfaceColumn(spans.interfaces, names),
      { name: 'crosses', as: 'flag', values: spans.crosses },
      { name: 'width', as: 'small', values: spans.width },
      { name: 'from_time', as: 'plain', values: spans.from },
      { name: 'to_time', as: 'plain', values: spans.to },
    ],
    spans.width.length,
  );
}

/** Only the names that occur, in the order in which they come. */
function interfaceColumn(interfaces: Int32Array, names: Names): ParquetColumn {
  const { dictionary, index } = distinctOf(interfaces);
  return { name: 'interface_id', as: 'text', dictionary: dictionary.map((n) => names.interfaces[n]!), index };
}

function hours(name: string, values: Int32Array): ParquetColumn {
  const { dictionary, index } = distinctOf(values);
  return { name, as: 'whole', dictionary: dictionary.map((hour) => hour * 3600), index };
}

/** Numbers of at least 0; -1 is null. */
function whole(name: string, values: Int32Array): ParquetColumn {
  const { dictionary, index } = distinctOf(values);
  const none = dictionary.indexOf(-1);
  if (none < 0) return { name, as: 'whole', dictionary, index };
  const last = dictionary.length - 1;
  // The last distinct value takes the place of "none".
  dictionary[none] = dictionary[last]!;
  dictionary.pop();
  for (let n = 0; n < index.length; n += 1) {
    if (index[n] === none) index[n] = -1;
    else if (index[n] === last) index[n] = none;
  }
  return { name, as: 'whole', dictionary, index };
}

function addressIndex(
  values: Int32Array,
  about: Int32Array,
  kindOf: (word: number) => number,
  odd: boolean,
): { distinct: { value: number; odd: boolean }[]; index: Int32Array } {
  const size = values.length;
  const quads = distinctOf(values);
  const { index } = quads;
  const distinct = quads.dictionary.map((value) => ({ value, odd: false }));
  const odds = new Map<number, number>();
  for (let n = 0; n < size; n += 1) {
    const kind = kindOf(about[n]!);
    if (kind === 0) index[n] = -1;
    if (!odd || kind !== 2) continue;
    const value = values[n]!;
    const known = odds.get(value);
    if (known !== undefined) {
      index[n] = known;
      continue;
    }
    odds.set(value, distinct.length);
    index[n] = distinct.length;
    distinct.push({ value, odd: true });
  }
  return { distinct, index };
}

/** Distinct values in the order in which they come, and each row's place among them. */
function distinctOf(values: Int32Array): { dictionary: number[]; index: Int32Array } {
  const dictionary: number[] = [];
  const index = new Int32Array(values.length);
  let slots = new Int32Array(1 << 10);
  let mask = slots.length - 1;
  for (let n = 0; n < values.length; n += 1) {
    const value = values[n]!;
    let slot = spread(value) & mask;
    let found = slots[slot]!;
    while (found !== 0 && dictionary[found - 1] !== value) {
      slot = (slot + 1) & mask;
      found = slots[slot]!;
    }
    if (found === 0) {
      dictionary.push(value);
      found = dictionary.length;
      slots[slot] = found;
      if (found * 2 > slots.length) {
        slots = new Int32Array(slots.length * 4);
        mask = slots.length - 1;
        for (let d = 0; d < dictionary.length; d += 1) {
          let at = spread(dictionary[d]!) & mask;
          while (slots[at] !== 0) at = (at + 1) & mask;
          slots[at] = d + 1;
        }
      }
    }
    index[n] = found - 1;
  }
  return { dictionary, index };
}

function spread(value: number): number {
  const hash = Math.imul(value ^ (value >>> 16), 0x45d9f3b);
  return hash ^ (hash >>> 15);
}

function quadText(value: number): string {
  return `${value >>> 24}.${(value >>> 16) & 255}.${(value >>> 8) & 255}.${value & 255}`;
}
