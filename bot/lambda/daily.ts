import { mkdir, rm } from 'node:fs/promises';
import { basename, join } from 'node:path';
import type { S3Client } from '@aws-sdk/client-s3';
import { ingestFlowLogs } from '@pare/analyzer/flowlogs/index.ts';
import { readInventory } from '@pare/analyzer/inventory/index.ts';
import { PareError } from '@pare/analyzer/model/problem.ts';
import type { Runtime } from '../cli/runtime.ts';
import { changeDays, interfaceAddresses } from '../cli/work/scan-input.ts';
import { type Bucket, inParallel, openBucket } from './bucket.ts';
import { fetchInventory } from './inventory.ts';
import { pullLedger, pushLedger } from './ledger.ts';
import type { StepSettings } from './settings.ts';

export interface LedgerResult {
  /** Files read now, and records in them. */
  files: number;
  records: number;
  /** Files that cannot be read: holes in the coverage until they can. */
  refused: number;
  /** Days that are still to be looked through: the step is to be run again with `from` as it says here. Null: done. */
  next: string | null;
}

const DAY = 86_400;

/**
 * Ingests what was delivered from `from` (or `lateDays` before `at`) to `at`, a day's folder at a time. Each day becomes part of the ledger
 * whole or not at all, and files that are in are left out: killed anywhere, it is run again. Stops between days when `enough` says so.
 */
export async function ledgerStep(
  settings: StepSettings,
  data: { bucket: Bucket; s3: S3Client; at: Date; from: string | null; lateDays: number; enough: () => boolean },
  folder: string,
  runtime: Runtime,
): Promise<LedgerResult> {
  const { bucket, s3, at } = data;
  const { interfaces } = await readInventory(await fetchInventory(bucket, folder), {});
  const dir = join(folder, 'ledger');
  let { manifest, sources } = await pullLedger(bucket, dir);
  const known = new Set(sources.map(({ name }) => name));
  const out: LedgerResult = { files: 0, records: 0, refused: 0, next: null };
  const today = floor(at.getTime() / 1000);
  const first = data.from === null ? today - data.lateDays * DAY : floor(Date.parse(data.from) / 1000);
  for (let day = first; day <= today; day += DAY) {
    if (day > first && data.enough()) return { ...out, next: dateOf(day) };
    const logs = join(folder, 'logs');
    await mkdir(logs, { recursive: true });
    const paths = await fetchDay(settings, s3, day, logs, known, runtime.signal);
    if (paths.length > 0) {
      const done = await ingestFlowLogs({
        paths,
        dir,
        tempDir: folder,
        interfaces: interfaceAddresses(interfaces),
        changes: changeDays(interfaces),
        skipUnreadable: true,
        progress: (event) => runtime.progress.report(event),
        signal: runtime.signal,
        now: at.getTime(),
      });
      manifest = await pushLedger(bucket, dir, manifest);
      for (const path of paths) known.add(basename(path));
      out.files += done.files;
      out.records += done.records;
      out.refused += done.refused;
    }
    await rm(logs, { recursive: true, force: true });
  }
  return out;
}

/** The files of one day's folders that are not in the ledger yet, brought here. */
async function fetchDay(
  { flowLogs, mostBytes }: StepSettings,
  s3: S3Client,
  day: number,
  folder: string,
  known: ReadonlySet<string>,
  signal: AbortSignal,
): Promise<string[]> {
  // Each account and region has a folder of its own: an organization has thousands.
  const listed = await inParallel(flowLogs, async (template) => {
    const [, name, prefix] = /^s3:\/\/([^/]+)\/(.*)$/.exec(fillDate(template, day))!;
    const from = openBucket(s3, name!, signal);
    return (await from.list(prefix!)).map(({ key, bytes }) => ({ from, key, bytes }));
  });
  // Names of AWS are never used again for other content; what bears another name is told apart by its digest.
  const wanted = listed.flat().filter(({ key }) => !(isAwsName(basename(key)) && known.has(basename(key))));
  const bytes = wanted.reduce((sum, one) => sum + one.bytes, 0);
  if (bytes > mostBytes) throw tooMuch(dateOf(day), bytes, mostBytes);
  return inParallel(wanted, async ({ from, key }, i) => {
    // Files of several accounts and regions may bear one name; the folders tell the day of one whose name does not.
    const path = join(folder, String(i), dateOf(day).replaceAll('-', '/'), basename(key));
    await from.download(key, path);
    return path;
  });
}

function isAwsName(name: string): boolean {
  return /^\d{12}_vpcflowlogs_.*_\d{8}T\d{4}Z_[0-9a-z]+\.log(\.gz|\.parquet)?$/.test(name);
}

function fillDate(template: string, day: number): string {
  const [yyyy, MM, dd] = dateOf(day).split('-') as [string, string, string];
  return template.replaceAll('{yyyy}', yyyy).replaceAll('{MM}', MM).replaceAll('{dd}', dd);
}

function dateOf(day: number): string {
  return new Date(day * 1000).toISOString().slice(0, 10);
}

function floor(seconds: number): number {
  return Math.floor(seconds / DAY) * DAY;
}

function tooMuch(day: string, bytes: number, most: number): PareError {
  return new PareError({
    code: 'day-too-large',
    message: `the new flow logs of ${day} hold ${bytes} bytes, more than the ${most} that this machine takes`,
    next: 'deploy with compute: fargate and a higher mostBytes',
    fault: 'configuration',
  });
}
