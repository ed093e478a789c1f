import { gunzipSync, zstdDecompressSync } from 'node:zlib';
import { type FieldName, fieldOfColumn, missingFields, NEEDED, USED } from '../../fields.ts';
import { FIELDS, type Kernel } from './kernel.ts';
import { readStruct, type ThriftValue } from './thrift-reader.ts';

/** What a Parquet file says of itself, its types named as DuckDB names them. */
export interface ParquetFormat {
  columns: readonly string[];
  types: readonly string[];
}

interface Leaf {
  column: string;
  type: string;
  optional: boolean;
  physical: number;
}

type Struct = Map<number, ThriftValue>;

// Numbers of parquet.thrift (apache/parquet-format).
const INT32 = 1;
const INT64 = 2;
const BYTE_ARRAY = 6;
const UTF8 = 0;
const DATA_PAGE = 0;
const DICTIONARY_PAGE = 2;
const PLAIN = 0;
const PLAIN_DICTIONARY = 2;
const RLE = 3;
const RLE_DICTIONARY = 8;
const UNCOMPRESSED = 0;
const SNAPPY = 1;
const GZIP = 2;
const ZSTD = 6;

/** By converted type; as DuckDB has them. */
const WHOLES: ReadonlyMap<number | undefined, string> = new Map([
  [11, 'UTINYINT'],
  [12, 'USMALLINT'],
  [15, 'TINYINT'],
  [16, 'SMALLINT'],
]);

const TEXTS: ReadonlySet<FieldName> = new Set([
  'interface-id',
  'srcaddr',
  'dstaddr',
  'action',
  'log-status',
  'pkt-srcaddr',
  'pkt-dstaddr',
  'flow-direction',
]);

/** A page is held whole. */
const MOST_PAGE = 64 * 1024 * 1024;
/** Rows of a row group are held as columns. */
const MOST_ROWS = 1 << 22;

/**
 * Reads the records of a Parquet file as AWS writes them: flat, text and whole numbers, pages of version 1 with dictionaries or plain. Null
 * for anything else, damage among it: DuckDB reads that, or says what it is.
 */
export function readParquet(kernel: Kernel, file: Uint8Array, most: number): ParquetFormat | null {
  try {
    return read(kernel, file, most);
  } catch (cause) {
    // Whatever a damaged file makes of lengths and of compressed pages; a fault of the kernel itself is none of these.
    if (cause instanceof WebAssembly.RuntimeError) throw cause;
    return null;
  }
}

function read(kernel: Kernel, file: Uint8Array, most: number): ParquetFormat | null {
  const view = Buffer.from(file.buffer, file.byteOffset, file.byteLength);
  if (
    file.length < 12 ||
    view.toString('latin1', 0, 4) !== 'PAR1' ||
    view.toString('latin1', file.length - 4) !== 'PAR1'
  )
    return null;
  const { value: meta } = readStruct(file, file.length - 8 - view.readUInt32LE(file.length - 8));
  const leaves = leavesOf(structs(meta.get(2)));
  if (leaves === null) return null;
  const fields = leaves.map(({ column }) => fieldOfColumn(column));
  const used = new Set<string>([...NEEDED, ...USED]);
  if (
    missingFields(fields).length > 0 ||
    new Set(leaves.map(({ column }) => column.toLowerCase())).size < leaves.length
  )
    return null;
  const wanted = leaves.flatMap((leaf, at) =>
    used.has(fields[at]!) ? [{ leaf, at, field: fields[at] as FieldName }] : [],
  );
  if (new Set(wanted.map(({ field }) => field)).size < wanted.length) return null;
  if (wanted.some(({ leaf, field }) => (leaf.physical === BYTE_ARRAY) !== TEXTS.has(field))) return null;
  let total = 0;
  for (const group of structs(meta.get(4))) {
    const chunks = structs(group.get(1));
    const rows = number(group.get(3));
    if (chunks.length !== leaves.length || !(rows >= 0 && rows <= MOST_ROWS)) return null;
    total += rows;
    if (rows === 0) continue;
    if (kernel.exports.count() + rows > most || kernel.exports.beginColumns(rows) === 0) return null;
    for (const { leaf, at, field } of wanted) {
      const chunk = chunks[at]!.get(3);
      if (!(chunk instanceof Map) || !readChunk(kernel, file, chunk, leaf, FIELDS.indexOf(field), rows)) return null;
    }
    if (!kernel.addColumns(rows)) return null;
  }
  if (total !== number(meta.get(3))) return null;
  return { columns: leaves.map(({ column }) => column), types: leaves.map(({ type }) => type) };
}

/** The columns of a flat schema of text and whole numbers. */
function leavesOf(schema: readonly Struct[]): Leaf[] | null {
  const [root, ...elements] = schema;
  if (root === undefined || number(root.get(5)) !== elements.length) return null;
  const out: Leaf[] = [];
  for (const element of elements) {
    const physical = number(element.get(1));
    const repetition = number(element.get(3));
    const name = element.get(4);
    const type = typeOf(physical, element);
    if (type === null || (repetition !== 0 && repetition !== 1) || element.has(5) || !(name instanceof Uint8Array))
      return null;
    out.push({ column: Buffer.from(name).toString('utf8'), type, optional: repetition === 1, physical });
  }
  return out;
}

function typeOf(physical: number, element: Struct): string | null {
  const converted = element.get(6);
  if (physical === BYTE_ARRAY) return converted === UTF8 ? 'VARCHAR' : null;
  if (physical === INT64) return (converted ?? (element.has(10) ? -1 : 18)) === 18 ? 'BIGINT' : null;
  if (physical !== INT32) return null;
  if ((converted ?? (element.has(10) ? -1 : 17)) === 17) return 'INTEGER';
  return WHOLES.get(typeof converted === 'number' ? converted : undefined) ?? null;
}

/** One column of a row group goes into the kernel's cells. */
function readChunk(kernel: Kernel, file: Uint8Array, chunk: Struct, leaf: Leaf, field: number, rows: number): boolean {
  const { exports } = kernel;
  const codec = number(chunk.get(4));
  const dictionaryAt = chunk.get(11);
  const dataAt = number(chunk.get(9));
  // Some writers say 0 where there is no dictionary.
  let at = typeof dictionaryAt === 'number' && dictionaryAt > 0 ? Math.min(dictionaryAt, dataAt) : dataAt;
  if (number(chunk.get(1)) !== leaf.physical || number(chunk.get(5)) !== rows) return false;
  let row = 0;
  let entries = -1;
  while (row < rows) {
    if (!(at >= 4 && at < file.length)) return false;
    const { value: header, end } = readStruct(file, at);
    const size = number(header.get(2));
    const stored = number(header.get(3));
    if (!(size >= 0 && size <= MOST_PAGE && stored >= 0 && end + stored <= file.length)) return false;
    const body = inflated(kernel, file.subarray(end, end + stored), codec, size);
    if (body === null) return false;
    at = end + stored;
    const type = number(header.get(1));
    if (type === DICTIONARY_PAGE) {
      const about = header.get(7);
      if (!(about instanceof Map) || entries >= 0) return false;
      const encoding = number(about.get(2));
      if (encoding !== PLAIN && encoding !== PLAIN_DICTIONARY) return false;
      entries = number(about.get(1));
      if (!(entries >= 0 && entries <= size)) return false;
      if (exports.readDictionary(field, leaf.physical, body, size, entries) === 0) return false;
      continue;
    }
    const about = header.get(5);
    if (type !== DATA_PAGE || !(about instanceof Map)) return false;
    const values = number(about.get(1));
    const encoding = number(about.get(2));
    const coded = encoding === PLAIN_DICTIONARY || encoding === RLE_DICTIONARY;
    if (!(values > 0 && row + values <= rows) || (!coded && encoding !== PLAIN) || (coded && entries < 0)) return false;
    if (leaf.optional && number(about.get(3)) !== RLE) return false;
    const optional = leaf.optional ? 1 : 0;
    if (exports.readPage(field, leaf.physical, body, size, row, values, optional, coded ? 1 : 0) === 0) return false;
    row += values;
  }
  return true;
}

/** The page in the kernel's memory; null where it is not as long as it says, or of another codec. */
function inflated(kernel: Kernel, stored: Uint8Array, codec: number, size: number): number | null {
  if (codec === SNAPPY) {
    const from = kernel.hold(stored, 0);
    const at = kernel.room(1, size);
    return kernel.exports.unsnap(from, stored.length, at, size) === 0 ? null : at;
  }
  const page = codec === UNCOMPRESSED ? stored : codec === GZIP || codec === ZSTD ? plain(stored, codec, size) : null;
  return page === null || page.length !== size ? null : kernel.hold(page, 1);
}

function plain(stored: Uint8Array, codec: number, size: number): Uint8Array {
  const options = { maxOutputLength: size + 1, chunkSize: Math.max(64, size + 1) };
  return codec === GZIP ? gunzipSync(stored, options) : zstdDecompressSync(stored, options);
}

function structs(value: ThriftValue | undefined): Struct[] {
  if (!Array.isArray(value)) return [];
  return value.filter((item) => item instanceof Map);
}

function number(value: ThriftValue | undefined): number {
  return typeof value === 'number' ? value : Number.NaN;
}
