import { mkdir, readdir } from 'node:fs/promises';
import { join } from 'node:path';
import type { DuckDBConnection } from '@duckdb/node-api';
import type { Execute } from './athena.ts';

/** Runs what the Athena store sends on DuckDB over the folder of the S3 stand-in: the store's own steps, without Trino's word on the SQL. */
export async function duckdbExecutor(
  connection: DuckDBConnection,
  root: string,
  results = 's3://results/enforced/',
): Promise<Execute> {
  for (const macro of [
    'bitwise_and(a, b) AS (a & b)',
    'regexp_like(a, b) AS regexp_matches(a, b)',
    'sequence(a, b, step) AS generate_series(a, b, step)',
  ])
    await connection.run(`CREATE MACRO ${macro}`);
  const local = (uri: string) => join(root, uri.replace('s3://', ''));
  let parts = 0;
  const run: Execute = async (sql, database) => {
    if (database !== null) await connection.run(`SET schema = '${database}'`);
    const ctas = /^CREATE TABLE (\w+) WITH \(format = 'PARQUET'(?:, external_location = '([^']*)')?\) AS\n/.exec(sql);
    const unload = /^UNLOAD \(([\s\S]*)\)\nTO '([^']*)' WITH \(format = 'PARQUET'\)$/.exec(sql);
    const external = /^CREATE EXTERNAL TABLE IF NOT EXISTS `(\w+)` \(.*\) STORED AS PARQUET LOCATION '([^']*)'$/.exec(
      sql,
    );
    if (ctas !== null || unload !== null) {
      const folder = local(ctas?.[2] ?? unload?.[2] ?? `${results}tables/query-${parts}/`);
      await mkdir(folder, { recursive: true });
      // Athena refuses to write where something lies.
      if ((await readdir(folder)).length > 0) throw new Error(`HIVE_PATH_ALREADY_EXISTS: ${folder}`);
      const query = (unload?.[1] ?? sql.slice(ctas?.[0].length)).replaceAll('"$path"', 'pare_path');
      await connection.run(`COPY (${query}) TO '${folder}/part-${parts++}' (FORMAT parquet)`);
      if (ctas !== null)
        await connection.run(`CREATE OR REPLACE VIEW ${ctas[1]} AS SELECT * FROM read_parquet('${folder}/*')`);
    } else if (external !== null) {
      await connection.run(
        `CREATE OR REPLACE VIEW ${external[1]} AS SELECT * FROM read_parquet('${local(external[2]!)}/*')`,
      );
    } else if (sql.startsWith('DROP SCHEMA')) {
      await connection.run('SET schema = main');
      await connection.run(sql);
    } else {
      await connection.run(sql.replace(/^DROP TABLE/, 'DROP VIEW'));
    }
    return { scanned: 1 };
  };
  // Statements of one connection must not change its schema under each other.
  let last: Promise<unknown> = Promise.resolve();
  return (sql, database) => {
    const next = last.then(() => run(sql, database));
    last = next.catch(() => undefined);
    return next;
  };
}
