import { createHash } from 'node:crypto';
import type {
  BlameRange,
  CheckRunRecord,
  CheckRunWrite,
  Clock,
  CommentRecord,
  CommitRecord,
  IssueRecord,
  Permission,
  Platform,
  PullRequestRecord,
  RepositoryFacts,
} from '../../bot/github/contract.ts';
import { blobId, carriedOver } from '../../bot/github/platform/blob.ts';

/** Stands still unless somebody waits. */
export function fakeClock(start = 1_790_000_000): Clock & { at: number } {
  const clock = {
    at: start,
    now: () => clock.at,
    wait: async (seconds: number) => {
      clock.at += seconds;
    },
  };
  return clock;
}

type Pull = { -readonly [K in keyof PullRequestRecord]: PullRequestRecord[K] };
type Issue = { -readonly [K in keyof IssueRecord]: IssueRecord[K] };

/** A repository in memory, with what people do to it. `writes` names every write call; `stopAfter` throws once so many were made. */
export class FakeRepository {
  facts: RepositoryFacts;
  files = new Map<string, Map<string, string>>();
  commits = new Map<string, CommitRecord>();
  branches = new Map<string, string>();
  pulls: Pull[] = [];
  issues: (Issue & { comments: CommentRecord[] })[] = [];
  checks: CheckRunRecord[] = [];
  /** By path, whatever the commit. */
  blames = new Map<string, BlameRange[]>();
  /** Results in code scanning. */
  sarifs: { commit: string; ref: string; text: string }[] = [];
  permissions = new Map<string, Permission>();
  writes: string[] = [];
  stopAfter = Number.POSITIVE_INFINITY;
  viewer = 'pare[bot]';
  readonly clock: Clock;
  private serial = 0;

  constructor(files: Record<string, string>, clock: Clock, visibility: RepositoryFacts['visibility'] = 'private') {
    this.clock = clock;
    const sha = this.commitFiles(new Map(Object.entries(files)), [], 'begin', 'alice');
    this.branches.set('main', sha);
    this.facts = { defaultBranch: 'main', head: sha, visibility, archived: false };
  }

  private sha(text: string): string {
    this.serial += 1;
    return createHash('sha1').update(`${this.serial} ${text}`).digest('hex');
  }

  treeOf(files: ReadonlyMap<string, string>): string {
    return createHash('sha1')
      .update(JSON.stringify([...files].sort(([a], [b]) => (a < b ? -1 : 1))))
      .digest('hex');
  }

  commitFiles(files: Map<string, string>, parents: string[], message: string, author: string | null): string {
    const sha = this.sha(message);
    this.files.set(sha, files);
    this.commits.set(sha, { sha, tree: this.treeOf(files), parents, message, author, authorName: author ?? '' });
    return sha;
  }

  /** The tip of the default branch by the name that a checkout gives it. */
  renameHead(sha: string): void {
    const { head } = this.facts;
    this.files.set(sha, this.files.get(head)!);
    this.commits.set(sha, { ...this.commits.get(head)!, sha });
    this.branches.set('main', sha);
    this.facts = { ...this.facts, head: sha };
  }

  /** A person commits to a branch. */
  push(branch: string, changes: Record<string, string>, author: string): string {
    const tip = this.branches.get(branch)!;
    const sha = this.commitFiles(
      new Map([...this.files.get(tip)!, ...Object.entries(changes)]),
      [tip],
      'by hand',
      author,
    );
    this.branches.set(branch, sha);
    if (branch === 'main') this.facts = { ...this.facts, head: sha };
    return sha;
  }

  pullOf(branch: string): Pull | undefined {
    return this.pulls.find((one) => one.branch === branch && one.state === 'open');
  }

  closeByHand(number: number, by: string): void {
    const pull = this.pulls.find((one) => one.number === number)!;
    pull.state = 'closed';
    pull.closedAt = this.clock.now();
    pull.closedBy = by;
  }

  merge(number: number): void {
    const pull = this.pulls.find((one) => one.number === number)!;
    const head = this.branches.get(pull.branch)!;
    const sha = this.push('main', Object.fromEntries(this.files.get(head)!), 'alice');
    pull.state = 'merged';
    pull.mergedAt = this.clock.now();
    pull.mergeCommit = sha;
    this.branches.delete(pull.branch);
  }

  private number(): number {
    return this.pulls.length + this.issues.length + 1;
  }

  private write(what: string): void {
    if (this.writes.length >= this.stopAfter) throw new Error('killed');
    this.writes.push(what);
  }

  commitsOf(pull: Pull): CommitRecord[] {
    const out: CommitRecord[] = [];
    const base = this.ancestors(this.branches.get('main')!);
    for (let at = this.branches.get(pull.branch); at !== undefined && !base.has(at); ) {
      const commit = this.commits.get(at)!;
      out.unshift(commit);
      at = commit.parents[0];
    }
    return out;
  }

  private ancestors(sha: string): Set<string> {
    const out = new Set<string>();
    for (let at: string | undefined = sha; at !== undefined; at = this.commits.get(at)?.parents[0]) out.add(at);
    return out;
  }

  private record(pull: Pull): PullRequestRecord {
    const commits = pull.state === 'open' ? this.commitsOf(pull) : [];
    return { ...pull, head: this.branches.get(pull.branch) ?? pull.head, commits };
  }

  platform(): Platform {
    const issue = (number: number) => this.issues.find((one) => one.number === number);
    return {
      repository: { owner: 'acme', name: 'infra' },
      viewer: async () => this.viewer,
      facts: async () => this.facts,
      readFile: async (ref, path) => this.files.get(this.branches.get(ref) ?? ref)?.get(path) ?? null,
      blobIds: async (commit, paths) =>
        new Map(
          paths.map((path) => {
            const text = this.files.get(commit)?.get(path);
            return [path, text === undefined ? null : blobId(Buffer.from(text))];
          }),
        ),
      branches: async () => new Map([...this.branches].filter(([name]) => name.startsWith('pare/'))),
      branchTip: async (branch) => this.branches.get(branch) ?? null,
      commit: async (sha) => this.commits.get(sha)!,
      changedPaths: async (sha) => {
        const after = this.files.get(sha)!;
        const before = this.files.get(this.commits.get(sha)!.parents[0] ?? '') ?? new Map<string, string>();
        const paths = new Set([...after.keys(), ...before.keys()]);
        return [...paths].filter((path) => after.get(path) !== before.get(path)).sort();
      },
      blame: async (_, path) => this.blames.get(path) ?? [],
      makeCommit: async ({ parent, files, message }) => {
        const all = new Map(this.files.get(parent)!);
        for (const file of files) {
          const before = all.get(file.path) ?? null;
          if (before === null && file.before !== null) return { state: 'stale', path: file.path };
          const text =
            before === null
              ? file.after
              : file.before === null
                ? null
                : carriedOver(file.before, file.after, blobId(Buffer.from(before)));
          if (text === null) return { state: 'stale', path: file.path };
          all.set(file.path, text);
        }
        this.write('makeCommit');
        const tree = this.treeOf(all);
        const commit = this.commitFiles(all, [parent], `${message.trimEnd()}\nPare-Tree: ${tree}\n`, this.viewer);
        return { state: 'made', commit, tree };
      },
      createBranch: async (branch, commit) => {
        this.write('createBranch');
        if (this.branches.has(branch)) return 'exists';
        this.branches.set(branch, commit);
        return 'created';
      },
      moveBranch: async (branch, commit, expect) => {
        if (this.branches.get(branch) !== expect) return 'lost';
        this.write('moveBranch');
        this.branches.set(branch, commit);
        const pull = this.pullOf(branch);
        if (pull !== undefined) pull.mergeable = 'clean';
        return 'moved';
      },
      deleteBranch: async (branch) => {
        this.write('deleteBranch');
        this.branches.delete(branch);
      },
      pulls: async () => [...this.pulls].reverse().map((one) => this.record(one)),
      pull: async (number) => {
        const pull = this.pulls.find((one) => one.number === number);
        return pull === undefined ? null : this.record(pull);
      },
      createPull: async (write) => {
        this.write('createPull');
        const known = this.pullOf(write.branch);
        if (known !== undefined) return { state: 'exists', pull: this.record(known) };
        const number = this.number();
        const pull: Pull = {
          number,
          url: `https://github.test/acme/infra/pull/${number}`,
          branch: write.branch,
          base: write.base,
          title: write.title,
          body: write.body,
          state: 'open',
          draft: write.draft,
          labels: [],
          reviewers: [],
          head: this.branches.get(write.branch)!,
          mergeable: 'clean',
          commits: [],
          createdAt: this.clock.now(),
          closedAt: null,
          closedBy: null,
          mergedAt: null,
          mergeCommit: null,
        };
        this.pulls.push(pull);
        return { state: 'created', pull: this.record(pull) };
      },
      updatePull: async (number, write) => {
        this.write('updatePull');
        const pull = this.pulls.find((one) => one.number === number)!;
        if (write.title !== undefined) pull.title = write.title;
        if (write.body !== undefined) pull.body = write.body;
        if (write.state !== undefined) {
          pull.state = write.state;
          pull.closedBy = write.state === 'closed' ? this.viewer : null;
        }
      },
      setDraft: async (number, draft) => {
        this.write('setDraft');
        this.pulls.find((one) => one.number === number)!.draft = draft;
      },
      addLabels: async (number, labels) => {
        if (labels.length === 0) return;
        this.write('addLabels');
        const pull = this.pulls.find((one) => one.number === number)!;
        pull.labels = [...new Set([...pull.labels, ...labels])].sort();
      },
      removeLabel: async (number, label) => {
        this.write('removeLabel');
        const pull = this.pulls.find((one) => one.number === number)!;
        pull.labels = pull.labels.filter((one) => one !== label);
      },
      requestReviewers: async (number, reviewers) => {
        if (reviewers.length === 0) return { left: [] };
        this.write('requestReviewers');
        const pull = this.pulls.find((one) => one.number === number)!;
        pull.reviewers = [...new Set([...pull.reviewers, ...reviewers])].sort();
        return { left: [] };
      },
      issues: async (label) => this.issues.filter((one) => one.labels.includes(label)).map((one) => ({ ...one })),
      issue: async (number) => {
        const found = issue(number);
        if (found !== undefined) return { ...found };
        // To GitHub a pull request is an issue too.
        const pull = this.pulls.find((one) => one.number === number);
        if (pull === undefined) return null;
        const { url, title, body, labels } = pull;
        return {
          number,
          url,
          title,
          body,
          labels,
          state: pull.state === 'open' ? 'open' : 'closed',
          author: this.viewer,
        };
      },
      createIssue: async (write) => {
        this.write('createIssue');
        const number = this.number();
        const made = {
          number,
          url: `https://github.test/acme/infra/issues/${number}`,
          ...write,
          state: 'open' as const,
          author: this.viewer,
          comments: [],
        };
        this.issues.push(made);
        return { ...made };
      },
      updateIssue: async (number, write) => {
        this.write('updateIssue');
        Object.assign(issue(number)!, write);
      },
      comments: async (number) => this.commentsOf(number),
      createComment: async (number, body) => {
        this.write('createComment');
        const made = { id: ++this.serial, body, author: this.viewer, own: true, createdAt: this.clock.now() };
        this.commentsOf(number).push(made);
        return made;
      },
      updateComment: async (id, body) => {
        this.write('updateComment');
        for (const all of [...this.comments.values()])
          for (const one of all) if (one.id === id) Object.assign(one, { body });
      },
      react: async () => this.write('react'),
      checkRuns: async (commit, name) => this.checks.filter((one) => one.head === commit && one.name === name),
      writeCheck: async (write, id) => {
        this.write('writeCheck');
        return this.check(write, id);
      },
      permission: async (login) => this.permissions.get(login) ?? 'none',
    };
  }

  private comments = new Map<number, CommentRecord[]>();
  commentsOf(number: number): CommentRecord[] {
    const found = this.comments.get(number) ?? [];
    this.comments.set(number, found);
    return found;
  }

  private check(write: CheckRunWrite, id?: number): CheckRunRecord {
    const record: CheckRunRecord = {
      id: id ?? ++this.serial,
      name: write.name,
      head: write.head,
      status: write.status,
      conclusion: write.conclusion ?? null,
      externalId: write.externalId,
      title: write.title,
      summary: write.summary,
    };
    this.checks = [...this.checks.filter((one) => one.id !== record.id), record];
    return record;
  }
}
