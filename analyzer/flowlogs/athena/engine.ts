import { mkdir, readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { GetWorkGroupCommand } from '@aws-sdk/client-athena';
import type { S3Client } from '@aws-sdk/client-s3';
import { Engine } from '../duckdb/engine.ts';
import type { Cell, SqlEngine } from '../pipeline.ts';
import { literal } from '../sql/text.ts';
import { download, listPages, placeOf, removeObjects, upload } from './objects.ts';
import { type QueryOptions, refused, runQuery } from './query.ts';

export interface AthenaEngineOptions {
  queries: Omit<QueryOptions, 'output'>;
  s3: S3Client;
  tempDir: string;
  /** Names the scratch database; 12 hex digits that no other run has. */
  run: string;
  /** s3:// prefix, without a slash at its end, below which all runs put what they make. */
  scratch: string;
}

/** Runs are over within hours: what is older was left by one that died. */
const ABANDONED_SECONDS = 2 * 86400;

/**
 * Athena with a scratch database of its own, whose tables are Parquet under `scratch`. Results come by UNLOAD and are read back through
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
  /** Where a workgroup that overrides its clients puts results and tables; null where it does not. */
  private readonly enforced: string | null;
  private readonly started: string[];
  private unloads = 0;
  private closed = false;

  private constructor(options: AthenaEngineOptions, local: Engine, enforced: string | null) {
    this.place = `${options.scratch}/${options.run}`;
    this.started = [];
    this.queries = { ...options.queries, output: `${this.place}/results/`, started: (id) => this.started.push(id) };
    this.s3 = options.s3;
    this.local = local;
    this.tempDir = join(options.tempDir, `athena-${options.run}`);
    this.database = databaseOf(options.run);
    this.enforced = enforced;
  }

  static async open(options: AthenaEngineOptions): Promise<AthenaEngine> {
    const enforced = await enforcedPlace(options.queries);
    const local = await Engine.open(options.tempDir, '1GB', options.queries.signal);
    const engine = new AthenaEngine(options, local, enforced);
    try {
      await mkdir(engine.tempDir, { recursive: true });
      await runQuery(`CREATE SCHEMA IF NOT EXISTS ${engine.database}`, null, engine.queries);
    } catch (error) {
      await engine.close();
      throw error;
    }
    return engine;
  }

  async table(name: string, sql: string): Promise<void> {
    // A workgroup that overrides its clients refuses a place of ours and has one of its own for each query.
    const place = (attempt: number) =>
      this.enforced === null ? `, external_location = '${this.place}/${name}-${attempt}/'` : '';
    await this.run((attempt) => `CREATE TABLE ${name} WITH (format = 'PARQUET'${place(attempt)}) AS\n${sql}`);
  }

  // A query that may be repeated (AthenaError.Retryable) may have done its work before it failed: the rest says IF and OR REPLACE.

  async view(name: string, sql: string): Promise<void> {
    await this.run(`CREATE OR REPLACE VIEW ${name} AS\n${sql}`);
  }

  async drop(name: string): Promise<void> {
    await this.run(`DROP TABLE IF EXISTS ${name}`);
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
      `CREATE EXTERNAL TABLE IF NOT EXISTS \`${name}\` (${columns.join(', ')}) STORED AS PARQUET LOCATION '${this.place}/${name}/'`,
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
    if (this.closed) return;
    this.closed = true;
    // The signal may be aborted: what was made must go all the same.
    const queries = { ...this.queries, signal: new AbortController().signal };
    await runQuery(`DROP SCHEMA IF EXISTS ${this.database} CASCADE`, null, queries).catch(() => undefined);
    await removeObjects(this.s3, `${this.place}/`).catch(() => undefined);
    if (this.enforced !== null) {
      for (const id of this.started) {
        await removeObjects(this.s3, `${this.enforced}tables/${id}/`).catch(() => undefined);
        await removeObjects(this.s3, `${this.enforced}${id}`).catch(() => undefined);
      }
    }
    await this.local.close();
    await rm(this.tempDir, { recursive: true, force: true });
  }

  private async run(sql: string | ((attempt: number) => string)): Promise<number> {
    const { scanned, attempt } = await runQuery(sql, this.database, this.queries);
    this.scanned += scanned;
    return attempt;
  }

  /** SQL that reads the result here. UNLOAD keeps no order over files; all our queries order by their columns from the left. */
  private async unload(sql: string): Promise<string | null> {
    this.unloads += 1;
    const place = (attempt: number) => `${this.place}/unload-${this.unloads}-${attempt}/`;
    const attempt = await this.run((n) => `UNLOAD (${sql})\nTO '${place(n)}' WITH (format = 'PARQUET')`);
    const folder = join(this.tempDir, `unload-${this.unloads}`);
    await mkdir(folder);
    const files = await download(this.s3, place(attempt), folder, this.queries.signal);
    if (files.length === 0) return null;
    return `SELECT * FROM read_parquet([${files.map(literal).join(', ')}], hive_partitioning = false) ORDER BY ALL NULLS FIRST`;
  }
}

function databaseOf(run: string): string {
  return `pare_${run}`;
}

/** Source: Amazon Athena User Guide, "Override client-side settings". */
async function enforcedPlace({ client, workgroup, signal }: AthenaEngineOptions['queries']): Promise<string | null> {
  const { WorkGroup: group } = await client
    .send(new GetWorkGroupCommand({ WorkGroup: workgroup }), { abortSignal: signal })
    .catch((cause: Error) => {
      signal.throwIfAborted();
      throw refused(cause);
    });
  const { EnforceWorkGroupConfiguration: enforced, ResultConfiguration: results } = group?.Configuration ?? {};
  const place = results?.OutputLocation;
  if (enforced !== true || place === undefined) return null;
  return place.endsWith('/') ? place : `${place}/`;
}

/** Takes away what runs that died have left below `scratch`: their objects say when, and their prefix names their database. */
export async function removeAbandonedRuns(
  options: Omit<AthenaEngineOptions, 'run' | 'tempDir'>,
  now: number,
): Promise<void> {
  const { s3, scratch, queries } = options;
  const newest = new Map<string, number>();
  const { prefix } = placeOf(`${scratch}/`);
  for await (const page of listPages(s3, `${scratch}/`, queries.signal)) {
    for (const { key, modified } of page) {
      const run = /^([0-9a-f]{12})\//.exec(key.slice(prefix.length))?.[1];
      if (run !== undefined) newest.set(run, Math.max(newest.get(run) ?? 0, modified));
    }
  }
  for (const [run, at] of newest) {
    if (now - at < ABANDONED_SECONDS) continue;
    const own = { ...queries, output: `${scratch}/${run}/results/` };
    await runQuery(`DROP SCHEMA IF EXISTS ${databaseOf(run)} CASCADE`, null, own);
    await removeObjects(s3, `${scratch}/${run}/`);
  }
}
