import { mkdtemp, rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { DuckDBConnection, DuckDBDataChunk, DuckDBInstance, DuckDBValue } from '@duckdb/node-api';
import { PareError } from '../../model/problem.ts';
import type { CoverageRow, LedgerRow } from '../ledger.ts';
import type { SqlEngine } from '../pipeline.ts';
import { literal } from '../sql/text.ts';
import { codedCoverage, codedLedger } from './coded.ts';
import { NumberTable } from './number-table.ts';

/**
 * One database in memory that spills to a folder of its own, removed on close (a database file costs twice the time: it is compressed
 * and logged). Every statement can be interrupted by the signal.
 */
export class Engine implements SqlEngine {
  private readonly folder: string;
  private readonly instance: DuckDBInstance;
  private readonly connection: DuckDBConnection;
  private readonly signal: AbortSignal;
  private closed = false;

  private constructor(folder: string, instance: DuckDBInstance, connection: DuckDBConnection, signal: AbortSignal) {
    this.folder = folder;
    this.instance = instance;
    this.connection = connection;
    this.signal = signal;
  }

  static async open(tempDir: string, memoryLimit: string, signal: AbortSignal): Promise<Engine> {
    signal.throwIfAborted();
    const folder = await mkdtemp(join(tempDir, 'pare-flows-')).catch((cause: unknown) => {
      throw engineProblem(`the temporary folder ${tempDir} cannot be used`, cause);
    });
    try {
      // Its native library is large: who opens no engine does not load it.
      const { DuckDBInstance } = await import('@duckdb/node-api');
      const instance = await DuckDBInstance.create(':memory:', {
        memory_limit: memoryLimit,
        temp_directory: join(folder, 'spill'),
        preserve_insertion_order: 'false',
        // Nothing may be fetched while reading someone's logs.
        autoinstall_known_extensions: 'false',
        autoload_known_extensions: 'false',
      });
      const engine = new Engine(folder, instance, await instance.connect(), signal);
      // What the shared SQL takes from Trino.
      await engine.run('CREATE MACRO bitwise_and(a, b) AS (a & b)');
      await engine.run('CREATE MACRO regexp_like(a, b) AS regexp_matches(a, b)');
      await engine.run('CREATE MACRO sequence(a, b, step) AS generate_series(a, b, step)');
      return engine;
    } catch (cause) {
      await rm(folder, { recursive: true, force: true });
      throw cause;
    }
  }

  async run(sql: string): Promise<void> {
    await this.guard(this.connection, () => this.connection.run(sql));
  }

  /** All rows at once: for small answers. Whole numbers come as number. */
  async rows(sql: string): Promise<Record<string, string | number | boolean | null>[]> {
    const reader = await this.guard(this.connection, () => this.connection.runAndReadAll(sql));
    return reader.getRowObjects().map((row) => Object.fromEntries(Object.entries(row).map(([k, v]) => [k, plain(v)])));
  }

  async *stream(sql: string): AsyncGenerator<(string | number | boolean | null)[][]> {
    for await (const chunk of this.chunks(sql)) yield chunk.getRows().map((row) => row.map(plain));
  }

  /** Rows in chunks, on a connection of its own, so that several can be read side by side. */
  async *chunks(sql: string): AsyncGenerator<DuckDBDataChunk> {
    const connection = await this.instance.connect();
    try {
      const result = await this.guard(connection, () => connection.stream(sql));
      for (;;) {
        const chunk = await this.guard(connection, () => result.fetchChunk());
        if (chunk === null || chunk.rowCount === 0) return;
        yield chunk;
      }
    } finally {
      connection.closeSync();
    }
  }

  ledger(refusedFrom: number | null): Promise<AsyncGenerator<LedgerRow[]> | null> {
    return codedLedger(this, refusedFrom);
  }

  coverage(sql: string): AsyncGenerator<CoverageRow[]> {
    return codedCoverage(this, sql);
  }

  /** A new table of whole numbers without NULL, to be filled in bulk. */
  numbers(name: string, columns: Readonly<Record<string, 'INTEGER' | 'BIGINT'>>): Promise<NumberTable> {
    this.signal.throwIfAborted();
    return NumberTable.create(this.connection, name, columns);
  }

  async table(name: string, sql: string): Promise<void> {
    await this.run(`CREATE TABLE ${name} AS ${sql}`);
  }

  async view(name: string, sql: string): Promise<void> {
    await this.run(`CREATE VIEW ${name} AS ${sql}`);
  }

  async drop(name: string): Promise<void> {
    await this.run(`DROP TABLE ${name}`);
  }

  async fill(
    table: string,
    types: Readonly<Record<string, 'BIGINT' | 'VARCHAR'>>,
    rows: readonly (readonly (string | number | null)[])[],
  ): Promise<void> {
    const columns = Object.entries(types).map(([name, type]) => `${name} ${type}`);
    await this.run(`CREATE TABLE ${table} (${columns.join(', ')})`);
    for (let i = 0; i < rows.length; i += 1000) {
      const values = rows.slice(i, i + 1000).map((row) => `(${row.map(value).join(', ')})`);
      await this.run(`INSERT INTO ${table} VALUES ${values.join(', ')}`);
    }
  }

  async close(): Promise<void> {
    if (this.closed) return;
    this.closed = true;
    this.connection.closeSync();
    this.instance.closeSync();
    await rm(this.folder, { recursive: true, force: true });
  }

  private async guard<T>(connection: DuckDBConnection, work: () => Promise<T>): Promise<T> {
    this.signal.throwIfAborted();
    const interrupt = () => connection.interrupt();
    this.signal.addEventListener('abort', interrupt);
    try {
      return await work();
    } catch (cause) {
      this.signal.throwIfAborted();
      throw engineProblem((cause as Error).message.split('\n')[0] ?? 'unknown error', cause);
    } finally {
      this.signal.removeEventListener('abort', interrupt);
    }
  }
}

function value(item: string | number | null): string {
  if (item === null) return 'NULL';
  return typeof item === 'number' ? String(item) : literal(item);
}

function plain(item: DuckDBValue): string | number | boolean | null {
  if (typeof item === 'bigint') return Number(item);
  if (item === null || typeof item === 'string' || typeof item === 'number' || typeof item === 'boolean') return item;
  return String(item);
}

function engineProblem(message: string, cause: unknown): PareError {
  return new PareError(
    {
      code: 'flow-log-engine-failed',
      message: `DuckDB could not go on: ${message}`,
      next: 'check the free space of the temporary folder and the memory limit, then run again',
      fault: 'environment',
    },
    { cause },
  );
}
