import { join } from 'node:path';
import { type Manifest, readManifest, readSources, type Source } from '@pare/analyzer/flowlogs/stored/manifest.ts';
import { neededFiles } from '@pare/analyzer/flowlogs/stored/needed.ts';
import { PareError } from '@pare/analyzer/model/problem.ts';
import { type Bucket, inParallel } from './bucket.ts';

/** The ledger of docs/ledger.md with the same names below this prefix: what is in a folder here is an object there. */
export const LEDGER = 'ledger/';

export interface PulledLedger {
  manifest: Manifest;
  sources: readonly Source[];
}

/** Brings the manifest and what it has read into a folder; enough for ingesting more, which looks at no data. */
export async function pullLedger(bucket: Bucket, dir: string): Promise<PulledLedger> {
  const names = (await bucket.list(`${LEDGER}manifest/`)).map(({ key }) => key.slice(LEDGER.length));
  const newest = names.filter((name) => /^manifest\/manifest-\d{8}\.json$/.test(name)).at(-1);
  if (newest !== undefined) await bucket.download(`${LEDGER}${newest}`, join(dir, newest));
  const manifest = await readManifest(dir);
  await inParallel(manifest.segments, async ({ run }) => {
    const name = `sources/${run}.json`;
    await bucket.download(`${LEDGER}${name}`, join(dir, name));
  });
  return { manifest, sources: await readSources(dir, manifest) };
}

/** Brings the data files that an analysis of the window opens; one that the manifest names and that is gone ends the run. */
export async function pullNeeded(
  bucket: Bucket,
  dir: string,
  manifest: Manifest,
  asked: Parameters<typeof neededFiles>[1],
): Promise<number> {
  const wanted = neededFiles(manifest, asked)?.read ?? [];
  await inParallel(wanted, async ({ path }) => {
    try {
      await bucket.download(`${LEDGER}${path}`, join(dir, path));
    } catch (cause) {
      if ((cause as Error).name !== 'NoSuchKey') throw cause;
      throw new PareError(
        {
          code: 'ledger-damaged',
          message: 'the manifest names a file that is not there: its traffic would pass for none',
          next: 'restore an earlier version of the object, or ingest the flow logs into a new ledger',
          fault: 'input',
          file: `s3://${bucket.name}/${LEDGER}${path}`,
        },
        { cause },
      );
    }
  });
  return wanted.length;
}

/**
 * Makes what was ingested into `dir` since `before` part of the ledger in S3: data first, the manifest last and only as the next one. A
 * run that dies in between has added objects that no manifest names; a second writer gets a PareError and has changed nothing.
 */
export async function pushLedger(bucket: Bucket, dir: string, before: Manifest): Promise<Manifest> {
  const now = await readManifest(dir);
  const known = new Set(before.segments.map(({ run }) => run));
  const fresh = now.segments.filter(({ run }) => !known.has(run));
  if (fresh.length === 0) return before;
  for (const { run, data } of fresh) {
    for (const { path } of data) await bucket.upload(join(dir, path), `${LEDGER}${path}`);
    await bucket.upload(join(dir, `sources/${run}.json`), `${LEDGER}sources/${run}.json`);
  }
  const next: Manifest = { ...now, sequence: before.sequence + 1 };
  const key = `${LEDGER}manifest/manifest-${String(next.sequence).padStart(8, '0')}.json`;
  if (await bucket.putNew(key, `${JSON.stringify(next)}\n`)) return next;
  throw new PareError({
    code: 'ledger-changed-meanwhile',
    message: 'another run has written to the ledger meanwhile',
    next: 'run again: what it has ingested is left out',
    fault: 'environment',
    file: `s3://${bucket.name}/${LEDGER}`,
  });
}
