import type { FlowLogs } from './settings.ts';

/** The arguments of a Glue table, without its database; plain values, so that tests read them. */
export interface TableArgs {
  name: string;
  description: string;
  tableType: 'EXTERNAL_TABLE';
  parameters: Record<string, string>;
  partitionKeys: { name: string; type: string }[];
  storageDescriptor: {
    location: string;
    inputFormat: string;
    outputFormat: string;
    serDeInfo: { serializationLibrary: string; parameters: Record<string, string> };
    columns: { name: string; type: string }[];
  };
}

/** Numbers in Parquet, by the type AWS writes (VPC user guide, "Flow log files", Parquet); all else is text. */
const INTEGERS = new Set(['version', 'srcport', 'dstport', 'protocol', 'tcp-flags', 'traffic-path']);
const LONGS = new Set(['packets', 'bytes', 'start', 'end']);

/** Only lines with too many fields fill it: damage is seen and not cast away (analyzer/flowlogs/athena/store.ts). */
const EXTRA_COLUMN = 'pare_extra';

const TEXT = {
  inputFormat: 'org.apache.hadoop.mapred.TextInputFormat',
  outputFormat: 'org.apache.hadoop.hive.ql.io.HiveIgnoreKeyTextOutputFormat',
};
const PARQUET = {
  inputFormat: 'org.apache.hadoop.hive.ql.io.parquet.MapredParquetInputFormat',
  outputFormat: 'org.apache.hadoop.hive.ql.io.parquet.MapredParquetOutputFormat',
};

/**
 * A table over flow logs where AWS puts them. Partitions are projected, so nothing has to be registered as days, accounts and regions come;
 * source: Athena user guide, "Set up partition projection" and "Supported types for partition projection".
 */
export function flowLogTable(logs: FlowLogs): TableArgs {
  const { location, template } = places(logs);
  const text = logs.format === 'text';
  const columns = logs.fields.map((field) => ({ name: columnOf(field), type: text ? 'string' : typeOf(field) }));
  return {
    name: `flow_logs_${logs.name}`,
    description: `VPC Flow Logs in ${location}`,
    tableType: 'EXTERNAL_TABLE',
    parameters: {
      EXTERNAL: 'TRUE',
      ...(text ? { 'skip.header.line.count': '1' } : { classification: 'parquet' }),
      'projection.enabled': 'true',
      'projection.account.type': 'enum',
      'projection.account.values': [...logs.accounts].sort().join(','),
      'projection.region.type': 'enum',
      'projection.region.values': [...logs.regions].sort().join(','),
      ...dayProjection(logs),
      'storage.location.template': template,
    },
    partitionKeys: [
      { name: 'account', type: 'string' },
      { name: 'region', type: 'string' },
      ...(logs.layout === 'date' ? ['day'] : ['year', 'month', 'day']).map((name) => ({ name, type: 'string' })),
    ],
    storageDescriptor: {
      location,
      ...(text ? TEXT : PARQUET),
      serDeInfo: text
        ? {
            serializationLibrary: 'org.apache.hadoop.hive.serde2.lazy.LazySimpleSerDe',
            parameters: { 'field.delim': ' ', 'serialization.format': ' ' },
          }
        : {
            serializationLibrary: 'org.apache.hadoop.hive.ql.io.parquet.serde.ParquetHiveSerDe',
            parameters: { 'serialization.format': '1' },
          },
      columns: text ? [...columns, { name: EXTRA_COLUMN, type: 'string' }] : columns,
    },
  };
}

/** One row for each rule and analysis; bot/lambda/weekly.ts writes them with these names. */
export function findingsTable(bucket: string): TableArgs {
  const texts = ['finding_id', 'rule_id', 'group_id', 'account_id', 'region', 'direction', 'action', 'reason'];
  const types: [string, string][] = [
    ...texts.map((name): [string, string] => [name, 'string']),
    ['confidence', 'double'],
    ['flows', 'bigint'],
    ['bytes', 'bigint'],
    ['first_seen', 'string'],
    ['last_seen', 'string'],
    ['only_permitter_flows', 'bigint'],
    ['observed_interface_hours', 'double'],
    ['expected_interface_hours', 'double'],
    ['replacements', 'string'],
    ['window_from', 'string'],
    ['window_to', 'string'],
  ];
  const location = `s3://${bucket}/tables/findings/`;
  return {
    name: 'findings',
    description: 'What each analysis said of each rule; day is the end of its window',
    tableType: 'EXTERNAL_TABLE',
    parameters: {
      EXTERNAL: 'TRUE',
      classification: 'json',
      'projection.enabled': 'true',
      'projection.day.type': 'date',
      'projection.day.format': 'yyyy-MM-dd',
      'projection.day.range': '2024-01-01,NOW',
      'projection.day.interval': '1',
      'projection.day.interval.unit': 'DAYS',
      'storage.location.template': `${location}day=\${day}/`,
    },
    partitionKeys: [{ name: 'day', type: 'string' }],
    storageDescriptor: {
      location,
      ...TEXT,
      serDeInfo: {
        serializationLibrary: 'org.openx.data.jsonserde.JsonSerDe',
        parameters: { 'case.insensitive': 'true' },
      },
      columns: types.map(([name, type]) => ({ name, type })),
    },
  };
}

/** Where a day's files lie for one account and region, with {yyyy}, {MM} and {dd}, as the ledger step lists them. */
export function dayLocations(logs: FlowLogs): string[] {
  const { template } = places(logs);
  return [...logs.accounts].sort().flatMap((account) =>
    [...logs.regions].sort().map((region) =>
      template
        .replace('${account}', account)
        .replace('${region}', region)
        .replace('${year}', '{yyyy}')
        .replace('${month}', '{MM}')
        .replace('${day}', logs.layout === 'date' ? '{yyyy}/{MM}/{dd}' : '{dd}'),
    ),
  );
}

/** The settings file of `pare analyze --athena` (docs/ledger.md) for these tables, but for what only the stack knows. */
export function athenaTables(database: string, all: readonly FlowLogs[]): object[] {
  return all.map((logs) => ({
    database,
    name: `flow_logs_${logs.name}`,
    format: logs.format,
    columns: logs.fields.map(columnOf),
    extraColumn: logs.format === 'text' ? EXTRA_COLUMN : null,
    partition:
      logs.layout === 'date'
        ? { by: 'date', column: 'day', format: 'yyyy/MM/dd' }
        : { by: 'parts', year: 'year', month: 'month', day: 'day' },
    locations: dayLocations(logs),
  }));
}

function places({ bucket, prefix, layout }: FlowLogs): { location: string; template: string } {
  const location = `s3://${bucket}/${prefix}AWSLogs/`;
  const template =
    layout === 'date'
      ? `${location}\${account}/vpcflowlogs/\${region}/\${day}/`
      : `${location}aws-account-id=\${account}/aws-service=vpcflowlogs/aws-region=\${region}/year=\${year}/month=\${month}/day=\${day}/`;
  return { location, template };
}

/** The range ends tomorrow: files are cut by delivery, and the store asks for the day after the window too. */
function dayProjection({ layout, from }: FlowLogs): Record<string, string> {
  if (layout === 'date')
    return {
      'projection.day.type': 'date',
      'projection.day.format': 'yyyy/MM/dd',
      'projection.day.range': `${from.replaceAll('-', '/')},NOW+2DAYS`,
      'projection.day.interval': '1',
      'projection.day.interval.unit': 'DAYS',
    };
  return {
    'projection.year.type': 'integer',
    'projection.year.range': `${from.slice(0, 4)},2100`,
    'projection.month.type': 'integer',
    'projection.month.range': '1,12',
    'projection.month.digits': '2',
    'projection.day.type': 'integer',
    'projection.day.range': '1,31',
    'projection.day.digits': '2',
  };
}

function columnOf(field: string): string {
  return field.replaceAll('-', '_');
}

function typeOf(field: string): string {
  return INTEGERS.has(field) ? 'int' : LONGS.has(field) ? 'bigint' : 'string';
}
