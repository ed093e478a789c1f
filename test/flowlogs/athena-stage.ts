import { mkdir, mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { AthenaClient } from '@aws-sdk/client-athena';
import { S3Client } from '@aws-sdk/client-s3';
import { DuckDBInstance } from '@duckdb/node-api';
import { type AthenaStoreOptions, type FlowLogTable, openAthenaStore } from '../../analyzer/flowlogs/athena/store.ts';
import type { CoverageRow, FlowStore, LedgerRow } from '../../analyzer/flowlogs/index.ts';
import { type AthenaEndpoint, type Fault, startAthena } from '../trino/athena.ts';
import { duckdbExecutor } from '../trino/duckdb-executor.ts';
import { startS3 } from '../trino/s3.ts';
import { options, V5 } from './harness.ts';

/** A bucket with flow logs, an Athena whose statements DuckDB runs, and the store under test; all gone after `close`. */
export interface Stage {
  dir: string;
  /** The folder of the flow logs, for a store that reads them directly. */
  flowLogs: string;
  athena: AthenaEndpoint;
  /** Leads the AWS SDK of another process here. */
  env: Record<string, string>;
  store(some?: Partial<AthenaStoreOptions>): FlowStore;
  /** Keys that are in the bucket of results. */
  results(): Promise<string[]>;
  /** Schemas that are left in the catalog. */
  schemas(): Promise<string[]>;
  close(): Promise<void>;
}

export interface StageOptions {
  /** Writes the flow logs below the folder. */
  write(flowLogs: string): Promise<void>;
  table: Pick<FlowLogTable, 'format' | 'columns'> & { folder: string };
  fault?(sql: string, n: number): Fault | null;
  enforced?: string;
  /** The last day that the table's partitions show, as yyyy/MM/dd. */
  lastDay?: string;
}

export const CREDENTIALS = { accessKeyId: 'test', secretAccessKey: 'test' };
export const FOLDER = 'AWSLogs/123456789012/vpcflowlogs/eu-west-1';

export async function openStage(given: StageOptions): Promise<Stage> {
  const dir = await mkdtemp(join(tmpdir(), 'pare-athena-'));
  const root = join(dir, 's3');
  const flowLogs = join(root, 'logs');
  await given.write(flowLogs);
  const { format, columns, folder } = given.table;
  const s3 = await startS3(root);
  const instance = await DuckDBInstance.create(':memory:', { threads: '1' });
  const connection = await instance.connect();
  const glob = join(flowLogs, folder, '**', '*.log.*');
  const names = columns.map((name) => `'${name}': 'VARCHAR'`).join(', ');
  const reader =
    format === 'parquet'
      ? `read_parquet('${glob}', filename = true, hive_partitioning = false)`
      : `read_csv('${glob}', columns = {${names}, 'extra': 'VARCHAR'}, delim = ' ', quote = '', escape = '', header = true, auto_detect = false, strict_mode = false, null_padding = true, filename = true)`;
  const until = given.lastDay === undefined ? '' : ` WHERE date <= '${given.lastDay}'`;
  await connection.run(
    `CREATE VIEW flow_logs AS SELECT * FROM (SELECT * EXCLUDE filename, replace(filename, '${root}/', 's3://') AS pare_path,
      regexp_extract(filename, '(\\d{4}/\\d{2}/\\d{2})/', 1) AS date FROM ${reader})${until}`,
  );
  const execute = await duckdbExecutor(connection, root, given.enforced);
  const athena = await startAthena(execute, given.fault ?? (() => null), given.enforced ?? null);
  const client = new AthenaClient({
    endpoint: athena.endpoint,
    region: 'eu-west-1',
    credentials: CREDENTIALS,
    maxAttempts: 1,
  });
  const s3Client = new S3Client({
    endpoint: s3.endpoint,
    region: 'eu-west-1',
    credentials: CREDENTIALS,
    forcePathStyle: true,
  });
  const table: FlowLogTable = {
    database: 'main',
    name: 'flow_logs',
    format,
    columns,
    extraColumn: format === 'parquet' ? null : 'extra',
    partition: { by: 'date', column: 'date', format: 'yyyy/MM/dd' },
    locations: [`s3://logs/${folder}/{yyyy}/{MM}/{dd}/`],
  };
  return {
    dir,
    flowLogs,
    athena,
    env: {
      AWS_ACCESS_KEY_ID: CREDENTIALS.accessKeyId,
      AWS_SECRET_ACCESS_KEY: CREDENTIALS.secretAccessKey,
      AWS_ENDPOINT_URL_ATHENA: athena.endpoint,
      AWS_ENDPOINT_URL_S3: s3.endpoint,
    },
    store: (some = {}) =>
      openAthenaStore({
        client,
        s3: s3Client,
        workgroup: 'pare',
        tables: [table],
        output: 's3://results/pare',
        tempDir: dir,
        poll: { first: 2, most: 20 },
        ...some,
      }),
    async results() {
      const found = await readdir(join(root, 'results'), { recursive: true, withFileTypes: true }).catch(() => []);
      return found
        .filter((entry) => entry.isFile())
        .map((entry) => join(entry.parentPath, entry.name).slice(root.length));
    },
    async schemas() {
      await connection.run('SET schema = main');
      const reader = await connection.runAndReadAll(
        "SELECT schema_name FROM information_schema.schemata WHERE schema_name LIKE 'pare%' ORDER BY 1",
      );
      return reader.getRows().map(([name]) => String(name));
    },
    async close() {
      s3.server.close();
      athena.server.close();
      client.destroy();
      s3Client.destroy();
      connection.closeSync();
      instance.closeSync();
      await rm(dir, { recursive: true, force: true });
    },
  };
}

export const DAY = 86400 * 20000;
/** 2024-10-04, the day of `DAY`. */
export const ENI = { interfaceId: 'eni-0a', addresses: ['10.0.0.1'] };

/** Both directions of one connection to port 443, opened by 192.0.2.7 a hundred seconds into the day. */
export function call(day: number, port = 40000): string[] {
  return [
    `5 123456789012 eni-0a 192.0.2.7 10.0.0.1 ${port} 443 6 3 120 ${day + 100} ${day + 150} ACCEPT OK 3 - - -`,
    `5 123456789012 eni-0a 10.0.0.1 192.0.2.7 443 ${port} 6 3 120 ${day + 100} ${day + 150} ACCEPT OK 19 - - -`,
  ];
}

/** Lines by day, one gzipped file each, in AWS's layout. */
export function smallLogs(lines: Readonly<Record<number, readonly string[]>>): StageOptions {
  return {
    table: { format: 'text', columns: V5.split(' ').map((field) => field.replaceAll('-', '_')), folder: FOLDER },
    async write(flowLogs) {
      for (const [day, own] of Object.entries(lines)) {
        const date = new Date(Number(day) * 1000).toISOString().slice(0, 10);
        const name = `123456789012_vpcflowlogs_eu-west-1_fl-01_${date.replaceAll('-', '')}T0005Z_aaaa.log.gz`;
        const file = join(flowLogs, FOLDER, date.replaceAll('-', '/'), name);
        await mkdir(dirname(file), { recursive: true });
        await writeFile(file, gzipSync(`${[V5, ...own].join('\n')}\n`));
      }
    },
  };
}

export interface Rows {
  ledger: LedgerRow[];
  coverage: CoverageRow[];
  summary: Awaited<ReturnType<FlowStore['scan']>>['summary'];
  window: { from: number; to: number };
}

export async function rowsOf(store: FlowStore, some: Parameters<typeof options>[0]): Promise<Rows> {
  const scan = await store.scan(options(some));
  try {
    const [ledger, coverage]: [LedgerRow[], CoverageRow[]] = [[], []];
    for await (const rows of scan.ledger()) ledger.push(...rows);
    for await (const rows of scan.coverage()) coverage.push(...rows);
    return { ledger, coverage, summary: scan.summary, window: scan.window };
  } finally {
    await scan.close();
  }
}
