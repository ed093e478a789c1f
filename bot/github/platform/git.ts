import type { CommitOutcome, CommitRecord, FileWrite, Platform, RepositoryRef } from '../contract.ts';
import { carriedOver } from './blob.ts';
import type { Caller } from './caller.ts';
import { isStatus } from './errors.ts';
import type { GitHubClient } from './octokit.ts';
import { BRANCH_PREFIX } from './pulls.ts';
import { commitRecord } from './records.ts';

const FILE_MODES: readonly string[] = ['100644', '100755'];

interface Entry {
  sha: string;
  mode: string;
}

type GitPart = Pick<
  Platform,
  | 'readFile'
  | 'blobIds'
  | 'branches'
  | 'branchTip'
  | 'commit'
  | 'changedPaths'
  | 'makeCommit'
  | 'createBranch'
  | 'moveBranch'
  | 'deleteBranch'
>;

/** Files, commits and branches through the git data API. */
export function gitPart(client: GitHubClient, { owner, name }: RepositoryRef, call: Caller): GitPart {
  const repo = { owner, repo: name };
  const missing = { expected: (error: unknown) => isStatus(error, 404) };

  async function orNull<T>(promise: Promise<T>): Promise<T | null> {
    try {
      return await promise;
    } catch (error) {
      if (isStatus(error, 404)) return null;
      throw error;
    }
  }

  async function readFile(ref: string, path: string): Promise<string | null> {
    const found = await orNull(
      call.read(`reading ${path}`, () => client.rest.repos.getContent({ ...repo, path, ref }), missing),
    );
    if (found === null || Array.isArray(found.data) || found.data.type !== 'file') return null;
    return Buffer.from(found.data.content, 'base64').toString('utf8');
  }

  async function tree(sha: string, recursive: boolean) {
    const { data } = await call.read('reading the tree', () =>
      client.rest.git.getTree({ ...repo, tree_sha: sha, ...(recursive ? { recursive: '1' } : {}) }),
    );
    return data;
  }

  async function entries(commit: string, paths: readonly string[]): Promise<Map<string, Entry | null>> {
    const whole = await tree(commit, true);
    if (!whole.truncated) {
      const files = new Map(whole.tree.filter((one) => one.type === 'blob').map((one) => [one.path, one]));
      return new Map(paths.map((path) => [path, files.get(path) ?? null]));
    }
    // More than GitHub lists at once: folder by folder, each read once.
    const folders = new Map<string, ReadonlyMap<string, { sha: string; mode: string; type: string }>>();
    const read = async (folder: string, sha: string) => {
      const known = folders.get(folder);
      if (known !== undefined) return known;
      const level = new Map((await tree(sha, false)).tree.map((one) => [one.path, one]));
      folders.set(folder, level);
      return level;
    };
    const out = new Map<string, Entry | null>();
    for (const path of paths) {
      const parts = path.split('/');
      let level = await read('', commit);
      for (const at of parts.slice(0, -1).keys()) {
        const next = level.get(parts[at]!);
        level = next?.type === 'tree' ? await read(parts.slice(0, at + 1).join('/'), next.sha) : new Map();
      }
      const file = level.get(parts.at(-1)!);
      out.set(path, file?.type === 'blob' ? { sha: file.sha, mode: file.mode } : null);
    }
    return out;
  }

  async function makeCommit(write: {
    parent: string;
    files: readonly FileWrite[];
    message: string;
  }): Promise<CommitOutcome> {
    const base = await entries(
      write.parent,
      write.files.map((file) => file.path),
    );
    const items: { path: string; mode: '100644' | '100755'; type: 'blob'; content: string }[] = [];
    for (const file of write.files) {
      const item = treeItem(file, base.get(file.path) ?? null);
      if (item === null) return { state: 'stale', path: file.path };
      items.push(item);
    }
    const parent = await commit(write.parent);
    const made = await call.write(
      'writing the changed files',
      () => client.rest.git.createTree({ ...repo, base_tree: parent.tree, tree: items }),
      { repeat: true },
    );
    const signed = await call.write(
      'making the commit',
      () =>
        client.rest.git.createCommit({
          ...repo,
          // The trailer tells our own commits from anybody's (pulls/own.ts).
          message: `${write.message.trimEnd()}\nPare-Tree: ${made.data.sha}\n`,
          tree: made.data.sha,
          parents: [write.parent],
        }),
      { repeat: true },
    );
    return { state: 'made', commit: signed.data.sha, tree: made.data.sha };
  }

  async function branches(): Promise<ReadonlyMap<string, string>> {
    const prefix = 'refs/heads/';
    const out = new Map<string, string>();
    for (let page = 1; ; page += 1) {
      const { data, headers } = await call.read('listing branches', () =>
        // The description of this route has no paging, its answers have: a further page is asked for only when one is announced.
        client.rest.git.listMatchingRefs({ ...repo, ref: `heads/${BRANCH_PREFIX}`, ...(page === 1 ? {} : { page }) }),
      );
      for (const one of data) if (one.ref.startsWith(prefix)) out.set(one.ref.slice(prefix.length), one.object.sha);
      if (!/rel="next"/.test(headers.link ?? '')) return out;
    }
  }

  async function branchTip(branch: string): Promise<string | null> {
    const found = await orNull(
      call.read('looking for the branch', () => client.rest.git.getRef({ ...repo, ref: `heads/${branch}` }), missing),
    );
    return found?.data.object.sha ?? null;
  }

  async function commit(sha: string): Promise<CommitRecord> {
    const { data } = await call.read('reading the commit', () => client.rest.repos.getCommit({ ...repo, ref: sha }));
    return commitRecord(data);
  }

  async function changedPaths(sha: string): Promise<readonly string[]> {
    const out = new Set<string>();
    for (let page = 1; ; page += 1) {
      const { data } = await call.read('reading what the commit changed', () =>
        client.rest.repos.getCommit({ ...repo, ref: sha, per_page: 100, page }),
      );
      for (const file of data.files ?? []) {
        out.add(file.filename);
        if (file.previous_filename !== undefined) out.add(file.previous_filename);
      }
      if ((data.files ?? []).length < 100) return [...out].sort();
    }
  }

  async function createBranch(branch: string, sha: string): Promise<'created' | 'exists'> {
    const taken = (error: unknown) => isStatus(error, 422, /reference already exists/i);
    try {
      await call.write(
        'making the branch',
        () => client.rest.git.createRef({ ...repo, ref: `refs/heads/${branch}`, sha }),
        {
          repeat: true,
          expected: taken,
        },
      );
      return 'created';
    } catch (error) {
      if (taken(error)) return 'exists';
      throw error;
    }
  }

  async function moveBranch(branch: string, sha: string, expect: string): Promise<'moved' | 'lost'> {
    const tip = await branchTip(branch);
    if (tip === sha) return 'moved';
    if (tip !== expect) return 'lost';
    await call.write(
      'moving the branch',
      () => client.rest.git.updateRef({ ...repo, ref: `heads/${branch}`, sha, force: true }),
      { repeat: true },
    );
    return 'moved';
  }

  async function deleteBranch(branch: string): Promise<void> {
    const gone = (error: unknown) => isStatus(error, 404) || isStatus(error, 422, /does not exist/i);
    try {
      await call.write('deleting the branch', () => client.rest.git.deleteRef({ ...repo, ref: `heads/${branch}` }), {
        repeat: true,
        expected: gone,
      });
    } catch (error) {
      if (!gone(error)) throw error;
    }
  }

  return {
    readFile,
    blobIds: async (sha, paths) =>
      new Map([...(await entries(sha, paths))].map(([path, entry]) => [path, entry?.sha ?? null])),
    branches,
    branchTip,
    commit,
    changedPaths,
    makeCommit,
    createBranch,
    moveBranch,
    deleteBranch,
  };
}

function treeItem(file: FileWrite, entry: Entry | null) {
  if (entry === null) {
    if (file.before !== null) return null;
    return { path: file.path, mode: '100644' as const, type: 'blob' as const, content: file.after };
  }
  // A link or a submodule is not a file to write over.
  if (file.before === null || !FILE_MODES.includes(entry.mode)) return null;
  const content = carriedOver(file.before, file.after, entry.sha);
  if (content === null) return null;
  return { path: file.path, mode: entry.mode as '100644' | '100755', type: 'blob' as const, content };
}
