import { cp, mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import type { FindingsDocument } from '../../analyzer/model/finding.ts';
import { writeTables } from '../../bot/cli/work/tables.ts';
import { RESULT_NAMES, resultTable } from '../../infra/tables.ts';
import { VIEWS } from '../../infra/views.ts';
import type { Trino } from './trino.ts';

const SCHEMA = 'results';

/** The result tables and views as the Glue catalog has them, over what the scheduled analysis writes. Projection ends at a fixed day. */
export async function makeResults(trino: Trino, bucket: string): Promise<void> {
  await trino.run(`CREATE SCHEMA ${SCHEMA}`, null);
  for (const name of RESULT_NAMES) {
    const { storageDescriptor, parameters } = resultTable(name, bucket);
    const columns = storageDescriptor.columns.map(
      (column) => `"${column.name}" ${column.type === 'string' ? 'varchar' : column.type}`,
    );
    const day = `day varchar WITH (partition_projection_type = 'date', partition_projection_format = '${parameters['projection.day.format']}', partition_projection_range = ARRAY['2026-01-01', '2026-12-31'], partition_projection_interval = 1, partition_projection_interval_unit = 'DAYS')`;
    await trino.run(
      `CREATE TABLE ${name} (${[...columns, day].join(', ')}) WITH (format = 'OPENX_JSON', partitioned_by = ARRAY['day'],
        external_location = '${storageDescriptor.location}', partition_projection_enabled = true,
        partition_projection_location_template = '${parameters['storage.location.template']}')`,
      SCHEMA,
    );
  }
  for (const { name, sql } of VIEWS) await trino.run(`CREATE VIEW ${name} AS ${sql}`, SCHEMA);
}

/** As the analysis step uploads them; `only`: a run that died after so many tables. */
export async function putResults(document: FindingsDocument, s3: string, bucket: string, only = 4): Promise<void> {
  const folder = join(s3, '..', 'made-tables', document.window.to.replaceAll(':', ''));
  const paths = await writeTables(document, folder, new AbortController().signal);
  for (const path of paths.slice(0, only)) {
    await mkdir(join(s3, bucket, 'tables', path, '..'), { recursive: true });
    await cp(join(folder, path), join(s3, bucket, 'tables', path));
  }
}

export async function ask(trino: Trino, sql: string): Promise<unknown[][]> {
  return (await trino.run(sql, SCHEMA)).rows;
}

export async function columnsOf(trino: Trino, view: string): Promise<[string, string][]> {
  return (await ask(trino, `DESCRIBE ${view}`)).map(([name, type]) => [
    String(name),
    String(type).replace(/^varchar.*/, 'varchar'),
  ]);
}
