import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { gunzipSync } from 'node:zlib';
import { DuckDBInstance } from '@duckdb/node-api';
import { afterEach, describe, expect, it } from 'vitest';
import {
  blockedBy,
  type FlowRecord,
  fieldsOf,
  generateWorld,
  groupsAt,
  lineOf,
  loggedSpans,
  rulesLettingIn,
  type World,
  writeWorld,
} from './index.ts';

const SEEDS = Array.from({ length: 20 }, (_, n) => n + 1);
const folders: string[] = [];

async function folder(): Promise<string> {
  const made = await mkdtemp(path.join(tmpdir(), 'pare-generator-'));
  folders.push(made);
  return made;
}

afterEach(async () => {
  for (const made of folders.splice(0)) await rm(made, { recursive: true, force: true });
});

function linesOf(world: World): string[] {
  return [...world.records].map((r) => lineOf(r, 'v5'));
}

describe('the generator is deterministic', () => {
  it('gives the same records, documents and truth for the same seed', () => {
    const [a, b] = [generateWorld(7), generateWorld(7)];
    expect(linesOf(a)).toEqual(linesOf(b));
    expect(a.inventory).toEqual(b.inventory);
    expect(a.configFiles).toEqual(b.configFiles);
    expect(a.truth).toEqual(b.truth);
  });

  it('gives other records for another seed', () => {
    expect(linesOf(generateWorld(7))).not.toEqual(linesOf(generateWorld(8)));
  });

  it('writes the same bytes twice, in every format', async () => {
    const [one, two] = [await folder(), await folder()];
    const world = generateWorld(3, { days: 3 });
    const a = await writeWorld(world, one, { formats: ['v5', 'v2', 'parquet'] });
    const b = await writeWorld(world, two, { formats: ['v5', 'v2', 'parquet'] });
    expect(a.files).toEqual(b.files);
    const bytes = (dir: string): Promise<Buffer[]> =>
      Promise.all(a.files.map((file) => readFile(path.join(dir, file))));
    expect(await bytes(one)).toEqual(await bytes(two));
  });
});

describe.each(SEEDS)('world %i is honest', (seed) => {
  const world = generateWorld(seed);
  const records = [...world.records];

  it('accepts exactly what some rule of the groups worn allows', () => {
    for (const connection of world.connections) {
      for (const { end, rules } of rulesLettingIn(world, connection)) {
        expect(end.rules).toEqual(rules);
        expect(end.accepted).toBe(end.groups.length === 0 || rules.length > 0);
        const own = world.interfaces.find((i) => i.interfaceId === end.interfaceId)!;
        expect(end.groups).toEqual(groupsAt(own, connection.start));
      }
      expect(connection.established).toBe(connection.ends.every((e) => e.accepted));
    }
  });

  it('covers every logged second with records or NODATA', () => {
    for (const i of world.interfaces) {
      const own = records.filter((r) => r.interfaceId === i.interfaceId).sort((a, b) => a.start - b.start);
      for (const span of loggedSpans(world, i)) {
        let reached = span.from;
        for (const r of own) {
          if (r.start > reached || r.end <= reached) continue;
          reached = r.end;
        }
        expect([i.name, reached]).toEqual([i.name, span.to]);
      }
    }
  });

  it('keeps every record inside the window and no longer than its aggregation interval, NODATA aside', () => {
    const longest = (r: FlowRecord) => (r.logStatus === 'NODATA' ? world.noDataInterval : world.aggregation);
    const { from, to } = world.window;
    expect(records.length).toBeGreaterThan(0);
    expect(records.filter((r) => !(r.start >= from && r.end <= to && r.end - r.start <= longest(r)))).toEqual([]);
  });

  it('has each special situation at least once', () => {
    const { rules: _, uncoveredInterfaceIds: __, icmpIndistinguishable: ___, ...lists } = world.truth;
    const missing = Object.entries(lists).filter(([, list]) => list.length === 0);
    expect(missing).toEqual([]);
  });

  it('blocks nothing by removing all rules never used, and something by removing any only permitter', () => {
    const never = new Set(world.truth.neverUsedRuleIds);
    expect(
      blockedBy(
        world,
        world.rules.filter((r) => !never.has(r.ruleId)),
      ),
    ).toEqual([]);
    for (const [ruleId, truth] of Object.entries(world.truth.rules)) {
      if (truth.onlyPermitter === 0) continue;
      const blocked = blockedBy(
        world,
        world.rules.filter((r) => r.ruleId !== ruleId),
      );
      expect([ruleId, blocked.length]).toEqual([ruleId, truth.onlyPermitter]);
    }
  });

  it('blocks something when both rules of a mutual cover go', () => {
    for (const pair of world.truth.mutualCoverPairs) {
      expect(
        blockedBy(
          world,
          world.rules.filter((r) => !pair.includes(r.ruleId)),
        ).length,
      ).toBeGreaterThan(0);
    }
  });
});

describe('records follow AWS', () => {
  it('gives SYN to the caller, SYN-ACK to the called, FIN to both at the end, and nothing between', () => {
    const world = generateWorld(2, { aggregation: 60 });
    const records = [...world.records];
    let long = 0;
    for (const c of world.connections) {
      const [first] = c.ends;
      if (
        c.protocol !== 6 ||
        !c.established ||
        c.closing !== 'fin' ||
        c.start < world.window.from ||
        first === undefined
      )
        continue;
      const own = records.filter((r) => r.interfaceId === first.interfaceId && r.end > c.start && r.start <= c.end);
      const up = own.filter((r) => r.pktSrcaddr === c.opener && r.srcport === c.sourcePort && r.dstport === c.port);
      const down = own.filter((r) => r.pktDstaddr === c.opener && r.dstport === c.sourcePort && r.srcport === c.port);
      expect(up.length).toBe(down.length);
      expect(up.map((r) => r.tcpFlags)).toEqual(up.length === 1 ? [3] : [2, ...up.slice(2).map(() => 0), 1]);
      expect(down.map((r) => r.tcpFlags)).toEqual(down.length === 1 ? [19] : [18, ...down.slice(2).map(() => 0), 1]);
      if (up.length > 2) long += 1;
    }
    expect(long).toBeGreaterThan(5);
  });

  it('names the direction of the packet, not of the connection', () => {
    const world = generateWorld(4);
    const replies = [...world.records].filter((r) => r.tcpFlags !== null && (r.tcpFlags & 16) > 0);
    expect(replies.some((r) => r.flowDirection === 'ingress')).toBe(true);
    expect(replies.some((r) => r.flowDirection === 'egress')).toBe(true);
  });

  it('shows the primary address for a secondary one and the real one in pkt-dstaddr', () => {
    const world = generateWorld(5);
    const shown = [...world.records].filter(
      (r) => r.flowDirection === 'ingress' && r.dstaddr !== r.pktDstaddr && r.instanceId !== null,
    );
    expect(shown.length).toBeGreaterThan(0);
    for (const r of shown) {
      const own = world.interfaces.find((i) => i.interfaceId === r.interfaceId)!;
      expect(r.dstaddr).toBe(own.primary);
      expect(own.secondary).toContain(r.pktDstaddr);
    }
  });

  it('records both ends of a connection within the VPC, refusal included', () => {
    const world = generateWorld(6);
    const refused = world.connections.find((c) => !c.established && c.ends.length === 2 && c.ends[0]!.accepted)!;
    const seen = [...world.records].filter(
      (r) => r.srcport === refused.sourcePort && r.dstport === refused.port && r.dstaddr === refused.target,
    );
    expect(seen.map((r) => [r.action, r.flowDirection]).sort()).toEqual([
      ['ACCEPT', 'egress'],
      ['REJECT', 'ingress'],
    ]);
  });

  it('writes one NODATA line per idle aggregation interval when asked for AWS behaviour', () => {
    const world = generateWorld(1, { days: 1, noDataInterval: 600 });
    const idle = [...world.records].filter((r) => r.logStatus === 'NODATA');
    expect(Math.max(...idle.map((r) => r.end - r.start))).toBe(600);
  });

  it('leaves out what came before late logging began', () => {
    const world = generateWorld(1, { features: { lateLogging: true } });
    const [late] = world.truth.uncoveredInterfaceIds;
    const middle = (world.window.from + world.window.to) / 2;
    const own = [...world.records].filter((r) => r.interfaceId === late);
    expect(own.length).toBeGreaterThan(0);
    expect(Math.min(...own.map((r) => r.start))).toBe(middle);
  });
});

describe('harder worlds', () => {
  const world = generateWorld(11, { features: { hard: true }, recordTimes: 'packets' });
  const records = [...world.records];

  it('are as honest as the others', () => {
    for (const connection of world.connections) {
      for (const { end, rules } of rulesLettingIn(world, connection)) expect(end.rules).toEqual(rules);
    }
  });

  it('let a connection outlive the groups that let it in', () => {
    const through = world.connections.find((c) => c.purpose === 'through the change')!;
    const called = through.ends.find((e) => e.direction === 'ingress')!;
    const own = world.interfaces.find((i) => i.interfaceId === called.interfaceId)!;
    expect(called.accepted).toBe(true);
    expect(groupsAt(own, through.start)).not.toEqual(groupsAt(own, through.end));
    const later = records.filter(
      (r) => r.interfaceId === own.interfaceId && r.srcport === through.sourcePort && r.start >= own.wore[1]!.from,
    );
    expect(later.length).toBeGreaterThan(0);
    expect(later.map((r) => r.action)).toEqual(later.map(() => 'ACCEPT'));
  });

  it('have callers whose own port is lower than the one they call', () => {
    const low = world.connections.filter(
      (c) => c.established && c.sourcePort !== null && c.port !== null && c.sourcePort < c.port,
    );
    expect(low.length).toBeGreaterThanOrEqual(3);
  });

  it('time records by their packets when asked to', () => {
    const dns = world.connections.find((c) => c.protocol === 17 && c.established && c.start === c.end)!;
    const seen = records.filter(
      (r) => r.srcport === dns.sourcePort && r.dstport === dns.port && r.srcaddr === dns.opener,
    );
    expect(seen.length).toBeGreaterThan(0);
    for (const r of seen) expect([r.start, r.end]).toEqual([dns.start, dns.start + 1]);
  });

  it('capture changes of groups late when AWS Config lags', () => {
    const itemTimes = (lag: number): number[] =>
      generateWorld(11, { configLag: lag })
        .configFiles.flatMap((f) => f.body.configurationItems)
        .map((item) => Date.parse(String(item.configurationItemCaptureTime)) / 1000);
    expect(itemTimes(40)).toEqual(itemTimes(0).map((at) => at + 40));
  });
});

describe('files follow AWS', () => {
  it.each([
    [
      'plain',
      /^flow-logs\/flow-logs-v5\/AWSLogs\/111122223333\/vpcflowlogs\/eu-west-1\/2026\/09\/\d\d\/111122223333_vpcflowlogs_eu-west-1_fl-0[0-9a-f]+_202609\d\dT0000Z_[0-9a-f]{8}\.log\.gz$/,
    ],
    ['hourly', /\/eu-west-1\/2026\/09\/\d\d\/\d\d\/1111/],
    [
      'hive',
      /\/AWSLogs\/aws-account-id=111122223333\/aws-service=vpcflowlogs\/aws-region=eu-west-1\/year=2026\/month=09\/day=\d\d\/1111/,
    ],
    ['hive-hourly', /\/day=\d\d\/hour=\d\d\/1111/],
  ] as const)('names %s files as AWS does', async (layout, pattern) => {
    const world = generateWorld(1, { days: 2, to: Date.UTC(2026, 8, 30) / 1000 + 3600 });
    const written = await writeWorld(world, await folder(), { layout });
    const logs = written.files.filter((f) => f.startsWith('flow-logs/'));
    expect(logs.length).toBeGreaterThan(1);
    for (const file of logs) expect(file).toMatch(pattern);
  });

  it('holds in each file a header and the records that end within its time', async () => {
    const dir = await folder();
    const world = generateWorld(1, { days: 2 });
    const written = await writeWorld(world, dir, { formats: ['v2'] });
    let lines = 0;
    for (const file of written.files.filter((f) => f.startsWith('flow-logs/'))) {
      const [header, ...rest] = gunzipSync(await readFile(path.join(dir, file)))
        .toString('utf8')
        .trimEnd()
        .split('\n');
      expect(header).toBe(
        'version account-id interface-id srcaddr dstaddr srcport dstport protocol packets bytes start end action log-status',
      );
      const day = /_(\d{4})(\d\d)(\d\d)T/.exec(file)!;
      const from = Date.UTC(Number(day[1]), Number(day[2]) - 1, Number(day[3])) / 1000;
      for (const line of rest) {
        const parts = line.split(' ');
        expect(parts).toHaveLength(14);
        expect(Number(parts[11])).toBeGreaterThanOrEqual(from);
        expect(Number(parts[11])).toBeLessThan(from + 86_400);
      }
      lines += rest.length;
    }
    expect(lines).toBe([...world.records].length);
  });

  it('writes Parquet with AWS types and underscores, and the same values as the text', async () => {
    const dir = await folder();
    const world = generateWorld(1, { days: 1 });
    const written = await writeWorld(world, dir, { formats: ['parquet'] });
    const instance = await DuckDBInstance.create(':memory:');
    const connection = await instance.connect();
    const from = `'${written.flowLogs}/**/*.parquet'`;
    const types = await connection.runAndReadAll(`DESCRIBE SELECT * FROM read_parquet(${from})`);
    const typeOf = new Map(types.getRowObjects().map((r) => [String(r.column_name), String(r.column_type)]));
    expect([...typeOf.keys()].sort()).toEqual(
      fieldsOf('parquet')
        .map((f) => f.replaceAll('-', '_'))
        .sort(),
    );
    expect([typeOf.get('srcport'), typeOf.get('tcp_flags'), typeOf.get('bytes'), typeOf.get('start')]).toEqual([
      'INTEGER',
      'INTEGER',
      'BIGINT',
      'BIGINT',
    ]);
    const sums = await connection.runAndReadAll(
      `SELECT count(*)::INT AS n, sum(bytes)::BIGINT AS bytes, count(*) FILTER (log_status = 'NODATA')::INT AS idle, count(srcaddr)::INT AS addressed FROM read_parquet(${from})`,
    );
    const records = [...world.records];
    expect(sums.getRowObjects()[0]).toEqual({
      n: records.length,
      bytes: BigInt(records.reduce((sum, r) => sum + (r.bytes ?? 0), 0)),
      idle: records.filter((r) => r.logStatus === 'NODATA').length,
      addressed: records.filter((r) => r.srcaddr !== null).length,
    });
    connection.closeSync();
    instance.closeSync();
  });
});
