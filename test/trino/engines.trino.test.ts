import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { AthenaClient } from '@aws-sdk/client-athena';
import { S3Client } from '@aws-sdk/client-s3';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { advise, DEFAULT_POLICY, findingsDocument } from '../../analyzer/advice/index.ts';
import { type FlowLogTable, type FlowStore, openAthenaStore, openDuckDbStore } from '../../analyzer/flowlogs/index.ts';
import { readInventory } from '../../analyzer/inventory/index.ts';
import type { FindingsDocument } from '../../analyzer/model/finding.ts';
import { attribute } from '../../analyzer/usage/index.ts';
import { changeDays, interfaceAddresses } from '../../bot/cli/work/scan-input.ts';
import { options } from '../flowlogs/harness.ts';
import { fieldsOf, generateWorld, type LogFormat, writeWorld } from '../generator/index.ts';
import { startAthena } from './athena.ts';
import { startS3 } from './s3.ts';
import { startTrino, type Trino } from './trino.ts';
import { trinoExecutor } from './trino-executor.ts';

const PORT = 18_781;
const INT32 = new Set(['version', 'srcport', 'dstport', 'protocol', 'tcp_flags', 'traffic_path']);
const INT64 = new Set(['packets', 'bytes', 'start', 'end']);

let dir: string;
let trino: Trino;
let s3: Awaited<ReturnType<typeof startS3>>;
beforeAll(async () => {
  dir = await mkdtemp(join(tmpdir(), 'pare-trino-'));
  s3 = await startS3(join(dir, 's3'));
  trino = await startTrino(dir, PORT, s3.endpoint);
}, 1_200_000);
afterAll(async () => {
  await trino?.stop();
  s3?.server.close();
  await rm(dir, { recursive: true, force: true });
});

async function documentOf(
  store: FlowStore,
  inventory: Awaited<ReturnType<typeof readInventory>>,
  window: { from: number; to: number },
): Promise<FindingsDocument> {
  const scan = await store.scan(
    options({
      window,
      interfaces: interfaceAddresses(inventory.interfaces),
      changes: changeDays(inventory.interfaces),
    }),
  );
  try {
    const evidence = await attribute({ inventory, ledger: scan.ledger(), coverage: scan.coverage(), window });
    const advice = advise({ evidence, inventory, policy: { ...DEFAULT_POLICY }, window });
    return findingsDocument({
      advice,
      evidence,
      inventory,
      window,
      flowLogs: scan.summary,
      warnings: inventory.warnings,
    });
  } finally {
    await scan.close();
  }
}

/** A table over one flow log: a partition for each day, added as the projection would. */
async function makeTable(
  name: string,
  format: LogFormat,
  at: (day: string) => string,
  days: readonly string[],
): Promise<FlowLogTable> {
  const columns = fieldsOf(format).map((field) => field.replaceAll('-', '_'));
  const type = (column: string) =>
    format !== 'parquet' ? 'varchar' : INT32.has(column) ? 'integer' : INT64.has(column) ? 'bigint' : 'varchar';
  const typed = columns.map((column) => `"${column}" ${type(column)}`);
  const own =
    format === 'parquet'
      ? "format = 'PARQUET'"
      : "format = 'TEXTFILE', textfile_field_separator = ' ', skip_header_line_count = 1";
  const extra = format === 'parquet' ? [] : ['extra varchar'];
  await trino.run(
    `CREATE TABLE logs.${name} (${[...typed, ...extra, '"date" varchar'].join(', ')}) WITH (${own}, partitioned_by = ARRAY['date'], external_location = '${at('')}')`,
    'logs',
  );
  for (const day of days)
    await trino.run(
      `CALL hive.system.register_partition('logs', '${name}', ARRAY['date'], ARRAY['${day}'], '${at(day)}')`,
      'logs',
    );
  return {
    database: 'logs',
    name,
    format: format === 'parquet' ? 'parquet' : 'text',
    columns,
    extraColumn: format === 'parquet' ? null : 'extra',
    partition: { by: 'date', column: 'date', format: 'yyyy/MM/dd' },
    locations: [`${at('')}{yyyy}/{MM}/{dd}/`],
  };
}

describe('law 9: engines agree, with Athena’s SQL executed by Trino', () => {
  it.each(
    Array.from(
      { length: Number(process.env.PARE_TRINO_WORLDS ?? 20) },
      (_, i) => [100 + i, (['v5', 'v2', 'parquet'] as const)[i % 3]!] as const,
    ),
  )('world %i in %s gives the same findings document', async (seed, format) => {
    const world = generateWorld(seed, { days: 2 });
    const written = await writeWorld(world, join(dir, 's3', `w${seed}`), { formats: [format] });
    const inventory = await readInventory(written.inventory, { configHistory: [written.configHistory] });
    const base = `s3://w${seed}/flow-logs/flow-logs-${format}/AWSLogs/${world.accountId}/vpcflowlogs/${world.region}/`;
    const days = [...new Set(written.files.flatMap((file) => /\/(\d{4}\/\d{2}\/\d{2})\/[^/]*$/.exec(file)?.[1] ?? []))];
    const flowDays = days.filter((day) =>
      written.files.some((file) => file.includes('vpcflowlogs') && file.includes(`/${day}/`)),
    );
    await trino.run('CREATE SCHEMA IF NOT EXISTS logs', null);
    const table = await makeTable(`w${seed}`, format, (day) => (day === '' ? base : `${base}${day}/`), flowDays);
    const athena = await startAthena(trinoExecutor(trino), () => null);
    const credentials = { accessKeyId: 'test', secretAccessKey: 'test' };
    const store = openAthenaStore({
      client: new AthenaClient({ endpoint: athena.endpoint, region: 'eu-west-1', credentials }),
      s3: new S3Client({ endpoint: s3.endpoint, region: 'eu-west-1', credentials, forcePathStyle: true }),
      workgroup: 'pare',
      tables: [table],
      output: 's3://results/pare',
      tempDir: dir,
      poll: { first: 20, most: 500 },
    });
    try {
      const direct = openDuckDbStore({ paths: [written.flowLogs], tempDir: dir, memoryLimit: '500MB' });
      const expected = await documentOf(direct, inventory, world.window);
      expect(await documentOf(store, inventory, world.window)).toEqual(expected);
      expect(expected.rules.length).toBeGreaterThan(10);
    } finally {
      athena.server.close();
    }
  });
});
