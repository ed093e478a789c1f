import type { FlowLogTable } from '../../analyzer/flowlogs/athena/store.ts';
import { fieldsOf, type LogFormat } from '../generator/index.ts';
import type { Trino } from './trino.ts';

const INT32 = new Set(['version', 'srcport', 'dstport', 'protocol', 'tcp_flags', 'traffic_path']);
const INT64 = new Set(['packets', 'bytes', 'start', 'end']);

export interface Place {
  name: string;
  format: LogFormat;
  /** s3:// folder that holds the years, with a slash at its end. */
  base: string;
  /** AWS's Hive-compatible folders (year=/month=/day=) instead of plain ones. */
  hive: boolean;
  /** Days that the table's partition projection covers, as yyyy/MM/dd, both included. */
  range?: readonly [string, string];
}

/** A table over one flow log with partition projection, as in the Glue catalog; Trino reads projection as Athena does. */
export async function makeTable(trino: Trino, place: Place): Promise<FlowLogTable> {
  const { name, format, base, hive, range = ['2026/01/01', '2026/12/31'] } = place;
  const columns = fieldsOf(format).map((field) => field.replaceAll('-', '_'));
  const parquet = format === 'parquet';
  const type = (column: string) =>
    !parquet ? 'varchar' : INT32.has(column) ? 'integer' : INT64.has(column) ? 'bigint' : 'varchar';
  const number = (column: string, from: string, to: string) =>
    `${column} varchar WITH (partition_projection_type = 'integer', partition_projection_range = ARRAY['${from}', '${to}'], partition_projection_digits = ${from.length})`;
  const keys = hive
    ? [
        number('year', range[0].slice(0, 4), range[1].slice(0, 4)),
        number('month', '01', '12'),
        number('day', '01', '31'),
      ]
    : [
        `"date" varchar WITH (partition_projection_type = 'date', partition_projection_format = 'yyyy/MM/dd', partition_projection_range = ARRAY['${range[0]}', '${range[1]}'], partition_projection_interval = 1, partition_projection_interval_unit = 'DAYS')`,
      ];
  const own = parquet
    ? "format = 'PARQUET'"
    : "format = 'TEXTFILE', textfile_field_separator = ' ', skip_header_line_count = 1";
  const by = hive ? "'year', 'month', 'day'" : "'date'";
  const template = hive ? 'year=${year}/month=${month}/day=${day}/' : '${date}/';
  const all = [
    ...columns.map((column) => `"${column}" ${type(column)}`),
    ...(parquet ? [] : ['extra varchar']),
    ...keys,
  ];
  await trino.run(
    `CREATE TABLE logs.${name} (${all.join(', ')}) WITH (${own}, partitioned_by = ARRAY[${by}], external_location = '${base}', partition_projection_enabled = true, partition_projection_location_template = '${base}${template}')`,
    'logs',
  );
  return {
    database: 'logs',
    name,
    format: parquet ? 'parquet' : 'text',
    columns,
    extraColumn: parquet ? null : 'extra',
    partition: hive
      ? { by: 'parts', year: 'year', month: 'month', day: 'day' }
      : { by: 'date', column: 'date', format: 'yyyy/MM/dd' },
    locations: [`${base}${hive ? 'year={yyyy}/month={MM}/day={dd}/' : '{yyyy}/{MM}/{dd}/'}`],
  };
}
