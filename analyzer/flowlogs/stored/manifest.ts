import { createHash, hash, randomBytes } from 'node:crypto';
import { closeSync, createReadStream, openSync, readSync } from 'node:fs';
import { link, mkdir, open, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { z } from 'zod';
import { PareError } from '../../model/problem.ts';

/** Of the columns and their meaning; docs/ledger.md has them. Another version is never read as this one. */
export const LEDGER_VERSION = 1;

const count = z.number().int().nonnegative();
const time = z.number().int();

const dataSchema = z.object({
  table: z.enum(['flow', 'tally', 'span']),
  day: time,
  path: z.string(),
  /** Of flow files, where the writer has said so: whose records, how many, and whether each names its packet's direction. */
  action: z.enum(['ACCEPT', 'REJECT']).optional(),
  records: count.optional(),
  directed: z.boolean().optional(),
});
export type DataFile = z.infer<typeof dataSchema>;

const segmentSchema = z.object({
  /** The prefix that only this run wrote. */
  run: z.string().regex(/^[0-9a-f]{16}$/),
  files: count,
  bytes: count,
  records: count,
  /** Records that can be used, of any time. */
  usable: count,
  oldest: time.nullable(),
  newest: time.nullable(),
  skipped: z.array(z.object({ reason: z.string(), count, example: z.string().nullable() })),
  formats: z.array(z.object({ fields: z.array(z.string()), files: count, records: count })),
  /** Files that could not be read whole: holes, until a file of that name is in the ledger. */
  refused: z.array(z.object({ name: z.string(), path: z.string(), why: z.string(), from: time, to: time })),
  /** Data files, relative to the ledger. */
  data: z.array(dataSchema),
});
export type Segment = z.infer<typeof segmentSchema>;

const manifestSchema = z.object({
  schemaVersion: z.literal(LEDGER_VERSION),
  sequence: count,
  segments: z.array(segmentSchema),
});
export type Manifest = z.infer<typeof manifestSchema>;

/** A flow-log file that is in the ledger. The digest is of its bytes: a copy elsewhere is the same file. */
export interface Source {
  name: string;
  sha256: string;
}
const sourcesSchema = z.array(z.object({ name: z.string(), sha256: z.string() }));

const KEEP = 3;

function manifestName(sequence: number): string {
  return `manifest-${String(sequence).padStart(8, '0')}.json`;
}

/** The newest manifest; an empty one where there is none yet. Throws PareError for a ledger of another version or a damaged one. */
export async function readManifest(dir: string): Promise<Manifest> {
  const name = (await manifests(dir)).at(-1);
  if (name === undefined) return { schemaVersion: LEDGER_VERSION, sequence: 0, segments: [] };
  const file = join(dir, 'manifest', name);
  const json = parse(await readFile(file, 'utf8'));
  const version = z.object({ schemaVersion: z.number() }).safeParse(json);
  if (version.success && version.data.schemaVersion !== LEDGER_VERSION) {
    throw new PareError({
      code: 'ledger-of-another-version',
      message: `the ledger has schema version ${version.data.schemaVersion}, this program reads and writes ${LEDGER_VERSION}`,
      next: 'ingest the flow logs into a new folder',
      fault: 'input',
      file,
    });
  }
  const manifest = manifestSchema.safeParse(json);
  if (!manifest.success) throw damaged(file);
  return manifest.data;
}

/**
 * Makes `next` the ledger, at once and only if it follows the newest manifest: a second writer gets a PareError and has changed nothing.
 * S3 has the same as a PUT with If-None-Match.
 */
export async function writeManifest(dir: string, next: Manifest): Promise<void> {
  const folder = join(dir, 'manifest');
  await mkdir(folder, { recursive: true });
  const temp = join(folder, `.${randomBytes(8).toString('hex')}.tmp`);
  try {
    await writeFile(temp, `${JSON.stringify(next)}\n`, { flag: 'wx', flush: true });
    await link(temp, join(folder, manifestName(next.sequence)));
  } catch (cause) {
    if ((cause as NodeJS.ErrnoException).code !== 'EEXIST') throw cause;
    throw changedMeanwhile(dir, cause);
  } finally {
    await rm(temp, { force: true });
  }
  // A writer that slept while others wrote many manifests finds its number free again: the oldest are removed.
  if ((await manifests(dir)).at(-1) !== manifestName(next.sequence)) {
    const newest = await readManifest(dir);
    const own = next.segments.at(-1)?.run;
    if (newest.sequence !== next.sequence && !newest.segments.some(({ run }) => run === own)) {
      await rm(join(folder, manifestName(next.sequence)), { force: true });
      throw changedMeanwhile(dir, undefined);
    }
  }
  await syncFolder(folder);
  for (const old of (await manifests(dir)).slice(0, -KEEP)) await rm(join(folder, old), { force: true });
}

export async function readSources(dir: string, manifest: Manifest): Promise<Source[]> {
  const all: Source[] = [];
  for (const { run } of manifest.segments) {
    const file = join(dir, sourcesPath(run));
    const sources = sourcesSchema.safeParse(parse(await readFile(file, 'utf8').catch(() => '')));
    if (!sources.success) throw damaged(file);
    all.push(...sources.data);
  }
  return all;
}

export async function writeSources(dir: string, run: string, sources: readonly Source[]): Promise<void> {
  const file = join(dir, sourcesPath(run));
  await mkdir(dirname(file), { recursive: true });
  await writeFile(file, `${JSON.stringify(sources)}\n`, { flag: 'wx', flush: true });
}

function sourcesPath(run: string): string {
  return `sources/${run}.json`;
}

/** SHA-256 of the content. */
export async function digestOf(path: string, bytes: number, signal: AbortSignal): Promise<string> {
  if (bytes < SMALL) {
    // One after the other through one buffer: a stream takes ten times as long, and a buffer for each file is most of a run's garbage.
    signal.throwIfAborted();
    buffer ??= Buffer.allocUnsafeSlow(1 << 20);
    const file = openSync(path, 'r');
    try {
      const first = readSync(file, buffer);
      // Most files are read at once, and then a hash that can be added to is a third of the work.
      if (first === bytes && first < buffer.length) return hash('sha256', buffer.subarray(0, first));
      const whole = createHash('sha256');
      for (let read = first; read > 0; read = readSync(file, buffer)) whole.update(buffer.subarray(0, read));
      return whole.digest('hex');
    } finally {
      closeSync(file);
    }
  }
  const whole = createHash('sha256');
  for await (const chunk of createReadStream(path, { highWaterMark: 1 << 20, signal })) whole.update(chunk as Buffer);
  return whole.digest('hex');
}

const SMALL = 1 << 26;
let buffer: Buffer | null = null;

/** Makes a file's bytes outlast a power cut before a manifest speaks of it. */
export async function syncFile(path: string): Promise<void> {
  const file = await open(path, 'r+');
  try {
    await file.sync();
  } finally {
    await file.close();
  }
}

/** Takes away what runs that never finished have left, once it is a day old. */
export async function removeAbandoned(dir: string, manifest: Manifest, now: number): Promise<void> {
  const runs = new Set(manifest.segments.map(({ run }) => run));
  for (const path of await list(dir)) {
    const run = runOf(path);
    if (run === undefined || runs.has(run)) continue;
    if (now - (await stat(join(dir, path))).mtimeMs > 86_400_000) await rm(join(dir, path), { force: true });
  }
}

/** Takes away what these runs have written: no manifest will name it. */
export async function removeRuns(dir: string, runs: ReadonlySet<string>): Promise<void> {
  for (const path of await list(dir)) if (runs.has(runOf(path) ?? '')) await rm(join(dir, path), { force: true });
}

function runOf(path: string): string | undefined {
  return /(?:run=|sources\/)([0-9a-f]{16})(?:\/part\.parquet|\.json)$/.exec(path)?.[1];
}

async function list(dir: string): Promise<string[]> {
  try {
    return (await readdir(dir, { recursive: true })).map((path) => path.replaceAll('\\', '/'));
  } catch {
    return [];
  }
}

async function manifests(dir: string): Promise<string[]> {
  try {
    return (await readdir(join(dir, 'manifest'))).filter((name) => /^manifest-\d{8}\.json$/.test(name)).sort();
  } catch (cause) {
    if ((cause as NodeJS.ErrnoException).code === 'ENOENT') return [];
    throw cause;
  }
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}

function changedMeanwhile(dir: string, cause: unknown): PareError {
  return new PareError(
    {
      code: 'ledger-changed-meanwhile',
      message: 'another run has written to the ledger meanwhile',
      next: 'run again: what it has ingested is left out',
      fault: 'environment',
      file: dir,
    },
    { cause },
  );
}

function damaged(file: string): PareError {
  return new PareError({
    code: 'ledger-damaged',
    message: 'this part of the ledger cannot be understood',
    next: 'restore it from a copy, or ingest the flow logs into a new folder',
    fault: 'input',
    file,
  });
}

async function syncFolder(path: string): Promise<void> {
  const folder = await open(path, 'r');
  try {
    await folder.sync();
  } catch {
    // Some file systems cannot; the manifest itself is flushed.
  } finally {
    await folder.close();
  }
}
