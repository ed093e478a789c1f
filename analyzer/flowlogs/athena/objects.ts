import { createWriteStream } from 'node:fs';
import { join } from 'node:path';
import type { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import {
  DeleteObjectsCommand,
  GetObjectCommand,
  ListObjectsV2Command,
  PutObjectCommand,
  type S3Client,
} from '@aws-sdk/client-s3';

export interface StoredObject {
  key: string;
  bytes: number;
  /** Seconds since 1970; 0 where S3 does not say. */
  modified: number;
}

/** Takes `s3://bucket/prefix/` apart. */
export function placeOf(uri: string): { bucket: string; prefix: string } {
  const match = /^s3:\/\/([^/]+)\/(.*)$/.exec(uri);
  if (match === null) throw new RangeError(`${uri} is no s3:// address with a bucket and a key`);
  return { bucket: match[1]!, prefix: match[2]! };
}

/** All objects whose address begins so, a page at a time: a prefix may hold millions. */
export async function* listPages(s3: S3Client, uri: string, signal: AbortSignal): AsyncGenerator<StoredObject[]> {
  const { bucket, prefix } = placeOf(uri);
  for (let token: string | undefined; ; ) {
    const page = await s3.send(
      new ListObjectsV2Command({
        Bucket: bucket,
        Prefix: prefix,
        ...(token === undefined ? {} : { ContinuationToken: token }),
      }),
      { abortSignal: signal },
    );
    yield (page.Contents ?? []).flatMap(({ Key: key, Size: bytes, LastModified: at }) =>
      key === undefined ? [] : [{ key, bytes: bytes ?? 0, modified: at === undefined ? 0 : at.getTime() / 1000 }],
    );
    if (page.IsTruncated !== true) return;
    token = page.NextContinuationToken;
  }
}

/** The same in one list, in the order of their keys. */
export async function listObjects(s3: S3Client, uri: string, signal: AbortSignal): Promise<StoredObject[]> {
  const out: StoredObject[] = [];
  for await (const page of listPages(s3, uri, signal)) out.push(...page);
  return out.sort((a, b) => (a.key < b.key ? -1 : 1));
}

/** Downloads all objects below a prefix into a folder; the paths of the files. */
export async function download(s3: S3Client, uri: string, folder: string, signal: AbortSignal): Promise<string[]> {
  const { bucket } = placeOf(uri);
  const paths: string[] = [];
  for (const [i, { key, bytes }] of (await listObjects(s3, uri, signal)).entries()) {
    if (bytes === 0) continue;
    const { Body: body } = await s3.send(new GetObjectCommand({ Bucket: bucket, Key: key }), { abortSignal: signal });
    const path = join(folder, `part-${i}.parquet`);
    await pipeline(body as Readable, createWriteStream(path), { signal });
    paths.push(path);
  }
  return paths;
}

export async function upload(s3: S3Client, uri: string, body: Uint8Array, signal: AbortSignal): Promise<void> {
  const { bucket, prefix } = placeOf(uri);
  await s3.send(new PutObjectCommand({ Bucket: bucket, Key: prefix, Body: body }), {
    abortSignal: signal,
  });
}

/** Deletes all objects whose address begins so, a thousand at a time as S3 takes them. */
export async function removeObjects(s3: S3Client, uri: string): Promise<void> {
  const { bucket } = placeOf(uri);
  const objects = await listObjects(s3, uri, new AbortController().signal);
  for (let i = 0; i < objects.length; i += 1000) {
    const keys = objects.slice(i, i + 1000).map(({ key }) => ({ Key: key }));
    await s3.send(new DeleteObjectsCommand({ Bucket: bucket, Delete: { Objects: keys, Quiet: true } }));
  }
}
