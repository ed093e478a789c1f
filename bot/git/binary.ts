import { execFile } from 'node:child_process';
import { mkdtemp, realpath, rm } from 'node:fs/promises';
import { devNull, tmpdir } from 'node:os';
import { join } from 'node:path';
import type { BranchWrite, GitRepository, Head, WriteOutcome } from './contract.ts';
import { type CommitFacts, checkedOut, checkWrite, FILE_MODES, foreignTip, gitProblem, notAFile } from './shared.ts';

const TIMEOUT_MS = 60_000;
const MAX_OUTPUT = 256 * 1024 * 1024;

interface Ran {
  code: number;
  stdout: Buffer;
  stderr: string;
}

/** Arguments as an array, no shell, nothing that asks or waits; variables of an enclosing git (a hook) do not leak in. */
function run(
  cwd: string,
  args: readonly string[],
  options: { input?: Uint8Array; env?: Record<string, string> } = {},
): Promise<Ran> {
  const env: Record<string, string> = {};
  for (const [key, value] of Object.entries(process.env))
    if (value !== undefined && !key.startsWith('GIT_')) env[key] = value;
  Object.assign(env, {
    GIT_TERMINAL_PROMPT: '0',
    GIT_OPTIONAL_LOCKS: '0',
    GIT_PAGER: 'cat',
    LC_ALL: 'C',
    ...options.env,
  });
  // A repository's own configuration must not run programs here.
  const quiet = ['-c', 'core.fsmonitor=false', '-c', `core.hooksPath=${devNull}`, '-c', 'core.quotePath=false'];
  return new Promise((resolve, reject) => {
    const child = execFile(
      'git',
      [...quiet, ...args],
      { cwd, env, timeout: TIMEOUT_MS, maxBuffer: MAX_OUTPUT, encoding: 'buffer', windowsHide: true },
      (error, stdout, stderr) => {
        const text = stderr.toString('utf8').trim();
        if (error === null) return resolve({ code: 0, stdout, stderr: text });
        if (typeof error.code === 'number') return resolve({ code: error.code, stdout, stderr: text });
        reject(
          gitProblem(
            'git-failed',
            `git ${args[0]} did not finish: ${error.message.split('\n')[0]}`,
            'run it by hand to see why',
            error,
          ),
        );
      },
    );
    // git may exit before it has read its input; the exit code tells.
    child.stdin?.on('error', () => {});
    child.stdin?.end(options.input);
  });
}

/** Is there a git that can be run? */
export async function hasGitBinary(): Promise<boolean> {
  try {
    return (await run(tmpdir(), ['--version'])).code === 0;
  } catch {
    return false;
  }
}

/** Opens the repository around `folder` through the git binary. Throws PareError when there is none, or git refuses it. */
export async function openBinary(folder: string): Promise<GitRepository> {
  const found = await run(folder, ['rev-parse', '--show-toplevel']);
  if (found.code !== 0) {
    const dubious = /dubious ownership/.test(found.stderr);
    throw gitProblem(
      dubious ? 'git-ownership' : 'git-no-repository',
      dubious
        ? `git refuses ${folder}, which another user owns`
        : `${folder} is not inside a git repository with a working tree`,
      dubious
        ? `run git config --global --add safe.directory for it`
        : 'use pare plan, which needs no repository, or run git init and commit first',
    );
  }
  const root = await realpath(found.stdout.toString('utf8').replace(/\r?\n$/, ''));
  return new BinaryRepository(root);
}

class BinaryRepository implements GitRepository {
  readonly root: string;

  constructor(root: string) {
    this.root = root;
  }

  async head(): Promise<Head> {
    const commit = await run(this.root, ['rev-parse', '--verify', '--quiet', 'HEAD^{commit}']);
    if (commit.code !== 0)
      throw gitProblem('git-no-commit', `${this.root} has no commit yet`, 'commit the source first');
    const id = line(commit);
    const branch = await run(this.root, ['symbolic-ref', '--quiet', '--short', 'HEAD']);
    const date = Number(line(await this.must(['show', '-s', '--format=%ct', '--no-show-signature', id, '--'])));
    return { commit: id, branch: branch.code === 0 ? line(branch) : null, date };
  }

  async dirtyFiles(): Promise<string[]> {
    const status = await this.must(['status', '--porcelain=v1', '-z', '--untracked-files=no', '--no-renames']);
    return status.stdout
      .toString('utf8')
      .split('\0')
      .filter((entry) => entry !== '')
      .map((entry) => entry.slice(3))
      .sort();
  }

  async readBlob(commit: string, path: string): Promise<Uint8Array | null> {
    const entry = await this.entry(commit, path);
    if (entry === null) return null;
    if (!FILE_MODES.includes(entry.mode)) throw notAFile(path, entry.mode);
    return (await this.must(['cat-file', 'blob', entry.id])).stdout;
  }

  async writeBranch(write: BranchWrite): Promise<WriteOutcome> {
    checkWrite(write);
    const ref = `refs/heads/${write.branch}`;
    const tree = await this.writeTree(write);
    const tip = await this.commitOf(ref);
    if (tip !== null) {
      const facts = await this.facts(tip);
      if (facts.tree === tree && facts.parents.length === 1 && facts.parents[0] === write.base)
        return { state: 'unchanged', commit: tip };
      const foreign = foreignTip(write.branch, facts, write.identity);
      if (foreign !== null) return { state: 'hands-off', commit: tip, why: foreign };
      const worktree = line(await this.must(['for-each-ref', '--format=%(worktreepath)', '--', ref]));
      if (worktree !== '') return { state: 'hands-off', commit: tip, why: checkedOut(write.branch, worktree) };
    }
    const commit = await this.commitTree(tree, write);
    const zero = '0'.repeat(commit.length);
    // The old value makes it a lost race, not a lost commit, when somebody moves the branch meanwhile.
    const moved = await run(this.root, ['update-ref', '--no-deref', '-m', 'pare apply', ref, commit, tip ?? zero]);
    if (moved.code !== 0)
      throw gitProblem(
        'git-ref',
        `cannot move ${write.branch}: ${moved.stderr.split('\n')[0]}`,
        'check for a branch of a clashing name or a running git, then run again',
      );
    return { state: tip === null ? 'created' : 'updated', commit };
  }

  private async writeTree(write: BranchWrite): Promise<string> {
    const folder = await mkdtemp(join(tmpdir(), 'pare-index-'));
    const env = { GIT_INDEX_FILE: join(folder, 'index') };
    try {
      await this.must(['read-tree', write.base], { env });
      const lines: string[] = [];
      for (const { path, data } of write.files) {
        const entry = await this.entry(write.base, path);
        if (entry === null)
          throw gitProblem('git-not-committed', `${path} is not in the last commit`, 'commit it first');
        if (!FILE_MODES.includes(entry.mode)) throw notAFile(path, entry.mode);
        const id = line(await this.must(['hash-object', '-w', '--no-filters', '--stdin'], { input: data }));
        lines.push(`${entry.mode} ${id}\t${path}\0`);
      }
      await this.must(['update-index', '-z', '--index-info'], { env, input: Buffer.from(lines.join(''), 'utf8') });
      return line(await this.must(['write-tree'], { env }));
    } finally {
      await rm(folder, { recursive: true, force: true });
    }
  }

  private async commitTree(tree: string, write: BranchWrite): Promise<string> {
    const { name, email } = write.identity;
    const date = `@${write.date} +0000`;
    const env = {
      GIT_AUTHOR_NAME: name,
      GIT_AUTHOR_EMAIL: email,
      GIT_AUTHOR_DATE: date,
      GIT_COMMITTER_NAME: name,
      GIT_COMMITTER_EMAIL: email,
      GIT_COMMITTER_DATE: date,
    };
    const input = Buffer.from(write.message, 'utf8');
    return line(
      await this.must(
        ['-c', 'i18n.commitEncoding=utf-8', 'commit-tree', '--no-gpg-sign', tree, '-p', write.base, '-F', '-'],
        { env, input },
      ),
    );
  }

  private async entry(commit: string, path: string): Promise<{ mode: string; id: string } | null> {
    const args = ['--literal-pathspecs', 'ls-tree', '-z', '--full-tree', commit, '--', path];
    const listed = (await this.must(args)).stdout.toString('utf8');
    const match = /^(\d{6}) \w+ ([0-9a-f]+)\t([^\0]*)\0$/.exec(listed);
    return match === null || match[3] !== path ? null : { mode: match[1]!, id: match[2]! };
  }

  private async commitOf(ref: string): Promise<string | null> {
    const found = await run(this.root, ['rev-parse', '--verify', '--quiet', `${ref}^{commit}`]);
    return found.code === 0 ? line(found) : null;
  }

  private async facts(commit: string): Promise<CommitFacts> {
    const format = '--format=%T%x00%P%x00%an%x00%ae%x00%cn%x00%ce';
    const shown = line(await this.must(['show', '-s', '--no-show-signature', '--no-mailmap', format, commit, '--']));
    const [tree = '', parents = '', an = '', ae = '', cn = '', ce = ''] = shown.split('\0');
    return {
      tree,
      parents: parents.split(' ').filter((id) => id !== ''),
      author: { name: an, email: ae },
      committer: { name: cn, email: ce },
    };
  }

  private async must(
    args: readonly string[],
    options: { input?: Uint8Array; env?: Record<string, string> } = {},
  ): Promise<Ran> {
    const ran = await run(this.root, args, options);
    if (ran.code === 0) return ran;
    const full = /No space left|ENOSPC/.test(ran.stderr);
    throw gitProblem(
      full ? 'git-disk-full' : 'git-failed',
      `git ${args.find((arg) => /^[a-z]/.test(arg) && !arg.includes('='))} failed: ${ran.stderr.split('\n')[0] || `exit ${ran.code}`}`,
      full ? 'free some space and run again; no branch was moved' : 'run git status there to see why',
    );
  }
}

function line(ran: Ran): string {
  return ran.stdout.toString('utf8').replace(/\r?\n$/, '');
}
