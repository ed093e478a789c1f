import { zstdDecompressSync } from 'node:zlib';
import { readStruct } from '../roll/thrift-reader.ts';
import { type Chunk, number } from './footer.ts';

// Numbers of parquet.thrift (apache/parquet-format).
const DATA_PAGE = 0;
const DICTIONARY_PAGE = 2;
export const PLAIN = 0;
const PLAIN_DICTIONARY = 2;
export const RLE = 3;
export const DELTA_BINARY_PACKED = 5;
const RLE_DICTIONARY = 8;
const UNCOMPRESSED = 0;
const ZSTD = 6;

/** A page is held whole. */
const MOST_PAGE = 64 * 1024 * 1024;

/** Bytes to read from `at` to `stop`. The view may go on beyond `stop`, so that whole words can be read there. */
export interface Body {
  view: DataView;
  at: number;
  stop: number;
}

export interface Pages {
  dictionary: { entries: number; body: Body } | null;
  data: readonly { values: number; dictionary: boolean; encoding: number; body: Body }[];
}

/** The pages of a column, decompressed. Throws RangeError for what this reader does not know, zlib's errors for what is no zstd. */
export function pagesOf(file: Uint8Array, chunk: Chunk, rows: number): Pages {
  let dictionary: Pages['dictionary'] = null;
  const data: { values: number; dictionary: boolean; encoding: number; body: Body }[] = [];
  let seen = 0;
  for (let at = chunk.from; at < chunk.to; ) {
    const { value: header, end } = readStruct(file, at);
    const size = number(header.get(2));
    const stored = number(header.get(3));
    at = end + stored;
    if (!(size >= 0 && size <= MOST_PAGE && stored >= 0 && at <= chunk.to)) throw new RangeError('no page');
    const type = number(header.get(1));
    const about = header.get(type === DATA_PAGE ? 5 : 7);
    if (!(about instanceof Map)) throw new RangeError('no page');
    const values = number(about.get(1));
    const encoding = number(about.get(2));
    const coded = encoding === PLAIN_DICTIONARY || encoding === RLE_DICTIONARY;
    if (type === DICTIONARY_PAGE) {
      if (dictionary !== null || seen > 0 || !(values >= 0 && values <= size)) throw new RangeError('no dictionary');
      if (encoding !== PLAIN && encoding !== PLAIN_DICTIONARY) throw new RangeError('no dictionary');
      dictionary = { entries: values, body: inflated(file, end, stored, chunk.codec, size) };
      continue;
    }
    if (type !== DATA_PAGE || !(values > 0 && seen + values <= rows)) throw new RangeError('no page');
    if (coded && dictionary === null) throw new RangeError('no dictionary');
    if (chunk.optional && number(about.get(3)) !== RLE) throw new RangeError('other levels');
    seen += values;
    const body = inflated(file, end, stored, chunk.codec, size);
    data.push({ values, dictionary: coded, encoding, body });
  }
  if (seen !== rows) throw new RangeError('rows are missing');
  return { dictionary, data };
}

function inflated(file: Uint8Array, from: number, stored: number, codec: number, size: number): Body {
  if (codec === UNCOMPRESSED) {
    if (stored !== size) throw new RangeError('another length');
    return { view: new DataView(file.buffer, file.byteOffset, file.byteLength), at: from, stop: from + size };
  }
  if (codec !== ZSTD) throw new RangeError('another codec');
  const limits = { maxOutputLength: size + 1, chunkSize: Math.max(64, size + 1) };
  const page = zstdDecompressSync(file.subarray(from, from + stored), limits);
  if (page.length !== size) throw new RangeError('another length');
  return { view: new DataView(page.buffer, page.byteOffset), at: 0, stop: size };
}
