import type { Platform, PullRequestRecord, PullWrite, RepositoryRef } from '../contract.ts';
import type { Caller } from './caller.ts';
import { isStatus } from './errors.ts';
import { TO_DRAFT, TO_READY } from './graphql.ts';
import type { GitHubClient } from './octokit.ts';
import { commitRecord, type PullAnswer, pullRecord } from './records.ts';

export const BRANCH_PREFIX = 'pare/';
const PER_PAGE = 100;
/** GitHub lists no more commits of a pull request; one with as many is somebody's anyway. */
const MOST_COMMITS = 250;

type PullsPart = Pick<
  Platform,
  'pulls' | 'pull' | 'createPull' | 'updatePull' | 'setDraft' | 'addLabels' | 'removeLabel' | 'requestReviewers'
>;

export function pullsPart(client: GitHubClient, repository: RepositoryRef, call: Caller): PullsPart {
  const { owner, name } = repository;
  const repo = { owner, repo: name };

  async function list(state: 'open' | 'closed', since: number): Promise<PullAnswer[]> {
    const out: PullAnswer[] = [];
    for (let page = 1; ; page += 1) {
      const { data } = await call.read('listing pull requests', () =>
        client.rest.pulls.list({ ...repo, state, sort: 'updated', direction: 'desc', per_page: PER_PAGE, page }),
      );
      const recent = data.filter((one) => Date.parse(one.updated_at) / 1000 >= since);
      out.push(...recent.filter((one) => isOwnBranch(one, repository)));
      if (data.length < PER_PAGE || recent.length < data.length) return out;
    }
  }

  async function details(number: number): Promise<PullRequestRecord | null> {
    const expected = (error: unknown) => isStatus(error, 404);
    try {
      const { data } = await call.read(
        'reading the pull request',
        () => client.rest.pulls.get({ ...repo, pull_number: number }),
        { expected },
      );
      if (!isOwnBranch(data, repository)) return null;
      if (data.state !== 'open')
        return pullRecord(data, { closedBy: data.merged_at === null ? await closedBy(number) : null });
      return pullRecord(data, { commits: await commits(number) });
    } catch (error) {
      if (expected(error)) return null;
      throw error;
    }
  }

  async function commits(number: number) {
    const out = [];
    for (let page = 1; out.length < MOST_COMMITS; page += 1) {
      const { data } = await call.read('listing its commits', () =>
        client.rest.pulls.listCommits({ ...repo, pull_number: number, per_page: PER_PAGE, page }),
      );
      out.push(...data.map(commitRecord));
      if (data.length < PER_PAGE) break;
    }
    return out;
  }

  async function closedBy(number: number): Promise<string | null> {
    const { data } = await call.read('reading who closed it', () =>
      client.rest.issues.get({ ...repo, issue_number: number }),
    );
    return data.closed_by?.login ?? null;
  }

  async function openFrom(branch: string): Promise<PullRequestRecord | null> {
    const { data } = await call.read('looking for the open pull request', () =>
      client.rest.pulls.list({ ...repo, state: 'open', head: `${owner}:${branch}` }),
    );
    const found = data.find((one) => one.head.ref === branch && isOwnBranch(one, repository));
    return found === undefined ? null : details(found.number);
  }

  async function createPull(write: PullWrite): Promise<{ state: 'created' | 'exists'; pull: PullRequestRecord }> {
    const taken = (error: unknown) => isStatus(error, 422, /already exists/i);
    const send = (draft: boolean) =>
      call.write(
        'opening the pull request',
        () =>
          client.rest.pulls.create({
            ...repo,
            head: write.branch,
            base: write.base,
            title: write.title,
            body: write.body,
            draft,
          }),
        // Sent twice it answers that it exists.
        { repeat: true, creates: true, expected: (error) => taken(error) || isDraftRefused(error) },
      );
    try {
      const { data } = await send(write.draft).catch((error: unknown) => {
        if (write.draft && isDraftRefused(error)) return send(false);
        throw error;
      });
      return { state: 'created', pull: pullRecord(data) };
    } catch (error) {
      if (!taken(error)) throw error;
      const pull = await openFrom(write.branch);
      if (pull === null) throw error;
      return { state: 'exists', pull };
    }
  }

  async function setDraft(number: number, draft: boolean): Promise<void> {
    const { data } = await call.read('reading the pull request', () =>
      client.rest.pulls.get({ ...repo, pull_number: number }),
    );
    if ((data.draft ?? false) === draft) return;
    await call.write(
      draft ? 'turning it into a draft' : 'marking it as ready',
      () => client.graphql(draft ? TO_DRAFT : TO_READY, { id: data.node_id }),
      { repeat: true },
    );
  }

  async function requestReviewers(number: number, reviewers: readonly string[]): Promise<{ left: readonly string[] }> {
    if (reviewers.length === 0) return { left: [] };
    const refused = (error: unknown) => isStatus(error, 422) || isStatus(error, 404);
    const ask = (names: readonly string[]) =>
      call.write(
        'asking for review',
        () =>
          client.rest.pulls.requestReviewers({
            ...repo,
            pull_number: number,
            reviewers: names.filter((one) => !one.startsWith('team:')),
            team_reviewers: names.filter((one) => one.startsWith('team:')).map((one) => one.slice(5)),
          }),
        { repeat: true, creates: true, expected: refused },
      );
    try {
      await ask(reviewers);
      return { left: [] };
    } catch (error) {
      if (!refused(error)) throw error;
    }
    // One who cannot be asked spoils the request for all.
    const left: string[] = [];
    for (const one of reviewers.length === 1 ? [] : reviewers) {
      try {
        await ask([one]);
      } catch (error) {
        if (!refused(error)) throw error;
        left.push(one);
      }
    }
    return { left: reviewers.length === 1 ? reviewers : left };
  }

  return {
    async pulls({ since = 0 } = {}) {
      const open = await list('open', 0);
      const closed = await list('closed', since);
      const out: PullRequestRecord[] = [];
      for (const one of open) {
        const record = await details(one.number);
        if (record !== null) out.push(record);
      }
      return [...out, ...closed.map((one) => pullRecord(one))];
    },
    pull: details,
    createPull,
    async updatePull(number, write) {
      await call.write(
        'changing the pull request',
        () => client.rest.pulls.update({ ...repo, pull_number: number, ...write }),
        { repeat: true },
      );
    },
    setDraft,
    async addLabels(number, labels) {
      if (labels.length === 0) return;
      await call.write(
        'adding labels',
        () => client.rest.issues.addLabels({ ...repo, issue_number: number, labels: [...labels] }),
        { repeat: true },
      );
    },
    async removeLabel(number, label) {
      const gone = (error: unknown) => isStatus(error, 404);
      try {
        await call.write(
          'removing the label',
          () => client.rest.issues.removeLabel({ ...repo, issue_number: number, name: label }),
          { repeat: true, expected: gone },
        );
      } catch (error) {
        if (!gone(error)) throw error;
      }
    },
    requestReviewers,
  };
}

/** Private repositories of some plans have no drafts. */
function isDraftRefused(error: unknown): boolean {
  return isStatus(error, 422, /draft pull requests are not supported/i);
}

function isOwnBranch(pull: PullAnswer, { owner, name }: RepositoryRef): boolean {
  const from = pull.head.repo?.full_name.toLowerCase();
  return pull.head.ref.startsWith(BRANCH_PREFIX) && from === `${owner}/${name}`.toLowerCase();
}
