import type { EpochSeconds } from '@pare/analyzer/model/interface.ts';
import type { CheckRunRecord, CommentRecord, CommitRecord, IssueRecord, PullRequestRecord } from '../contract.ts';

/** GitHub's answers, as far as they are read; octokit's own types are wider and have the same names. */
interface UserAnswer {
  login?: string;
}

export interface CommitAnswer {
  sha: string;
  parents: readonly { sha: string }[];
  author: UserAnswer | null;
  commit: { message: string; tree: { sha: string }; author: { name?: string } | null };
}

export function commitRecord(data: CommitAnswer): CommitRecord {
  return {
    sha: data.sha,
    tree: data.commit.tree.sha,
    parents: data.parents.map((one) => one.sha),
    message: data.commit.message,
    author: data.author?.login ?? null,
    authorName: data.commit.author?.name ?? '',
  };
}

export interface PullAnswer {
  number: number;
  html_url: string;
  title: string;
  body: string | null;
  state: string;
  draft?: boolean;
  head: { ref: string; sha: string; repo: { full_name: string } | null };
  base: { ref: string };
  labels: readonly { name?: string }[];
  requested_reviewers?: readonly UserAnswer[] | null;
  requested_teams?: readonly { slug: string }[] | null;
  created_at: string;
  closed_at: string | null;
  merged_at: string | null;
  merge_commit_sha: string | null;
  mergeable?: boolean | null;
}

export function pullRecord(
  data: PullAnswer,
  more: { commits?: readonly CommitRecord[]; closedBy?: string | null } = {},
): PullRequestRecord {
  const merged = data.merged_at !== null;
  return {
    number: data.number,
    url: data.html_url,
    branch: data.head.ref,
    base: data.base.ref,
    title: data.title,
    body: data.body ?? '',
    state: merged ? 'merged' : data.state === 'open' ? 'open' : 'closed',
    draft: data.draft ?? false,
    labels: data.labels.flatMap((one) => (one.name === undefined ? [] : [one.name])).sort(),
    reviewers: [
      ...(data.requested_reviewers ?? []).flatMap((one) => (one.login === undefined ? [] : [one.login])),
      ...(data.requested_teams ?? []).map((one) => `team:${one.slug}`),
    ].sort(),
    head: data.head.sha,
    mergeable: data.mergeable === true ? 'clean' : data.mergeable === false ? 'conflict' : 'unknown',
    commits: more.commits ?? [],
    createdAt: seconds(data.created_at),
    closedAt: data.closed_at === null ? null : seconds(data.closed_at),
    closedBy: more.closedBy ?? null,
    mergedAt: data.merged_at === null ? null : seconds(data.merged_at),
    // Of an open pull request GitHub puts the trial merge here.
    mergeCommit: merged ? data.merge_commit_sha : null,
  };
}

export interface IssueAnswer {
  number: number;
  html_url: string;
  title: string;
  body?: string | null;
  state: string;
  labels: readonly (string | { name?: string | null })[];
  user: UserAnswer | null;
}

export function issueRecord(data: IssueAnswer): IssueRecord {
  return {
    number: data.number,
    url: data.html_url,
    title: data.title,
    body: data.body ?? '',
    state: data.state === 'open' ? 'open' : 'closed',
    labels: data.labels.flatMap((one) => (typeof one === 'string' ? [one] : one.name ? [one.name] : [])).sort(),
    author: data.user?.login ?? null,
  };
}

export function commentRecord(
  data: { id: number; body?: string; user: UserAnswer | null; created_at: string },
  viewer: string,
): CommentRecord {
  const author = data.user?.login ?? null;
  return {
    id: data.id,
    body: data.body ?? '',
    author,
    own: author === viewer,
    createdAt: seconds(data.created_at),
  };
}

export function checkRecord(data: {
  id: number;
  name: string;
  head_sha: string;
  status: string;
  conclusion: string | null;
  external_id: string | null;
  output: { title: string | null; summary: string | null };
}): CheckRunRecord {
  return {
    id: data.id,
    name: data.name,
    head: data.head_sha,
    status: data.status,
    conclusion: data.conclusion,
    externalId: data.external_id,
    title: data.output.title,
    summary: data.output.summary,
  };
}

function seconds(time: string): EpochSeconds {
  return Math.floor(Date.parse(time) / 1000);
}
