import { readFileSync } from 'node:fs';
import { readdir } from 'node:fs/promises';
import { join, relative } from 'node:path';
import { CreateBucketCommand, ListObjectsV2Command, PutObjectCommand, S3Client } from '@aws-sdk/client-s3';
import { type Context, step } from '../../bot/lambda/functions.ts';

export const DATA = 'pare-data';
export const LOGS = 'acme-flow-logs';

/** A function has fifteen minutes; a test gives it what it says. */
export function context(milliseconds = 900_000): Context {
  const end = Date.now() + milliseconds;
  return { getRemainingTimeInMillis: () => end - Date.now() };
}

/** The environment that the Pulumi program gives the steps. */
export function stepEnv(location: string, more: Record<string, string> = {}): Record<string, string> {
  return { PARE_BUCKET: DATA, PARE_FLOW_LOGS: JSON.stringify([location]), PARE_WINDOW: '60d', ...more };
}

/** Invokes the handler as Lambda does: one event, the environment of the function. */
export async function invoke(
  event: Parameters<typeof step>[0],
  env: Record<string, string>,
): Promise<Record<string, unknown>> {
  const before = { ...process.env };
  Object.assign(process.env, env);
  try {
    return (await step(event, context())) as Record<string, unknown>;
  } finally {
    for (const name of Object.keys(env)) delete process.env[name];
    Object.assign(process.env, before);
  }
}

export function s3Of(url: string): S3Client {
  return new S3Client({
    endpoint: url,
    region: 'eu-west-1',
    forcePathStyle: true,
    credentials: { accessKeyId: 'testing', secretAccessKey: 'testing' },
  });
}

export async function makeBucket(s3: S3Client, name: string): Promise<void> {
  await s3.send(
    new CreateBucketCommand({ Bucket: name, CreateBucketConfiguration: { LocationConstraint: 'eu-west-1' } }),
  );
}

/** Uploads the files of a folder below a prefix, those that `wanted` takes; their keys. */
export async function uploadFolder(
  s3: S3Client,
  bucket: string,
  folder: string,
  prefix: string,
  wanted: (name: string) => boolean = () => true,
): Promise<string[]> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true });
  const keys: string[] = [];
  for (const entry of entries.filter((one) => one.isFile())) {
    const file = join(entry.parentPath, entry.name);
    const name = relative(folder, file);
    if (!wanted(name)) continue;
    await s3.send(new PutObjectCommand({ Bucket: bucket, Key: `${prefix}${name}`, Body: readFileSync(file) }));
    keys.push(`${prefix}${name}`);
  }
  return keys.sort();
}

export async function keysOf(s3: S3Client, bucket: string, prefix = ''): Promise<string[]> {
  const keys: string[] = [];
  for (let token: string | undefined; ; ) {
    const page = await s3.send(
      new ListObjectsV2Command({
        Bucket: bucket,
        Prefix: prefix,
        ...(token === undefined ? {} : { ContinuationToken: token }),
      }),
    );
    for (const { Key } of page.Contents ?? []) keys.push(Key!);
    if (page.IsTruncated !== true) return keys.sort();
    token = page.NextContinuationToken;
  }
}
