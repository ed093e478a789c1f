import { PareError, type Problem } from '../../model/problem.ts';
import { discover } from '../discover.ts';
import { type Hole, holeOf } from '../holes.ts';
import { type Inspection, inspect } from '../inspect.ts';
import type { ScanOptions } from '../ledger.ts';
import { Skips } from '../skips.ts';
import type { Engine } from './engine.ts';
import { type FileGroup, loadGroup, parquetColumns } from './load.ts';

export interface Collected {
  skips: Skips;
  /** Files that cannot be read whole, with the time they may have spoken of. */
  refused: { path: string; why: string; hole: Hole }[];
  files: number;
  bytes: number;
  /** Records dropped before they became rows; they count as records and are among the skips. */
  dropped: number;
  formats: { fields: readonly string[]; files: number; records: number }[];
}

/** Finds, checks and reads all files into the table `record`. */
export async function collect(engine: Engine, paths: readonly string[], options: ScanOptions): Promise<Collected> {
  const found = await discover(paths, options.signal);
  const out: Collected = { skips: new Skips(), refused: [], files: 0, bytes: 0, dropped: 0, formats: [] };
  for (const path of found.duplicates) out.skips.add('file-given-twice', path);
  const groups = new Map<string, FileGroup>();
  for (const [i, file] of found.files.entries()) {
    const group = await groupOf(engine, file.path, await inspect(file.path, options.signal), options, out);
    options.progress({ phase: 'checking flow logs', done: i + 1, total: found.files.length, unit: 'files' });
    if (group === null) continue;
    const key = JSON.stringify([group.format, group.columns]);
    const known = groups.get(key) ?? { ...group, files: [] };
    known.files.push({ ...file, records: group.records });
    groups.set(key, known);
  }
  const total = [...groups.values()].flatMap((group) => group.files).reduce((sum, file) => sum + file.bytes, 0);
  for (const [, group] of [...groups].sort(([a], [b]) => (a < b ? -1 : 1)))
    await read(engine, group, total, options, out);
  return out;
}

async function read(
  engine: Engine,
  group: FileGroup,
  total: number,
  options: ScanOptions,
  out: Collected,
): Promise<void> {
  const format = { fields: group.columns, files: 0, records: 0 };
  out.files += group.files.length;
  let done = out.bytes;
  for await (const part of loadGroup(engine, group)) {
    for (const { path, why } of part.failed) {
      refuse(
        path,
        { code: 'flow-log-damaged', why, next: 'fetch the file again, or pass --skip-unreadable' },
        options,
        out,
      );
      out.files--;
      format.files--;
    }
    for (const { path, count } of part.dropped) {
      out.skips.add('record-with-bad-bytes', path, count);
      out.dropped += count;
    }
    format.records += part.records + part.dropped.reduce((sum, { count }) => sum + count, 0);
    done += part.bytes;
    options.progress({ phase: 'reading flow logs', done, total, unit: 'bytes' });
  }
  format.files += group.files.length;
  out.bytes = done;
  if (format.files > 0) out.formats.push(format);
}

async function groupOf(
  engine: Engine,
  path: string,
  seen: Inspection,
  options: ScanOptions,
  out: Collected,
): Promise<(Omit<FileGroup, 'files'> & { records: number | null }) | null> {
  switch (seen.kind) {
    case 'text': {
      const { compression, header, leadingTime, fields, records } = seen;
      return { format: { as: 'text', compression, header, leadingTime }, columns: fields, records };
    }
    case 'parquet': {
      const parquet = await parquetColumns(engine, path);
      if ('columns' in parquet) {
        return { format: { as: 'parquet', types: parquet.types }, columns: parquet.columns, records: null };
      }
      const { code, message, next } = parquet.problem;
      refuse(path, { code, why: message, next }, options, out);
      return null;
    }
    case 'unreadable':
      refuse(path, seen, options, out);
      return null;
    case 'foreign':
      out.skips.add('file-that-is-no-flow-log', `${path} (${seen.looksLike})`);
      return null;
    case 'transit-gateway':
      out.skips.add('file-of-a-transit-gateway', path);
      return null;
    case 'empty':
      out.skips.add('file-that-is-empty', path);
      return null;
  }
}

function refuse(
  path: string,
  refusal: { code: string; why: string; next: string; at?: number },
  options: ScanOptions,
  out: Collected,
): void {
  const problem: Problem = { code: refusal.code, message: refusal.why, next: refusal.next, fault: 'input', file: path };
  if (refusal.at !== undefined) problem.at = refusal.at;
  if (!options.skipUnreadable) throw new PareError(problem);
  out.refused.push({ path, why: refusal.why, hole: holeOf(path) });
}
