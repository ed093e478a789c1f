import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { HiveSQL, TrinoSQL } from 'dt-sql-parser';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type FlowLogTable, rawRecordsSql } from '../../analyzer/flowlogs/athena/store.ts';
import { readInventory } from '../../analyzer/inventory/index.ts';
import { interfaceAddresses } from '../../bot/cli/work/scan-input.ts';
import { call, DAY, ENI, openStage, rowsOf, type Stage, smallLogs } from './athena-stage.ts';

const RULES = 100_000;
const GROUPS = 2_000;
/** Athena's limit of a query's text, in bytes. */
const LONGEST = 262_144;

let dir: string;
let stage: Stage;
beforeAll(async () => {
  dir = await mkdtemp(join(tmpdir(), 'pare-many-rules-'));
  stage = await openStage(smallLogs({ [DAY]: call(DAY), [DAY + 86400]: call(DAY + 86400, 40001) }));
});
afterAll(async () => {
  await stage.close();
  await rm(dir, { recursive: true, force: true });
});

const hex = (n: number) => n.toString(16).padStart(17, '0');

/** As the AWS CLI prints it: 100,000 rules of 2,000 groups, and five interfaces for each group. */
async function writeManyRules(): Promise<void> {
  const groups = Array.from({ length: GROUPS }, (_, n) => ({
    GroupId: `sg-${hex(n)}`,
    GroupName: `g${n}`,
    Description: 'many',
    OwnerId: '123456789012',
    VpcId: 'vpc-0a',
    IpPermissions: [],
    IpPermissionsEgress: [],
    Tags: [],
  }));
  const rules = Array.from({ length: RULES }, (_, n) => ({
    SecurityGroupRuleId: `sgr-${hex(n)}`,
    GroupId: `sg-${hex(n % GROUPS)}`,
    GroupOwnerId: '123456789012',
    IsEgress: false,
    IpProtocol: 'tcp',
    FromPort: 1 + Math.floor(n / GROUPS),
    ToPort: 1 + Math.floor(n / GROUPS),
    CidrIpv4: `10.${n % 256}.${Math.floor(n / 256) % 256}.0/24`,
    Tags: [],
  }));
  const interfaces = Array.from({ length: GROUPS * 5 }, (_, n) => {
    const address = `10.${(n >> 16) & 255}.${(n >> 8) & 255}.${n & 255}`;
    return {
      NetworkInterfaceId: `eni-${hex(n)}`,
      InterfaceType: 'interface',
      OwnerId: '123456789012',
      RequesterManaged: false,
      Status: 'in-use',
      VpcId: 'vpc-0a',
      SubnetId: 'subnet-0a',
      PrivateIpAddress: address,
      PrivateIpAddresses: [{ Primary: true, PrivateIpAddress: address }],
      Ipv6Addresses: [],
      Groups: [{ GroupId: `sg-${hex(n % GROUPS)}`, GroupName: `g${n % GROUPS}` }],
    };
  });
  const documents = {
    'security-groups.json': { SecurityGroups: groups },
    'security-group-rules.json': { SecurityGroupRules: rules },
    'network-interfaces.json': { NetworkInterfaces: interfaces },
    'managed-prefix-lists.json': { PrefixLists: [] },
    'vpcs.json': { Vpcs: [{ VpcId: 'vpc-0a', CidrBlock: '10.0.0.0/8', OwnerId: '123456789012' }] },
    'subnets.json': {
      Subnets: [{ SubnetId: 'subnet-0a', VpcId: 'vpc-0a', CidrBlock: '10.0.0.0/8', OwnerId: '123456789012' }],
    },
  };
  const folder = join(dir, '123456789012', 'eu-west-1');
  await mkdir(folder, { recursive: true });
  for (const [name, document] of Object.entries(documents))
    await writeFile(join(folder, name), JSON.stringify(document));
}

/** What is wrong with a statement in the grammar that Athena gives it to: Hive's for DDL of external tables, else Trino's. */
function mistakes(sql: string): unknown[] {
  if (sql.startsWith('CREATE EXTERNAL TABLE ')) return new HiveSQL().validate(sql);
  // UNLOAD (query) TO 'place' WITH (properties) is Athena's own, around a query of Trino's.
  const unload = /^UNLOAD \(([\s\S]*)\)\nTO 's3:\/\/[^']+\/' WITH \(format = 'PARQUET'\)$/.exec(sql);
  return new TrinoSQL().validate(unload?.[1] ?? sql);
}

describe('every statement of the Athena store', () => {
  it('passes the grammar and stays short, with 100,000 rules as with one interface', async () => {
    await writeManyRules();
    const inventory = await readInventory(dir, {});
    expect(inventory.rules).toHaveLength(RULES);
    const window = { from: DAY, to: DAY + 2 * 86400 };
    const rows = await rowsOf(stage.store(), {
      window,
      interfaces: [...interfaceAddresses(inventory.interfaces), ENI],
      changes: inventory.interfaces.map(({ interfaceId }) => ({ interfaceId, day: DAY })),
    });
    expect(rows.ledger.length).toBeGreaterThan(0);
    const many = stage.athena.statements.splice(0);
    await rowsOf(stage.store(), { window, interfaces: [ENI], changes: [] });
    const one = stage.athena.statements.splice(0);
    for (const sql of many) {
      expect(Buffer.byteLength(sql)).toBeLessThan(LONGEST / 10);
      expect({ sql, mistakes: mistakes(sql) }).toEqual({ sql, mistakes: [] });
    }
    // Rules and interfaces lie in S3 as tables: they change no statement by a byte (but for the name of the run).
    const neutral = (statements: string[]) => statements.map((sql) => sql.replaceAll(/[0-9a-f]{12}/g, 'RUN'));
    expect(neutral(many)).toEqual(neutral(one));
    const kinds = new Set(
      many.map((sql) =>
        sql
          .split(/[ (\n]/)
          .slice(0, 2)
          .join(' '),
      ),
    );
    expect([...kinds].sort()).toEqual([
      'CREATE EXTERNAL',
      'CREATE OR',
      'CREATE SCHEMA',
      'CREATE TABLE',
      'DROP SCHEMA',
      'DROP TABLE',
      'UNLOAD ',
    ]);
  });

  it('stays short over ten years of days in three partition columns, the longest window there is', () => {
    const table: FlowLogTable = {
      database: 'main',
      name: 'flow_logs',
      format: 'text',
      columns: smallLogs({}).table.columns,
      extraColumn: 'extra',
      partition: { by: 'parts', year: 'year', month: 'month', day: 'day' },
      locations: [],
    };
    const sql = rawRecordsSql(table, { from: DAY, to: DAY + 3_664 * 86400 });
    expect(Buffer.byteLength(sql)).toBeLessThan(LONGEST / 4);
    expect(mistakes(sql)).toEqual([]);
  });
});

describe('the grammars', () => {
  it.each([
    "UNLOAD (SELECT a::BIGINT FROM t)\nTO 's3://b/' WITH (format = 'PARQUET')",
    'CREATE EXTERNAL TABLE t (a string STORED AS PARQUET',
    "CREATE TABLE t WITH (format = 'PARQUET') AS\nSELECT FROM t",
    'DROP SCHEMA',
  ])('refuse %s', (sql) => {
    expect(mistakes(sql).length).toBeGreaterThan(0);
  });
});
