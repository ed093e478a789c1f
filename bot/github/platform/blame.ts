import { PareError } from '@pare/analyzer/model/problem.ts';
import { z } from 'zod';
import type { Platform, RepositoryRef } from '../contract.ts';
import type { Caller } from './caller.ts';
import { BLAME } from './graphql.ts';
import type { GitHubClient } from './octokit.ts';

const range = z.object({
  startingLine: z.int(),
  endingLine: z.int(),
  commit: z.object({ author: z.object({ user: z.object({ login: z.string() }).nullable() }).nullable() }),
});
const answer = z.object({
  repository: z
    .object({ object: z.object({ blame: z.object({ ranges: z.array(range) }).optional() }).nullable() })
    .nullable(),
});

const REFUSALS: readonly string[] = ['github-forbidden', 'github-not-found', 'github-refused'];

export function blamePart(client: GitHubClient, { owner, name }: RepositoryRef, call: Caller): Pick<Platform, 'blame'> {
  /** GraphQL answers 200 and says in the body that it does not. */
  const unanswered = (error: unknown) => error instanceof Error && error.name === 'GraphqlResponseError';
  return {
    async blame(commit, path) {
      try {
        const data: unknown = await call.read(
          'asking who wrote the lines',
          () => client.graphql(BLAME, { owner, name, oid: commit, path }),
          { expected: unanswered },
        );
        const parsed = answer.safeParse(data);
        const ranges = parsed.success ? (parsed.data.repository?.object?.blame?.ranges ?? []) : [];
        return ranges.map((one) => ({
          from: one.startingLine,
          to: one.endingLine,
          login: one.commit.author?.user?.login ?? null,
        }));
      } catch (error) {
        // Whom to ask is a nicety: a host that does not tell it ends no run.
        if (unanswered(error) || (error instanceof PareError && REFUSALS.includes(error.problem.code))) return [];
        throw error;
      }
    },
  };
}
