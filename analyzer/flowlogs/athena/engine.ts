import { mkdir, readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { S3Client } from '@aws-sdk/client-s3';
import { Engine } from '../duckdb/engine.ts';
import type { Cell, SqlEngine } from '../pipeline.ts';
import { literal } from '../sql/text.ts';
import { download, removeObjects, upload } from './objects.ts';
import { type QueryOptions, runQuery } from './query.ts';

/**
 * Athena with a scratch database of its own, whose tables are Parquet under `place`. Results come by UNLOAD and are read back through
 * DuckDB: GetQueryResults gives a thousand rows a page. What is made is removed on close, also after a failure.
 */
export class AthenaEngine implements SqlEngine {
  /** Bytes that Athena has read for us: what is billed. */
  scanned = 0;
  private readonly queries: QueryOptions;
  private readonly s3: S3Client;
  private readonly local: Engine;
  private readonly tempDir: string;
  private readonly database: string;
  private readonly place: string;
  private unloads = 0;

  private constructor(queries: QueryOptions, s3: S3Client, local: Engine, tempDir: string, run: string, place: string) {
    this.queries = queries;
    this.s3 = s3;
    this.local = local;
    this.tempDir = join(tempDir, `athena-${run}`);
    this.database = `pare_${run}`;
    this.place = `${place}/${run}`;
  }

  static async open(
    queries: QueryOptions,
    s3: S3Client,
    tempDir: string,
    run: string,
    place: string,
  ): Promise<AthenaEngine> {
    const local = await Engine.open(tempDir, '1GB', queries.signal);
    const engine = new AthenaEngine(queries, s3, local, tempDir, run, place);
    try {
      await mkdir(engine.tempDir, { recursive: true });
      await runQuery(`CREATE SCHEMA ${engine.database}`, null, queries);
    } catch (error) {
      await engine.close();
      throw error;
    }
    return engine;
  }

  async table(name: string, sql: string): Promise<void> {
    const with_ = `format = 'PARQUET', external_location = '${this.place}/${name}/'`;
    await this.run(`CREATE TABLE ${name} WITH (${with_}) AS\n${sql}`);
  }

  async view(name: string, sql: string): Promise<void> {
    await this.run(`CREATE VIEW ${name} AS\n${sql}`);
  }

  async drop(name: string): Promise<void> {
    await this.run(`DROP TABLE ${name}`);
  }

  /** Rules and interfaces go to S3 as a table: as text in a query they would soon be longer than Athena takes. */
  async fill(
    name: string,
    types: Readonly<Record<string, 'BIGINT' | 'VARCHAR'>>,
    rows: readonly (readonly (string | number | null)[])[],
  ): Promise<void> {
    await this.local.fill(name, types, rows);
    const file = join(this.tempDir, `${name}.parquet`);
    await this.local.run(`COPY ${name} TO ${literal(file)} (FORMAT parquet)`);
    await this.local.drop(name);
    await upload(this.s3, `${this.place}/${name}/rows.parquet`, await readFile(file), this.queries.signal);
    await rm(file);
    const columns = Object.entries(types).map(
      ([column, type]) => `\`${column}\` ${type === 'BIGINT' ? 'bigint' : 'string'}`,
    );
    await this.run(
      `CREATE EXTERNAL TABLE ${name} (${columns.join(', ')}) STORED AS PARQUET LOCATION '${this.place}/${name}/'`,
    );
  }

  async rows(sql: string): Promise<Record<string, Cell>[]> {
    const read = await this.unload(sql);
    return read === null ? [] : this.local.rows(read);
  }

  async *stream(sql: string): AsyncGenerator<Cell[][]> {
    const read = await this.unload(sql);
    if (read !== null) yield* this.local.stream(read);
  }

  async close(): Promise<void> {
    // The signal may be aborted: what was made must go all the same.
    const queries = { ...this.queries, signal: new AbortController().signal };
    await runQuery(`DROP SCHEMA IF EXISTS ${this.database} CASCADE`, null, queries).catch(() => undefined);
    await removeObjects(this.s3, this.place).catch(() => undefined);
    await this.local.close();
    await rm(this.tempDir, { recursive: true, force: true });
  }

  private async run(sql: string): Promise<void> {
    this.scanned += await runQuery(sql, this.database, this.queries);
  }

  /** SQL that reads the result here. UNLOAD keeps no order over files; all our queries order by their columns from the left. */
  private async unload(sql: string): Promise<string | null> {
    this.unloads += 1;
    const place = `${this.place}/unload-${this.unloads}/`;
    await this.run(`UNLOAD (${sql})\nTO '${place}' WITH (format = 'PARQUET')`);
    const folder = join(this.tempDir, `unload-${this.unloads}`);
    await mkdir(folder);
    const files = await download(this.s3, place, folder, this.queries.signal);
    if (files.length === 0) return null;
    return `SELECT * FROM read_parquet([${files.map(literal).join(', ')}], hive_partitioning = false) ORDER BY ALL NULLS FIRST`;
  }
}
