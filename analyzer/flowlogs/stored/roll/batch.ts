import { isAscii } from 'node:buffer';
import { readFileSync, statSync } from 'node:fs';
import { classifyFirstLine } from '../../classify.ts';
import type { ScanOptions } from '../../ledger.ts';
import { LedgerFiles, type RolledFile } from './files.ts';
import { compileKernel, Kernel, type Own } from './kernel.ts';
import { readParquet } from './parquet-reader.ts';
import { type HeldText, holdText, MOST_BYTES } from './text.ts';

/** What a worker is told once. */
export interface RollSettings {
  interfaces: ScanOptions['interfaces'];
  changes: ScanOptions['changes'];
  /** Records that may be held at once; more is DuckDB's, which can spill. */
  mostRecords: number;
}

/** A file of a batch. */
export interface RollInput {
  path: string;
}

/** What became of a batch of files: everything that its segment of the ledger says, but for the data files. */
export interface Rolled {
  records: number;
  bytes: number;
  oldest: number | null;
  newest: number | null;
  formats: { fields: readonly string[]; files: number; records: number }[];
}

/** Names beyond this are forgotten between batches. */
const MOST_NAMES = 1_000_000;

/**
 * Reads batches of files to stored rows without DuckDB. One is used for many batches: its memory is taken once, and names keep their
 * numbers.
 */
export class Roller {
  private readonly settings: RollSettings;
  private readonly module: WebAssembly.Module;
  private readonly own: Own;
  private readonly changes: ReadonlyMap<number, ReadonlySet<string>>;
  private kernel: Kernel;
  private files: LedgerFiles;

  constructor(settings: RollSettings, module: WebAssembly.Module = compileKernel()) {
    this.settings = settings;
    this.module = module;
    this.own = ownOf(settings.interfaces);
    this.changes = changesOf(settings.changes);
    this.kernel = new Kernel(module, this.own);
    this.files = new LedgerFiles(this.kernel);
  }

  /**
   * Null where any of the files is not for the strict reader: CloudWatch exports, damaged records, half files, files that are no
   * flow logs, or more records than may be held. `keep` is given the data files, each for the time of the call: the next one's content
   * takes the same memory. Where null follows, they are not to be kept.
   */
  roll(inputs: readonly RollInput[], keep: (file: RolledFile) => void): Rolled | null {
    if (this.kernel.names > MOST_NAMES) this.renew();
    try {
      return this.read(inputs, keep);
    } catch (cause) {
      // The kernel's memory is full (it has 32 bits): DuckDB can spill.
      if (!(cause instanceof WebAssembly.RuntimeError) && !(cause instanceof RangeError)) throw cause;
      this.renew();
      return null;
    }
  }

  private renew(): void {
    this.kernel = new Kernel(this.module, this.own);
    this.files = new LedgerFiles(this.kernel);
  }

  private read(inputs: readonly RollInput[], keep: (file: RolledFile) => void): Rolled | null {
    const { kernel } = this;
    const { exports } = kernel;
    exports.clear();
    const read = readAll(kernel, inputs, this.settings.mostRecords);
    if (read === null || !kernel.sort()) return null;
    const days = Array.from({ length: exports.dayCount() }, (_, index) => ({ index, day: exports.dayAt(index) >>> 0 }));
    for (const { index, day } of days.sort((a, b) => a.day - b.day)) {
      this.rollDay(index, day);
      if (exports.inexact() !== 0) return null;
      for (const file of this.files.ofDay(day)) keep(file);
    }
    const records = exports.count();
    return {
      ...read,
      records,
      oldest: records === 0 ? null : exports.oldest() >>> 0,
      newest: records === 0 ? null : exports.newest() >>> 0,
    };
  }

  private rollDay(index: number, day: number): void {
    const { kernel } = this;
    const { exports, interfaces } = kernel;
    const hourly = exports.alloc(interfaces.length + 1);
    const bytes = kernel.bytes(hourly, interfaces.length).fill(0);
    const changed = this.changes.get(day);
    if (changed !== undefined) for (const [n, id] of interfaces.entries()) if (changed.has(id)) bytes[n] = 1;
    exports.rollDay(index, hourly);
    exports.free(hourly);
  }
}

function readAll(
  kernel: Kernel,
  inputs: readonly RollInput[],
  mostRecords: number,
): Pick<Rolled, 'bytes' | 'formats'> | null {
  const formats = new Map<string, Rolled['formats'][number]>();
  let bytes = 0;
  for (const input of inputs) {
    const before = kernel.exports.count();
    const { path } = input;
    const format = path.endsWith('.parquet')
      ? readColumns(kernel, path, mostRecords)
      : readText(kernel, path, mostRecords);
    if (format === null) return null;
    bytes += format.bytes;
    const known = formats.get(format.key) ?? { fields: format.fields, files: 0, records: 0 };
    known.files += 1;
    known.records += kernel.exports.count() - before;
    formats.set(format.key, known);
  }
  return { bytes, formats: [...formats].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, format]) => format) };
}

/** How a file is grouped with others: duckdb/collect.ts has the same groups in the same order. */
interface ReadFormat {
  key: string;
  fields: readonly string[];
  bytes: number;
}

function readText(kernel: Kernel, path: string, mostRecords: number): ReadFormat | null {
  const text = holdText(kernel, path);
  const format = text === null ? null : take(kernel, text, path, mostRecords);
  if (text === null || format === null) return null;
  const compression = text.gzip ? 'gzip' : 'none';
  const key = JSON.stringify([{ as: 'text', compression, header: format.header, leadingTime: false }, format.fields]);
  return { key, fields: format.fields, bytes: text.bytes };
}

function readColumns(kernel: Kernel, path: string, mostRecords: number): ReadFormat | null {
  if (statSync(path).size > MOST_BYTES) return null;
  const file = readFileSync(path);
  const format = readParquet(kernel, file, mostRecords);
  if (format === null) return null;
  const { columns, types } = format;
  return { key: JSON.stringify([{ as: 'parquet', types }, columns]), fields: columns, bytes: file.length };
}

/** The file's format, or null where it was not read. */
function take(
  kernel: Kernel,
  { at, length }: HeldText,
  path: string,
  mostRecords: number,
): { fields: readonly string[]; header: boolean } | null {
  const buffer = Buffer.from(kernel.exports.memory.buffer, at, length);
  const end = buffer.indexOf(0x0a);
  if (end < 0 || end > 64 * 1024 || !isAscii(buffer.subarray(0, end))) return null;
  const kind = classifyFirstLine(
    buffer.toString('latin1', 0, end),
    /vpcflowlogs|[/\\]aws-service=vpcflowlogs/i.test(path),
  );
  if (kind.kind !== 'flow-log' || kind.leadingTime || buffer[end - 1] === 0x0d) return null;
  const from = kind.header ? end + 1 : 0;
  return kernel.parse(at + from, length - from, kind.fields, mostRecords) ? kind : null;
}

function ownOf(inventory: RollSettings['interfaces']): Own {
  const byId = new Map<string, string[]>();
  for (const { interfaceId, addresses } of inventory) {
    const known = byId.get(interfaceId);
    if (known === undefined) byId.set(interfaceId, [...addresses]);
    else known.push(...addresses);
  }
  return (interfaceId) => byId.get(interfaceId) ?? [];
}

function changesOf(changes: RollSettings['changes']): ReadonlyMap<number, ReadonlySet<string>> {
  const byDay = new Map<number, Set<string>>();
  for (const { interfaceId, day } of changes) {
    const ids = byDay.get(day);
    if (ids === undefined) byDay.set(day, new Set([interfaceId]));
    else ids.add(interfaceId);
  }
  return byDay;
}
