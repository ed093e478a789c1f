import { mkdtemp, rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { CloudWatchLogsClient } from '@aws-sdk/client-cloudwatch-logs';
import { PareError } from '../../model/problem.ts';
import { openDuckDbStore } from '../duckdb/store.ts';
import type { FlowScan, FlowStore, ScanOptions } from '../ledger.ts';
import { type DaySlice, estimatedScan, type LogGroup, missingSlices, slicesOf, writeSlice } from './days.ts';
import { describeGroup } from './groups.ts';

/** Dollars for a GB (10^9 bytes) that queries read. Source: Amazon CloudWatch pricing, "Logs Insights queries". */
export const DOLLARS_PER_GB = 0.005;

export interface LogGroupsOptions {
  client: CloudWatchLogsClient;
  region: string;
  groups: readonly { name: string; formats: readonly string[] }[];
  /** Seconds since 1970. */
  now: number;
  /** Ends the run where the estimate, or what was read so far, is more. */
  maxScanBytes?: number;
  /** Told the estimate before anything is read, and what was read after each day. */
  spent?(bytes: number, what: 'estimate' | 'read'): void;
  poll?: { first: number; most: number };
  attempts?: number;
}

export interface InsightsStoreOptions extends LogGroupsOptions {
  tempDir: string;
  memoryLimit?: string;
}

/** Of the 30 queries that an account may run at once in a Region: others have some, too. */
const AT_ONCE = 4;
/** A record that touches the window may begin this long before it (docs/flow-logs.md: longer ones are damage). */
const REACH = 3600;
const DAY = 86_400;

/**
 * Flow logs in CloudWatch Logs as a FlowStore: the messages of the window are fetched through Logs Insights, each once, and read as files by
 * DuckDB, so that engine and findings are those of files.
 */
export function openInsightsStore(store: InsightsStoreOptions): FlowStore {
  return {
    engine: 'insights',
    async scan(options: ScanOptions): Promise<FlowScan> {
      const folder = await mkdtemp(join(store.tempDir, 'insights-'));
      const clean = () => rm(folder, { recursive: true, force: true });
      try {
        const groups = await describeAll(store, options.signal);
        const { window } = options;
        const to = window.to ?? store.now;
        const from = 'from' in window ? window.from : to - window.lastDays * DAY;
        const slices = slicesOf(groups, {
          from: Math.max(0, Math.floor(from) - REACH),
          to: Math.ceil(to),
          now: store.now,
        });
        for await (const _ of fetchDays(slices, folder, store, options)) options.signal.throwIfAborted();
        const files = openDuckDbStore({
          paths: [folder],
          tempDir: store.tempDir,
          ...(store.memoryLimit === undefined ? {} : { memoryLimit: store.memoryLimit }),
        });
        const scan = await files.scan(options);
        const close = async () => {
          await scan.close();
          await clean();
        };
        return { ...scan, close };
      } catch (error) {
        await clean();
        throw error;
      }
    },
  };
}

export interface FetchOptions extends LogGroupsOptions {
  /** Times of records, in seconds; whole UTC days are fetched. */
  from: number;
  to: number;
  /** Names of the files that were fetched before. */
  names: readonly string[];
}

/**
 * Fetches what is missing of the days, a day at a time, each into `folder`: what has been yielded may be removed. Days that are whole and
 * settled are left out, and of others only what was received since.
 */
export async function* fetchMissingDays(
  fetch: FetchOptions,
  folder: string,
  options: Pick<ScanOptions, 'progress' | 'signal'>,
): AsyncGenerator<{ day: number; messages: number }> {
  const groups = await describeAll(fetch, options.signal);
  yield* fetchDays(missingSlices(groups, fetch, fetch.names), folder, fetch, options);
}

async function describeAll(
  { client, region, groups, now }: LogGroupsOptions,
  signal: AbortSignal,
): Promise<LogGroup[]> {
  const out: LogGroup[] = [];
  for (const { name, formats } of groups) out.push(await describeGroup(client, { name, region, formats, now }, signal));
  return out;
}

async function* fetchDays(
  slices: readonly DaySlice[],
  folder: string,
  { client, now, maxScanBytes, spent, poll, attempts }: LogGroupsOptions,
  { progress, signal }: Pick<ScanOptions, 'progress' | 'signal'>,
): AsyncGenerator<{ day: number; messages: number }> {
  const estimate = estimatedScan(slices, now);
  spent?.(estimate, 'estimate');
  if (maxScanBytes !== undefined && estimate > maxScanBytes) throw tooMuch('will be', estimate, maxScanBytes);
  let read = 0;
  const scanned = (bytes: number) => {
    read += bytes;
    if (maxScanBytes !== undefined && read > maxScanBytes) throw tooMuch('were', read, maxScanBytes);
  };
  const queries = {
    client,
    signal,
    poll: poll ?? { first: 500, most: 5_000 },
    attempts: attempts ?? 10,
    atOnce: AT_ONCE,
    scanned,
  };
  const days = [...new Set(slices.map(({ day }) => day))].sort((a, b) => a - b);
  for (const [i, day] of days.entries()) {
    progress({ phase: 'fetching log groups', done: i, total: days.length, unit: 'steps' });
    let messages = 0;
    for (const slice of slices) if (slice.day === day) messages += await writeSlice(slice, folder, queries);
    spent?.(read, 'read');
    yield { day, messages };
  }
}

function tooMuch(when: string, bytes: number, most: number): PareError {
  return new PareError({
    code: 'insights-scan-limit',
    message: `${Math.ceil(bytes)} bytes ${when} read, more than the limit of ${most}`,
    next: 'raise --max-scan-bytes, or ask for fewer days',
    fault: 'configuration',
  });
}
