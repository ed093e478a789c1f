import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import {
  type CoverageRow,
  type LedgerRow,
  openDuckDbStore,
  type ScanOptions,
  type Window,
} from '../../analyzer/flowlogs/index.ts';
import type { FlowLogSummary } from '../../analyzer/model/finding.ts';

export const V2 =
  'version account-id interface-id srcaddr dstaddr srcport dstport protocol packets bytes start end action log-status';
export const V5 = `${V2} tcp-flags pkt-srcaddr pkt-dstaddr flow-direction`;

export interface Scanned {
  window: Window;
  summary: FlowLogSummary;
  ledger: LedgerRow[];
  coverage: CoverageRow[];
  /** The scratch folder's path stands as `DIR` in examples. */
  dir: string;
}

/** A scratch folder with these files, removed after `use`. */
export async function withFiles<T>(
  files: Readonly<Record<string, string | Uint8Array>>,
  use: (logs: string, temp: string) => Promise<T>,
): Promise<T> {
  const dir = await mkdtemp(join(tmpdir(), 'pare-test-'));
  try {
    await mkdir(join(dir, 'logs'));
    await mkdir(join(dir, 'temp'));
    for (const [path, content] of Object.entries(files)) {
      await mkdir(dirname(join(dir, 'logs', path)), { recursive: true });
      await writeFile(join(dir, 'logs', path), content);
    }
    return await use(join(dir, 'logs'), join(dir, 'temp'));
  } finally {
    await rm(dir, { recursive: true, force: true });
  }
}

export function options(some: Partial<ScanOptions> = {}): ScanOptions {
  return {
    window: { from: 0, to: 4_000_000_000 },
    interfaces: [],
    changes: [],
    skipUnreadable: false,
    progress: () => {},
    signal: new AbortController().signal,
    ...some,
  };
}

export async function scanFiles(
  files: Readonly<Record<string, string | Uint8Array>>,
  some: Partial<ScanOptions> = {},
): Promise<Scanned> {
  return withFiles(files, (logs, temp) => scanPaths([logs], temp, some));
}

export async function scanPaths(paths: string[], tempDir: string, some: Partial<ScanOptions> = {}): Promise<Scanned> {
  const scan = await openDuckDbStore({ paths, tempDir, memoryLimit: '500MB' }).scan(options(some));
  try {
    const ledger: LedgerRow[] = [];
    const coverage: CoverageRow[] = [];
    for await (const rows of scan.ledger()) ledger.push(...rows);
    for await (const rows of scan.coverage()) coverage.push(...rows);
    return { window: scan.window, summary: scan.summary, ledger, coverage, dir: paths[0] ?? '' };
  } finally {
    await scan.close();
  }
}

/** Records that are accounted for; equal to summary.records when nothing was lost on the way. */
export function accounted(summary: FlowLogSummary): number {
  const skipped = summary.skipped.filter((skip) => skip.reason.startsWith('record-'));
  return (
    summary.accepted +
    summary.rejected +
    summary.noData +
    summary.skipData +
    summary.outsideWindow +
    skipped.reduce((sum, skip) => sum + skip.count, 0)
  );
}

export function skippedOf(summary: FlowLogSummary): Record<string, number> {
  return Object.fromEntries(summary.skipped.map((skip) => [skip.reason, skip.count]));
}
