import { mkdir, readFile, rename, writeFile } from 'node:fs/promises';
import { dirname, join, resolve, sep } from 'node:path';
import { PareError } from '@pare/analyzer/model/problem.ts';
import type { Clock, RepositoryRef } from '../contract.ts';
import { blobId } from '../platform/blob.ts';
import { createCaller } from '../platform/caller.ts';
import type { GitHubClient } from '../platform/octokit.ts';
import type { Throttle } from '../platform/throttle.ts';

const WANTED = /\.(tf|tofu|hcl|tfvars|json|ya?ml|template|tpl|tftpl|csv|txt)$/i;
const MAX_FILE_BYTES = 4 * 1024 * 1024;
const MAX_FILES = 20_000;

export interface CheckoutOptions {
  client: GitHubClient;
  repository: RepositoryRef;
  clock: Clock;
  throttle: Throttle;
  /** Blobs by their id, kept between runs: a later commit fetches only what changed. */
  cache: string;
}

/**
 * The source files of one commit below `folder`, through the git data API: no git binary, no credentials on disk, no hooks, filters or
 * submodules, and links are left out. Each blob is held against its id.
 */
export async function checkout(commit: string, folder: string, options: CheckoutOptions): Promise<void> {
  const { client, repository, clock, throttle, cache } = options;
  const repo = { owner: repository.owner, repo: repository.name };
  const where = `${repository.owner}/${repository.name}`;
  const call = createCaller({ where, clock, throttle });
  const { data } = await call.read('reading the tree', () =>
    client.rest.git.getTree({ ...repo, tree_sha: commit, recursive: '1' }),
  );
  const files = data.tree.filter(
    (one) => one.type === 'blob' && one.mode !== '120000' && WANTED.test(one.path) && (one.size ?? 0) <= MAX_FILE_BYTES,
  );
  // Part of a tree could hide the declaration that an edit must change too.
  if (data.truncated || files.length > MAX_FILES)
    throw new PareError({
      code: 'tree-too-large',
      message: `${where} has more files than GitHub lists at once`,
      next: 'run pare apply --github from a checkout instead of the App',
      fault: 'environment',
    });
  const root = resolve(folder);
  for (const file of files) {
    const target = resolve(root, file.path);
    // git allows no such path, but the answer is from outside.
    if (!target.startsWith(root + sep)) continue;
    const text = await blob(file.sha);
    await mkdir(dirname(target), { recursive: true });
    await writeFile(target, text);
  }

  async function blob(sha: string): Promise<Buffer> {
    const known = join(cache, sha.slice(0, 2), sha);
    const cached = await readFile(known).catch(() => null);
    if (cached !== null && blobId(cached) === sha) return cached;
    const answer = await call.read('reading a file', () => client.rest.git.getBlob({ ...repo, file_sha: sha }));
    const content = Buffer.from(answer.data.content, 'base64');
    if (blobId(content) !== sha)
      throw new PareError({
        code: 'blob-mismatch',
        message: `${where}: a file came with other content than its id says`,
        next: 'run again; if it stays, look at what stands between Pare and GitHub',
        fault: 'environment',
      });
    await mkdir(dirname(known), { recursive: true });
    await writeFile(`${known}.${process.pid}`, content, { mode: 0o600 });
    await rename(`${known}.${process.pid}`, known);
    return content;
  }
}
