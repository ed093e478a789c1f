import { mkdtemp, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ingestFlowLogs } from '../../analyzer/flowlogs/index.ts';
import { type DataFile, type Manifest, readManifest } from '../../analyzer/flowlogs/stored/manifest.ts';
import { neededFiles } from '../../analyzer/flowlogs/stored/needed.ts';
import { REFUSED_LIMITS } from '../../analyzer/usage/index.ts';
import { options } from '../flowlogs/harness.ts';
import { USUAL, writeTraffic } from './traffic.ts';

/**
 * What docs/cost.md counts with. Athena bills the bytes of the files that it reads: all of a gzipped text, of Parquet the columns asked
 * for. test/trino holds the first against a real Trino's own count.
 */
const DAY = 86400 * 20000;
const NAME = '123456789012_vpcflowlogs_eu-west-1_fl-01_20241004T0005Z_aaaa.log';
const RULES = 5_000;

let dir: string;
beforeAll(async () => {
  dir = await mkdtemp(join(tmpdir(), 'pare-cost-'));
});
afterAll(() => rm(dir, { recursive: true, force: true }));

interface Measured {
  records: number;
  /** Bytes of one day: as gzipped text, as AWS's Parquet, in the ledger. */
  text: number;
  parquet: number;
  ledger: number;
  /** Bytes of the ledger's files that an analysis of 90 such days opens. */
  analysis: number;
}

async function measure(name: string, refused: number): Promise<Measured> {
  const at = join(dir, name);
  const text = join(at, 'text', `${NAME}.gz`);
  const parquet = join(at, 'parquet', `${NAME}.parquet`);
  const ledger = join(at, 'ledger');
  const records = await writeTraffic({ ...USUAL, refused, day: DAY, connections: 50_000 }, text, parquet);
  const { window: _, ...scan } = options({});
  await ingestFlowLogs({ ...scan, paths: [text], dir: ledger, tempDir: dir, now: 0 });
  const manifest = await readManifest(ledger);
  const all = manifest.segments.flatMap(({ data }) => data);
  const sizes = new Map<string, number>();
  for (const { path } of all) sizes.set(path, (await stat(join(ledger, path))).size);
  const bytes = (files: readonly DataFile[]) => files.reduce((sum, { path }) => sum + sizes.get(path)!, 0);
  const size = async (file: string) => (await stat(file)).size;
  return {
    records,
    text: await size(text),
    parquet: await size(parquet),
    ledger: bytes(all),
    analysis: bytes(neededFiles(ninetyDays(manifest), ASKED)!.read),
  };
}

const ASKED = { window: { lastDays: 90, to: null }, refusedDays: REFUSED_LIMITS.days };

/** The ledger of 92 days that are all alike: which of its files are opened is decided by the code that opens them. */
function ninetyDays(manifest: Manifest): Manifest {
  const segments = Array.from({ length: 92 }, (_, back) =>
    manifest.segments.map((segment) => ({
      ...segment,
      newest: segment.newest! - back * 86_400,
      data: segment.data.map((file) => ({ ...file, day: file.day - back * 86_400 })),
    })),
  );
  return { ...manifest, segments: segments.flat() };
}

describe('what a weekly analysis of 90 days reads', () => {
  it.each<[string, number, number]>([
    ['little', 0.02, 15],
    ['usual', USUAL.refused, 15],
    ['much', 0.39, 15],
  ])(
    'is a tenth, or less, of one full scan a week, and next to nothing of a query for each rule: %s is refused',
    async (name, refused, least) => {
      const day = await measure(name, refused);
      const week = { ledger: day.analysis, fullScan: 90 * day.text, perRule: RULES * 90 * day.text };
      console.log(
        `${name}: ${JSON.stringify({ ...day, perRecord: day.analysis / 90 / day.records, ratio: week.fullScan / week.ledger })}`,
      );
      // As dense as AWS's own: 19 to 33 bytes a gzipped record were measured on other data.
      expect(day.text / day.records).toBeGreaterThan(19);
      expect(day.text / day.records).toBeLessThan(33);
      expect(week.fullScan / week.ledger).toBeGreaterThan(least);
      expect(week.perRule / week.ledger).toBeGreaterThan(least * RULES);
      expect((90 * day.parquet) / week.ledger).toBeGreaterThan(10);
      // Refused records are what the days before the last fifteen are spared.
      expect(day.analysis).toBeLessThan(90 * day.ledger);
    },
  );
});
