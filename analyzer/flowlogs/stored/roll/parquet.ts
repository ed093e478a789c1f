import { constants, zstdCompressSync } from 'node:zlib';
import { ThriftWriter } from './thrift.ts';

/**
 * A column of a Parquet file. `text`: an index into `dictionary` for each row, -1 for null. `whole` is INT64, `index` into `dictionary` or
 * plain `values` (never null). `flag` is BOOLEAN.
 */
export type ParquetColumn =
  | { name: string; as: 'text'; dictionary: readonly string[]; index: Int32Array }
  | { name: string; as: 'whole'; dictionary: readonly number[]; index: Int32Array }
  | { name: string; as: 'plain'; values: Float64Array | Uint32Array | Int32Array }
  | { name: string; as: 'small'; values: Int32Array }
  | { name: string; as: 'flag'; values: Uint8Array };

/** Parquet's numbers for types, encodings, pages and the codec. Source: apache/parquet-format, parquet.thrift. */
const TYPE = { text: 6, whole: 2, plain: 2, small: 1, flag: 0 } as const;
const PLAIN = 0;
const RLE = 3;
const RLE_DICTIONARY = 8;
const DATA_PAGE = 0;
const DICTIONARY_PAGE = 2;
const ZSTD = 6;
const MAGIC = Buffer.from('PAR1', 'latin1');

/** Rows that an engine reads as one piece of work. */
const GROUP_ROWS = 1 << 18;

interface Chunk {
  column: ParquetColumn;
  offset: number;
  dictionary: number | null;
  data: number;
  plainSize: number;
  size: number;
}

/**
 * A Parquet file of these columns, all `rows` long: dictionaries wherever the caller has them, zstd pages. DuckDB would write the same, at some
 * twenty times the cost, since it must make text of every address of every row first.
 */
export function parquetFile(columns: readonly ParquetColumn[], rows: number): Uint8Array {
  const out = new Output();
  out.push(MAGIC);
  const groups: { rows: number; chunks: Chunk[] }[] = [];
  for (let from = 0; from < rows; from += GROUP_ROWS) {
    const to = Math.min(rows, from + GROUP_ROWS);
    groups.push({ rows: to - from, chunks: columns.map((column) => writeChunk(out, column, from, to)) });
  }
  const footer = footerOf(columns, rows, groups);
  out.push(footer);
  const tail = Buffer.alloc(8);
  tail.writeUInt32LE(footer.length, 0);
  tail.set(MAGIC, 4);
  out.push(tail);
  return out.whole();
}

class Output {
  readonly parts: Uint8Array[] = [];
  length = 0;

  push(part: Uint8Array): void {
    this.parts.push(part);
    this.length += part.length;
  }

  /** In memory of its own, which can be given to another thread. */
  whole(): Uint8Array {
    const all = new Uint8Array(this.length);
    let at = 0;
    for (const part of this.parts) {
      all.set(part, at);
      at += part.length;
    }
    return all;
  }
}

function writeChunk(out: Output, column: ParquetColumn, from: number, to: number): Chunk {
  const chunk: Chunk = { column, offset: out.length, dictionary: null, data: 0, plainSize: 0, size: 0 };
  if (column.as === 'text' || column.as === 'whole') {
    chunk.dictionary = out.length;
    const plain = column.as === 'text' ? plainTexts(column.dictionary) : plainWholes(column.dictionary, 0);
    chunk.plainSize += page(out, DICTIONARY_PAGE, plain, column.dictionary.length, PLAIN);
    chunk.data = out.length;
    const body = dictionaryBody(column.index.subarray(from, to), column.dictionary.length);
    chunk.plainSize += page(out, DATA_PAGE, body, to - from, RLE_DICTIONARY);
  } else {
    chunk.data = out.length;
    chunk.plainSize += page(out, DATA_PAGE, plainBody(column, from, to), to - from, PLAIN);
  }
  chunk.size = out.length - chunk.offset;
  return chunk;
}

function plainBody(column: Exclude<ParquetColumn, { as: 'text' | 'whole' }>, from: number, to: number): Uint8Array {
  if (column.as === 'plain') return plainWholes(column.values.subarray(from, to), 0);
  if (column.as === 'flag') return packed(column.values.subarray(from, to), to - from, 1, 0);
  const values = column.values.subarray(from, to);
  return new Uint8Array(values.buffer, values.byteOffset, values.byteLength);
}

/** The page with its header; returns its size before compression, header included. */
function page(out: Output, type: number, body: Uint8Array, values: number, encoding: number): number {
  const compressed = zstdCompressSync(body, { params: { [constants.ZSTD_c_compressionLevel]: 1 } });
  const header = new ThriftWriter()
    .i32(1, type)
    .i32(2, body.length)
    .i32(3, compressed.length)
    .struct(type === DATA_PAGE ? 5 : 7, (inner) => {
      inner.i32(1, values).i32(2, encoding);
      if (type === DATA_PAGE) inner.i32(3, RLE).i32(4, RLE);
    })
    .finish();
  out.push(header);
  out.push(compressed);
  return header.length + body.length;
}

/** Definition levels (1 where there is a value), the indexes' width, and the indexes of the values, bit-packed. */
function dictionaryBody(index: Int32Array, size: number): Uint8Array {
  const length = index.length;
  const defined = new Uint8Array(length);
  const values = new Int32Array(length);
  let count = 0;
  for (let n = 0; n < length; n += 1) {
    const value = index[n]!;
    if (value < 0) continue;
    defined[n] = 1;
    values[count] = value;
    count += 1;
  }
  const levels = count === length ? repeated(length, 1) : packed(defined, length, 1, MOST_HEADER);
  const width = size <= 1 ? 0 : 32 - Math.clz32(size - 1);
  const indexes = width === 0 ? repeated(count, 0) : packed(values, count, width, MOST_HEADER);
  const out = Buffer.alloc(4 + levels.length + 1 + indexes.length);
  out.writeUInt32LE(levels.length, 0);
  out.set(levels, 4);
  out[4 + levels.length] = width;
  out.set(indexes, 5 + levels.length);
  return out;
}

const MOST_HEADER = 5;

/** A run of one value in the hybrid encoding; for width 0 the value takes no byte. */
function repeated(count: number, value: 0 | 1): Uint8Array {
  return Uint8Array.from([...varint(count * 2), ...(value === 1 ? [1] : [])]);
}

/** Values of `width` bits, least bit first. With `header` > 0 as one bit-packed run of the hybrid encoding, filled up to groups of eight. */
function packed(values: Int32Array | Uint8Array, count: number, width: number, header: number): Uint8Array {
  const groups = Math.ceil(count / 8);
  const head = header > 0 ? varint(groups * 2 + 1) : [];
  const out = new Uint8Array(head.length + groups * width);
  out.set(head);
  let at = head.length;
  let bits = 0;
  let held = 0;
  for (let n = 0; n < count; n += 1) {
    held |= values[n]! << bits;
    bits += width;
    while (bits >= 8) {
      out[at] = held;
      at += 1;
      held >>>= 8;
      bits -= 8;
    }
  }
  if (bits > 0) out[at] = held;
  return out;
}

function varint(value: number): number[] {
  const out: number[] = [];
  let rest = value;
  while (rest >= 0x80) {
    out.push((rest & 0x7f) | 0x80);
    rest >>>= 7;
  }
  out.push(rest);
  return out;
}

function plainTexts(texts: readonly string[]): Uint8Array {
  let length = 0;
  for (const text of texts) length += 4 + text.length;
  const out = Buffer.alloc(length);
  let at = 0;
  for (const text of texts) {
    // Interface ids, addresses and words: ASCII.
    out.writeUInt32LE(text.length, at);
    out.write(text, at + 4, 'latin1');
    at += 4 + text.length;
  }
  return out;
}

function plainWholes(values: ArrayLike<number>, from: number): Uint8Array {
  const out = new Int32Array((values.length - from) * 2);
  for (let n = from, at = 0; n < values.length; n += 1, at += 2) {
    const value = values[n]!;
    out[at] = value | 0;
    // ToInt32 keeps the low 32 bits of any whole number up to 2^53.
    out[at + 1] = Math.floor(value / 2 ** 32);
  }
  return new Uint8Array(out.buffer);
}

function footerOf(
  columns: readonly ParquetColumn[],
  rows: number,
  groups: readonly { rows: number; chunks: readonly Chunk[] }[],
): Uint8Array {
  const named = (column: ParquetColumn) => column.as === 'text' || column.as === 'whole';
  return new ThriftWriter()
    .i32(1, 1)
    .structs(2, [null, ...columns], (inner, column) => {
      if (column === null) {
        inner.text(4, 'row').i32(5, columns.length);
        return;
      }
      inner
        .i32(1, TYPE[column.as])
        .i32(3, named(column) ? 1 : 0)
        .text(4, column.name);
      if (column.as === 'text') inner.i32(6, 0);
    })
    .i64(3, rows)
    .structs(4, groups, (inner, group) => {
      inner
        .structs(1, group.chunks, (each, chunk) => {
          each.i64(2, chunk.offset).struct(3, (meta) => {
            meta
              .i32(1, TYPE[chunk.column.as])
              .i32s(2, named(chunk.column) ? [PLAIN, RLE, RLE_DICTIONARY] : [PLAIN, RLE])
              .texts(3, [chunk.column.name])
              .i32(4, ZSTD)
              .i64(5, group.rows)
              .i64(6, chunk.plainSize)
              .i64(7, chunk.size)
              .i64(9, chunk.data);
            if (chunk.dictionary !== null) meta.i64(11, chunk.dictionary);
          });
        })
        .i64(
          2,
          group.chunks.reduce((sum, chunk) => sum + chunk.plainSize, 0),
        )
        .i64(3, group.rows);
    })
    .text(6, 'pare')
    .finish();
}
