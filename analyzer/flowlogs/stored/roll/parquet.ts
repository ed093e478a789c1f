import { constants, zstdCompressSync } from 'node:zlib';
import type { Kernel } from './kernel.ts';
import { ThriftWriter } from './thrift.ts';

/** A column of a Parquet file: `write` has the kernel encode these rows. `flag` is BOOLEAN, `whole` INT64, `small` INT32. */
export interface ParquetColumn {
  name: string;
  as: 'text' | 'whole' | 'small' | 'flag';
  optional: boolean;
  /** Its dictionary is much the same from file to file. */
  repeats?: boolean;
  write(from: number, rows: number): void;
}

/** Parquet's numbers for types, encodings and pages. Source: apache/parquet-format, parquet.thrift. */
const TYPE = { text: 6, whole: 2, small: 1, flag: 0 } as const;
const PLAIN = 0;
const RLE = 3;
const RLE_DICTIONARY = 8;
const DATA_PAGE = 0;
const DICTIONARY_PAGE = 2;
const UNCOMPRESSED = 0;
const ZSTD = 6;
/** Texts shorter than this are not worth their compression. */
const WORTH = 1 << 14;
/** Files of a day. */
const MOST_REPEATED = 4;
const MAGIC = Buffer.from('PAR1', 'latin1');

/** Rows that an engine reads as one piece of work. */
const GROUP_ROWS = 1 << 18;

interface Chunk {
  column: ParquetColumn;
  offset: number;
  dictionary: number | null;
  data: number;
  encoding: number;
  codec: number;
  plainSize: number;
  size: number;
}

/** A file's bytes as they are written, in memory that is used for the next one too. */
export class Output {
  private held = new Uint8Array(1 << 20);
  length = 0;
  /** Texts of columns that repeat, and what they were compressed to. */
  repeated: { text: Uint8Array; stored: Uint8Array }[] = [];

  push(part: Uint8Array): void {
    const end = this.length + part.length;
    if (end > this.held.length) {
      const next = new Uint8Array(Math.max(end, this.held.length * 2));
      next.set(this.held.subarray(0, this.length));
      this.held = next;
    }
    this.held.set(part, this.length);
    this.length = end;
  }

  whole(): Uint8Array {
    return this.held.subarray(0, this.length);
  }
}

/**
 * A Parquet file of these columns, all `rows` long, in `out`. Only texts are compressed: dictionaries of numbers and differences leave little that zstd would
 * find.
 */
export function parquetFile(
  kernel: Kernel,
  columns: readonly ParquetColumn[],
  rows: number,
  out: Output = new Output(),
): Uint8Array {
  out.length = 0;
  out.push(MAGIC);
  const groups: { rows: number; chunks: Chunk[] }[] = [];
  for (let from = 0; from < rows; from += GROUP_ROWS) {
    const size = Math.min(rows - from, GROUP_ROWS);
    groups.push({ rows: size, chunks: columns.map((column) => writeChunk(kernel, out, column, from, size)) });
  }
  const footer = footerOf(columns, rows, groups);
  out.push(footer);
  const tail = Buffer.alloc(8);
  tail.writeUInt32LE(footer.length, 0);
  tail.set(MAGIC, 4);
  out.push(tail);
  return out.whole();
}

function writeChunk(kernel: Kernel, out: Output, column: ParquetColumn, from: number, rows: number): Chunk {
  const { exports } = kernel;
  column.write(from, rows);
  const encoding = exports.encoded();
  const plain = kernel.bytes(exports.dictionary(), exports.dictionaryBytes());
  const body = kernel.bytes(exports.body(), exports.bodyBytes());
  const codec = column.as === 'text' && plain.length + body.length > WORTH ? ZSTD : UNCOMPRESSED;
  const chunk: Chunk = {
    column,
    offset: out.length,
    dictionary: null,
    data: 0,
    encoding,
    codec,
    plainSize: 0,
    size: 0,
  };
  if (encoding === RLE_DICTIONARY) {
    chunk.dictionary = out.length;
    const repeats = column.repeats === true;
    chunk.plainSize += page(out, DICTIONARY_PAGE, plain, exports.dictionarySize(), PLAIN, codec, repeats);
  }
  chunk.data = out.length;
  chunk.plainSize += page(out, DATA_PAGE, body, rows, encoding, codec);
  chunk.size = out.length - chunk.offset;
  return chunk;
}

/** Compressed, or as it was when the same text was compressed for one of the last files. */
function compressed(out: Output, text: Uint8Array, repeats: boolean): Uint8Array {
  const known = repeats ? out.repeated.find((each) => Buffer.compare(each.text, text) === 0) : undefined;
  if (known !== undefined) return known.stored;
  const params = { [constants.ZSTD_c_compressionLevel]: 1 };
  const stored = zstdCompressSync(text, { chunkSize: text.length + 1024, pledgedSrcSize: text.length, params });
  if (repeats) out.repeated = [{ text: text.slice(), stored }, ...out.repeated.slice(0, MOST_REPEATED - 1)];
  return stored;
}

/** The page with its header. Returns its size before compression, header included. */
function page(
  out: Output,
  type: number,
  body: Uint8Array,
  values: number,
  encoding: number,
  codec: number,
  repeats = false,
): number {
  const stored = codec === ZSTD ? compressed(out, body, repeats) : body;
  const header = new ThriftWriter()
    .i32(1, type)
    .i32(2, body.length)
    .i32(3, stored.length)
    .struct(type === DATA_PAGE ? 5 : 7, (inner) => {
      inner.i32(1, values).i32(2, encoding);
      if (type === DATA_PAGE) inner.i32(3, RLE).i32(4, RLE);
    })
    .finish();
  out.push(header);
  out.push(stored);
  return header.length + body.length;
}

function footerOf(
  columns: readonly ParquetColumn[],
  rows: number,
  groups: readonly { rows: number; chunks: readonly Chunk[] }[],
): Uint8Array {
  return new ThriftWriter()
    .i32(1, 1)
    .structs(2, [null, ...columns], (inner, column) => {
      if (column === null) {
        inner.text(4, 'row').i32(5, columns.length);
        return;
      }
      inner
        .i32(1, TYPE[column.as])
        .i32(3, column.optional ? 1 : 0)
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
              .i32s(2, [...new Set([PLAIN, RLE, chunk.encoding])])
              .texts(3, [chunk.column.name])
              .i32(4, chunk.codec)
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
