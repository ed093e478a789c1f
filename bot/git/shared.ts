import { PareError, type Problem } from '@pare/analyzer/model/problem.ts';
import type { BranchWrite, Identity } from './contract.ts';

export const FILE_MODES: readonly string[] = ['100644', '100755', '100664'];

export function gitProblem(code: string, message: string, next: string, cause?: unknown): PareError {
  const problem: Problem = { code, message, next, fault: 'environment' };
  return new PareError(problem, cause === undefined ? undefined : { cause });
}

export function notAFile(path: string, mode: string): PareError {
  const what =
    mode === '120000' ? 'a symbolic link' : mode === '160000' ? 'a submodule' : `no plain file (mode ${mode})`;
  return gitProblem(
    'git-not-a-file',
    `${path} is ${what} in the repository`,
    'give the folder it points to as --source instead',
  );
}

/** Paths and names come from plans, so they are looked at once more before anything is written. Throws PareError. */
export function checkWrite(write: BranchWrite): void {
  if (!/^[a-z0-9]+(?:[/-][a-z0-9]+)*$/.test(write.branch))
    throw gitProblem('git-branch-name', `${JSON.stringify(write.branch)} is no branch name of Pare's`, 'report this');
  for (const { path } of write.files) {
    const parts = path.split('/');
    const bad = parts.some((part) => part === '' || part === '.' || part === '..' || part.toLowerCase() === '.git');
    if (bad || path.includes('\0') || path.includes('\n'))
      throw gitProblem('git-path', `${JSON.stringify(path)} cannot be written to a repository`, 'rename the file');
  }
}

export interface CommitFacts {
  tree: string;
  parents: readonly string[];
  author: Identity;
  committer: Identity;
}

/** Law 8: why an existing branch is not ours to replace; null when it is. */
export function foreignTip(branch: string, tip: CommitFacts, identity: Identity): string | null {
  const foreign = [tip.author, tip.committer].find(
    (one) => one.email.toLowerCase() !== identity.email.toLowerCase() || one.name !== identity.name,
  );
  if (foreign !== undefined)
    return `the last commit of ${branch} is by ${foreign.name} <${foreign.email}>; delete or rename the branch to have it made anew`;
  if (tip.parents.length !== 1)
    return `the last commit of ${branch} is a merge; delete or rename the branch to have it made anew`;
  return null;
}

export function checkedOut(branch: string, where: string): string {
  return `${branch} is checked out in ${where}; switch to another branch to have it updated`;
}
