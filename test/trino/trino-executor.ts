import type { Execute } from './athena.ts';
import type { Trino } from './trino.ts';

/**
 * Athena's few own statements as the Hive connector has them; all other text goes to Trino as it is. `results` is where a workgroup puts
 * tables that are given no place.
 */
export function trinoExecutor(trino: Trino, results: string): Execute {
  let made = 0;
  return async (sql, database) => {
    const unload = /^UNLOAD \(([\s\S]*)\)\nTO '([^']*)' WITH \(format = 'PARQUET'\)$/.exec(sql);
    if (unload !== null) {
      const as = `CREATE TABLE unload_${made++} WITH (format = 'PARQUET', external_location = '${unload[2]}') AS\n${unload[1]}`;
      return trino.run(as, database);
    }
    const external = /^CREATE EXTERNAL TABLE IF NOT EXISTS `(\w+)` \((.*)\) STORED AS PARQUET LOCATION '([^']*)'$/.exec(
      sql,
    );
    if (external !== null) {
      const columns = external[2]!.replaceAll('`', '"').replaceAll(' string', ' varchar');
      const ddl = `CREATE TABLE IF NOT EXISTS ${external[1]} (${columns}) WITH (format = 'PARQUET', external_location = '${external[3]}')`;
      return trino.run(ddl, database);
    }
    return trino.run(
      sql.replace(
        "WITH (format = 'PARQUET') AS",
        `WITH (format = 'PARQUET', external_location = '${results}/tables/query-${made++}/') AS`,
      ),
      database,
    );
  };
}
