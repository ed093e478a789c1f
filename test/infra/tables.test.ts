import { describe, expect, it } from 'vitest';
import { rawRecordsSql } from '../../analyzer/flowlogs/athena/store.ts';
import { readSettings } from '../../infra/settings.ts';
import { dayLocations, flowLogTable } from '../../infra/tables.ts';
import { EVERYTHING } from './configurations.ts';

const [main, lake] = readSettings((key) => EVERYTHING[key]).flowLogs;

describe('the flow-log tables', () => {
  it('lie where AWS puts text files by day', () => {
    expect(flowLogTable(main!).parameters['storage.location.template']).toBe(
      's3://acme-flow-logs/AWSLogs/${account}/vpcflowlogs/${region}/${day}/',
    );
    expect(dayLocations(main!)).toEqual([
      's3://acme-flow-logs/AWSLogs/111122223333/vpcflowlogs/eu-west-1/{yyyy}/{MM}/{dd}/',
      's3://acme-flow-logs/AWSLogs/111122223333/vpcflowlogs/us-east-1/{yyyy}/{MM}/{dd}/',
      's3://acme-flow-logs/AWSLogs/444455556666/vpcflowlogs/eu-west-1/{yyyy}/{MM}/{dd}/',
      's3://acme-flow-logs/AWSLogs/444455556666/vpcflowlogs/us-east-1/{yyyy}/{MM}/{dd}/',
    ]);
  });

  it('lie where AWS puts Hive-compatible Parquet, months and days with two digits', () => {
    const { parameters } = flowLogTable(lake!);
    expect(parameters['storage.location.template']).toBe(
      's3://acme-lake/net/AWSLogs/aws-account-id=${account}/aws-service=vpcflowlogs/aws-region=${region}/year=${year}/month=${month}/day=${day}/',
    );
    expect([parameters['projection.month.digits'], parameters['projection.day.digits']]).toEqual(['2', '2']);
    expect(dayLocations(lake!)).toEqual([
      's3://acme-lake/net/AWSLogs/aws-account-id=111122223333/aws-service=vpcflowlogs/aws-region=eu-west-1/year={yyyy}/month={MM}/day={dd}/',
    ]);
  });

  it('have in text only strings and a last column that shows lines with too many fields, in Parquet the types of AWS', () => {
    const text = flowLogTable(main!).storageDescriptor.columns;
    expect(text.every(({ type }) => type === 'string')).toBe(true);
    expect(text.at(-1)!.name).toBe('pare_extra');
    const parquet = new Map(flowLogTable(lake!).storageDescriptor.columns.map(({ name, type }) => [name, type]));
    expect([parquet.get('srcport'), parquet.get('bytes'), parquet.get('tcp_flags'), parquet.get('srcaddr')]).toEqual([
      'int',
      'bigint',
      'int',
      'string',
    ]);
  });

  it.each([
    ['text', main!, { by: 'date', column: 'day', format: 'yyyy/MM/dd' }],
    ['Parquet', lake!, { by: 'parts', year: 'year', month: 'month', day: 'day' }],
  ] as const)('%s: the Athena store reads them with these columns and partitions', (_, logs, partition) => {
    const { name, storageDescriptor } = flowLogTable(logs);
    const columns = storageDescriptor.columns.map((column) => column.name).filter((column) => column !== 'pare_extra');
    const sql = rawRecordsSql(
      {
        database: 'pare',
        name,
        format: logs.format,
        columns,
        extraColumn: logs.format === 'text' ? 'pare_extra' : null,
        partition,
        locations: dayLocations(logs),
      },
      { from: 1_790_812_800, to: 1_790_985_600 },
    );
    expect(sql).toContain(`"pare"."${name}"`);
    expect(sql).toMatch(partition.by === 'date' ? /"day" BETWEEN '2026\/10\/01'/ : /'20261001'/);
  });
});
