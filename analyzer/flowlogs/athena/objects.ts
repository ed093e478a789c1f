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
}

/** Takes `s3://bucket/prefix/` apart. */
export function placeOf(uri: string): { bucket: string; prefix: string } {
  const match = /^s3:\/\/([^/]+)\/(.*)$/.exec(uri.endsWith('/') ? uri : `${uri}/`);
  if (match === null) throw new RangeError(`${uri} is no s3:// address`);
  return { bucket: match[1]!, prefix: match[2]! };
}

/** All objects below a prefix, page by page, in the order of their keys. */
export async function listObjects(s3: S3Client, uri: string, signal: AbortSignal): Promise<StoredObject[]> {
  const { bucket, prefix } = placeOf(uri);
  const out: StoredObject[] = [];
  for (let token: string | undefined; ; ) {
    const page = await s3.send(
      new ListObjectsV2Command({
        Bucket: bucket,
        Prefix: prefix,
        ...(token === undefined ? {} : { ContinuationToken: token }),
      }),
      { abortSignal: signal },
    );
    for (const { Key: key, Size: bytes } of page.Contents ?? [])
      if (key !== undefined) out.push({ key, bytes: bytes ?? 0 });
    if (page.IsTruncated !== true) return out.sort((a, b) => (a.key < b.key ? -1 : 1));
    token = page.NextContinuationToken;
  }
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
  await s3.send(new PutObjectCommand({ Bucket: bucket, Key: prefix.replace(/\/$/, ''), Body: body }), {
    abortSignal: signal,
  });
}

/** Deletes all objects below a prefix, a thousand at a time as S3 takes them. */
export async function removeObjects(s3: S3Client, uri: string): Promise<void> {
  const { bucket } = placeOf(uri);
  const objects = await listObjects(s3, uri, new AbortController().signal);
  for (let i = 0; i < objects.length; i += 1000) {
    const keys = objects.slice(i, i + 1000).map(({ key }) => ({ Key: key }));
    await s3.send(new DeleteObjectsCommand({ Bucket: bucket, Delete: { Objects: keys, Quiet: true } }));
  }
}
