import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type DuckDBConnection, DuckDBInstance } from '@duckdb/node-api';
import * as fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { readColumns } from '../../analyzer/flowlogs/stored/columns/read.ts';
import { compileKernel, Kernel } from '../../analyzer/flowlogs/stored/roll/kernel.ts';
import { type ParquetColumn, parquetFile } from '../../analyzer/flowlogs/stored/roll/parquet.ts';

let dir = '';
let path = '';
let duckdb: DuckDBInstance;
let db: DuckDBConnection;

beforeAll(async () => {
  dir = await mkdtemp(join(tmpdir(), 'pare-columns-'));
  path = join(dir, 'part.parquet');
  duckdb = await DuckDBInstance.create(':memory:', { threads: '1' });
  db = await duckdb.connect();
});

afterAll(async () => {
  db.closeSync();
  duckdb.closeSync();
  await rm(dir, { recursive: true, force: true });
});

type Cells = (string | null)[];

/** The file's columns as DuckDB reads them, all values as text. */
async function byDuckdb(names: readonly string[]): Promise<Cells[]> {
  // Something before it: DuckDB's binding takes a byte order mark off the front of a text.
  const columns = names.map((name) => `'=' || CAST("${name}" AS VARCHAR) AS "${name}"`);
  const result = await db.runAndReadAll(`SELECT ${columns.join(', ')} FROM read_parquet('${path}')`);
  const cells = result.getColumnsJson() as Cells[];
  return names.map((_, n) => (cells[n] ?? []).map((cell) => FLAGS.get(cell) ?? cell?.slice(1) ?? null));
}

const FLAGS: ReadonlyMap<string | null, string> = new Map([
  ['=true', '1'],
  ['=false', '0'],
]);

/** The same by this reader; null where it leaves the file to DuckDB. */
function byColumns(file: Uint8Array, names: readonly string[]): Cells[] | null {
  const groups = readColumns(file, names);
  if (groups === null) return null;
  const out: Cells[] = names.map(() => []);
  for (const { rows, columns } of groups) {
    for (const [n, name] of names.entries()) {
      const column = columns[name]!;
      if (column.as === 'number') expect(column.values).toHaveLength(rows);
      else expect([column.codes.length, new Set(column.texts).size]).toEqual([rows, column.texts.length]);
      for (let i = 0; i < rows; i += 1) {
        if (column.as === 'text') out[n]!.push(column.codes[i] === -1 ? null : column.texts[column.codes[i]!]!);
        else out[n]!.push(Number.isNaN(column.values[i]) ? null : String(column.values[i]));
      }
    }
  }
  return out;
}

const NAMES = ['t', 'w', 'i', 'f', 'only', 'none', 'often'];

interface Row {
  t: string | null;
  w: number | bigint | null;
  i: number | null;
  f: boolean | null;
}

const WHOLE = fc.oneof(
  fc.integer(),
  fc.maxSafeInteger(),
  fc.nat(3),
  fc.constantFrom(Number.MAX_SAFE_INTEGER, Number.MIN_SAFE_INTEGER, 0, -1),
);
const ROW: fc.Arbitrary<Row> = fc.record({
  t: fc.option(
    fc.oneof(
      fc.constantFrom('', 'ACCEPT', '10.0.0.1', 'é', '日本', '\u{FEFF}x', '🦀', 'x'.repeat(300)),
      fc.string({ unit: 'grapheme' }).filter((text) => !text.includes('\0')),
    ),
  ),
  w: fc.option(WHOLE),
  i: fc.option(fc.integer({ min: -(2 ** 31), max: 2 ** 31 - 1 })),
  f: fc.option(fc.boolean()),
});

const literal = (cell: string | number | bigint | boolean | null) =>
  typeof cell === 'string' ? `'${cell.replaceAll("'", "''")}'` : String(cell);

/** DuckDB writes `count` rows drawn of these; `often` has many different values, `only` one. */
async function copy(rows: readonly Row[], count: number, options: string): Promise<void> {
  const values = rows.map(({ t, w, i, f }, n) => `(${[n, t, w, i, f].map(literal).join(', ')})`);
  await db.run(`COPY (SELECT CAST(t AS VARCHAR) AS t, CAST(w AS BIGINT) AS w, CAST(i AS INTEGER) AS i, CAST(f AS BOOLEAN) AS f,
      'all the same' AS only, CAST(NULL AS BIGINT) AS "none", CASE WHEN r % 7 <> 3 THEN 'eni-' || (r * 7919 % 99991) END AS often
    FROM range(${count}) n(r) JOIN (VALUES ${values.join(', ')}) v(n, t, w, i, f) ON v.n = hash(r) % ${rows.length} ORDER BY r)
    TO '${path}' (FORMAT parquet, ${options})`);
}

const OPTIONS = fc.constantFrom(
  'COMPRESSION zstd',
  'COMPRESSION zstd, ROW_GROUP_SIZE 2048',
  'COMPRESSION uncompressed, ROW_GROUP_SIZE 2048',
  'COMPRESSION zstd, DICTIONARY_SIZE_LIMIT 1, STRING_DICTIONARY_PAGE_SIZE_LIMIT 1',
  'COMPRESSION uncompressed, DICTIONARY_SIZE_LIMIT 1',
);
const COUNT = fc.oneof(fc.integer({ min: 1, max: 40 }), fc.integer({ min: 41, max: 5000 }));

describe('columns of a file are what DuckDB reads', () => {
  it('where DuckDB wrote it', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(ROW, { minLength: 1, maxLength: 30 }), COUNT, OPTIONS, async (rows, count, options) => {
        await copy(rows, count, options);
        expect(byColumns(await readFile(path), NAMES)).toEqual(await byDuckdb(NAMES));
      }),
      { numRuns: 40 },
    );
  });

  it('where it has no rows', async () => {
    await copy([{ t: 'x', w: 1, i: 1, f: true }], 0, 'COMPRESSION zstd');
    expect(byColumns(await readFile(path), NAMES)).toEqual(NAMES.map(() => []));
  });

  it('in the order asked for, and only those', async () => {
    await copy([{ t: 'x', w: -5, i: 7, f: true }], 2, 'COMPRESSION zstd');
    expect(byColumns(await readFile(path), ['f', 'w'])).toEqual([
      ['1', '1'],
      ['-5', '-5'],
    ]);
  });
});

/** A file as our kernel writes it, of columns of every kind. */
function kernelFile(rows: number, draw: (n: number, i: number) => number): Uint8Array {
  const kernel = new Kernel(compileKernel(), () => []);
  const { exports } = kernel;
  // Memory grows, which makes arrays over it useless: allocate first.
  const [words, about, wide, text] = [rows * 4, rows * 4, rows * 8, 32].map((size) => exports.alloc(size));
  const word = kernel.bytes(text!, 10);
  word.set([6, 0, 0, 0, ...Buffer.from('ACCEPT', 'latin1')]);
  const values = new Uint32Array(exports.memory.buffer, words!, rows);
  const flags = new Uint32Array(exports.memory.buffer, about!, rows);
  const longs = new BigInt64Array(exports.memory.buffer, wide!, rows);
  for (let i = 0; i < rows; i += 1) {
    values[i] = draw(0, i);
    flags[i] = draw(1, i);
    longs[i] = BigInt(draw(2, i));
  }
  const column = (name: string, as: ParquetColumn['as'], optional: boolean, write: ParquetColumn['write']) => ({
    name,
    as,
    optional,
    write,
  });
  return parquetFile(
    kernel,
    [
      column('quad', 'text', true, (from, n) => exports.encodeAddresses(words! + from * 4, about! + from * 4, 0, 0, n)),
      column('word', 'text', true, (_, n) => exports.encodeWord(text!, 10, n)),
      column('whole', 'whole', true, (from, n) =>
        exports.encodeNumbers(words! + from * 4, 0, 0xffffffff, about! + from * 4, 2, n),
      ),
      column('port', 'whole', true, (from, n) =>
        exports.encodeNumbers(words! + from * 4, 8, 0xff, about! + from * 4, 1, n),
      ),
      column('small', 'small', false, (from, n) => exports.encodeSmall(about! + from * 4, n)),
      column('flag', 'flag', false, (from, n) => exports.encodeFlags(about! + from * 4, 1, n)),
      column('wide', 'whole', false, (from, n) => exports.encodeDifferences(wide! + from * 8, 8, n)),
      column('short', 'whole', false, (from, n) => exports.encodeDifferences(words! + from * 4, 4, n)),
    ],
    rows,
  );
}

const KERNELS = ['quad', 'word', 'whole', 'port', 'small', 'flag', 'wide', 'short'];

describe('columns of a file that our kernel wrote are what DuckDB reads', () => {
  const SPREAD = fc.constantFrom(1, 3, 200, 70_000, 2 ** 32);
  it('with values few and many, missing, negative and great', async () => {
    const spreads = fc.tuple(SPREAD, fc.constantFrom(1, 2), fc.constantFrom(1, 9, 2 ** 31, 2 ** 48, 2 ** 51));
    await fc.assert(
      fc.asyncProperty(COUNT, spreads, fc.integer(), fc.boolean(), async (rows, most, seed, rising) => {
        let state = seed | 1;
        const file = kernelFile(rows, (n, i) => {
          state = Math.imul(state ^ (state >>> 15), 0x2c1b3c6d) + i;
          const part = (state >>> 0) / 2 ** 32;
          const value = Math.floor(part * most[n]!);
          if (n === 0) return rising ? Math.min(i * 60 + (value % 60), 2 ** 32 - 1) : value;
          return n === 2 && state % 2 === 0 ? -value : value;
        });
        await writeFile(path, file);
        expect(byColumns(file, KERNELS)).toEqual(await byDuckdb(KERNELS));
      }),
      { numRuns: 40 },
    );
  });

  it('in several row groups', async () => {
    const rows = 270_000;
    const file = kernelFile(rows, (n, i) => (n === 0 ? (i * 7919) % 99_991 : n === 1 ? (i >> 9) % 2 : i * 60));
    await writeFile(path, file);
    const groups = [...readColumns(file, KERNELS)!];
    expect(groups.map((group) => group.rows)).toEqual([262_144, 7856]);
    const some = ['quad', 'port', 'short'];
    const [ours, theirs] = [byColumns(file, some)!, await byDuckdb(some)];
    for (const [n, name] of some.entries()) expect([name, String(ours[n])]).toEqual([name, String(theirs[n])]);
  });
});

describe('what this reader is not sure of is left to DuckDB', () => {
  const some = `SELECT r AS n, 'x' || r AS t FROM range(5000) v(r)`;
  it.each<[string, string, string, string[], boolean]>([
    ['as it is written', some, 'COMPRESSION zstd', ['n', 't'], true],
    ['another codec', some, 'COMPRESSION snappy', ['n', 't'], false],
    ['other encodings', some, 'COMPRESSION zstd, PARQUET_VERSION v2, DICTIONARY_SIZE_LIMIT 1', ['n', 't'], false],
    ['a column that is not there', some, 'COMPRESSION zstd', ['n', 'u'], false],
    ['a number beyond 2^53', 'SELECT 9007199254740993 AS n', 'COMPRESSION zstd', ['n'], false],
    ['another below', 'SELECT -9007199254740993 AS n', 'COMPRESSION zstd', ['n'], false],
    ['the last that is exact', 'SELECT 9007199254740991 AS n', 'COMPRESSION zstd', ['n'], true],
    ['numbers of 64 bits without a sign', 'SELECT CAST(1 AS UBIGINT) AS n', 'COMPRESSION zstd', ['n'], false],
    ['numbers of 32 bits without a sign', 'SELECT CAST(1 AS UINTEGER) AS n', 'COMPRESSION zstd', ['n'], false],
    ['short numbers', 'SELECT CAST(200 AS UTINYINT) AS n', 'COMPRESSION zstd', ['n'], true],
    ['fractions', 'SELECT 0.5::DOUBLE AS n', 'COMPRESSION zstd', ['n'], false],
    ['decimals', 'SELECT 0.5::DECIMAL(9, 2) AS n', 'COMPRESSION zstd', ['n'], false],
    ['times', "SELECT TIMESTAMP '2024-10-04' AS n", 'COMPRESSION zstd', ['n'], false],
    ['bytes', "SELECT 'x'::BLOB AS n", 'COMPRESSION zstd', ['n'], false],
    ['lists', 'SELECT [1, 2] AS n', 'COMPRESSION zstd', ['n'], false],
    ['a list beside', 'SELECT 1 AS n, [1, 2] AS l', 'COMPRESSION zstd', ['n'], false],
  ])('%s', async (_, sql, options, names, taken) => {
    await db.run(`COPY (${sql}) TO '${path}' (FORMAT parquet, ${options})`);
    const read = byColumns(await readFile(path), names);
    if (taken) expect(read).toEqual(await byDuckdb(names));
    else expect(read).toBeNull();
  });
});

describe('a damaged file', () => {
  /** Null, or as many rows as the file had. */
  function unharmed(file: Uint8Array, names: readonly string[], rows: number): void {
    const groups = readColumns(file, names);
    if (groups === null) return;
    expect([...groups].reduce((sum, group) => sum + group.rows, 0)).toBe(rows);
  }

  it('is never read when it is cut', async () => {
    await copy([{ t: 'x', w: 1, i: 1, f: true }], 3000, 'COMPRESSION zstd, ROW_GROUP_SIZE 2048');
    const file = await readFile(path);
    for (let at = 0; at < file.length; at += at < 100 || at > file.length - 100 ? 1 : 37)
      expect(readColumns(file.subarray(0, at), NAMES)).toBeNull();
  });

  it('neither ends nor holds up the reader, and makes no rows: any bit', async () => {
    const rows = [
      { t: 'x', w: 1, i: 1, f: true },
      { t: 'é', w: null, i: -4, f: null },
    ];
    for (const options of [
      'COMPRESSION zstd',
      'COMPRESSION uncompressed',
      'COMPRESSION zstd, DICTIONARY_SIZE_LIMIT 1',
    ]) {
      await copy(rows, 300, options);
      const file = await readFile(path);
      fc.assert(
        fc.property(fc.nat(file.length - 1), fc.nat(7), (at, bit) => {
          const damaged = Buffer.from(file);
          damaged[at]! ^= 1 << bit;
          unharmed(damaged, NAMES, 300);
        }),
        { numRuns: 700 },
      );
    }
    const file = kernelFile(300, (n, i) => (n === 1 ? i % 2 : i * 61));
    fc.assert(
      fc.property(fc.nat(file.length - 1), fc.nat(7), (at, bit) => {
        const damaged = Buffer.from(file);
        damaged[at]! ^= 1 << bit;
        unharmed(damaged, KERNELS, 300);
      }),
      { numRuns: 1000 },
    );
  });

  it('is told before its first group is given, wherever the damage lies', async () => {
    const file = kernelFile(270_000, (n, i) => (n === 1 ? 0 : i));
    const good = [...readColumns(file, ['short'])!].length;
    expect(good).toBe(2);
    const damaged = Buffer.from(file);
    // The last pages are those of the last group's last columns.
    damaged.fill(
      0xff,
      file.length - 8 - damaged.readUInt32LE(file.length - 8) - 200,
      file.length - 8 - damaged.readUInt32LE(file.length - 8),
    );
    expect(readColumns(damaged, ['short'])).toBeNull();
  });

  it('is told by text that is no UTF-8', async () => {
    await copy([{ t: 'caf\u00e9-caf\u00e9', w: 1, i: 1, f: true }], 4, 'COMPRESSION uncompressed');
    const file = await readFile(path);
    const at = file.indexOf('caf\u00e9-caf\u00e9');
    const damaged = Buffer.from(file);
    damaged[at + 4] = 0x20;
    expect(readColumns(file, ['t'])).not.toBeNull();
    expect(readColumns(damaged, ['t'])).toBeNull();
  });
});
