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

/** What the scheduled analysis writes (analyzer/report/tables.ts has the same names): columns by type, text where none is named. */
const RESULTS = {
  findings: {
    description: 'What each analysis said of each rule',
    columns:
      'finding_id rule_id group_id account_id region direction action reason detail confidence:double flows:bigint bytes:bigint packets:bigint days_seen:bigint first_seen last_seen only_permitter_flows:bigint uncertain_flows:bigint observed_interface_hours:double expected_interface_hours:double skipped_records:bigint replacements window_from window_to',
  },
  rules: {
    description: 'The rules of each analysis',
    columns:
      'rule_id finding_id group_id group_name account_id region direction protocol from_port:bigint to_port:bigint peer description created_at',
  },
  rule_usage: {
    description: 'Accepted records that each rule could have let in, by day; days without are left out',
    columns: 'rule_id finding_id used_on flows:bigint',
  },
  runs: {
    description: 'The analyses whose rows are whole',
    columns:
      'window_from window_to rules:bigint removals:bigint narrowings:bigint reviews:bigint connections:bigint blocked:bigint records:bigint',
  },
} as const;
export type ResultName = keyof typeof RESULTS;
export const RESULT_NAMES = Object.keys(RESULTS).sort() as readonly ResultName[];

export function resultColumns(name: ResultName): { name: string; type: string }[] {
  return RESULTS[name].columns.split(' ').map((column) => {
    const [own, type = 'string'] = column.split(':');
    return { name: own!, type };
  });
}

/** Lines of JSON below `tables/` of the bucket; the partition is the day on which the window ends. */
export function resultTable(name: ResultName, bucket: string): TableArgs {
  const location = `s3://${bucket}/tables/${name}/`;
  return {
    name,
    description: `${RESULTS[name].description}; day is the end of its window`,
    tableType: 'EXTERNAL_TABLE',
    parameters: {
      EXTERNAL: 'TRUE',
      classification: 'json',
      'projection.enabled': 'true',
      'projection.day.type': 'date',
      'projection.day.format': 'yyyy-MM-dd',
      // A window may end tomorrow, by its newest record.
      'projection.day.range': '2024-01-01,NOW+1DAYS',
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
      columns: resultColumns(name),
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
