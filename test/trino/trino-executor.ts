import type { Execute } from './athena.ts';
import type { Trino } from './trino.ts';

/** Athena's few own statements as the Hive connector has them; all other text goes to Trino as it is. */
export function trinoExecutor(trino: Trino): Execute {
  let unloads = 0;
  return async (sql, database) => {
    const unload = /^UNLOAD \(([\s\S]*)\)\nTO '([^']*)' WITH \(format = 'PARQUET'\)$/.exec(sql);
    if (unload !== null) {
      const name = `unload_${unloads++}`;
      const as = `CREATE TABLE ${name} WITH (format = 'PARQUET', external_location = '${unload[2]}') AS\n${unload[1]}`;
      return trino.run(as, database);
    }
    const external = /^CREATE EXTERNAL TABLE (\w+) \((.*)\) STORED AS PARQUET LOCATION '([^']*)'$/.exec(sql);
    if (external !== null) {
      const columns = external[2]!.replaceAll('`', '"').replaceAll(' string', ' varchar');
      const ddl = `CREATE TABLE ${external[1]} (${columns}) WITH (format = 'PARQUET', external_location = '${external[3]}')`;
      return trino.run(ddl, database);
    }
    return trino.run(sql, database);
  };
}
