import { mkdir, readdir, symlink } from 'node:fs/promises';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { DuckDBInstance } from '@duckdb/node-api';
import { describe, expect, it } from 'vitest';
import { openDuckDbStore } from '../../analyzer/flowlogs/index.ts';
import { accounted, options, scanFiles, scanPaths, skippedOf, V2, V5, withFiles } from './harness.ts';

const T = 1_780_000_000;
const SSH = `2 111122223333 eni-0a 192.0.2.7 10.0.0.1 40000 22 6 10 1000 ${T} ${T + 50} ACCEPT OK`;
const RDP = `2 111122223333 eni-0a 192.0.2.7 10.0.0.1 40001 3389 6 1 40 ${T} ${T + 50} REJECT OK`;
const NODATA = `2 111122223333 eni-0a - - - - - - - ${T} ${T + 58} - NODATA`;
const SKIPDATA = `2 111122223333 eni-0a - - - - - - - ${T} ${T + 58} - SKIPDATA`;
const NAME = '111122223333_vpcflowlogs_eu-west-1_fl-0f_20260528T2030Z_ab12cd34.log';
const ME = { interfaces: [{ interfaceId: 'eni-0a', addresses: ['10.0.0.1', '2001:db8::1'] }] };

function text(...lines: string[]): string {
  return `${lines.join('\n')}\n`;
}

async function parquet(path: string, select: string): Promise<void> {
  const instance = await DuckDBInstance.create(':memory:');
  const connection = await instance.connect();
  await connection.run(`COPY (${select}) TO '${path}' (FORMAT parquet, COMPRESSION snappy)`);
  connection.closeSync();
  instance.closeSync();
}

const PARQUET_ROW = `SELECT 2 AS version, '111122223333' AS account_id, 'eni-0a' AS interface_id, '192.0.2.7' AS srcaddr, '10.0.0.1' AS dstaddr,
  CAST(40000 AS INTEGER) AS srcport, CAST(22 AS INTEGER) AS dstport, CAST(6 AS INTEGER) AS protocol, BIGINT '10' AS packets, BIGINT '1000' AS bytes,
  BIGINT '${T}' AS start, BIGINT '${T + 50}' AS "end", 'ACCEPT' AS action, CAST(2 AS INTEGER) AS tcp_flags, 'OK' AS log_status`;

describe('every format that AWS writes is read', () => {
  it('reads the default format with and without its header, gzipped or not, CRLF or not', async () => {
    const forms: Record<string, string | Uint8Array> = {
      headed: text(V2, SSH),
      bare: text(SSH),
      'without-last-newline': SSH,
      crlf: `${V2}\r\n${SSH}\r\n`,
      'blank-lines': `${V2}\n\n${SSH}\n\n`,
      gzipped: gzipSync(text(V2, SSH)),
      'two-gzip-members': Buffer.concat([gzipSync(`${V2}\n`), gzipSync(text(SSH))]),
      'byte-order-mark': `\uFEFF${text(V2, SSH)}`,
      'cloudwatch-export': text(`2026-05-28T20:26:40.000Z ${SSH}`),
      'header-repeated': text(V2, SSH, V2),
    };
    for (const [form, content] of Object.entries(forms)) {
      const { summary, ledger } = await scanFiles({ 'x.log': content }, ME);
      expect({ form, records: summary.records, accepted: summary.accepted, skipped: summary.skipped }).toEqual({
        form,
        records: 1,
        accepted: 1,
        skipped: [],
      });
      expect(ledger[0]).toMatchObject({
        interfaceId: 'eni-0a',
        localPort: 22,
        localAddress: '10.0.0.1',
        packets: 10,
        bytes: 1000,
      });
    }
  });

  it('reads any order and subset of fields, and fields it has never heard of', async () => {
    const header =
      'log-status next-hop-interface-id dstport srcport protocol dstaddr srcaddr action end start interface-id instance-tag';
    const record = `OK eni-99 22 40000 6 10.0.0.1 192.0.2.7 ACCEPT ${T + 50} ${T} eni-0a team=web`;
    const { ledger, summary } = await scanFiles({ 'x.log': text(header, record) }, ME);
    expect(ledger).toHaveLength(1);
    expect(ledger[0]).toMatchObject({
      peerAddress: '192.0.2.7',
      localPort: 22,
      packets: 0,
      bytes: 0,
      first: T,
      last: T + 50,
    });
    expect(summary.formats).toEqual([{ fields: header.split(' '), files: 1, records: 1 }]);
  });

  it('reads Parquet as AWS writes it, next to text of two formats, in plain, hourly and Hive folders', async () => {
    await withFiles(
      {
        [`AWSLogs/111122223333/vpcflowlogs/eu-west-1/2026/05/28/${NAME}.gz`]: gzipSync(text(V2, SSH)),
        [`AWSLogs/111122223333/vpcflowlogs/eu-west-1/2026/05/28/20/${NAME}.gz`]: gzipSync(
          text(V5, `${SSH} 2 192.0.2.7 10.0.0.1 ingress`),
        ),
        'loose.log': text(V2, NODATA),
      },
      async (logs, temp) => {
        const hive = join(
          logs,
          'aws-account-id=111122223333/aws-service=vpcflowlogs/aws-region=eu-west-1/year=2026/month=05/day=28/hour=20',
        );
        await mkdir(hive, { recursive: true });
        await parquet(join(hive, `${NAME}.parquet`), PARQUET_ROW);
        const { summary, ledger } = await scanPaths([logs], temp, ME);
        expect(summary).toMatchObject({ files: 4, records: 4, accepted: 3, noData: 1, skipped: [] });
        expect(summary.formats.map((format) => format.files)).toEqual([1, 1, 1, 1]);
        expect(ledger.map((row) => row.evidence).sort()).toEqual(['conversation', 'syn']);
        expect(await readdir(temp)).toEqual([]);
      },
    );
  });

  it('writes IPv6 addresses in one spelling, and knows the interface by it', async () => {
    const record = `2 1 eni-0a 2001:DB8:0:0:0:0:0:7 2001:db8:0::1 40000 22 6 1 40 ${T} ${T} ACCEPT OK`;
    const { ledger } = await scanFiles({ 'x.log': text(V2, record) }, ME);
    expect(ledger[0]).toMatchObject({ localAddress: '2001:db8::1', peerAddress: '2001:db8::7' });
  });
});

describe('law 1: nothing about a record is guessed in silence', () => {
  it('counts each bad record once, by its first reason, and all counts add up', async () => {
    const bad: [string, string][] = [
      [SSH.replace('eni-0a', '-'), 'record-without-interface'],
      [SSH.replace('eni-0a', 'i-0a'), 'record-with-bad-interface'],
      [SSH.replace(`${T} `, '- '), 'record-with-bad-time'],
      [SSH.replace(`${T} ${T + 50}`, `${T + 50} ${T}`), 'record-with-bad-time'],
      [SSH.replace(` ${T + 50} `, ' 1e9 '), 'record-with-bad-time'],
      [SSH.replace(' OK', ' FINE'), 'record-with-bad-log-status'],
      [SSH.replace('ACCEPT', 'ALLOW'), 'record-with-bad-action'],
      [SSH.replace(' 6 10 ', ' 256 10 '), 'record-with-bad-protocol'],
      [SSH.replace(' 6 10 ', ' tcp 10 '), 'record-with-bad-protocol'],
      [SSH.replace(' 22 ', ' 65536 '), 'record-with-bad-port'],
      [SSH.replace(' 22 ', ' - '), 'record-with-bad-port'],
      [SSH.replace(' 22 ', ' 022 '), 'record-with-bad-port'],
      [SSH.replace('192.0.2.7', '192.0.2.256'), 'record-with-bad-address'],
      [SSH.replace('192.0.2.7', 'host.example'), 'record-with-bad-address'],
      [SSH.replace('192.0.2.7', '-'), 'record-with-bad-address'],
      [SSH.replace(' 1000 ', ' 1.5 '), 'record-with-bad-number'],
      [SSH.replace(' 1000 ', ' -5 '), 'record-with-bad-number'],
      [SSH.replace(' OK', ''), 'record-with-wrong-number-of-fields'],
      [`${SSH} more`, 'record-with-wrong-number-of-fields'],
      [`${SSH} more and more`, 'record-with-wrong-number-of-fields'],
      [SSH.replace(' 22 ', '  22 '), 'record-with-wrong-number-of-fields'],
      ["'; DROP TABLE record; --", 'record-with-wrong-number-of-fields'],
    ];
    for (const [line, reason] of bad) {
      const { summary } = await scanFiles({ 'x.log': text(V2, SSH, line, RDP, NODATA, SKIPDATA) }, ME);
      expect({ line, skipped: skippedOf(summary) }).toEqual({ line, skipped: { [reason]: 1 } });
      expect(summary).toMatchObject({ records: 5, accepted: 1, rejected: 1, noData: 1, skipData: 1 });
      expect(accounted(summary)).toBe(summary.records);
      expect(summary.skipped[0]?.example).toMatch(/x\.log|^address /);
    }
  });

  it('counts a line of bytes that are no text', async () => {
    const line = Buffer.from(SSH.replace('192.0.2.7', 'caf\xe9'), 'latin1');
    const { summary } = await scanFiles(
      { 'x.log': Buffer.concat([Buffer.from(text(V2, SSH)), line, Buffer.from('\n')]) },
      ME,
    );
    expect(summary.records).toBe(2);
    expect(summary.accepted).toBe(1);
    expect(accounted(summary)).toBe(2);
  });

  it('makes a bad record of an interface known to its coverage as a lost one', async () => {
    const { coverage } = await scanFiles({ 'x.log': text(V2, SSH, SSH.replace(' 22 ', ' x ')) }, ME);
    expect(coverage[0]).toMatchObject({ interfaceId: 'eni-0a', records: 1, skipData: 1 });
  });

  it('reads a file given twice, or through a link, once', async () => {
    await withFiles({ 'a.log': text(V2, SSH) }, async (logs, temp) => {
      await symlink(join(logs, 'a.log'), join(logs, 'b.log'));
      await symlink(logs, join(logs, 'loop'));
      const { summary } = await scanPaths([logs, join(logs, 'a.log')], temp, ME);
      expect(summary.records).toBe(1);
      // b.log is a link to a.log, and a.log is named a second time.
      expect(skippedOf(summary)).toEqual({ 'file-given-twice': 2 });
    });
  });

  it('takes a path for a path and not for a pattern', async () => {
    const { summary } = await scanFiles(
      { 'a[1]*.log': text(V2, SSH), 'a1.log': text(V2, RDP), "it's.log": text(V2, NODATA) },
      ME,
    );
    expect(summary).toMatchObject({ files: 3, records: 3, accepted: 1, rejected: 1, noData: 1 });
  });

  it('skips what is no flow log, by content, with an example', async () => {
    const { summary } = await scanFiles(
      {
        'x.log': text(V2, SSH),
        _SUCCESS: '',
        README: 'Logs of the shop.\n',
        'trail.json.gz': gzipSync('{"Records":[]}'),
        'elb.log':
          'https 2026-05-28T20:26:40.1Z app/shop/1 192.0.2.7:40000 10.0.0.1:80 0.1 0.1 0.1 200 200 1 1 "GET / HTTP/1.1"\n',
        'tgw-headed.log':
          'version resource-type account-id tgw-id srcaddr dstaddr log-status\n6 TransitGateway 1 tgw-0a 10.0.0.1 10.0.0.2 OK\n',
        'tgw-bare.log': '6 TransitGateway 111122223333 tgw-0a tgw-attach-0b\n',
      },
      ME,
    );
    expect(summary.records).toBe(1);
    expect(skippedOf(summary)).toEqual({
      'file-of-a-transit-gateway': 2,
      'file-that-is-empty': 1,
      'file-that-is-no-flow-log': 3,
    });
    expect(summary.skipped.find((skip) => skip.reason === 'file-that-is-no-flow-log')?.example).toContain(
      'README (other text)',
    );
  });
});

describe('a file that cannot be read whole ends the scan, or is counted and leaves a hole', () => {
  const whole = gzipSync(
    text(V2, ...Array.from({ length: 5000 }, (_, i) => SSH.replace('40000', String(30000 + ((i * 7919) % 30000))))),
  );
  const damaged = Buffer.from(whole);
  damaged[damaged.length - 6]! ^= 0xff;
  const broken: Record<string, [string | Uint8Array, string]> = {
    'half a gzip': [whole.subarray(0, whole.length >> 1), 'flow-log-truncated'],
    'a gzip without its trailer': [whole.subarray(0, whole.length - 8), 'flow-log-truncated'],
    'a gzip without its last byte': [whole.subarray(0, whole.length - 1), 'flow-log-truncated'],
    'a gzip with a wrong checksum': [damaged, 'flow-log-truncated'],
    'a .gz of no bytes': ['', 'flow-log-truncated'],
    'a .gz that is text': ['hello', 'flow-log-truncated'],
    'half a Parquet': ['PAR1xxxxxxxxxxxxxxxxx', 'flow-log-truncated'],
    'a Parquet that is none': ['PAR1xxxxxxxxxxxxxxxxxPAR1', 'flow-log-truncated'],
    'a header without interface-id': [
      gzipSync(text(V2.replace('interface-id', 'vpc-id'), SSH)),
      'flow-log-header-without-interface-id',
    ],
    'a header without ports': [gzipSync(text(V2.replace('srcport', 'az-id'), SSH)), 'flow-log-header-without-srcport'],
    'a field twice': [gzipSync(text(V2.replace('bytes', 'packets'), SSH)), 'flow-log-header-with-duplicate-field'],
    'no header and another format': [gzipSync(text(`${SSH} 2`)), 'flow-log-without-header'],
    'another format further down': [gzipSync(text(V2, SSH, V5)), 'flow-log-with-second-header'],
  };
  for (const [what, [content, code]] of Object.entries(broken)) {
    it(`${what}: ${code}`, async () => {
      const path = `vpcflowlogs/${NAME}.gz`;
      await withFiles({ [path]: content, 'fine.log': text(V2, NODATA) }, async (logs, temp) => {
        await expect(scanPaths([logs], temp, ME)).rejects.toMatchObject({
          problem: { code, fault: 'input', file: join(logs, path), next: expect.stringMatching(/.+/) },
        });
        expect(await readdir(temp)).toEqual([]);
        // 20:26:40 is within the margins of the file stamped 20:30: nothing of that hour may count as covered.
        const { summary, coverage } = await scanPaths([logs], temp, { ...ME, skipUnreadable: true });
        expect(skippedOf(summary)).toEqual({ 'file-that-cannot-be-read': 1 });
        expect(coverage.map((row) => row.observedSeconds)).toEqual([0]);
      });
    });
  }

  it('a Parquet with other columns, or with columns of other types', async () => {
    await withFiles({ 'fine.log': text(V2, NODATA) }, async (logs, temp) => {
      await parquet(join(logs, 'other.parquet'), "SELECT 1 AS a, 'x' AS b");
      await expect(scanPaths([logs], temp, ME)).rejects.toMatchObject({
        problem: { code: 'flow-log-parquet-without-interface-id' },
      });
      await parquet(
        join(logs, 'other.parquet'),
        `SELECT * REPLACE (to_timestamp(start) AS start) FROM (${PARQUET_ROW})`,
      );
      await expect(scanPaths([logs], temp, ME)).rejects.toMatchObject({
        problem: { code: 'flow-log-parquet-column-type' },
      });
    });
  });

  it('a path that is not there, and paths without any record', async () => {
    await withFiles({ README: 'nothing' }, async (logs, temp) => {
      await expect(scanPaths([join(logs, 'nowhere')], temp)).rejects.toMatchObject({
        problem: { code: 'flow-log-path-unreadable' },
      });
      await expect(scanPaths([logs], temp)).rejects.toMatchObject({ problem: { code: 'no-flow-log-records' } });
      expect(await readdir(temp)).toEqual([]);
    });
  });

  it('stops at the signal and leaves nothing behind', async () => {
    await withFiles({ 'x.log': text(V2, SSH) }, async (logs, temp) => {
      const stop = new AbortController();
      const store = openDuckDbStore({ paths: [logs], tempDir: temp });
      const scan = store.scan(
        options({ ...ME, signal: stop.signal, progress: () => stop.abort(new Error('stopped')) }),
      );
      await expect(scan).rejects.toThrow('stopped');
      expect(await readdir(temp)).toEqual([]);
    });
  });
});

describe('the window', () => {
  const at = (start: number) => SSH.replace(`${T} ${T + 50}`, `${start} ${start + 10}`);
  it('ends at the newest record read and takes records that touch it', async () => {
    const content = text(V2, at(T), at(T - 86400 - 5), at(T - 86400 - 100), at(T - 3 * 86400));
    const { window, summary } = await scanFiles({ 'x.log': content }, { ...ME, window: { lastDays: 1, to: null } });
    expect(window).toEqual({ from: T + 11 - 86400, to: T + 11 });
    expect(summary).toMatchObject({ records: 4, accepted: 1, outsideWindow: 3 });
    const wider = await scanFiles({ 'x.log': content }, { ...ME, window: { from: T - 86400, to: T } });
    expect(wider.summary).toMatchObject({ accepted: 1, outsideWindow: 3 });
    expect(wider.ledger[0]).toMatchObject({ first: T - 86400 - 5 });
  });

  it('law 7: two scans of the same logs give the same rows', async () => {
    const lines = Array.from({ length: 300 }, (_, i) =>
      SSH.replace('40000', String(32768 + i)).replace('192.0.2.7', `192.0.2.${i % 50}`),
    );
    const files = { 'a.log': text(V2, ...lines.slice(0, 150)), 'b.log': text(V2, ...lines.slice(150)) };
    const one = await scanFiles(files, ME);
    const two = await scanFiles({ 'z.log': files['a.log'], 'c.log': files['b.log'] }, ME);
    expect(two.ledger).toEqual(one.ledger);
    expect(two.coverage).toEqual(one.coverage);
    expect(one.ledger.every((row) => row.evidence === 'fan' && row.opened === 'inbound')).toBe(true);
  });
});
