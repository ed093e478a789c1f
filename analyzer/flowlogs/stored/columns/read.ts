import { BOOLEAN, BYTE_ARRAY, type Chunk, footerOf, INT32, INT64 } from './footer.ts';
import { type Body, DELTA_BINARY_PACKED, type Pages, PLAIN, pagesOf, RLE } from './pages.ts';
import { type AsciiTexts, readPlainTexts, readTexts, type Texts } from './texts.ts';
import { readBits, readDifferences, readHybrid, readInts, readLength, readLongs, readRun } from './values.ts';

/** One column of a row group. */
export type Column =
  | {
      as: 'text';
      /** Where in `texts`; -1 for NULL. */
      codes: Int32Array;
      /** The group's dictionary: each text once, in the order of the file. */
      texts: readonly string[];
      /** The same as bytes, where they stand so in the file and are ASCII. */
      ascii: AsciiTexts | null;
    }
  | {
      as: 'number';
      /** NaN for NULL; booleans as 0 and 1. */
      values: Float64Array;
    };

export interface RowGroup<N extends string> {
  rows: number;
  columns: Readonly<Record<N, Column>>;
}

/** Cells (rows of a file times columns asked for) that are held at once: a quarter of a gigabyte. */
const MOST_CELLS = 1 << 25;

/**
 * The named columns of one of the stored ledger's Parquet files, row group by row group. Null where the file is not written as our kernel or
 * DuckDB's COPY write it (flat; whole numbers, booleans, text; pages of version 1; zstd or nothing), where it is damaged, and where a
 * number is beyond 2^53: DuckDB then reads it, or says what is wrong.
 *
 * A file is one day of a ledger. All its groups are decoded before the first is given, since damage in the last makes the whole file
 * unread; where they are too many to be held, each is decoded twice: once to see that it can be.
 */
export function readColumns<N extends string>(file: Uint8Array, names: readonly N[]): Iterable<RowGroup<N>> | null {
  try {
    const { groups } = footerOf(file, names);
    const decode = ({ rows, chunks }: (typeof groups)[number]): RowGroup<N> => {
      const scratch = new Int32Array(rows);
      const columns = chunks.map((chunk, n) => [names[n]!, columnOf(pagesOf(file, chunk, rows), chunk, rows, scratch)]);
      return { rows, columns: Object.fromEntries(columns) as Record<N, Column> };
    };
    const cells = groups.reduce((sum, { rows }) => sum + rows * names.length, 0);
    if (cells <= MOST_CELLS) return groups.map(decode);
    for (const group of groups) decode(group);
    return again(groups, decode);
  } catch {
    // RangeError of what cannot be, zlib's own errors, TypeError of text that is no UTF-8: whatever damage makes of a file.
    return null;
  }
}

function* again<G, R>(groups: readonly G[], decode: (group: G) => R): Generator<R> {
  for (const group of groups) yield decode(group);
}

function columnOf(pages: Pages, chunk: Chunk, rows: number, scratch: Int32Array): Column {
  return chunk.physical === BYTE_ARRAY
    ? textColumn(pages, chunk, rows, scratch)
    : numberColumn(pages, chunk, rows, scratch);
}

function textColumn({ dictionary, data }: Pages, { optional }: Chunk, rows: number, levels: Int32Array): Column {
  const { texts, ascii }: Texts =
    dictionary === null ? { texts: [], ascii: null } : readTexts(dictionary.body, dictionary.entries);
  if (dictionary !== null) ended(dictionary.body);
  const entries = texts.length;
  const known = new Map<string, number>();
  const codes = new Int32Array(rows);
  let from = 0;
  for (const { values, dictionary: coded, encoding, body } of data) {
    const there = optional ? readLevels(body, values, levels) : values;
    if (there > 0) {
      if (coded) readCodes(body, there, entries, codes, from);
      else if (encoding !== PLAIN) throw new RangeError('another encoding');
      else {
        if (known.size === 0) for (const [code, text] of texts.entries()) known.set(text, code);
        readPlainTexts(body, there, texts, known, codes, from);
      }
      ended(body);
    }
    if (there < values) spread(codes, from, there, values, levels, -1);
    from += values;
  }
  return { as: 'text', codes, texts, ascii: texts.length === entries ? ascii : null };
}

function numberColumn({ dictionary, data }: Pages, chunk: Chunk, rows: number, scratch: Int32Array): Column {
  const entries = new Float64Array(dictionary?.entries ?? 0);
  if (dictionary !== null) {
    readPlain(dictionary.body, chunk.physical, entries.length, entries, 0);
    ended(dictionary.body);
  }
  const values = new Float64Array(rows);
  // Codes and levels are never needed at once: a page's levels are kept only where something is missing.
  const missing = chunk.optional ? new Int32Array(Math.max(...data.map((page) => page.values))) : scratch;
  let from = 0;
  for (const { values: n, dictionary: coded, encoding, body } of data) {
    const there = chunk.optional ? readLevels(body, n, missing) : n;
    if (there > 0) {
      if (coded) {
        readCodes(body, there, entries.length, scratch, 0);
        for (let i = 0; i < there; i += 1) values[from + i] = entries[scratch[i]!]!;
      } else if (encoding === PLAIN) readPlain(body, chunk.physical, there, values, from);
      else if (encoding === DELTA_BINARY_PACKED && chunk.physical !== BOOLEAN)
        readDifferences(body, there, values, from);
      else if (encoding === RLE && chunk.physical === BOOLEAN) {
        readLength(body);
        readHybrid(body, 1, there, scratch, 0);
        for (let i = 0; i < there; i += 1) values[from + i] = scratch[i]!;
      } else throw new RangeError('another encoding');
      ended(body);
    }
    if (there < n) spread(values, from, there, n, missing, Number.NaN);
    from += n;
  }
  return { as: 'number', values };
}

function readPlain(body: Body, physical: number, n: number, out: Float64Array, from: number): void {
  if (physical === INT64) readLongs(body, n, out, from);
  else if (physical === INT32) readInts(body, n, out, from);
  else readBits(body, n, out, from);
}

/** Which of the page's values are there (1) and which are NULL (0), unless all are or none is; returns how many are. */
function readLevels(body: Body, n: number, levels: Int32Array): number {
  const end = readLength(body) + body.at;
  const within = { view: body.view, at: body.at, stop: end };
  const all = readRun(within, n);
  if (all === null) readHybrid(within, 1, n, levels, 0);
  ended(within);
  body.at = end;
  if (all !== null) return all * n;
  let there = 0;
  for (let i = 0; i < n; i += 1) there += levels[i]!;
  return there;
}

function readCodes(body: Body, n: number, entries: number, out: Int32Array, from: number): void {
  if (body.at >= body.stop) throw new RangeError('cut');
  const width = body.view.getUint8(body.at);
  body.at += 1;
  if (readHybrid(body, width, n, out, from) >= entries) throw new RangeError('no such entry');
}

/** The first `there` cells to where the levels say they belong. */
function spread(
  cells: Int32Array | Float64Array,
  from: number,
  there: number,
  n: number,
  levels: Int32Array,
  none: number,
): void {
  if (there === 0) {
    cells.fill(none, from, from + n);
    return;
  }
  let left = there;
  for (let i = n - 1; i >= 0; i -= 1) {
    if (levels[i] === 0) cells[from + i] = none;
    else {
      left -= 1;
      cells[from + i] = cells[from + left]!;
    }
  }
}

/** Bytes that nothing asked for: what was read is not what was written. */
function ended(body: Body): void {
  if (body.at !== body.stop) throw new RangeError('bytes too many');
}
