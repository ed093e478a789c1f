import { gzipSync } from 'node:zlib';
import type { RepositoryRef } from '../contract.ts';
import type { Caller } from './caller.ts';
import { isStatus } from './errors.ts';
import type { GitHubClient } from './octokit.ts';

export interface SarifUpload {
  commit: string;
  /** `refs/heads/…`. */
  ref: string;
  sarif: string;
  tool: string;
  /** The driver's version in the SARIF; what is known under it for this commit is not sent again. */
  version: string;
}

/** Sends results to code scanning, once. Needs security_events: write, which nothing else of Pare does. */
export async function uploadSarif(
  client: GitHubClient,
  { owner, name }: RepositoryRef,
  call: Caller,
  { commit, ref, sarif, tool, version }: SarifUpload,
): Promise<'sent' | 'known'> {
  const repo = { owner, repo: name };
  const none = (error: unknown) => isStatus(error, 404);
  try {
    const { data } = await call.read(
      'looking for earlier results',
      () => client.rest.codeScanning.listRecentAnalyses({ ...repo, tool_name: tool, ref, per_page: 1 }),
      { expected: none },
    );
    const [last] = data;
    if (last?.commit_sha === commit && last.tool.version === version) return 'known';
  } catch (error) {
    // No analysis at all yet.
    if (!none(error)) throw error;
  }
  await call.write(
    'sending results to code scanning',
    () =>
      client.rest.codeScanning.uploadSarif({
        ...repo,
        commit_sha: commit,
        ref,
        sarif: gzipSync(sarif).toString('base64'),
      }),
    // The same results for the same commit replace each other.
    { repeat: true },
  );
  return 'sent';
}
