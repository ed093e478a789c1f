import { mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import { ingestFlowLogs } from '../../analyzer/flowlogs/index.ts';
import { readManifest } from '../../analyzer/flowlogs/stored/manifest.ts';
import { Roller } from '../../analyzer/flowlogs/stored/roll/batch.ts';
import { openPool } from '../../analyzer/flowlogs/stored/roll/pool.ts';
import { writeBatch } from '../../analyzer/flowlogs/stored/roll/write.ts';
import { options } from '../flowlogs/harness.ts';
import { DAY, NAME, NOTHING_KNOWN, withLogs } from './roll.ts';

const RUN = '0123456789abcdef';
const SETTINGS = { ...NOTHING_KNOWN, mostRecords: 10 };
const line = (start: number, bytes: string | number = 40) =>
  `2 123456789012 eni-0a 10.0.0.1 10.0.0.2 40000 443 6 1 ${bytes} ${start} ${start + 9} ACCEPT OK\n`;
const HUGE = '900000000000000';

async function withLedger<T>(use: (ledger: string) => Promise<T>): Promise<T> {
  const dir = await mkdtemp(join(tmpdir(), 'pare-roll-ledger-'));
  try {
    return await use(dir);
  } finally {
    await rm(dir, { recursive: true, force: true });
  }
}

async function dataFiles(ledger: string): Promise<string[]> {
  return (await readdir(ledger, { recursive: true })).filter((path) => path.endsWith('.parquet')).sort();
}

describe('a batch that a thread has written', () => {
  it('is what its answer says, under the prefix of its run', async () => {
    await withLogs({ [NAME]: gzipSync(line(DAY) + line(DAY + 86_400)) }, (logs) =>
      withLedger(async (ledger) => {
        const answer = writeBatch(new Roller(SETTINGS), ledger, RUN, [{ path: join(logs, NAME) }]);
        const data = 'rolled' in answer ? (answer.rolled?.data ?? []) : [];
        expect(data.map(({ table, day, records }) => [table, day - DAY, records])).toEqual([
          ['flow', 0, 1],
          ['tally', 0, undefined],
          ['span', 0, undefined],
          ['flow', 86_400, 1],
          ['tally', 86_400, undefined],
          ['span', 86_400, undefined],
        ]);
        expect(await dataFiles(ledger)).toEqual(data.map(({ path }) => path).sort());
      }),
    );
  });

  it('leaves nothing where its second day turns out to be none for it', async () => {
    const lossy = Array.from({ length: 12 }, () => line(DAY + 86_400, HUGE)).join('');
    await withLogs({ [NAME]: gzipSync(line(DAY) + lossy) }, (logs) =>
      withLedger(async (ledger) => {
        const roller = new Roller({ ...SETTINGS, mostRecords: 100 });
        expect(writeBatch(roller, ledger, RUN, [{ path: join(logs, NAME) }])).toEqual({ rolled: null });
        expect(await dataFiles(ledger)).toEqual([]);
      }),
    );
  });

  it('says so where the ledger cannot be written, and is no matter for DuckDB', async () => {
    await withLogs({ [NAME]: gzipSync(line(DAY)) }, (logs) =>
      withLedger(async (ledger) => {
        await writeFile(join(ledger, 'tally'), 'in the way');
        const pool = openPool(SETTINGS, ledger, 1);
        try {
          await expect(pool.roll(RUN, [{ path: join(logs, NAME) }])).rejects.toMatchObject({
            code: expect.stringMatching(/ENOTDIR|EEXIST/),
          });
        } finally {
          await pool.close();
        }
        expect(await dataFiles(ledger)).toEqual([]);
      }),
    );
  });
});

describe('an ingest that ends before its batches do', () => {
  it('leaves no file of those that were read ahead', async () => {
    const name = (day: number) => NAME.replace('20241004', `2024100${4 + day}`);
    const good = (day: number) => gzipSync(line(DAY + day * 86_400));
    const files = { [name(0)]: good(0), [name(1)]: good(1).subarray(0, 40), [name(2)]: good(2), [name(3)]: good(3) };
    await withLogs(files, (logs) =>
      withLedger(async (ledger) => {
        const { window: _, ...rest } = options({ ...NOTHING_KNOWN });
        const run = ingestFlowLogs({ ...rest, paths: [logs], dir: ledger, tempDir: ledger, now: 0 });
        await expect(run).rejects.toThrow();
        const { segments } = await readManifest(ledger);
        expect(segments).toHaveLength(1);
        expect(await dataFiles(ledger)).toEqual(segments.flatMap(({ data }) => data.map(({ path }) => path)).sort());
      }),
    );
  });
});
