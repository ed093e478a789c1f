import { mkdtemp, readdir, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ingestFlowLogs } from '../../analyzer/flowlogs/index.ts';
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
}

async function measure(name: string, refused: number): Promise<Measured> {
  const at = join(dir, name);
  const text = join(at, 'text', `${NAME}.gz`);
  const parquet = join(at, 'parquet', `${NAME}.parquet`);
  const records = await writeTraffic({ ...USUAL, refused, day: DAY, connections: 50_000 }, text, parquet);
  const { window: _, ...scan } = options({});
  await ingestFlowLogs({ ...scan, paths: [text], dir: join(at, 'ledger'), tempDir: dir, now: 0 });
  const size = async (file: string) => (await stat(file)).size;
  return { records, text: await size(text), parquet: await size(parquet), ledger: await bytesOf(join(at, 'ledger')) };
}

/** All that an analysis reads of the ledger: every column of flow, tally and span. */
async function bytesOf(ledger: string): Promise<number> {
  const entries = await readdir(ledger, { recursive: true, withFileTypes: true });
  const files = entries.filter((entry) => entry.name.endsWith('.parquet'));
  const sizes = await Promise.all(files.map(async (file) => (await stat(join(file.parentPath, file.name))).size));
  return sizes.reduce((sum, size) => sum + size, 0);
}

describe('what a weekly analysis of 90 days reads', () => {
  it('from the ledger is a tenth, or less, of one full scan a week, and next to nothing of a query for each rule', async () => {
    const day = await measure('usual', USUAL.refused);
    const week = { ledger: 90 * day.ledger, fullScan: 90 * day.text, perRule: RULES * 90 * day.text };
    console.log(`usual: ${JSON.stringify({ ...day, ratio: day.text / day.ledger })}`);
    // As dense as AWS's own: 19 to 33 bytes a gzipped record were measured on other data.
    expect(day.text / day.records).toBeGreaterThan(19);
    expect(day.text / day.records).toBeLessThan(33);
    expect(week.fullScan / week.ledger).toBeGreaterThan(10);
    expect(week.perRule / week.ledger).toBeGreaterThan(10 * RULES);
    expect((90 * day.parquet) / week.ledger).toBeGreaterThan(7);
  });

  it('depends on how much is refused: a packet of a scanner is a row of its own', async () => {
    const little = await measure('little', 0.02);
    const much = await measure('much', 0.39);
    const ratio = ({ text, ledger }: Measured) => text / ledger;
    console.log(`little: ${JSON.stringify(little)} ${ratio(little)}; much: ${JSON.stringify(much)} ${ratio(much)}`);
    expect(ratio(little)).toBeGreaterThan(15);
    expect(ratio(much)).toBeGreaterThan(4);
    expect(ratio(much)).toBeLessThan(10);
  });
});
