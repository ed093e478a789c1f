import * as fs from 'node:fs';
import { readdir, readFile, realpath, stat } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import * as git from 'isomorphic-git';
import type { BranchWrite, GitRepository, Head, WriteOutcome } from './contract.ts';
import { type CommitFacts, checkedOut, checkWrite, FILE_MODES, foreignTip, gitProblem, notAFile } from './shared.ts';

/** Opens the repository around `folder` without a git binary. Throws PareError when there is none. */
export async function openIsomorphic(folder: string): Promise<GitRepository> {
  const start = await realpath(folder);
  let root: string;
  try {
    root = await git.findRoot({ fs, filepath: start });
  } catch (error) {
    throw gitProblem(
      'git-no-repository',
      `${folder} is not inside a git repository with a working tree`,
      'use pare plan, which needs no repository, or run git init and commit first',
      error,
    );
  }
  if (!(await stat(join(root, '.git'))).isDirectory())
    throw gitProblem(
      'git-linked-worktree',
      `${root} is a linked worktree or submodule`,
      'install git, which can handle it',
    );
  return new IsomorphicRepository(root);
}

class IsomorphicRepository implements GitRepository {
  readonly root: string;
  private readonly at: { fs: typeof fs; dir: string; cache: object };

  constructor(root: string) {
    this.root = root;
    this.at = { fs, dir: root, cache: {} };
  }

  async head(): Promise<Head> {
    try {
      const commit = await git.resolveRef({ ...this.at, ref: 'HEAD' });
      const branch = await git.currentBranch({ ...this.at });
      const { commit: facts } = await git.readCommit({ ...this.at, oid: commit });
      return { commit, branch: branch ?? null, date: facts.committer.timestamp };
    } catch (error) {
      if (!isNotFound(error)) throw wrapped(error);
      throw gitProblem('git-no-commit', `${this.root} has no commit yet`, 'commit the source first', error);
    }
  }

  async dirtyFiles(): Promise<string[]> {
    try {
      const rows = await git.statusMatrix({ ...this.at });
      return rows
        .filter(([, head, work, stage]) => (head === 1 || stage !== 0) && !(head === 1 && work === 1 && stage === 1))
        .map(([path]) => path)
        .sort();
    } catch (error) {
      throw wrapped(error);
    }
  }

  async readBlob(commit: string, path: string): Promise<Uint8Array | null> {
    const entry = await this.entry(commit, path);
    if (entry === null) return null;
    if (!FILE_MODES.includes(entry.mode)) throw notAFile(path, entry.mode);
    return (await git.readBlob({ ...this.at, oid: entry.oid })).blob;
  }

  async writeBranch(write: BranchWrite): Promise<WriteOutcome> {
    checkWrite(write);
    try {
      const ref = `refs/heads/${write.branch}`;
      const tree = await this.writeFiles(write);
      const tip = await this.resolve(ref);
      if (tip !== null) {
        const facts = await this.facts(tip);
        if (facts.tree === tree && facts.parents.length === 1 && facts.parents[0] === write.base)
          return { state: 'unchanged', commit: tip };
        const foreign = foreignTip(write.branch, facts, write.identity);
        if (foreign !== null) return { state: 'hands-off', commit: tip, why: foreign };
        const worktree = await this.worktreeOf(ref);
        if (worktree !== null) return { state: 'hands-off', commit: tip, why: checkedOut(write.branch, worktree) };
      }
      const by = { ...write.identity, timestamp: write.date, timezoneOffset: 0 };
      const commit = await git.writeCommit({
        ...this.at,
        commit: { message: write.message, tree, parent: [write.base], author: by, committer: by },
      });
      if ((await this.resolve(ref)) !== tip)
        throw gitProblem('git-ref', `${write.branch} was moved meanwhile`, 'run again');
      await git.writeRef({ ...this.at, ref, value: commit, force: true });
      return { state: tip === null ? 'created' : 'updated', commit };
    } catch (error) {
      throw wrapped(error);
    }
  }

  private async writeFiles(write: BranchWrite): Promise<string> {
    let tree = (await git.readCommit({ ...this.at, oid: write.base })).commit.tree;
    for (const { path, data } of write.files) {
      const entry = await this.entry(write.base, path);
      if (entry === null) throw gitProblem('git-not-committed', `${path} is not in the last commit`, 'commit it first');
      if (!FILE_MODES.includes(entry.mode)) throw notAFile(path, entry.mode);
      const oid = await git.writeBlob({ ...this.at, blob: data });
      tree = await this.replace(tree, path.split('/'), oid);
    }
    return tree;
  }

  /** The tree with one blob changed: its entry, and each folder above it. */
  private async replace(tree: string, path: readonly string[], oid: string): Promise<string> {
    const [name, ...rest] = path;
    const { tree: entries } = await git.readTree({ ...this.at, oid: tree });
    const changed = [];
    for (const entry of entries) {
      if (entry.path !== name) changed.push(entry);
      else changed.push({ ...entry, oid: rest.length === 0 ? oid : await this.replace(entry.oid, rest, oid) });
    }
    return git.writeTree({ ...this.at, tree: changed });
  }

  private async entry(commit: string, path: string): Promise<{ mode: string; oid: string } | null> {
    let oid = (await git.readCommit({ ...this.at, oid: commit })).commit.tree;
    const parts = path.split('/');
    for (const [at, part] of parts.entries()) {
      const { tree } = await git.readTree({ ...this.at, oid });
      const found = tree.find((entry) => entry.path === part);
      if (found === undefined) return null;
      if (at === parts.length - 1) return { mode: found.mode, oid: found.oid };
      if (found.type !== 'tree') return null;
      oid = found.oid;
    }
    return null;
  }

  private async resolve(ref: string): Promise<string | null> {
    try {
      return await git.resolveRef({ ...this.at, ref });
    } catch (error) {
      if (isNotFound(error)) return null;
      throw error;
    }
  }

  private async facts(oid: string): Promise<CommitFacts> {
    const { commit } = await git.readCommit({ ...this.at, oid });
    return { tree: commit.tree, parents: commit.parent, author: commit.author, committer: commit.committer };
  }

  private async worktreeOf(ref: string): Promise<string | null> {
    const links = join(this.root, '.git', 'worktrees');
    const names = await readdir(links).catch(() => []);
    const heads = [join(this.root, '.git', 'HEAD'), ...names.map((name) => join(links, name, 'HEAD'))];
    for (const head of heads) {
      const text = await readFile(head, 'utf8').catch(() => '');
      if (text.trim() !== `ref: ${ref}`) continue;
      const folder = dirname(head);
      return basename(folder) === '.git' ? this.root : `the worktree ${basename(folder)}`;
    }
    return null;
  }
}

function isNotFound(error: unknown): boolean {
  return error instanceof Error && 'code' in error && error.code === 'NotFoundError';
}

function wrapped(error: unknown): unknown {
  if (!(error instanceof Error) || !('code' in error) || typeof error.code !== 'string') return error;
  const full = error.code === 'ENOSPC';
  return gitProblem(
    full ? 'git-disk-full' : 'git-failed',
    `git failed: ${full ? 'no space left on the device' : error.message.split('\n')[0]}`,
    full ? 'free some space and run again; no branch was moved' : 'look at the repository with git status',
    error,
  );
}
