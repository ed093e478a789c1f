import { PareError } from '@pare/analyzer/model/problem.ts';
import type { Clock, Permission, Platform, RepositoryRef } from '../contract.ts';
import { blamePart } from './blame.ts';
import { createCaller } from './caller.ts';
import { checksPart } from './checks.ts';
import { isStatus } from './errors.ts';
import { gitPart } from './git.ts';
import { issuesPart } from './issues.ts';
import type { GitHubClient } from './octokit.ts';
import { pullsPart } from './pulls.ts';
import { createThrottle, type Throttle } from './throttle.ts';

export interface PlatformOptions {
  client: GitHubClient;
  repository: RepositoryRef;
  clock: Clock;
  /** Shared by all repositories of one installation or token; one of its own when absent. */
  throttle?: Throttle;
  signal?: AbortSignal;
  /** `<slug>[bot]` of an App; asked of GitHub when absent. */
  viewer?: string;
}

/** GitHub behind the thin interface of contract.ts. */
export function createPlatform(options: PlatformOptions): Platform {
  const { client, repository, clock } = options;
  const repo = { owner: repository.owner, repo: repository.name };
  const call = createCaller({
    where: `${repository.owner}/${repository.name}`,
    clock,
    throttle: options.throttle ?? createThrottle(clock),
    ...(options.signal === undefined ? {} : { signal: options.signal }),
  });

  let known = options.viewer;
  async function viewer(): Promise<string> {
    if (known !== undefined) return known;
    const refused = (error: unknown) => isStatus(error, 403);
    try {
      const { data } = await call.read('asking whose token it is', () => client.rest.users.getAuthenticated(), {
        expected: refused,
      });
      known = data.login;
    } catch (error) {
      // The token of a workflow may not ask; it acts as this account.
      if (!refused(error)) throw error;
      known = 'github-actions[bot]';
    }
    return known;
  }

  async function permission(login: string): Promise<Permission> {
    try {
      const { data } = await call.read(
        'asking for permission',
        () => client.rest.repos.getCollaboratorPermissionLevel({ ...repo, username: login }),
        { expected: (error) => isStatus(error, 404) || isStatus(error, 403) },
      );
      const found = (['admin', 'write', 'read'] as const).find((one) => one === data.permission);
      return found ?? 'none';
    } catch (error) {
      // No answer is no permission either, but no refusal: the job is tried again, else a command would be lost.
      const code = error instanceof PareError ? error.problem.code : '';
      if (code === 'github-unavailable' || code === 'github-limited') throw error;
      return 'none';
    }
  }

  return {
    repository,
    viewer,
    async facts() {
      const { data } = await call.read('reading the repository', () => client.rest.repos.get(repo));
      const branch = await call.read('reading the default branch', () =>
        client.rest.git.getRef({ ...repo, ref: `heads/${data.default_branch}` }),
      );
      const visibility = (['public', 'private', 'internal'] as const).find((one) => one === data.visibility);
      return {
        defaultBranch: data.default_branch,
        head: branch.data.object.sha,
        visibility: visibility ?? (data.private ? 'private' : null),
        archived: data.archived,
      };
    },
    ...gitPart(client, repository, call),
    ...pullsPart(client, repository, call),
    ...issuesPart(client, repository, call, viewer),
    ...checksPart(client, repository, call),
    ...blamePart(client, repository, call),
    permission,
  };
}
