import { hasGitBinary, openBinary } from './binary.ts';
import type { GitRepository } from './contract.ts';
import { openIsomorphic } from './isomorphic.ts';

/** The repository around `folder`: through the git binary where there is one, else in JavaScript. Throws PareError when there is no repository. */
export async function openRepository(folder: string): Promise<GitRepository> {
  return (await hasGitBinary()) ? openBinary(folder) : openIsomorphic(folder);
}
