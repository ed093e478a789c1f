import { z } from 'zod';
import type { Platform, RepositoryRef } from '../github/contract.ts';
import type { Bucket } from './bucket.ts';

const schema = z.object({
  /** When they were looked at. */
  at: z.iso.datetime(),
  pulls: z.array(z.object({ number: z.int(), title: z.string(), url: z.string(), draft: z.boolean() })),
});

/** Pare's open pull requests of one repository, as its worker last saw them. */
export interface OpenPulls extends z.infer<typeof schema> {
  repository: string;
}

function keyOf(repository: string): string {
  return `pulls/${repository}.json`;
}

/** Leaves word of the open pull requests for the digest: the analysis knows no GitHub. */
export async function keepPulls(
  bucket: Bucket,
  { owner, name }: RepositoryRef,
  platform: Pick<Platform, 'pulls'>,
  now: number,
): Promise<void> {
  const all = await platform.pulls({ since: now });
  const pulls = all
    .filter(({ state }) => state === 'open')
    .map(({ number, title, url, draft }) => ({ number, title, url, draft }))
    .sort((a, b) => a.number - b.number);
  await bucket.put(keyOf(`${owner}/${name}`), JSON.stringify({ at: new Date(now * 1000).toISOString(), pulls }));
}

/** What the workers left; a repository that no worker has looked at yet is not among them, and neither is what cannot be understood. */
export async function readPulls(bucket: Bucket, repositories: readonly string[]): Promise<OpenPulls[]> {
  const out: OpenPulls[] = [];
  for (const repository of [...repositories].sort()) {
    const text = await bucket.text(keyOf(repository));
    const parsed = schema.safeParse(text === null ? null : parse(text));
    if (parsed.success) out.push({ ...parsed.data, repository });
  }
  return out;
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}
