import { cp, mkdtemp, readdir, rm, stat, truncate } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { AthenaClient } from '@aws-sdk/client-athena';
import { S3Client } from '@aws-sdk/client-s3';
import { DuckDBInstance } from '@duckdb/node-api';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { advise, DEFAULT_POLICY, findingsDocument } from '../../analyzer/advice/index.ts';
import { type FlowLogTable, openAthenaStore } from '../../analyzer/flowlogs/athena/store.ts';
import { type FlowStore, ingestFlowLogs, openDuckDbStore } from '../../analyzer/flowlogs/index.ts';
import { readInventory } from '../../analyzer/inventory/index.ts';
import type { FindingsDocument } from '../../analyzer/model/finding.ts';
import { attribute } from '../../analyzer/usage/index.ts';
import { changeDays, interfaceAddresses } from '../../bot/cli/work/scan-input.ts';
import { VIEWS } from '../../infra/views.ts';
import { options } from '../flowlogs/harness.ts';
import { generateWorld, type LogFormat, writeWorld } from '../generator/index.ts';
import { startAthena } from './athena.ts';
import { ask, columnsOf, makeResults, putResults } from './results.ts';
import { startS3 } from './s3.ts';
import { makeTable } from './tables.ts';
import { startTrino, type Trino } from './trino.ts';
import { trinoExecutor } from './trino-executor.ts';

let dir: string;
let trino: Trino;
let s3: Awaited<ReturnType<typeof startS3>>;
beforeAll(async () => {
  dir = await mkdtemp(join(tmpdir(), 'pare-trino-'));
  s3 = await startS3(join(dir, 's3'));
  trino = await startTrino(dir, s3.endpoint);
  await trino.run('CREATE SCHEMA logs', null);
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

/** What both engines say of the same logs. */
async function bothOf(
  inventory: Awaited<ReturnType<typeof readInventory>>,
  flowLogs: string,
  tables: FlowLogTable[],
  window: { from: number; to: number },
): Promise<{ direct: FindingsDocument; byTrino: FindingsDocument }> {
  const athena = await startAthena(trinoExecutor(trino, 's3://results/pare'), () => null);
  const credentials = { accessKeyId: 'test', secretAccessKey: 'test' };
  const store = openAthenaStore({
    client: new AthenaClient({ endpoint: athena.endpoint, region: 'eu-west-1', credentials }),
    s3: new S3Client({ endpoint: s3.endpoint, region: 'eu-west-1', credentials, forcePathStyle: true }),
    workgroup: 'pare',
    tables,
    output: 's3://results/pare',
    tempDir: dir,
    poll: { first: 20, most: 200 },
  });
  try {
    const byTrino = await documentOf(store, inventory, window);
    const direct = openDuckDbStore({ paths: [flowLogs], tempDir: dir, memoryLimit: '500MB' });
    return { byTrino, direct: await documentOf(direct, inventory, window) };
  } finally {
    athena.server.close();
  }
}

const LAYOUTS = ['plain', 'hive', 'hourly', 'hive-hourly'] as const;
const FORMATS: readonly LogFormat[] = ['v5', 'v2', 'parquet'];

describe.concurrent('law 9: engines agree, with Athena’s SQL executed by Trino', () => {
  it('the bundled example, three tables in two layouts, gives the same findings document', async ({ expect }) => {
    const shop = join(import.meta.dirname, '..', '..', 'examples', 'shop');
    await cp(join(shop, 'flow-logs'), join(dir, 's3', 'shop'), { recursive: true });
    const inventory = await readInventory(join(shop, 'inventory'), { configHistory: [join(shop, 'config-history')] });
    const plain = 'AWSLogs/111122223333/vpcflowlogs/eu-west-1/';
    const hive = 'AWSLogs/aws-account-id=111122223333/aws-service=vpcflowlogs/aws-region=eu-west-1/';
    const tables = [
      await makeTable(trino, {
        name: 'network',
        format: 'v5',
        base: `s3://shop/shop-logs/network/${plain}`,
        hive: false,
      }),
      await makeTable(trino, { name: 'data', format: 'v2', base: `s3://shop/shop-logs-data/${plain}`, hive: false }),
      await makeTable(trino, { name: 'lake', format: 'parquet', base: `s3://shop/shop-lake/vpc/${hive}`, hive: true }),
    ];
    const window = { from: Date.UTC(2026, 6, 3) / 1000, to: Date.UTC(2026, 9, 1) / 1000 };
    const { direct, byTrino } = await bothOf(inventory, join(shop, 'flow-logs'), tables, window);
    expect(byTrino).toEqual(direct);
    expect(new Set(direct.rules.map(({ action }) => action)).size).toBeGreaterThan(2);
  });

  it.each(
    Array.from(
      { length: Number(process.env.PARE_TRINO_WORLDS ?? 20) },
      (_, i) => [100 + i, FORMATS[i % 3]!, LAYOUTS[i % 4]!] as const,
    ),
  )('world %i in %s, %s folders, gives the same findings document', async (seed, format, layout) => {
    const world = generateWorld(seed, { days: 2 });
    const written = await writeWorld(world, join(dir, 's3', `w${seed}`), { formats: [format], layout });
    const inventory = await readInventory(written.inventory, { configHistory: [written.configHistory] });
    const hive = layout.startsWith('hive');
    const folder = hive
      ? `aws-account-id=${world.accountId}/aws-service=vpcflowlogs/aws-region=${world.region}/`
      : `${world.accountId}/vpcflowlogs/${world.region}/`;
    const base = `s3://w${seed}/flow-logs/flow-logs-${format}/AWSLogs/${folder}`;
    const table = await makeTable(trino, { name: `w${seed}`, format, base, hive });
    const { direct, byTrino } = await bothOf(inventory, written.flowLogs, [table], world.window);
    expect(byTrino).toEqual(direct);
    expect(direct.rules.length).toBeGreaterThan(10);
  });

  it('either engine reads the other’s Parquet: the ledger’s files, and reads of a gzipped day all that is billed', async ({
    expect,
  }) => {
    const world = generateWorld(300, { days: 2 });
    const written = await writeWorld(world, join(dir, 's3', 'w300'), { formats: ['v5'] });
    const ledger = join(dir, 's3', 'ledger');
    const { window: _, ...scan } = options({ interfaces: [], changes: [] });
    await ingestFlowLogs({ ...scan, paths: [written.flowLogs], dir: ledger, tempDir: dir, now: 0 });
    const base = `s3://w300/flow-logs/flow-logs-v5/AWSLogs/${world.accountId}/vpcflowlogs/${world.region}/`;
    await makeTable(trino, { name: 'w300', format: 'v5', base, hive: false });
    await trino.run(LEDGER_FLOW, 'logs');
    await trino.run("CALL hive.system.sync_partition_metadata('logs', 'ledger_flow', 'ADD')", 'logs');
    const sums = 'count(*), sum(records), sum(packets), sum(bytes), min(first_start), max(last_end), max(length(src))';
    const byTrino = await trino.run(`SELECT action, ${sums} FROM ledger_flow GROUP BY action ORDER BY action`, 'logs');
    const duckdb = await DuckDBInstance.create(':memory:');
    const connection = await duckdb.connect();
    const files = `read_parquet('${ledger}/flow/**/*.parquet', hive_partitioning = false)`;
    const reader = await connection.runAndReadAll(
      `SELECT action, ${sums} FROM ${files} GROUP BY action ORDER BY action`,
    );
    expect(byTrino.rows).toEqual(
      reader.getRows().map((row) => row.map((cell) => (typeof cell === 'string' ? cell : Number(cell)))),
    );
    expect(byTrino.rows).toHaveLength(2);
    connection.closeSync();
    duckdb.closeSync();
    // Athena bills what Trino calls physical input: all of a gzipped text, whatever is asked of it.
    const raw = await trino.run('SELECT count(DISTINCT srcaddr) FROM w300', 'logs');
    expect(raw.scanned).toBe(await bytesBelow(written.flowLogs));
    // Of Parquet never more than the files; files as small as these are read whole (parquet.small-file-threshold, 3 MB).
    expect(byTrino.scanned).toBe(await bytesBelow(join(ledger, 'flow')));
  });

  it('the result tables answer in SQL, by the newest whole run, and a run that is written twice counts once', async ({
    expect,
  }) => {
    const world = generateWorld(302, { days: 3 });
    const written = await writeWorld(world, join(dir, 's3', 'w302'), { formats: ['v5'] });
    const inventory = await readInventory(written.inventory, { configHistory: [written.configHistory] });
    const direct = openDuckDbStore({ paths: [written.flowLogs], tempDir: dir, memoryLimit: '500MB' });
    const document = await documentOf(direct, inventory, world.window);
    const root = join(dir, 's3');
    const older = {
      ...document,
      window: { ...document.window, to: '2026-02-01T00:00:00Z' },
      rules: document.rules.slice(1),
    };
    await putResults(older, root, 'acme-data');
    await makeResults(trino, 'acme-data');
    await putResults(document, root, 'acme-data');
    await putResults(document, root, 'acme-data');
    // A run that died before its last table.
    await putResults({ ...older, window: { ...older.window, to: '2026-12-30T00:00:00Z' } }, root, 'acme-data', 3);
    const { rules } = document;
    const sorted = (rows: unknown[][]) => rows.map((row) => JSON.stringify(row)).sort();
    const day = document.window.to.slice(0, 10);
    expect(await ask(trino, 'SELECT day, rules FROM proposals_by_run ORDER BY day')).toEqual([
      ['2026-02-01', rules.length - 1],
      [day, rules.length],
    ]);
    expect(
      sorted(await ask(trino, 'SELECT finding_id, action, flows, confidence, detail FROM latest_findings')),
    ).toEqual(
      sorted(rules.map((rule) => [rule.findingId, rule.action, rule.usage.flows, rule.confidence, rule.detail])),
    );
    const perDay = rules.flatMap((rule) => rule.usage.perDay.map((one) => [rule.ruleId, one.day, one.flows]));
    expect(sorted(await ask(trino, 'SELECT rule_id, used_on, flows FROM latest_rule_usage'))).toEqual(sorted(perDay));
    const unused = rules.filter((rule) => rule.usage.perDay.length === 0).map((rule) => [rule.ruleId, null, 0]);
    expect(sorted(await ask(trino, 'SELECT rule_id, used_on, flows FROM rule_heat'))).toEqual(
      sorted([...perDay, ...unused]),
    );
    expect(unused.length).toBeGreaterThan(0);
    for (const { name, columns } of VIEWS)
      expect(await columnsOf(trino, name)).toEqual(
        columns.map((column) => [column.name, column.type === 'string' ? 'varchar' : column.type]),
      );
  });

  it('law 1: neither a projection that ends early nor half a file passes for silence', async ({ expect }) => {
    const world = generateWorld(301, { days: 2 });
    const written = await writeWorld(world, join(dir, 's3', 'w301'), { formats: ['v5'] });
    const inventory = await readInventory(written.inventory, { configHistory: [written.configHistory] });
    const base = `s3://w301/flow-logs/flow-logs-v5/AWSLogs/${world.accountId}/vpcflowlogs/${world.region}/`;
    const days = written.files
      .flatMap((file) => /vpcflowlogs\/[^/]*\/(\d{4}\/\d\d\/\d\d)\//.exec(file)?.[1] ?? [])
      .sort();
    const range = ['2026/01/01', days[0]!] as const;
    const early = await makeTable(trino, { name: 'w301_early', format: 'v5', base, hive: false, range });
    await expect(bothOf(inventory, written.flowLogs, [early], world.window)).rejects.toMatchObject({
      problem: { code: 'athena-files-without-records', message: expect.stringContaining(days[1]!) },
    });
    const whole = await makeTable(trino, { name: 'w301', format: 'v5', base, hive: false });
    const file = join(dir, 's3', 'w301', written.files.filter((name) => name.endsWith('.log.gz')).sort()[0]!);
    await truncate(file, Math.floor((await stat(file)).size / 2));
    await expect(bothOf(inventory, written.flowLogs, [whole], world.window)).rejects.toMatchObject({
      problem: { code: 'athena-query-failed' },
    });
  });
});

const LEDGER_FLOW = `CREATE TABLE logs.ledger_flow (interface_id varchar, bucket bigint, src varchar, dst varchar, srcport bigint,
  dstport bigint, protocol bigint, flags bigint, pkt_src varchar, pkt_dst varchar, direction varchar, crosses boolean, records bigint,
  packets bigint, bytes bigint, first_start bigint, last_end bigint, day varchar, action varchar, run varchar)
  WITH (format = 'PARQUET', external_location = 's3://ledger/flow/', partitioned_by = ARRAY['day', 'action', 'run'])`;

async function bytesBelow(folder: string): Promise<number> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true });
  const sizes = entries.filter((entry) => entry.isFile()).map((entry) => stat(join(entry.parentPath, entry.name)));
  return (await Promise.all(sizes)).reduce((sum, { size }) => sum + size, 0);
}
