import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { AthenaClient } from '@aws-sdk/client-athena';
import { S3Client } from '@aws-sdk/client-s3';
import { DuckDBInstance } from '@duckdb/node-api';
import { TrinoSQL } from 'dt-sql-parser';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { runQuery } from '../../analyzer/flowlogs/athena/query.ts';
import {
  type CoverageRow,
  type FlowLogTable,
  type FlowStore,
  type LedgerRow,
  openAthenaStore,
  openDuckDbStore,
} from '../../analyzer/flowlogs/index.ts';
import { readInventory } from '../../analyzer/inventory/index.ts';
import { changeDays, interfaceAddresses } from '../../bot/cli/work/scan-input.ts';
import { fieldsOf, generateWorld, type LogFormat, writeWorld } from '../generator/index.ts';
import { type AthenaEndpoint, type Fault, startAthena } from '../trino/athena.ts';
import { duckdbExecutor } from '../trino/duckdb-executor.ts';
import { startS3 } from '../trino/s3.ts';
import { options } from './harness.ts';

let dir: string;
const closing: { close(): unknown }[] = [];
beforeEach(async () => {
  dir = await mkdtemp(join(tmpdir(), 'pare-athena-'));
});
afterEach(async () => {
  for (const each of closing.splice(0)) each.close();
  await rm(dir, { recursive: true, force: true });
});

const credentials = { accessKeyId: 'test', secretAccessKey: 'test' };
const athenaAt = (endpoint: string) => new AthenaClient({ endpoint, region: 'eu-west-1', credentials, maxAttempts: 1 });

async function rowsOf(store: FlowStore, some: Parameters<typeof options>[0]) {
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

describe('law 9: the Athena store', () => {
  it.each([
    ['v2', 21],
    ['v5', 22],
    ['parquet', 23],
  ] as [LogFormat, number][])(
    'gives the rows, coverage and counts of the DuckDB store on %s logs, and leaves nothing behind',
    async (format, seed) => {
      const world = generateWorld(seed, { days: 2 });
      const written = await writeWorld(world, join(dir, 's3', 'logs'), { formats: [format] });
      const inventory = await readInventory(written.inventory, { configHistory: [written.configHistory] });
      const s3 = await startS3(join(dir, 's3'));
      const instance = await DuckDBInstance.create(':memory:', { threads: '1' });
      const connection = await instance.connect();
      const columns = fieldsOf(format).map((field) => field.replaceAll('-', '_'));
      const glob = join(written.flowLogs, '**/*.log.*');
      const names = columns.map((name) => `'${name}': 'VARCHAR'`).join(', ');
      const reader =
        format === 'parquet'
          ? `read_parquet('${glob}', filename = 'pare_path', hive_partitioning = false)`
          : `read_csv('${glob}', columns = {${names}, 'extra': 'VARCHAR'}, delim = ' ', quote = '', escape = '', header = true, auto_detect = false, strict_mode = false, null_padding = true, filename = 'pare_path')`;
      await connection.run(
        `CREATE VIEW flow_logs AS SELECT *, strftime(to_timestamp("end"::BIGINT), '%Y/%m/%d') AS date FROM ${reader}`,
      );
      const athena = await startAthena(await duckdbExecutor(connection, join(dir, 's3')), () => null);
      closing.push(
        s3.server,
        athena.server,
        { close: () => connection.closeSync() },
        { close: () => instance.closeSync() },
      );
      const table: FlowLogTable = {
        database: 'main',
        name: 'flow_logs',
        format: format === 'parquet' ? 'parquet' : 'text',
        columns,
        extraColumn: format === 'parquet' ? null : 'extra',
        partition: { by: 'date', column: 'date', format: 'yyyy/MM/dd' },
        locations: [
          `s3://logs/flow-logs/flow-logs-${format}/AWSLogs/${world.accountId}/vpcflowlogs/${world.region}/{yyyy}/{MM}/{dd}/`,
        ],
      };
      const store = openAthenaStore({
        client: athenaAt(athena.endpoint),
        s3: new S3Client({ endpoint: s3.endpoint, region: 'eu-west-1', credentials, forcePathStyle: true }),
        workgroup: 'pare',
        tables: [table],
        output: 's3://results/pare',
        tempDir: dir,
        poll: { first: 5, most: 50 },
      });
      const some = {
        window: world.window,
        interfaces: interfaceAddresses(inventory.interfaces),
        changes: changeDays(inventory.interfaces),
      };
      const direct = await rowsOf(
        openDuckDbStore({ paths: [written.flowLogs], tempDir: dir, memoryLimit: '500MB' }),
        some,
      );
      const bySql = await rowsOf(store, some);
      expect(bySql).toEqual(direct);
      expect(bySql.ledger.length).toBeGreaterThan(50);
      // The raw table is read once; results never come by pages of a thousand rows.
      expect(athena.statements.filter((sql) => sql.includes('flow_logs'))).toHaveLength(1);
      expect(
        (await readdir(join(dir, 's3', 'results'), { recursive: true, withFileTypes: true })).filter((e) => e.isFile()),
      ).toEqual([]);
      const parser = new TrinoSQL();
      for (const sql of athena.statements) {
        expect(Buffer.byteLength(sql)).toBeLessThan(262_144);
        const query = /^CREATE TABLE[^\n]*AS\n([\s\S]*)$/.exec(sql)?.[1] ?? /^UNLOAD \(([\s\S]*)\)\nTO /.exec(sql)?.[1];
        if (query !== undefined) expect(parser.validate(query)).toEqual([]);
      }
    },
  );
});

describe('a query of Athena', () => {
  const poll = { first: 2, most: 10 };
  async function endpoint(fault: (sql: string, n: number) => Fault | null): Promise<AthenaEndpoint> {
    const athena = await startAthena(async () => ({ scanned: 42 }), fault);
    closing.push(athena.server);
    return athena;
  }
  const ask = (athena: AthenaEndpoint, signal = new AbortController().signal) =>
    runQuery('SELECT 1', 'db', {
      client: athenaAt(athena.endpoint),
      workgroup: 'pare',
      output: 's3://results/',
      signal,
      poll,
      attempts: 4,
    });

  it('waits out throttling, and gives up with a clear word', async () => {
    const twice = await endpoint((_, n) => (n < 2 ? { start: 'TooManyRequestsException' } : null));
    expect(await ask(twice)).toBe(42);
    const always = await endpoint(() => ({ start: 'TooManyRequestsException' }));
    await expect(ask(always)).rejects.toMatchObject({ problem: { code: 'athena-throttled' } });
  });

  it.each([
    ['FAILED', 'TABLE_NOT_FOUND: line 1', 'athena-query-failed'],
    ['FAILED', 'Query exhausted resources at this scale factor', 'athena-out-of-resources'],
    ['CANCELLED', 'Bytes scanned limit was exceeded', 'athena-scan-limit'],
    ['CANCELLED', 'Query cancelled by user', 'athena-cancelled'],
  ] as const)('that ended as %s (%s) is %s', async (state, reason, code) => {
    const athena = await endpoint(() => ({ state, reason }));
    await expect(ask(athena)).rejects.toMatchObject({ problem: { code } });
  });

  it('that Athena may repeat is repeated', async () => {
    const athena = await endpoint((_, n) =>
      n === 0 ? { state: 'FAILED', reason: 'internal', retryable: true } : null,
    );
    expect(await ask(athena)).toBe(42);
    expect(athena.statements).toHaveLength(2);
  });

  it('is stopped when the command is interrupted: it would be billed on', async () => {
    const athena = await endpoint(() => ({ state: 'RUNNING' }));
    const controller = new AbortController();
    const asked = ask(athena, controller.signal);
    const seen = setInterval(() => athena.statements.length > 0 && controller.abort(new Error('interrupted')), 5);
    await expect(asked).rejects.toThrow('interrupted');
    clearInterval(seen);
    expect(athena.stopped).toHaveLength(1);
  });
});
