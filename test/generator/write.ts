import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { gzipSync } from 'node:zlib';
import { DuckDBInstance } from '@duckdb/node-api';
import type { EpochSeconds } from '../../analyzer/model/interface.ts';
import { type FlowLogDescription, inventoryDocuments } from './inventory.ts';
import { hash } from './random.ts';
import type { FlowRecord, World, WorldState } from './types.ts';

export type LogFormat = 'v2' | 'v5' | 'parquet';

/** One flow log of AWS: what it covers and how it writes. */
export interface FlowLogSpec {
  flowLogId: string;
  format: LogFormat;
  /** Bucket and prefix, as a folder below the flow-logs folder. */
  folder: string;
  hive: boolean;
  perHour: boolean;
  /** A VPC, subnet or interface id. */
  resourceId: string;
  interfaceIds: ReadonlySet<string>;
}

export interface WriteOptions {
  /** One flow log each; interfaces are dealt out in turn. Default: those of `flowLogs`, or one in v5. */
  formats?: readonly LogFormat[];
  flowLogs?: readonly FlowLogSpec[];
  layout?: 'plain' | 'hourly' | 'hive' | 'hive-hourly';
  /** Seconds of `end` that share a file; AWS writes one every 5 or 10 minutes. */
  fileSeconds?: number;
  gzipLevel?: number;
  /** Put the inventory under ACCOUNT/REGION/. */
  nestedInventory?: boolean;
}

export interface WrittenWorld {
  inventory: string;
  configHistory: string;
  flowLogs: string;
  files: readonly string[];
}

const V2 =
  'version account-id interface-id srcaddr dstaddr srcport dstport protocol packets bytes start end action log-status'.split(
    ' ',
  );
/** A custom format: all fields of versions 2 to 5 that matter, in an order of our own. */
const V5 =
  'interface-id start end action log-status srcaddr srcport dstaddr dstport protocol tcp-flags flow-direction packets bytes pkt-srcaddr pkt-dstaddr type vpc-id subnet-id instance-id account-id region az-id traffic-path pkt-src-aws-service pkt-dst-aws-service version'.split(
    ' ',
  );

const READ: Readonly<Record<string, (r: FlowRecord, version: number) => string | number | null>> = {
  version: (_, version) => version,
  'account-id': (r) => r.accountId,
  'interface-id': (r) => r.interfaceId,
  srcaddr: (r) => r.srcaddr,
  dstaddr: (r) => r.dstaddr,
  srcport: (r) => r.srcport,
  dstport: (r) => r.dstport,
  protocol: (r) => r.protocol,
  packets: (r) => r.packets,
  bytes: (r) => r.bytes,
  start: (r) => r.start,
  end: (r) => r.end,
  action: (r) => r.action,
  'log-status': (r) => r.logStatus,
  'vpc-id': (r) => r.vpcId,
  'subnet-id': (r) => r.subnetId,
  'instance-id': (r) => r.instanceId,
  'tcp-flags': (r) => r.tcpFlags,
  type: (r) => r.type,
  'pkt-srcaddr': (r) => r.pktSrcaddr,
  'pkt-dstaddr': (r) => r.pktDstaddr,
  region: (r) => r.region,
  'az-id': (r) => r.azId,
  'pkt-src-aws-service': (r) => r.pktSrcAwsService,
  'pkt-dst-aws-service': (r) => r.pktDstAwsService,
  'flow-direction': (r) => r.flowDirection,
  'traffic-path': (r) => r.trafficPath,
};

const INT32 = new Set(['version', 'srcport', 'dstport', 'protocol', 'tcp-flags', 'traffic-path']);
const INT64 = new Set(['packets', 'bytes', 'start', 'end']);

export function fieldsOf(format: LogFormat): readonly string[] {
  return format === 'v2' ? V2 : V5;
}

/** A record as a line of text, `-` for what is missing. */
export function lineOf(record: FlowRecord, format: LogFormat): string {
  const version = format === 'v2' ? 2 : 5;
  return fieldsOf(format)
    .map((field) => READ[field]!(record, version) ?? '-')
    .join(' ');
}

/** One flow log per format, interfaces dealt out in turn. */
export function flowLogsFor(
  world: WorldState,
  formats: readonly LogFormat[],
  layout: NonNullable<WriteOptions['layout']> = 'plain',
): FlowLogSpec[] {
  return formats.map((format, n) => ({
    flowLogId: `fl-0${hash(`${world.vpcId}/${format}/${n}`).toString(16).padStart(8, '0')}00000000`,
    format,
    folder: `flow-logs-${format}${formats.length > 1 ? `-${n}` : ''}`,
    hive: layout.startsWith('hive'),
    perHour: layout.endsWith('hourly'),
    resourceId: world.vpcId,
    interfaceIds: new Set(world.interfaces.filter((_, i) => i % formats.length === n).map((i) => i.interfaceId)),
  }));
}

export function describeFlowLogs(world: WorldState, specs: readonly FlowLogSpec[]): FlowLogDescription[] {
  return specs.map((s) => ({
    flowLogId: s.flowLogId,
    format: fieldsOf(s.format)
      .map((f) => `\${${f}}`)
      .join(' '),
    bucketFolder: `${world.vpcName}-${s.folder}`,
    fileFormat: s.format === 'parquet' ? 'parquet' : 'plain-text',
    hive: s.hive,
    perHour: s.perHour,
    resourceId: s.resourceId,
  }));
}

/** Writes inventory/, config-history/ and flow-logs/ below `dir`, as AWS lays them out. The same world gives the same files. */
export async function writeWorld(world: World, dir: string, options: WriteOptions = {}): Promise<WrittenWorld> {
  const specs = options.flowLogs ?? flowLogsFor(world, options.formats ?? ['v5'], options.layout);
  const files: string[] = [];
  const put = async (file: string, content: string | Uint8Array): Promise<void> => {
    const full = path.join(dir, file);
    await mkdir(path.dirname(full), { recursive: true });
    await writeFile(full, content);
    files.push(file);
  };
  const inventory = options.nestedInventory === true ? `inventory/${world.accountId}/${world.region}` : 'inventory';
  for (const [name, document] of Object.entries(inventoryDocuments(world, describeFlowLogs(world, specs)))) {
    await put(`${inventory}/${name}`, `${JSON.stringify(document, null, 4)}\n`);
  }
  const level = options.gzipLevel ?? 6;
  for (const file of world.configFiles) {
    await put(`config-history/${file.path}`, gzipSync(JSON.stringify(file.body), { level }));
  }
  const records = [...world.records];
  for (const spec of specs) {
    const own = records.filter((r) => spec.interfaceIds.has(r.interfaceId));
    const files = cutIntoFiles(world, spec, own, options.fileSeconds ?? (spec.perHour ? 3600 : 86_400));
    if (spec.format === 'parquet') {
      for (const [name, content] of await parquetFiles(files)) await put(`flow-logs/${name}`, content);
      continue;
    }
    for (const [name, part] of files) {
      const text = `${[fieldsOf(spec.format).join(' '), ...part.map((r) => lineOf(r, spec.format))].join('\n')}\n`;
      await put(`flow-logs/${name}`, gzipSync(text, { level }));
    }
  }
  return {
    inventory: path.join(dir, 'inventory'),
    configHistory: path.join(dir, 'config-history'),
    flowLogs: path.join(dir, 'flow-logs'),
    files: files.sort(),
  };
}

/** Files by the records' end time, named for the time they begin with. Source: VPC user guide, flow log files. */
function cutIntoFiles(
  world: WorldState,
  spec: FlowLogSpec,
  records: readonly FlowRecord[],
  fileSeconds: number,
): Map<string, FlowRecord[]> {
  const out = new Map<number, FlowRecord[]>();
  for (const record of records) {
    const at = Math.floor(record.end / fileSeconds) * fileSeconds;
    const part = out.get(at);
    if (part === undefined) out.set(at, [record]);
    else part.push(record);
  }
  return new Map([...out].map(([at, part]) => [fileName(world, spec, at), part]));
}

function fileName(world: WorldState, spec: FlowLogSpec, at: EpochSeconds): string {
  const text = new Date(at * 1000).toISOString();
  const [year, month, day, hour] = [text.slice(0, 4), text.slice(5, 7), text.slice(8, 10), text.slice(11, 13)];
  const { accountId, region } = world;
  const days = spec.hive
    ? `aws-account-id=${accountId}/aws-service=vpcflowlogs/aws-region=${region}/year=${year}/month=${month}/day=${day}`
    : `${accountId}/vpcflowlogs/${region}/${year}/${month}/${day}`;
  const hours = spec.perHour ? (spec.hive ? `/hour=${hour}` : `/${hour}`) : '';
  const stamp = `${year}${month}${day}T${hour}${text.slice(14, 16)}Z`;
  const digest = hash(`${spec.flowLogId}${stamp}`).toString(16).padStart(8, '0');
  const suffix = spec.format === 'parquet' ? 'log.parquet' : 'log.gz';
  return `${spec.folder}/AWSLogs/${days}${hours}/${accountId}_vpcflowlogs_${region}_${spec.flowLogId}_${stamp}_${digest}.${suffix}`;
}

/** Parquet as AWS writes it: gzip pages, INT32 and INT64, names with underscores. One thread, so that bytes repeat. */
async function parquetFiles(files: ReadonlyMap<string, readonly FlowRecord[]>): Promise<[string, Uint8Array][]> {
  const { readFile } = await import('node:fs/promises');
  const scratch = await mkdtemp(path.join(tmpdir(), 'pare-world-'));
  const instance = await DuckDBInstance.create(':memory:', { threads: '1' });
  const connection = await instance.connect();
  try {
    const names = [...files.keys()];
    const lines: string[] = [];
    for (const [n, name] of names.entries())
      for (const r of files.get(name)!) lines.push(`${n} ${lineOf(r, 'parquet')}`);
    const text = path.join(scratch, 'all.txt');
    await writeFile(text, `${lines.join('\n')}\n`);
    const types = V5.map(
      (f) => `'${f.replaceAll('-', '_')}': '${INT32.has(f) ? 'INTEGER' : INT64.has(f) ? 'BIGINT' : 'VARCHAR'}'`,
    );
    await connection.run(
      `CREATE TABLE logs AS SELECT * FROM read_csv('${text}', delim=' ', header=false, quote='', escape='', nullstr='-', auto_detect=false, columns={'file': 'INTEGER', ${types.join(', ')}})`,
    );
    const out: [string, Uint8Array][] = [];
    for (const [n, name] of names.entries()) {
      const target = path.join(scratch, 'part.parquet');
      await connection.run(
        `COPY (SELECT * EXCLUDE (file) FROM logs WHERE file = ${n}) TO '${target}' (FORMAT parquet, COMPRESSION gzip)`,
      );
      out.push([name, await readFile(target)]);
    }
    return out;
  } finally {
    connection.closeSync();
    instance.closeSync();
    await rm(scratch, { recursive: true, force: true });
  }
}
