import type { FindingsDocument, Replacement } from '@pare/analyzer/model/finding.ts';
import type { EpochSeconds } from '@pare/analyzer/model/interface.ts';
import type { Batch, ChangePlan } from '../change/contract.ts';

/**
 * What the parts of the App say to each other. The platform is thin: one method, one or two calls, no policy. All policy (run, pulls,
 * dashboard, chatops, checks, watch) is decided by pure functions over the records below, and performed through the platform.
 */

// --- effects ---------------------------------------------------------------------------------------------------------------------

export interface Clock {
  now(): EpochSeconds;
  /** Resolves after so many seconds; rejects with the signal's reason when aborted. */
  wait(seconds: number, signal?: AbortSignal): Promise<void>;
}

export interface RepositoryRef {
  owner: string;
  name: string;
}

export interface RepositoryFacts {
  defaultBranch: string;
  /** Tip of the default branch. */
  head: string;
  /** Null where the host does not say; then it is treated as public. */
  visibility: 'public' | 'private' | 'internal' | null;
  archived: boolean;
}

export type Permission = 'admin' | 'write' | 'read' | 'none';

/** A commit as git has it, with who GitHub thinks made it. */
export interface CommitRecord {
  sha: string;
  tree: string;
  parents: readonly string[];
  message: string;
  /** Login of the author's account; null where the address belongs to none. */
  author: string | null;
  authorName: string;
}

export type Mergeable = 'clean' | 'conflict' | 'unknown';

/** A pull request whose branch is Pare's, from this repository (never a fork). */
export interface PullRequestRecord {
  number: number;
  /** The page a person opens. */
  url: string;
  branch: string;
  base: string;
  title: string;
  body: string;
  state: 'open' | 'closed' | 'merged';
  draft: boolean;
  labels: readonly string[];
  /** Requested and not yet answered: logins, and teams as `team:<slug>`. */
  reviewers: readonly string[];
  /** Tip of the branch when the record was read. */
  head: string;
  mergeable: Mergeable;
  /** On the branch and not on its base, oldest first; only read for open ones. */
  commits: readonly CommitRecord[];
  createdAt: EpochSeconds;
  closedAt: EpochSeconds | null;
  closedBy: string | null;
  mergedAt: EpochSeconds | null;
  mergeCommit: string | null;
}

export interface IssueRecord {
  number: number;
  url: string;
  title: string;
  body: string;
  state: 'open' | 'closed';
  labels: readonly string[];
  author: string | null;
}

export interface CommentRecord {
  id: number;
  body: string;
  author: string | null;
  /** True where the App itself wrote it. */
  own: boolean;
  createdAt: EpochSeconds;
}

export interface CheckAnnotation {
  path: string;
  startLine: number;
  endLine: number;
  level: 'notice' | 'warning' | 'failure';
  title: string;
  message: string;
}

export interface CheckRunWrite {
  name: string;
  head: string;
  status: 'queued' | 'in_progress' | 'completed';
  conclusion?: 'success' | 'failure' | 'neutral' | 'cancelled' | 'action_required';
  title: string;
  summary: string;
  text?: string;
  annotations: readonly CheckAnnotation[];
  /** How a later run knows its own check runs. */
  externalId: string;
}

export interface CheckRunRecord {
  id: number;
  name: string;
  head: string;
  status: string;
  conclusion: string | null;
  externalId: string | null;
  title: string | null;
  summary: string | null;
}

export type Reaction = '+1' | '-1' | 'laugh' | 'confused' | 'heart' | 'hooray' | 'rocket' | 'eyes';

/** Lines of a file, counted from 1, both ends included, and whose they are; null where the address belongs to no account. */
export interface BlameRange {
  from: number;
  to: number;
  login: string | null;
}

/** A file to be committed. The text is written as UTF-8; `before` must be what the base has. */
export interface FileWrite {
  path: string;
  before: string | null;
  after: string;
}

export type CommitOutcome =
  | { state: 'made'; commit: string; tree: string }
  /** The file on the base is not the one that was planned on; plan again. */
  | { state: 'stale'; path: string };

/**
 * One repository. Reads may be repeated freely; each write is one that can be repeated without harm, or says that it was done already.
 * Failures are PareError: `github-forbidden`, `github-not-found`, `github-limited`, `github-unavailable`, `github-refused`.
 */
export interface Platform {
  readonly repository: RepositoryRef;
  /** Login that our own comments and pull requests carry, `pare[bot]` for an App. */
  viewer(): Promise<string>;
  facts(): Promise<RepositoryFacts>;
  /** Text of a file in a commit or branch; null where there is none. */
  readFile(ref: string, path: string): Promise<string | null>;
  /** Git blob ids of these paths in a commit; null for what is no file there. */
  blobIds(commit: string, paths: readonly string[]): Promise<ReadonlyMap<string, string | null>>;
  /** All branches below `pare/`, with their tips. */
  branches(): Promise<ReadonlyMap<string, string>>;
  /** Tip of a branch; null where there is none. */
  branchTip(branch: string): Promise<string | null>;
  commit(sha: string): Promise<CommitRecord>;
  /** Paths that a commit changed against its first parent, removed ones too; at most the 3,000 that GitHub names. */
  changedPaths(sha: string): Promise<readonly string[]>;

  /** Who wrote which lines of a file, as a commit has it; empty where the host does not say. */
  blame(commit: string, path: string): Promise<readonly BlameRange[]>;

  /** One commit of `files` on `parent`, signed by GitHub since it names no author. No branch points to it yet. */
  makeCommit(write: { parent: string; files: readonly FileWrite[]; message: string }): Promise<CommitOutcome>;
  /** `exists`: somebody was quicker, or an earlier attempt of ours came through. */
  createBranch(branch: string, commit: string): Promise<'created' | 'exists'>;
  /** Moves the branch only when its tip is `expect`; GitHub has no such condition, so it is read just before. */
  moveBranch(branch: string, commit: string, expect: string): Promise<'moved' | 'lost'>;
  deleteBranch(branch: string): Promise<void>;

  /**
   * Pull requests from Pare's branches of this repository: the open ones with all that is known, then closed and merged ones without
   * commits and closedBy, newest change first. `since`: closed ones that did not change since are left out.
   */
  pulls(options?: { since?: EpochSeconds }): Promise<readonly PullRequestRecord[]>;
  pull(number: number): Promise<PullRequestRecord | null>;
  /** `exists`: an open one from this branch, ours from an earlier attempt. */
  createPull(write: PullWrite): Promise<{ state: 'created' | 'exists'; pull: PullRequestRecord }>;
  updatePull(number: number, write: { title?: string; body?: string; state?: 'open' | 'closed' }): Promise<void>;
  setDraft(number: number, draft: boolean): Promise<void>;
  addLabels(number: number, labels: readonly string[]): Promise<void>;
  removeLabel(number: number, label: string): Promise<void>;
  /** Those who cannot be asked (no access, the author) are left out and named. */
  requestReviewers(number: number, reviewers: readonly string[]): Promise<{ left: readonly string[] }>;

  issues(label: string): Promise<readonly IssueRecord[]>;
  issue(number: number): Promise<IssueRecord | null>;
  createIssue(write: { title: string; body: string; labels: readonly string[] }): Promise<IssueRecord>;
  updateIssue(number: number, write: { title?: string; body?: string; state?: 'open' | 'closed' }): Promise<void>;

  comments(number: number): Promise<readonly CommentRecord[]>;
  createComment(number: number, body: string): Promise<CommentRecord>;
  updateComment(id: number, body: string): Promise<void>;
  react(commentId: number, reaction: Reaction): Promise<void>;

  checkRuns(commit: string, name: string): Promise<readonly CheckRunRecord[]>;
  /** Creates, or updates `id`; annotations in requests of 50. */
  writeCheck(write: CheckRunWrite, id?: number): Promise<CheckRunRecord>;

  /** A refusal means none. Where GitHub cannot be asked, it rejects: nobody gets a permission, and the job is tried again. */
  permission(login: string): Promise<Permission>;
}

export interface PullWrite {
  branch: string;
  base: string;
  title: string;
  body: string;
  draft: boolean;
}

// --- what Pare remembers, in the dashboard issue -------------------------------------------------------------------------------------

/** A person's word about one finding. `evidence` is the digest of what they saw (pulls/evidence.ts); null: whatever it will be. */
export interface Word {
  finding: string;
  /** For people: `sgr-… tcp 22 from …`; empty in public repositories. */
  rule: string;
  by: string;
  at: EpochSeconds;
  /** Null: for good. */
  until: EpochSeconds | null;
  reason: string;
}

export interface Narrowing {
  finding: string;
  replacements: readonly Replacement[];
  by: string;
  at: EpochSeconds;
}

export interface Closed {
  finding: string;
  evidence: string;
  pull: number;
  by: string;
  at: EpochSeconds;
}

/** A merged pull request until it is known what became of it. */
export interface Watched {
  pull: number;
  findings: readonly string[];
  mergedAt: EpochSeconds;
  mergeCommit: string | null;
  stage: 'merged' | 'applied' | 'regretted' | 'reverted' | 'done';
  /** Issue or pull request that says so. */
  told: number | null;
}

export interface AuditLine {
  at: EpochSeconds;
  by: string;
  /** Comment id, `tick:<issue>` or `run`; with the text of the command it makes a command done at most once. */
  from: string;
  what: string;
  outcome: 'done' | 'refused' | 'failed';
}

/** The App's memory: nothing in it can be read from GitHub otherwise. Versioned; unknown fields of a later version stop the run. */
export interface Memory {
  version: 1;
  keeps: readonly Word[];
  closed: readonly Closed[];
  /** Findings taken out of a pull request by `drop`, until the evidence changes. */
  dropped: readonly Closed[];
  narrowed: readonly Narrowing[];
  /** Closed pull requests that say nothing any more (`recreate`, or all of their findings are wanted again). */
  reopened: readonly number[];
  /** Branches that a command handed back to Pare although people committed there: the tip it may overwrite. */
  reclaimed: readonly { branch: string; head: string }[];
  /** Units that were split by `split`. */
  split: readonly string[];
  /** What ticks and `open` asked for and did not get yet: `open:…`, `recreate:…`, `brake:…` with a tickId (dashboard/ticks.ts) of a unit or finding. */
  wanted: readonly string[];
  paused: { by: string; at: EpochSeconds; until: EpochSeconds | null; reason: string } | null;
  /** Pull requests that got their labels and reviewers: people may take these away again. */
  settled: readonly number[];
  watched: readonly Watched[];
  /** Newest last, bounded. */
  audit: readonly AuditLine[];
  saved: { rules: number; narrowed: number; pulls: number };
  /** End of the window of the last run: older evidence never overwrites newer. */
  validAt: EpochSeconds | null;
  /** The last run that changed anything; the queue's job ids, not this, keep a slot from running twice. */
  lastRun: EpochSeconds | null;
}

/** Everything about a repository that a decision is made from. */
export interface RepositoryState {
  repository: RepositoryRef;
  facts: RepositoryFacts;
  /** Text of .github/pare.yml on the default branch; null where there is none. */
  configText: string | null;
  codeowners: string | null;
  pulls: readonly PullRequestRecord[];
  dashboard: IssueRecord | null;
  memory: Memory;
}

// --- evidence ----------------------------------------------------------------------------------------------------------------------

/** One analysis and the edits that follow from it, planned on one commit of the default branch. */
export interface PlannedRun {
  document: FindingsDocument;
  plan: ChangePlan;
  /** Commit whose tree was planned on. */
  commit: string;
  /** Folder of the source tree in the repository, `''` or with a final slash; paths of changes are relative to it. */
  prefix: string;
}

export interface PlanRequest {
  repository: RepositoryRef;
  commit: string;
  /** Only these findings may be changed; the replay is that of all, which a part of the plan also satisfies. */
  only?: ReadonlySet<string>;
  /** Replacements a person asked for; refused by the planner where they allow anything that the rule does not. */
  narrowed?: readonly Narrowing[];
}

/** Findings, source and mapping: the CLI reads files, the App reads the findings store and a tree of the repository. */
export interface PlanSource {
  plan(request: PlanRequest): Promise<PlannedRun>;
}

/** One pull request to be: a batch under the configured grouping. */
export interface Unit {
  /** Batch keys and group, stable from run to run. */
  key: string;
  branch: string;
  batch: Batch;
  /** Less sure: opened as draft. */
  draft: boolean;
}

// --- work: jobs, deliveries, commands ------------------------------------------------------------------------------------------------

export type JobWork =
  /** Scheduled or asked-for batch run; `fresh`: analyse again first. */
  | { kind: 'run'; fresh: boolean; cause: string }
  | { kind: 'comment'; issue: number; comment: number }
  /** A command from the report page, in the words of a comment; `id` makes it done at most once. */
  | { kind: 'asked'; id: string; text: string; by: string; at: EpochSeconds }
  /** The dashboard or the onboarding was edited: look for ticks. */
  | { kind: 'ticks'; issue: number; by: string }
  | { kind: 'pull'; pull: number; event: 'closed' | 'reopened' | 'synchronize' | 'opened' }
  /** `head`: a merge queue's trial commit, which gets the check instead of the tip of the branch. */
  | { kind: 'check'; pull: number; head?: string | undefined }
  | { kind: 'watch' }
  /** A command of somebody who may, or the watch, wants a merged pull request undone. */
  | { kind: 'revert'; pull: number; by: string };

export interface Job {
  /** Equal ids are one job: `<delivery>` or `<kind>:<repository>:<slot>`. */
  id: string;
  repository: RepositoryRef;
  /** Null where a token and no App is used. */
  installation: number | null;
  work: JobWork;
  notBefore: EpochSeconds;
  attempts: number;
}

export interface Lease {
  job: Job;
  done(): Promise<void>;
  /** Back into the queue, `attempts` + 1; after the limit it goes to the dead letters, with the reason. */
  retry(at: EpochSeconds, why: string): Promise<void>;
}

/** At most one lease per repository at any time; jobs of one repository in the order they came. Survives kill -9. */
export interface Queue {
  put(job: Job): Promise<'added' | 'known'>;
  take(now: EpochSeconds): Promise<Lease | null>;
  close(): Promise<void>;
}

/** Which webhook deliveries were seen. `claim` is one atomic insert. */
export interface DeliveryStore {
  claim(delivery: string, at: EpochSeconds): Promise<'new' | 'seen'>;
}

export type Command =
  | { name: 'rerun' | 'split' | 'rebase' | 'recreate' | 'resume' | 'revert' | 'status' | 'help' }
  | { name: 'explain'; rule: string | null }
  | { name: 'keep'; rule: string; until: EpochSeconds | null; reason: string }
  | { name: 'unkeep' | 'drop' | 'open'; rule: string }
  | { name: 'narrow'; rule: string; to: string }
  | { name: 'pause'; until: EpochSeconds | null; reason: string };

/** A command with who gave it, wherever it came from: comment, tick, report page. */
export interface GivenCommand {
  command: Command;
  by: string;
  permission: Permission;
  at: EpochSeconds;
  /** As in AuditLine. */
  from: string;
  /** The pull request it was given on; null on the dashboard or the report. */
  pull: number | null;
}

export type CommandAnswer =
  | { state: 'done'; memory: Memory; reply: string; follow: readonly JobWork[] }
  | { state: 'refused'; reply: string };

/** The command bus: one pure function for all the ways in. */
export type HandleCommand = (given: GivenCommand, state: RepositoryState, run: PlannedRun | null) => CommandAnswer;
