import { constants, isAscii } from 'node:buffer';
import { readFileSync, statSync } from 'node:fs';
import { gunzipSync } from 'node:zlib';
import { formatAddress, parseAddress } from '../../../model/address.ts';
import { classifyFirstLine } from '../../classify.ts';
import type { ScanOptions } from '../../ledger.ts';
import { flowFile, spanFile, tallyFile } from './files.ts';
import { type InterfaceNames, type OddAddresses, quadOf } from './names.ts';
import { type Knowledge, Parser } from './parse.ts';
import { DIRECTION_SHIFT } from './records.ts';
import { Rows } from './rows.ts';

/** What a worker is told once. */
export interface RollSettings {
  interfaces: ScanOptions['interfaces'];
  changes: ScanOptions['changes'];
  /** Records that may be held at once; more is DuckDB's, which can spill. */
  mostRecords: number;
}

/** A file of a batch: text as AWS wrote it, or the text that spell.ts has made of a Parquet file. */
export interface RollInput {
  path: string;
  parquet?: {
    text: string;
    fields: readonly string[];
    /** Of the Parquet file, as written. */
    columns: readonly string[];
    types: readonly string[];
    bytes: number;
  };
}

/** What became of a batch of files: everything that its segment of the ledger says, and the data files' content. */
export interface Rolled {
  records: number;
  bytes: number;
  oldest: number | null;
  newest: number | null;
  formats: { fields: readonly string[]; files: number; records: number }[];
  files: {
    table: 'flow' | 'tally' | 'span';
    day: number;
    action: 'ACCEPT' | 'REJECT' | null;
    content: Uint8Array;
    /** What the manifest tells of a flow file. */
    said?: { action: 'ACCEPT' | 'REJECT'; records: number; directed: boolean };
  }[];
}

/** An inflated file is held whole; one that is greater is read by DuckDB in pieces. */
const MOST_BYTES = Math.min(256 * 1024 * 1024, constants.MAX_LENGTH);

/** Names beyond this are forgotten between batches. */
const MOST_NAMES = 1_000_000;

/**
 * Reads batches of text files to stored rows without DuckDB. One is used for many batches: its memory is taken once, and the compiled
 * code, which knows its arrays, stays good.
 */
export class Roller {
  private readonly settings: RollSettings;
  private parser: Parser;
  private readonly rows = new Rows();

  constructor(settings: RollSettings) {
    this.settings = settings;
    this.parser = newParser(settings);
  }

  /**
   * Null where any of the files is not for the strict reader: Parquet, CloudWatch exports, damaged records, half files, files that are no
   * flow logs, or more records than may be held.
   */
  roll(inputs: readonly RollInput[]): Rolled | null {
    const { interfaces, odd } = this.parser;
    if (interfaces.names.length + odd.texts.length > MOST_NAMES) this.parser = newParser(this.settings);
    const { parser, rows } = this;
    parser.clear();
    rows.clear();
    const read = readAll(parser, inputs, this.settings.mostRecords);
    if (read === null) return null;
    rows.add(parser.records, hourlyOf(this.settings.changes, parser.interfaces));
    if (!rows.exact()) return null;
    return {
      ...read,
      records: parser.lines,
      oldest: parser.lines === 0 ? null : parser.oldest,
      newest: parser.lines === 0 ? null : parser.newest,
      files: filesOf(parser, rows),
    };
  }
}

function newParser(settings: RollSettings): Parser {
  return new Parser((interfaces, odd) => knowledgeOf(settings.interfaces, interfaces, odd));
}

function readAll(
  parser: Parser,
  inputs: readonly RollInput[],
  mostRecords: number,
): Pick<Rolled, 'bytes' | 'formats'> | null {
  const formats = new Map<string, Rolled['formats'][number]>();
  let bytes = 0;
  for (const input of inputs) {
    const before = parser.lines;
    const format = input.parquet === undefined ? readText(parser, input.path) : readSpelled(parser, input.parquet);
    if (format === null || parser.records.size > mostRecords) return null;
    bytes += format.bytes;
    const known = formats.get(format.key) ?? { fields: format.fields, files: 0, records: 0 };
    known.files += 1;
    known.records += parser.lines - before;
    formats.set(format.key, known);
  }
  return { bytes, formats: [...formats].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, format]) => format) };
}

function filesOf(parser: Parser, rows: Rows): Rolled['files'] {
  const names = { interfaces: parser.interfaces.names, odd: parser.odd.texts };
  const order = names.interfaces
    .map((_, i) => i)
    .sort((a, b) => (names.interfaces[a]! < names.interfaces[b]! ? -1 : 1));
  const rank = new Int32Array(order.length);
  for (const [at, i] of order.entries()) rank[i] = at;
  const flows = rows.columns(rank);
  return parser.watched.days().flatMap((day): Rolled['files'] => [
    ...flows
      .filter((flow) => flow.day === day)
      .map(({ action, columns }) => ({
        table: 'flow' as const,
        day,
        action,
        content: flowFile(columns, action, names),
        said: {
          action,
          records: columns.records.reduce((sum, records) => sum + records, 0),
          directed: columns.about.every((word) => ((word >>> DIRECTION_SHIFT) & 3) !== 0),
        },
      })),
    { table: 'tally', day, action: null, content: tallyFile(parser.watched.tally(day, order), names) },
    { table: 'span', day, action: null, content: spanFile(parser.watched.spans(day, order), names) },
  ]);
}

/** How a file is grouped with others: duckdb/collect.ts has the same groups in the same order. */
interface ReadFormat {
  key: string;
  fields: readonly string[];
  bytes: number;
}

function readText(parser: Parser, path: string): ReadFormat | null {
  const text = textOf(path);
  const format = text === null ? null : take(parser, text.buffer, path);
  if (text === null || format === null) return null;
  const compression = text.gzip ? 'gzip' : 'none';
  const key = JSON.stringify([{ as: 'text', compression, header: format.header, leadingTime: false }, format.fields]);
  return { key, fields: format.fields, bytes: text.bytes };
}

function readSpelled(parser: Parser, parquet: NonNullable<RollInput['parquet']>): ReadFormat | null {
  const { text, fields, columns, types, bytes } = parquet;
  if (statSync(text).size > MOST_BYTES) return null;
  const buffer = readFileSync(text);
  if (!isAscii(buffer) || !parser.parse(buffer, 0, fields)) return null;
  return { key: JSON.stringify([{ as: 'parquet', types }, columns]), fields: columns, bytes };
}

/** The inflated file, or null where it is not for this reader. */
function textOf(path: string): { buffer: Buffer; bytes: number; gzip: boolean } | null {
  if (statSync(path).size > MOST_BYTES) return null;
  const raw = readFileSync(path);
  if (raw[0] !== 0x1f || raw[1] !== 0x8b)
    return /\.gz$/i.test(path) ? null : { buffer: raw, bytes: raw.length, gzip: false };
  try {
    return {
      buffer: gunzipSync(raw, { chunkSize: chunkOf(raw), maxOutputLength: MOST_BYTES }),
      bytes: raw.length,
      gzip: true,
    };
  } catch {
    return null;
  }
}

/**
 * One output buffer for the whole file where it is not large: the trailer's length is right for a single member below 4 GiB, and only a hint
 * otherwise. Chunks of 4 MiB are as fast as any, but each file's would stay until the next collection.
 */
function chunkOf(gzip: Buffer): number {
  const size = gzip.length < 4 ? 0 : gzip.readUInt32LE(gzip.length - 4);
  return Math.min(1 << 22, Math.max(1 << 16, size + 1));
}

/** The file's format, or null where it was not read. */
function take(parser: Parser, buffer: Buffer, path: string): { fields: readonly string[]; header: boolean } | null {
  if (buffer.length === 0 || !isAscii(buffer)) return null;
  const end = buffer.indexOf(0x0a);
  if (end < 0 || end > 64 * 1024) return null;
  const kind = classifyFirstLine(
    buffer.toString('latin1', 0, end),
    /vpcflowlogs|[/\\]aws-service=vpcflowlogs/i.test(path),
  );
  if (kind.kind !== 'flow-log' || kind.leadingTime || buffer[end - 1] === 0x0d) return null;
  const from = kind.header ? end + 1 : 0;
  // What inspect.ts looks at for a second header.
  if (buffer.indexOf('log-status', from, 'latin1') >= 0) return null;
  return parser.parse(buffer, from, kind.fields) ? kind : null;
}

function knowledgeOf(inventory: RollSettings['interfaces'], interfaces: InterfaceNames, odd: OddAddresses): Knowledge {
  const byId = new Map<string, string[]>();
  for (const { interfaceId, addresses } of inventory)
    byId.set(interfaceId, [...(byId.get(interfaceId) ?? []), ...addresses]);
  const quads: Int32Array[] = [];
  const texts: ReadonlySet<string>[] = [];
  const learn = (n: number) => {
    const own = byId.get(interfaces.names[n]!) ?? [];
    quads[n] = Int32Array.from(own.map(quadOf).filter((quad) => quad !== null));
    texts[n] = new Set(own.filter((address) => address.includes(':')).map(canonical));
    return quads[n];
  };
  return {
    isOwn(n, value, isOdd) {
      const known = quads[n] ?? learn(n);
      return isOdd ? texts[n]!.has(odd.texts[value]!) : known.includes(value);
    },
  };
}

function canonical(text: string): string {
  const address = parseAddress(text);
  return address === null ? text : formatAddress(address);
}

function hourlyOf(
  changes: RollSettings['changes'],
  interfaces: InterfaceNames,
): (interfaceNumber: number, day: number) => boolean {
  const byId = new Map<string, Set<number>>();
  for (const { interfaceId, day } of changes) {
    const days = byId.get(interfaceId) ?? new Set<number>();
    byId.set(interfaceId, days.add(day));
  }
  if (byId.size === 0) return () => false;
  const own = interfaces.names.map((name) => byId.get(name));
  return (n, day) => own[n]?.has(day) === true;
}
