import type { Platform, RepositoryRef } from '../contract.ts';
import type { Caller } from './caller.ts';
import { isStatus } from './errors.ts';
import type { GitHubClient } from './octokit.ts';
import { commentRecord, type IssueAnswer, issueRecord } from './records.ts';

const PER_PAGE = 100;

type IssuesPart = Pick<
  Platform,
  'issues' | 'issue' | 'createIssue' | 'updateIssue' | 'comments' | 'createComment' | 'updateComment' | 'react'
>;

export function issuesPart(
  client: GitHubClient,
  { owner, name }: RepositoryRef,
  call: Caller,
  viewer: () => Promise<string>,
): IssuesPart {
  const repo = { owner, repo: name };

  return {
    async issues(label) {
      const out: IssueAnswer[] = [];
      for (let page = 1; ; page += 1) {
        const { data } = await call.read('listing issues', () =>
          client.rest.issues.listForRepo({ ...repo, labels: label, state: 'all', per_page: PER_PAGE, page }),
        );
        // The list has pull requests too.
        out.push(...data.filter((one) => one.pull_request === undefined));
        if (data.length < PER_PAGE) break;
      }
      return out.map(issueRecord).sort((a, b) => a.number - b.number);
    },
    async issue(number) {
      const gone = (error: unknown) => isStatus(error, 404) || isStatus(error, 410);
      try {
        const { data } = await call.read(
          'reading the issue',
          () => client.rest.issues.get({ ...repo, issue_number: number }),
          { expected: gone },
        );
        return issueRecord(data);
      } catch (error) {
        if (gone(error)) return null;
        throw error;
      }
    },
    async createIssue({ title, body, labels }) {
      const { data } = await call.write(
        'opening the issue',
        () => client.rest.issues.create({ ...repo, title, body, labels: [...labels] }),
        { creates: true },
      );
      return issueRecord(data);
    },
    async updateIssue(number, write) {
      await call.write(
        'changing the issue',
        () => client.rest.issues.update({ ...repo, issue_number: number, ...write }),
        { repeat: true },
      );
    },
    async comments(number) {
      const own = await viewer();
      const out = [];
      for (let page = 1; ; page += 1) {
        const { data } = await call.read('listing comments', () =>
          client.rest.issues.listComments({ ...repo, issue_number: number, per_page: PER_PAGE, page }),
        );
        out.push(...data.map((one) => commentRecord(one, own)));
        if (data.length < PER_PAGE) return out;
      }
    },
    async createComment(number, body) {
      const own = await viewer();
      const { data } = await call.write(
        'commenting',
        () => client.rest.issues.createComment({ ...repo, issue_number: number, body }),
        { creates: true },
      );
      return commentRecord(data, own);
    },
    async updateComment(id, body) {
      await call.write(
        'changing the comment',
        () => client.rest.issues.updateComment({ ...repo, comment_id: id, body }),
        { repeat: true },
      );
    },
    async react(commentId, reaction) {
      // The same reaction twice is one.
      await call.write(
        'reacting to the comment',
        () => client.rest.reactions.createForIssueComment({ ...repo, comment_id: commentId, content: reaction }),
        { repeat: true, creates: true },
      );
    },
  };
}
