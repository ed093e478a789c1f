import { PareError, type Problem } from '../../model/problem.ts';
import { type FieldName, fieldOfColumn, missingFields, NEEDED, USED } from '../fields.ts';
import { normaliseSql, type RawField, type RawSource } from '../sql/normalise.ts';
import { literal } from '../sql/text.ts';
import type { Engine } from './engine.ts';

/** Files that one statement can read together: same format, same compression. */
export interface FileGroup {
  format:
    | { as: 'text'; compression: 'gzip' | 'none'; header: boolean; leadingTime: boolean }
    | { as: 'parquet'; types: readonly string[] };
  /** Field names in the file's order. For Parquet the column names as written. */
  columns: readonly string[];
  files: { path: string; bytes: number; records: number | null }[];
}

export const RECORD_TABLE = `CREATE TABLE record (interface_id VARCHAR, src VARCHAR, dst VARCHAR, srcport BIGINT, dstport BIGINT,
  protocol BIGINT, packets BIGINT, bytes BIGINT, "start" BIGINT, "end" BIGINT, action VARCHAR, log_status VARCHAR, flags BIGINT,
  pkt_src VARCHAR, pkt_dst VARCHAR, direction VARCHAR, problem VARCHAR, file VARCHAR)`;

export function sourceOf(group: FileGroup, paths: readonly string[]): RawSource {
  const list = `[${paths.map(pathLiteral).join(', ')}]`;
  if (group.format.as === 'parquet') {
    const types = group.format.types;
    return {
      from: `read_parquet(${list}, filename = 'pare_file', hive_partitioning = false)`,
      fields: rawFields((name) => {
        const at = group.columns.findIndex((column) => fieldOfColumn(column) === name);
        if (at < 0) return { as: 'absent' };
        const column = `"${group.columns[at]!.replaceAll('"', '""')}"`;
        return types[at] === 'VARCHAR' ? { as: 'text', column } : { as: 'number', column };
      }),
      file: 'pare_file',
      misshapen: null,
    };
  }
  const { compression, header, leadingTime } = group.format;
  const names = [...(leadingTime ? ['logged'] : []), ...group.columns.map((_, i) => `c${i}`), 'extra'];
  // strict_mode off and null_padding on: a line with too few or too many fields then arrives as such and is counted, where the
  // strict parser ends the whole scan. An unreadable byte sequence still drops its line: the caller compares the counts.
  return {
    // A header that is repeated further down is no record.
    from: `(SELECT * FROM read_csv(${list}, columns = {${names.map((name) => `'${name}': 'VARCHAR'`).join(', ')}}, delim = ' ', quote = '',
  escape = '', comment = '', header = ${header}, auto_detect = false, strict_mode = false, null_padding = true,
  ignore_errors = true, compression = '${compression}', filename = 'pare_file', hive_partitioning = false) WHERE c${group.columns.indexOf('interface-id')} IS DISTINCT FROM 'interface-id')`,
    fields: rawFields((name) => {
      const at = group.columns.indexOf(name);
      return at < 0 ? { as: 'absent' } : { as: 'text', column: `c${at}` };
    }),
    file: 'pare_file',
    misshapen: `(c${group.columns.length - 1} IS NULL OR extra IS NOT NULL)`,
  };
}

/** DuckDB takes every path for a pattern: `logs[1]` must not match `logs1`. */
function pathLiteral(path: string): string {
  return literal(path.replace(/[*?[]/g, '[$&]'));
}

function rawFields(find: (name: FieldName) => RawField): Record<FieldName, RawField> {
  return Object.fromEntries([...NEEDED, ...USED].map((name) => [name, find(name)])) as Record<FieldName, RawField>;
}

const WHOLE = /^U?(TINY|SMALL|BIG)?INT(EGER)?$/;
const TEXT_ONLY: ReadonlySet<string> = new Set([
  'interface-id',
  'srcaddr',
  'dstaddr',
  'action',
  'log-status',
  'pkt-srcaddr',
  'pkt-dstaddr',
  'flow-direction',
]);

/** The columns of a Parquet file, or why it is no flow log that can be read. */
export async function parquetColumns(
  engine: Engine,
  path: string,
): Promise<{ columns: string[]; types: string[] } | { problem: Problem }> {
  const problem = (code: string, message: string, next: string) => ({
    problem: { code, message, next, fault: 'input', file: path } as const,
  });
  let rows: Awaited<ReturnType<Engine['rows']>>;
  try {
    rows = await engine.rows(`DESCRIBE SELECT * FROM read_parquet(${pathLiteral(path)}, hive_partitioning = false)`);
  } catch (cause) {
    if (!(cause instanceof PareError)) throw cause;
    return problem(
      'flow-log-truncated',
      'the Parquet file is damaged',
      'fetch the file again, or pass --skip-unreadable',
    );
  }
  const columns = rows.map((row) => String(row.column_name));
  const types = rows.map((row) => String(row.column_type));
  const fields = columns.map(fieldOfColumn);
  const missing = missingFields(fields);
  if (missing.length > 0) {
    return problem(
      `flow-log-parquet-without-${missing[0]}`,
      `the Parquet file lacks ${missing.map((field) => field.replaceAll('-', '_')).join(', ')}`,
      'leave this file out, or pass --skip-unreadable',
    );
  }
  for (const [i, field] of fields.entries()) {
    if (![...NEEDED, ...USED].some((used) => used === field)) continue;
    const type = types[i]!;
    if (type === 'VARCHAR' || (WHOLE.test(type) && !TEXT_ONLY.has(field))) continue;
    return problem(
      'flow-log-parquet-column-type',
      `column ${columns[i]} has type ${type}`,
      'write it as AWS does: text, or a whole number of seconds, packets, bytes or port',
    );
  }
  return { columns, types };
}

const BATCH_FILES = 256;
const BATCH_BYTES = 512 * 1024 * 1024;

export interface Loaded {
  records: number;
  bytes: number;
  /** Lines that DuckDB dropped (bytes that are no UTF-8), by file. */
  dropped: { path: string; count: number }[];
  /** Files that turned out unreadable while being read. */
  failed: { path: string; why: string }[];
}

/** Reads a group into `record`, batch by batch; a file that breaks is found by reading its batch file by file. */
export async function* loadGroup(engine: Engine, group: FileGroup): AsyncGenerator<Loaded> {
  for (const batch of batches(group.files)) {
    try {
      yield await loadBatch(engine, group, batch);
    } catch (cause) {
      if (!(cause instanceof PareError)) throw cause;
      const parts: Loaded = { records: 0, bytes: 0, dropped: [], failed: [] };
      for (const file of batch) {
        try {
          const one = await loadBatch(engine, group, [file]);
          parts.records += one.records;
          parts.dropped.push(...one.dropped);
        } catch (broken) {
          if (!(broken instanceof PareError) || !isInputError(broken)) throw broken;
          parts.failed.push({ path: file.path, why: broken.problem.message });
        }
        parts.bytes += file.bytes;
      }
      yield parts;
    }
  }
}

/** A full disk or too little memory is not the file's fault. */
function isInputError(error: PareError): boolean {
  return !/out of memory|no space|could not allocate|failed to offload|could not write/i.test(error.problem.message);
}

async function loadBatch(engine: Engine, group: FileGroup, batch: FileGroup['files']): Promise<Loaded> {
  const source = sourceOf(
    group,
    batch.map((file) => file.path),
  );
  const [before] = await engine.rows('SELECT count(*) AS n FROM record');
  await engine.run(`INSERT INTO record ${normaliseSql(source)}`);
  const [after] = await engine.rows('SELECT count(*) AS n FROM record');
  const records = Number(after?.n) - Number(before?.n);
  const expected = batch.reduce((sum, file) => sum + (file.records ?? 0), 0);
  const loaded: Loaded = { records, bytes: batch.reduce((sum, file) => sum + file.bytes, 0), dropped: [], failed: [] };
  if (group.format.as === 'parquet' || expected === records) return loaded;
  // Every column must be looked at: DuckDB drops a line of bad bytes only when it reads the bytes.
  const counted = await engine.rows(
    `SELECT pare_file AS path, count(*) AS n, max(hash(line)) AS seen FROM ${source.from} AS line GROUP BY pare_file`,
  );
  const byPath = new Map(counted.map((row) => [String(row.path), Number(row.n)]));
  let missing = expected - records;
  for (const file of batch) {
    const count = Math.min(missing, (file.records ?? 0) - (byPath.get(file.path) ?? 0));
    if (count <= 0) continue;
    loaded.dropped.push({ path: file.path, count });
    missing -= count;
  }
  if (missing > 0) loaded.dropped.push({ path: batch[0]!.path, count: missing });
  return loaded;
}

function* batches(files: FileGroup['files']): Generator<FileGroup['files']> {
  let batch: FileGroup['files'] = [];
  let bytes = 0;
  for (const file of files) {
    batch.push(file);
    bytes += file.bytes;
    if (batch.length < BATCH_FILES && bytes < BATCH_BYTES) continue;
    yield batch;
    batch = [];
    bytes = 0;
  }
  if (batch.length > 0) yield batch;
}
