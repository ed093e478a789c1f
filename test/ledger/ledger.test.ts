import { cp, mkdir, mkdtemp, readdir, readFile, rm, truncate, utimes, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import {
  type CoverageRow,
  type FlowStore,
  ingestFlowLogs,
  type LedgerRow,
  openDuckDbStore,
  openLedgerStore,
} from '../../analyzer/flowlogs/index.ts';
import {
  LEDGER_VERSION,
  type Manifest,
  readManifest,
  type Segment,
  writeManifest,
} from '../../analyzer/flowlogs/stored/manifest.ts';
import { readInventory } from '../../analyzer/inventory/index.ts';
import { changeDays, interfaceAddresses } from '../../bot/cli/work/scan-input.ts';
import { options, V5, withFiles } from '../flowlogs/harness.ts';
import { generateWorld, type LogFormat, writeWorld } from '../generator/index.ts';

let dir: string;
beforeAll(async () => {
  dir = await mkdtemp(join(tmpdir(), 'pare-ledger-'));
});
afterAll(() => rm(dir, { recursive: true, force: true }));

interface Scanned {
  ledger: LedgerRow[];
  coverage: CoverageRow[];
  summary: Awaited<ReturnType<FlowStore['scan']>>['summary'];
  window: { from: number; to: number };
}

async function scanned(store: FlowStore, some: Parameters<typeof options>[0]): Promise<Scanned> {
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

async function ingest(paths: string[], ledger: string, some: Parameters<typeof options>[0] = {}) {
  const { window: _, ...rest } = options(some);
  return ingestFlowLogs({ ...rest, paths, dir: ledger, tempDir: dir, memoryLimit: '500MB', now: Date.now() });
}

const stored = (ledger: string) => openLedgerStore({ dir: ledger, tempDir: dir, memoryLimit: '500MB' });
const direct = (paths: string[]) => openDuckDbStore({ paths, tempDir: dir, memoryLimit: '500MB' });

describe.each([
  ['v5', 11],
  ['v2', 12],
  ['parquet', 13],
] as [LogFormat, number][])('law 1: a ledger of %s logs says what a scan of them says', (format, seed) => {
  it('row by row, with days ingested one after the other, and is never surer', async () => {
    const world = generateWorld(seed, { days: 3 });
    const at = join(dir, format);
    const written = await writeWorld(world, at, { formats: [format], layout: 'hourly' });
    const inventory = await readInventory(written.inventory, { configHistory: [written.configHistory] });
    const known = { interfaces: interfaceAddresses(inventory.interfaces), changes: changeDays(inventory.interfaces) };
    const ledger = join(at, 'ledger');
    await ingest([written.flowLogs], ledger, known);
    const window = { from: Math.floor(world.window.from / 86400) * 86400 + 86400, to: world.window.to };
    const scan = await scanned(direct([written.flowLogs]), { ...known, window });
    const read = await scanned(stored(ledger), { ...known, window });
    expect(read.window).toEqual(scan.window);
    expect(read.coverage).toEqual(scan.coverage);
    const { skipped: _, ...counts } = read.summary;
    expect(counts).toEqual((({ skipped: __, ...rest }) => rest)(scan.summary));
    const text = (row: LedgerRow) => JSON.stringify(row);
    const both = new Set(scan.ledger.map(text));
    const other = read.ledger.filter((row) => !both.has(text(row)));
    const total = read.ledger.reduce((sum, row) => sum + row.records, 0);
    expect(total).toBe(scan.ledger.reduce((sum, row) => sum + row.records, 0));
    expect(other.filter((row) => row.action === 'ACCEPT')).toEqual([]);
    // Not for want of rows, days or folding.
    expect(read.ledger.length).toBeGreaterThan(100);
    expect(new Set(read.ledger.map((row) => row.bucket - (row.bucket % 86400))).size).toBeGreaterThan(1);
  });
});

const DAY = 86400 * 20000;
const eni = { interfaceId: 'eni-0a', addresses: ['10.0.0.1'] };
const line = (src: string, dst: string, start: number, flags: number | '-', action = 'ACCEPT', end = start + 50) =>
  `5 1 eni-0a ${src.replace(':', ' ').split(' ')[0]} ${dst.split(':')[0]} ${src.split(':')[1]} ${dst.split(':')[1]} 6 3 120 ${start} ${end} ${action} OK ${flags} - - -`;
const log = (...lines: string[]) => [V5, ...lines, ''].join('\n');
const NAME = (stamp: string, hash = 'aaaa') => `123456789012_vpcflowlogs_eu-west-1_fl-01_${stamp}_${hash}.log`;
const call = (day: number, port = 40000) => [
  line(`192.0.2.7:${port}`, '10.0.0.1:443', day + 100, 3),
  line('10.0.0.1:443', `192.0.2.7:${port}`, day + 100, 19),
];

describe('the ledger', () => {
  it('takes each file once, wherever it lies, and a late file of an old day too', async () => {
    await withFiles(
      {
        [`a/${NAME('20241004T0005Z')}`]: log(...call(DAY)),
        [`b/${NAME('20241005T0005Z', 'bbbb')}`]: log(...call(DAY + 86400)),
        [`late/${NAME('20241004T0010Z', 'cccc')}`]: log(...call(DAY, 40001)),
      },
      async (logs, temp) => {
        const ledger = join(temp, 'ledger');
        const one = { interfaces: [eni] };
        expect(await ingest([join(logs, 'a'), join(logs, 'b')], ledger, one)).toMatchObject({ files: 2, known: 0 });
        await cp(join(logs, 'a'), join(temp, 'copy'), { recursive: true });
        expect(await ingest([join(logs, 'a'), join(temp, 'copy')], ledger, one)).toMatchObject({ files: 0, known: 2 });
        expect(await ingest([logs], ledger, one)).toMatchObject({ files: 1, known: 2, days: [DAY] });
        const window = { from: DAY, to: DAY + 2 * 86400 };
        const read = await scanned(stored(ledger), { ...one, window });
        const scan = await scanned(direct([logs]), { ...one, window: read.window });
        expect(read.ledger).toEqual(scan.ledger);
        expect(read.coverage).toEqual(scan.coverage);
        expect(read.summary).toEqual(scan.summary);
      },
    );
  });

  it('learns on a later day who listens, and then decides what was open before', async () => {
    await withFiles(
      {
        [NAME('20241004T0005Z')]: log(line('192.0.2.9:40009', '10.0.0.1:443', DAY + 900, 0)),
        [NAME('20241005T0005Z', 'bbbb')]: log(...call(DAY + 86400)),
      },
      async (logs, temp) => {
        const ledger = join(temp, 'ledger');
        const one = { interfaces: [eni], window: { from: DAY, to: DAY + 2 * 86400 } };
        await ingest([join(logs, NAME('20241004T0005Z'))], ledger, one);
        const before = await scanned(stored(ledger), one);
        expect(before.ledger).toMatchObject([{ opened: 'unknown', localPort: 443, peerPort: 40009 }]);
        await ingest([logs], ledger, one);
        const after = await scanned(stored(ledger), one);
        expect(after.ledger.filter((row) => row.peerAddress === '192.0.2.9')).toMatchObject([
          { opened: 'inbound', evidence: 'listener', localPort: 443, peerPort: null },
        ]);
      },
    );
  });

  it('is what it was when a run dies or cannot read on, and the next run finishes the work', async () => {
    const broken = NAME('20241005T0005Z', 'bbbb').replace('.log', '.log.gz');
    await withFiles(
      { [NAME('20241004T0005Z')]: log(...call(DAY)), [broken]: new Uint8Array([31, 139, 8, 0]) },
      async (logs, temp) => {
        const ledger = join(temp, 'ledger');
        const one = { interfaces: [eni], window: { from: DAY, to: DAY + 2 * 86400 } };
        await expect(ingest([logs], ledger, one)).rejects.toThrow(broken);
        // A run that died after its data and before its manifest.
        await mkdir(join(ledger, 'flow/day=2024-10-05/action=ACCEPT/run=0123456789abcdef'), { recursive: true });
        await writeFile(join(ledger, 'flow/day=2024-10-05/action=ACCEPT/run=0123456789abcdef/part.parquet'), 'half');
        const first = await scanned(stored(ledger), one);
        expect(first.summary.records).toBe(2);
        expect(await ingest([logs], ledger, { ...one, skipUnreadable: true })).toMatchObject({ refused: 1, known: 1 });
        const holed = await scanned(stored(ledger), one);
        expect(holed.summary.skipped).toMatchObject([{ reason: 'file-that-cannot-be-read', count: 1 }]);
        await writeFile(join(logs, broken), '');
        await rm(join(logs, broken));
        await writeFile(join(logs, broken.replace('.gz', '')), log(...call(DAY + 86400)));
        await ingest([logs], ledger, one);
        const whole = await scanned(stored(ledger), one);
        expect(whole.summary.records).toBe(4);
      },
    );
  });

  it('refuses a file that was changed, a data file that is gone, and a ledger of another version', async () => {
    await withFiles({ [NAME('20241004T0005Z')]: log(...call(DAY)) }, async (logs, temp) => {
      const ledger = join(temp, 'ledger');
      const one = { interfaces: [eni], window: { from: DAY, to: DAY + 86400 } };
      await ingest([logs], ledger, one);
      await writeFile(join(logs, NAME('20241004T0005Z')), log(...call(DAY), ...call(DAY, 40003)));
      await expect(ingest([logs], ledger, one)).rejects.toThrow('with other content is in the ledger already');
      const data = (await readdir(ledger, { recursive: true })).filter(
        (name) => name.startsWith('flow/') && name.endsWith('.parquet'),
      );
      await rm(join(ledger, data[0]!));
      await expect(scanned(stored(ledger), one)).rejects.toThrow('would pass for none');
      const manifest = join(ledger, 'manifest', (await readdir(join(ledger, 'manifest'))).sort().at(-1)!);
      await writeFile(manifest, (await readFile(manifest, 'utf8')).replace('"schemaVersion":1', '"schemaVersion":2'));
      await expect(scanned(stored(ledger), one)).rejects.toThrow('schema version 2');
      await truncate(manifest, 20);
      await expect(scanned(stored(ledger), one)).rejects.toThrow('cannot be understood');
    });
  });

  it('never lets a writer through that has slept while others wrote, however many manifests are gone', async () => {
    await withFiles({}, async (_, temp) => {
      const segment = (n: number): Segment => ({
        run: n.toString(16).padStart(16, '0'),
        ...{ files: 1, bytes: 1, records: 1, usable: 1, oldest: DAY, newest: DAY },
        ...{ skipped: [], formats: [], refused: [], data: [] },
      });
      const first: Manifest = { schemaVersion: LEDGER_VERSION, sequence: 1, segments: [segment(1)] };
      await writeManifest(temp, first);
      let newest = first;
      for (let n = 2; n < 8; n++) {
        newest = { ...newest, sequence: n, segments: [...newest.segments, segment(n)] };
        await writeManifest(temp, newest);
      }
      for (const sequence of [2, 3, 7]) {
        const late = { ...first, sequence, segments: [segment(1), segment(99)] };
        await expect(writeManifest(temp, late)).rejects.toMatchObject({
          problem: { code: 'ledger-changed-meanwhile' },
        });
      }
      expect(await readManifest(temp)).toEqual(newest);
      expect((await readdir(join(temp, 'manifest'))).sort()).toEqual([5, 6, 7].map((n) => `manifest-0000000${n}.json`));
    });
  });

  it('removes what a dead run has left after a day, and not what one may still be writing', async () => {
    await withFiles({ [NAME('20241004T0005Z')]: log(...call(DAY)) }, async (logs, temp) => {
      const ledger = join(temp, 'ledger');
      const left = (run: string) => join(ledger, `flow/day=2024-10-05/action=ACCEPT/run=${run}`);
      for (const run of ['0123456789abcdef', 'fedcba9876543210']) {
        await mkdir(left(run), { recursive: true });
        await writeFile(join(left(run), 'part.parquet'), 'half');
      }
      const old = Date.now() / 1000 - 90_000;
      await utimes(join(left('0123456789abcdef'), 'part.parquet'), old, old);
      await ingest([logs], ledger, { interfaces: [eni] });
      expect(await readdir(left('0123456789abcdef'))).toEqual([]);
      expect(await readdir(left('fedcba9876543210'))).toEqual(['part.parquet']);
    });
  });
});
