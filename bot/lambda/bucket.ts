import { createReadStream, createWriteStream } from 'node:fs';
import { mkdir, readdir, stat } from 'node:fs/promises';
import { dirname, join, relative, resolve, sep } from 'node:path';
import type { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { GetObjectCommand, ListObjectsV2Command, PutObjectCommand, type S3Client } from '@aws-sdk/client-s3';
import { PareError } from '@pare/analyzer/model/problem.ts';

/** One bucket, as far as the steps need it. Keys never begin with a slash. */
export interface Bucket {
  readonly name: string;
  /** All keys below a prefix with their sizes, page by page, sorted. */
  list(prefix: string): Promise<{ key: string; bytes: number }[]>;
  /** Null where there is no such object. */
  text(key: string): Promise<string | null>;
  put(key: string, body: string | Uint8Array, type?: string): Promise<void>;
  /** Only if there is nothing under the key: false where there is. */
  putNew(key: string, body: string): Promise<boolean>;
  download(key: string, file: string): Promise<void>;
  upload(file: string, key: string): Promise<void>;
}

export function openBucket(s3: S3Client, name: string, signal: AbortSignal): Bucket {
  const options = { abortSignal: signal };
  const bucket: Bucket = {
    name,
    async list(prefix) {
      const out: { key: string; bytes: number }[] = [];
      for (let token: string | undefined; ; ) {
        const input = {
          Bucket: name,
          Prefix: prefix,
          ...(token === undefined ? {} : { ContinuationToken: token }),
        };
        const page = await s3.send(new ListObjectsV2Command(input), options);
        for (const { Key, Size } of page.Contents ?? [])
          if (Key !== undefined) out.push({ key: Key, bytes: Size ?? 0 });
        if (page.IsTruncated !== true) return out.sort((a, b) => (a.key < b.key ? -1 : 1));
        token = page.NextContinuationToken;
      }
    },
    async text(key) {
      try {
        const { Body } = await s3.send(new GetObjectCommand({ Bucket: name, Key: key }), options);
        return (await Body?.transformToString('utf8')) ?? '';
      } catch (error) {
        // S3 says 403 instead where the caller may not list: that must not pass for absence.
        if ((error as Error).name === 'NoSuchKey') return null;
        throw error;
      }
    },
    async put(key, body, type = 'application/json') {
      await s3.send(new PutObjectCommand({ Bucket: name, Key: key, Body: body, ContentType: type }), options);
    },
    async putNew(key, body) {
      try {
        const input = { Bucket: name, Key: key, Body: body, ContentType: 'application/json', IfNoneMatch: '*' };
        await s3.send(new PutObjectCommand(input), options);
        return true;
      } catch (error) {
        // 412 where it is there, 409 where another writer is at it (S3 user guide, "conditional writes").
        if (!['PreconditionFailed', 'ConditionalRequestConflict'].includes((error as Error).name)) throw error;
        // A put whose answer was lost is sent again by the SDK, and then meets itself.
        return (await bucket.text(key)) === body;
      }
    },
    async download(key, file) {
      await mkdir(dirname(file), { recursive: true });
      const { Body } = await s3.send(new GetObjectCommand({ Bucket: name, Key: key }), options);
      await pipeline(Body as Readable, createWriteStream(file), { signal });
    },
    async upload(file, key) {
      const { size } = await stat(file);
      const input = { Bucket: name, Key: key, Body: createReadStream(file), ContentLength: size };
      await s3.send(new PutObjectCommand(input), options);
    },
  };
  return bucket;
}

/** Requests under way at once: enough to hide S3's latency, few enough for the memory of a function. */
const AT_ONCE = 16;

/** The results in the order of the items; the first failure ends it. */
export async function inParallel<T, R>(
  items: readonly T[],
  work: (item: T, index: number) => Promise<R>,
): Promise<R[]> {
  const out: R[] = new Array<R>(items.length);
  let next = 0;
  const loop = async () => {
    for (let i = next++; i < items.length; i = next++) out[i] = await work(items[i]!, i);
  };
  await Promise.all(Array.from({ length: Math.min(AT_ONCE, items.length) }, loop));
  return out;
}

/** Downloads all below `prefix` into a folder, by the rest of their keys. Returns how many. */
export async function downloadAll(bucket: Bucket, prefix: string, folder: string): Promise<number> {
  const root = resolve(folder);
  await mkdir(root, { recursive: true });
  const objects = (await bucket.list(prefix)).filter(({ key }) => !key.endsWith('/'));
  await inParallel(objects, async ({ key }) => {
    const file = resolve(root, key.slice(prefix.length));
    if (!file.startsWith(root + sep)) throw outside(bucket.name, key);
    await bucket.download(key, file);
  });
  return objects.length;
}

/** Uploads all files of a folder below `prefix`. Returns their names, sorted. */
export async function uploadAll(bucket: Bucket, folder: string, prefix: string): Promise<string[]> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true });
  const names = entries
    .filter((entry) => entry.isFile())
    .map((entry) => relative(folder, join(entry.parentPath, entry.name)).split(sep).join('/'))
    .sort();
  await inParallel(names, (name) => bucket.upload(join(folder, name), `${prefix}${name}`));
  return names;
}

function outside(bucket: string, key: string): PareError {
  return new PareError({
    code: 'key-outside',
    message: `the object ${JSON.stringify(key)} of ${bucket} has a name that would lie outside of its folder`,
    next: 'find out who wrote it, and delete it',
    fault: 'input',
  });
}
