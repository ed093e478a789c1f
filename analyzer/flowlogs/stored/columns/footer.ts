import { readStruct, type ThriftValue } from '../roll/thrift-reader.ts';

type Struct = Map<number, ThriftValue>;

/** Numbers of parquet.thrift (apache/parquet-format). */
export const BOOLEAN = 0;
export const INT32 = 1;
export const INT64 = 2;
export const BYTE_ARRAY = 6;
const UTF8 = 0;
/** Converted types whose INT32 and INT64 are signed numbers, or so short that the sign does not matter: UINT_8, UINT_16, INT_8 to INT_64. */
const WHOLE: ReadonlySet<number | undefined> = new Set([undefined, 11, 12, 15, 16, 17, 18]);

/** A group of this many rows is held whole. */
const MOST_ROWS = 1 << 22;

export interface Chunk {
  physical: number;
  optional: boolean;
  codec: number;
  /** Where its pages begin and end in the file. */
  from: number;
  to: number;
}

export interface Footer {
  groups: readonly { rows: number; chunks: readonly Chunk[] }[];
}

/** What the file says of these columns. Throws RangeError where it is cut, or says what this reader does not know. */
export function footerOf(file: Uint8Array, names: readonly string[]): Footer {
  const view = new DataView(file.buffer, file.byteOffset, file.byteLength);
  const magic = 0x31524150;
  if (file.length < 12 || view.getUint32(0, true) !== magic || view.getUint32(file.length - 4, true) !== magic)
    throw new RangeError('not Parquet, or not whole');
  const tail = file.length - 8;
  const from = tail - view.getUint32(tail, true);
  if (from < 4) throw new RangeError('a footer longer than the file');
  const { value: meta, end } = readStruct(file, from);
  if (end !== tail) throw new RangeError('a footer of another length');
  const leaves = leavesOf(structs(meta.get(2)));
  const wanted = names.map((name) => {
    const at = leaves.findIndex((leaf) => leaf.name === name);
    if (at < 0 || leaves.some((leaf, n) => n !== at && leaf.name.toLowerCase() === name.toLowerCase()))
      throw new RangeError('not one column of that name');
    return at;
  });
  const groups = structs(meta.get(4)).map((group) => {
    const rows = number(group.get(3));
    const chunks = structs(group.get(1));
    if (chunks.length !== leaves.length || !(rows >= 0 && rows <= MOST_ROWS)) throw new RangeError('no row group');
    return { rows, chunks: wanted.map((at) => chunkOf(chunks[at], leaves[at], rows, from)) };
  });
  if (groups.reduce((sum, { rows }) => sum + rows, 0) !== number(meta.get(3))) throw new RangeError('rows are missing');
  return { groups: groups.filter(({ rows }) => rows > 0) };
}

interface Leaf {
  name: string;
  physical: number;
  optional: boolean;
  known: boolean;
}

function leavesOf(schema: readonly Struct[]): Leaf[] {
  const [root, ...elements] = schema;
  if (root === undefined || number(root.get(5)) !== elements.length) throw new RangeError('not flat');
  return elements.map((element) => {
    const physical = number(element.get(1));
    const repetition = number(element.get(3));
    const converted = element.get(6);
    if (element.has(5) || (repetition !== 0 && repetition !== 1)) throw new RangeError('not flat');
    return {
      name: text(element.get(4)),
      physical,
      optional: repetition === 1,
      known:
        physical === BOOLEAN ||
        (physical === BYTE_ARRAY && converted === UTF8) ||
        // Where only a logical type (10) is given, it may be a time or a decimal.
        ((physical === INT32 || physical === INT64) &&
          (converted === undefined ? !element.has(10) : typeof converted === 'number' && WHOLE.has(converted))),
    };
  });
}

function chunkOf(chunk: Struct | undefined, leaf: Leaf | undefined, rows: number, end: number): Chunk {
  const meta = chunk?.get(3);
  if (leaf?.known !== true || !(meta instanceof Map) || chunk?.has(1) === true) throw new RangeError('no such column');
  const path = meta.get(3);
  if (!Array.isArray(path) || path.length !== 1 || text(path[0]) !== leaf.name) throw new RangeError('another column');
  if (number(meta.get(1)) !== leaf.physical || number(meta.get(5)) !== rows) throw new RangeError('another column');
  const data = number(meta.get(9));
  const dictionary = meta.get(11);
  // Some writers say 0 where there is no dictionary.
  const from = typeof dictionary === 'number' && dictionary > 0 ? Math.min(dictionary, data) : data;
  const to = from + number(meta.get(7));
  if (!(from >= 4 && to > from && to <= end)) throw new RangeError('outside the file');
  return { physical: leaf.physical, optional: leaf.optional, codec: number(meta.get(4)), from, to };
}

function structs(value: ThriftValue | undefined): Struct[] {
  if (!Array.isArray(value)) return [];
  return value.filter((item) => item instanceof Map);
}

/** NaN for what is no number. */
export function number(value: ThriftValue | undefined): number {
  return typeof value === 'number' ? value : Number.NaN;
}

function text(value: ThriftValue | undefined): string {
  if (!(value instanceof Uint8Array)) throw new RangeError('no name');
  return Buffer.from(value.buffer, value.byteOffset, value.length).toString('utf8');
}
